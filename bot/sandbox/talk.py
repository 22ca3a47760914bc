"""Comments and checks, by people and by the app."""

from collections.abc import Iterable, Mapping
from typing import Any

from bot.sandbox import payloads, payloads_talk
from bot.sandbox.core import Core
from bot.sandbox.state import Check, Comment, Pull, Repo, User


class Talk(Core):
    """What is said about a pull request or a commit."""

    def __init__(self, **parts: Any) -> None:
        super().__init__(**parts)
        self.comments: dict[int, Comment] = {}
        self.may_fold = True  # whether the app may fold comments

    @property
    def app_json(self) -> payloads.Json:
        """Return the app as GitHub shows it beside what it made."""
        return payloads.app(self.base_url, self.app)

    def comments_on(self, pull: Pull) -> list[Comment]:
        """Return the comments on a pull request, oldest first."""
        return [comment for comment in self.comments.values() if comment.pull is pull]

    def comment(self, pull: Pull, user: str, body: str) -> Comment:
        """Write a comment."""
        return self.add_comment(pull, self.user(user), body)

    def add_comment(self, pull: Pull, author: User, body: str) -> Comment:
        """Write a comment as a person or as the app's bot."""
        now = self.now()
        comment = Comment(self.ids.next("comment"), pull, author, body, now, now, author is self.bot, [(now, body)])
        self.comments[comment.id] = comment
        self._emit_comment(comment, "created", author)
        return comment

    def edit_comment(self, comment: Comment, body: str, by: str) -> None:
        """Change a comment's text."""
        before, comment.body, comment.updated_at = comment.body, body, self.now()
        comment.edits.append((comment.updated_at, body))
        self._emit_comment(comment, "edited", self.user(by), changes={"body": {"from": before}})

    def delete_comment(self, comment: Comment, by: str) -> None:
        """Delete a comment."""
        del self.comments[comment.id]
        self._emit_comment(comment, "deleted", self.user(by))

    def _emit_comment(self, comment: Comment, action: str, by: User, **more: object) -> None:
        body = {
            "action": action,
            "issue": payloads_talk.issue(self.base_url, comment.pull),
            "comment": payloads_talk.comment(self.base_url, comment, self.app_json),
            **more,
        }
        self.emit("issue_comment", comment.pull.repo, body, by)

    def react(self, comment: Comment, by: User, content: str) -> tuple[tuple[int, User, str], bool]:
        """Put a reaction on a comment; return it and whether it is new."""
        for one in comment.reactions:
            if one[1] is by and one[2] == content:
                return one, False
        one = (self.ids.next("reaction"), by, content)
        comment.reactions.append(one)
        return one, True

    def add_check(self, repo: Repo, head_sha: str, name: str, fields: Mapping[str, Any]) -> Check:
        """Put the app's check run on a commit."""
        suites = {check.head_sha: check.suite_id for check in repo.checks.values()}
        suite = suites.get(head_sha) or self.ids.next("suite")
        check = Check(self.ids.next("check"), suite, repo, head_sha, name, "queued", self.now())
        repo.checks[check.id] = check
        self._fill(check, fields)
        self._emit_check(check, "created", self.bot)
        if check.status == "completed":
            self._emit_check(check, "completed", self.bot)
        return check

    def change_check(self, check: Check, fields: Mapping[str, Any]) -> None:
        """Change the app's check run."""
        was = check.status
        self._fill(check, fields)
        if check.status == "completed" != was:
            self._emit_check(check, "completed", self.bot)

    def rerequest(self, check: Check, by: str) -> None:
        """Press "Re-run" beside a check run."""
        self._emit_check(check, "rerequested", self.user(by))

    def rerequest_all(self, check: Check, by: str) -> None:
        """Press "Re-run all checks" where the app's check runs of a commit are listed."""
        suite = {"id": check.suite_id, "head_sha": check.head_sha, "status": "queued", "conclusion": None}
        body = {"action": "rerequested", "check_suite": suite | {"pull_requests": [], "app": self.app_json}}
        self.emit("check_suite", check.repo, body, self.user(by))

    def request_action(self, check: Check, label: str, by: str, *, seen: Iterable[Mapping[str, Any]] = ()) -> None:
        """Press one of the buttons that the app put on a check run, or that were there when its page was `seen`."""
        (identifier,) = (one["identifier"] for one in seen or check.actions if one["label"].lower() == label.lower())
        self._emit_check(check, "requested_action", self.user(by), requested_action={"identifier": identifier})

    def _fill(self, check: Check, fields: Mapping[str, Any]) -> None:
        for name in ("name", "external_id", "details_url", "actions"):
            if name in fields:
                setattr(check, name, fields[name])
        check.output = {**check.output, **fields.get("output", {})}
        check.status = fields.get("status", check.status)
        if "conclusion" in fields:
            check.status, check.conclusion, check.completed_at = "completed", fields["conclusion"], self.now()
        elif check.status != "completed":
            check.conclusion = check.completed_at = None

    def _emit_check(self, check: Check, action: str, by: User, **more: object) -> None:
        body = {"action": action, "check_run": payloads_talk.check(self.base_url, check, self.app_json), **more}
        self.emit("check_run", check.repo, body, by)
