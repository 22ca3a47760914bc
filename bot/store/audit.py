"""Who did what, when and why: rows that are only ever added, kept for those who ask later."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bot.domain.desk import Entry
from bot.store.db import Db

#: For how long it is kept, in seconds: a year and some weeks.
KEPT = 400 * 86_400.0


@dataclass(frozen=True, slots=True)
class Line:
    """One row."""

    at: float
    repository: str  # as it is called now; empty where it is about all, or one that is not known any more
    pull: int  # 0 where it is about none
    entry: Entry


def note(db: Db, *, now: float, repo_id: int, actor: str, action: str, target: str, cause: str) -> None:
    """Note what somebody did; `target` is an instance or another thing, `cause` says why in a few words."""
    add(db, [Entry(actor, action, cause, instance=target)], repo_id=repo_id, now=now)


def add(db: Db, entries: Iterable[Entry], *, repo_id: int, now: float, lane: str = "") -> None:
    """Note what a decision did in a lane."""
    db.conn.executemany(
        "INSERT INTO audit (at, repo_id, lane, actor, action, rollout_id, target, cause) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [(now, repo_id, lane, one.actor, one.action, one.rollout_id, one.instance, one.cause) for one in entries],
    )


def since(db: Db, at: float, *, repo_id: int | None = None) -> Iterator[Line]:
    """Read what was noted since then, of one repository or of all, oldest first."""
    sql = (
        "SELECT audit.*, coalesce(owner || '/' || name, '') AS repository, coalesce(pull, 0) AS pull FROM audit "
        "LEFT JOIN repos ON repos.id = audit.repo_id LEFT JOIN rollouts ON rollouts.id = rollout_id "
        "WHERE audit.at >= ? AND (? IS NULL OR audit.repo_id = ?) ORDER BY audit.id"
    )
    for row in db.conn.execute(sql, (at, repo_id, repo_id)):
        entry = Entry(row["actor"], row["action"], row["cause"], row["rollout_id"], row["target"])
        yield Line(row["at"], row["repository"], row["pull"], entry)


def of_lane(db: Db, lane: str, number: int, limit: int) -> list[Line]:
    """Read the last rows about a pull request by its lane, newest first."""
    return [
        Line(row["at"], "", number, Entry(row["actor"], row["action"], row["cause"], row["rollout_id"], row["target"]))
        for row in db.rows("SELECT * FROM audit WHERE lane = ? ORDER BY id DESC LIMIT ?", lane, limit)
    ]


def latest(db: Db, lane: str) -> int:
    """Number the last row about a lane; 0 where there is none."""
    return db.rows("SELECT max(id) AS id FROM audit WHERE lane = ?", lane)[0]["id"] or 0


def prune(db: Db, now: float) -> None:
    """Forget what nobody asks for any more."""
    db.write("DELETE FROM audit WHERE at <= ?", now - KEPT)
