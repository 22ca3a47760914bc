"""Repositories, by id. A name is looked up without case; the one seen last under a name has it."""

from __future__ import annotations

from bot.domain.model import Repo
from bot.store.db import Db


def save(db: Db, repo: Repo, now: float) -> None:
    """Remember a repository as GitHub tells it now."""
    db.write(
        "INSERT INTO repos (id, owner, name, installation, default_branch, owner_id, seen_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET owner = excluded.owner, name = excluded.name, "
        "installation = excluded.installation, default_branch = excluded.default_branch, "
        "owner_id = excluded.owner_id, seen_at = excluded.seen_at",
        repo.id,
        repo.owner,
        repo.name,
        repo.installation,
        repo.default_branch,
        repo.owner_id,
        now,
    )


def get(db: Db, repo_id: int) -> Repo | None:
    """Read a repository."""
    return _repo(db.row("SELECT * FROM repos WHERE id = ?", repo_id))


def named(db: Db, owner: str, name: str) -> Repo | None:
    """Find a repository by its name."""
    sql = "SELECT * FROM repos WHERE owner = ? COLLATE NOCASE AND name = ? COLLATE NOCASE ORDER BY seen_at DESC LIMIT 1"
    return _repo(db.row(sql, owner, name))


def namesakes(db: Db, repo: Repo) -> list[Repo]:
    """List the other repositories that have this name as far as we know, and an installation of ours."""
    sql = "SELECT * FROM repos WHERE owner = ? COLLATE NOCASE AND name = ? COLLATE NOCASE AND id != ? AND installation"
    found = (_repo(row) for row in db.rows(sql, repo.owner, repo.name, repo.id))
    return [one for one in found if one is not None]


def everyone(db: Db) -> list[Repo]:
    """List all repositories that an installation of ours covers."""
    found = (_repo(row) for row in db.rows("SELECT * FROM repos WHERE installation != 0 ORDER BY id"))
    return [repo for repo in found if repo is not None]


def pulls_read_at(db: Db, repo_id: int) -> float:
    """Tell up to when the changes of a repository's pull requests were read; 0 when never."""
    row = db.row("SELECT pulls_read_at FROM repos WHERE id = ?", repo_id)
    return float(row["pulls_read_at"]) if row else 0.0


def note_pulls_read(db: Db, repo_id: int, at: float) -> None:
    """Note up to when the changes of a repository's pull requests were read."""
    db.write("UPDATE repos SET pulls_read_at = ? WHERE id = ?", at, repo_id)


def of_installation(db: Db, installation: int) -> list[Repo]:
    """List the repositories that an installation covers, as far as we know."""
    found = (_repo(row) for row in db.rows("SELECT * FROM repos WHERE installation = ?", installation))
    return [repo for repo in found if repo is not None]


def uncovered(db: Db, repo_id: int) -> None:
    """Note that no installation covers a repository any more."""
    db.write("UPDATE repos SET installation = 0 WHERE id = ?", repo_id)


def _repo(row: object) -> Repo | None:
    if row is None:
        return None
    fields = dict(row)  # type: ignore[call-overload]
    return Repo(
        fields["id"],
        fields["owner"],
        fields["name"],
        fields["installation"],
        fields["default_branch"],
        fields["owner_id"],
    )
