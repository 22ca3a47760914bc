"""What is shown and what is started in each mode, and what a change of the mode means for what is under way."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.sandbox import example
from tests.rig import Rig, open_rig
from tests.stories.helping import CHAIN, DIAMOND, ONE, assert_sound, headline, labels, line_of, model, requests, wide

OBSERVED = "nothing is started in the mode “observe”"


def _slow(rig: Rig, file: str) -> None:
    rig.hub.scenario.seconds = lambda one, _inputs: 600.0 if one == file else 1.0


async def test_observing_shows_everything_and_starts_nothing(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(DIAMOND), mode="observe", unplanned="allow") as rig:
        pull = rig.scene.open_pull(["vpc", "storage"])
        await rig.until_quiet()
        for component in DIAMOND:
            assert line_of(rig.comment(pull), component)
        assert OBSERVED in rig.comment(pull)
        assert set((await rig.statuses(pull)).values()) == {"ready", "waiting"}
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        assert OBSERVED in rig.comment(pull)
        assert (await rig.state(pull))[0]["activity"] == "pull_request.merged"
        await rig.passes(3600)
        assert rig.dispatched() == []


async def test_from_observing_to_applying_everything_goes_on_by_itself(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN), mode="observe", unplanned="allow") as rig:
        merged = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        rig.hub.merge(merged, by="lead")
        await rig.until_quiet()
        opened = rig.scene.open_pull(["database"], branch="other")
        await rig.until_quiet()
        assert rig.dispatched() == []
        await rig.restart(mode="plan")
        await rig.passes(600)
        assert rig.dispatched() == ["plan dev/database", "plan dev/api"]
        assert headline(rig.comment(opened)).startswith("✅")
        assert "nothing is applied in the mode “plan”" in rig.comment(merged)
        await rig.restart(mode="apply")
        await rig.passes(600)
        assert rig.dispatched("apply") == ["apply dev/vpc", "apply dev/database", "apply dev/api"]
        assert headline(rig.comment(merged)).startswith("✅ Applied")
        assert_sound(rig.hub, CHAIN)


async def test_planning_applies_nothing(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN), mode="plan") as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        assert headline(rig.comment(pull)).startswith("✅ Planned")
        rig.hub.merge(pull, by="lead")
        await rig.passes(3600)
        assert set(rig.dispatched()) == labels("plan", CHAIN)
        assert "nothing is applied in the mode “plan”" in rig.comment(pull)


@pytest.mark.parametrize("mode", ["observe", "plan"])
async def test_applies_that_lie_in_the_outbox_stay_there_when_the_mode_changes(tmp_path: Path, mode: str) -> None:
    needs = wide(4)
    async with open_rig(tmp_path, model=model(needs)) as rig:
        pull = rig.scene.open_pull(needs)
        await rig.until_quiet()
        # GitHub has the installation rest after two of the four.
        rig.faults.add("POST", "/dispatches$", "too_many", 2, retry_after=900)
        rig.hub.merge(pull, by="lead")
        await rig.passes(60)
        sent = set(rig.dispatched("apply"))
        assert len(sent) < 4
        await rig.restart(mode=mode)
        await rig.passes(3600)
        assert set(rig.dispatched("apply")) == sent
        assert f"in the mode “{mode}”" in rig.comment(pull)
        await rig.restart(mode="apply")
        await rig.passes(600)
        assert sorted(rig.dispatched("apply")) == sorted(labels("apply", needs))
        assert headline(rig.comment(pull)).startswith("✅ Applied")


async def test_observing_cancels_nothing_but_does_when_it_ends(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        _slow(rig, example.PLAN)
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(30)
        await rig.restart(mode="observe")
        rig.scene.push("feature", ["vpc"], note="again")
        await rig.passes(120)
        assert [run.status for run in rig.runs()] == ["in_progress"]
        assert requests(rig, "POST", "/cancel") == []
        assert OBSERVED in rig.comment(pull)
        await rig.restart(mode="apply")
        await rig.passes(120)
        old, new = rig.runs()
        assert (old.conclusion, new.inputs["sha"], new.status) == ("cancelled", pull.head_sha, "in_progress")


async def test_a_run_that_ends_by_itself_while_observing_is_shown_and_never_cancelled(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        _slow(rig, example.PLAN)
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(30)
        await rig.restart(mode="observe")
        rig.hub.close(pull, "dev")
        await rig.passes(3600)
        assert [run.conclusion for run in rig.runs()] == ["success"]
        assert requests(rig, "POST", "/cancel") == []
        assert await rig.statuses(pull) == {"dev/vpc": "succeeded"}


async def test_an_apply_that_runs_when_the_mode_changes_ends_and_its_children_stay(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        _slow(rig, example.APPLY)
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        rig.hub.merge(pull, by="lead")
        await rig.passes(60)
        await rig.restart(mode="plan")
        await rig.passes(3600)
        assert await rig.statuses(pull) == {"dev/vpc": "succeeded", "dev/database": "ready", "dev/api": "waiting"}
        assert "nothing is applied in the mode “plan”" in line_of(rig.comment(pull), "database")
        await rig.restart(mode="apply")
        await rig.passes(3600)
        assert rig.dispatched("apply") == ["apply dev/vpc", "apply dev/database", "apply dev/api"]


async def test_a_dispatch_in_doubt_is_not_sent_again_while_observing(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        rig.faults.add("POST", "/dispatches$", "status", status=502)
        rig.hub.merge(pull, by="lead")
        await rig.passes(20)
        await rig.restart(mode="observe")
        await rig.passes(1800)
        assert rig.dispatched("apply") == []
        assert OBSERVED in line_of(rig.comment(pull), "vpc")
        await rig.restart(mode="apply")
        await rig.passes(600)
        assert rig.dispatched("apply") == ["apply dev/vpc"]
        assert headline(rig.comment(pull)).startswith("✅ Applied")
