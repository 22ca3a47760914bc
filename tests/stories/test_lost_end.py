"""A run that should upload ends, and nobody tells: its check run is not left hanging."""

from __future__ import annotations

from pathlib import Path

from bot.sandbox import Run
from bot.sandbox.scene import AFFECTED
from bot.sandbox.state import Pull
from tests.rig import Rig, open_rig
from tests.stories.checking import check, summary
from tests.stories.helping import FOREVER, ONE, model

HOUR = 3600.0


async def no_upload(_program: object) -> str:
    return "success"


async def goes_silent(rig: Rig) -> tuple[Pull, Run]:
    """Open a pull request whose run ends without an upload, and its end is never told; the workflow is known."""
    rig.scene.open_pull(["vpc"], branch="first")
    await rig.until_quiet()
    rig.hub.programs[AFFECTED] = no_upload
    rig.faults.hooks("workflow_run.completed", "lose", FOREVER)
    pull = rig.scene.open_pull(["vpc"], branch="second")
    await rig.passes(60)
    (run,) = [run for run in rig.hub.runs.values() if run.head_sha == pull.head_sha]
    return pull, run


def asked(rig: Rig, run: Run) -> list[float]:
    return [one.time for one in rig.sandbox.requests if one.path.endswith(f"/actions/runs/{run.id}")]


async def test_github_is_asked_after_an_hour(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE), sweep_seconds=1200.0) as rig:
        pull, run = await goes_silent(rig)
        assert run.status == "completed"
        assert check(rig, pull.head_sha).status == "queued"
        await rig.passes(0.9 * HOUR)
        assert asked(rig, run) == []
        await rig.passes(0.5 * HOUR)
        one = check(rig, pull.head_sha)
        assert (one.conclusion, one.output["title"]) == ("neutral", "No affected stacks were uploaded")
        assert "ended without uploading" in summary(one)
        await rig.passes(3 * HOUR)
        assert len(asked(rig, run)) == 1


async def test_a_run_that_goes_on_is_waited_for_and_asked_about_once_an_hour(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE), sweep_seconds=1800.0) as rig:
        rig.scene.open_pull(["vpc"], branch="first")
        await rig.until_quiet()
        rig.hub.programs[AFFECTED] = no_upload
        rig.hub.scenario.seconds = lambda _file, _inputs: 6 * HOUR
        pull = rig.scene.open_pull(["vpc"], branch="second")
        await rig.passes(60)
        (run,) = [run for run in rig.hub.runs.values() if run.head_sha == pull.head_sha]
        await rig.passes(5.5 * HOUR)
        assert check(rig, pull.head_sha).status == "queued"
        assert 3 <= len(asked(rig, run)) <= 5
        await rig.passes(HOUR)
        assert check(rig, pull.head_sha).conclusion == "neutral"


async def test_after_a_day_without_an_answer_nobody_waits_any_longer(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE), sweep_seconds=HOUR) as rig:
        pull, run = await goes_silent(rig)
        rig.faults.add("GET", f"/actions/runs/{run.id}$", "status", FOREVER, status=404)
        await rig.passes(23 * HOUR)
        assert check(rig, pull.head_sha).status == "queued"
        await rig.passes(2.5 * HOUR)
        one = check(rig, pull.head_sha)
        assert one.conclusion == "neutral"
        assert "GitHub has told nothing of" in summary(one)
        assert "nobody waits any longer for `atmos-pro.yaml`" in summary(one)
        assert len(asked(rig, run)) <= 26
