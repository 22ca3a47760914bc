"""Who overruled what: kept for those who ask later."""

from __future__ import annotations

from bot.store.db import Db

#: For how long it is kept, in seconds: a year and some weeks.
KEPT = 400 * 86_400.0


def note(db: Db, *, now: float, repo_id: int, actor: str, action: str, target: str, cause: str) -> None:
    """Note what somebody did to what was another's; `cause` says whose it was, in a few words."""
    db.write(
        "INSERT INTO audit (at, repo_id, actor, action, target, cause) VALUES (?, ?, ?, ?, ?, ?)",
        *(now, repo_id, actor, action, target, cause),
    )


def prune(db: Db, now: float) -> None:
    """Forget what nobody asks for any more."""
    db.write("DELETE FROM audit WHERE at <= ?", now - KEPT)
