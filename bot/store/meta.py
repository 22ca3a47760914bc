"""Small facts about the whole database, and what was had sent again."""

from __future__ import annotations

from bot.store.db import Db

#: When the database was last restored from a backup.
RESTORED_AT = "restored_at"
#: How many runs were started on the server so far.
SERVER_RUNS = "server_runs"


def get(db: Db, key: str, default: float = 0.0) -> float:
    """Read a number."""
    row = db.row("SELECT value FROM meta WHERE key = ?", key)
    return float(row["value"]) if row else default


def put(db: Db, key: str, value: float) -> None:
    """Write a number."""
    db.write("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", key, repr(value))


def count(db: Db, key: str) -> int:
    """Count one more; returns how many there are now."""
    more = int(get(db, key)) + 1
    put(db, key, more)
    return more


def redelivered(db: Db, guid: str, now: float, most: int) -> bool:
    """Count one more redelivery of a webhook; False when it has had its share."""
    sql = (
        "INSERT INTO redeliveries (guid, tries, at) VALUES (?, 1, ?) ON CONFLICT (guid) "
        "DO UPDATE SET tries = tries + 1, at = excluded.at WHERE tries < ?"
    )
    return db.write(sql, guid, now, most) > 0


def prune(db: Db, now: float) -> None:
    """Forget redeliveries that GitHub's own log has forgotten."""
    db.write("DELETE FROM redeliveries WHERE at < ?", now - 8 * 86_400.0)
