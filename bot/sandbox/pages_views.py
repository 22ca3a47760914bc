"""What each page shows: its template and what goes in."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.sandbox import git
from bot.sandbox.hub import Hub
from bot.sandbox.pages_visit import Missing, Visit
from bot.sandbox.runstate import Run
from bot.sandbox.state import Check, Comment, Commit, Pull

Page = tuple[str, dict[str, Any]]
View = Callable[[Visit], Page]

_COMPONENT = re.compile(r"components/terraform/([^/]+)/")
_MOST_RUNS = 200
_MOST_BESIDE = 6


@dataclass(frozen=True, slots=True)
class Item:
    """One thing in a conversation: a commit, a comment, or a plain event told in `text`."""

    time: float
    commit: Commit | None = None
    comment: Comment | None = None
    text: str = ""


def front(visit: Visit) -> Page:
    """Show the repositories."""
    return "front.html", {"repos": list(visit.hub.repos.values())}


def pulls(visit: Visit) -> Page:
    """Show a repository's pull requests."""
    repo = visit.repo
    newest = sorted(repo.pulls.values(), key=lambda pull: -pull.number)
    values = {
        "repo": repo,
        "open": [pull for pull in newest if pull.state == "open"],
        "closed": [pull for pull in newest if pull.state != "open"],
        "components": components(repo.tip),
    }
    return "pulls.html", values


def conversation(visit: Visit) -> Page:
    """Show a pull request."""
    hub, pull = visit.hub, visit.pull
    runs = runs_of(hub, pull)
    waiting = [run for run in runs if run.pending]
    open_or_wrong = [
        run for run in runs if not run.pending and run.conclusion not in ("success", "skipped", "cancelled")
    ]
    values = {
        "repo": pull.repo,
        "pull": pull,
        "items": items_of(hub, pull),
        "commits": commits_of(pull),
        "checks": checks_of(hub, pull),
        "waiting": waiting,
        "beside": open_or_wrong[:_MOST_BESIDE],
        "more": len(open_or_wrong) - len(open_or_wrong[:_MOST_BESIDE]),
        "runs": runs,
        "components": components(pull.repo.commits[pull.head_sha]),
        "conflicts": pull.state == "open" and git.test_merge(pull) is None,
    }
    return "pull.html", values


def actions(visit: Visit) -> Page:
    """Show a repository's runs, newest first: all, those of a workflow file, or those of a pull request."""
    repo = visit.repo
    runs = sorted((run for run in visit.hub.runs.values() if run.repo is repo), key=lambda run: -run.id)
    title = "All runs"
    if file := visit.request.match_info.get("file"):
        runs, title = [run for run in runs if file in (run.workflow.file, str(run.workflow.id))], f"Runs of {file}"
    number = visit.request.query.get("pull", "")
    pull = repo.pulls.get(int(number)) if number.isdecimal() else None
    if pull is not None:
        runs, title = runs_of(visit.hub, pull), f"Runs of pull request #{pull.number}"
    values = {"repo": repo, "title": title, "runs": runs[:_MOST_RUNS], "total": len(runs)}
    return "actions.html", {**values, "workflows": visit.hub.workflows(repo)}


def one_run(visit: Visit) -> Page:
    """Show a run."""
    run = visit.run
    pulls_of = [pull for pull in run.repo.pulls.values() if run in runs_of(visit.hub, pull)]
    return "run.html", {"repo": run.repo, "run": run, "pulls": pulls_of}


def one_commit(visit: Visit) -> Page:
    """Show what a commit changed."""
    repo = visit.repo
    sha = visit.hub.resolve(repo, visit.part("sha"))
    if sha is None:
        raise Missing
    commit = repo.commits[sha]
    before = repo.commits[commit.parents[0]].tree if commit.parents else {}
    files = [
        (path, how, _difference(before, commit.tree, path)) for path, how in git.changes(before, commit.tree).items()
    ]
    return "commit.html", {"repo": repo, "commit": commit, "files": files}


def one_file(visit: Visit) -> Page:
    """Show a file at a commit or on a branch."""
    repo = visit.repo
    sha = visit.hub.resolve(repo, visit.part("ref"))
    text = repo.commits[sha].tree.get(visit.part("file")) if sha is not None else None
    if text is None:
        raise Missing
    return "file.html", {"repo": repo, "ref": visit.part("ref"), "file": visit.part("file"), "text": text}


def one_check(visit: Visit) -> Page:
    """Show a check that an app put on a commit."""
    repo = visit.repo
    check = repo.checks.get(visit.number("check"))
    if check is None:
        raise Missing
    return "check.html", {"repo": repo, "check": check}


def components(commit: Commit) -> list[str]:
    """Name the components that a commit's tree has, by their folders."""
    return sorted({found[1] for path in commit.tree if (found := _COMPONENT.match(path))})


def commits_of(pull: Pull) -> list[Commit]:
    """List a pull request's commits, oldest first."""
    return git.between(pull.repo.commits, pull.base_sha, pull.head_sha)


def runs_of(hub: Hub, pull: Pull) -> list[Run]:
    """List the runs on a pull request's commits and on its merge, newest first."""
    shas = {commit.sha for commit in commits_of(pull)} | ({pull.merge_commit_sha} if pull.merged else set())
    runs = [run for run in hub.runs.values() if run.repo is pull.repo and (run.pull is pull or run.head_sha in shas)]
    return sorted(runs, key=lambda run: -run.id)


def checks_of(hub: Hub, pull: Pull) -> list[Check | Run]:
    """List what stands beside a pull request's newest commit: apps' checks, and the runs that it started itself."""
    shas = {pull.head_sha, pull.merge_commit_sha}
    started = [run for run in hub.runs.values() if run.pull is pull and run.head_sha == pull.head_sha]
    latest = {run.workflow.path: run for run in started}
    return [*(check for check in pull.repo.checks.values() if check.head_sha in shas), *latest.values()]


def items_of(hub: Hub, pull: Pull) -> list[Item]:
    """List a conversation, oldest first."""
    items = [Item(max(commit.time, pull.created_at), commit=commit) for commit in commits_of(pull)]
    items += [Item(comment.created_at, comment=comment) for comment in hub.comments_on(pull)]
    if pull.merged and pull.merged_at is not None and pull.merged_by and pull.merge_commit_sha:
        said = f"{pull.merged_by.login} merged this into {pull.base} as {pull.merge_commit_sha[:7]}"
        items.append(Item(pull.merged_at, text=said))
    elif pull.closed_at is not None:
        items.append(Item(pull.closed_at, text="This was closed without being merged"))
    return sorted(items, key=lambda item: item.time)


def _difference(before: dict[str, str], after: dict[str, str], path: str) -> list[str]:
    old, new = before.get(path, "").splitlines(), after.get(path, "").splitlines()
    return list(difflib.unified_diff(old, new, lineterm="", n=3))[2:]


_REPO = "/{owner}/{repo}"
VIEWS: list[tuple[str, View]] = [
    ("/", front),
    (_REPO, pulls),
    (f"{_REPO}/pulls", pulls),
    (f"{_REPO}/pull/{{number}}", conversation),
    (f"{_REPO}/actions", actions),
    (f"{_REPO}/actions/workflows/{{file}}", actions),
    (f"{_REPO}/actions/runs/{{run}}", one_run),
    (f"{_REPO}/actions/runs/{{run}}/job/{{job}}", one_run),
    (f"{_REPO}/commit/{{sha}}", one_commit),
    (f"{_REPO}/blob/{{ref}}/{{file:.+}}", one_file),
    (f"{_REPO}/runs/{{check}}", one_check),
]
