"""Applies whose environment people must allow at GitHub: shown whole, off the cap, and told in any order."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import permutations
from pathlib import Path

import pytest

from bot.sandbox import example
from bot.sandbox.state import Pull
from tests.rig import Rig, open_rig
from tests.stories.helping import APPLY_PATH, DIAMOND, FOREVER, ONE, headline, line_of, model, wide

#: Two jobs, one after the other, each behind its own gate.
TWO_GATES = {
    **example.files(),
    APPLY_PATH: example.APPLY_FILE.replace(
        "jobs:\n",
        "jobs:\n  check:\n    runs-on: ubuntu-latest\n    environment: audit\n    steps:\n      - run: echo checked\n",
    ).replace("    name: ${{ inputs.component }}", "    needs: check\n    name: ${{ inputs.component }}"),
}


def row(rig: Rig, pull: Pull, component: str = "vpc") -> str:
    """Read a component's row of a comment, without what keeps GitHub from making links."""
    return line_of(rig.comment(pull), component).replace("&#8203;", "")


async def merged(rig: Rig, *components: str) -> Pull:
    """Have a planned pull request merged, and let happen what can."""
    pull = rig.scene.open_pull(components or ("vpc",))
    await rig.until_quiet()
    rig.hub.merge(pull, by="lead")
    await rig.until_quiet()
    return pull


async def gate_of(rig: Rig, pull: Pull) -> dict[str, object]:
    """Read by the API what the first step of a pull request's newest rollout waits for."""
    (sent,) = (await rig.state(pull))[0]["steps"][0]["dispatches"]
    found: dict[str, object] = sent["gate"]
    return found


async def test_it_is_told_which_environment_who_may_since_when_and_where(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        rig.hub.add_team("acme/ops", ["eve"])
        rig.hub.add_environment(rig.repo, "dev", reviewers=["bob", "acme/ops"])
        pull = await merged(rig)
        run = rig.run_of("apply dev/vpc")
        assert await rig.statuses(pull) == {"dev/vpc": "approval"}
        told = row(rig, pull)
        for word in ("`dev`", "bob", "team ops", f"/actions/runs/{run.id}"):
            assert word in told
        gate = await gate_of(rig, pull)
        assert (gate["environments"], gate["reviewers"]) == (["dev"], ["bob", "team ops"])
        rig.hub.approve(run.id, "dev", "eve")
        await rig.until_quiet()
        assert await rig.statuses(pull) == {"dev/vpc": "succeeded"}
        assert headline(rig.comment(pull)).startswith("✅")


@pytest.mark.parametrize("told", ["workflow_job", "deployment_review"])
async def test_each_kind_of_news_is_enough(tmp_path: Path, told: str) -> None:
    lost = {"workflow_run", "workflow_job", "deployment_review"} - {told}
    async with open_rig(tmp_path, model=model(ONE), reviewers={"dev": ["bob"]}, sweep_seconds=1e6) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        rig.faults.hooks("|".join(lost), "lose", FOREVER)
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        assert await rig.statuses(pull) == {"dev/vpc": "approval"}
        assert (await gate_of(rig, pull))["environments"] == ["dev"]
        rig.hub.approve(rig.run_of("apply dev/vpc").id, "dev", "bob")
        await rig.passes(2)
        # The run's own webhook would be the first to tell that it runs; a job that is queued again does as well.
        assert (await rig.statuses(pull))["dev/vpc"] in ("queued", "running")


async def test_where_no_webhook_comes_the_sweep_sees_it(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE), reviewers={"dev": ["bob"]}) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        rig.faults.hooks("workflow_run|workflow_job|deployment_review", "lose", FOREVER)
        rig.hub.merge(pull, by="lead")
        await rig.passes(300)
        assert await rig.statuses(pull) == {"dev/vpc": "approval"}
        rig.hub.approve(rig.run_of("apply dev/vpc").id, "dev", "bob")
        await rig.passes(7200)
        assert await rig.statuses(pull) == {"dev/vpc": "succeeded"}


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_in_any_order(tmp_path: Path, order: tuple[int, ...]) -> None:
    kinds = ("workflow_run.requested", "workflow_job.waiting", "deployment_review.requested")
    async with open_rig(tmp_path, model=model(ONE), reviewers={"dev": ["bob"]}) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        rig.hub.merge(pull, by="lead")
        for late, kind in zip(order, kinds, strict=True):
            rig.faults.hooks(f"{kind}$", "delay", 2 if kind.startswith("workflow_run") else 1, seconds=30.0 + 5 * late)
        await rig.until_quiet()
        assert await rig.statuses(pull) == {"dev/vpc": "approval"}
        since = rig.run_of("apply dev/vpc").latest.waiting_since
        assert (await gate_of(rig, pull))["since"] == f"{datetime.fromtimestamp(int(since or 0), UTC):%FT%TZ}"
        rig.hub.approve(rig.run_of("apply dev/vpc").id, "dev", "bob")
        await rig.until_quiet()
        assert await rig.statuses(pull) == {"dev/vpc": "succeeded"}


async def test_a_review_that_is_told_before_the_answer_to_the_dispatch(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE), reviewers={"dev": ["bob"]}, sweep_seconds=1e6) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        rig.hub.accepts_return_run_details = False
        rig.faults.hooks("workflow_run", "delay", 3, seconds=40.0)
        rig.hub.merge(pull, by="lead")
        rig.faults.hooks("workflow_job", "lose", FOREVER)
        await rig.until_quiet()
        assert await rig.statuses(pull) == {"dev/vpc": "approval"}


async def test_a_job_that_is_told_before_the_answer_to_the_dispatch(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE), reviewers={"dev": ["bob"]}, sweep_seconds=1e6) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        rig.hub.accepts_return_run_details = False
        rig.faults.hooks("workflow_run", "delay", FOREVER, seconds=5.0)
        rig.faults.hooks("deployment_review", "lose", FOREVER)
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        assert await rig.statuses(pull) == {"dev/vpc": "approval"}


async def test_the_second_job_of_a_run_waits_again(tmp_path: Path) -> None:
    async with open_rig(
        tmp_path, model=model(ONE), files=TWO_GATES, reviewers={"audit": ["ann"], "dev": ["bob"]}
    ) as rig:
        pull = await merged(rig)
        run = rig.run_of("apply dev/vpc")
        assert (await gate_of(rig, pull))["environments"] == ["audit"]
        began = (await gate_of(rig, pull))["since"]
        rig.hub.approve(run.id, "audit", "ann")
        await rig.passes(5)
        assert await rig.statuses(pull) == {"dev/vpc": "running"}
        await rig.until_quiet()
        assert await rig.statuses(pull) == {"dev/vpc": "approval"}
        gate = await gate_of(rig, pull)
        assert (gate["environments"], gate["reviewers"]) == (["dev"], ["bob"])
        assert str(gate["since"]) > str(began)
        assert "bob" in row(rig, pull)
        rig.hub.approve(run.id, "dev", "bob")
        await rig.until_quiet()
        assert await rig.statuses(pull) == {"dev/vpc": "succeeded"}


async def test_rejected_is_failed_with_who_and_what_they_said(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model({"vpc": (), "app": ("vpc",)}), reviewers={"dev": ["bob"]}) as rig:
        pull = await merged(rig)
        rig.hub.reject(rig.run_of("apply dev/vpc").id, "dev", "bob", "not on a Friday")
        await rig.until_quiet()
        assert await rig.statuses(pull) == {"dev/vpc": "failed", "dev/app": "blocked"}
        told = row(rig, pull)
        assert "bob" in told
        assert "not on a Friday" in told
        assert "`dev`" in told


async def test_a_run_that_was_rejected_waits_again_when_it_is_run_again(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE), reviewers={"dev": ["bob"]}) as rig:
        pull = await merged(rig)
        run = rig.run_of("apply dev/vpc")
        rig.hub.reject(run.id, "dev", "bob", "later")
        await rig.until_quiet()
        rig.hub.rerun(run.id)
        await rig.until_quiet()
        assert await rig.statuses(pull) == {"dev/vpc": "approval"}
        assert "later" not in row(rig, pull)
        rig.hub.scenario.fail(component="vpc")
        rig.hub.approve(run.id, "dev", "bob")
        await rig.until_quiet()
        assert await rig.statuses(pull) == {"dev/vpc": "failed"}
        assert "rejected" not in row(rig, pull)  # this time it failed by itself


async def test_what_waits_for_people_gives_its_place_back_and_the_rest_goes_on(tmp_path: Path) -> None:
    async with open_rig(
        tmp_path, model=model(DIAMOND), reviewers={"dev": ["bob"]}, max_in_flight=1, sweep_seconds=1e6
    ) as rig:
        # Of the two roots one needs no environment's reviewers.
        rig.scene.model.instances["dev", "storage"].settings["pro"]["pull_request"]["merged"]["workflows"][
            example.APPLY
        ]["inputs"]["github_environment"] = "open"
        rig.hub.add_environment(rig.repo, "open", reviewers=[])
        pull = await merged(rig, "vpc", "storage")
        statuses = await rig.statuses(pull)
        assert statuses["dev/vpc"] == "approval"
        assert statuses["dev/storage"] == "succeeded"
        assert statuses["dev/database"] == "waiting"


async def test_pull_requests_that_wait_for_people_do_not_fill_the_cap(tmp_path: Path) -> None:
    needs = wide(4)
    async with open_rig(tmp_path, model=model(needs), reviewers={"dev": ["bob"]}, max_in_flight=2) as rig:
        pull = await merged(rig, *needs)
        assert set((await rig.statuses(pull)).values()) == {"approval"}
        other = rig.scene.open_pull(["part-00"], branch="other")
        await rig.until_quiet()
        assert await rig.statuses(other) == {"dev/part-00": "succeeded"}


async def test_a_run_may_wait_for_weeks(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE), reviewers={"dev": ["bob"]}, sweep_seconds=86_400.0) as rig:
        pull = await merged(rig)
        await rig.passes(21 * 86_400.0)
        assert await rig.statuses(pull) == {"dev/vpc": "approval"}
        rig.hub.approve(rig.run_of("apply dev/vpc").id, "dev", "bob")
        await rig.until_quiet()
        assert await rig.statuses(pull) == {"dev/vpc": "succeeded"}


async def test_nobody_tells_who_may_approve(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE), reviewers={"dev": ["bob"]}) as rig:
        rig.faults.add("GET", "/pending_deployments$", "status", FOREVER, status=403)
        pull = await merged(rig)
        assert await rig.statuses(pull) == {"dev/vpc": "approval"}
        rig.hub.approve(rig.run_of("apply dev/vpc").id, "dev", "bob")
        await rig.until_quiet()
        assert await rig.statuses(pull) == {"dev/vpc": "succeeded"}
