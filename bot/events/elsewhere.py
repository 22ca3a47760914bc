"""Webhooks that are about a repository or an installation and not about one pull request."""

from __future__ import annotations

from typing import Any

from bot.domain.model import lane_of_pull
from bot.events.context import Finished, Place, Spread, repo_of
from bot.github import shapes
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
    """Stop working on repositories that the App was taken out of."""
    action = shapes.text(payload, "action")
    gone = payload.get("repositories_removed") or []
    if action in ("deleted", "suspend"):
        repos.uninstalled(db, shapes.number(shapes.part(payload, "installation"), "id"))
    for told in gone if isinstance(gone, list) else []:
        repos.removed(db, shapes.number(told, "id"))
    return Finished(f"installation: {action}")


def place_ping(_payload: dict[str, Any], _row: Row, _db: Db) -> Place:
    """Nothing more than the answer was wanted."""
    return Finished("pong")
