"""Locks, as `atmos pro lock` and `atmos pro unlock` ask for them: decided at once, each in one transaction.

A lock is held by the run whose session took it, or by the key: all workflows with one key are one holder.
"""

from __future__ import annotations

import logging
import math
import re
import secrets
from collections.abc import Callable
from typing import Annotated

import msgspec
from flask import Blueprint, Response

from bot.domain.locks import UNTOLD, Lock, locked_by
from bot.domain.names import LONGEST, shown
from bot.store import audit, inbox, locks
from bot.store.db import Db
from bot.store.locks import Held
from bot.store.writer import Writer
from bot.web import bodies
from bot.web.answers import Refusal, envelope
from bot.web.auth import Caller, Gate
from bot.web.endpoint import Endpoint
from bot.web.times import rfc3339

log = logging.getLogger(__name__)

_SECONDS = 30
_LONGEST_SECONDS = 31_536_000
_LONGEST_MESSAGE = 2_000
_LONGEST_KEY = 2 * LONGEST + 200
#: As many locks as may hold in a repository at once: each decision reads them all.
_MOST = 1_000
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
        extra_json_schema={"minimum": 1, "maximum": _LONGEST_SECONDS},
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
        if not 1 <= seconds <= _LONGEST_SECONDS:
            raise Refusal(400, f"A lock lasts 1 to {_LONGEST_SECONDS:,} seconds, not {seconds}; give another `--ttl`.")
        message = asked.lockMessage or UNTOLD
        if len(message) > _LONGEST_MESSAGE:
            raise Refusal(400, f"The lock's message is longer than {_LONGEST_MESSAGE:,} characters; shorten it.")
        held = writer.run(lambda db: _lock(db, caller, name, seconds, message, now()))
        if isinstance(held, str):
            raise Refusal(409, held)
        return envelope(200, msgspec.structs.asdict(_shown(held, asked.key)))

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


def _lock(db: Db, caller: Caller, name: str, seconds: int, message: str, now: float) -> Held | str:
    """Lock; returns why not where somebody else has it. That is noted, so it must not be undone by a raise."""
    repo_id = caller.repo.id
    held = locks.get(db, repo_id, name, now)
    refused = ""
    if held is not None and held.holder != caller.holder:
        told = locked_by(held.lock, rfc3339(held.lock.until))
        end = "" if told.endswith((".", "!", "?")) else "."
        refused = (
            f"{name} is {told}{end} Wait until then, or end that lock with `atmos pro unlock`, which Switchyard notes."
        )
    elif held is None and locks.count(db, repo_id, now) >= _MOST:
        refused = (
            f"{caller.repo.full_name} has {_MOST:,} locks already, and there may be no more. End some with "
            "`atmos pro unlock`, or wait until they end."
        )
    if refused:
        audit.note(db, now=now, repo_id=repo_id, actor=caller.name, action="refuse", target=name, cause=refused)
        return refused
    lock_id, since = (held.lock.id, held.created_at) if held else (f"lock-{secrets.token_hex(8)}", now)
    # It lasts no shorter than asked, and ends at the very second that is told.
    lock = Lock(name, lock_id, caller.name, message, float(math.ceil(now) + seconds))
    made = Held(lock, caller.holder, since, now)
    locks.put(db, repo_id, made)
    cause = f"until {rfc3339(lock.until)}: {message}"
    audit.note(db, now=now, repo_id=repo_id, actor=caller.name, action="lock", target=name, cause=cause)
    inbox.nudge_waiting(db, now=now, repo_id=repo_id)
    return made


def _unlock(db: Db, caller: Caller, name: str, now: float) -> str:
    """End a lock; returns whose it was, where it was another's.

    One's own that has ended already is unlocked as well: a job whose work took longer has not failed by that.
    """
    repo_id = caller.repo.id
    held = locks.get(db, repo_id, name, now)
    if held is None and not locks.last_of(db, repo_id, name, caller.holder):
        raise Refusal(
            404,
            f"{name} is not locked. Its lock has ended, and nothing needs to be done; or its name is another: give "
            "`-s` and `-c` as for the lock.",
        )
    locks.drop(db, repo_id, name)
    overruled = ""
    if held is not None:
        inbox.nudge_waiting(db, now=now, repo_id=repo_id)
        if held.holder != caller.holder:
            overruled = f"it was {locked_by(held.lock, rfc3339(held.lock.until))}"
    cause = overruled or ("its own" if held is not None else "its own, which had ended")
    audit.note(db, now=now, repo_id=repo_id, actor=caller.name, action="unlock", target=name, cause=cause)
    return overruled


def _shown(held: Held, key: str) -> Locked:
    lock = held.lock
    times = (rfc3339(at) for at in (lock.until, held.created_at, held.updated_at))
    return Locked(lock.id, key, lock.message, *times)
