"""Who may say what: by the role that GitHub knows of, whatever way it was given."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.sandbox import example
from bot.sandbox.state import Comment
from tests.rig import Rig, open_rig
from tests.stories import test_destroy
from tests.stories.console import audited
from tests.stories.helping import model
from tests.stories.test_destroy import FILES, known, remove

ONE = {"vpc": ()}


def signs(comment: Comment) -> set[str]:
    """Tell the reactions to a comment: when two are due at once, either may come first."""
    return {sign for _, _, sign in comment.reactions}


def become(rig: Rig, login: str, role: str, base: str = "") -> None:
    """Give somebody a role; without one they have nothing to do with a repository that is private."""
    rig.repo.private = True
    rig.hub.user(login)
    if role:
        rig.hub.set_permission(rig.repo, login, role, base=base)


MAY = [("admin", ""), ("maintain", ""), ("write", ""), ("release manager", "write"), ("platform lead", "admin")]
MAY_NOT = [("triage", ""), ("read", ""), ("none", ""), ("auditor", "read"), ("helper", "triage"), ("", "")]


@pytest.mark.parametrize(("role", "base"), MAY)
async def test_who_may_write_to_the_repository_may_steer(tmp_path: Path, role: str, base: str) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        become(rig, "ann", role, base)
        pull = rig.scene.open_pull(["vpc"])
        said = rig.hub.comment(pull, "ann", "/atmos pause")
        await rig.until_quiet()
        assert signs(said) == {"eyes", "rocket"}
        assert "⏸️ **Nothing more is started:** paused by ann." in rig.comment(pull)
        assert rig.dispatched() == []


@pytest.mark.parametrize(("role", "base"), MAY_NOT)
async def test_nobody_else_may_and_they_are_told(tmp_path: Path, role: str, base: str) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        become(rig, "eve", role, base)
        pull = rig.scene.open_pull(["vpc"])
        said = rig.hub.comment(pull, "eve", "/atmos pause\n/atmos why vpc\n/atmos help")
        await rig.until_quiet()
        assert signs(said) == {"eyes", "confused"}
        assert rig.dispatched() == ["plan dev/vpc"]
        told = rig.comment(pull)
        assert told.count("eve may not: it needs write access to this repository.") == 3
        assert "paused by" not in told
        assert [actor for actor, _, cause in audited(rig, "refuse") if "may not" in cause] == ["eve"] * 3


async def test_what_a_person_may_is_read_when_it_is_said(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        become(rig, "ann", "write")
        pull = rig.scene.open_pull(["vpc"])
        rig.hub.comment(pull, "ann", "/atmos pause")
        await rig.settle()
        rig.hub.set_permission(rig.repo, "ann", "read")
        said = rig.hub.comment(pull, "ann", "/atmos unpause")
        await rig.until_quiet()
        assert signs(said) == {"eyes", "confused"}
        assert rig.dispatched() == []


async def test_the_author_is_nobody_special(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        become(rig, "dev", "read")
        pull = rig.scene.open_pull(["vpc"], author="dev")
        said = rig.hub.comment(pull, "dev", "/atmos pause")
        await rig.until_quiet()
        assert signs(said) == {"eyes", "confused"}
        assert rig.dispatched() == ["plan dev/vpc"]


@pytest.mark.parametrize(
    ("role", "base", "goes"),
    [
        ("admin", "", True),
        ("maintain", "", True),
        ("platform lead", "admin", True),
        ("write", "", False),
        ("release manager", "write", False),
        ("chief maintainer", "maintain", False),  # GitHub says no more of it than that it may write
    ],
)
async def test_who_may_approve_that_something_is_destroyed(tmp_path: Path, role: str, base: str, *, goes: bool) -> None:
    async with open_rig(tmp_path, model=test_destroy.model(ONE), files=FILES) as rig:
        await known(rig)
        become(rig, "ann", role, base)
        pull = await remove(rig, "vpc")
        said = rig.hub.comment(pull, "ann", "/atmos approve dev/vpc")
        await rig.until_quiet()
        assert rig.dispatched("destroy") == (["destroy dev/vpc"] if goes else [])
        assert signs(said) == {"eyes", "rocket" if goes else "confused"}
        told = "only somebody with the role maintain or admin can approve that"
        assert (told in rig.comment(pull)) is not goes
        assert [run.workflow.file for run in rig.runs()].count(example.DESTROY) == int(goes)


async def test_for_those_who_may_not_github_is_asked_nothing_more(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        become(rig, "eve", "read")
        rig.hub.scenario.conclusion = lambda *_: "failure"
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        before = len(rig.sandbox.requests)
        rig.hub.comment(pull, "eve", "/atmos retry\n/atmos plan")
        await rig.until_quiet()
        asked = [one.path for one in rig.sandbox.requests[before:] if one.method == "GET"]
        assert [path for path in asked if not path.endswith("/permission")] == []
