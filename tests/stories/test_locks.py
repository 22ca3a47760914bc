"""What is locked does not go, says why, and goes when it is free."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest

from bot.app import session_key
from bot.sandbox import example
from bot.sandbox.atmos import Model
from bot.sandbox.atmos_answers import Answer
from bot.sandbox.atmos_api import Client
from bot.sandbox.state import Pull
from bot.store import audit
from bot.store.db import transaction
from bot.web.sessions import Sessions
from tests.rig import MORNING, Rig, open_rig
from tests.stories.helping import CHAIN, ONE, assert_sound, labels, line_of, model, wide
from tests.web.conftest import claims

#: Nothing is found by looking: what goes, goes because the end of a lock is an input.
NO_SWEEP = 1_000_000.0


@asynccontextmanager
async def run_of(rig: Rig, actor: str = "octocat", run_id: int = 123) -> AsyncIterator[Client]:
    """Be a workflow run that locks."""
    sessions = Sessions(session_key(rig.settings.private_key), rig.clock)
    token = sessions.issue(rig.repo.id, claims(actor=actor, run_id=run_id))
    async with aiohttp.ClientSession() as session:
        yield Client(session, rig.url, token=token)


def key(instance: str) -> str:
    return f"acme/infra/{instance}"


async def lock(rig: Rig, *instances: str, ttl: int = 3600, message: str = "Upgrading.") -> None:
    async with run_of(rig) as client:
        for instance in instances:
            assert (await client.lock(key(instance), ttl=ttl, message=message)).success


async def unlock(rig: Rig, *instances: str) -> None:
    async with run_of(rig) as client:
        for instance in instances:
            assert (await client.unlock(key(instance))).success


async def reason(rig: Rig, pull: Pull, component: str) -> str | None:
    steps = (await rig.state(pull))[0]["steps"]
    return next(step["reason"] for step in steps if step["component"] == component)


async def test_a_locked_step_waits_says_for_whom_and_goes_when_it_is_unlocked(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN), sweep_seconds=NO_SWEEP) as rig:
        await lock(rig, "dev/vpc", message="Upgrading | the *network*")
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(60)
        assert rig.dispatched() == []
        assert await rig.statuses(pull) == {"dev/vpc": "ready", "dev/database": "waiting", "dev/api": "waiting"}
        told = line_of(rig.comment(pull), "vpc")
        assert "locked by octocat in run 123 until 11:00 UTC: Upgrading \\| the \\*network\\*" in told
        assert await reason(rig, pull, "vpc") == (
            "locked by octocat in run 123 until 2026-05-04T11:00:00Z: Upgrading | the *network*"
        )
        async with aiohttp.ClientSession() as session:
            assert (await Client(session, rig.url, token=rig.key).unlock(key("dev/vpc"))).success
        await rig.passes(1)
        assert rig.dispatched() == ["plan dev/vpc"]
        await rig.until_quiet()
        assert set((await rig.statuses(pull)).values()) == {"succeeded"}
        assert "locked" not in rig.comment(pull)
        assert_sound(rig.hub, CHAIN)


async def test_a_locked_step_goes_at_the_second_when_its_lock_ends(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN), sweep_seconds=NO_SWEEP) as rig:
        await lock(rig, "dev/database", ttl=900)
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(899)
        assert rig.dispatched() == ["plan dev/vpc"]
        assert (await rig.statuses(pull))["dev/api"] == "waiting"
        await rig.until_quiet()
        assert rig.run_of("plan dev/database").created_at == MORNING + 900
        assert set(rig.dispatched()) == labels("plan", CHAIN)
        assert_sound(rig.hub, CHAIN)


async def test_of_two_locks_each_keeps_its_own_until_its_own_end(tmp_path: Path) -> None:
    needs = wide(2)
    async with open_rig(tmp_path, model=model(needs), sweep_seconds=NO_SWEEP) as rig:
        await lock(rig, "dev/part-00", ttl=900)
        await lock(rig, "dev/part-01", ttl=300)
        rig.scene.open_pull(needs)
        await rig.until_quiet()
        went = {run.inputs["component"]: run.created_at - MORNING for run in rig.runs()}
        assert went == {"part-00": 900, "part-01": 300}


async def test_a_lock_that_ended_is_told_no_more_also_where_there_is_no_room(tmp_path: Path) -> None:
    needs = wide(3)
    async with open_rig(tmp_path, model=model(needs), max_in_flight=1, sweep_seconds=NO_SWEEP) as rig:
        rig.hub.scenario.seconds = lambda file, _inputs: 5000.0 if file == example.PLAN else 1.0
        rig.scene.open_pull(["part-02"], branch="first")
        await rig.passes(10)
        await lock(rig, "dev/part-00", ttl=900)
        await lock(rig, "dev/part-01", ttl=300)
        pull = rig.scene.open_pull(["part-00", "part-01"], branch="second")
        for passed, locked in ((200, {"part-00", "part-01"}), (200, {"part-00"}), (600, set())):
            await rig.passes(passed)
            lines = {component: line_of(rig.comment(pull), component) for component in ("part-00", "part-01")}
            assert {component for component, line in lines.items() if "locked by" in line} == locked
        assert rig.dispatched() == ["plan dev/part-02"]
        await rig.until_quiet()
        assert set((await rig.statuses(pull)).values()) == {"succeeded"}


async def test_a_lock_that_is_renewed_keeps_it_longer_and_one_that_is_shortened_less(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE), sweep_seconds=NO_SWEEP) as rig:
        await lock(rig, "dev/vpc", ttl=600)
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(300)
        await lock(rig, "dev/vpc", ttl=1200, message="Still upgrading.")
        await rig.passes(600)
        assert rig.dispatched() == []
        assert "until 10:25 UTC: Still upgrading." in line_of(rig.comment(pull), "vpc")
        await lock(rig, "dev/vpc", ttl=60)
        await rig.passes(59)
        assert rig.dispatched() == []
        await rig.until_quiet()
        assert rig.run_of("plan dev/vpc").created_at == MORNING + 960


async def test_what_runs_is_not_touched_by_a_lock(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN), sweep_seconds=NO_SWEEP) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(2)
        assert rig.dispatched() == ["plan dev/vpc"]
        await lock(rig, "dev/vpc")
        await rig.passes(600)
        assert set((await rig.statuses(pull)).values()) == {"succeeded"}
        assert "locked" not in rig.comment(pull)


async def test_a_component_with_a_slash_is_locked_by_its_whole_name(tmp_path: Path) -> None:
    needs = {"net/vpc": (), "vpc": (), "net": ()}
    async with open_rig(tmp_path, model=model(needs), sweep_seconds=NO_SWEEP) as rig:
        await lock(rig, "dev/net/vpc", "dev/net/vpc/more")
        pull = rig.scene.open_pull(needs)
        await rig.passes(600)
        assert set(rig.dispatched()) == {"plan dev/vpc", "plan dev/net"}
        await unlock(rig, "dev/net/vpc")
        await rig.passes(600)
        assert set((await rig.statuses(pull)).values()) == {"succeeded"}


async def test_locked_steps_hold_no_place_that_others_could_use(tmp_path: Path) -> None:
    needs = wide(6)
    ours, theirs = list(needs)[:3], list(needs)[3:]
    async with open_rig(tmp_path, model=model(needs), max_in_flight=2, sweep_seconds=NO_SWEEP) as rig:
        await lock(rig, *(f"dev/{component}" for component in (*ours, theirs[0])), ttl=1800)
        first = rig.scene.open_pull(ours, branch="first")
        second = rig.scene.open_pull(theirs, branch="second")
        await rig.passes(600)  # it settles: the two do not nudge each other for ever
        assert set(rig.dispatched()) == {f"plan dev/{component}" for component in theirs[1:]}
        assert set((await rig.statuses(first)).values()) == {"ready"}
        await unlock(rig, f"dev/{ours[0]}")
        await rig.passes(600)
        assert rig.dispatched()[-1] == f"plan dev/{ours[0]}"
        await rig.until_quiet()
        assert {*(await rig.statuses(first)).values(), *(await rig.statuses(second)).values()} == {"succeeded"}
        assert_sound(rig.hub, needs)


@pytest.mark.parametrize("ends", ["unlocked", "expired"])
async def test_a_lock_between_decision_and_sending_keeps_the_step(tmp_path: Path, ends: str) -> None:
    needs = wide(4)
    async with open_rig(
        tmp_path, model=model(needs), dispatches_per_second=1.0, max_in_flight=3, sweep_seconds=NO_SWEEP
    ) as rig:
        rig.hub.scenario.seconds = lambda _file, _inputs: 300.0
        pull = rig.scene.open_pull(needs)
        await rig.settle()
        while not rig.dispatched():
            await rig.passes(0.5)
        statuses = await rig.statuses(pull)
        last = max(name for name, status in statuses.items() if status == "dispatching")
        assert list(statuses.values()).count("ready") == 1
        await lock(rig, last, ttl=120)
        await rig.passes(60)
        statuses = await rig.statuses(pull)
        # Its place went to the step that had none.
        assert {name for name, status in statuses.items() if status == "ready"} == {last}
        assert len(rig.dispatched()) == 3
        assert f"plan {last}" not in rig.dispatched()
        assert "locked by octocat in run 123" in line_of(rig.comment(pull), last.partition("/")[2])
        if ends == "unlocked":
            await unlock(rig, last)
        await rig.until_quiet()
        assert set((await rig.statuses(pull)).values()) == {"succeeded"}
        assert_sound(rig.hub, needs)


async def test_a_file_that_is_locked_after_another_of_its_step_went_waits_and_says_so(tmp_path: Path) -> None:
    inputs = {"component": "vpc", "stack": "dev"}
    both = {"workflows": {example.PLAN: {"inputs": inputs}, "scan.yaml": {"inputs": inputs}}}
    plain = model(ONE).instances["dev", "vpc"]
    vpc = replace(plain, settings={"pro": {"enabled": True, "pull_request": {"opened": both}}})
    files = example.files()
    plan = files[f".github/workflows/{example.PLAN}"]
    files[".github/workflows/scan.yaml"] = plan.replace("run-name: plan", "run-name: scan")
    async with open_rig(
        tmp_path, model=Model({("dev", "vpc"): vpc}), files=files, dispatches_per_second=0.1, sweep_seconds=NO_SWEEP
    ) as rig:
        pull = rig.scene.open_pull(["vpc"])
        while not rig.dispatched():
            await rig.passes(0.5)
        await lock(rig, "dev/vpc", ttl=300)
        await rig.passes(200)
        assert rig.dispatched() == ["plan dev/vpc"]
        assert await rig.statuses(pull) == {"dev/vpc": "dispatching"}
        assert "locked by octocat in run 123" in (await reason(rig, pull, "vpc") or "")
        assert "locked by octocat in run 123" in line_of(rig.comment(pull), "vpc")
        await rig.until_quiet()
        assert rig.dispatched() == ["plan dev/vpc", "scan dev/vpc"]
        assert await rig.statuses(pull) == {"dev/vpc": "succeeded"}
        assert "locked" not in rig.comment(pull)


async def test_a_dispatch_in_doubt_is_not_sent_again_while_it_is_locked(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN), sweep_seconds=NO_SWEEP) as rig:
        rig.faults.add("POST", "/dispatches$", "dead_connection")
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(30)
        assert (await rig.statuses(pull))["dev/vpc"] == "dispatching"
        await lock(rig, "dev/vpc", ttl=600)
        await rig.passes(500)
        assert rig.dispatched() == []
        assert (await rig.statuses(pull))["dev/vpc"] == "dispatching"
        assert "locked by octocat in run 123" in (await reason(rig, pull, "vpc") or "")
        await rig.until_quiet()
        assert rig.run_of("plan dev/vpc").created_at >= MORNING + 630
        assert sorted(rig.dispatched()) == sorted(labels("plan", CHAIN))
        assert_sound(rig.hub, CHAIN)


async def test_an_apply_that_is_locked_goes_later_and_a_push_forgets_a_locked_plan(tmp_path: Path) -> None:
    async with open_rig(tmp_path, unplanned="allow", model=model(CHAIN), sweep_seconds=NO_SWEEP) as rig:
        await lock(rig, "dev/vpc", ttl=900)
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(60)
        rig.scene.push("feature", ["vpc"], note="again")
        await rig.passes(60)
        assert rig.dispatched() == []
        rig.hub.merge(pull, by="lead")
        await rig.passes(60)
        assert (await rig.statuses(pull))["dev/vpc"] == "ready"
        assert "locked by octocat" in line_of(rig.comment(pull), "vpc")
        await rig.until_quiet()
        assert rig.dispatched() == ["apply dev/vpc", "apply dev/database", "apply dev/api"]
        assert rig.runs()[0].created_at == MORNING + 900


async def test_what_has_ended_and_what_is_long_ago_is_forgotten(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE), sweep_seconds=3600.0) as rig:
        await lock(rig, "dev/vpc", ttl=60)
        await lock(rig, "dev/other", ttl=7200)
        with transaction(rig.db):
            for at in (rig.clock() - audit.KEPT, rig.clock()):
                audit.note(rig.db, now=at, repo_id=rig.repo.id, actor="a", action="unlock", target="b", cause="c")
        rig.scene.open_pull(["vpc"])
        await rig.passes(86_400 + 3600)
        assert [row["name"] for row in rig.db.rows("SELECT name FROM locks")] == ["dev/other"]
        noted = rig.db.rows("SELECT at FROM audit WHERE action = 'unlock'")
        assert [row["at"] for row in noted] == [MORNING]


async def test_locks_outlive_the_process(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN), sweep_seconds=NO_SWEEP) as rig:
        await lock(rig, "dev/vpc", ttl=900)
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(60)
        rig.db.close()
        async with rig.bot_runs():
            await rig.passes(60)
            assert rig.dispatched() == []
            refused = await other(rig)
            assert not refused.success
            assert "locked by octocat in run 123" in refused.message
            await rig.until_quiet()
            assert rig.run_of("plan dev/vpc").created_at == MORNING + 900
            assert set((await rig.statuses(pull)).values()) == {"succeeded"}


async def other(rig: Rig) -> Answer:
    """Try to lock as another run."""
    async with run_of(rig, run_id=124) as client:
        return await client.lock(key("dev/vpc"))


async def test_a_dispatch_in_doubt_that_was_overtaken_holds_no_place_for_a_lock(tmp_path: Path) -> None:
    parts = wide(2)
    async with open_rig(tmp_path, model=model(parts), max_in_flight=1, sweep_seconds=NO_SWEEP) as rig:
        rig.faults.add("POST", "/dispatches$", "dead_connection")
        rig.scene.open_pull(["part-00"])
        await rig.passes(30)
        await lock(rig, "dev/part-00", ttl=36_000)
        rig.scene.push("feature", ["part-01"], note="again")
        await rig.passes(500)
        assert rig.dispatched() == ["plan dev/part-01"]
