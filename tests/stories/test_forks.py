"""Pull requests from forks are never dispatched, and the comment says why, once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import aiohttp

from bot.domain.awaiting import FORK
from bot.sandbox import atmos_api
from bot.sandbox.state import Pull
from tests.rig import Rig, open_rig
from tests.stories.console import audited
from tests.stories.helping import CHAIN, FOREVER, headline, labels, model, requests
from tests.stories.small import activities
from tests.stories.small import model as small_model

HOUR = 3600.0


def forked(rig: Rig, component: str = "vpc", *, author: str = "stranger", head: str = "feature") -> Pull:
    """Open a pull request from somebody's fork."""
    fork = rig.hub.fork(rig.repo, author)
    files: dict[str, str | None] = {f"components/terraform/{component}/main.tf": "# mine\n"}
    rig.hub.push(fork, head, files, message="Mine", author=author)
    return rig.hub.open_pull(rig.repo, head=head, title="Mine", author=author, fork=True)


async def uploaded(rig: Rig, body: dict[str, Any]) -> None:
    """Upload affected stacks with a key, as a workflow with secrets would."""
    async with aiohttp.ClientSession() as session:
        client = atmos_api.Client(session, rig.url, token=rig.key, sleep=rig.scene.sleep)
        assert (await client.upload(body)).success


def nothing_was_sent(rig: Rig) -> bool:
    return rig.dispatched() == [] and requests(rig, "POST", "/dispatches") == []


async def test_an_upload_for_a_fork_is_told_once_and_not_worked(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        pull = forked(rig)
        await rig.until_quiet()
        await uploaded(rig, rig.scene.body(pull))
        await rig.passes(HOUR)
        assert FORK in rig.comment(pull)
        assert nothing_was_sent(rig)
        assert await rig.state(pull) == []
        told = f"#{pull.number} comes from a fork, and forks are never dispatched"
        assert set(audited(rig, "refuse")) == {("switchyard", "", told)}
        # It is one comment, and it is not edited over and over.
        before = len(requests(rig, "PATCH", "/comments/"))
        for note in ("again", "and again"):
            fork = rig.hub.fork(rig.repo, "stranger")
            rig.hub.push(fork, "feature", {"README.md": note}, message=note, author="stranger")
            await rig.passes(HOUR)
        assert len(rig.comments(pull)) == 1
        assert len(requests(rig, "PATCH", "/comments/")) == before
        assert nothing_was_sent(rig)


async def test_a_started_run_is_enough_to_tell_it_where_such_runs_upload(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        rig.scene.open_pull(["api"], branch="known")
        await rig.until_quiet()
        planned = rig.dispatched()
        del rig.hub.programs["atmos-pro.yaml"]  # a fork's run has no secrets, so nothing is uploaded
        pull = forked(rig)
        await rig.until_quiet()
        assert FORK in rig.comment(pull)
        assert rig.dispatched() == planned


async def test_a_fork_that_nothing_uploads_for_gets_no_comment(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        del rig.hub.programs["atmos-pro.yaml"]
        pull = forked(rig)
        await rig.passes(HOUR)
        assert rig.comments(pull) == []


async def test_the_merge_of_a_fork_is_not_applied_either(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        pull = forked(rig)
        await rig.until_quiet()
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        await uploaded(rig, rig.scene.body(pull))
        await rig.passes(HOUR)
        assert nothing_was_sent(rig)
        assert FORK in rig.comment(pull)
        assert len(rig.comments(pull)) == 1


async def test_the_merge_of_a_fork_keeps_nobody_else_waiting(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        theirs = forked(rig, "vpc")
        ours = rig.scene.open_pull(["database"], branch="ours")
        await rig.until_quiet()
        rig.faults.hooks("workflow_run.completed", "lose", FOREVER)
        rig.hub.merge(theirs, by="lead")
        rig.hub.merge(ours, by="lead")
        await rig.passes(HOUR)
        assert rig.dispatched("apply") == ["apply dev/database", "apply dev/api"]
        assert headline(rig.comment(ours)).startswith("✅ Applied")


async def test_labels_closing_and_reopening_start_nothing_for_a_fork(tmp_path: Path) -> None:
    merged = {component: activities(component)["pull_request"]["merged"] for component in CHAIN}
    pro = {component: activities(component, labeled=merged[component], closed=merged[component]) for component in CHAIN}
    async with open_rig(tmp_path, model=small_model(CHAIN, pro=pro)) as rig:
        pull = forked(rig)
        await rig.until_quiet()
        await uploaded(rig, rig.scene.body(pull))
        await rig.until_quiet()
        rig.hub.label(pull, "deploy", by="lead")
        await rig.until_quiet()
        rig.hub.close(pull, by="lead")
        await rig.until_quiet()
        rig.hub.reopen(pull, by="stranger")
        await rig.passes(HOUR)
        assert nothing_was_sent(rig)


async def test_the_same_commit_on_a_branch_of_the_repository_is_worked(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        theirs = forked(rig)
        await rig.until_quiet()
        rig.hub._move(rig.repo, "adopted", theirs.head_sha, rig.hub.user("lead"))
        ours = rig.hub.open_pull(rig.repo, head="adopted", title="Adopt it", author="lead")
        await rig.until_quiet()
        assert set(rig.dispatched()) == labels("plan", CHAIN)
        assert headline(rig.comment(ours)).startswith("✅ Planned")
        assert FORK in rig.comment(theirs)
        rig.hub.merge(ours, by="lead")
        await rig.until_quiet()
        assert set(rig.dispatched("apply")) == labels("apply", CHAIN)
