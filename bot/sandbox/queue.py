"""The merge queue: a pull request is tried on top of the base and of those before it, and merged as tried."""

from dataclasses import dataclass
from typing import Any, Literal

from bot.sandbox import payloads
from bot.sandbox.errors import HubError
from bot.sandbox.pulls import Method, Pulls
from bot.sandbox.state import Pull, Repo, User

_LEAVING = ("synchronize", "closed", "converted_to_draft")
Reason = Literal["merged", "invalidated", "dequeued"]


@dataclass(slots=True, eq=False)
class MergeGroup:
    """One try: `head_sha` is what the base becomes if it goes well."""

    repo: Repo
    pull: Pull
    method: Method
    by: User
    base: str
    base_sha: str
    head_sha: str
    branch: str
    reason: Reason | None = None  # how it ended


class MergeQueue(Pulls):
    """Merge queues, one for each base branch; `groups` are those that are being tried, in their order."""

    def __init__(self, **parts: Any) -> None:
        super().__init__(**parts)
        self.groups: list[MergeGroup] = []

    def enqueue(self, pull: Pull, *, by: str, method: Method = "merge") -> MergeGroup:
        """Put a pull request into the queue. Raises HubError where it cannot be merged behind those before it."""
        if any(group.pull is pull for group in self.groups):
            raise HubError(f"Pull request {pull.number} is in the queue already.")
        group = self._try(pull, self.user(by), method)
        self.emit_pull(pull, "enqueued", group.by)
        self._announce(group)
        return group

    def merge_group(self, group: MergeGroup) -> str:
        """Merge the first of the queue; return the commit, which is the one that was tried."""
        if self._line(group)[0] is not group:
            raise HubError(f"Pull request {group.pull.number} waits for those before it in the queue.")
        self._destroy(group, "merged")
        self._move(group.repo, group.base, group.head_sha, group.by)
        self.merged(group.pull, group.head_sha, group.by)
        return group.head_sha

    def dequeue(self, pull: Pull, *, by: str) -> None:
        """Take a pull request out of the queue; those behind it are tried anew without it."""
        group = next((one for one in self.groups if one.pull is pull), None)
        if group is None:
            raise HubError(f"Pull request {pull.number} is not in the queue.")
        behind = self._line(group)
        behind = behind[behind.index(group) + 1 :]
        self._destroy(group, "dequeued")
        self.emit_pull(pull, "dequeued", self.user(by), reason="MANUAL")
        self._again(behind)

    def invalidate(self, group: MergeGroup) -> None:
        """Try a pull request and those behind it anew, as GitHub does when the base moved beside the queue."""
        line = self._line(group)
        self._again(line[line.index(group) :])

    def emit_pull(self, pull: Pull, action: str, by: User, **more: object) -> None:
        """Send the webhook; what is no longer what was queued leaves the queue."""
        super().emit_pull(pull, action, by, **more)
        if action in _LEAVING and any(group.pull is pull for group in self.groups):
            self.dequeue(pull, by=by.login)

    def _move(self, repo: Repo, branch: str, sha: str, by: User, *, forced: bool = False) -> None:
        super()._move(repo, branch, sha, by, forced=forced)
        line = [one for one in self.groups if (one.repo, one.base) == (repo, branch)]
        if line and line[0].base_sha != sha:
            self._again(line)

    def _again(self, groups: list[MergeGroup]) -> None:
        for group in groups:
            self._destroy(group, "invalidated")
        for group in groups:
            try:
                self._announce(self._try(group.pull, group.by, group.method))
            except HubError:
                self.emit_pull(group.pull, "dequeued", group.by, reason="MERGE_CONFLICT")

    def _line(self, group: MergeGroup) -> list[MergeGroup]:
        if group not in self.groups:
            raise HubError(f"The try of pull request {group.pull.number} is over: {group.reason}.")
        return [one for one in self.groups if (one.repo, one.base) == (group.repo, group.base)]

    def _try(self, pull: Pull, by: User, method: Method) -> MergeGroup:
        repo = pull.repo
        before = [one.head_sha for one in self.groups if (one.repo, one.base) == (repo, pull.base)]
        onto = before[-1] if before else repo.branches[pull.base]
        head = self.merge_commit(pull, onto, by, method)
        branch = f"gh-readonly-queue/{pull.base}/pr-{pull.number}-{onto}"
        group = MergeGroup(repo, pull, method, by, pull.base, onto, head, branch)
        self.groups.append(group)
        return group

    def _announce(self, group: MergeGroup) -> None:
        self._move(group.repo, group.branch, group.head_sha, group.by)
        self._emit_group(group, "checks_requested")

    def _destroy(self, group: MergeGroup, reason: Reason) -> None:
        self.groups.remove(group)
        group.reason = reason
        self._emit_group(group, "destroyed", reason=reason)
        self.delete_branch(group.repo, group.branch, by=group.by.login)

    def _emit_group(self, group: MergeGroup, action: str, **more: str) -> None:
        commit = group.repo.commits[group.head_sha]
        body = {
            "action": action,
            **more,
            "merge_group": {
                "head_sha": group.head_sha,
                "head_ref": f"refs/heads/{group.branch}",
                "base_sha": group.base_sha,
                "base_ref": f"refs/heads/{group.base}",
                "head_commit": payloads.commit_of_push(self.base_url, group.repo, commit),
            },
        }
        self.emit("merge_group", group.repo, body, group.by)
