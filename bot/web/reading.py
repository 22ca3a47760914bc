"""Read connections: one for each web thread, since a connection belongs to the thread that opened it."""

from __future__ import annotations

import threading

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
