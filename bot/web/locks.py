"""Locks, as `atmos pro lock` and `atmos pro unlock` ask for them: decided at once, each in one transaction.

A lock is held by the run whose session took it, or by the key: all workflows with one key are one holder.
"""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Callable
from typing import Annotated

import msgspec
from flask import Blueprint, Response

from bot.domain.locks import LONGEST_SECONDS, UNTOLD, Lock, Unlock, end_of, renewed, why_not
from bot.domain.names import LONGEST, shown
from bot.domain.texts import rfc3339
from bot.store import audit, locks
from bot.store.db import Db
from bot.store.writer import Writer
from bot.web import bodies
from bot.web.answers import Refusal, envelope
from bot.web.auth import Caller, Gate
from bot.web.endpoint import Endpoint

log = logging.getLogger(__name__)

_SECONDS = 30
_LONGEST_MESSAGE = 2_000
_LONGEST_KEY = 2 * LONGEST + 200
#: As JSON Schema has it. What follows the repository is never split: stack and component may contain `/`.
_KEY = r"^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+(?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9_.+@=:-]+){2,}$"
_PARTS = re.compile(r"([^/]+)/([^/]+)/(.+)")
_ALLOWED = re.compile(_KEY.replace("$", r"\Z"))

# What people may get wrong is told in words of our own: the CLI shows nothing but the message of a refusal.
Key = Annotated[
    str,
    msgspec.Meta(
        description="`owner/repo/stack/component`.", extra_json_schema={"pattern": _KEY, "maxLength": _LONGEST_KEY}
    ),
]
Seconds = Annotated[
    int,
    msgspec.Meta(
        description=f"How long it lasts, in seconds; {_SECONDS} if left out.",
        extra_json_schema={"minimum": 1, "maximum": LONGEST_SECONDS},
    ),
]
Message = Annotated[
    str,
    msgspec.Meta(
        description=f"Why, for people; “{UNTOLD}” if left out.", extra_json_schema={"maxLength": _LONGEST_MESSAGE}
    ),
]


class Lockable(msgspec.Struct):
    """What to lock, for how long, and why. `properties` are taken and ignored."""

    key: Key
    ttl: Seconds | None = None
    lockMessage: Message | None = None  # noqa: N815 - the CLI's spelling


class Unlockable(msgspec.Struct):
    """What to unlock."""

    key: Key


class Locked(msgspec.Struct):
    """A lock."""

    id: str
    key: str
    lockMessage: str  # noqa: N815 - the CLI's spelling, as those below
    expiresAt: str  # noqa: N815
    createdAt: str  # noqa: N815
    updatedAt: str  # noqa: N815


class Unlocked(msgspec.Struct):
    """What was unlocked."""

    key: str


_PATH = "/api/v1/locks"
_REFUSALS = (400, 401, 403, 413, 415, 503)
ENDPOINTS = (
    Endpoint(
        "POST",
        _PATH,
        "Lock an instance, or renew the lock that the same run or key has: it is not dispatched until the lock ends.",
        scope="locks",
        body=Lockable,
        data=Locked,
        refusals=(*_REFUSALS, 409),
    ),
    Endpoint(
        "DELETE",
        _PATH,
        "Unlock an instance, whoever locked it. That somebody else's lock was ended is noted.",
        scope="locks",
        body=Unlockable,
        data=Unlocked,
        refusals=(*_REFUSALS, 404),
    ),
)


def blueprint(gate: Gate, writer: Writer, now: Callable[[], float]) -> Blueprint:
    """Make the endpoints that lock and unlock."""
    pages = Blueprint("locks", __name__, url_prefix="/api/v1")

    @pages.post("/locks")
    def lock() -> Response:
        caller = gate.admit("locks")
        asked = bodies.read(Lockable)
        name = _name(caller, asked.key)
        seconds = _SECONDS if asked.ttl is None else asked.ttl
        if not 1 <= seconds <= LONGEST_SECONDS:
            raise Refusal(400, f"A lock lasts 1 to {LONGEST_SECONDS:,} seconds, not {seconds}; give another `--ttl`.")
        message = asked.lockMessage or UNTOLD
        if len(message) > _LONGEST_MESSAGE:
            raise Refusal(400, f"The lock's message is longer than {_LONGEST_MESSAGE:,} characters; shorten it.")
        at = now()
        made = writer.run(lambda db: _lock(db, caller, name, seconds, message, at))
        if isinstance(made, str):
            raise Refusal(409, made)
        return envelope(200, msgspec.structs.asdict(_shown(made, asked.key, at)))

    @pages.delete("/locks")
    def unlock() -> Response:
        caller = gate.admit("locks")
        asked = bodies.read(Unlockable)
        name = _name(caller, asked.key)
        overruled = writer.run(lambda db: _unlock(db, caller, name, now()))
        if overruled:
            log.info("%s unlocked %s in %s: %s", caller.name, name, caller.repo.full_name, overruled)
        return envelope(200, msgspec.structs.asdict(Unlocked(asked.key)))

    return pages


def _name(caller: Caller, key: str) -> str:
    """Read the lock's name out of its key: what follows the repository, as a whole."""
    parts = _PARTS.fullmatch(key)
    if parts is None or len(key) > _LONGEST_KEY or not _ALLOWED.fullmatch(key):
        raise Refusal(
            400,
            f"`{shown(key)}` cannot be locked: a lock's key is `owner/repo/stack/component`, of letters, digits and "
            f"`_ . - / + @ = :`, at most {_LONGEST_KEY} of them. Give stack and component with `-s` and `-c`.",
        )
    caller.check_speaks_for(parts[1], parts[2], "The lock")
    return parts[3]


def _lock(db: Db, caller: Caller, name: str, seconds: int, message: str, now: float) -> Lock | str:
    """Lock; returns why not where somebody else has it. That is noted, so it must not be undone by a raise."""
    repo = caller.repo
    held = locks.get(db, repo.id, name, now)
    new_id = f"lock-{secrets.token_hex(8)}"
    lock = renewed(Lock(name, new_id, caller.name, message, end_of(now, seconds), caller.holder, now), held)
    count = locks.count(db, repo.id, now)
    refused = why_not(lock, held, count=count, repo=repo.full_name, unlock="atmos pro unlock")
    if refused:
        audit.note(db, now=now, repo_id=repo.id, actor=caller.name, action="refuse", target=name, cause=refused)
        return refused
    locks.take(db, repo.id, lock, now)
    return lock


def _unlock(db: Db, caller: Caller, name: str, now: float) -> str:
    """End a lock; returns whose it was, where it was another's.

    One's own that has ended already is unlocked as well: a job whose work took longer has not failed by that.
    """
    repo_id = caller.repo.id
    if locks.get(db, repo_id, name, now) is None and not locks.last_of(db, repo_id, name, caller.holder):
        raise Refusal(
            404,
            f"{name} is not locked. Its lock has ended, and nothing needs to be done; or its name is another: give "
            "`-s` and `-c` as for the lock.",
        )
    return locks.end(db, repo_id, Unlock(name, caller.name, caller.holder), now)


def _shown(lock: Lock, key: str, now: float) -> Locked:
    times = (rfc3339(at) for at in (lock.until, lock.since, now))
    return Locked(lock.id, key, lock.message, *times)
