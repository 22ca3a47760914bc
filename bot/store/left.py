"""Inputs of a kind that only a newer version knows: it takes them, while the older one still works."""

from __future__ import annotations

from bot.store import inbox
from bot.store.db import Db

_KEY = "newer"


def leave(db: Db, row: inbox.Row) -> None:
    """Leave a row to the newer version that put it there."""
    reason = f"this version does not know {row.kind}; a newer one put it here, and handles it"
    inbox.park(db, row.id, _KEY, repo_id=None, reason=reason)


def take_up(db: Db) -> None:
    """Take up again what an older version left."""
    db.write("UPDATE inbox SET state = 'new', park = NULL WHERE state = 'parked' AND park = ?", _KEY)


def give_up(db: Db, before: float, now: float) -> None:
    """Give up, visibly, what came before `before` and no newer version came for."""
    rows = db.rows("SELECT id, kind FROM inbox WHERE state = 'parked' AND park = ? AND at < ?", _KEY, before)
    for row in rows:
        inbox.bury(db, row["id"], now=now, reason=f"no version that knows {row['kind']} has worked here since")
