"""The worker: intake, deliver and sweep, each in a loop of steps."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

from bot.store import inbox, outbox
from bot.work.deliver import Deliver
from bot.work.intake import Intake
from bot.work.parts import Parts
from bot.work.sweep import Sweep

log = logging.getLogger(__name__)

#: A lost wake-up costs no more than this, in seconds.
_POLL = 1.0
#: In a storm of webhooks, inputs gather for this long, in seconds: placing many costs little more than placing one.
_GATHER = 0.1
#: A loop that breaks is started again after this many seconds: it must not spin.
_REST = 1.0


class Worker:
    """Does all the work of the process, in its main thread."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self.intake = Intake(parts)
        self.deliver = Deliver(parts)
        self.sweep = Sweep(parts)
        self.wake_intake = asyncio.Event()
        self.wake_deliver = asyncio.Event()
        self.beat = time.monotonic()

    def wake(self) -> None:
        """Have new inputs looked at soon."""
        self.wake_intake.set()

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._forever("intake", self._intake_step, self.wake_intake))
            group.create_task(self._forever("deliver", self._deliver_step, self.wake_deliver))
            group.create_task(self._forever("sweep", self.sweep.step, asyncio.Event()))

    async def stop(self, seconds: float) -> None:
        """Give what is in the air some seconds to end."""
        await asyncio.gather(self.intake.stop(seconds), self.deliver.stop(seconds))

    async def _intake_step(self) -> bool:
        did = await self.intake.step(self.wake_intake)
        if did:
            self.wake_deliver.set()
        return did

    async def _deliver_step(self) -> bool:
        did = await self.deliver.step(self.wake_deliver)
        if did:
            self.wake_intake.set()
        return did

    async def _forever(self, name: str, step: Callable[[], Awaitable[bool]], wake: asyncio.Event) -> None:
        while True:
            wake.clear()
            try:
                did = await step()
            except Exception:  # a loop must not end because of one thing
                log.exception("%s broke and goes on", name)
                did = False
                await asyncio.sleep(_REST)
            self.beat = time.monotonic()
            if not did:
                await self._rest(wake)
                if wake.is_set() and wake is self.wake_intake:
                    await asyncio.sleep(_GATHER)

    async def _rest(self, wake: asyncio.Event) -> None:
        """Sleep until something is due, somebody wakes us, or a second has passed."""
        now = self._parts.now()
        dues = [inbox.next_due(self._parts.db), outbox.next_due(self._parts.db), self.deliver.paced_until or None]
        ahead = [due - now for due in dues if due is not None and due > now]
        # Not `wait_for`: in Python 3.11 it forgets that it was cancelled when it is woken at the same moment.
        with suppress(TimeoutError):
            async with asyncio.timeout(min([_POLL, *ahead])):
                await wake.wait()
