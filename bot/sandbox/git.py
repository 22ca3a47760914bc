"""History and trees: pure functions on commits."""

from collections import deque
from collections.abc import Mapping

from bot.sandbox.ids import digest_of
from bot.sandbox.state import Commit, Pull

Commits = Mapping[str, Commit]
Tree = dict[str, str]


def ancestors(commits: Commits, sha: str) -> list[str]:
    """Return the commit and everything behind it, nearest first."""
    seen = {sha: None}
    queue = deque([sha])
    while queue:
        for parent in commits[queue.popleft()].parents:
            if parent not in seen:
                seen[parent] = None
                queue.append(parent)
    return list(seen)


def merge_base(commits: Commits, one: str, other: str) -> str | None:
    """Return the nearest commit that both have behind them."""
    behind = set(ancestors(commits, one))
    return next((sha for sha in ancestors(commits, other) if sha in behind), None)


def between(commits: Commits, base: str, head: str) -> list[Commit]:
    """Return the commits that head has and base lacks, oldest first."""
    known = set(ancestors(commits, base))
    return [commits[sha] for sha in reversed(ancestors(commits, head)) if sha not in known]


def merge_trees(base: Tree, ours: Tree, theirs: Tree) -> Tree | None:
    """Merge two trees file by file; None where both changed one file differently."""
    result = {}
    for path in sorted(base.keys() | ours.keys() | theirs.keys()):
        before, mine, yours = base.get(path), ours.get(path), theirs.get(path)
        if mine != yours and before not in (mine, yours):
            return None
        text = yours if mine == before else mine
        if text is not None:
            result[path] = text
    return result


def merged_tree(commits: Commits, base_sha: str, head_sha: str) -> Tree | None:
    """Merge a head into a base; None when they conflict or share no history."""
    common = merge_base(commits, base_sha, head_sha)
    if common is None:
        return None
    return merge_trees(commits[common].tree, commits[base_sha].tree, commits[head_sha].tree)


def changes(before: Tree, after: Tree) -> dict[str, str]:
    """Return what happened to each path: added, removed or modified."""
    paths = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    return {
        path: "added" if path not in before else "removed" if path not in after else "modified"
        for path in sorted(paths)
    }


def test_merge(pull: Pull) -> str | None:
    """Return the test merge commit of an open pull request, made when needed; None when it conflicts."""
    commits, base_sha = pull.repo.commits, pull.repo.branches[pull.base]
    sha = digest_of("test merge", base_sha, pull.head_sha)
    if sha not in commits:
        tree = merged_tree(commits, base_sha, pull.head_sha)
        if tree is None:
            return None
        message = f"Merge {pull.head_sha} into {base_sha}"
        commits[sha] = Commit(sha, (base_sha, pull.head_sha), message, tree, pull.author.login, pull.updated_at)
    return sha
