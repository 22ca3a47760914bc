"""Every input is a row here before it is answered, and leaves only when it is done.

A row is `new` (to be handled when due), `parked` (it waits for something to become known), `done`, or `dead` (it
cannot be handled; shown to the operator). A row without a lane has not been placed yet.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from typing import Any

from bot.store.db import Db


@dataclass(frozen=True, slots=True)
class Row:
    """One input."""

    id: int
    kind: str  # GitHub's event name, or one of our own words (see bot.events)
    repo_id: int | None
    lane: str | None
    body: bytes
    at: float  # when it was received
    attempts: int
    ours: bool = False  # it is not GitHub's: our own web side or worker put it there


def put(
    db: Db,
    kind: str,
    body: bytes,
    *,
    now: float,
    guid: str | None = None,
    repo_id: int | None = None,
    lane: str | None = None,
    due: float | None = None,
) -> bool:
    """Add an input; False when its GUID is known and need not be handled again.

    A redelivery carries the same GUID. It counts as known once the first is on disk, unless that one is dead: then
    it gets another chance.
    """
    changed = db.write(
        "INSERT INTO inbox (kind, guid, repo_id, lane, body, at, due) VALUES (?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (guid) DO UPDATE SET state = 'new', due = excluded.due, body = excluded.body, attempts = 0, "
        "reason = '', lane = NULL, done_at = NULL WHERE state = 'dead'",
        kind,
        guid,
        repo_id,
        lane,
        body,
        now,
        now if due is None else due,
    )
    return changed > 0


def put_once(db: Db, kind: str, *, now: float, repo_id: int, lane: str, body: bytes = b"") -> None:
    """Add an input for a lane unless one of its kind is still to be handled."""
    db.write(
        "INSERT INTO inbox (kind, repo_id, lane, body, at, due) SELECT ?, ?, ?, ?, ?, ? WHERE NOT EXISTS "
        "(SELECT 1 FROM inbox WHERE state = 'new' AND lane = ? AND kind = ?)",
        kind,
        repo_id,
        lane,
        body,
        now,
        now,
        lane,
        kind,
    )


def look_at(db: Db, *, lane: str, repo_id: int, at: float) -> None:
    """Have a lane looked at when a lock ends. There is one such look for a lane, and its latest time counts."""
    # It counts as received when it is due: till then nobody is late.
    sql = "UPDATE inbox SET at = ?, due = ? WHERE state = 'new' AND lane = ? AND kind = 'lock_ends'"
    if not db.write(sql, at, at, lane):
        put(db, "lock_ends", b"", now=at, repo_id=repo_id, lane=lane)


def nudge_waiting(db: Db, *, now: float, repo_id: int | None = None) -> None:
    """Have every lane looked at that has a step which may go, of one repository or of all."""
    sql = "SELECT DISTINCT repo_id, lane FROM waiting WHERE ? IS NULL OR repo_id = ?"
    for queue in db.rows(sql, repo_id, repo_id):
        put_once(db, "nudge", now=now, repo_id=queue["repo_id"], lane=queue["lane"])


def nudge_unfinished(db: Db, *, now: float, repo_id: int | None = None) -> None:
    """Have every lane looked at that has anything to go, to apply or to merge, of one repository or of all."""
    nudge_waiting(db, now=now, repo_id=repo_id)
    sql = (
        "SELECT repo_id, lane FROM places WHERE (status = '' OR open) AND (? IS NULL OR repo_id = ?) UNION "
        "SELECT repo_id, repo_id || '#' || number FROM pulls WHERE open AND (? IS NULL OR repo_id = ?)"
    )
    for one in db.rows(sql, repo_id, repo_id, repo_id, repo_id):
        put_once(db, "nudge", now=now, repo_id=one["repo_id"], lane=one["lane"])


def has(db: Db, kind: str, *, lane: str) -> bool:
    """Tell whether a lane has an input of a kind still to handle."""
    return db.row("SELECT 1 FROM inbox WHERE state = 'new' AND lane = ? AND kind = ?", lane, kind) is not None


def drop(db: Db, kind: str, *, lane: str) -> None:
    """Take back the inputs of a kind that a lane has still to handle: nobody needs them any more."""
    db.write("DELETE FROM inbox WHERE state = 'new' AND lane = ? AND kind = ?", lane, kind)


def unplaced(db: Db, limit: int = 100) -> list[Row]:
    """Read the oldest rows that have no lane yet."""
    sql = "SELECT * FROM inbox WHERE state = 'new' AND lane IS NULL ORDER BY id LIMIT ?"
    return [_row(row) for row in db.rows(sql, limit)]


def place(db: Db, row_id: int, *, lane: str, repo_id: int | None) -> None:
    """Say which lane an input belongs to."""
    db.write("UPDATE inbox SET lane = ?, repo_id = coalesce(?, repo_id) WHERE id = ?", lane, repo_id, row_id)


def park(db: Db, row_id: int, key: str, *, repo_id: int | None, reason: str) -> None:
    """Put a row aside until `key` becomes known."""
    db.write(
        "UPDATE inbox SET state = 'parked', park = ?, repo_id = coalesce(?, repo_id), reason = ? WHERE id = ?",
        key,
        repo_id,
        reason,
        row_id,
    )


def unpark(db: Db, key: str) -> int:
    """Take up again what waited for `key`; returns how many rows."""
    return db.write("UPDATE inbox SET state = 'new', park = NULL, lane = NULL WHERE state = 'parked' AND park = ?", key)


def unpark_commit(db: Db, repo_id: int, sha: str) -> int:
    """Take up again what waited for a commit, under its whole id or a short one; returns how many rows."""
    sql = "UPDATE inbox SET state = 'new', park = NULL, lane = NULL WHERE state = 'parked' AND ? LIKE park || '%'"
    return db.write(sql, f"commit:{repo_id}:{sha}")


def unpark_known(db: Db) -> int:
    """Take up again what waits for something that is known: it became so while the row was on its way to be parked."""
    # Each is looked up by an index of its own: there may be thousands of rows, pull requests and dispatches.
    sha = "substr(park, length('commit:' || inbox.repo_id || ':') + 1)"
    heads, merges = (
        f"SELECT 1 FROM pulls WHERE pulls.repo_id = inbox.repo_id AND {column} != '' "  # noqa: S608 -- our own names
        f"AND {column} >= {sha} AND {column} < {sha} || 'g'"
        for column in ("head_sha", "merge_sha")
    )
    tries = f"SELECT 1 FROM commits WHERE repo_id = inbox.repo_id AND sha >= {sha} AND sha < {sha} || 'g' "  # noqa: S608
    tries += "AND lane NOT LIKE '%~%'"  # nothing is uploaded for what was started on the server
    return db.write(
        "UPDATE inbox SET state = 'new', park = NULL, lane = NULL WHERE state = 'parked' AND ("  # noqa: S608
        f"park LIKE 'commit:%' AND (EXISTS ({heads}) OR EXISTS ({merges}) OR EXISTS ({tries})) OR park LIKE 'run:%' "
        "AND EXISTS (SELECT 1 FROM dispatches WHERE run_id = substr(park, 5) + 0 AND run_id != 0))"
    )


def expire_parked(db: Db, before: float, now: float) -> list[Row]:
    """End what has been parked since before `before`; returns the uploads, which somebody may miss.

    The rest, such as runs of commits without a pull request, concerned nobody here.
    """
    reason = "nothing that it belongs to appeared within 24 hours"
    rows = [_row(row) for row in db.rows("SELECT * FROM inbox WHERE state = 'parked' AND at < ?", before)]
    for row in rows:
        end = bury if row.kind == "upload" else finish
        end(db, row.id, now=now, reason=reason)
    return [row for row in rows if row.kind == "upload"]


def heads(db: Db, now: float, limit: int, after: str = "", busy: Container[str] = ()) -> list[Row]:
    """Read the row that each lane handles next; lanes that are `busy`, or whose next row is not due, are passed over.

    Walks from lane to lane by the index, so that a lane with many rows costs no more than one with a single row, and
    starts behind the lane `after`, so that where there are more lanes than `limit` each has its turn.
    """
    found = _heads_between(db, now, limit, after, None, busy)
    if len(found) < limit and after:
        found += _heads_between(db, now, limit - len(found), "", after, busy)
    # Bodies may be large, so they are read only of what is handled now.
    rows = (db.row("SELECT * FROM inbox WHERE id = ?", row_id) for row_id in found)
    return [_row(row) for row in rows if row is not None]


def _heads_between(db: Db, now: float, limit: int, lane: str, last: str | None, busy: Container[str]) -> list[int]:
    """Find the next rows of the lanes after `lane`, up to `last` (included) where there is one."""
    found: list[int] = []
    while len(found) < limit:
        head = db.row(
            "SELECT id, lane, due FROM inbox WHERE state = 'new' AND lane IS NOT NULL AND lane > ? "
            "AND (due <= ? OR kind NOT IN ('nudge', 'look_again', 'lock_ends')) ORDER BY lane, id LIMIT 1",
            lane,
            now,
        )
        if head is None or (last is not None and head["lane"] > last):
            break
        lane = head["lane"]
        if lane in busy:
            continue
        if head["due"] <= now:
            found.append(head["id"])
            continue
        # A row in back-off holds later uploads and what people say in its lane, but not later news of GitHub's.
        other = db.row(
            "SELECT id FROM inbox WHERE state = 'new' AND lane = ? AND due <= ? "
            "AND kind NOT IN ('upload', 'issue_comment', 'check_run', 'check_suite') ORDER BY id LIMIT 1",
            lane,
            now,
        )
        if other is not None:
            found.append(other["id"])
    return found


def waiting(db: Db, kind: str, *, repo_id: int) -> list[Row]:
    """Read the inputs of a kind that a repository has still to handle."""
    sql = "SELECT * FROM inbox WHERE state = 'new' AND lane IS NOT NULL AND kind = ? AND repo_id = ? ORDER BY id"
    return [_row(row) for row in db.rows(sql, kind, repo_id)]


def outcome(db: Db, guid: str) -> tuple[str, str]:
    """Tell the state of an input, and why it is in that."""
    row = db.row("SELECT state, reason FROM inbox WHERE guid = ?", guid)
    return (row["state"], row["reason"]) if row else ("", "")


def failed_uploads(db: Db, lane: str, since: float) -> list[str]:
    """Tell why uploads of a lane were given up since then, the latest first."""
    sql = "SELECT reason FROM inbox WHERE state = 'dead' AND lane = ? AND kind = 'upload' AND at >= ? ORDER BY id DESC"
    return [row["reason"] for row in db.rows(sql, lane, since)]


def finish(db: Db, row_id: int, *, now: float, reason: str) -> None:
    """Mark a row as handled, with the decision's reason."""
    db.write("UPDATE inbox SET state = 'done', done_at = ?, reason = ? WHERE id = ?", now, reason, row_id)


def later(db: Db, row_id: int, *, due: float, reason: str, counted: bool = True) -> None:
    """Try a row again at `due`; a pause by GitHub's limits is not counted as an attempt."""
    db.write(
        "UPDATE inbox SET due = ?, reason = ?, attempts = attempts + ? WHERE id = ?", due, reason, int(counted), row_id
    )


def bury(db: Db, row_id: int, *, now: float, reason: str) -> None:
    """Give a row up, visibly."""
    db.write("UPDATE inbox SET state = 'dead', park = NULL, done_at = ?, reason = ? WHERE id = ?", now, reason, row_id)


def next_due(db: Db) -> float | None:
    """Tell when the next row is due; None when nothing waits."""
    found = db.row("SELECT min(due) AS due FROM inbox WHERE state = 'new'")
    return found["due"] if found else None


def depth(db: Db) -> dict[str, int]:
    """Count rows by state, for metrics: new, parked and dead ones."""
    rows = db.rows("SELECT state, count(*) AS n FROM inbox WHERE state != 'done' GROUP BY state")
    return {row["state"]: row["n"] for row in rows}


def oldest(db: Db, now: float) -> float:
    """Tell the age in seconds of the oldest row that is due and not handled."""
    found = db.row("SELECT min(at) AS at FROM inbox WHERE state = 'new' AND due <= ?", now)
    return max(0.0, now - found["at"]) if found and found["at"] is not None else 0.0


def prune(db: Db, now: float) -> None:
    """Forget bodies of finished rows after a day, and the rows (their GUIDs) after eight."""
    day = 86_400.0
    db.write("UPDATE inbox SET body = NULL WHERE body IS NOT NULL AND state = 'done' AND done_at < ?", now - day)
    db.write("DELETE FROM inbox WHERE state IN ('done', 'dead') AND done_at < ?", now - 8 * day)


def _row(row: Any) -> Row:
    body, ours = row["body"] or b"", row["guid"] is None
    return Row(row["id"], row["kind"], row["repo_id"], row["lane"], body, row["at"], row["attempts"], ours)
