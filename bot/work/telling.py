"""What the log says of inputs: where each belongs, in words that people know, and what became of it."""

from __future__ import annotations

import logging

from bot.domain.model import Repo
from bot.events import inventory, status
from bot.store import repos
from bot.store.db import Db
from bot.store.inbox import Row

log = logging.getLogger(__name__)

#: What the CLI sends: somebody may wonder why nothing came of it.
_REPORTS = frozenset({"upload", inventory.KIND, status.KIND})


def tell(db: Db, row: Row, reason: str) -> None:
    """Log what became of an input about which nothing was decided; GitHub sends many of which nobody wonders."""
    level = logging.INFO if row.kind in _REPORTS else logging.DEBUG
    if log.isEnabledFor(level):
        log.log(level, "%s: %s: %s", where(repos.get(db, row.repo_id or 0), row.lane or ""), row.kind, reason)


def where(repo: Repo | None, lane: str) -> str:
    """Write a lane as people know it: "acme/infra#42", or the repository alone."""
    if repo is None:
        return lane or "no repository"
    return repo.full_name + lane.removeprefix(str(repo.id)).rstrip("!")
