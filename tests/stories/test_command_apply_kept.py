"""`/atmos apply` goes past nothing: what keeps or holds any other apply keeps and holds this one, and it says so."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest

from bot.sandbox.state import Pull
from tests.rig import Rig, label_of, open_rig
from tests.stories.console import command
from tests.stories.helping import ONE, line_of, model, most_at_once, wide
from tests.stories.saying import DONE, REFUSED, answers, say
from tests.stories.small import activities
from tests.stories.small import model as small
from tests.stories.test_locks import lock, unlock
from tests.stories.test_order import PAIR, applies, change, row, takes
from tests.stories.test_restore import HELD
from tests.stories.test_stale import STALE

AGAIN = "dev/vpc goes again."


async def _cancelled(rig: Rig) -> Pull:
    """Have a merge whose apply was cancelled while it ran."""
    pull = rig.scene.open_pull(["vpc"])
    await rig.until_quiet()
    rig.hub.merge(pull, by="lead")
    await rig.passes(5)
    rig.hub.cancel_run(rig.run_of("apply dev/vpc").id)
    await rig.until_quiet()
    assert await rig.statuses(pull) == {"dev/vpc": "cancelled"}
    return pull


async def _apply(rig: Rig, pull: Pull, target: str = "vpc", *, seconds: float = 60.0) -> list[str]:
    """Say it, let some time pass, and read what was answered."""
    rig.hub.set_permission(rig.repo, "boss", "write")
    rig.hub.comment(pull, "boss", f"/atmos apply {target}")
    await rig.passes(seconds)
    return answers(rig, pull)


async def test_what_is_locked_or_paused_waits_until_it_is_neither(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        pull = await _cancelled(rig)
        await say(rig, pull, "/atmos pause")
        await lock(rig, "dev/vpc")
        assert await _apply(rig, pull) == [f"{AGAIN} The pull request is paused: `/atmos unpause` lets it go on."]
        assert rig.dispatched("apply") == ["apply dev/vpc"]
        assert "paused by boss" in rig.comment(pull)
        rig.hub.comment(pull, "boss", "/atmos unpause")
        await rig.passes(60)
        assert rig.dispatched("apply") == ["apply dev/vpc"]
        assert "locked by octocat" in line_of(rig.comment(pull), "vpc")
        await say(rig, pull, "/atmos pause")
        await unlock(rig, "dev/vpc")
        await rig.until_quiet()
        assert rig.dispatched("apply") == ["apply dev/vpc"]
        await say(rig, pull, "/atmos unpause")
        assert rig.dispatched("apply") == ["apply dev/vpc"] * 2


async def test_at_the_cap_it_waits_for_a_place(tmp_path: Path) -> None:
    needs = wide(2)
    async with open_rig(tmp_path, model=model(needs), max_in_flight=1) as rig:
        pull = rig.scene.open_pull(needs)
        await rig.until_quiet()
        await say(rig, pull, "/atmos pause")
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        await say(rig, pull, "/atmos cancel @all\n/atmos unpause")
        assert await _apply(rig, pull, "dev", seconds=5) == ["dev/part-00, dev/part-01 go again."]
        assert sorted((await rig.statuses(pull)).values()) == ["ready", "running"]
        await rig.until_quiet()
        runs = [run for run in rig.runs() if label_of(run).startswith("apply")]
        assert (len(runs), most_at_once(runs)) == (2, 1)


async def test_behind_an_earlier_merge_it_waits_for_that(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        first, second = change(rig, "vpc", "first"), change(rig, "vpc", "second")
        await rig.until_quiet()
        takes(rig, vpc=300.0)
        for pull in (first, second):
            rig.hub.merge(pull, by="lead")
            await rig.passes(30)
        rig.hub.set_permission(rig.repo, "boss", "write")
        rig.hub.comment(second, "boss", "/atmos cancel vpc")
        await rig.passes(10)
        assert await rig.statuses(second) == {"dev/vpc": "cancelled"}
        assert await _apply(rig, second) == [AGAIN]
        assert len(applies(rig, "vpc")) == 1
        assert f"after #{first.number}" in row(rig, second, "vpc")
        await rig.until_quiet()
        assert [how for _, how in applies(rig, "vpc")] == ["success", "success"]
        before, after = rig.runs()[-2:]
        assert before.latest.updated_at <= after.created_at


async def test_what_another_was_applied_to_since_its_plan_is_held_as_stale(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE), stale="hold") as rig:
        theirs, ours = change(rig, "vpc", "theirs"), change(rig, "vpc", "ours")
        await rig.until_quiet()
        takes(rig, vpc=300.0)
        for pull in (theirs, ours):
            rig.hub.merge(pull, by="lead")
            await rig.passes(30)
        assert await say(rig, ours, "/atmos cancel vpc") == DONE
        assert await rig.statuses(ours) == {"dev/vpc": "cancelled"}
        await _apply(rig, ours)
        assert await rig.statuses(ours) == {"dev/vpc": "held"}
        assert STALE.format(theirs.number) in row(rig, ours, "vpc")
        assert len(applies(rig, "vpc")) == 1
        await say(rig, ours, "/atmos approve vpc")
        assert [how for _, how in applies(rig, "vpc")] == ["success", "success"]


@pytest.mark.parametrize("first_heard", ["the command itself", "something before it"])
async def test_after_a_restored_backup_it_is_held(tmp_path: Path, first_heard: str) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        pull = await _cancelled(rig)
        command(rig, "backup", str(tmp_path / "kept.db"))
        await _apply(rig, pull)
        assert len(rig.dispatched("apply")) == 2
        await rig.running.aclose()
        gc.collect()
        command(rig, "restore", str(tmp_path / "kept.db"))
        await rig.restart()
        if first_heard != "the command itself":
            await say(rig, pull, "/atmos why vpc")
        await _apply(rig, pull)
        assert len(rig.dispatched("apply")) == 2, "it was applied after the backup"
        assert await rig.statuses(pull) == {"dev/vpc": "held"}
        assert HELD in rig.comment(pull)
        await say(rig, pull, "/atmos approve vpc")
        assert await rig.statuses(pull) == {"dev/vpc": "succeeded"}


async def test_two_who_say_it_at_once_have_it_applied_once(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        pull = await _cancelled(rig)
        for by in ("boss", "ann"):
            rig.hub.set_permission(rig.repo, by, "write")
        said = [rig.hub.comment(pull, by, "/atmos apply vpc") for by in ("boss", "ann")]
        await rig.until_quiet()
        assert [{sign for _, _, sign in one.reactions} for one in said] == [DONE, REFUSED]
        assert rig.dispatched("apply") == ["apply dev/vpc"] * 2
        assert answers(rig, pull)[0].startswith("Nothing is applied: dev/vpc (")


async def test_a_superseded_rollout_is_left_though_something_of_it_was_cancelled(tmp_path: Path) -> None:
    merged = {component: activities(component)["pull_request"]["merged"] for component in PAIR}
    pro = {component: activities(component, labeled=merged[component]) for component in PAIR}
    async with open_rig(tmp_path, model=small(PAIR, pro=pro)) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        rig.hub.label(pull, "deploy", by="dev")
        await rig.passes(5)
        rig.hub.cancel_run(rig.run_of("apply dev/vpc").id)
        await rig.until_quiet()
        rig.hub.close(pull, by="dev")  # which ends what the label began
        await rig.until_quiet()
        rig.hub.reopen(pull, by="dev")
        await rig.until_quiet()
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        sent = rig.dispatched("apply")
        assert sent == ["apply dev/vpc", "apply dev/vpc", "apply dev/app"]
        assert await say(rig, pull, "/atmos apply dev") == REFUSED
        assert answers(rig, pull) == ["Nothing is applied: dev/vpc, dev/app (succeeded)."]
        assert rig.dispatched("apply") == sent


async def test_closed_without_a_merge_nothing_is_applied_not_even_what_the_closing_did(tmp_path: Path) -> None:
    pro = {"vpc": activities("vpc", closed=activities("vpc")["pull_request"]["merged"])}
    async with open_rig(tmp_path, model=small(ONE, pro=pro)) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        rig.hub.close(pull, by="dev")
        await rig.passes(5)
        rig.hub.cancel_run(rig.run_of("apply dev/vpc").id)
        await rig.until_quiet()
        before = rig.dispatched()
        assert await say(rig, pull, "/atmos apply vpc") == REFUSED
        assert answers(rig, pull) == [
            "It is not merged, and only what is merged is applied: the merge itself starts that."
        ]
        assert rig.dispatched() == before
