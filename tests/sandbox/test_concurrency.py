"""Groups of `concurrency`: one run goes, one waits, and a newer one cancels what waits."""

from __future__ import annotations

from bot.sandbox import Run
from tests.sandbox.conftest import PLAN, Rig

PATH = ".github/workflows/plan.yaml"


def write(rig: Rig, concurrency: str) -> None:
    rig.hub.push(rig.repo, "main", {PATH: f"{PLAN}concurrency: {concurrency}\n"}, message="m", author="ada")


def told(*runs: Run) -> list[str | None]:
    return [run.conclusion or run.status for run in runs]


async def test_one_goes_one_waits_and_a_newer_one_cancels_what_waits(rig: Rig) -> None:
    write(rig, "Terraform")
    first, second, third = [await rig.dispatch(component=name) for name in ("a", "b", "c")]
    assert told(first, second, third) == ["queued", "cancelled", "pending"]
    assert (await rig.get(f"/repos/acme/infra/actions/runs/{second.id}/jobs"))["jobs"] == []
    await rig.after(600)
    assert told(first, second, third) == ["success", "cancelled", "success"]
    assert third.latest.jobs[0].started_at is not None


async def test_what_is_cancelled_gives_its_turn_to_what_waits(rig: Rig) -> None:
    write(rig, "terraform")
    first, second = [await rig.dispatch(component=name) for name in ("a", "b")]
    rig.hub.cancel_run(first.id, force=True)
    await rig.after(600)
    assert told(first, second) == ["cancelled", "success"]


async def test_a_group_may_cancel_what_goes(rig: Rig) -> None:
    write(rig, "{group: terraform, cancel-in-progress: true}")
    first, second, third = [await rig.dispatch(component=name) for name in ("a", "b", "c")]
    assert told(first, second, third) == ["cancelled", "cancelled", "queued"]


async def test_a_group_for_each_instance_keeps_nobody(rig: Rig) -> None:
    write(rig, "${{ inputs.component }}-${{ inputs.stack }}")
    runs = [await rig.dispatch(component=name) for name in ("a", "b", "c")]
    assert told(*runs) == ["queued"] * 3
    assert await rig.after(600)
    assert told(*runs) == ["success"] * 3


async def test_a_workflow_that_is_turned_off_is_not_started(rig: Rig) -> None:
    await rig.dispatch()
    rig.repo.workflows[PATH].enabled = False
    path = "/repos/acme/infra/actions/workflows/plan.yaml/dispatches"
    answer = await rig.refused("POST", path, {"ref": "main", "inputs": {"component": "a", "stack": "b"}})
    assert answer == (422, "Cannot trigger a 'workflow_dispatch' on a disabled workflow")
