"""Locks on instances. They belong to a repository, whatever its name is, and one that has ended counts as none."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.locks import Lock
from bot.store.db import Db


@dataclass(frozen=True, slots=True)
class Held:
    """A lock that holds, and whose it is."""

    lock: Lock
    holder: str  # the same for all requests of one run, or of one key
    created_at: float
    updated_at: float


def holding(db: Db, repo_id: int, now: float) -> dict[str, Lock]:
    """Read the locks of a repository that hold now, by name."""
    sql = "SELECT * FROM locks WHERE repo_id = ? AND expires_at > ?"
    return {row["name"]: _held(row).lock for row in db.rows(sql, repo_id, now)}


def get(db: Db, repo_id: int, name: str, now: float) -> Held | None:
    """Read the lock of this name, where it holds now."""
    row = db.row("SELECT * FROM locks WHERE repo_id = ? AND name = ? AND expires_at > ?", repo_id, name, now)
    return _held(row) if row else None


def of_dispatch(db: Db, dispatch_id: str, now: float) -> Lock | None:
    """Read the lock that holds now on the instance of a dispatch."""
    row = db.row(
        "SELECT locks.* FROM dispatches JOIN steps USING (rollout_id, idx) "
        "JOIN locks ON locks.repo_id = dispatches.repo_id AND name = stack || '/' || component "
        "WHERE dispatches.id = ? AND expires_at > ?",
        *(dispatch_id, now),
    )
    return _held(row).lock if row else None


def count(db: Db, repo_id: int, now: float) -> int:
    """Count the locks of a repository that hold now."""
    row = db.row("SELECT count(*) AS n FROM locks WHERE repo_id = ? AND expires_at > ?", repo_id, now)
    return int(row["n"]) if row else 0


def put(db: Db, repo_id: int, held: Held) -> None:
    """Keep a lock, in place of any other of its name."""
    lock = held.lock
    db.write(
        "INSERT OR REPLACE INTO locks (repo_id, name, id, holder, owner, message, created_at, updated_at, expires_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        *(repo_id, lock.name, lock.id, held.holder, lock.owner, lock.message),
        *(held.created_at, held.updated_at, lock.until),
    )


def drop(db: Db, repo_id: int, name: str) -> None:
    """End a lock."""
    db.write("DELETE FROM locks WHERE repo_id = ? AND name = ?", repo_id, name)


def last_of(db: Db, repo_id: int, name: str, holder: str) -> bool:
    """Tell whether the last lock of this name, holding or not, was this holder's."""
    row = db.row("SELECT 1 FROM locks WHERE repo_id = ? AND name = ? AND holder = ?", repo_id, name, holder)
    return row is not None


def prune(db: Db, now: float) -> None:
    """Forget locks that ended a day ago: till then whoever had one may still unlock it."""
    db.write("DELETE FROM locks WHERE expires_at <= ?", now - 86_400.0)


def _held(row: object) -> Held:
    fields = dict(row)  # type: ignore[call-overload]
    lock = Lock(fields["name"], fields["id"], fields["owner"], fields["message"], fields["expires_at"])
    return Held(lock, fields["holder"], fields["created_at"], fields["updated_at"])
