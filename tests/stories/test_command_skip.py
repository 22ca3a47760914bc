"""`/atmos skip`: what is passed over is not run, and what depends on it goes without, but never out of order."""

from __future__ import annotations

from pathlib import Path

from bot.sandbox import example
from bot.sandbox.state import Pull
from tests.rig import Rig, open_rig
from tests.stories.console import audited
from tests.stories.helping import CHAIN, DIAMOND, labels, line_of, model

HOUR = 3600.0


def may(rig: Rig, role: str = "write") -> None:
    rig.hub.set_permission(rig.repo, "boss", role)


async def say(rig: Rig, pull: Pull, *lines: str, seconds: float = 5.0) -> str:
    """Tell the bot something, let some time pass; returns its reaction and what the comment says then."""
    said = rig.hub.comment(pull, "boss", "\n".join(lines))
    await rig.passes(seconds)
    signs = {sign for _, _, sign in said.reactions} - {"eyes"}
    return f"{', '.join(signs)} {rig.comment(pull)}"


async def test_what_is_skipped_is_not_planned_and_what_depends_on_it_goes_on_in_order(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        may(rig)
        rig.hub.scenario.seconds = lambda _file, _inputs: 60.0
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(10)
        told = await say(rig, pull, "/atmos skip dev/database")
        assert told.startswith("rocket ")
        assert "Skipped: dev/database." in told
        assert "⏭️" in line_of(told, "database")
        assert "skipped by boss, and was not sent" in line_of(told, "database")
        # Its parent still runs: what is behind it waits for that.
        assert rig.dispatched() == ["plan dev/vpc"]
        assert "waits for `vpc`" in line_of(told, "api")
        await rig.until_quiet()
        assert rig.dispatched() == ["plan dev/vpc", "plan dev/api"]
        assert audited(rig, "skip") == [("boss", "dev/database", "it was waiting")]


async def test_a_skip_after_a_failure_lets_the_rest_go_and_one_behind_it_does_not(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN), unplanned="allow") as rig:
        may(rig)
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        rig.hub.scenario.fail(component="vpc", workflow=example.APPLY)
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        assert await rig.statuses(pull) == {"dev/vpc": "failed", "dev/database": "blocked", "dev/api": "blocked"}
        await say(rig, pull, "/atmos skip dev/database")
        assert await rig.statuses(pull) == {"dev/vpc": "failed", "dev/database": "skipped", "dev/api": "blocked"}
        assert "`vpc` failed" in line_of(rig.comment(pull), "api")
        assert rig.dispatched("apply") == ["apply dev/vpc"]
        await say(rig, pull, "/atmos skip @failed")
        await rig.until_quiet()
        assert rig.dispatched("apply") == ["apply dev/vpc", "apply dev/api"]
        assert "skipped by boss" in line_of(rig.comment(pull), "vpc")


async def test_with_children_all_that_was_not_sent_behind_it_is_skipped(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(DIAMOND)) as rig:
        may(rig)
        rig.hub.scenario.seconds = lambda _file, _inputs: 60.0
        pull = rig.scene.open_pull(["vpc", "storage"])
        await rig.passes(70)
        assert set(rig.dispatched()) == {f"plan dev/{name}" for name in ("vpc", "storage", "database", "cache")}
        told = await say(rig, pull, "/atmos skip dev/database --with-children")
        assert told.startswith("confused ")
        assert "Not dev/database: it is under way: cancel it first." in told
        told = await say(rig, pull, "/atmos cancel dev/database", "/atmos skip vpc --with-children", seconds=30)
        assert "Not dev/vpc: it has succeeded." in told
        told = await say(rig, pull, "/atmos skip dev/database --with-children")
        assert "Skipped: dev/database, and behind it dev/api." in told
        await rig.until_quiet()
        assert "plan dev/api" not in rig.dispatched()
        assert (await rig.statuses(pull))["dev/api"] == "skipped"


async def test_said_twice_it_changes_nothing_more_and_is_no_error(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        may(rig)
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(3)
        told = await say(rig, pull, "/atmos skip dev/api", "/atmos skip dev/api")
        assert told.startswith("rocket ")
        assert "Not dev/api: skipped already." in told
        await rig.until_quiet()
        assert rig.dispatched() == ["plan dev/vpc", "plan dev/database"]
        assert audited(rig, "skip") == [("boss", "dev/api", "it was waiting")]


async def test_what_has_succeeded_cannot_be_skipped(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        may(rig)
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        told = await say(rig, pull, "/atmos skip dev")
        assert told.startswith("confused ")
        assert "it has succeeded." in told
        assert set((await rig.statuses(pull)).values()) == {"succeeded"}


async def test_what_is_held_and_skipped_is_held_no_more_and_stays_so_after_a_restart(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        may(rig)
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(3)
        await say(rig, pull, "/atmos skip dev/database")
        await rig.until_quiet()
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        assert await rig.statuses(pull) == {"dev/vpc": "succeeded", "dev/database": "held", "dev/api": "waiting"}
        told = await say(rig, pull, "/atmos skip @held")
        assert "Skipped: dev/database." in told
        database = next(step for step in (await rig.state(pull))[0]["steps"] if step["component"] == "database")
        assert (database["holds"], database["reason"]) == ([], "skipped by boss, and was not sent")
        await rig.restart()
        await rig.until_quiet()
        assert rig.dispatched("apply") == ["apply dev/vpc", "apply dev/api"]
        assert await rig.statuses(pull) == {"dev/vpc": "succeeded", "dev/database": "skipped", "dev/api": "succeeded"}


async def test_with_fail_fast_the_rest_goes_on_once_the_failure_is_skipped(tmp_path: Path) -> None:
    needs = {"vpc": (), "dns": (), "zone": ("dns",)}
    async with open_rig(tmp_path, model=model(needs), failure_mode="fail-fast") as rig:
        may(rig)
        rig.hub.scenario.fail(component="vpc", workflow=example.PLAN)
        rig.hub.scenario.seconds = lambda _file, inputs: 30.0 if inputs.get("component") == "dns" else 1.0
        pull = rig.scene.open_pull(["vpc", "dns"])
        await rig.passes(HOUR)
        assert set(rig.dispatched()) == {"plan dev/vpc", "plan dev/dns"}
        await say(rig, pull, "/atmos skip dev/vpc")
        await rig.until_quiet()
        assert set(rig.dispatched()) == labels("plan", needs)


async def test_it_is_for_the_rollout_that_counts_and_a_push_begins_anew(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        may(rig)
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(3)
        await say(rig, pull, "/atmos skip dev")
        rig.scene.push("feature", ["vpc"], note="again")
        await rig.until_quiet()
        assert set((await rig.statuses(pull)).values()) == {"succeeded"}
        rig.hub.close(pull, "dev")
        await rig.passes(60)
        told = await say(rig, pull, "/atmos skip dev/vpc")
        assert told.startswith("confused ")
        assert "It is closed, and nothing of it is worked any more." in told


async def test_what_is_in_doubt_is_skipped_by_its_full_name_alone(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        may(rig)
        rig.hub.scenario.seconds = lambda _file, _inputs: 60.0
        rig.faults.add("POST", "/dispatches$", "status", 1, status=502)
        rig.faults.add("GET", "/runs", "status", 1000, status=404)
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(2 * HOUR)
        assert (await rig.statuses(pull))["dev/vpc"] == "held"
        told = await say(rig, pull, "/atmos skip vpc")
        assert "Not dev/vpc: it may have been sent: see whether it ran, then name it in full." in told
        told = await say(rig, pull, "/atmos skip dev/vpc")
        assert "Skipped: dev/vpc." in told
        await rig.until_quiet()
        assert rig.dispatched() == ["plan dev/database", "plan dev/api"]


async def test_a_reader_may_not(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        may(rig, "read")
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(3)
        told = await say(rig, pull, "/atmos skip dev --with-children")
        assert told.startswith("confused ")
        await rig.until_quiet()
        assert set((await rig.statuses(pull)).values()) == {"succeeded"}
