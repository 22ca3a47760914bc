"""GitHub's JSON for what the model has: only what is read of it."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from bot.domain.claims import Claims
from tests.model.repository import AFFECTED, FILES, MAIN, NAME, OWNER, REPO_ID

if TYPE_CHECKING:
    from tests.model.things import Hook, Pull, Run, Said

Json = dict[str, Any]
INSTALLATION = 99
APP_ID = 4711
SLUG = "switchyard"
LOGIN = f"{SLUG}[bot]"
HOME = f"https://github.com/{OWNER}/{NAME}"
REPOSITORY: Json = {"id": REPO_ID, "name": NAME, "owner": {"id": 70, "login": OWNER}, "default_branch": MAIN}
_MERGED_BY_GITHUB = "f" * 40  # of an open pull request: GitHub's test merge


def moment(at: float) -> str:
    """Write a time as GitHub does: whole seconds."""
    return f"{datetime.fromtimestamp(int(at), UTC):%Y-%m-%dT%H:%M:%SZ}"


def pull(one: Pull) -> Json:
    """Write a pull request."""
    repo = {"id": REPO_ID}
    return {
        "number": one.number,
        "title": f"Change {one.number}",
        "user": {"login": one.author},
        "state": "open" if one.open else "closed",
        "draft": one.draft,
        "merged": one.merged,
        "merged_at": moment(one.merged_at) if one.merged else None,
        "merge_commit_sha": one.merge_sha or _MERGED_BY_GITHUB,
        "updated_at": moment(one.updated_at),
        "head": {"ref": one.branch, "sha": one.head, "repo": repo},
        "base": {"ref": MAIN, "sha": one.base, "repo": repo},
    }


def run(one: Run) -> Json:
    """Write a workflow run."""
    return {
        "id": one.id,
        "path": f".github/workflows/{one.workflow}",
        "event": one.event,
        "status": one.status,
        "conclusion": one.conclusion,
        "run_attempt": one.attempt,
        "head_sha": one.sha,
        "head_branch": one.branch,
        "display_title": one.title,
        "html_url": f"{HOME}/actions/runs/{one.id}",
        "created_at": moment(one.created_at),
        "updated_at": moment(one.updated_at),
        "run_started_at": moment(one.started_at or one.created_at),
        "triggering_actor": {"login": one.actor},
    }


def claims(one: Run, its: Pull) -> Claims:
    """Write what GitHub vouches for about a pull request's run that uploads."""
    return Claims(
        run_id=one.id,
        attempt=one.attempt,
        event="pull_request",
        ref=f"refs/heads/{MAIN}" if one.merged else f"refs/pull/{its.number}/merge",
        head_ref=its.branch,
        base_ref=MAIN,
        sha=its.merge_sha if one.merged else "e" * 40,
        actor=its.author,
        environment="",
        workflow="Affected stacks",
        workflow_file=AFFECTED,
    )


def job(one: Run) -> Json:
    """Write the only job of a run's latest attempt."""
    status = one.status if one.started or not one.over else "completed"
    conclusion = one.conclusion if one.started else "skipped" if one.over else None
    return {"id": one.id, "run_id": one.id, "run_attempt": one.attempt, "status": status, "conclusion": conclusion}


def said(one: Said) -> Json:
    """Write the webhook of a new comment on a pull request."""
    by = {"login": one.by, "type": "User"}
    comment = {"id": one.id, "user": by, "body": one.body, "created_at": moment(one.at)}
    issue = {"number": one.pull.number, "pull_request": {"url": f"{HOME}/pull/{one.pull.number}"}}
    return {"action": "created", "issue": issue, "comment": comment, "sender": by}


def pressed(one: Said, button: str) -> Json:
    """Write the webhook of a button beside a commit's check run; without one it is to be run again."""
    by = {"login": one.by, "type": "User"}
    lane, sha = f"{REPO_ID}#{one.pull.number}", one.pull.merge_sha or one.pull.head
    check = {"external_id": lane, "head_sha": sha, "app": {"id": APP_ID}}
    how = {"action": "requested_action", "requested_action": {"identifier": f"{button} {int(one.at)}"}}
    return {**(how if button else {"action": "rerequested"}), "check_run": check, "sender": by}


def delivery(one: Hook) -> Json:
    """Write one try to deliver a webhook."""
    return {
        "id": one.id,
        "guid": one.guid,
        "status_code": 202 if one.arrived else 504,
        "delivered_at": moment(one.at),
        "event": one.event,
        "action": one.payload.get("action"),
        "repository_id": REPO_ID,
    }


def file(name: str) -> Json:
    """Write a workflow file."""
    content = FILES[name].encode()
    return {"type": "file", "size": len(content), "content": base64.b64encode(content).decode()}
