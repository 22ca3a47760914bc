"""What people do with repositories: create, push, tag, rename, let others in."""

from bot.sandbox import git, payloads
from bot.sandbox.core import Core
from bot.sandbox.ids import digest_of
from bot.sandbox.state import Commit, Installation, Pull, Repo, User

NOTHING = "0" * 40
Files = dict[str, str | None]


class Repos(Core):
    """Repositories, branches and commits."""

    def add_repo(
        self,
        full_name: str,
        *,
        default_branch: str = "main",
        files: dict[str, str] | None = None,
        private: bool = False,
    ) -> Repo:
        """Create a repository with one commit and install the app on it."""
        owner, name = full_name.split("/")
        repo = Repo(self.ids.next("repo"), self.user(owner), name, default_branch, private, self.now())
        repo.owner.type = "Organization"
        self.repos[full_name.lower()] = repo
        first = self._commit(repo, (), dict(files or {}), "Initial commit", owner)
        repo.branches[default_branch] = first.sha
        self.install(repo)
        return repo

    def install(self, repo: Repo) -> None:
        """Let the app into a repository; a new installation gives it what it asks for."""
        brief, app = self._brief(repo), self.app
        known = next((one for one in self.installations.values() if one.account is repo.owner), None)
        one = known or Installation(
            self.ids.next("installation"), repo.owner, self.now(), dict(app.permissions), list(app.events)
        )
        self.installations[one.id] = one
        one.repos[repo.full_name.lower()] = repo
        if known:
            body = {"action": "added", "repository_selection": "selected", "repositories_added": brief}
            self._emit_installation("installation_repositories", one, {**body, "repositories_removed": []})
        else:
            self._emit_installation("installation", one, {"action": "created", "repositories": brief})

    def _brief(self, repo: Repo) -> list[payloads.Json]:
        return [{"id": repo.id, "name": repo.name, "full_name": repo.full_name, "private": repo.private}]

    def uninstall(self, owner: str) -> None:
        """Remove the app from an account: its tokens stop working, its repositories send nothing more."""
        one = next(one for one in self.installations.values() if one.account.login == owner)
        del self.installations[one.id]
        self._emit_installation("installation", one, {"action": "deleted", "repositories": []})

    def suspend(self, owner: str) -> None:
        """Suspend the app on an account: it gets no tokens, and its repositories send nothing more."""
        one = next(one for one in self.installations.values() if one.account.login == owner)
        one.suspended_at = self.now()
        self._emit_installation("installation", one, {"action": "suspend", "repositories": []})

    def _emit_installation(self, event: str, one: Installation, body: payloads.Json) -> None:
        whole = {
            **body,
            "installation": payloads.installation(self.base_url, one, self.app),
            "sender": payloads.user(self.base_url, one.account),
        }
        self.hooks.enqueue(event, whole, installation_id=one.id, repository_id=None, at=self.now())

    def ping(self) -> None:
        """Send the ping that GitHub sends when a webhook is set up."""
        hook = {"type": "App", "id": 480_000_001, "active": True, "app_id": self.app.id}
        body = {"zen": "Keep it logically awesome.", "hook_id": 480_000_001, "hook": hook}
        self.hooks.enqueue("ping", body, installation_id=None, repository_id=None, at=self.now())

    def fork(self, repo: Repo, by: str) -> Repo:
        """Return a person's fork of a repository, made with all its branches when there is none."""
        known = self.repos.get(f"{by}/{repo.name}".lower())
        if known is not None:
            return known
        one = Repo(self.ids.next("repo"), self.user(by), repo.name, repo.default_branch, repo.private, self.now(), repo)
        one.commits, one.branches = repo.commits, dict(repo.branches)
        self.repos[one.full_name.lower()] = one
        return one

    def rename(self, repo: Repo, name: str, *, by: str) -> None:
        """Give a repository another name; it keeps its id, and what asks for the old name is sent on."""
        before, installation = repo.name, self._unlisted(repo)
        repo.name = name
        self.repos[repo.full_name.lower()] = repo
        if installation:
            installation.repos[repo.full_name.lower()] = repo
        body = {"action": "renamed", "changes": {"repository": {"name": {"from": before}}}}
        self.emit("repository", repo, body, self.user(by))

    def transfer(self, repo: Repo, owner: str, *, by: str, installed: bool = True) -> None:
        """Give a repository to another account, where the app is `installed` too or not; it keeps its id."""
        before, left = repo.owner, self._unlisted(repo)
        brief = self._brief(repo)
        repo.owner = self.user(owner)
        self.repos[repo.full_name.lower()] = repo
        if left:
            gone: payloads.Json = {"action": "removed", "repository_selection": "selected"}
            gone |= {"repositories_removed": brief, "repositories_added": []}
            self._emit_installation("installation_repositories", left, gone)
        if installed:
            self.install(repo)
        whose = {before.type.lower(): payloads.user(self.base_url, before)}
        body = {"action": "transferred", "changes": {"owner": {"from": whose}}}
        self.emit("repository", repo, body, self.user(by))

    def delete_repo(self, repo: Repo, *, by: str) -> None:
        """Delete a repository; its name is free again."""
        self.emit("repository", repo, {"action": "deleted"}, self.user(by))
        self._unlisted(repo)
        del self.moved[repo.full_name.lower()]

    def _unlisted(self, repo: Repo) -> Installation | None:
        """Take a repository off the lists that know it by its name; return the installation that covered it."""
        name, installation = repo.full_name.lower(), self.installation_of(repo)
        self.moved[name] = self.repos.pop(name)
        if installation:
            del installation.repos[name]
        return installation

    def set_permission(self, repo: Repo, login: str, permission: str, *, base: str = "") -> None:
        """Set a role: admin, maintain, write, triage, read or none; or one that the owner made, with its base."""
        repo.permissions[self.user(login).login] = permission
        if base:
            repo.custom_roles[permission] = base

    def permission(self, repo: Repo, login: str) -> str:
        """Return a person's role; without one, read where the repository is public and none elsewhere."""
        if login == repo.owner.login:
            return "admin"
        return repo.permissions.get(login, "none" if repo.private else "read")

    def push(self, repo: Repo, branch: str, files: Files, *, message: str, author: str, force: bool = False) -> str:
        """Commit changed files (None: deleted) to a branch and push; return the commit id.

        A missing branch starts at the default branch. With `force` the branch is rewritten: the
        commit then sits on the default branch alone (on its own first parent there).
        """
        before = repo.branches.get(branch)
        parent = repo.commits[before] if before else repo.tip
        if force and before:
            rewritten = parent.parents[0] if branch == repo.default_branch else repo.tip.sha
            parent = repo.commits[rewritten]
        tree = {path: text for path, text in {**parent.tree, **files}.items() if text is not None}
        commit = self._commit(repo, (parent.sha,), tree, message, author)
        self._move(repo, branch, commit.sha, self.user(author), forced=force)
        return commit.sha

    def tag(self, repo: Repo, name: str, sha: str) -> None:
        """Put a tag on a commit."""
        repo.tags[name] = sha

    def _commit(self, repo: Repo, parents: tuple[str, ...], tree: dict[str, str], message: str, author: str) -> Commit:
        sha = digest_of("commit", repo.id, len(repo.commits), message, *parents)
        self.user(author)
        repo.commits[sha] = Commit(sha, parents, message, tree, author, self.now())
        return repo.commits[sha]

    def _move(self, repo: Repo, branch: str, sha: str, by: User, *, forced: bool = False) -> None:
        before = repo.branches.get(branch, NOTHING)
        repo.branches[branch] = sha
        self._emit_push(repo, f"refs/heads/{branch}", before, sha, by, forced=forced)
        for pull in self.pulls:
            if pull.head_repo is repo and pull.head == branch and pull.state == "open":
                self._synchronize(pull, before, by)

    def _synchronize(self, pull: Pull, before: str, by: User) -> None:
        pull.head_sha, pull.base_sha = pull.head_repo.branches[pull.head], pull.repo.branches[pull.base]
        self.emit_pull(pull, "synchronize", by, before=before, after=pull.head_sha)

    def emit_pull(self, pull: Pull, action: str, by: User, **more: object) -> None:
        """Send the `pull_request` webhook of something that happened to a pull request."""
        pull.updated_at = self.now()
        body = {"action": action, "number": pull.number, "pull_request": payloads.pull(self.base_url, pull), **more}
        self.emit("pull_request", pull.repo, body, by, pull=pull)

    def _emit_push(self, repo: Repo, ref: str, before: str, after: str, by: User, *, forced: bool) -> None:
        start = before if before != NOTHING else repo.branches[repo.default_branch]
        new = git.between(repo.commits, start, after) if after != NOTHING else []
        commits = [payloads.commit_of_push(self.base_url, repo, one) for one in new]
        head = payloads.commit_of_push(self.base_url, repo, repo.commits[after]) if after != NOTHING else None
        body = {
            "ref": ref,
            "before": before,
            "after": after,
            "base_ref": None,
            "created": before == NOTHING,
            "deleted": after == NOTHING,
            "forced": forced,
            "compare": f"{self.base_url}/{repo.full_name}/compare/{before[:12]}...{after[:12]}",
            "commits": commits,
            "head_commit": head,
            "pusher": {"name": by.login, "email": f"{by.login}@users.noreply.example"},
        }
        self.emit("push", repo, body, by)
