"""Only one worker: proved by a lock on a file beside the database, which ends with the process that holds it."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


def is_taken(database: str) -> bool:
    """Tell whether a process on this machine works on a database. It takes the lock for a moment where none does."""
    try:
        file = os.open(f"{database}.lock", os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(file)
    return False


class WorkerLock:
    """A lock that at most one process holds."""

    def __init__(self, database: str) -> None:
        self._path = Path(f"{database}.lock")
        self._file: int | None = None

    @property
    def held(self) -> bool:
        return self._file is not None

    def take(self) -> bool:
        """Try to become the worker."""
        file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            return False
        self._file = file
        return True

    def release(self) -> None:
        """Let another process work."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
