"""A bounded set of tasks, at most one for each name."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any


class Tasks:
    """Runs coroutines side by side. What one raises is raised by whoever waits."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._running: dict[str, asyncio.Task[Any]] = {}

    @property
    def free(self) -> int:
        return self._limit - len(self._running)

    @property
    def busy(self) -> bool:
        return bool(self._running)

    def __contains__(self, name: object) -> bool:
        return name in self._running

    def start(self, name: str, work: Coroutine[Any, Any, Any]) -> None:
        """Start a coroutine under a name that is not running."""
        self._running[name] = asyncio.create_task(work, name=name)

    async def wait(self, wake: asyncio.Event | None = None) -> None:
        """Wait until at least one is through, or until `wake` is set."""
        waiting: set[asyncio.Task[Any]] = set(self._running.values())
        waker = asyncio.create_task(wake.wait()) if wake is not None else None
        try:
            both = waiting | ({waker} if waker else set())
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            if waker is not None:
                waker.cancel()
        for name, task in list(self._running.items()):
            if task.done():
                del self._running[name]
                task.result()

    async def finish(self, seconds: float) -> None:
        """Give what runs some time to end, then cancel it."""
        if self._running:
            _, late = await asyncio.wait(self._running.values(), timeout=seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*self._running.values(), return_exceptions=True)
        self._running.clear()
