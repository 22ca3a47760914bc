"""A run that never reports: GitHub is asked, and only what GitHub says of it counts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.sandbox import Run, example
from bot.sandbox.state import Pull
from tests.rig import Rig, open_rig
from tests.stories.helping import CHAIN, FOREVER, line_of, model

HOUR = 3600.0
TOLD = "GitHub no longer knows its run"


@asynccontextmanager
async def _running(folder: Path) -> AsyncIterator[tuple[Rig, Pull, Run]]:
    """Have a plan run of which no webhook tells any more."""
    async with open_rig(folder, model=model(CHAIN), max_in_flight=1, run_timeout=6 * HOUR, sweep_seconds=900) as rig:
        rig.hub.scenario.seconds = lambda file, _inputs: 99 * HOUR if file == example.PLAN else 1.0
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(60)
        rig.faults.hooks("workflow_run", "lose", FOREVER)
        yield rig, pull, rig.run_of("plan dev/vpc")


async def test_a_run_that_github_knows_is_never_given_up(tmp_path: Path) -> None:
    async with _running(tmp_path) as (rig, pull, _run):
        await rig.passes(20 * HOUR)
        assert (await rig.statuses(pull))["dev/vpc"] == "running"


async def test_what_github_says_ended_by_its_time_limit_is_told_so(tmp_path: Path) -> None:
    async with _running(tmp_path) as (rig, pull, run):
        rig.hub.fail_run(run.id)
        run.latest.conclusion = "timed_out"
        await rig.passes(2 * HOUR)
        assert await rig.statuses(pull) == {"dev/vpc": "timed_out", "dev/database": "blocked", "dev/api": "blocked"}


async def test_a_run_that_github_does_not_know_for_a_while_is_not_given_up(tmp_path: Path) -> None:
    async with _running(tmp_path) as (rig, pull, run):
        rig.faults.add("GET", f"/actions/runs/{run.id}$", "status", FOREVER, status=404)
        await rig.passes(5 * HOUR)
        assert (await rig.statuses(pull))["dev/vpc"] == "running"
        rig.faults.clear()
        rig.faults.hooks("workflow_run", "lose", FOREVER)
        await rig.passes(2 * HOUR)
        rig.faults.add("GET", f"/actions/runs/{run.id}$", "status", FOREVER, status=404)
        await rig.passes(5 * HOUR)
        assert (await rig.statuses(pull))["dev/vpc"] == "running", "GitHub knew it in between"


async def test_a_run_that_github_has_not_known_for_long_is_given_up_and_gives_its_place_back(tmp_path: Path) -> None:
    async with _running(tmp_path) as (rig, pull, run):
        del rig.hub.runs[run.id]
        await rig.passes(5 * HOUR)
        assert (await rig.statuses(pull))["dev/vpc"] == "running"
        await rig.passes(2 * HOUR)
        assert await rig.statuses(pull) == {"dev/vpc": "timed_out", "dev/database": "blocked", "dev/api": "blocked"}
        assert TOLD in line_of(rig.comment(pull), "vpc")
        asked = len(rig.sandbox.requests)
        await rig.passes(HOUR)
        assert not [one for one in rig.sandbox.requests[asked:] if str(run.id) in one.path], (
            "nobody asks for it any more"
        )


@pytest.mark.parametrize(("status", "path"), [(503, "/actions/runs/"), (403, "/actions/runs/"), (503, "")])
async def test_no_answer_says_nothing_of_a_run(tmp_path: Path, status: int, path: str) -> None:
    async with _running(tmp_path) as (rig, pull, run):
        del rig.hub.runs[run.id]
        rig.faults.add("GET", path, "status", FOREVER, status=status)
        await rig.passes(12 * HOUR)
        assert (await rig.statuses(pull))["dev/vpc"] == "running"
        rig.faults.clear()
        await rig.passes(2 * HOUR)
        assert (await rig.statuses(pull))["dev/vpc"] == "timed_out"


async def test_a_repository_that_the_app_may_not_see_any_more_says_nothing_of_its_runs(tmp_path: Path) -> None:
    async with _running(tmp_path) as (rig, pull, _run):
        rig.faults.hooks("", "lose", FOREVER)
        rig.hub.uninstall("acme")
        await rig.passes(12 * HOUR)
        assert (await rig.statuses(pull))["dev/vpc"] == "running"


async def test_a_run_that_the_app_may_not_see_as_little_as_its_repository_is_not_given_up(tmp_path: Path) -> None:
    async with _running(tmp_path) as (rig, pull, run):
        rig.faults.add("GET", f"/actions/runs/{run.id}$", "status", FOREVER, status=404)
        rig.faults.add("GET", "/repos/acme/infra$", "status", FOREVER, status=404)
        await rig.passes(12 * HOUR)
        assert (await rig.statuses(pull))["dev/vpc"] == "running"
