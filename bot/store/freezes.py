"""Freezes: while one holds nothing is applied, in one repository or in all."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.names import shown
from bot.store import audit, inbox
from bot.store.db import Db

#: Stands for all repositories.
ALL = 0
#: A reason has at most this many characters.
LONGEST = 200


@dataclass(frozen=True, slots=True)
class Freeze:
    """A freeze that holds."""

    repo_id: int  # ALL for all
    reason: str
    by: str
    at: float


def begin(db: Db, freeze: Freeze) -> None:
    """Freeze a repository, or all, in place of an earlier freeze of the same; it is noted, and shown everywhere."""
    sql = "INSERT OR REPLACE INTO freezes (repo_id, reason, by, at) VALUES (?, ?, ?, ?)"
    db.write(sql, freeze.repo_id, freeze.reason, freeze.by, freeze.at)
    _tell(db, freeze.repo_id, "freeze", freeze.by, freeze.reason, freeze.at)


def end(db: Db, repo_id: int, *, by: str, now: float) -> bool:
    """End the freeze of a repository, or that of all, so that everything goes on; False where there was none."""
    was = on(db, repo_id)
    if not db.write("DELETE FROM freezes WHERE repo_id = ?", repo_id):
        return False
    _tell(db, repo_id, "unfreeze", by, f"it was {was}", now)
    return True


def _tell(db: Db, repo_id: int, action: str, by: str, cause: str, now: float) -> None:
    audit.note(db, now=now, repo_id=repo_id, actor=by, action=action, target="", cause=cause)
    inbox.nudge_unfinished(db, now=now, repo_id=None if repo_id == ALL else repo_id)


def everything(db: Db) -> list[Freeze]:
    """List the freezes that hold."""
    return [
        Freeze(row["repo_id"], row["reason"], row["by"], row["at"])
        for row in db.rows("SELECT * FROM freezes ORDER BY repo_id")
    ]


def on(db: Db, repo_id: int) -> str:
    """Say why nothing is applied in a repository now, as in "frozen by dora: …"; empty where it is."""
    row = db.row("SELECT * FROM freezes WHERE repo_id IN (?, ?) ORDER BY repo_id DESC LIMIT 1", repo_id, ALL)
    return f"frozen by {shown(row['by'])}: {shown(row['reason'], LONGEST)}" if row else ""
