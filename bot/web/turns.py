"""Work of web threads that takes long: one at a time, and few wait for it, so that webhooks always find a thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from bot.web.answers import Refusal

#: As many as are let wait, of all web threads.
_WAITING = 4
#: And for how long, in seconds.
_PATIENCE = 15.0
_BUSY = "Several people look at large pages just now; load it again in a moment."


class Turns:
    """Gives turns."""

    def __init__(self) -> None:
        self._room = threading.Semaphore(_WAITING)
        self._turn = threading.Lock()

    @contextmanager
    def one(self) -> Iterator[None]:
        """Wait for a turn; raises Refusal (503) where there is none soon."""
        if not self._room.acquire(blocking=False):
            raise Refusal(503, _BUSY)
        try:
            if not self._turn.acquire(timeout=_PATIENCE):
                raise Refusal(503, _BUSY)
            try:
                yield
            finally:
                self._turn.release()
        finally:
            self._room.release()
