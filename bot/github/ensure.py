"""What is written to GitHub, and the looks that go before a write that is not certain."""

from __future__ import annotations

import http
import logging
from collections.abc import Awaitable
from dataclasses import asdict, dataclass

import gidgethub

from bot.domain.model import Repo
from bot.github import shapes
from bot.github.client import GitHub, Installation
from bot.github.shapes import Check, Comment

log = logging.getLogger(__name__)

_NOT_FOUND = (http.HTTPStatus.NOT_FOUND, http.HTTPStatus.GONE)
_MINIMIZE = (
    "mutation($id: ID!) { minimizeComment(input: {subjectId: $id, classifier: OUTDATED}) "
    "{ minimizedComment { isMinimized } } }"
)

#: What GitHub takes as the summary of a check run, in characters.
MOST_SUMMARY = 65_535


@dataclass(frozen=True, slots=True)
class Action:
    """A button of a check run, in GitHub's words."""

    label: str
    description: str
    identifier: str


@dataclass(frozen=True, slots=True)
class CheckRun:
    """What a check run is to say. Without a `conclusion` it is under way, as `status` says."""

    name: str
    external_id: str  # ours, to find it again
    title: str
    summary: str  # Markdown
    status: str  # queued, in_progress or completed
    conclusion: str = ""
    details_url: str = ""
    actions: tuple[Action, ...] = ()  # at most three


@dataclass(frozen=True, slots=True)
class Started:
    """The run that a dispatch started."""

    run_id: int
    url: str


async def _unless_gone(change: Awaitable[object]) -> bool:
    """Wait for a change; False where what it is about is gone."""
    try:
        await change
    except gidgethub.HTTPException as error:
        if error.status_code in _NOT_FOUND:
            return False
        raise
    return True


async def dispatch(
    gh: Installation, repo: Repo, *, workflow: str, ref: str, inputs: dict[str, str], details: bool
) -> Started | None:
    """Start a workflow file on a branch or tag. `details` asks for the run, which servers before 2026 do not know.

    Returns None where GitHub does not say which run it started. Raises the client's errors untouched.
    """
    data: dict[str, object] = {"ref": ref, "inputs": inputs}
    if details:
        data["return_run_details"] = True
    told = await gh.post(
        "/repos/{owner}/{repo}/actions/workflows/{workflow}/dispatches",
        {"owner": repo.owner, "repo": repo.name, "workflow": workflow},
        data=data,
    )
    if not isinstance(told, dict):
        return None
    run_id = shapes.number(told, "workflow_run_id")
    return Started(run_id, shapes.text(told, "html_url")) if run_id else None


def refuses_details(error: BaseException) -> bool:
    """Tell whether a dispatch failed only because the server does not know `return_run_details`."""
    if not isinstance(error, gidgethub.HTTPException) or error.status_code not in (400, 422):
        return False
    return "return_run_details" in f"{error} {getattr(error, 'errors', '')}"


async def cancel(gh: Installation, repo: Repo, run_id: int) -> bool:
    """Ask for a run to be cancelled; False where it is over or gone already."""
    try:
        await gh.post(
            "/repos/{owner}/{repo}/actions/runs/{run_id}/cancel",
            {"owner": repo.owner, "repo": repo.name, "run_id": str(run_id)},
            data=b"",
        )
    except gidgethub.HTTPException as error:
        if error.status_code in (*_NOT_FOUND, http.HTTPStatus.CONFLICT):
            return False
        raise
    return True


async def find_comments(gh: Installation, repo: Repo, number: int, marker: str, app_id: int) -> list[Comment]:
    """Find the App's comments on a pull request that hold the marker, oldest first; anybody else's do not count."""
    comments = gh.getiter(
        "/repos/{owner}/{repo}/issues/{number}/comments{?per_page}",
        {"owner": repo.owner, "repo": repo.name, "number": str(number), "per_page": "100"},
    )
    found = []
    async for told in comments:
        ours = shapes.number(shapes.part(told, "performed_via_github_app"), "id") == app_id
        if ours and marker in shapes.text(told, "body"):
            found.append(shapes.comment(told))
    return sorted(found, key=lambda one: one.id)


async def create_comment(gh: Installation, repo: Repo, number: int, body: str) -> int:
    """Write a comment on a pull request and return its id."""
    told = await gh.post(
        "/repos/{owner}/{repo}/issues/{number}/comments",
        {"owner": repo.owner, "repo": repo.name, "number": str(number)},
        data={"body": body},
    )
    return shapes.comment(told).id


async def edit_comment(gh: Installation, repo: Repo, comment_id: int, body: str) -> bool:
    """Change a comment; False where it is gone."""
    return await _unless_gone(
        gh.patch(
            "/repos/{owner}/{repo}/issues/comments/{comment_id}",
            {"owner": repo.owner, "repo": repo.name, "comment_id": str(comment_id)},
            data={"body": body},
        )
    )


async def fold_comment(gh: Installation, comment: Comment) -> bool:
    """Have GitHub show a comment as outdated, folded; False where it does not let the App do so."""
    try:
        await gh.graphql(_MINIMIZE, endpoint=gh.graphql_url, id=comment.node_id)
    except gidgethub.GraphQLException as error:
        log.info("comment %d stays open: %s", comment.id, error)
        return False
    return True


async def react(gh: Installation, repo: Repo, comment_id: int, sign: str) -> bool:
    """Put a reaction on a comment, where ours is not there yet; False where the comment is gone."""
    return await _unless_gone(
        gh.post(
            "/repos/{owner}/{repo}/issues/comments/{comment_id}/reactions",
            {"owner": repo.owner, "repo": repo.name, "comment_id": str(comment_id)},
            data={"content": sign},
        )
    )


async def find_check(gh: Installation, repo: Repo, sha: str, name: str, external_id: str, app_id: int) -> Check | None:
    """Find the App's check run on a commit by its name and our id; anybody else's do not count."""
    variables = {"owner": repo.owner, "repo": repo.name, "sha": sha, "check_name": name, "app_id": str(app_id)}
    url = "/repos/{owner}/{repo}/commits/{sha}/check-runs{?check_name,app_id,filter,per_page}"
    checks = gh.getiter(url, variables | {"filter": "all", "per_page": "100"}, iterable_key="check_runs")
    async for told in checks:
        ours = shapes.number(shapes.part(told, "app"), "id") == app_id
        if ours and shapes.text(told, "external_id") == external_id:
            return shapes.check(told)
    return None


async def create_check(gh: Installation, repo: Repo, sha: str, check: CheckRun) -> int:
    """Put a check run on a commit and return its id."""
    told = await gh.post(
        "/repos/{owner}/{repo}/check-runs",
        {"owner": repo.owner, "repo": repo.name},
        data={"head_sha": sha, **_check_body(check)},
    )
    return shapes.check(told).id


async def update_check(gh: Installation, repo: Repo, check_id: int, check: CheckRun) -> bool:
    """Change a check run; False where it is gone."""
    return await _unless_gone(
        gh.patch(
            "/repos/{owner}/{repo}/check-runs/{check_id}",
            {"owner": repo.owner, "repo": repo.name, "check_id": str(check_id)},
            data=_check_body(check),
        )
    )


def _check_body(check: CheckRun) -> dict[str, object]:
    """Write a check run; GitHub takes no empty conclusion, nor an empty address."""
    body: dict[str, object] = {
        "name": check.name,
        "external_id": check.external_id,
        "status": check.status,
        "output": {"title": check.title, "summary": check.summary[:MOST_SUMMARY]},
        "actions": [asdict(action) for action in check.actions],
    }
    if check.conclusion:
        body["conclusion"] = check.conclusion
    if check.details_url:
        body["details_url"] = check.details_url
    return body


async def redeliver(github: GitHub, delivery_id: int) -> None:
    """Have GitHub send a webhook again, under the same GUID."""
    await github.as_app().post(f"/app/hook/deliveries/{delivery_id}/attempts", data=b"")


async def highest_run_id(gh: Installation, repo: Repo, workflow: str) -> int:
    """Find the highest run id of a workflow file, to know later which runs are newer; 0 without any run."""
    told = await gh.getitem(
        "/repos/{owner}/{repo}/actions/workflows/{workflow}/runs{?per_page}",
        {"owner": repo.owner, "repo": repo.name, "workflow": workflow, "per_page": "10"},
    )
    runs = told.get("workflow_runs") if isinstance(told, dict) else None
    return max((shapes.number(run, "id") for run in runs or []), default=0)
