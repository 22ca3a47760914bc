"""Who overruled what: kept for those who ask later."""

from __future__ import annotations

from bot.store.db import Db


def note(db: Db, *, now: float, repo_id: int, actor: str, action: str, target: str, cause: str) -> None:
    """Note what somebody did to what was another's; `cause` says whose it was, in a few words."""
    db.write(
        "INSERT INTO audit (at, repo_id, actor, action, target, cause) VALUES (?, ?, ?, ?, ?, ?)",
        *(now, repo_id, actor, action, target, cause),
    )
