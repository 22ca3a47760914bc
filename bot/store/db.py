"""Open the database file and write to it safely.

Every write begins IMMEDIATE: two deferred transactions that read and then write fail at once with "database is
locked", whatever the timeout. Threads of one process take turns by a lock of our own, since SQLite's waiting is a
poll and unfair.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlite_utils import Database

#: How long another process may hold the file before a write here gives up, in milliseconds.
BUSY_TIMEOUT = 20_000

#: How long who only looks waits for the file, in seconds.
_LOOKING = 5.0

_turns: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)


class Db(Database):
    """A connection to the database file, for the thread that opened it."""

    turn: threading.Lock

    def rows(self, sql: str, *params: object) -> list[sqlite3.Row]:
        """Read rows."""
        return list(self.conn.execute(sql, params))

    def row(self, sql: str, *params: object) -> sqlite3.Row | None:
        """Read the first row, or None."""
        found: sqlite3.Row | None = self.conn.execute(sql, params).fetchone()
        return found

    def write(self, sql: str, *params: object) -> int:
        """Run one statement of a transaction; returns how many rows it changed."""
        count: int = self.conn.execute(sql, params).rowcount
        return count


def connect(path: str | Path) -> Db:
    """Open a connection for this thread: WAL, full synchronisation, foreign keys.

    A file that is made here can be read by its owner alone, as uploads lie in it. Raises sqlite3.Error.
    """
    file = Path(path).resolve()
    if str(path) != ":memory:":
        # A file that is there stays closed: closing it would end the locks that SQLite holds on it in this process.
        with suppress(OSError):
            os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    conn = sqlite3.connect(path, timeout=BUSY_TIMEOUT / 1000, isolation_level=None)
    conn.row_factory = sqlite3.Row
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={BUSY_TIMEOUT}"):
        conn.execute(f"PRAGMA {pragma}")
    db = Db(conn)
    db.turn = _turns[str(file)]
    return db


@contextmanager
def looking(path: str | Path) -> Iterator[Db]:
    """Open a file that is there, to look at it beside whoever works on it. Raises sqlite3.Error."""
    uri = f"{Path(path).resolve().as_uri()}?mode=rw"
    conn = sqlite3.connect(uri, uri=True, timeout=_LOOKING, isolation_level=None)
    try:
        conn.row_factory = sqlite3.Row
        yield Db(conn)
    finally:
        conn.close()


@contextmanager
def transaction(db: Db) -> Iterator[None]:
    """Write in one transaction: all of it or nothing. Never `await` inside."""
    with db.turn:
        db.conn.execute("BEGIN IMMEDIATE")
        try:
            yield
            db.conn.execute("COMMIT")
        except BaseException:
            if db.conn.in_transaction:  # some failures of a COMMIT have ended it already, others have not
                db.conn.execute("ROLLBACK")
            raise
