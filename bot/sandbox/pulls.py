"""What people do with pull requests."""

from typing import Literal

from bot.sandbox import git, payloads
from bot.sandbox.errors import HubError
from bot.sandbox.repos import NOTHING, Repos
from bot.sandbox.state import Pull, Repo, User

Method = Literal["squash", "merge", "rebase"]


class Pulls(Repos):
    """Pull requests."""

    def open_pull(
        self,
        repo: Repo,
        *,
        head: str,
        base: str = "main",
        title: str,
        author: str,
        fork: bool = False,
        draft: bool = False,
    ) -> Pull:
        """Open a pull request; with `fork`, from the author's fork, made now when there is none."""
        head_repo = self.fork(repo, author) if fork else repo
        if head not in head_repo.branches:
            raise HubError(f"{head_repo.full_name} has no branch {head}. Push to it first.")
        pull = Pull(
            id=self.ids.next("pull"),
            number=len(repo.pulls) + 1,
            repo=repo,
            head_repo=head_repo,
            head=head,
            head_sha=head_repo.branches[head],
            base=base,
            base_sha=repo.branches[base],
            title=title,
            author=self.user(author),
            draft=draft,
            created_at=self.now(),
            updated_at=self.now(),
        )
        repo.pulls[pull.number] = pull
        self.emit_pull(pull, "opened", pull.author)
        return pull

    def merge(self, pull: Pull, *, by: str, method: Method = "squash", delete_branch: bool = True) -> str:
        """Merge a pull request; return the merge commit. Raises HubError when it conflicts or is not open."""
        who = self.user(by)
        sha = self.merge_commit(pull, pull.repo.branches[pull.base], who, method)
        self._move(pull.repo, pull.base, sha, who)
        self.merged(pull, sha, who, delete_branch=delete_branch)
        return sha

    def merge_commit(self, pull: Pull, onto: str, by: User, method: Method) -> str:
        """Make the commit that a merge onto another commit gives. Raises HubError when it conflicts or is not open."""
        repo = pull.repo
        tree = git.merged_tree(repo.commits, onto, pull.head_sha)
        if pull.state != "open" or pull.draft or tree is None:
            raise HubError(f"Pull request {pull.number} cannot be merged: it is closed, a draft, or conflicts.")
        if method == "rebase":
            return self._rebase(pull, onto, by.login)
        if method == "merge":
            message = f"Merge pull request #{pull.number} from {pull.head_repo.owner.login}/{pull.head}"
            return self._commit(repo, (onto, pull.head_sha), tree, message, by.login).sha
        return self._commit(repo, (onto,), tree, f"{pull.title} (#{pull.number})", by.login).sha

    def merged(self, pull: Pull, sha: str, by: User, *, delete_branch: bool = True) -> None:
        """Close a pull request whose merge commit is on its base branch."""
        pull.state, pull.merge_commit_sha, pull.merged_by = "closed", sha, by
        pull.merged_at = pull.closed_at = self.now()
        self.emit_pull(pull, "closed", by)
        if delete_branch and not pull.fork:
            self._retarget(pull, by.login)
            self.delete_branch(pull.repo, pull.head, by=by.login)

    def _rebase(self, pull: Pull, tip: str, by: str) -> str:
        commits = pull.repo.commits
        for one in git.between(commits, tip, pull.head_sha):
            if len(one.parents) > 1:
                continue
            tree = git.merge_trees(commits[one.parents[0]].tree, commits[tip].tree, one.tree)
            if tree is None:
                raise HubError(f"Pull request {pull.number} cannot be rebased: {one.sha[:7]} conflicts.")
            tip = self._commit(pull.repo, (tip,), tree, one.message, by).sha
        return tip

    def _retarget(self, merged: Pull, by: str) -> None:
        """Move what was built on a branch that goes away to where that branch went, as GitHub does."""
        for pull in merged.repo.pulls.values():
            if pull.state == "open" and pull.base == merged.head:
                self.edit_base(pull, merged.base, by)

    def close(self, pull: Pull, by: str) -> None:
        """Close a pull request without merging; it keeps its test merge commit, as GitHub's do."""
        if pull.state == "closed":
            raise HubError(f"Pull request {pull.number} is closed already.")
        pull.merge_commit_sha = git.test_merge(pull)
        pull.state, pull.closed_at = "closed", self.now()
        self.emit_pull(pull, "closed", self.user(by))

    def delete_branch(self, repo: Repo, branch: str, *, by: str) -> None:
        """Delete a branch; open pull requests from it or onto it are closed and keep the commits they had."""
        if branch == repo.default_branch:
            raise HubError("The default branch cannot be deleted.")
        for pull in self.pulls:
            from_it, onto_it = (pull.head_repo, pull.head), (pull.repo, pull.base)
            if pull.state == "open" and (repo, branch) in (from_it, onto_it):
                self.close(pull, by)
        before = repo.branches.pop(branch)
        self._emit_push(repo, f"refs/heads/{branch}", before, NOTHING, self.user(by), forced=False)

    def reopen(self, pull: Pull, by: str) -> None:
        """Open a closed pull request again. Raises HubError when it was merged, or its branch is gone or rewritten."""
        tip = pull.head_repo.branches.get(pull.head)
        if pull.merged or pull.state == "open" or tip is None:
            raise HubError(f"Pull request {pull.number} cannot be reopened.")
        if pull.head_sha not in git.ancestors(pull.repo.commits, tip):
            raise HubError(f"Pull request {pull.number} cannot be reopened: its branch was rewritten since.")
        pull.state, pull.closed_at, pull.merge_commit_sha = "open", None, None
        pull.head_sha = tip
        self.emit_pull(pull, "reopened", self.user(by))

    def label(self, pull: Pull, name: str, by: str) -> None:
        """Put a label on a pull request."""
        pull.labels.append(name)
        self.emit_pull(pull, "labeled", self.user(by), label=payloads.label(pull.repo, name))

    def unlabel(self, pull: Pull, name: str, by: str) -> None:
        """Take a label off a pull request."""
        pull.labels.remove(name)
        self.emit_pull(pull, "unlabeled", self.user(by), label=payloads.label(pull.repo, name))

    def ready_for_review(self, pull: Pull, by: str) -> None:
        """End the draft."""
        pull.draft = False
        self.emit_pull(pull, "ready_for_review", self.user(by))

    def convert_to_draft(self, pull: Pull, by: str) -> None:
        """Make a pull request a draft again."""
        pull.draft = True
        self.emit_pull(pull, "converted_to_draft", self.user(by))

    def edit_base(self, pull: Pull, base: str, by: str) -> None:
        """Point a pull request at another base branch."""
        changes = {"base": {"ref": {"from": pull.base}, "sha": {"from": pull.base_sha}}}
        pull.base, pull.base_sha = base, pull.repo.branches[base]
        self.emit_pull(pull, "edited", self.user(by), changes=changes)

    def lock(self, pull: Pull, by: str) -> None:
        """Lock the conversation."""
        pull.locked = True
        self.emit_pull(pull, "locked", self.user(by))
