"""Copies of the database: made while it is in use, and put in its place while it is not."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from bot.store import audit, inbox, meta, outbox
from bot.store.db import Db, connect, transaction
from bot.store.migrations import migrate, migrations, unknown


class Unusable(Exception):  # noqa: N818 -- it reads as what is told
    """A file cannot be restored, or not now; the text says why and what to do."""


def copy(source: sqlite3.Connection, file: Path) -> None:
    """Write the database as it is at this moment to a new file, which its owner alone can read.

    Others go on writing meanwhile. Raises OSError, as for a file that is there, and sqlite3.Error.
    """
    os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        with closing(sqlite3.connect(file)) as target:
            source.backup(target)
            target.execute("PRAGMA journal_mode=DELETE")  # so that the one file is all of it
    except BaseException:
        file.unlink()
        raise


def restore(database: Path, file: Path, *, by: str, now: float) -> Path | None:
    """Put a backup in the database's place; returns where the old one is kept, None where there was none.

    Call it only while nobody works on the database. Raises Unusable, OSError and sqlite3.Error; then nothing changed.
    """
    staged = database.with_name(f"{database.name}.restoring")
    staged.unlink(missing_ok=True)
    _stage(file, staged)
    try:
        with closing(connect(staged)) as db:
            migrate(db)
            with transaction(db):
                _make_wary(db, f"from {file}", by=by, now=now)
            db.conn.execute("PRAGMA journal_mode=DELETE")
        kept = _keep(database, now)
        staged.replace(database)
    except BaseException:
        staged.unlink(missing_ok=True)
        raise
    return kept


def _stage(file: Path, staged: Path) -> None:
    """Copy a backup after a look at whether it is one, and one that this program can read."""
    # Without its log beside it a file may lie where nothing can be written.
    still = "" if Path(f"{file}-wal").exists() else "&immutable=1"
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro{still}", uri=True)) as conn:
            conn.row_factory = sqlite3.Row
            # Not quick_check: in SQLite 3.40 it finds NULLs in tables whose key names their columns in another order.
            (told,) = conn.execute("PRAGMA integrity_check(1)").fetchone()
            newer = _of_newer(Db(conn))
            if told == "ok" and newer == []:
                copy(conn, staged)
                return
    except sqlite3.DatabaseError as error:
        raise Unusable(f"{file} cannot be read as a database: {error}. Choose another backup.") from None
    if told != "ok":
        raise Unusable(f"{file} is damaged: {told}. Choose another backup.")
    if newer is None:
        raise Unusable(f"{file} is no database of Switchyard's. Choose a file that `switchyard backup` wrote.")
    raise Unusable(
        f"{file} was written by a newer Switchyard, which made {', '.join(newer)}. Restore it with that one."
    )


def _of_newer(db: Db) -> list[str] | None:
    """Name the migrations that this program does not know: a newer one made them. None where the file is not ours."""
    return unknown(db) if migrations.applied(db) else None


def _make_wary(db: Db, cause: str, *, by: str, now: float) -> None:
    """Have nothing believed that may not be true any more: what was to be sent may have been sent since."""
    meta.put(db, meta.RESTORED_AT, now)
    outbox.doubt_runs(db)
    inbox.nudge_unfinished(db, now=now)
    audit.note(db, now=now, repo_id=0, actor=by, action="restore", target="", cause=cause)


def _keep(database: Path, now: float) -> Path | None:
    """Keep the old database beside the new one, under a name with the time."""
    if not database.exists():
        return None
    _leave(database)
    kept = database.with_name(f"{database.name}.{datetime.fromtimestamp(now, UTC):%Y%m%dT%H%M%SZ}")
    # It stays in its place as well until the new one takes that: there is never none, which would start afresh.
    os.link(database, kept)
    for end in ("-wal", "-shm"):
        rest = Path(f"{database}{end}")
        if rest.exists():
            rest.rename(f"{kept}{end}")
    return kept


def _leave(database: Path) -> None:
    """Write what is in the old database's log into its file; raises Unusable while others have it open."""
    try:
        with closing(sqlite3.connect(database, timeout=0)) as conn:
            conn.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
            raise Unusable(f"Another process uses {database}. Stop all of them, and run this again.") from None
        # It is damaged, which may be why it is restored.
