"""Locks: somebody keeps an instance from being dispatched for a while."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from bot.domain.names import shown
from bot.domain.rollout import Draft
from bot.domain.texts import rfc3339

#: The message of a lock where nobody said why, as the CLI sends it.
UNTOLD = "Locked by Atmos"
#: As long as a lock may last, in seconds: a year.
LONGEST_SECONDS = 31_536_000
#: As many locks as may hold in a repository at once: each decision reads them all.
MOST = 1_000
#: As much of a message as a sentence carries.
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Lock:
    """A lock that holds. `name` is `stack/component`, and is only ever compared as a whole: both may contain `/`."""

    name: str
    id: str
    owner: str  # for people: "octocat in run 123", "the key ci"
    message: str
    until: float
    holder: str = ""  # whose it is: the same in all that one run, key or person asks for
    since: float = 0.0


@dataclass(frozen=True, slots=True)
class Unlock:
    """That somebody ends the lock of this name, whoever has it."""

    name: str
    by: str  # for people, as a lock's owner
    holder: str


def end_of(now: float, seconds: int) -> float:
    """Tell when a lock ends: no sooner than asked, and at the very second that is told."""
    return float(math.ceil(now) + seconds)


def renewed(lock: Lock, before: Lock | None) -> Lock:
    """Let a lock be the one that its holder has already, if any."""
    return lock if before is None else replace(lock, id=before.id, since=before.since)


def why_not(lock: Lock, before: Lock | None, *, count: int, repo: str, unlock: str) -> str:
    """Say why somebody may not lock; empty where they may.

    `before` is the lock that holds there, `count` are all of the repository, and `unlock` is how one is ended.
    """
    if before is not None and before.holder != lock.holder:
        told = locked_by(before, rfc3339(before.until))
        end = "" if told.endswith((".", "!", "?")) else "."
        return f"{lock.name} is {told}{end} Wait until then, or end that lock with `{unlock}`, which Switchyard notes."
    if before is None and count >= MOST:
        return (
            f"{repo} has {MOST:,} locks already, and there may be no more. End some with `{unlock}`, or wait until "
            "they end."
        )
    return ""


def kept(draft: Draft, locks: Mapping[str, Lock]) -> dict[int, Lock]:
    """Find the steps that may go but for a lock. Costs what is locked and what changed."""
    if not locks:
        return {}
    found = {index: lock for name, lock in locks.items() for index in draft.walk.named(name)}
    for index, step in draft.changed.items():
        if index >= len(draft.walk.steps) and (lock := locks.get(str(step.instance))):
            found[index] = lock
    return {index: lock for index, lock in found.items() if draft.is_ready(index)}


def locked_by(lock: Lock, until: str) -> str:
    """Say who locked it, until when, which is `until` in words, and why where that was told."""
    message = f": {shown(lock.message, _LONGEST)}" if lock.message not in ("", UNTOLD) else ""
    return f"locked by {shown(lock.owner)} until {until}{message}"
