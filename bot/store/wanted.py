"""Questions of the web side about repositories, which only the worker may ask GitHub: rows of the inbox."""

from __future__ import annotations

from bot.domain.lanes import lane_of_repo
from bot.store import inbox
from bot.store.db import Db

#: The reason with which a row ends where no installation of ours was found.
UNCOVERED = "no installation covers it"
_KIND = "repo_wanted"


def put(db: Db, repo_id: int, full_name: str, now: float) -> int:
    """Have it found out whether the App is installed in a repository; returns the row, which may be there already."""
    lane = lane_of_repo(repo_id)
    inbox.put_once(db, _KIND, now=now, repo_id=repo_id, lane=lane, body=full_name.encode())
    found = db.row("SELECT id FROM inbox WHERE state = 'new' AND lane = ? AND kind = ?", lane, _KIND)
    assert found is not None  # noqa: S101 -- it was put in this transaction, if it was not there
    return int(found["id"])


def ended(db: Db, row_id: int) -> str | None:
    """Tell the reason with which a row was ended; None while it is still to be handled."""
    found = db.row("SELECT reason FROM inbox WHERE id = ? AND state IN ('done', 'dead')", row_id)
    return str(found["reason"]) if found else None
