"""What was given up, of what came in and of what was to be sent; and another chance for it."""

from __future__ import annotations

from dataclasses import dataclass

from bot.store import audit
from bot.store.db import Db

#: A dispatch that was refused is told on its pull request, and its row stays: for so long, in seconds, it is listed.
_RUNS_LISTED = 8 * 86_400.0


@dataclass(frozen=True, slots=True)
class Dead:
    """A row that was given up."""

    key: str  # names it in its table
    kind: str
    repository: str  # owner/name; empty where it is not known
    lane: str  # empty where it has none
    since: float  # when it came, or was wished
    at: float  # when it was given up
    attempts: int
    error: str
    again: bool  # it can have another chance


def came_in(db: Db, limit: int) -> list[Dead]:
    """Read the inputs that were given up last, newest first."""
    sql = (
        "SELECT inbox.*, coalesce(owner || '/' || name, '') AS repository FROM inbox "
        "LEFT JOIN repos ON repos.id = repo_id WHERE state = 'dead' ORDER BY done_at DESC, inbox.id DESC LIMIT ?"
    )
    return [
        Dead(
            key=str(row["id"]),
            kind=row["kind"],
            repository=row["repository"],
            lane=row["lane"] or "",
            since=row["at"],
            at=row["done_at"] or row["at"],
            attempts=row["attempts"],
            error=row["reason"],
            again=row["body"] is not None,
        )
        for row in db.rows(sql, limit)
    ]


def to_send(db: Db, now: float, limit: int) -> list[Dead]:
    """Read the wishes that were given up last, newest first."""
    sql = (
        "SELECT outbox.*, coalesce(owner || '/' || name, '') AS repository FROM outbox "
        "LEFT JOIN repos ON repos.id = repo_id WHERE state = 'dead' AND want > done AND (kind != 'run' OR due > ?) "
        "ORDER BY due DESC, key LIMIT ?"
    )
    return [
        Dead(
            key=row["key"],
            kind=row["kind"],
            repository=row["repository"],
            lane=row["lane"],
            since=row["since"],
            at=row["due"],
            attempts=row["attempts"],
            error=row["error"],
            again=row["kind"] != "run",
        )
        for row in db.rows(sql, now - _RUNS_LISTED, limit)
    ]


def counts(db: Db, now: float) -> tuple[int, int]:
    """Count the inputs and the wishes that were given up."""
    inputs = db.rows("SELECT count(*) AS n FROM inbox WHERE state = 'dead'")[0]["n"]
    sql = "SELECT count(*) AS n FROM outbox WHERE state = 'dead' AND want > done AND (kind != 'run' OR due > ?)"
    return inputs, db.rows(sql, now - _RUNS_LISTED)[0]["n"]


def take_again(db: Db, row_id: int, *, by: str, now: float) -> bool:
    """Have an input handled once more; False where it is not dead any more."""
    row = db.row("SELECT * FROM inbox WHERE id = ? AND state = 'dead' AND body IS NOT NULL", row_id)
    if row is None:
        return False
    # It keeps its lane: our own kinds of input come with one, and are not placed.
    db.write(
        "UPDATE inbox SET state = 'new', due = ?, attempts = 0, reason = '', done_at = NULL WHERE id = ?", now, row_id
    )
    _note(db, row["repo_id"] or 0, row["kind"], row["reason"], by=by, now=now)
    return True


def send_again(db: Db, key: str, *, by: str, now: float) -> bool:
    """Have a wish fulfilled after all; False where it is not dead any more.

    Not a run: its rollout knows that it was not sent, and goes on by what people say there.
    """
    row = db.row("SELECT * FROM outbox WHERE key = ? AND state = 'dead' AND want > done AND kind != 'run'", key)
    if row is None:
        return False
    # Its attempts stay: what may have been sent is looked for first.
    db.write("UPDATE outbox SET state = 'open', since = ?, due = ?, error = '' WHERE key = ?", now, now, key)
    _note(db, row["repo_id"], key, row["error"], by=by, now=now)
    return True


def _note(db: Db, repo_id: int, what: str, error: str, *, by: str, now: float) -> None:
    cause = f"{what} was given up: {error}"
    audit.note(db, now=now, repo_id=repo_id, actor=by, action="redeliver", target="", cause=cause)
