"""What is read from GitHub. Nothing here changes anything, so all of it may be repeated."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import gidgethub

from bot.domain.commands.words import Role
from bot.domain.facts import Compared, Gate, PullFacts, Rejection, RunFacts
from bot.domain.model import Repo
from bot.domain.pro import WorkflowFile
from bot.github import shapes, workflows
from bot.github.client import Caller, GitHub, Installation
from bot.github.shapes import Delivery

_PAGE = "100"
_MOST_RUNS = 1000  # GitHub ends a filtered list here
_RUN = "/repos/{owner}/{repo}/actions/runs/{run_id}"
_STARTED = ("in_progress", "completed")


def _path(repo: Repo, **more: str) -> dict[str, str]:
    return {"owner": repo.owner, "repo": repo.name, **more}


def _items(told: Any) -> list[Any]:
    return told if isinstance(told, list) else []


async def pull(gh: Installation, repo: Repo, number: int) -> PullFacts:
    """Read a pull request."""
    told = await gh.getitem("/repos/{owner}/{repo}/pulls/{number}", _path(repo, number=str(number)))
    return shapes.pull_facts(told)


async def role(gh: Installation, repo: Repo, login: str) -> Role:
    """Read what a person may do in a repository, by whatever way it was granted."""
    try:
        told = await gh.getitem("/repos/{owner}/{repo}/collaborators/{login}/permission", _path(repo, login=login))
    except gidgethub.HTTPException as error:
        if error.status_code == 404:  # nobody of that name has anything to do with it
            return Role.NONE
        raise
    return shapes.role(told)


async def pulls_of_commit(gh: Installation, repo: Repo, sha: str) -> list[int]:
    """Read the numbers of the pull requests that a commit belongs to; none where GitHub does not know the commit."""
    variables = _path(repo, sha=sha, per_page=_PAGE)
    try:
        listed = gh.getiter("/repos/{owner}/{repo}/commits/{sha}/pulls{?per_page}", variables)
        return [shapes.number(told, "number") async for told in listed]
    except gidgethub.HTTPException as error:
        if error.status_code == 422:  # no such commit here
            return []
        raise


async def compare(gh: Installation, repo: Repo, base: str, head: str) -> Compared | None:
    """Compare two commits, branches or tags; None where one of them is not there or they share nothing."""
    variables = _path(repo, base=base, head=head, per_page="1")
    try:
        told = await gh.getitem("/repos/{owner}/{repo}/compare/{base}...{head}{?per_page}", variables)
    except gidgethub.HTTPException as error:
        if error.status_code == 404:
            return None
        raise
    return shapes.compared(told)


async def commit_of(gh: Installation, repo: Repo, ref: str) -> str:
    """Find the commit that a branch or tag stands for."""
    return shapes.text(await _commit(gh, repo, ref), "sha")


async def commit_parents(gh: Installation, repo: Repo, sha: str) -> tuple[str, ...]:
    """Read the parents of a commit: two and more for a merge, none for the first."""
    return tuple(shapes.text(one, "sha") for one in shapes.items(await _commit(gh, repo, sha), "parents"))


async def _commit(gh: Installation, repo: Repo, ref: str) -> Any:
    return await gh.getitem("/repos/{owner}/{repo}/commits/{ref}{?per_page}", _path(repo, ref=ref, per_page="1"))


async def environments(gh: Installation, repo: Repo) -> frozenset[str]:
    """Read the names of a repository's environments, casefolded: to GitHub `Prod` and `prod` are the same."""
    listed = gh.getiter(
        "/repos/{owner}/{repo}/environments{?per_page}", _path(repo, per_page=_PAGE), iterable_key="environments"
    )
    return frozenset({shapes.text(told, "name").casefold() async for told in listed})


async def open_pulls(gh: Installation, repo: Repo) -> list[PullFacts]:
    """Read all open pull requests."""
    variables = _path(repo, state="open", per_page=_PAGE)
    listed = gh.getiter("/repos/{owner}/{repo}/pulls{?state,per_page}", variables)
    found = {facts.number: facts async for facts in _pulls(listed)}
    return list(found.values())


async def pulls_updated_since(gh: Installation, repo: Repo, since: float) -> list[PullFacts]:
    """Read the pull requests that changed since then, open or not, the latest first."""
    variables = _path(repo, state="all", sort="updated", direction="desc", per_page=_PAGE)
    listed = gh.getiter("/repos/{owner}/{repo}/pulls{?state,sort,direction,per_page}", variables)
    found: dict[int, PullFacts] = {}
    async for facts in _pulls(listed):
        if facts.updated_at < since:
            break
        found.setdefault(facts.number, facts)  # a change while we read moves one to the next page, once more
    return list(found.values())


async def _pulls(listed: AsyncIterator[Any]) -> AsyncIterator[PullFacts]:
    async for told in listed:
        yield shapes.pull_facts(told)


async def run(gh: Installation, repo: Repo, run_id: int) -> RunFacts:
    """Read a workflow run, as its latest attempt stands."""
    told = await gh.getitem("/repos/{owner}/{repo}/actions/runs/{run_id}", _path(repo, run_id=str(run_id)))
    return shapes.run_facts(told)


async def pending(gh: Installation, repo: Repo, run_id: int) -> Gate:
    """Read which environments a run waits for, and who may approve. Since when is not told: `since` stays 0."""
    told = _items(await gh.getitem(_RUN + "/pending_deployments", _path(repo, run_id=str(run_id))))
    people = (who for one in told for who in shapes.reviewers(one))
    return Gate(
        tuple(sorted({name for one in told if (name := shapes.environment(one))})), tuple(dict.fromkeys(people))
    )


async def rejection(gh: Installation, repo: Repo, run_id: int) -> Rejection | None:
    """Read who last refused a run its environments; None where nobody did."""
    told = _items(await gh.getitem(_RUN + "/approvals", _path(repo, run_id=str(run_id))))
    return next((shapes.rejection(one) for one in reversed(told) if shapes.text(one, "state") == "rejected"), None)


async def jobs_started(gh: Installation, repo: Repo, run_id: int) -> bool:
    """Tell whether a job of a run's latest attempt has started, so that it may have changed something."""
    variables = _path(repo, run_id=str(run_id), per_page=_PAGE)
    async for job in gh.getiter(_RUN + "/jobs{?per_page}", variables, iterable_key="jobs"):
        ended = shapes.text(job, "conclusion")
        never = ended == "skipped" or (ended == "cancelled" and not shapes.text(job, "runner_name"))
        if shapes.text(job, "status") in _STARTED and not never:
            return True
    return False


async def runs_of_file(
    gh: Installation, repo: Repo, workflow: str, *, per_page: int = 30, created_after: float | None = None
) -> list[RunFacts]:
    """Read the runs of a workflow file, the newest first: one page of them, or all that were created since then."""
    variables = _path(repo, workflow=workflow, per_page=str(per_page))
    most = per_page
    if created_after is not None:
        since = datetime.fromtimestamp(int(created_after), UTC)
        variables |= {"per_page": _PAGE, "created": f">={since:%Y-%m-%dT%H:%M:%SZ}"}
        most = _MOST_RUNS
    url = "/repos/{owner}/{repo}/actions/workflows/{workflow}/runs{?per_page,created}"
    found: dict[int, RunFacts] = {}
    async for told in gh.getiter(url, variables, iterable_key="workflow_runs"):
        facts = shapes.run_facts(told)
        found.setdefault(facts.run_id, facts)
        if len(found) >= most:
            break
    return list(found.values())


async def workflow_file(
    gh: Installation, repo: Repo, workflow: str, ref: str, *, on_default_branch: bool | None = None
) -> WorkflowFile | None:
    """Read a workflow file at a commit, branch or tag; None where it is not there.

    Whether it is `on_default_branch` as well is looked up where the caller does not know. Raises ProProblem with a
    sentence for a file that cannot be understood, beside the client's errors.
    """
    content = await _workflow_content(gh, repo, workflow, ref)
    if content is None:
        return None
    if on_default_branch is None:
        branch = repo.default_branch
        on_default_branch = ref == branch or await _workflow_content(gh, repo, workflow, branch) is not None
    return await asyncio.to_thread(workflows.parse, workflow, content, on_default_branch=on_default_branch)


async def _workflow_content(gh: Installation, repo: Repo, workflow: str, ref: str) -> bytes | None:
    try:
        told = await gh.getitem(
            "/repos/{owner}/{repo}/contents/.github/workflows/{workflow}{?ref}", _path(repo, workflow=workflow, ref=ref)
        )
    except gidgethub.HTTPException as error:
        if error.status_code == 404:
            return None
        raise
    content = shapes.file_content(told)
    if content is not None:
        workflows.check_size(workflow, shapes.number(told, "size"))
    return content


async def own_login(github: GitHub) -> str:
    """Read the login that the App's doings are shown under, such as `switchyard[bot]`."""
    return f"{shapes.text(await github.as_app().getitem('/app'), 'slug')}[bot]"


async def repository(gh: Installation, repo_id: int) -> Repo:
    """Read a repository by its id, whatever it is called now."""
    return shapes.repo(await gh.getitem(f"/repositories/{repo_id}"), gh.id)


async def installation_of(github: GitHub, owner: str, name: str) -> int:
    """Find the installation that covers a repository; 0 where none does. Public ones can be read without any."""
    try:
        told = await github.as_app().getitem("/repos/{owner}/{repo}/installation", {"owner": owner, "repo": name})
    except gidgethub.HTTPException as error:
        if error.status_code == 404:
            return 0
        raise
    return shapes.number(told, "id")


async def repository_by_name(github: GitHub, owner: str, name: str) -> Repo:
    """Read a repository by its name, and find the installation that it belongs to."""
    variables = {"owner": owner, "repo": name}
    told = await github.as_app().getitem("/repos/{owner}/{repo}/installation", variables)
    gh = github.installation(shapes.number(told, "id"))
    return shapes.repo(await gh.getitem("/repos/{owner}/{repo}", variables), gh.id)


async def deliveries(github: GitHub, *, since: float, after_id: int = 0) -> list[Delivery]:
    """Read what GitHub tried to deliver to the App, the latest first: all newer than an attempt's id and a time."""
    found: dict[int, Delivery] = {}
    async for told in _listed_deliveries(github.as_app()):
        attempt = shapes.delivery(told)
        if attempt.id <= after_id or attempt.delivered_at < since:
            break
        found.setdefault(attempt.id, attempt)
    return list(found.values())


def _listed_deliveries(app: Caller) -> AsyncIterator[Any]:
    return app.getiter("/app/hook/deliveries{?per_page}", {"per_page": _PAGE})


def never_arrived(found: list[Delivery]) -> list[Delivery]:
    """Of attempts, the latest first, keep the latest of each event that none of them brought here."""
    arrived = {attempt.guid for attempt in found if attempt.arrived}
    latest: dict[str, Delivery] = {}
    for attempt in found:
        if attempt.guid not in arrived:
            latest.setdefault(attempt.guid, attempt)
    return list(latest.values())
