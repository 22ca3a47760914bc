"""What the doctor reads of the database. It writes nothing: what it tries to write is taken back."""

from __future__ import annotations

from bot.domain.checkup.facts import DatabaseFacts, Disk, KeyFacts, UploadFacts
from bot.domain.model import Repo
from bot.store import keys
from bot.store.db import Db
from bot.store.migrations import migrations


def file_facts(db: Db, path: str, disk: Disk) -> DatabaseFacts:
    """Try to write, and compare the file's migrations with this version's. Raises sqlite3.Error."""
    known = {one.name for one in migrations.pending(Db(memory=True))}
    had = {one.name for one in migrations.applied(db)}
    db.write("BEGIN IMMEDIATE")
    try:
        db.write("CREATE TABLE tried_by_doctor (at REAL)")
    finally:
        db.write("ROLLBACK")
    return DatabaseFacts(path, disk=disk, pending=len(known - had), unknown=len(had - known), version=len(had))


def live_keys(db: Db, repo_id: int) -> list[KeyFacts]:
    """List the keys of a repository that are not revoked, as people know them."""
    return [
        KeyFacts(key.id, key.name, key.created_at, key.used_at, key.expires_at)
        for key in keys.all_of(db, repo_id)
        if key.revoked_at is None
    ]


def last_upload(db: Db, repo: Repo) -> UploadFacts | None:
    """Find what was uploaded last for a repository."""
    sql = "SELECT received_at, lane, head_sha FROM uploads WHERE lane GLOB ? ORDER BY received_at DESC, id DESC LIMIT 1"
    row = db.row(sql, f"{repo.id}[^0-9]*")
    return UploadFacts(row["received_at"], row["lane"], row["head_sha"]) if row else None
