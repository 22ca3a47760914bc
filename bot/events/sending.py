"""What became of sending a dispatch (`dispatch_sent`, `dispatch_failed`, `dispatch_kept`), and nudges."""

from __future__ import annotations

import msgspec

from bot.domain.events import KeptByLock, NotSent, Nudged, Sent
from bot.events.context import Context, Finished, Gathered
from bot.store.inbox import Row


async def gather_sent(row: Row, _ctx: Context) -> Gathered | Finished:
    """Take up that GitHub accepted a dispatch."""
    return Gathered(msgspec.json.decode(row.body, type=Sent))


async def gather_failed(row: Row, _ctx: Context) -> Gathered | Finished:
    """Take up that a dispatch cannot be sent."""
    return Gathered(msgspec.json.decode(row.body, type=NotSent))


async def gather_kept(row: Row, _ctx: Context) -> Gathered | Finished:
    """Take up that a lock keeps a dispatch from being sent."""
    return Gathered(msgspec.json.decode(row.body, type=KeptByLock))


async def gather_nudge(_row: Row, _ctx: Context) -> Gathered | Finished:
    """Look at the lane again."""
    return Gathered(Nudged())
