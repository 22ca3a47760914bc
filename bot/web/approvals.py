"""Approving what is held: chosen from what is held now, and decided in the lane of its rollout."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Annotated

import msgspec
from flask import Blueprint, Response

from bot.domain import approving
from bot.domain.approving import PERSON, Chosen, Limits
from bot.domain.events import Approved
from bot.domain.names import LONGEST, shown
from bot.domain.rollout import Walk
from bot.domain.targets import BadTarget
from bot.events.sending import note_refused, put_approved
from bot.store import pulls, rollouts
from bot.store.writer import Writer
from bot.web import bodies
from bot.web.answers import Refusal, envelope
from bot.web.auth import Caller, Gate
from bot.web.endpoint import Endpoint, Parameter
from bot.web.reading import Reader

log = logging.getLogger(__name__)

_MOST = 100
Target = Annotated[str, msgspec.Meta(min_length=1, max_length=2 * LONGEST + 2)]
Targets = Annotated[
    list[Target],
    msgspec.Meta(
        min_length=1,
        max_length=_MOST,
        description="A stack, a component, `stack/component`, patterns of them, `@held` or `@all`; if left out, all "
        "that is held. What is destroyed or in doubt is named in full.",
    ),
]
By = Annotated[
    str,
    msgspec.Meta(
        description="The login of who approves, for the record; the key's name if left out.",
        extra_json_schema={"pattern": PERSON},
    ),
]


class Approval(msgspec.Struct, forbid_unknown_fields=True):
    """What is approved, and by whom. A misspelt key is refused: without targets everything would be meant."""

    targets: Targets | None = None
    by: By | None = None


class Let(msgspec.Struct):
    """An instance that is let go, and what of that held it."""

    stack: str
    component: str
    holds: list[str]


class Kept(msgspec.Struct):
    """An instance that was asked for and is not let go, or not for everything."""

    stack: str
    component: str
    reason: str


class Told(msgspec.Struct):
    """What an approval covers."""

    approved: list[Let]
    refused: list[Kept]


ENDPOINTS = (
    Endpoint(
        "POST",
        "/api/v1/rollouts/{id}/approve",
        "Let go what is held of a rollout; what is held for another reason afterwards is not covered.",
        scope="approve",
        body=Approval,
        data=Told,
        parameters=(
            Parameter("id", "path", "The rollout's `id`.", schema={"type": "string", "pattern": "^[0-9]{1,15}$"}),
        ),
        refusals=(400, 401, 403, 404, 409, 413, 415, 503),
    ),
)


def blueprint(gate: Gate, reader: Reader, writer: Writer, now: Callable[[], float], limits: Limits) -> Blueprint:
    """Make the endpoint that approves."""
    pages = Blueprint("approvals", __name__, url_prefix="/api/v1")

    @pages.post("/rollouts/<number>/approve")
    def approve(number: str) -> Response:
        caller = gate.admit("approve")
        asked = bodies.read(Approval)
        by = caller.name if asked.by is None else asked.by
        if asked.by is not None and not approving.is_person(by):
            raise Refusal(400, f"`{shown(by)}` is no login. Give the one of who approves, or leave `by` out.")
        walk, chosen = _choose(reader, caller, number, asked.targets or [], by, limits)
        rollout = walk.rollout
        if chosen.refused:
            writer.run(lambda db: note_refused(db, rollout, chosen.refused, by, now()))
        if not chosen.approved:
            raise Refusal(409, approving.why_nothing(walk, chosen))
        event = Approved(rollout.id, by, chosen.approved)
        writer.run(lambda db: put_approved(db, rollout, event, now()))
        log.info("%s approves %d steps of rollout %d for %s", caller.name, len(chosen.approved), rollout.id, by)
        return envelope(200, msgspec.to_builtins(_told(chosen)))

    return pages


def _choose(
    reader: Reader, caller: Caller, number: str, targets: list[str], by: str, limits: Limits
) -> tuple[Walk, Chosen]:
    known = number.isascii() and number.isdecimal() and len(number) <= 15
    with reader.moment() as db:
        walk = rollouts.load(db, int(number)) if known else None
        if walk is None or walk.rollout.repo_id != caller.repo.id:
            raise Refusal(
                404,
                f"{caller.repo.full_name} has no rollout {shown(number, 20)}. `GET /api/v1/rollouts` lists those of a "
                "pull request.",
            )
        rollout = walk.rollout
        pull = pulls.get(db, rollout.repo_id, rollout.pull) if rollout.pull else None
    try:
        chosen = approving.wanted(walk, pull, targets, by, limits)
    except BadTarget as error:
        raise Refusal(409, f"Nothing is approved: {error}") from None
    return walk, chosen


def _told(chosen: Chosen) -> Told:
    return Told(
        [Let(one.stack, one.component, approving.told(one)) for one in chosen.approved],
        [Kept(one.stack, one.component, one.reason) for one in chosen.refused],
    )
