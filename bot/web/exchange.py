"""The exchange: a workflow run shows the token that GitHub signed for it, and gets a session."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

import msgspec
from flask import Blueprint, Response

from bot.events.elsewhere import read_again
from bot.github import oidc
from bot.github.jwks import Unanswered
from bot.github.oidc import BadToken, Identity, Issuer
from bot.store import inbox, spent
from bot.store.db import Db
from bot.store.writer import Writer
from bot.web import bodies
from bot.web.answers import Refusal, envelope
from bot.web.covering import Covering
from bot.web.endpoint import Endpoint
from bot.web.sessions import Sessions

log = logging.getLogger(__name__)

#: The CLI gives up after 15 seconds, of which the issuer and GitHub may have taken a good part.
_PATIENCE = 2.0


class Exchange(msgspec.Struct):
    """What the CLI sends."""

    token: Annotated[str, msgspec.Meta(min_length=1, max_length=oidc.LONGEST)]
    workspaceId: Annotated[str, msgspec.Meta(max_length=200)] | None = None  # noqa: N815 - the CLI's spelling


class Granted(msgspec.Struct):
    """What the CLI gets: what it shows from then on as `Authorization: Bearer`."""

    token: str


@dataclass(frozen=True, slots=True)
class Trust:
    """Whose tokens are taken: `audiences` whom they must be for, `workspace_id` empty where any will do."""

    issuer: Issuer
    audiences: tuple[str, ...]
    workspace_id: str = ""


def blueprint(
    trust: Trust, sessions: Sessions, covering: Covering, writer: Writer, now: Callable[[], float]
) -> Blueprint:
    """Make the endpoint that the CLI calls before each command."""
    exchange = Blueprint("exchange", __name__, url_prefix="/api/v1")

    @exchange.post("/auth/github-oidc")
    def github_oidc() -> Response:
        asked = bodies.read(Exchange)
        identity = _identity(trust, asked.token)
        if trust.workspace_id and (asked.workspaceId or "") != trust.workspace_id:
            raise Refusal(403, _WRONG_WORKSPACE)
        repo = covering.find(identity)
        session = sessions.issue(repo.id, identity.claims, identity.repository)

        def spend(db: Db) -> bool:
            if identity.repository.lower() != repo.full_name.lower():  # one of both is older, and GitHub knows which
                kind, lane, repo_id, body = read_again(repo.id, repo.installation)
                inbox.put_once(db, kind, now=now(), repo_id=repo_id, lane=lane, body=body)
            return spent.spend(db, identity.jti, until=identity.until, now=now())

        if not writer.run(spend, _PATIENCE):
            raise Refusal(401, _USED)
        run = identity.claims
        log.info("a session for %s: run %d, attempt %d, of %r", repo.full_name, run.run_id, run.attempt, run.actor)
        return envelope(200, {"token": session})

    return exchange


def _identity(trust: Trust, token: str) -> Identity:
    try:
        return trust.issuer.verify(token, trust.audiences)
    except BadToken as error:
        raise Refusal(401, str(error)) from None
    except Unanswered as error:
        raise Refusal(503, str(error)) from None


_WRONG_WORKSPACE = (
    "ATMOS_PRO_WORKSPACE_ID of this workflow is not the one that this Switchyard takes. Set it to the value that "
    "SWITCHYARD_WORKSPACE_ID has there; whoever runs Switchyard knows it."
)
_USED = "This identity token was used before, and each counts once. Run the command again, which gets a new one."

ENDPOINTS = (
    Endpoint(
        "POST",
        "/api/v1/auth/github-oidc",
        "Exchange the identity token of a workflow run for a session of an hour",
        body=Exchange,
        data=Granted,
    ),
)
