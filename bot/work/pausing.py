"""The pauses between two writings about one thing: how they are kept, and what is noted for the next one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.domain import rhythm
from bot.domain.rhythm import News
from bot.domain.rollout import Walk
from bot.store import outbox, told
from bot.store.db import transaction
from bot.store.outbox import Wish
from bot.work.parts import Parts


def too_early(parts: Parts, wish: Wish, walks: Sequence[Walk], settle: float) -> bool:
    """Tell whether it is too early for any news of rollouts, newest first; then the wish comes back when it is not.

    It is told before anything is gathered or worked out.
    """
    if not walks:
        return False
    about, size = walks[0].rollout.id, max(len(walk.steps) for walk in walks)
    return _later(parts, wish, rhythm.soonest(told.get(parts.db, wish.key).last, about, size, settle, parts.now()))


def postponed(parts: Parts, wish: Wish, news: News, settle: float) -> bool:
    """Tell whether it is too early to write again; then the wish comes back when it is time."""
    return _later(parts, wish, rhythm.due(told.get(parts.db, wish.key).last, news, settle, parts.now()))


def _later(parts: Parts, wish: Wish, due: float) -> bool:
    if due <= parts.now():
        return False
    with transaction(parts.db):
        outbox.later(parts.db, wish.key, due=due, error="", attempts=wish.attempts)
    return True


def begin(parts: Parts, wish: Wish) -> None:
    """Note, before the call, that a thing is about to be written."""
    with transaction(parts.db):
        outbox.begin(parts.db, wish.key)
        known = told.get(parts.db, wish.key)
        told.put(parts.db, wish.key, replace(known, last=rhythm.begun(known.last, parts.now())))


def end(parts: Parts, wish: Wish, news: News, *, remote: int, digest: str) -> None:
    """Note within a transaction that a thing was written."""
    known = told.get(parts.db, wish.key)
    told.put(parts.db, wish.key, replace(known, last=rhythm.written(known.last, news)))
    outbox.fulfilled(parts.db, wish, remote=remote, digest=digest)
