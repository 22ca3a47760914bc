"""Many pushes in a short time: the plans wait for a quiet minute, and say so."""

from __future__ import annotations

from pathlib import Path

from bot.sandbox.state import Pull
from tests.rig import Rig, open_rig
from tests.stories.helping import ONE, model

WAITS = "more than 5 pushes in ten minutes: waits for a quiet minute"


async def _pushes(rig: Rig, count: int, *, every: float = 20.0, note: str = "") -> None:
    for number in range(count):
        await rig.passes(every)
        rig.scene.push("feature", ["vpc"], note=f"{note}{number}")


async def _reason(rig: Rig, pull: Pull) -> str | None:
    (step,) = (await rig.state(pull))[0]["steps"]
    return str(step["reason"]) if step["status"] == "ready" else None


def _planned(rig: Rig) -> list[str]:
    return [run.inputs["sha"] for run in rig.runs()]


async def test_five_heads_in_ten_minutes_are_planned_at_once(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await _pushes(rig, 4)
        await rig.passes(10)
        assert _planned(rig)[-1] == pull.head_sha
        assert len(_planned(rig)) == 5


async def test_the_sixth_waits_for_a_quiet_minute_and_then_goes(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await _pushes(rig, 5)
        pushed = rig.clock()
        await rig.passes(58)
        assert pull.head_sha not in _planned(rig)
        assert await _reason(rig, pull) == WAITS
        assert f"{WAITS} (until 10:02\u00a0UTC)" in rig.comment(pull)
        await rig.until_quiet()
        assert WAITS not in rig.comment(pull)
        assert _planned(rig)[-1] == pull.head_sha
        assert 60 <= rig.runs()[-1].created_at - pushed <= 62
        assert await rig.statuses(pull) == {"dev/vpc": "succeeded"}


async def test_each_further_push_begins_the_minute_anew(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await _pushes(rig, 4)
        await _pushes(rig, 3, every=50.0, note="more")
        await rig.passes(55)
        assert len(_planned(rig)) == 5
        assert await _reason(rig, pull) == WAITS
        await rig.until_quiet()
        assert len(_planned(rig)) == 6
        assert _planned(rig)[-1] == pull.head_sha


async def test_pushes_that_lie_apart_do_not_wait(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        rig.scene.open_pull(["vpc"])
        await _pushes(rig, 5, every=121.0)
        await rig.passes(10)
        assert len(_planned(rig)) == 6


async def test_a_push_after_a_quiet_while_is_planned_at_once(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await _pushes(rig, 5)
        await rig.passes(700)
        rig.scene.push("feature", ["vpc"], note="last")
        await rig.passes(10)
        assert _planned(rig)[-1] == pull.head_sha


async def test_it_is_not_forgotten_by_a_restart(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await _pushes(rig, 5)
        await rig.passes(10)
        await rig.restart()
        await rig.passes(40)
        assert pull.head_sha not in _planned(rig)
        await rig.until_quiet()
        assert _planned(rig)[-1] == pull.head_sha


async def test_a_merge_meanwhile_is_not_kept_by_it(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE), unplanned="allow") as rig:
        pull = rig.scene.open_pull(["vpc"])
        await _pushes(rig, 5)
        await rig.passes(10)
        rig.hub.merge(pull, by="lead")
        await rig.passes(20)
        assert rig.dispatched("apply") == ["apply dev/vpc"]
        await rig.until_quiet()
        assert pull.head_sha not in [run.inputs["sha"] for run in rig.runs()]


async def test_what_was_merged_within_the_minute_was_not_planned_and_is_held(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await _pushes(rig, 5)
        await rig.passes(10)
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        assert rig.dispatched("apply") == []
        assert await rig.statuses(pull) == {"dev/vpc": "held"}


async def test_another_pull_request_is_not_kept_by_it(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        rig.scene.open_pull(["vpc"])
        await _pushes(rig, 5)
        other = rig.scene.open_pull(["vpc"], branch="other")
        await rig.passes(10)
        assert _planned(rig)[-1] == other.head_sha
