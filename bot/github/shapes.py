"""GitHub's JSON objects, as they come in answers and in webhooks, turned into our facts.

What GitHub leaves out becomes empty; what has another type than it can have raises ValueError with a sentence.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.domain.commands.words import Role
from bot.domain.facts import Compared, FailedJob, PullFacts, Rejection, RunFacts
from bot.domain.model import Repo


@dataclass(frozen=True, slots=True)
class Comment:
    """One of our comments on a pull request."""

    id: int
    body: str
    node_id: str = ""  # its name in GitHub's GraphQL API


@dataclass(frozen=True, slots=True)
class Check:
    """One of our check runs on a commit."""

    id: int
    status: str
    conclusion: str  # empty until it is completed


@dataclass(frozen=True, slots=True)
class Delivery:
    """One attempt of GitHub to deliver a webhook. All attempts for one event share the `guid`."""

    id: int
    guid: str
    status_code: int  # of our answer; 0 where there was none
    delivered_at: float
    event: str
    action: str
    repository_id: int  # 0 without a repository

    @property
    def arrived(self) -> bool:
        return 200 <= self.status_code < 300


def text(obj: Any, key: str) -> str:
    """Read a text; empty where it is missing or null."""
    value = _value(obj, key)
    if value is not None and not isinstance(value, str):
        raise ValueError(f"GitHub's `{key}` is not a text.")
    return value or ""


def number(obj: Any, key: str) -> int:
    """Read a whole number; 0 where it is missing or null."""
    value = _value(obj, key)
    if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
        raise ValueError(f"GitHub's `{key}` is not a whole number.")
    return value or 0


def flag(obj: Any, key: str) -> bool:
    """Read a yes or no; no where it is missing or null."""
    value = _value(obj, key)
    if value is not None and not isinstance(value, bool):
        raise ValueError(f"GitHub's `{key}` is neither true nor false.")
    return bool(value)


def moment(obj: Any, key: str) -> float:
    """Read a time as seconds since the epoch; 0 where it is missing or null."""
    value = text(obj, key)
    if not value:
        return 0.0
    try:
        read = datetime.fromisoformat(value)
    except ValueError:
        raise ValueError(f"GitHub's `{key}` is not a time.") from None
    return (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()


def part(obj: Any, key: str) -> dict[str, Any]:
    """Read an object inside an object; empty where it is missing or null."""
    value = _value(obj, key)
    if value is not None and not isinstance(value, dict):
        raise ValueError(f"GitHub's `{key}` is not an object.")
    return value or {}


def items(obj: Any, key: str) -> list[Any]:
    """Read a list inside an object; empty where it is missing or null."""
    value = _value(obj, key)
    if value is not None and not isinstance(value, list):
        raise ValueError(f"GitHub's `{key}` is not a list.")
    return value or []


def _value(obj: Any, key: str) -> Any:
    if not isinstance(obj, dict):
        raise ValueError(f"GitHub sent something else where an object with `{key}` belongs.")
    return obj.get(key)


def pull_facts(obj: Any) -> PullFacts:
    """Read a pull request, from an answer, a list of them, or a webhook."""
    head, base = part(obj, "head"), part(obj, "base")
    merged_at = moment(obj, "merged_at")
    merged = flag(obj, "merged") or merged_at > 0  # lists leave `merged` out
    facts = PullFacts(
        number=number(obj, "number"),
        title=text(obj, "title"),
        author=text(part(obj, "user"), "login") or "ghost",
        head_ref=text(head, "ref"),
        head_sha=text(head, "sha"),
        base_ref=text(base, "ref"),
        base_sha=text(base, "sha"),
        fork=_is_fork(part(head, "repo"), part(base, "repo")),
        draft=flag(obj, "draft"),
        open=text(obj, "state") == "open",
        merged=merged,
        merge_sha=text(obj, "merge_commit_sha") if merged else "",
        merged_at=merged_at,
        updated_at=moment(obj, "updated_at"),
    )
    if not (facts.number and facts.head_sha and facts.base_ref):
        raise ValueError("GitHub sent a pull request without its number, the commit of its head, or its base branch.")
    return facts


def _is_fork(head: dict[str, Any], base: dict[str, Any]) -> bool:
    """A head whose repository is gone, or not told, is no branch of ours."""
    return number(head, "id") == 0 or (bool(base) and number(head, "id") != number(base, "id"))


def run_facts(obj: Any) -> RunFacts:
    """Read a workflow run, from an answer or a webhook."""
    created_at = moment(obj, "created_at")
    facts = RunFacts(
        run_id=number(obj, "id"),
        workflow=text(obj, "path").partition("@")[0].rpartition("/")[2],
        event=text(obj, "event"),
        status=text(obj, "status"),
        conclusion=text(obj, "conclusion"),
        attempt=number(obj, "run_attempt") or 1,
        head_sha=text(obj, "head_sha"),
        head_branch=text(obj, "head_branch"),
        title=text(obj, "display_title"),
        url=text(obj, "html_url"),
        updated_at=moment(obj, "updated_at"),
        started_at=moment(obj, "run_started_at") or created_at,
        created_at=created_at,
        actor=text(part(obj, "triggering_actor"), "login") or text(part(obj, "actor"), "login"),
    )
    if not facts.run_id:
        raise ValueError("GitHub sent a workflow run without its id.")
    return facts


def environment(obj: Any) -> str:
    """Read the name of the environment that a deployment waits for."""
    return text(part(obj, "environment"), "name")


def protects(obj: Any) -> bool:
    """Tell whether an environment has a rule: reviewers, a pause, a check of its own, or branches that may use it."""
    return bool(items(obj, "protection_rules")) or bool(part(obj, "deployment_branch_policy"))


def reviewers(obj: Any) -> tuple[str, ...]:
    """Read who may review, as people read it: a login, or `team` and its name in addresses."""
    found = []
    for one in items(obj, "reviewers"):
        who = part(one, "reviewer")
        team = text(who, "slug") or text(who, "name")
        found.append(f"team {team}" if text(one, "type") == "Team" else text(who, "login"))
    return tuple(name for name in found if name)


def rejection(obj: Any) -> Rejection:
    """Read a review that refused."""
    names = tuple(sorted({text(one, "name") for one in items(obj, "environments")}))
    return Rejection(by=text(part(obj, "user"), "login") or "ghost", comment=text(obj, "comment"), environments=names)


def failed_job(obj: Any) -> FailedJob:
    """Read a job that failed, with the step at which it did."""
    steps = (text(one, "name") for one in items(obj, "steps") if text(one, "conclusion") in ("failure", "timed_out"))
    return FailedJob(text(obj, "name"), text(obj, "html_url"), number(obj, "run_attempt"), next(steps, ""))


def compared(obj: Any) -> Compared:
    """Read how two commits stand to each other."""
    found = Compared(
        status=text(obj, "status"),
        ahead_by=number(obj, "ahead_by"),
        behind_by=number(obj, "behind_by"),
        merge_base=text(part(obj, "merge_base_commit"), "sha"),
    )
    if not found.status:
        raise ValueError("GitHub compared two commits without saying how they stand to each other.")
    return found


def check(obj: Any) -> Check:
    """Read a check run."""
    return Check(id=number(obj, "id"), status=text(obj, "status"), conclusion=text(obj, "conclusion"))


def repo(obj: Any, installation: int) -> Repo:
    """Read a repository that belongs to this installation."""
    found = Repo(
        id=number(obj, "id"),
        owner=text(part(obj, "owner"), "login"),
        name=text(obj, "name"),
        installation=installation,
        default_branch=text(obj, "default_branch"),
        owner_id=number(part(obj, "owner"), "id"),
    )
    if not (found.id and found.owner and found.name):
        raise ValueError("GitHub sent a repository without its id, its owner or its name.")
    return found


def comment(obj: Any) -> Comment:
    """Read a comment."""
    return Comment(id=number(obj, "id"), body=text(obj, "body"), node_id=text(obj, "node_id"))


def delivery(obj: Any) -> Delivery:
    """Read one attempt to deliver a webhook."""
    return Delivery(
        id=number(obj, "id"),
        guid=text(obj, "guid"),
        status_code=number(obj, "status_code"),
        delivered_at=moment(obj, "delivered_at"),
        event=text(obj, "event"),
        action=text(obj, "action"),
        repository_id=number(obj, "repository_id"),
    )


def file_content(obj: Any) -> bytes | None:
    """Read a file; None for a folder or what else is none. GitHub leaves the content out above 1 MB."""
    if not isinstance(obj, dict) or text(obj, "type") != "file":
        return None
    try:
        return base64.b64decode(text(obj, "content"))
    except binascii.Error:
        raise ValueError("GitHub sent a file that is not base64.") from None


def role(told: Any) -> Role:
    """Read what a person may do; of a role that the organization made, the permission that it is based on.

    GitHub's `permission` has four words only, and says `write` for maintain too.
    """
    permission = text(told, "permission")
    if permission == "write" and text(told, "role_name") == "maintain":
        return Role.MAINTAIN
    return {"admin": Role.MAINTAIN, "write": Role.WRITE, "read": Role.READ}.get(permission, Role.NONE)
