"""API keys. Only their hashes are stored; each belongs to one repository and may do what it was allowed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from bot.store.db import Db

#: What a key may be allowed. `approve` is never given by default: a CI secret must not approve itself.
SCOPES = ("upload", "status", "locks", "read", "approve")
DEFAULT = ("upload", "status", "locks", "read")


@dataclass(frozen=True, slots=True)
class Key:
    """A key as it may be shown: never the key itself."""

    id: int
    repo_id: int
    allow: tuple[str, ...]
    created_at: float
    revoked_at: float | None
    used_at: float | None
    name: str = ""  # for people; empty where it has none
    expires_at: float | None = None

    def live(self, now: float) -> bool:
        """Tell whether the key still opens anything."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


def digest(key: str) -> str:
    """Hash a key. Keys are long and random, so a plain hash is enough."""
    return hashlib.sha256(key.encode()).hexdigest()


def add(
    db: Db,
    key: str,
    *,
    repo_id: int,
    allow: tuple[str, ...],
    now: float,
    name: str = "",
    expires_at: float | None = None,
) -> int:
    """Store a new key; returns its number."""
    db.write(
        "INSERT INTO keys (repo_id, hash, allow, created_at, name, expires_at) VALUES (?, ?, ?, ?, ?, ?)",
        repo_id,
        digest(key),
        ",".join(allow),
        now,
        name,
        expires_at,
    )
    found = db.row("SELECT last_insert_rowid() AS id")
    assert found is not None  # noqa: S101 -- an INSERT has just been made on this connection
    return int(found["id"])


def find(db: Db, key: str) -> Key | None:
    """Find a key that is not revoked; it may have expired."""
    row = db.row("SELECT * FROM keys WHERE hash = ? AND revoked_at IS NULL", digest(key))
    return _key(row) if row else None


def used(db: Db, key_id: int, now: float) -> None:
    """Note that a key was used."""
    db.write("UPDATE keys SET used_at = ? WHERE id = ?", now, key_id)


def all_of(db: Db, repo_id: int | None = None) -> list[Key]:
    """List keys, of one repository or of all."""
    return [_key(row) for row in db.rows("SELECT * FROM keys WHERE ? IN (repo_id, 0) ORDER BY id", repo_id or 0)]


def revoke(db: Db, key_id: int, now: float) -> bool:
    """Revoke a key; False when there is no such live key."""
    return db.write("UPDATE keys SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL", now, key_id) > 0


def _key(row: object) -> Key:
    fields = dict(row)  # type: ignore[call-overload]
    return Key(
        fields["id"],
        fields["repo_id"],
        tuple(fields["allow"].split(",")),
        fields["created_at"],
        fields["revoked_at"],
        fields["used_at"],
        fields["name"],
        fields["expires_at"],
    )
