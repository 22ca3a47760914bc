"""Pull requests, and the runs that may upload for them."""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

from bot.domain.facts import RunFacts
from bot.domain.model import Approval, Pull, Unconfirmed
from bot.store.db import Db

_FIELDS = tuple(Pull.__slots__)
_encode = msgspec.json.Encoder().encode
_pushes = msgspec.json.Decoder(tuple[float, ...]).decode
_approved = msgspec.json.Decoder(tuple[Approval, ...]).decode
_unconfirmed = msgspec.json.Decoder(Unconfirmed).decode


def save(db: Db, pull: Pull) -> None:
    """Write a pull request. Its picture's address gets an unguessable part when it is first seen."""
    names = ", ".join(_FIELDS)
    updates = ", ".join(f"{name} = excluded.{name}" for name in _FIELDS)
    marks = ", ".join("?" * len(_FIELDS))
    db.write(
        f"INSERT INTO pulls ({names}, token) VALUES ({marks}, ?) "  # noqa: S608 -- names of our own fields
        f"ON CONFLICT (repo_id, number) DO UPDATE SET {updates}",
        *(_encode(value) if isinstance(value, tuple | Unconfirmed) else value for value in _values(pull)),
        secrets.token_urlsafe(24),
    )


def _values(pull: Pull) -> list[object]:
    return [getattr(pull, name) for name in _FIELDS]


def get(db: Db, repo_id: int, number: int) -> Pull | None:
    """Read a pull request."""
    return _pull(db.row("SELECT * FROM pulls WHERE repo_id = ? AND number = ?", repo_id, number))


def token(db: Db, repo_id: int, number: int) -> str:
    """Read the unguessable part of a pull request's addresses."""
    row = db.row("SELECT token FROM pulls WHERE repo_id = ? AND number = ?", repo_id, number)
    return str(row["token"]) if row else ""


def of_token(db: Db, token: str) -> Pull | None:
    """Find the pull request that has this unguessable part in its addresses."""
    return _pull(db.row("SELECT * FROM pulls WHERE token = ?", token))


def of_commit(db: Db, repo_id: int, sha: str) -> list[Pull]:
    """Find the pull requests that have a commit (7 or more digits) as their head or their merge commit."""
    found: dict[int, Pull] = {}
    for column in ("head_sha", "merge_sha"):
        known = f"{column} != '' AND {column} >= ? AND {column} < ? || 'g'"
        for row in db.rows(f"SELECT * FROM pulls WHERE repo_id = ? AND {known}", repo_id, sha, sha):  # noqa: S608
            pull = _pull(row)
            if pull is not None:
                found[pull.number] = pull
    return [found[number] for number in sorted(found)]


def of_branch(db: Db, repo_id: int, branch: str) -> list[int]:
    """Number the open pull requests whose head is this branch of the repository itself."""
    sql = "SELECT number FROM pulls WHERE repo_id = ? AND open AND NOT fork AND head_ref = ?"
    return [row["number"] for row in db.rows(sql, repo_id, branch)]


def believed_open(db: Db, repo_id: int) -> list[Pull]:
    """Read the pull requests that are open as far as we know."""
    found = (_pull(row) for row in db.rows("SELECT * FROM pulls WHERE repo_id = ? AND open ORDER BY number", repo_id))
    return [pull for pull in found if pull is not None]


def merged_since(db: Db, repo_id: int, at: float) -> list[Pull]:
    """Read the pull requests that were merged since then."""
    sql = "SELECT * FROM pulls INDEXED BY pulls_merged WHERE repo_id = ? AND merged AND merged_at >= ? ORDER BY number"
    found = (_pull(row) for row in db.rows(sql, repo_id, at))
    return [pull for pull in found if pull is not None]


def awaits_merged_upload(db: Db, repo_id: int, lane: str, merged_at: float) -> bool:
    """Tell whether a run of a merge goes on whose workflow has uploaded before: the affected stacks may come of it."""
    sql = (
        "SELECT 1 FROM affected_runs WHERE lane = ? AND created_at >= ? AND status != 'completed' AND workflow IN "
        "(SELECT workflow FROM uploaders WHERE repo_id = ?) LIMIT 1"
    )
    return db.row(sql, lane, merged_at, repo_id) is not None


def save_affected_run(db: Db, repo_id: int, lane: str, run: RunFacts, *, now: float) -> None:
    """Remember a run of the pull request's own workflows; older news than what is known changes nothing."""
    db.write(
        "INSERT INTO affected_runs (run_id, repo_id, lane, workflow, head_sha, status, conclusion, attempt, "
        "updated_at, created_at, heard_at, asked_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0) "
        "ON CONFLICT (run_id) DO UPDATE SET "
        "status = excluded.status, conclusion = excluded.conclusion, attempt = excluded.attempt, "
        "updated_at = excluded.updated_at, heard_at = excluded.heard_at "
        "WHERE (excluded.attempt, excluded.status = 'completed', excluded.updated_at) "
        ">= (attempt, status = 'completed', updated_at)",
        *(run.run_id, repo_id, lane, run.workflow, run.head_sha, run.status, run.conclusion, run.attempt),
        *(run.updated_at, run.created_at, now),
    )


@dataclass(frozen=True, slots=True)
class Silent:
    """A run that may still upload as far as we know, and of which GitHub has told nothing for long."""

    run: RunFacts
    repo_id: int
    lane: str
    heard_at: float  # when GitHub last told anything of it


def silent_runs(db: Db, *, since: float, lost_since: float, limit: int, resting: Iterable[int] = ()) -> list[Silent]:
    """Find the runs that may upload, are not known to be over, and were neither heard of nor asked about `since`.

    Where no installation covers a repository only those that were last heard of before `lost_since`. Both are in
    seconds since the epoch. What installations that are `resting` would be asked about is left out.
    """
    sql = (
        "SELECT affected_runs.* FROM affected_runs JOIN uploaders USING (repo_id, workflow) "
        "JOIN repos ON repos.id = repo_id WHERE status != 'completed' AND max(heard_at, asked_at) <= ? AND "
        "(heard_at <= ? OR installation != 0) AND installation NOT IN (SELECT value FROM json_each(?)) "
        "ORDER BY max(heard_at, asked_at) LIMIT ?"
    )
    return [
        Silent(_run(row), row["repo_id"], row["lane"], row["heard_at"])
        for row in db.rows(sql, since, lost_since, json.dumps([*resting]), limit)
    ]


def asked_about(db: Db, run_id: int, now: float, *, known: bool) -> None:
    """Note that GitHub was asked about such a run; that it knows the run counts as news."""
    sql = "UPDATE affected_runs SET asked_at = ?, heard_at = iif(?, ?, heard_at) WHERE run_id = ?"
    db.write(sql, now, known, now, run_id)


def running_workflows(db: Db, lane: str, head_sha: str) -> list[str]:
    """Name the workflows of this head (7 or more digits) that run now: one of them uploads what arrives meanwhile."""
    sql = (
        "SELECT DISTINCT workflow FROM affected_runs "
        "WHERE lane = ? AND head_sha LIKE ? || '%' AND status != 'completed' ORDER BY workflow"
    )
    return [row["workflow"] for row in db.rows(sql, lane, head_sha)]


def uploaders(db: Db, repo_id: int) -> frozenset[str]:
    """Name the workflows that have uploaded."""
    return frozenset(row["workflow"] for row in db.rows("SELECT workflow FROM uploaders WHERE repo_id = ?", repo_id))


def note_uploader(db: Db, repo_id: int, workflow: str, now: float) -> None:
    """Learn that a workflow uploads."""
    db.write("INSERT OR REPLACE INTO uploaders (repo_id, workflow, at) VALUES (?, ?, ?)", repo_id, workflow, now)


def uploading_runs(db: Db, repo_id: int, lane: str, since: float) -> list[RunFacts]:
    """Read the runs of workflows that have uploaded before, of this lane, made since `since`; newest first."""
    sql = (
        "SELECT * FROM affected_runs WHERE lane = ? AND created_at >= ? AND workflow IN "
        "(SELECT workflow FROM uploaders WHERE repo_id = ?) ORDER BY run_id DESC"
    )
    return [_run(row) for row in db.rows(sql, lane, since, repo_id)]


def _run(row: sqlite3.Row) -> RunFacts:
    return RunFacts(
        run_id=row["run_id"],
        workflow=row["workflow"],
        event="pull_request",
        status=row["status"],
        conclusion=row["conclusion"],
        attempt=row["attempt"],
        head_sha=row["head_sha"],
        head_branch="",
        title="",
        url="",
        updated_at=row["updated_at"],
        started_at=0.0,
        created_at=row["created_at"],
    )


def _pull(row: object) -> Pull | None:
    if row is None:
        return None
    fields = dict(row)  # type: ignore[call-overload]
    told: dict[str, Any] = {name: bool(fields[name]) for name in ("fork", "draft", "open", "merged")}
    told |= {"pushes": _pushes(fields["pushes"]), "approved": _approved(fields["approved"])}
    told["unconfirmed"] = _unconfirmed(fields["unconfirmed"]) if fields["unconfirmed"] else None
    return Pull(**{name: fields[name] for name in _FIELDS} | told)
