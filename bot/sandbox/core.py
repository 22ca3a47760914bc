"""What every part of the hub stands on: people, repositories, installations, and the events they cause."""

from collections.abc import Callable
from typing import Any

from bot.sandbox import payloads
from bot.sandbox.errors import HubError
from bot.sandbox.hooks import Hooks
from bot.sandbox.ids import Ids
from bot.sandbox.state import App, Installation, Pull, Repo, User
from bot.sandbox.timeline import Timeline

#: What the app may do and gets, where no manifest says so: all that the sandbox has.
PERMISSIONS = {
    "actions": "write",
    "checks": "write",
    "contents": "read",
    "deployments": "read",
    "issues": "write",
    "merge_queues": "read",
    "metadata": "read",
    "pull_requests": "write",
}
EVENTS = (
    "check_run",
    "check_suite",
    "deployment_review",
    "issue_comment",
    "merge_group",
    "pull_request",
    "push",
    "release",
    "repository",
    "workflow_job",
    "workflow_run",
)


class Core:
    """The registry. `base_url` is where the sandbox listens, for the addresses in its answers."""

    def __init__(
        self,
        *,
        now: Callable[[], float],
        ids: Ids,
        timeline: Timeline,
        hooks: Hooks,
        app_id: int,
        app_slug: str,
        app_public_key: str,
    ) -> None:
        self.now, self.ids, self.timeline, self.hooks = now, ids, timeline, hooks
        self.base_url = "http://127.0.0.1"
        self.users: dict[str, User] = {}
        self.repos: dict[str, Repo] = {}
        self.moved: dict[str, Repo] = {}  # by the names that they had
        self.installations: dict[int, Installation] = {}
        self.bot = User(f"{app_slug}[bot]", ids.next("user"), "Bot")
        self.users[self.bot.login] = self.bot
        self.app = App(
            app_id, app_slug, app_slug, self.bot, "", app_public_key, dict(PERMISSIONS), list(EVENTS), self.now()
        )

    def user(self, login: str) -> User:
        """Return the person of that name, who comes to be when first named."""
        if login not in self.users:
            self.users[login] = User(login, self.ids.next("user"))
        return self.users[login]

    def repo(self, full_name: str) -> Repo:
        """Return a repository by owner/name, in any case. Raises HubError."""
        repo = self.repos.get(full_name.lower())
        if repo is None:
            raise HubError(f"There is no repository {full_name}. Add it with add_repo.")
        return repo

    def installation_of(self, repo: Repo) -> Installation | None:
        """Return the installation that covers a repository; forks have none."""
        name = repo.full_name.lower()
        return next((one for one in self.installations.values() if one.repos.get(name) is repo), None)

    @property
    def pulls(self) -> list[Pull]:
        """Return all pull requests of all repositories, oldest first."""
        return sorted((pull for repo in self.repos.values() for pull in repo.pulls.values()), key=lambda pull: pull.id)

    def resolve(self, repo: Repo, ref: str) -> str | None:
        """Return the commit of a branch, a tag, a full `refs/…` name or a commit id of 7 digits and more."""
        name = ref.removeprefix("refs/")
        for prefix, names in (("heads/", repo.branches), ("tags/", repo.tags)):
            if name.removeprefix(prefix) in names:
                return names[name.removeprefix(prefix)]
        if ref in repo.commits:
            return ref
        found = [sha for sha in repo.commits if len(ref) >= 7 and sha.startswith(ref.lower())]
        return found[0] if len(found) == 1 else None

    def emit(
        self,
        event: str,
        repo: Repo,
        payload: dict[str, Any],
        sender: User,
        *,
        at: float | None = None,
        pull: Pull | None = None,  # noqa: ARG002 - Actions looks at it
    ) -> dict[str, Any]:
        """Send the webhook of something that happened; return its whole payload."""
        whole = {
            **payload,
            "repository": payloads.repository(self.base_url, repo),
            "sender": payloads.user(self.base_url, sender),
        }
        installation = self.installation_of(repo)
        if installation is not None and installation.suspended_at is None and event in installation.events:
            whole["installation"] = {"id": installation.id, "node_id": f"I_{installation.id}"}
            self.hooks.enqueue(
                event,
                whole,
                installation_id=installation.id,
                repository_id=repo.id,
                at=self.now() if at is None else at,
            )
        return whole
