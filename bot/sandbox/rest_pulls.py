"""The API of pull requests, comments, reactions and check runs."""

from typing import Any

from bot.sandbox import payloads, payloads_talk
from bot.sandbox.call import Answer, Call, Route, found
from bot.sandbox.errors import ApiError
from bot.sandbox.ids import from_rfc3339
from bot.sandbox.rest_repos import REPO
from bot.sandbox.state import Check, Comment, Pull

LONGEST_COMMENT = 65_536
LONGEST_OUTPUT = 65_535
REACTIONS = ("+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes")
STATUSES = ("queued", "in_progress", "completed")
CONCLUSIONS = ("action_required", "cancelled", "failure", "neutral", "success", "skipped", "timed_out")
ACTION_LENGTHS = {"label": 20, "description": 40, "identifier": 20}


def list_pulls(call: Call) -> Answer:
    """Answer GET …/pulls (state, head, base, sort, direction)."""
    state, head, base = call.query("state", "open"), call.query("head"), call.query("base")
    pulls = [
        pull
        for pull in call.repo().pulls.values()
        if state in ("all", pull.state)
        and base in ("", pull.base)
        and head in ("", f"{pull.head_repo.owner.login}:{pull.head}")
    ]
    sort = call.query("sort", "created")
    newest_first = call.query("direction", "desc" if sort == "created" else "asc") == "desc"
    pulls.sort(key=lambda pull: (pull.updated_at if sort == "updated" else 0, pull.number), reverse=newest_first)
    return call.paged(pulls, lambda pull: _pull(call, pull, full=False))


def get_pull(call: Call) -> Answer:
    """Answer GET …/pulls/{number}."""
    return Answer(_pull(call, call.pull(), full=True))


def _pull(call: Call, pull: Pull, *, full: bool) -> payloads.Json:
    body = payloads.pull(call.base, pull, full=full)
    if call.request.headers.get("X-GitHub-Api-Version") == "2026-03-10":
        del body["merge_commit_sha"], body["assignee"]
    return body


def pull_files(call: Call) -> Answer:
    """Answer GET …/pulls/{number}/files."""
    return call.paged(payloads.files(*payloads.pull_ends(call.pull())), lambda file: file)


def list_comments(call: Call) -> Answer:
    """Answer GET …/issues/{number}/comments, oldest first."""
    comments = call.hub.comments_on(call.pull())
    if since := call.query("since"):
        comments = [one for one in comments if one.updated_at >= from_rfc3339(since)]
    return call.paged(comments, lambda one: _comment(call, one))


def create_comment(call: Call) -> Answer:
    """Answer POST …/issues/{number}/comments."""
    pull, body = call.pull(), _body(call)
    if pull.locked:
        raise ApiError(403, "Unable to create comment because issue is locked.")
    return Answer(_comment(call, call.hub.add_comment(pull, call.hub.bot, body)), 201)


def get_comment(call: Call) -> Answer:
    """Answer GET …/issues/comments/{id}."""
    return Answer(_comment(call, call.comment()))


def edit_comment(call: Call) -> Answer:
    """Answer PATCH …/issues/comments/{id}."""
    comment = call.comment()
    call.hub.edit_comment(comment, _body(call), call.hub.bot.login)
    return Answer(_comment(call, comment))


def delete_comment(call: Call) -> Answer:
    """Answer DELETE …/issues/comments/{id}."""
    call.hub.delete_comment(call.comment(), call.hub.bot.login)
    return Answer(status=204)


def _body(call: Call) -> str:
    body = call.text("body")
    if len(body) > LONGEST_COMMENT:
        raise ApiError(422, f"Validation Failed: Body is too long (maximum is {LONGEST_COMMENT} characters)")
    if not body.strip():
        raise ApiError(422, "Validation Failed: Body cannot be blank")
    return body


def _comment(call: Call, one: Comment) -> payloads.Json:
    return payloads_talk.comment(call.base, one, call.hub.app_json)


def list_reactions(call: Call) -> Answer:
    """Answer GET …/issues/comments/{id}/reactions."""
    return call.paged(call.comment().reactions, lambda one: payloads_talk.reaction(call.base, one, call.hub.now()))


def react(call: Call) -> Answer:
    """Answer POST …/issues/comments/{id}/reactions: 201 when new, 200 when it was there."""
    content = call.text("content")
    if content not in REACTIONS:
        raise ApiError(422, f"Validation Failed: {content} is no reaction")
    one, new = call.hub.react(call.comment(), call.hub.bot, content)
    return Answer(payloads_talk.reaction(call.base, one, call.hub.now()), 201 if new else 200)


def create_check(call: Call) -> Answer:
    """Answer POST …/check-runs."""
    repo, name, sha = call.repo(), call.text("name"), call.text("head_sha")
    if sha not in repo.commits:
        raise ApiError(422, f"No commit found for SHA: {sha}")
    return Answer(_check(call, call.hub.add_check(repo, sha, name, _check_fields(call))), 201)


def change_check(call: Call) -> Answer:
    """Answer PATCH …/check-runs/{id}."""
    check = found(call.repo().checks.get(call.number("check")))
    call.hub.change_check(check, _check_fields(call))
    return Answer(_check(call, check))


def get_check(call: Call) -> Answer:
    """Answer GET …/check-runs/{id}."""
    return Answer(_check(call, found(call.repo().checks.get(call.number("check")))))


def list_checks(call: Call) -> Answer:
    """Answer GET …/commits/{ref}/check-runs; of one name only the latest, unless filter=all."""
    repo = call.repo()
    sha = found(call.hub.resolve(repo, call.part("ref")))
    checks = [check for check in repo.checks.values() if check.head_sha == sha]
    if call.query("filter", "latest") == "latest":
        checks = list({check.name: check for check in checks}.values())
    if name := call.query("check_name"):
        checks = [check for check in checks if check.name == name]
    if status := call.query("status"):
        checks = [check for check in checks if check.status == status]
    if call.query("app_id", str(call.hub.app.id)) != str(call.hub.app.id):
        checks = []
    return call.counted("check_runs", checks, lambda check: _check(call, check))


def _check_fields(call: Call) -> dict[str, Any]:
    fields = call.body
    status, conclusion = fields.get("status", "queued"), fields.get("conclusion")
    if status not in STATUSES or (conclusion is not None and conclusion not in CONCLUSIONS):
        raise ApiError(422, "Invalid request.\n\nstatus or conclusion is not a member of its list.")
    if status == "completed" and conclusion is None:
        raise ApiError(422, "Invalid request.\n\nMissing required key: conclusion.")
    output = fields.get("output") or {}
    if output and not (output.get("title") and output.get("summary")):
        raise ApiError(422, 'Invalid request.\n\n"title" and "summary" of the output weren\'t supplied.')
    for key in ("summary", "text"):
        if len(output.get(key) or "") > LONGEST_OUTPUT:
            raise ApiError(422, f"Invalid request.\n\nOnly {LONGEST_OUTPUT} characters are allowed in output.{key}.")
    actions = fields.get("actions") or []
    too_long = any(len(action.get(key, "")) > most for action in actions for key, most in ACTION_LENGTHS.items())
    if len(actions) > 3 or too_long:
        raise ApiError(
            422, "Invalid request.\n\nNo more than 3 actions, with texts of at most 20, 40 and 20 characters."
        )
    return fields


def _check(call: Call, one: Check) -> payloads.Json:
    return payloads_talk.check(call.base, one, call.hub.app_json)


COMMENT = REPO + "/issues/comments/{comment}"
ROUTES: list[Route] = [
    ("GET", REPO + "/pulls", "installation", list_pulls),
    ("GET", REPO + "/pulls/{number}", "installation", get_pull),
    ("GET", REPO + "/pulls/{number}/files", "installation", pull_files),
    ("GET", COMMENT, "installation", get_comment),
    ("PATCH", COMMENT, "installation", edit_comment),
    ("DELETE", COMMENT, "installation", delete_comment),
    ("GET", COMMENT + "/reactions", "installation", list_reactions),
    ("POST", COMMENT + "/reactions", "installation", react),
    ("GET", REPO + "/issues/{number}/comments", "installation", list_comments),
    ("POST", REPO + "/issues/{number}/comments", "installation", create_comment),
    ("POST", REPO + "/check-runs", "installation", create_check),
    ("GET", REPO + "/check-runs/{check}", "installation", get_check),
    ("PATCH", REPO + "/check-runs/{check}", "installation", change_check),
    ("GET", REPO + "/commits/{ref:.+}/check-runs", "installation", list_checks),
]
