"""A run fails: its row leads to the very job, without a question to GitHub."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.sandbox import Run
from tests.rig import Rig, open_rig
from tests.stories.helping import FOREVER, ONE, line_of, model, requests


def leads_to_job(rig: Rig, run: Run) -> str:
    """Write how a row leads to the job that failed in the latest attempt of a run."""
    (job,) = run.latest.jobs
    home = f"{rig.hub.base_url}/{run.repo.full_name}"
    return f"the job [`vpc in dev`]({home}/actions/runs/{run.id}/job/{job.id}) failed"


@pytest.mark.parametrize("delay", [0.0, 30.0], ids=["in time", "after the run's own end was told"])
async def test_a_failed_row_leads_to_the_job_that_failed(tmp_path: Path, delay: float) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        rig.hub.scenario.fail(component="vpc", times=2)
        if delay:
            rig.faults.hooks("workflow_job.completed", "delay", seconds=delay)
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        run = rig.run_of("plan dev/vpc")
        first = leads_to_job(rig, run)
        assert f"| {first} |" in line_of(rig.comment(pull), "vpc")
        rig.hub.rerun(run.id, failed_only=True)
        await rig.until_quiet()
        assert leads_to_job(rig, run) != first
        told = (await rig.state(pull))[0]["steps"][0]["dispatches"][0]["failed_job"]
        assert told["name"] == "vpc in dev"
        assert told["url"].endswith(f"/actions/runs/{run.id}/job/{run.latest.jobs[0].id}")
        assert f"| {leads_to_job(rig, run)} |" in line_of(rig.comment(pull), "vpc")
        rig.hub.rerun(run.id, failed_only=True)
        await rig.until_quiet()
        assert "/job/" not in rig.comment(pull)
        assert requests(rig, "GET", "/jobs") == []


async def test_where_nobody_told_which_job_it_was_the_row_says_that_the_run_failed(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE), sweep_seconds=1e6) as rig:
        rig.hub.scenario.fail(component="vpc", times=1)
        rig.faults.hooks("workflow_job.completed", "lose", FOREVER)
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        assert "| the run failed | [summary](" in line_of(rig.comment(pull), "vpc")
