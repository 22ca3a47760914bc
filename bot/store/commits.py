"""Commits that are worked without a pull request: of merge queues, and of releases."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from bot.domain.lanes import is_server_run
from bot.domain.model import Commit
from bot.store.db import Db

_encode = msgspec.json.Encoder().encode
_commit = msgspec.json.Decoder(Commit).decode


def save(db: Db, commit: Commit) -> None:
    """Write a commit; a lane has one at a time."""
    db.write(
        "INSERT OR REPLACE INTO commits (lane, repo_id, sha, pull, facts) VALUES (?, ?, ?, ?, ?)",
        *(commit.lane, commit.repo_id, commit.sha, commit.pull, _encode(commit)),
    )


def get(db: Db, lane: str) -> Commit | None:
    """Read the commit of a lane."""
    row = db.row("SELECT facts FROM commits WHERE lane = ?", lane)
    return _commit(row["facts"]) if row else None


def of_sha(db: Db, repo_id: int, sha: str) -> list[Commit]:
    """Find what GitHub told of a commit (7 or more digits), the latest first."""
    return _latest(one for one in at(db, repo_id, sha) if not is_server_run(one.lane))


def at(db: Db, repo_id: int, sha: str) -> list[Commit]:
    """Find what is worked at a commit (7 or more digits), also what was started on the server."""
    sql = "SELECT facts FROM commits WHERE repo_id = ? AND sha >= ? AND sha < ? || 'g'"
    return [_commit(row["facts"]) for row in db.rows(sql, repo_id, sha, sha)]


def of_pull(db: Db, repo_id: int, number: int) -> list[Commit]:
    """Find the merge queue's tries of a pull request, the latest first."""
    sql = "SELECT facts FROM commits WHERE repo_id = ? AND pull = ? AND pull"
    return _latest(_commit(row["facts"]) for row in db.rows(sql, repo_id, number))


def _latest(found: Iterable[Commit]) -> list[Commit]:
    return sorted(found, key=lambda commit: (commit.since, commit.lane), reverse=True)
