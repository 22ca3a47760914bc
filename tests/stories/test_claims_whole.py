"""Runs that exchange their own identity tokens: the whole way from the workflow's file to the apply."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.sandbox.runstate import Run
from bot.sandbox.scene import AFFECTED
from tests.rig import Rig, open_rig
from tests.stories.small import model

CHAIN = model({"a": [], "b": ["a"]})


def affected_runs(rig: Rig) -> list[Run]:
    """List the runs that upload, oldest first."""
    found = [run for run in rig.hub.runs.values() if run.workflow.file == AFFECTED]
    return sorted(found, key=lambda run: run.id)


async def test_from_the_first_push_to_the_apply(tmp_path: Path) -> None:
    async with open_rig(tmp_path, unplanned="allow", model=CHAIN, oidc=True) as rig:
        pull = rig.scene.open_pull(["a"])
        await rig.until_quiet()
        assert rig.dispatched() == ["plan dev/a", "plan dev/b"]
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        assert rig.dispatched("apply") == ["apply dev/a", "apply dev/b"]
        assert rig.run_of("apply dev/b").inputs["sha"] == pull.merge_commit_sha
        assert [answer.success for answer in rig.scene.answers] == [True, True]


@pytest.mark.parametrize("oidc", [True, False], ids=["claims", "key"])
async def test_a_plans_run_that_is_run_again_after_the_merge(tmp_path: Path, oidc: bool) -> None:
    """Its upload names more by then. By claims it adds nothing to the apply; a key cannot tell it from the merge's."""
    async with open_rig(tmp_path, unplanned="allow", model=model({"a": []}), oidc=oidc) as rig:
        pull = rig.scene.open_pull(["a"])
        await rig.until_quiet()
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        rig.scene.model = CHAIN
        plans, merges = affected_runs(rig)
        rig.hub.rerun(plans.id, failed_only=False, by="dev")
        await rig.until_quiet()
        assert rig.dispatched("apply") == (["apply dev/a"] if oidc else ["apply dev/a", "apply dev/b"])
        rig.hub.rerun(merges.id, failed_only=False, by="dev")
        await rig.until_quiet()
        assert rig.dispatched("apply") == ["apply dev/a", "apply dev/b"]
        assert len(rig.dispatched("plan")) == 1


async def test_a_plans_run_that_is_late_starts_no_apply(tmp_path: Path) -> None:
    """Its step is reached only after the merge, whose own run has no chance: the apply does not come of the plan."""
    async with open_rig(tmp_path, unplanned="allow", model=CHAIN, oidc=True) as rig:
        rig.hub.scenario.queue_seconds = 30.0
        pull = rig.scene.open_pull(["a"])
        await rig.passes(10)
        rig.hub.merge(pull, by="lead")
        await rig.passes(10)
        _, merges = affected_runs(rig)
        rig.hub.fail_run(merges.id)
        await rig.until_quiet()
        assert len(rig.scene.answers) == 1
        assert rig.dispatched() == []
        rig.hub.rerun(merges.id, by="lead")
        await rig.until_quiet()
        assert rig.dispatched() == ["apply dev/a", "apply dev/b"]


async def test_no_webhook_of_the_pull_request_ever_comes(tmp_path: Path) -> None:
    async with open_rig(tmp_path, unplanned="allow", model=CHAIN, oidc=True, sweep_seconds=1_000_000.0) as rig:
        await rig.settle()
        rig.faults.hooks(r"^pull_request\.", "lose", 100)
        pull = rig.scene.open_pull(["a"])
        await rig.until_quiet()
        rig.hub.merge(pull, by="lead", delete_branch=False)
        await rig.until_quiet()
        assert rig.dispatched() == ["plan dev/a", "plan dev/b", "apply dev/a", "apply dev/b"]


async def test_every_push_is_planned_and_a_rerun_of_an_older_one_is_not(tmp_path: Path) -> None:
    async with open_rig(tmp_path, unplanned="allow", model=CHAIN, oidc=True) as rig:
        pull = rig.scene.open_pull(["b"])
        await rig.until_quiet()
        rig.scene.push("feature", ["b"], note="more")
        await rig.until_quiet()
        rig.hub.close(pull, by="dev")
        await rig.until_quiet()
        rig.hub.reopen(pull, by="dev")
        await rig.until_quiet()
        assert rig.dispatched() == ["plan dev/b"] * 3
        rig.hub.rerun(affected_runs(rig)[-1].id, failed_only=False, by="dev")
        await rig.until_quiet()
        assert rig.dispatched() == ["plan dev/b"] * 3
        assert (await rig.state(pull))[0]["activity"] == "pull_request.reopened"
