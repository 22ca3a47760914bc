"""Read connections: one for each web thread, since a connection belongs to the thread that opened it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from bot.store.db import Db, connect


class Reader:
    """Hands each thread its own connection. Nothing is written through it."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._here = threading.local()

    def db(self) -> Db:
        """Give this thread's connection."""
        found: Db | None = getattr(self._here, "db", None)
        if found is None:
            found = self._here.db = connect(self._path)
        return found

    @contextmanager
    def moment(self) -> Iterator[Db]:
        """Give this thread's connection for several reads that all see the database as it was at the first."""
        db = self.db()
        db.conn.execute("BEGIN")
        try:
            yield db
        finally:
            db.conn.execute("ROLLBACK")
