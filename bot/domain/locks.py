"""Locks: somebody keeps an instance from being dispatched for a while."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.domain.names import shown
from bot.domain.rollout import Draft

#: The message of a lock where nobody said why, as the CLI sends it.
UNTOLD = "Locked by Atmos"
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
