"""GitHub's JSON for issues, comments, reactions and checks."""

from bot.sandbox.ids import optional_time, rfc3339
from bot.sandbox.payloads import Json, association, label, user
from bot.sandbox.state import Check, Comment, Pull, User


def issue(base: str, one: Pull) -> Json:
    """Write a pull request as the issue that it also is."""
    url = f"{base}/repos/{one.repo.full_name}"
    page = f"{base}/{one.repo.full_name}/pull/{one.number}"
    return {
        "url": f"{url}/issues/{one.number}",
        "id": one.id + 1_000_000,
        "number": one.number,
        "title": one.title,
        "state": one.state,
        "locked": one.locked,
        "user": user(base, one.author),
        "labels": [label(one.repo, name) for name in one.labels],
        "html_url": page,
        "pull_request": {
            "url": f"{url}/pulls/{one.number}",
            "html_url": page,
            "merged_at": optional_time(one.merged_at),
        },
        "created_at": rfc3339(one.created_at),
        "updated_at": rfc3339(one.updated_at),
        "closed_at": optional_time(one.closed_at),
        "author_association": association(one.repo, one.author),
    }


def comment(base: str, one: Comment, app_json: Json) -> Json:
    """Write a comment."""
    repo, number = one.pull.repo, one.pull.number
    kinds = ("+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes")
    counts = {kind: sum(1 for _, _, content in one.reactions if content == kind) for kind in kinds}
    return {
        "url": f"{base}/repos/{repo.full_name}/issues/comments/{one.id}",
        "html_url": f"{base}/{repo.full_name}/pull/{number}#issuecomment-{one.id}",
        "issue_url": f"{base}/repos/{repo.full_name}/issues/{number}",
        "id": one.id,
        "node_id": f"IC_{one.id}",
        "user": user(base, one.author),
        "created_at": rfc3339(one.created_at),
        "updated_at": rfc3339(one.updated_at),
        "author_association": "NONE" if one.by_app else association(repo, one.author),
        "body": one.body,
        "reactions": {"total_count": len(one.reactions), **counts},
        "performed_via_github_app": app_json if one.by_app else None,
    }


def reaction(base: str, one: tuple[int, User, str], moment: float) -> Json:
    """Write a reaction."""
    number, who, content = one
    return {"id": number, "user": user(base, who), "content": content, "created_at": rfc3339(moment)}


def check(base: str, one: Check, app_json: Json) -> Json:
    """Write a check run."""
    url = f"{base}/repos/{one.repo.full_name}/check-runs/{one.id}"
    output = {"title": None, "summary": None, "text": None, **one.output}
    return {
        "id": one.id,
        "node_id": f"CR_{one.id}",
        "name": one.name,
        "head_sha": one.head_sha,
        "external_id": one.external_id,
        "url": url,
        "html_url": f"{base}/{one.repo.full_name}/runs/{one.id}",
        "details_url": one.details_url or f"{base}/apps/{app_json['slug']}",
        "status": one.status,
        "conclusion": one.conclusion,
        "started_at": rfc3339(one.started_at),
        "completed_at": optional_time(one.completed_at),
        "output": {**output, "annotations_count": 0, "annotations_url": f"{url}/annotations"},
        "check_suite": {
            "id": one.suite_id,
            "head_sha": one.head_sha,
            "status": one.status,
            "conclusion": one.conclusion,
        },
        "app": app_json,
        "pull_requests": [],
    }
