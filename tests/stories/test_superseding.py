"""A push, a merge or a closing while plans are under way."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bot.sandbox import example
from bot.sandbox.faults import Fault
from bot.store import outbox
from tests.rig import Rig, label_of, open_rig
from tests.stories.helping import CHAIN, FOREVER, ONE, assert_sound, headline, model, wide


def _slow_plans(rig: Rig) -> None:
    rig.hub.scenario.seconds = lambda file, _inputs: 100.0 if file == example.PLAN else 1.0


async def _until_held(rig: Rig, fault: Fault) -> asyncio.Task[None]:
    """Let things happen until a request of the bot hangs at GitHub; the task ends when it is let go."""
    hanging = asyncio.create_task(rig.settle())
    await asyncio.wait_for(fault.reached.wait(), 10)
    return hanging


async def _around(rig: Rig) -> None:
    """Let everything happen that does not wait for the request that hangs."""
    while await rig.sandbox.pump() or await rig.worker.intake.step():
        pass


async def test_a_push_cancels_what_runs_and_sends_nothing_more_of_the_old_head(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        _slow_plans(rig)
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(30)
        old = pull.head_sha
        rig.scene.push("feature", ["vpc"], note="again")
        await rig.until_quiet()
        ends = [(run.inputs["sha"] == old, label_of(run), run.conclusion) for run in rig.runs()]
        assert ends == [
            (True, "plan dev/vpc", "cancelled"),
            (False, "plan dev/vpc", "success"),
            (False, "plan dev/database", "success"),
            (False, "plan dev/api", "success"),
        ]
        assert headline(rig.comment(pull)).startswith("✅")


async def test_a_push_while_a_dispatch_is_in_the_air(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        _slow_plans(rig)
        pull = rig.scene.open_pull(["vpc"])
        old = pull.head_sha
        fault = rig.faults.add("POST", "/dispatches$", "hold")
        await rig.settle()
        rig.clock.at += 2
        hanging = await _until_held(rig, fault)
        rig.scene.push("feature", ["vpc"], note="again")
        await _around(rig)
        fault.release()
        await hanging
        await rig.until_quiet()
        first, *rest = rig.runs()
        assert (first.inputs["sha"], first.conclusion) == (old, "cancelled")
        assert [run.inputs["sha"] for run in rest] == [pull.head_sha] * 3
        assert headline(rig.comment(pull)).startswith("✅")
        assert_sound(rig.hub, CHAIN)


async def test_a_dispatch_that_dies_in_the_air_during_a_push_is_not_sent_again(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        pull = rig.scene.open_pull(["vpc"])
        fault = rig.faults.add("POST", "/dispatches$", "hold")
        await rig.settle()
        rig.clock.at += 2
        hanging = await _until_held(rig, fault)
        rig.scene.push("feature", ["vpc"], note="again")
        await _around(rig)
        # What hangs is refused by a limit when it is let go: it may be sent again, but nobody wants it any more.
        fault.kind = "secondary"
        fault.release()
        await hanging
        await rig.until_quiet()
        assert [run.inputs["sha"] for run in rig.runs()] == [pull.head_sha]
        assert headline(rig.comment(pull)).startswith("✅")


async def test_what_waits_for_the_cap_is_dropped_by_a_push(tmp_path: Path) -> None:
    needs = wide(5)
    async with open_rig(tmp_path, model=model(needs), max_in_flight=2) as rig:
        _slow_plans(rig)
        pull = rig.scene.open_pull(needs)
        await rig.passes(30)
        old = pull.head_sha
        rig.scene.push("feature", ["part-00"], note="again")
        await rig.until_quiet()
        assert [run.conclusion for run in rig.runs() if run.inputs["sha"] == old] == ["cancelled"] * 2
        assert [run.conclusion for run in rig.runs() if run.inputs["sha"] != old] == ["success"] * 5


async def test_a_merge_leaves_running_plans_alone_and_drops_the_rest(tmp_path: Path) -> None:
    async with open_rig(tmp_path, unplanned="allow", model=model(CHAIN)) as rig:
        _slow_plans(rig)
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(30)
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        assert [(label_of(run), run.conclusion) for run in rig.runs()] == [
            ("plan dev/vpc", "success"),
            ("apply dev/vpc", "success"),
            ("apply dev/database", "success"),
            ("apply dev/api", "success"),
        ]
        assert headline(rig.comment(pull)).startswith("✅")


async def test_an_apply_in_doubt_is_left_alone_by_other_pull_requests(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        rig.faults.add("POST", "/dispatches$", "lost_answer")
        rig.hub.scenario.seconds = lambda file, _inputs: 100.0 if file == example.APPLY else 1.0
        rig.hub.merge(pull, by="lead")
        await rig.passes(5)
        rig.scene.open_pull(["vpc"], branch="other")
        await rig.until_quiet()
        assert rig.run_of("apply dev/vpc").conclusion == "success"
        assert rig.dispatched("apply") == ["apply dev/vpc"]


async def test_a_cancel_that_github_refuses_at_first_is_tried_again(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        _slow_plans(rig)
        rig.faults.add("POST", "/cancel$", "status", 2, status=502)
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(10)
        rig.hub.close(pull, "dev")
        await rig.until_quiet()
        (run,) = rig.runs()
        assert run.conclusion == "cancelled"


@pytest.mark.parametrize("status", [404, 409])
async def test_a_cancel_of_a_run_that_github_does_not_know_yet_is_tried_again(tmp_path: Path, status: int) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        _slow_plans(rig)
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(10)
        rig.faults.add("POST", "/cancel$", "status", 2, status=status)
        rig.faults.add("GET", r"/runs/\d+$", "status", 1, status=404)
        rig.scene.push("feature", ["vpc"], note="again")
        await rig.until_quiet()
        old, *rest = rig.runs()
        assert old.conclusion == "cancelled"
        assert [run.inputs["sha"] for run in rest] == [pull.head_sha] * 3


async def test_the_cancel_of_a_run_that_is_over_or_gone_is_let_be(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE), sweep_seconds=1e6) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(5)
        rig.faults.hooks("workflow_run", "lose", FOREVER)
        await rig.passes(60)
        rig.scene.push("feature", ["vpc"], note="again")
        await rig.passes(60)
        assert rig.runs()[0].conclusion == "success"
        rig.faults.add("*", r"/runs/\d+", "status", FOREVER, status=404)
        rig.hub.close(pull, "dev")
        await rig.until_quiet()
        assert not any(wish.kind == "cancel" for wish in outbox.due(rig.db, rig.clock() + 1e9, 100))
