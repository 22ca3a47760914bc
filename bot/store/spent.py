"""Identity tokens that were exchanged already: each counts once."""

from __future__ import annotations

from bot.store.db import Db


def spend(db: Db, token_id: str, *, until: float, now: float) -> bool:
    """Note that a token was used; False when it was before. What would not be taken any more anyway is forgotten."""
    db.write("DELETE FROM spent_tokens WHERE until <= ?", now)
    return db.write("INSERT OR IGNORE INTO spent_tokens (id, until) VALUES (?, ?)", token_id, until) > 0
