"""Webhooks that are about a repository or an installation and not about one pull request."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import gidgethub

from bot.domain.lanes import lane_of_pull, lane_of_repo
from bot.domain.model import Repo
from bot.events.context import Context, Finished, Learned, Place, Spread, repo_of
from bot.github import reads, shapes
from bot.github.failures import FailureKind, classify
from bot.github.line import Uninstalled
from bot.store import pulls, repos
from bot.store.db import Db
from bot.store.inbox import Row


def place_push(payload: dict[str, Any], _row: Row, db: Db) -> Place:
    """Have the pull requests of a branch that moved read again: the news of the push itself may be late or lost."""
    repo = repo_of(payload)
    if repo is None:
        return Finished("no installation of ours")
    branch = shapes.text(payload, "ref").removeprefix("refs/heads/")
    numbers = pulls.of_branch(db, repo.id, branch)
    return Spread(
        f"`{branch}` moved", tuple(("pull_read", lane_of_pull(repo.id, number), repo.id, b"") for number in numbers)
    )


def place_installation(payload: dict[str, Any], _row: Row, db: Db) -> Place:
    """Have the repositories that it is about read again: an older webhook may come after a newer one."""
    installation = shapes.number(shapes.part(payload, "installation"), "id")
    named = [one for key in _LISTS for one in payload.get(key) or []]
    known = {repo.id for one in named if (repo := repos.get(db, shapes.number(one, "id"))) is not None}
    known.update(repo.id for repo in repos.of_installation(db, installation))
    rows = tuple(read_again(repo_id, installation) for repo_id in sorted(known))
    return Spread(f"installation: {shapes.text(payload, 'action')}", rows)


def place_repository(payload: dict[str, Any], _row: Row, _db: Db) -> Place:
    """Have a repository read again that was renamed, transferred or deleted: its name may be another's by now."""
    repo = repo_of(payload)
    if repo is None:
        return Finished("no installation of ours")
    return Spread(f"repository: {shapes.text(payload, 'action')}", (read_again(repo.id, repo.installation),))


#: After as many attempts nobody waits any more, and whoever comes next has it asked anew.
_TRIES = 2
_LISTS = ("repositories", "repositories_added", "repositories_removed")


def read_again(repo_id: int, installation: int) -> tuple[str, str, int, bytes]:
    """Make the input that has a repository read again, as an installation sees it."""
    return "repo_read", lane_of_repo(repo_id), repo_id, str(installation).encode()


async def gather_repository(row: Row, ctx: Context) -> Learned:
    """Ask GitHub what a repository is called now, and which installation covers it, if any."""
    return await _seen_by(ctx, row.repo_id or 0, int(row.body))


async def _seen_by(ctx: Context, repo_id: int, installation: int) -> Learned:
    told = await _by_id(ctx, repo_id, installation)
    called = told or ctx.repo(repo_id)
    covering = await reads.installation_of(ctx.github, called.owner, called.name)
    if told is None and covering:  # the repository of that name may be another one by now
        told = await _by_id(ctx, repo_id, covering)
    return Learned(repo_id, replace(told, installation=covering) if told is not None and covering else None)


async def _by_id(ctx: Context, repo_id: int, installation: int) -> Repo | None:
    """Read a repository as an installation sees it; None where it does not."""
    try:
        return await reads.repository(ctx.github.installation(installation), repo_id)
    except Uninstalled:
        return None
    except gidgethub.HTTPException as error:
        if classify(error, ctx.now()).kind not in (FailureKind.FORGET, FailureKind.DEAD) and error.status_code != 401:
            raise
        return None


async def gather_wanted(row: Row, ctx: Context) -> Learned | Finished:
    """Ask GitHub about a repository that a workflow run says it is from. Who waits for it does so for seconds only."""
    repo_id = row.repo_id or 0
    known = repos.get(ctx.db, repo_id)
    try:
        # A token may be older than a transfer: the name in it must not take away a repository that is covered.
        if known is not None and known.installation:
            found = await _seen_by(ctx, repo_id, known.installation)
            if found.repo is not None:
                return found
        return await _called(ctx, repo_id, row.body.decode())
    except Exception as error:
        failure = classify(error, ctx.now())
        if failure.kind is FailureKind.FORGET or isinstance(error, Uninstalled):
            return Learned(repo_id, None)
        if failure.kind is FailureKind.LATER and row.attempts >= _TRIES:
            return Finished(failure.sentence)
        raise


async def _called(ctx: Context, repo_id: int, named: str) -> Learned:
    """Ask for a repository by the name that its run gives it."""
    owner, _, name = named.partition("/")
    covering = await reads.installation_of(ctx.github, owner, name)
    told = await reads.repository(ctx.github.installation(covering), repo_id) if covering else None
    if told is not None and told.full_name.lower() != named.lower():  # it was renamed, and another took its name
        covering = await reads.installation_of(ctx.github, told.owner, told.name)
    return Learned(repo_id, replace(told, installation=covering) if told is not None and covering else None)


def place_ping(_payload: dict[str, Any], _row: Row, _db: Db) -> Place:
    """Nothing more than the answer was wanted."""
    return Finished("pong")
