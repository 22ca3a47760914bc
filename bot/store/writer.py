"""One thread that commits whatever has gathered: many small writes of web threads share one sync to disk."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

from bot.store.db import Db, connect, transaction

T = TypeVar("T")
Write = Callable[[Db], Any]

#: How long a write may take, in seconds: the CLI waits 30 seconds for an answer.
PATIENCE = 25.0
#: As many writes as share one transaction at most.
_BATCH = 200
#: How long a write that has begun may take to be on disk.
_COMMIT = 2.0


class Writer:
    """Runs writes for threads that must not wait for each other's commits."""

    def __init__(self, path: str | Path, wake: Callable[[], None]) -> None:
        self._path = path
        self._wake = wake
        self._queue: queue.SimpleQueue[tuple[Write, Future[Any]] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    def run(self, write: Callable[[Db], T], timeout: float = PATIENCE, *, late: bool = False) -> T:
        """Run `write` in a transaction and return its result once that is on disk.

        Raises TimeoutError, and then nothing is written any more, unless `late` says that it may be.
        """
        future: Future[T] = Future()
        self._queue.put((write, future))
        try:
            return future.result(timeout)
        except TimeoutError:
            if late or future.cancel():
                raise
        return future.result(_COMMIT)

    def close(self) -> None:
        """Finish what is queued, then stop."""
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        db = connect(self._path)
        while (first := self._queue.get()) is not None:
            batch = [first]
            while len(batch) < _BATCH and not self._queue.empty():
                item = self._queue.get()
                if item is None:
                    self._queue.put(None)
                    break
                batch.append(item)
            self._commit(db, batch)
            self._wake()
        db.close()

    def _commit(self, db: Db, batch: list[tuple[Write, Future[Any]]]) -> None:
        results: list[tuple[Future[Any], Any, BaseException | None]] = []
        try:
            with transaction(db):
                for write, future in batch:
                    if not future.set_running_or_notify_cancel():
                        continue  # nobody waits for it any more
                    db.conn.execute("SAVEPOINT one")
                    try:
                        results.append((future, write(db), None))
                    except Exception as error:  # whatever it is belongs to the thread that asked
                        db.conn.execute("ROLLBACK TO one")
                        results.append((future, None, error))
                    db.conn.execute("RELEASE one")
        except Exception as error:
            waited = (future for _, future in batch if future.running() or future.set_running_or_notify_cancel())
            results = [(future, None, error) for future in waited]
        for future, value, failure in results:
            if failure is None:
                future.set_result(value)
            else:
                future.set_exception(failure)
