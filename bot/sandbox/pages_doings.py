"""What the buttons do: each takes the visit and the form, and returns the path that it leads to, or None for back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast, get_args

from multidict import MultiMapping

from bot.sandbox.errors import HubError
from bot.sandbox.pages_views import components
from bot.sandbox.pages_visit import Visit
from bot.sandbox.pulls import Method
from bot.sandbox.state import Commit, Repo

Form = MultiMapping[Any]
Doing = Callable[[Visit, Form], str | None]

_MOST = 65_536


def open_pull(visit: Visit, form: Form) -> str:
    """Push a new branch and open a pull request of it."""
    repo = visit.repo
    chosen = _chosen(form, repo.tip)
    title = _text(form, "title") or _subject(chosen)
    branch = f"change-{len(repo.pulls) + 1}"
    while branch in repo.branches:
        branch += "-again"
    _push(visit, repo, branch, chosen, repo.tip)
    pull = visit.hub.open_pull(repo, head=branch, title=title, author=visit.person, base=repo.default_branch)
    return f"/{repo.full_name}/pull/{pull.number}"


def push(visit: Visit, form: Form) -> None:
    """Push a commit to a pull request's branch."""
    pull = visit.pull
    if pull.state != "open":
        raise HubError(f"Pull request {pull.number} is closed. Open another one to push to.")
    tip = pull.head_repo.commits[pull.head_sha]
    _push(visit, pull.head_repo, pull.head, _chosen(form, tip), tip)


def merge(visit: Visit, form: Form) -> None:
    """Merge a pull request."""
    method = _text(form, "method")
    if method not in get_args(Method):
        raise HubError("Choose how to merge: squash, merge or rebase.")
    visit.hub.merge(visit.pull, by=visit.person, method=cast(Method, method))


def close(visit: Visit, _form: Form) -> None:
    """Close a pull request without merging it."""
    visit.hub.close(visit.pull, visit.person)


def reopen(visit: Visit, _form: Form) -> None:
    """Open a closed pull request again."""
    visit.hub.reopen(visit.pull, visit.person)


def comment(visit: Visit, form: Form) -> None:
    """Write a comment."""
    text = _text(form, "body")
    if not text:
        raise HubError("An empty comment says nothing. Write something first.")
    if len(text) > _MOST:
        raise HubError(f"A comment has at most {_MOST:,} characters. Shorten it.")
    visit.hub.comment(visit.pull, visit.person, text)


def label(visit: Visit, form: Form) -> None:
    """Put a label on a pull request."""
    name = _text(form, "name")
    if not name or len(name) > 50 or name in visit.pull.labels:
        raise HubError("A label needs a name of at most 50 characters that is not there yet.")
    visit.hub.label(visit.pull, name, visit.person)


def unlabel(visit: Visit, form: Form) -> None:
    """Take a label off a pull request."""
    name = _text(form, "name")
    if name not in visit.pull.labels:
        raise HubError(f"There is no label {name} here any more.")
    visit.hub.unlabel(visit.pull, name, visit.person)


def approve(visit: Visit, form: Form) -> None:
    """Approve an environment that a run waits for."""
    environment = _text(form, "environment")
    visit.hub.approve(visit.run.id, environment, _reviewer(visit, visit.run.repo, environment))


def approve_all(visit: Visit, form: Form) -> None:
    """Approve an environment for each run of a pull request that waits for it now."""
    environment, repo = _text(form, "environment"), visit.repo
    numbers = {str(number) for number in form.getall("run", [])}
    waiting = [run for run in visit.hub.runs.values() if run.repo is repo and environment in run.pending]
    chosen = [run for run in waiting if str(run.id) in numbers]
    if not chosen:
        raise HubError(f"Nothing waits for the environment {environment} any more.")
    for run in chosen:
        visit.hub.approve(run.id, environment, _reviewer(visit, repo, environment))


def reject(visit: Visit, form: Form) -> None:
    """Reject an environment that a run waits for."""
    environment = _text(form, "environment")
    visit.hub.reject(visit.run.id, environment, _reviewer(visit, visit.run.repo, environment))


def fail(visit: Visit, _form: Form) -> None:
    """Let a run fail."""
    visit.hub.fail_run(visit.run.id)


def rerun(visit: Visit, form: Form) -> None:
    """Run again, all jobs or the failed ones."""
    visit.hub.rerun(visit.run.id, failed_only=_text(form, "jobs") == "failed", by=visit.person)


def cancel(visit: Visit, _form: Form) -> None:
    """Cancel a run."""
    visit.hub.cancel_run(visit.run.id)


def _text(form: Form, name: str) -> str:
    """Read a field of a form; line ends are those of a text, not those that browsers send."""
    value = form.get(name, "")
    return value.replace("\r\n", "\n").strip() if isinstance(value, str) else ""


def _chosen(form: Form, commit: Commit) -> list[str]:
    there = components(commit)
    return [str(name) for name in form.getall("component", []) if name in there]


def _subject(chosen: list[str]) -> str:
    return f"Change {', '.join(chosen)}" if chosen else "Change the words in the README"


def _push(visit: Visit, repo: Repo, branch: str, chosen: list[str], tip: Commit) -> None:
    paths = [f"components/terraform/{name}/main.tf" for name in chosen] or ["README.md"]
    mark = f"# Change {len(repo.commits)}\n"
    files: Mapping[str, str | None] = {path: tip.tree.get(path, "") + mark for path in paths}
    visit.hub.push(repo, branch, dict(files), message=_subject(chosen), author=visit.person)


def _reviewer(visit: Visit, repo: Repo, environment: str) -> str:
    """Name who answers: the person, or where somebody else has to, the first who may."""
    who = visit.hub.may_review(repo, environment) if repo.environment(environment) else []
    return visit.person if visit.person in who or not who else who[0]


_PULL = "/{owner}/{repo}/pull/{number}"
_RUN = "/{owner}/{repo}/actions/runs/{run}"
DOINGS: list[tuple[str, Doing]] = [
    ("/{owner}/{repo}/pulls", open_pull),
    (f"{_PULL}/push", push),
    (f"{_PULL}/merge", merge),
    (f"{_PULL}/close", close),
    (f"{_PULL}/reopen", reopen),
    (f"{_PULL}/comment", comment),
    (f"{_PULL}/label", label),
    (f"{_PULL}/unlabel", unlabel),
    ("/{owner}/{repo}/actions/approve", approve_all),
    (f"{_RUN}/approve", approve),
    (f"{_RUN}/reject", reject),
    (f"{_RUN}/fail", fail),
    (f"{_RUN}/rerun", rerun),
    (f"{_RUN}/cancel", cancel),
]
