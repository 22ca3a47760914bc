"""Parts of a report that comes in several requests. They stay for a day, so that a repeated part is known as such."""

from __future__ import annotations

import hashlib
from enum import StrEnum

from bot.store.db import Db

#: As large as all parts of a batch may be together, in bytes: whoever works it has them all in memory.
MOST_BYTES = 256 * 1024 * 1024

_BATCH = "kind = ? AND repo_id = ? AND credential = ? AND batch_id = ?"


class Put(StrEnum):
    """What became of a part."""

    TAKEN = "taken"  # there are more to come
    COMPLETE = "complete"  # it was the last one that was missing
    KNOWN = "known"  # the same part is here already
    OTHER = "other"  # another part has its place, or the batch has another total
    TOO_LARGE = "too large"  # the batch would be, so that it is never whole


def put(
    db: Db,
    *,
    kind: str = "upload",
    repo_id: int,
    credential: str,
    batch_id: str,
    index: int,
    total: int,
    body: bytes,
    now: float,
) -> Put:
    """Add a part of a batch. `kind` is that of the input, `index` counts from 0."""
    batch = (kind, repo_id, credential, batch_id)
    digest = hashlib.sha256(body).hexdigest()
    if db.row(f"SELECT 1 FROM chunks WHERE {_BATCH} AND batch_total != ? LIMIT 1", *batch, total):  # noqa: S608
        return Put.OTHER
    known = db.row(f"SELECT digest FROM chunks WHERE {_BATCH} AND batch_index = ?", *batch, index)  # noqa: S608
    if known is not None:
        return Put.KNOWN if known["digest"] == digest else Put.OTHER
    sql = f"SELECT count(*) AS n, total(length(body)) AS size FROM chunks WHERE {_BATCH}"  # noqa: S608
    here = db.rows(sql, *batch)[0]
    if here["size"] + len(body) > MOST_BYTES:
        return Put.TOO_LARGE
    db.write(
        "INSERT INTO chunks (kind, repo_id, credential, batch_id, batch_index, batch_total, digest, body, at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        *(*batch, index, total, digest, body, now),
    )
    return Put.COMPLETE if here["n"] + 1 == total else Put.TAKEN


def bodies(db: Db, *, kind: str = "upload", repo_id: int, credential: str, batch_id: str) -> list[bytes]:
    """Read the parts of a batch in their order."""
    sql = f"SELECT body FROM chunks WHERE {_BATCH} ORDER BY batch_index"  # noqa: S608
    return [row["body"] for row in db.rows(sql, kind, repo_id, credential, batch_id)]


def prune(db: Db, now: float) -> None:
    """Forget batches, whole or half, that got nothing new for a day. One that is still to be worked stays."""
    # The input of a whole batch came with its last part, at the same moment.
    db.write(
        "WITH old AS (SELECT kind, repo_id, credential, batch_id, max(at) AS at FROM chunks GROUP BY 1, 2, 3, 4 "
        "HAVING max(at) < ?) DELETE FROM chunks WHERE (kind, repo_id, credential, batch_id) IN "
        "(SELECT kind, repo_id, credential, batch_id FROM old WHERE NOT EXISTS (SELECT 1 FROM inbox WHERE "
        "state IN ('new', 'parked') AND inbox.kind = old.kind AND inbox.repo_id = old.repo_id AND inbox.at = old.at))",
        now - 86_400.0,
    )
