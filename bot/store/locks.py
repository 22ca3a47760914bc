"""Locks on instances. They belong to a repository, whatever its name is, and one that has ended counts as none."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.locks import Lock, Unlock, locked_by
from bot.domain.texts import rfc3339
from bot.store import audit, inbox
from bot.store.db import Db


def take(db: Db, repo_id: int, lock: Lock, now: float) -> None:
    """Lock, and have the lanes looked at that this may concern."""
    put(db, repo_id, lock, now)
    cause = f"until {rfc3339(lock.until)}" + (f": {lock.message}" if lock.message else "")
    audit.note(db, now=now, repo_id=repo_id, actor=lock.owner, action="lock", target=lock.name, cause=cause)
    inbox.nudge_waiting(db, now=now, repo_id=repo_id)


def end(db: Db, repo_id: int, unlock: Unlock, now: float) -> str:
    """Unlock, and have the lanes looked at that waited for it; returns whose lock it was, where it was another's."""
    held = get(db, repo_id, unlock.name, now)
    drop(db, repo_id, unlock.name)
    overruled = ""
    if held is not None:
        inbox.nudge_waiting(db, now=now, repo_id=repo_id)
        if held.holder != unlock.holder:
            overruled = f"it was {locked_by(held, rfc3339(held.until))}"
    cause = overruled or ("its own" if held is not None else "its own, which had ended")
    audit.note(db, now=now, repo_id=repo_id, actor=unlock.by, action="unlock", target=unlock.name, cause=cause)
    return overruled


def holding(db: Db, repo_id: int, now: float) -> dict[str, Lock]:
    """Read the locks of a repository that hold now, by name."""
    sql = "SELECT * FROM locks WHERE repo_id = ? AND expires_at > ?"
    return {row["name"]: _lock(row) for row in db.rows(sql, repo_id, now)}


def get(db: Db, repo_id: int, name: str, now: float) -> Lock | None:
    """Read the lock of this name, where it holds now."""
    row = db.row("SELECT * FROM locks WHERE repo_id = ? AND name = ? AND expires_at > ?", repo_id, name, now)
    return _lock(row) if row else None


def of_dispatch(db: Db, dispatch_id: str, now: float) -> Lock | None:
    """Read the lock that holds now on the instance of a dispatch."""
    row = db.row(
        "SELECT locks.* FROM dispatches JOIN steps USING (rollout_id, idx) "
        "JOIN locks ON locks.repo_id = dispatches.repo_id AND name = stack || '/' || component "
        "WHERE dispatches.id = ? AND expires_at > ?",
        *(dispatch_id, now),
    )
    return _lock(row) if row else None


def count(db: Db, repo_id: int, now: float) -> int:
    """Count the locks of a repository that hold now."""
    row = db.row("SELECT count(*) AS n FROM locks WHERE repo_id = ? AND expires_at > ?", repo_id, now)
    return int(row["n"]) if row else 0


def put(db: Db, repo_id: int, lock: Lock, now: float) -> None:
    """Keep a lock, in place of any other of its name."""
    db.write(
        "INSERT OR REPLACE INTO locks (repo_id, name, id, holder, owner, message, created_at, updated_at, expires_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        *(repo_id, lock.name, lock.id, lock.holder, lock.owner, lock.message, lock.since, now, lock.until),
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


def _lock(row: object) -> Lock:
    fields = dict(row)  # type: ignore[call-overload]
    lock = Lock(fields["name"], fields["id"], fields["owner"], fields["message"], fields["expires_at"])
    return replace(lock, holder=fields["holder"], since=fields["created_at"])
