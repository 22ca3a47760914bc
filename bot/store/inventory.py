"""What is configured in a repository: its kept inventory, and when each instance was last listed by anybody.

That an inventory lacks an instance is only a second fact: `atmos list instances --stack X --upload` looks complete
and is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from bot.domain.graph import Instance
from bot.store.db import Db


class Entry(NamedTuple):
    """One configured instance. A stack may have a terraform and a helmfile component of one name."""

    stack: str
    component: str
    type: str
    pro: bytes | None  # `settings.pro` as JSON


class Kept(NamedTuple):
    """Which inventory of a repository is kept."""

    sha: str
    at: float
    size: int


def seen(db: Db, repo_id: int, entries: Sequence[Entry], at: float) -> None:
    """Note that instances were listed. What uploads said of them is better, and stays."""
    db.conn.executemany(
        "INSERT INTO instances (repo_id, stack, component, pro, parents, seen_at, listed_at) "
        "VALUES (?, ?, ?, ?, '[]', 0, ?) ON CONFLICT (repo_id, stack, component) DO UPDATE SET "
        "pro = CASE WHEN seen_at = 0 THEN excluded.pro ELSE pro END, removed = 0, "
        "listed_at = max(listed_at, excluded.listed_at)",
        [(repo_id, entry.stack, entry.component, entry.pro, at) for entry in entries],
    )


def replace(db: Db, repo_id: int, entries: Sequence[Entry], *, sha: str, run_id: int, at: float) -> bool:
    """Keep an inventory in place of the one before; False where that one is of a newer run.

    What one run lists in several goes, stack by stack, adds up.
    """
    kept = db.row("SELECT run_id FROM inventories WHERE repo_id = ?", repo_id)
    if kept is not None and kept["run_id"] > run_id:
        return False
    if kept is not None and kept["run_id"] < run_id:
        db.write("DELETE FROM inventory WHERE repo_id = ?", repo_id)
    db.conn.executemany(
        "INSERT OR IGNORE INTO inventory (repo_id, stack, component, type) VALUES (?, ?, ?, ?)",
        [(repo_id, entry.stack, entry.component, entry.type) for entry in entries],
    )
    db.write(
        "INSERT OR REPLACE INTO inventories (repo_id, sha, run_id, at, size) "
        "SELECT ?, ?, ?, ?, count(*) FROM inventory WHERE repo_id = ?",
        *(repo_id, sha, run_id, at, repo_id),
    )
    return True


def has(db: Db, repo_id: int, instance: Instance) -> bool | None:
    """Tell whether the kept inventory has an instance; None where none is kept."""
    if of(db, repo_id) is None:
        return None
    sql = "SELECT 1 FROM inventory WHERE repo_id = ? AND stack = ? AND component = ? LIMIT 1"
    return db.row(sql, repo_id, instance.stack, instance.component) is not None


def of(db: Db, repo_id: int) -> Kept | None:
    """Tell which inventory of a repository is kept: of which commit, since when, and its number of instances."""
    row = db.row("SELECT sha, at, size FROM inventories WHERE repo_id = ?", repo_id)
    return Kept(row["sha"], row["at"], row["size"]) if row else None
