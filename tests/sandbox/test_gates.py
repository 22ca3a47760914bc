"""Environments, their reviewers, and runs that wait for them."""

import pytest

from bot.sandbox import HubError, Run
from tests.sandbox.conftest import Rig

REPO = "/repos/acme/infra"
FILE = """
name: release
on: {workflow_dispatch: {}}
permissions: {id-token: write}
jobs:
  build: {steps: [{run: make}]}
  staging: {needs: build, environment: staging, steps: [{run: make}]}
  prod: {needs: [staging], environment: {name: Prod}, steps: [{run: make}]}
  never: {needs: build, if: false, steps: [{run: make}]}
  after: {needs: never, steps: [{run: make}]}
"""


async def released(rig: Rig) -> Run:
    """Dispatch a workflow that builds, then deploys to two environments that bob reviews, one after the other."""
    rig.hub.add_environment(rig.repo, "staging", reviewers=["bob"])
    rig.hub.add_environment(rig.repo, "prod", reviewers=["bob"])
    rig.hub.push(rig.repo, "main", {".github/workflows/release.yaml": FILE}, message="m", author="ada")
    await rig.after(100)
    rig.hooks.clear()
    path = f"{REPO}/actions/workflows/release.yaml/dispatches"
    made = await rig.post(path, {"ref": "main", "return_run_details": True}, status=200)
    return rig.hub.runs[made["workflow_run_id"]]


async def jobs(rig: Rig, run: Run) -> dict[str, str]:
    listed = (await rig.get(f"{REPO}/actions/runs/{run.id}/jobs?filter=latest"))["jobs"]
    return {job["name"]: job["conclusion"] or job["status"] for job in listed}


async def pending(rig: Rig, run: Run) -> list[str]:
    listed = await rig.get(f"{REPO}/actions/runs/{run.id}/pending_deployments")
    return [one["environment"]["name"] for one in listed]


async def test_environment_waits_for_a_reviewer(rig: Rig) -> None:
    rig.hub.add_environment(rig.repo, "prod", reviewers=["bob"])
    run = await rig.dispatch("apply.yaml", github_environment="prod")
    assert await rig.after(2) == [
        "workflow_run.requested",
        "workflow_job.queued",
        "workflow_job.waiting",
        "deployment_review.requested",
    ]
    assert (await rig.get(f"{REPO}/actions/runs/{run.id}"))["status"] == "waiting"
    pending = (await rig.get(f"{REPO}/actions/runs/{run.id}/pending_deployments"))[0]
    assert (pending["environment"]["name"], pending["current_user_can_approve"]) == ("prod", False)
    assert pending["reviewers"][0]["reviewer"]["login"] == "bob"
    assert (await rig.refused("POST", f"{REPO}/actions/runs/{run.id}/pending_deployments", {}))[0] == 403
    with pytest.raises(HubError, match="no reviewer"):
        rig.hub.approve(run.id, "prod", "ada")
    await rig.after(1_000)
    rig.hub.approve(run.id, "prod", "bob", "go")
    assert "deployment_review.approved" in await rig.after(12)
    assert run.conclusion == "success"
    given = (await rig.get(f"{REPO}/actions/runs/{run.id}/approvals"))[0]
    assert (given["state"], given["user"]["login"], given["comment"]) == ("approved", "bob", "go")


async def test_rejected_environment_fails_the_run(rig: Rig) -> None:
    rig.hub.add_environment(rig.repo, "prod", reviewers=["bob"])
    run = await rig.dispatch("apply.yaml", github_environment="prod")
    await rig.after(2)
    rig.hub.reject(run.id, "prod", "bob")
    assert await rig.after(0) == ["deployment_review.rejected", "workflow_job.completed", "workflow_run.completed"]
    assert run.conclusion == "failure"


async def test_unknown_environment_is_made_without_protection(rig: Rig) -> None:
    run = await rig.dispatch("apply.yaml", github_environment="typo")
    await rig.after(20)
    assert run.conclusion == "success"
    assert [one["name"] for one in (await rig.get(f"{REPO}/environments"))["environments"]] == ["typo"]


async def test_gated_jobs_one_after_the_other_wait_twice(rig: Rig) -> None:
    run = await released(rig)
    await rig.after(2)
    assert await jobs(rig, run) == {"never": "skipped", "after": "skipped", "build": "in_progress"}
    assert await rig.after(12) == [
        "workflow_job.completed",
        "workflow_job.queued",
        "workflow_job.waiting",
        "deployment_review.requested",
    ]
    assert (run.status, await pending(rig, run)) == ("waiting", ["staging"])
    assert rig.last("workflow_job.waiting")["workflow_job"]["name"] == "staging"
    since = rig.last("deployment_review.requested")["since"]
    rig.clock.time += 60
    rig.hub.approve(run.id, "staging", "bob")
    assert await rig.after(2) == [
        "deployment_review.approved",
        "workflow_job.queued",
        "workflow_run.in_progress",
        "workflow_job.in_progress",
    ]
    assert rig.last("deployment_review.approved")["since"] == since
    await rig.after(12)
    assert (run.status, await pending(rig, run)) == ("waiting", ["prod"])
    told = rig.last("deployment_review.requested")
    assert (told["environment"], told["workflow_job_run"]["name"]) == ("prod", "prod")
    rig.hub.approve(run.id, "prod", "bob")
    await rig.after(12)
    assert run.conclusion == "success"
    done = {"build": "success", "staging": "success", "prod": "success"}
    assert await jobs(rig, run) == {"never": "skipped", "after": "skipped", **done}


async def test_a_program_stands_for_the_last_jobs(rig: Rig) -> None:
    tokens = []

    async def program(given):  # type: ignore[no-untyped-def]
        tokens.append((await given.identity_token("x"), given.run.open_jobs[0].name))
        return "failure"

    rig.hub.programs["release.yaml"] = program
    run = await released(rig)
    await rig.after(14)
    assert tokens == []
    rig.hub.approve(run.id, "staging", "bob")
    await rig.after(14)
    rig.hub.approve(run.id, "prod", "bob")
    await rig.after(14)
    assert ([name for _, name in tokens], run.conclusion) == (["prod"], "failure")


async def test_rejection_names_who_and_why(rig: Rig) -> None:
    run = await released(rig)
    await rig.after(14)
    rig.hub.reject(run.id, "staging", "bob", "not on a Friday")
    assert await rig.after(0) == ["deployment_review.rejected", "workflow_job.completed", "workflow_run.completed"]
    told = rig.last("deployment_review.rejected")
    assert (told["approver"]["login"], told["comment"]) == ("bob", "not on a Friday")
    done = rig.last("workflow_run.completed")["workflow_run"]
    assert (done["status"], done["conclusion"]) == ("completed", "failure")
    assert (await jobs(rig, run))["staging"] == "failure"
    assert await pending(rig, run) == []
    (given,) = await rig.get(f"{REPO}/actions/runs/{run.id}/approvals")
    assert (given["state"], given["user"]["login"], given["comment"]) == ("rejected", "bob", "not on a Friday")
    assert [one["name"] for one in given["environments"]] == ["staging"]


async def test_only_what_failed_is_run_again_and_waits_again(rig: Rig) -> None:
    run = await released(rig)
    await rig.after(14)
    rig.hub.reject(run.id, "staging", "bob")
    await rig.after(0)
    rig.hub.rerun(run.id, by="ada")
    names = await rig.after(2)
    assert "workflow_run.requested" not in names
    assert (run.attempt, run.status, await pending(rig, run)) == (2, "waiting", ["staging"])
    found = await jobs(rig, run)
    assert (found["build"], found["staging"]) == ("success", "waiting")


async def test_all_jobs_of_a_run_are_run_again_though_they_succeeded(rig: Rig) -> None:
    run = await rig.dispatch()
    await rig.after(20)
    with pytest.raises(HubError, match="cannot be retried"):
        rig.hub.rerun(run.id, by="ada")
    rig.hub.rerun(run.id, failed_only=False, by="ada")
    names = await rig.after(20)
    assert names[0] == "workflow_job.queued"
    assert "workflow_run.requested" not in names
    assert (run.attempt, run.conclusion) == (2, "success")


async def test_a_team_reviews(rig: Rig) -> None:
    rig.hub.add_team("acme/ops", ["eve", "bob"])
    rig.hub.add_environment(rig.repo, "prod", reviewers=["bob", "acme/ops"])
    (shown,) = (await rig.get(f"{REPO}/environments"))["environments"]
    (rule,) = shown["protection_rules"]
    assert rule["type"] == "required_reviewers"
    assert [(one["type"], one["reviewer"].get("slug")) for one in rule["reviewers"]] == [
        ("User", None),
        ("Team", "ops"),
    ]
    run = await rig.dispatch("apply.yaml", github_environment="prod")
    await rig.after(2)
    (waits,) = await rig.get(f"{REPO}/actions/runs/{run.id}/pending_deployments")
    assert [one["type"] for one in waits["reviewers"]] == ["User", "Team"]
    with pytest.raises(HubError, match="ada is no reviewer"):
        rig.hub.approve(run.id, "prod", "ada")
    rig.hub.approve(run.id, "prod", "eve")
    await rig.after(14)
    assert run.conclusion == "success"


async def test_environments_are_told_apart_without_case(rig: Rig) -> None:
    rig.hub.add_environment(rig.repo, "Prod", reviewers=["bob"])
    run = await rig.dispatch("apply.yaml", github_environment="PROD")
    await rig.after(2)
    assert await pending(rig, run) == ["Prod"]
    assert (await rig.get(f"{REPO}/environments/prod"))["name"] == "Prod"
    assert (await rig.refused("GET", f"{REPO}/environments/staging"))[0] == 404


async def test_environments_come_in_pages(rig: Rig) -> None:
    for number in range(5):
        rig.hub.add_environment(rig.repo, f"env-{number}")
    page = await rig.get(f"{REPO}/environments?per_page=2&page=3")
    assert (page["total_count"], [one["name"] for one in page["environments"]]) == (5, ["env-4"])


async def test_jobs_that_need_each_other_start_nothing(rig: Rig) -> None:
    circle = FILE.replace("build: {", "build: {needs: prod, ")
    rig.hub.push(rig.repo, "main", {".github/workflows/circle.yaml": circle}, message="m", author="ada")
    status, message = await rig.refused("POST", f"{REPO}/actions/workflows/circle.yaml/dispatches", {"ref": "main"})
    assert (status, "circle" in message) == (422, True)
