"""What is to happen at which moment."""

import asyncio
import heapq
from collections.abc import Awaitable, Callable

Action = Callable[[float], Awaitable[None]]


def _always() -> bool:
    return True


class Timeline:
    """Keep actions in order of their due time, and those of the same moment in order of arrival."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Action, Callable[[], bool]]] = []
        self._count = 0
        self._pumping = asyncio.Lock()
        self.changed = asyncio.Event()

    def at(self, due: float, action: Action, *, wanted: Callable[[], bool] = _always) -> None:
        """Let `action(due)` run once the clock has reached `due`, if it is `wanted` then."""
        self._count += 1
        heapq.heappush(self._heap, (due, self._count, action, wanted))
        self.changed.set()

    def next_due(self) -> float | None:
        """Return when the next action is due, or None."""
        while self._heap and not self._heap[0][3]():
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    @property
    def busy(self) -> bool:
        """Tell whether an action is running."""
        return self._pumping.locked()

    async def run_due(self, now: Callable[[], float]) -> int:
        """Run everything that is due, also what that makes due, one after the other; return how many."""
        done = 0
        async with self._pumping:
            while (due := self.next_due()) is not None and due <= now():
                action = heapq.heappop(self._heap)[2]
                await action(due)
                done += 1
        return done
