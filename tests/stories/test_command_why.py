"""`/atmos why`: one paragraph about an instance, kept up to date with the comment."""

from __future__ import annotations

from pathlib import Path

from bot.sandbox import example
from bot.sandbox.state import Pull
from tests.rig import Rig, open_rig
from tests.stories.helping import CHAIN, model


def told(rig: Rig, pull: Pull) -> str:
    """Read what the last commands were answered, without links and what keeps GitHub from making some."""
    text = rig.comment(pull).replace("&#8203;", "")
    return text[text.index("**Last commands**") :].split("\n\n")[0]


async def test_it_says_why_it_is_affected_and_what_it_waits_for_and_follows_what_happens(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        rig.hub.set_permission(rig.repo, "boss", "write")
        rig.hub.scenario.seconds = lambda _file, inputs: 60.0 if inputs.get("component") == "vpc" else 1.0
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(20)
        rig.hub.comment(pull, "boss", "/atmos why database")
        await rig.passes(20)
        assert (
            "`database` in `dev` **is waiting** for `vpc` (running). It did not change itself, but it depends on "
            "`vpc`, which did."
        ) in told(rig, pull)
        await rig.until_quiet()
        assert "`database` in `dev` [**succeeded**]" in told(rig, pull)


async def test_after_the_merge_it_names_the_rule_and_what_ends_it(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        rig.hub.set_permission(rig.repo, "boss", "write")
        rig.hub.scenario.fail(workflow=example.PLAN, component="vpc")
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        rig.hub.comment(pull, "boss", "/atmos why dev/vpc\n/atmos pause\n/atmos why @blocked")
        await rig.until_quiet()
        said = told(rig, pull)
        held = f"`vpc` in `dev` **is held**: no plan of it succeeded at {pull.head_sha[:7]} before the merge."
        assert f"{held} It changed itself, and depends on nothing here. `/atmos approve dev/vpc` lets it go." in said
        rig.hub.comment(pull, "boss", "/atmos approve vpc\n/atmos why vpc")
        await rig.until_quiet()
        assert "`vpc` in `dev` **is ready**, but is kept: paused by boss." in told(rig, pull)
        assert "`/atmos unpause` lets it go on. Approved by boss." in told(rig, pull)


async def test_what_was_asked_before_a_push_is_answered_for_the_new_head(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        rig.hub.set_permission(rig.repo, "boss", "write")
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        rig.hub.comment(pull, "boss", "/atmos why dev/vpc")
        await rig.until_quiet()
        assert "[**succeeded**]" in told(rig, pull)
        rig.hub.scenario.fail(workflow=example.PLAN, component="vpc")
        rig.scene.push("feature", ["vpc"], note="once more")
        await rig.until_quiet()
        assert "`vpc` in `dev` [**failed**]" in told(rig, pull)
        rig.hub.close(pull, by="dev")
        await rig.until_quiet()
        said = rig.hub.comment(pull, "boss", "/atmos why dev/vpc")
        await rig.until_quiet()
        assert {sign for _, _, sign in said.reactions} == {"eyes", "confused"}
        assert "It is closed, and nothing of it is worked any more." in told(rig, pull)


async def test_asked_twice_in_one_comment_it_is_answered_twice_as_it_is_after_both(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        rig.hub.set_permission(rig.repo, "boss", "write")
        rig.hub.scenario.fail(workflow=example.PLAN, component="vpc")
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        said = rig.hub.comment(pull, "boss", "/atmos why dev/vpc\n/atmos skip dev/vpc\n/atmos why dev/vpc")
        await rig.until_quiet()
        assert {sign for _, _, sign in said.reactions} == {"eyes", "rocket"}
        first, skipped, second = told(rig, pull).splitlines()[1:]
        assert "Skipped: dev/vpc." in skipped
        assert first == second
        assert first.startswith("- ✅ `/atmos why dev/vpc` by boss")
        assert "`vpc` in `dev` [**was skipped**]" in first or "`vpc` in `dev` **was skipped**" in first
        assert len(rig.comments(pull)) == 1
