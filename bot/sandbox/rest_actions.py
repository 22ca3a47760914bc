"""The API of Actions: workflows, dispatches, runs, jobs, reviews."""

from bot.sandbox import payloads, payloads_actions
from bot.sandbox.call import Answer, Call, Route, found
from bot.sandbox.errors import ApiError, HubError
from bot.sandbox.ids import from_rfc3339
from bot.sandbox.rest_repos import REPO
from bot.sandbox.runstate import Run
from bot.sandbox.state import Workflow

MOST_LISTED = 1000
DISPATCH_KEYS = ("ref", "inputs", "return_run_details")


def list_workflows(call: Call) -> Answer:
    """Answer GET …/actions/workflows."""
    repo = call.repo()
    workflows = call.hub.workflows(repo)
    return call.counted("workflows", workflows, lambda one: payloads_actions.workflow(call.base, repo, one))


def get_permissions(call: Call) -> Answer:
    """Answer GET …/actions/permissions: to an app that may read Administration."""
    repo = call.repo()
    if call.installation is None or not call.installation.permissions.get("administration"):
        raise ApiError(403, "Resource not accessible by integration")
    return Answer({"enabled": repo.actions_enabled, "allowed_actions": "all"})


def get_workflow(call: Call) -> Answer:
    """Answer GET …/actions/workflows/{id or file}."""
    return Answer(payloads_actions.workflow(call.base, call.repo(), _workflow(call)))


def dispatch(call: Call) -> Answer:
    """Answer POST …/actions/workflows/{id or file}/dispatches."""
    repo = call.repo()
    for key in call.body:
        if key not in DISPATCH_KEYS or (key == "return_run_details" and not call.hub.accepts_return_run_details):
            raise ApiError(422, f'Invalid request.\n\n"{key}" is not a permitted key.')
    ref, inputs = call.text("ref"), call.body.get("inputs") or {}
    run = call.hub.dispatch(repo, call.part("workflow"), ref, inputs, call.hub.bot)
    newer = call.request.headers.get("X-GitHub-Api-Version") == "2026-03-10"
    if not (call.body.get("return_run_details") or newer):
        return Answer(status=204)
    shown = payloads_actions.run(call.base, run)
    return Answer({"workflow_run_id": run.id, "run_url": shown["url"], "html_url": shown["html_url"]})


def runs_of_workflow(call: Call) -> Answer:
    """Answer GET …/actions/workflows/{id or file}/runs."""
    workflow = _workflow(call)
    return _listed(call, [run for run in call.hub.runs.values() if run.workflow is workflow])


def list_runs(call: Call) -> Answer:
    """Answer GET …/actions/runs."""
    repo = call.repo()
    return _listed(call, [run for run in call.hub.runs.values() if run.repo is repo])


def get_run(call: Call) -> Answer:
    """Answer GET …/actions/runs/{id}."""
    return Answer(payloads_actions.run(call.base, _run(call)))


def get_attempt(call: Call) -> Answer:
    """Answer GET …/actions/runs/{id}/attempts/{number}."""
    run, number = _run(call), call.number("attempt")
    attempt = found(next((one for one in run.attempts if one.number == number), None))
    return Answer(payloads_actions.run(call.base, run, attempt))


def list_jobs(call: Call) -> Answer:
    """Answer GET …/actions/runs/{id}/jobs (filter=latest or all)."""
    run = _run(call)
    attempts = run.attempts if call.query("filter") == "all" else [run.latest]
    jobs = [(attempt, job) for attempt in attempts for job in attempt.jobs]
    return call.counted("jobs", jobs, lambda pair: payloads_actions.job(call.base, run, *pair))


def cancel(call: Call) -> Answer:
    """Answer POST …/actions/runs/{id}/cancel: 202, or 409 when it is over."""
    return _cancel(call, force=False)


def force_cancel(call: Call) -> Answer:
    """Answer POST …/actions/runs/{id}/force-cancel: 202, or 409 when it is over."""
    return _cancel(call, force=True)


def _cancel(call: Call, *, force: bool) -> Answer:
    try:
        call.hub.cancel_run(_run(call).id, force=force)
    except HubError as error:
        raise ApiError(409, str(error)) from error
    return Answer({}, 202)


def rerun_failed(call: Call) -> Answer:
    """Answer POST …/actions/runs/{id}/rerun-failed-jobs: 201, or 403 when there is nothing to run."""
    try:
        call.hub.rerun(_run(call).id, by=call.hub.bot.login)
    except HubError as error:
        raise ApiError(403, str(error)) from error
    return Answer({}, 201)


def pending_deployments(call: Call) -> Answer:
    """Answer GET …/actions/runs/{id}/pending_deployments."""
    run = _run(call)
    names = run.pending if run.status == "waiting" else []
    return Answer(
        [
            {
                "environment": payloads_actions.brief_environment(call.base, run.repo, run.repo.environments[name]),
                "wait_timer": 0,
                "wait_timer_started_at": None,
                "current_user_can_approve": False,
                "reviewers": payloads_actions.people(call.base, call.hub.reviewers(run.repo, name)),
            }
            for name in names
        ]
    )


def review_deployments(call: Call) -> Answer:
    """Refuse POST …/actions/runs/{id}/pending_deployments: apps may not approve."""
    _run(call)
    raise ApiError(403, "Resource not accessible by integration")


def approvals(call: Call) -> Answer:
    """Answer GET …/actions/runs/{id}/approvals."""
    run = _run(call)
    return Answer(
        [
            {
                "state": review.state,
                "comment": review.comment,
                "environments": [
                    payloads_actions.brief_environment(call.base, run.repo, run.repo.environments[review.environment])
                ],
                "user": payloads.user(call.base, review.user),
            }
            for review in run.reviews
        ]
    )


def _workflow(call: Call) -> Workflow:
    wanted = call.part("workflow")
    return found(next((one for one in call.hub.workflows(call.repo()) if wanted in (one.file, str(one.id))), None))


def _run(call: Call) -> Run:
    run = found(call.hub.runs.get(call.number("run")))
    return found(run if run.repo is call.repo() else None)


def _listed(call: Call, runs: list[Run]) -> Answer:
    """Filter runs as GitHub does, newest first; those that are too new are not listed yet."""
    now = call.hub.now()
    shown = [run for run in reversed(runs) if run.visible_at <= now and _fits(call, run)]
    filtered = any(call.query(name) for name in ("event", "branch", "status", "created", "head_sha", "actor"))
    listed = shown[:MOST_LISTED] if filtered else shown
    return call.counted("workflow_runs", listed, lambda run: payloads_actions.run(call.base, run))


def _fits(call: Call, run: Run) -> bool:
    wanted = {
        "event": (run.event,),
        "branch": (run.head_branch,),
        "head_sha": (run.head_sha,),
        "status": (run.status, run.conclusion),
        "actor": (run.actor.login,),
    }
    if any(call.query(name) and call.query(name) not in values for name, values in wanted.items()):
        return False
    return _created(call.query("created"), int(run.created_at))


def _created(text: str, moment: int) -> bool:
    """Compare with GitHub's search syntax for dates: `>=x`, `>x`, `<=x`, `<x`, `x..y`, `x`."""
    try:
        if not text:
            return True
        if ".." in text:
            first, last = text.split("..")
            return (first == "*" or from_rfc3339(first) <= moment) and (last == "*" or moment <= from_rfc3339(last))
        bare = from_rfc3339(text.lstrip("<>="))
    except ValueError as error:
        raise ApiError(422, f"Validation Failed: created is no date: {text}") from error
    if text[0] == ">":
        return moment >= bare if text[1] == "=" else moment > bare
    if text[0] == "<":
        return moment <= bare if text[1] == "=" else moment < bare
    return bare <= moment < bare + (24 * 3600 if len(text) == 10 else 1)


WORKFLOW, RUN = REPO + "/actions/workflows/{workflow}", REPO + "/actions/runs/{run}"
ROUTES: list[Route] = [
    ("GET", REPO + "/actions/permissions", "installation", get_permissions),
    ("GET", REPO + "/actions/workflows", "installation", list_workflows),
    ("GET", WORKFLOW, "installation", get_workflow),
    ("POST", WORKFLOW + "/dispatches", "installation", dispatch),
    ("GET", WORKFLOW + "/runs", "installation", runs_of_workflow),
    ("GET", REPO + "/actions/runs", "installation", list_runs),
    ("GET", RUN, "installation", get_run),
    ("GET", RUN + "/attempts/{attempt}", "installation", get_attempt),
    ("GET", RUN + "/jobs", "installation", list_jobs),
    ("POST", RUN + "/cancel", "installation", cancel),
    ("POST", RUN + "/force-cancel", "installation", force_cancel),
    ("POST", RUN + "/rerun-failed-jobs", "installation", rerun_failed),
    ("GET", RUN + "/pending_deployments", "installation", pending_deployments),
    ("POST", RUN + "/pending_deployments", "installation", review_deployments),
    ("GET", RUN + "/approvals", "installation", approvals),
]
