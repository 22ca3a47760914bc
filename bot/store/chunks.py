"""Parts of an upload that come in several requests. They stay for a day, so that a repeated part is known as such."""

from __future__ import annotations

import hashlib
from enum import StrEnum

from bot.store.db import Db


class Put(StrEnum):
    """What became of a part."""

    TAKEN = "taken"  # there are more to come
    COMPLETE = "complete"  # it was the last one that was missing
    KNOWN = "known"  # the same part is here already
    OTHER = "other"  # another part has its place, or the batch has another total


def put(
    db: Db, *, repo_id: int, credential: str, batch_id: str, index: int, total: int, body: bytes, now: float
) -> Put:
    """Add a part of a batch. `index` counts from 0."""
    batch = (repo_id, credential, batch_id)
    digest = hashlib.sha256(body).hexdigest()
    where = "WHERE repo_id = ? AND credential = ? AND batch_id = ?"
    if db.row(f"SELECT 1 FROM chunks {where} AND batch_total != ? LIMIT 1", *batch, total):  # noqa: S608
        return Put.OTHER
    known = db.row(f"SELECT digest FROM chunks {where} AND batch_index = ?", *batch, index)  # noqa: S608
    if known is not None:
        return Put.KNOWN if known["digest"] == digest else Put.OTHER
    db.write("INSERT INTO chunks VALUES (?, ?, ?, ?, ?, ?, ?, ?)", *batch, index, total, digest, body, now)
    here = db.row(f"SELECT count(*) AS n FROM chunks {where}", *batch)  # noqa: S608
    return Put.COMPLETE if here is not None and here["n"] == total else Put.TAKEN


def bodies(db: Db, *, repo_id: int, credential: str, batch_id: str) -> list[bytes]:
    """Read the parts of a batch in their order."""
    sql = "SELECT body FROM chunks WHERE repo_id = ? AND credential = ? AND batch_id = ? ORDER BY batch_index"
    return [row["body"] for row in db.rows(sql, repo_id, credential, batch_id)]


def prune(db: Db, now: float) -> None:
    """Forget batches, whole or half, that got nothing new for a day."""
    db.write(
        "DELETE FROM chunks WHERE (repo_id, credential, batch_id) IN "
        "(SELECT repo_id, credential, batch_id FROM chunks GROUP BY 1, 2, 3 HAVING max(at) < ?)",
        now - 86_400.0,
    )
