"""How long it still takes is told from how long the same runs took before, and from nothing else."""

from __future__ import annotations

from pathlib import Path

from bot.sandbox.state import Pull
from tests.rig import Rig, open_rig
from tests.stories.helping import CHAIN, ONE, first_line, model, wide


def _says(rig: Rig, pull: Pull) -> str:
    return first_line(rig.comment(pull)).replace("\u00a0", " ")


async def test_the_second_pull_request_tells_how_long_it_takes(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        rig.hub.scenario.seconds = lambda file, inputs: 240.0
        first = rig.scene.open_pull([*CHAIN], branch="first")
        await rig.passes(120)
        assert _says(rig, first).startswith("⏳ Planning: 0 of 3 succeeded, 1 under way, 2 waiting · as of ")
        await rig.until_quiet()
        second = rig.scene.open_pull([*CHAIN], branch="second")
        await rig.passes(60)
        assert "1 under way, 2 waiting — about 15 min left · as of " in _says(rig, second)
        await rig.passes(300)
        assert "1 of 3 succeeded, 1 under way, 1 waiting — about " in _says(rig, second)
        await rig.until_quiet()
        assert _says(rig, second).startswith("✅ Planned: all 3 instances — merge to apply · as of ")


async def test_what_may_not_run_at_once_takes_longer(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(wide(6)), max_in_flight=2) as rig:
        rig.hub.scenario.seconds = lambda file, inputs: 540.0
        rig.scene.open_pull([*wide(6)], branch="first")
        await rig.until_quiet()
        second = rig.scene.open_pull([*wide(6)], branch="second")
        await rig.passes(60)
        assert "— about 30 min left · as of " in _says(rig, second), "three times two runs of nine minutes"


async def test_that_time_passes_is_no_reason_to_edit(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        rig.hub.scenario.seconds = lambda file, inputs: 1_800.0
        rig.scene.open_pull(["vpc"], branch="first")
        await rig.until_quiet()
        second = rig.scene.open_pull(["vpc"], branch="second")
        await rig.passes(120)
        before = rig.comment(second)
        assert "about 30 min left" in _says(rig, second)
        await rig.passes(900)
        assert rig.comment(second) == before


async def test_how_long_people_took_to_approve_does_not_count(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        rig.hub.scenario.seconds = lambda file, inputs: 240.0
        rig.hub.add_environment(rig.repo, "dev", reviewers=["alice"])
        first = rig.scene.open_pull(["vpc"], branch="first")
        await rig.until_quiet()
        rig.hub.merge(first, by="lead")
        await rig.until_quiet()
        await rig.passes(7_200)
        rig.hub.approve(rig.run_of("apply dev/vpc").id, "dev", "alice")
        await rig.until_quiet()
        second = rig.scene.open_pull(["vpc"], branch="second")
        await rig.until_quiet()
        rig.hub.merge(second, by="lead")
        await rig.until_quiet()
        assert "alice must approve at GitHub" in _says(rig, second)
        rig.hub.approve(rig.run_of("apply dev/vpc").id, "dev", "alice")
        await rig.passes(60)
        assert "1 under way — about 4 min left · as of " in _says(rig, second)
