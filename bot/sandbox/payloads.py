"""GitHub's JSON for people, repositories, commits and pull requests."""

from typing import Any

from bot.sandbox import git
from bot.sandbox.ids import digest_of, optional_time, rfc3339
from bot.sandbox.state import App, Commit, Installation, Pull, Release, Repo, User

Json = dict[str, Any]
ONLY_IN_FULL = (
    "merged",
    "mergeable",
    "mergeable_state",
    "rebaseable",
    "merged_by",
    "comments",
    "commits",
    "changed_files",
)


def user(base: str, one: User) -> Json:
    """Write a person."""
    return {
        "login": one.login,
        "id": one.id,
        "node_id": f"U_{one.id}",
        "avatar_url": f"{base}/avatars/{one.id}",
        "url": f"{base}/users/{one.login}",
        "html_url": f"{base}/{one.login}",
        "type": one.type,
        "site_admin": False,
    }


def repository(base: str, repo: Repo) -> Json:
    """Write a repository."""
    url = f"{base}/repos/{repo.full_name}"
    return {
        "id": repo.id,
        "node_id": f"R_{repo.id}",
        "name": repo.name,
        "full_name": repo.full_name,
        "private": repo.private,
        "visibility": "private" if repo.private else "public",
        "owner": user(base, repo.owner),
        "html_url": f"{base}/{repo.full_name}",
        "description": None,
        "fork": repo.parent is not None,
        "url": url,
        "pulls_url": f"{url}/pulls{{/number}}",
        "default_branch": repo.default_branch,
        "archived": False,
        "disabled": False,
        "created_at": rfc3339(repo.created_at),
        "updated_at": rfc3339(repo.created_at),
        "pushed_at": rfc3339(repo.tip.time),
    }


def app(base: str, one: App) -> Json:
    """Write the app."""
    return {
        "id": one.id,
        "slug": one.slug,
        "node_id": f"A_{one.id}",
        "name": one.name,
        "owner": user(base, one.owner),
        "description": None,
        "html_url": f"{base}/apps/{one.slug}",
        "external_url": one.url,
        "created_at": rfc3339(one.created_at),
        "updated_at": rfc3339(one.created_at),
        "permissions": one.permissions,
        "events": one.events,
    }


def installation(base: str, one: Installation, of: App) -> Json:
    """Write an installation."""
    return {
        "id": one.id,
        "account": user(base, one.account),
        "app_id": of.id,
        "app_slug": of.slug,
        "target_id": one.account.id,
        "target_type": one.account.type,
        "repository_selection": "selected",
        "access_tokens_url": f"{base}/app/installations/{one.id}/access_tokens",
        "repositories_url": f"{base}/installation/repositories",
        "html_url": f"{base}/settings/installations/{one.id}",
        "permissions": one.permissions,
        "events": one.events,
        "created_at": rfc3339(one.created_at),
        "updated_at": rfc3339(one.created_at),
        "suspended_at": optional_time(one.suspended_at),
    }


def commit_of_push(base: str, repo: Repo, commit: Commit) -> Json:
    """Write a commit as webhooks have it."""
    before = repo.commits[commit.parents[0]].tree if commit.parents else {}
    done = git.changes(before, commit.tree)
    return {
        "id": commit.sha,
        "tree_id": digest_of("tree", commit.sha),
        "distinct": True,
        "message": commit.message,
        "timestamp": rfc3339(commit.time),
        "url": f"{base}/{repo.full_name}/commit/{commit.sha}",
        "author": {"name": commit.author, "email": f"{commit.author}@users.noreply.example", "username": commit.author},
        "committer": {
            "name": commit.author,
            "email": f"{commit.author}@users.noreply.example",
            "username": commit.author,
        },
        **{kind: [path for path, what in done.items() if what == kind] for kind in ("added", "removed", "modified")},
    }


def commit(base: str, repo: Repo, one: Commit) -> Json:
    """Write a commit as the API has it."""
    person = {"name": one.author, "email": f"{one.author}@users.noreply.example", "date": rfc3339(one.time)}
    url = f"{base}/repos/{repo.full_name}"
    return {
        "sha": one.sha,
        "node_id": f"C_{one.sha[:12]}",
        "commit": {
            "author": person,
            "committer": person,
            "message": one.message,
            "tree": {"sha": digest_of("tree", one.sha), "url": f"{url}/git/trees/{one.sha}"},
            "url": f"{url}/git/commits/{one.sha}",
            "comment_count": 0,
        },
        "url": f"{url}/commits/{one.sha}",
        "html_url": f"{base}/{repo.full_name}/commit/{one.sha}",
        "author": {"login": one.author},
        "committer": {"login": one.author},
        "parents": [{"sha": parent, "url": f"{url}/commits/{parent}"} for parent in one.parents],
    }


def files(before: Commit, after: Commit) -> list[Json]:
    """Write the files that differ between two commits."""
    return [
        {
            "sha": digest_of("blob", after.tree.get(path, before.tree.get(path))),
            "filename": path,
            "status": status,
            "additions": len(after.tree.get(path, "").splitlines()),
            "deletions": len(before.tree.get(path, "").splitlines()),
            "changes": len(after.tree.get(path, "").splitlines()) + len(before.tree.get(path, "").splitlines()),
        }
        for path, status in git.changes(before.tree, after.tree).items()
    ]


def release(base: str, repo: Repo, one: Release) -> Json:
    """Write a release."""
    url = f"{base}/repos/{repo.full_name}"
    return {
        "url": f"{url}/releases/{one.id}",
        "html_url": f"{base}/{repo.full_name}/releases/tag/{one.tag}",
        "id": one.id,
        "node_id": f"RE_{one.id}",
        "tag_name": one.tag,
        "target_commitish": one.target,
        "name": one.name,
        "body": None,
        "draft": False,
        "prerelease": one.prerelease,
        "author": user(base, one.author),
        "created_at": rfc3339(one.published_at),
        "published_at": rfc3339(one.published_at),
        "assets": [],
    }


def label(repo: Repo, name: str) -> Json:
    """Write a label."""
    return {"id": int(digest_of(repo.id, name)[:8], 16), "name": name, "color": "ededed", "default": False}


def pull(base: str, one: Pull, *, full: bool = True) -> Json:
    """Write a pull request; lists leave out what GitHub only gives for a single one."""
    url, page = f"{base}/repos/{one.repo.full_name}", f"{base}/{one.repo.full_name}/pull/{one.number}"
    tested = one.merge_commit_sha if one.state == "closed" else git.test_merge(one)
    whole = {
        "url": f"{url}/pulls/{one.number}",
        "id": one.id,
        "node_id": f"PR_{one.id}",
        "html_url": page,
        "diff_url": f"{page}.diff",
        "issue_url": f"{url}/issues/{one.number}",
        "comments_url": f"{url}/issues/{one.number}/comments",
        "number": one.number,
        "state": one.state,
        "locked": one.locked,
        "title": one.title,
        "user": user(base, one.author),
        "body": None,
        "created_at": rfc3339(one.created_at),
        "updated_at": rfc3339(one.updated_at),
        "closed_at": optional_time(one.closed_at),
        "merged_at": optional_time(one.merged_at),
        "merge_commit_sha": tested,
        "assignee": None,
        "assignees": [],
        "requested_reviewers": [],
        "labels": [label(one.repo, name) for name in one.labels],
        "draft": one.draft,
        "head": _side(base, one.head_repo, one.head, one.head_sha),
        "base": _side(base, one.repo, one.base, one.base_sha),
        "author_association": association(one.repo, one.author),
        "auto_merge": None,
        "merged": one.merged,
        "mergeable": None if one.state == "closed" else tested is not None,
        "mergeable_state": "unknown" if one.state == "closed" else "clean" if tested else "dirty",
        "rebaseable": None if one.state == "closed" else tested is not None,
        "merged_by": user(base, one.merged_by) if one.merged_by else None,
        "comments": 0,
        "commits": len(git.between(one.repo.commits, one.base_sha, one.head_sha)),
        "changed_files": len(files(*pull_ends(one))),
    }
    return whole if full else {key: value for key, value in whole.items() if key not in ONLY_IN_FULL}


def pull_ends(one: Pull) -> tuple[Commit, Commit]:
    """Return the commits between which the pull request's files are compared."""
    commits = one.repo.commits
    common = git.merge_base(commits, one.base_sha, one.head_sha) or one.base_sha
    return commits[common], commits[one.head_sha]


def _side(base: str, repo: Repo, ref: str, sha: str) -> Json:
    return {
        "label": f"{repo.owner.login}:{ref}",
        "ref": ref,
        "sha": sha,
        "user": user(base, repo.owner),
        "repo": repository(base, repo),
    }


def association(repo: Repo, one: User) -> str:
    """Return how a person stands to a repository, as GitHub names it."""
    if one is repo.owner:
        return "OWNER"
    return "COLLABORATOR" if repo.permissions.get(one.login) in ("admin", "maintain", "write") else "CONTRIBUTOR"
