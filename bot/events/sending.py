"""What becomes of dispatches: sending them, approving and overrunning them; and nudges."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from bot.domain.approving import Refused
from bot.domain.desk import Entry
from bot.domain.events import Approved, KeptBack, NotSent, Nudged, Overrun, Sent
from bot.domain.model import Rollout
from bot.events.context import Context, Finished, Gathered
from bot.store import audit, inbox
from bot.store.db import Db
from bot.store.inbox import Row


async def gather_sent(row: Row, _ctx: Context) -> Gathered | Finished:
    """Take up that GitHub accepted a dispatch."""
    return Gathered(msgspec.json.decode(row.body, type=Sent))


async def gather_failed(row: Row, _ctx: Context) -> Gathered | Finished:
    """Take up that a dispatch cannot be sent."""
    return Gathered(msgspec.json.decode(row.body, type=NotSent))


async def gather_kept(row: Row, _ctx: Context) -> Gathered | Finished:
    """Take up that a lock keeps a dispatch from being sent."""
    return Gathered(msgspec.json.decode(row.body, type=KeptBack))


def put_approved(db: Db, rollout: Rollout, event: Approved, now: float) -> None:
    """Hand an approval to the lane of its rollout."""
    inbox.put(db, "approve", msgspec.json.encode(event), now=now, repo_id=rollout.repo_id, lane=rollout.lane)


def note_refused(db: Db, rollout: Rollout, refused: Iterable[Refused], by: str, now: float) -> None:
    """Note for the audit what somebody asked for and may not let go."""
    entries = (Entry(by, "refuse", one.reason, rollout.id, f"{one.stack}/{one.component}") for one in refused)
    audit.add(db, entries, repo_id=rollout.repo_id, now=now, lane=rollout.lane)


async def gather_approved(row: Row, _ctx: Context) -> Gathered | Finished:
    """Take up that somebody let go what was held."""
    return Gathered(msgspec.json.decode(row.body, type=Approved))


async def gather_overrun(row: Row, _ctx: Context) -> Gathered | Finished:
    """Take up that an older commit is applied over an instance."""
    return Gathered(msgspec.json.decode(row.body, type=Overrun))


async def gather_nudge(_row: Row, _ctx: Context) -> Gathered | Finished:
    """Look at the lane again."""
    return Gathered(Nudged())
