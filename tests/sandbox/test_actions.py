"""Actions: what starts runs, what dispatches answer, the life of a run."""

from typing import Any

import pytest

from bot.sandbox import HubError, Program
from tests.sandbox.conftest import FILES, PLAN, Rig

REPO = "/repos/acme/infra"
PLANS = f"{REPO}/actions/workflows/plan.yaml"
INPUTS = {"component": "vpc", "stack": "dev"}


async def test_dispatch_answers_the_run(rig: Rig) -> None:
    body = {"ref": "main", "inputs": {**INPUTS, "atmos_pro_run_id": "d1"}, "return_run_details": True}
    made = await rig.post(f"{PLANS}/dispatches", body, status=200)
    run = await rig.get(f"{REPO}/actions/runs/{made['workflow_run_id']}")
    assert (made["run_url"], made["html_url"]) == (run["url"], run["html_url"])
    assert (run["display_title"], run["name"], run["event"]) == ("plan vpc/dev/d1", "plan", "workflow_dispatch")
    assert (run["head_sha"], run["head_branch"], run["path"]) == (
        rig.repo.tip.sha,
        "main",
        ".github/workflows/plan.yaml",
    )
    assert (run["status"], run["conclusion"], run["run_attempt"]) == ("queued", None, 1)
    assert run["actor"]["login"] == "switchyard[bot]"
    assert run["created_at"] == "2026-09-21T14:13:20Z"
    assert (await rig.get(f"{REPO}/actions/runs/{run['id']}/jobs"))["jobs"][0]["name"] == "vpc-dev"


async def test_dispatch_without_details_answers_nothing(rig: Rig) -> None:
    await rig.post(f"{PLANS}/dispatches", {"ref": "main", "inputs": INPUTS}, status=204)
    assert len(rig.hub.runs) == 1


@pytest.mark.parametrize(
    ("file", "body", "status", "message"),
    [
        ("gone.yaml", {"ref": "main"}, 404, "Not Found"),
        ("plan.yaml", {"ref": "nowhere"}, 422, "No ref found for: nowhere"),
        ("affected.yaml", {"ref": "main"}, 422, "Workflow does not have 'workflow_dispatch' trigger"),
        ("plan.yaml", {"ref": "main", "inputs": {**INPUTS, "x": "1"}}, 422, 'Unexpected inputs provided: ["x"]'),
        ("plan.yaml", {"ref": "main", "inputs": {"stack": "dev"}}, 422, "Required input 'component' not provided"),
        ("plan.yaml", {"ref": "main", "inputs": {str(number): "" for number in range(26)}}, 422, "up to 25"),
        ("plan.yaml", {"inputs": INPUTS}, 422, '"ref" wasn\'t supplied'),
    ],
)
async def test_refused_dispatch(rig: Rig, file: str, body: dict[str, Any], status: int, message: str) -> None:
    path = f"{REPO}/actions/workflows/{file}/dispatches"
    answer = await rig.refused("POST", path, body)
    assert answer[0] == status
    assert message in answer[1]
    assert rig.hub.runs == {}


async def test_a_commit_is_no_ref(rig: Rig) -> None:
    sha = rig.repo.tip.sha
    assert await rig.refused("POST", f"{PLANS}/dispatches", {"ref": sha}) == (422, f"No ref found for: {sha}")


async def test_old_server_refuses_the_details(rig: Rig) -> None:
    rig.hub.accepts_return_run_details = False
    body = {"ref": "main", "inputs": INPUTS, "return_run_details": True}
    status, message = await rig.refused("POST", f"{PLANS}/dispatches", body)
    assert status == 422
    assert '"return_run_details" is not a permitted key' in message


async def test_actions_switched_off(rig: Rig) -> None:
    rig.repo.actions_enabled = False
    assert (await rig.refused("POST", f"{PLANS}/dispatches", {"ref": "main"}))[0] == 403


async def test_the_file_of_the_ref_runs_but_must_be_on_the_default_branch(rig: Rig) -> None:
    changed = PLAN.replace("name: plan\n", "name: other plan\n").replace("run-name: plan", "run-name: changed")
    files = {".github/workflows/plan.yaml": changed, ".github/workflows/new.yaml": PLAN}
    rig.hub.push(rig.repo, "feature", files, message="m", author="ada")
    assert (await rig.dispatch(ref="feature")).display_title == "changed vpc/dev/"
    path = f"{REPO}/actions/workflows/new.yaml/dispatches"
    assert (await rig.refused("POST", path, {"ref": "feature", "inputs": INPUTS}))[0] == 404


async def test_new_runs_are_listed_late_and_newest_first(rig: Rig) -> None:
    first = await rig.dispatch()
    await rig.after(2)
    second = await rig.dispatch(component="eks")
    assert (await rig.get(f"{PLANS}/runs"))["total_count"] == 0
    await rig.after(1)
    assert [run["id"] for run in (await rig.get(f"{PLANS}/runs"))["workflow_runs"]] == [first.id]
    await rig.after(2)
    assert [run["id"] for run in (await rig.get(f"{PLANS}/runs"))["workflow_runs"]] == [second.id, first.id]
    for query, found in {
        "event=workflow_dispatch&branch=main": [second, first],
        "status=in_progress": [second, first],
        "status=success": [],
        "event=push": [],
        f"head_sha={rig.repo.tip.sha}": [second, first],
        "created=>=2026-09-21T14:13:22Z": [second],
        "created=<2026-09-21T14:13:22Z": [first],
        "created=2026-09-21": [second, first],
    }.items():
        listed = (await rig.get(f"{PLANS}/runs?{query.replace('>', '%3E').replace('<', '%3C')}"))["workflow_runs"]
        assert [run["id"] for run in listed] == [run.id for run in found], query


async def test_life_of_a_run(rig: Rig) -> None:
    run = await rig.dispatch()
    assert await rig.after(0) == ["workflow_run.requested", "workflow_job.queued"]
    assert await rig.after(2) == ["workflow_run.in_progress", "workflow_job.in_progress"]
    assert rig.last("workflow_run.in_progress")["workflow_run"]["status"] == "in_progress"
    assert await rig.after(10) == ["workflow_job.completed", "workflow_run.completed"]
    done = rig.last("workflow_run.completed")["workflow_run"]
    assert (done["id"], done["status"], done["conclusion"]) == (run.id, "completed", "success")
    assert (done["updated_at"], done["pull_requests"]) == ("2026-09-21T14:13:32Z", [])
    assert rig.sandbox.next_due() is None


async def test_one_jump_of_the_clock_keeps_times_and_order(rig: Rig) -> None:
    await rig.dispatch()
    names = await rig.after(1000)
    assert names[-1] == "workflow_run.completed"
    assert rig.last("workflow_run.completed")["workflow_run"]["updated_at"] == "2026-09-21T14:13:32Z"


async def test_scenario(rig: Rig) -> None:
    rig.hub.scenario.speed = 10
    rig.hub.scenario.seconds = lambda file, inputs: 40 if inputs["component"] == "eks" else 10
    rig.hub.scenario.fail(component="vpc", workflow="plan.yaml")
    failing, slow = await rig.dispatch(), await rig.dispatch(component="eks")
    await rig.after(1.3)
    assert (failing.conclusion, slow.status) == ("failure", "in_progress")
    await rig.after(3)
    assert slow.conclusion == "success"
    assert (await rig.dispatch()).conclusion is None


async def test_rerun_keeps_the_id_and_requests_nothing(rig: Rig) -> None:
    rig.hub.scenario.fail(component="vpc")
    run = await rig.dispatch()
    await rig.after(20)
    assert run.conclusion == "failure"
    rig.hub.rerun(run.id, by="bob")
    names = await rig.after(20)
    assert "workflow_run.requested" not in names
    done = rig.last("workflow_run.completed")["workflow_run"]
    assert (done["id"], done["run_attempt"], done["conclusion"]) == (run.id, 2, "success")
    assert done["triggering_actor"]["login"] == "bob"
    assert (await rig.get(f"{REPO}/actions/runs/{run.id}/attempts/1"))["conclusion"] == "failure"
    assert (await rig.get(f"{REPO}/actions/runs/{run.id}/jobs"))["total_count"] == 1
    assert (await rig.get(f"{REPO}/actions/runs/{run.id}/jobs?filter=all"))["total_count"] == 2
    assert (await rig.refused("POST", f"{REPO}/actions/runs/{run.id}/rerun-failed-jobs"))[0] == 403


async def test_rerun_by_the_api(rig: Rig) -> None:
    run = await rig.dispatch()
    rig.hub.fail_run(run.id)
    await rig.post(f"{REPO}/actions/runs/{run.id}/rerun-failed-jobs", status=201)
    assert (run.attempt, run.status) == (2, "queued")


async def test_cancel_is_accepted_before_the_run_ends(rig: Rig) -> None:
    run = await rig.dispatch()
    await rig.after(5)
    await rig.post(f"{REPO}/actions/runs/{run.id}/cancel", status=202)
    assert run.status == "in_progress"
    assert await rig.after(1) == ["workflow_job.completed", "workflow_run.completed"]
    assert run.conclusion == "cancelled"
    assert (await rig.refused("POST", f"{REPO}/actions/runs/{run.id}/cancel"))[0] == 409
    assert await rig.after(100) == []


async def test_a_deleted_run_is_known_no_more(rig: Rig) -> None:
    run = await rig.dispatch()
    with pytest.raises(HubError, match="not completed"):
        rig.hub.delete_run(run.id)
    await rig.after(20)
    rig.hub.delete_run(run.id)
    assert await rig.refused("GET", f"{REPO}/actions/runs/{run.id}") == (404, "Not Found")
    assert (await rig.get(f"{PLANS}/runs"))["total_count"] == 0


async def test_run_may_end_by_itself_before_its_cancel(rig: Rig) -> None:
    run = await rig.dispatch()
    await rig.after(11.5)
    rig.hub.cancel_run(run.id)
    await rig.after(2)
    assert run.conclusion == "success"


async def test_pull_request_starts_its_workflow(rig: Rig) -> None:
    pull = rig.pull()
    (run,) = rig.hub.runs.values()
    assert (run.event, run.head_sha, run.head_branch, run.ref) == (
        "pull_request",
        pull.head_sha,
        "feature",
        "refs/pull/1/merge",
    )
    assert run.display_title == "Change a"
    rig.hub.label(pull, "bug", "bob")
    assert len(rig.hub.runs) == 1
    sha = rig.hub.merge(pull, by="bob")
    run = list(rig.hub.runs.values())[-1]
    assert (run.ref, run.sha) == ("refs/heads/main", sha)


async def test_job_whose_condition_is_false_is_skipped(rig: Rig) -> None:
    rig.hub.close(rig.pull(), "ada")
    await rig.after(0)
    assert list(rig.hub.runs.values())[-1].conclusion == "skipped"
    other = rig.pull("other")
    rig.hub.label(other, "no-apply", "bob")
    rig.hub.merge(other, by="bob")
    await rig.after(0)
    assert list(rig.hub.runs.values())[-1].conclusion == "skipped"


async def test_conflicting_pull_request_starts_nothing(rig: Rig) -> None:
    rig.pull()
    rig.hub.push(rig.repo, "main", {"a.txt": "other"}, message="Theirs", author="bob")
    before = len(rig.hub.runs)
    rig.hub.push(rig.repo, "feature", {"a.txt": "mine"}, message="Mine", author="ada")
    assert len(rig.hub.runs) == before


async def test_push_starts_its_workflow(rig: Rig) -> None:
    text = "name: ci\non: {push: {branches: ['release/**'], paths: ['src/*']}}\njobs: {test: {}}\n".replace(
        ": {}", ": {steps: []}"
    )
    repo = rig.hub.add_repo("acme/app", files={".github/workflows/ci.yml": text})
    rig.hub.push(repo, "release/1", {"docs/x": ""}, message="Docs", author="ada")
    rig.hub.push(repo, "main", {"src/x": ""}, message="Main", author="ada")
    assert rig.hub.runs == {}
    rig.hub.push(repo, "release/1", {"src/x": ""}, message="Code\n\nmore", author="ada")
    assert [run.display_title for run in rig.hub.runs.values()] == ["Code"]


async def test_program_runs_in_place_of_the_steps(rig: Rig) -> None:
    seen: list[Program] = []

    async def upload(program: Program) -> str:
        seen.append(program)
        assert program.run.status == "in_progress"
        return "success" if program.pull and program.event["action"] == "opened" else "failure"

    rig.hub.programs["affected.yaml"] = upload
    pull = rig.pull()
    await rig.after(20)
    (run,) = rig.hub.runs.values()
    assert (run.conclusion, seen[0].pull) == ("success", pull)
    assert seen[0].commit.tree == {**FILES, "a.txt": "feature"}


async def test_program_that_breaks_fails_the_run(rig: Rig) -> None:
    async def broken(_program: Program) -> str:
        raise RuntimeError("no such stack")

    rig.hub.programs["affected.yaml"] = broken
    rig.pull()
    await rig.after(20)
    (run,) = rig.hub.runs.values()
    assert run.conclusion == "failure"
    assert "no such stack" in run.latest.log
