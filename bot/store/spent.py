"""What is good no more though it is signed: tokens and links that were used, visits that were left."""

from __future__ import annotations

from bot.store.db import Db


def spend(db: Db, token_id: str, *, until: float, now: float) -> bool:
    """Note that a token was used; False when it was before. What would not be taken any more anyway is forgotten."""
    db.write("DELETE FROM spent_tokens WHERE until <= ?", now)
    return db.write("INSERT OR IGNORE INTO spent_tokens (id, until) VALUES (?, ?)", token_id, until) > 0


def is_spent(db: Db, token_id: str) -> bool:
    """Tell whether something is good no more. What has ended by itself may be forgotten here."""
    return db.row("SELECT 1 FROM spent_tokens WHERE id = ?", token_id) is not None
