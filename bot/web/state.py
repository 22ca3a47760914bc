"""The state of rollouts, for machines."""

from __future__ import annotations

import re
from functools import cache
from typing import TypedDict

from flask import Blueprint, Response, request

from bot.domain.events import Rules
from bot.domain.keeping import Keeping
from bot.domain.rollout import Walk
from bot.store import pulls, rollouts, shared
from bot.store.db import Db
from bot.web import rollout_json
from bot.web.answers import Refusal, envelope
from bot.web.auth import Caller, Gate
from bot.web.endpoint import Endpoint, Parameter
from bot.web.reading import Reader

_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


class Found(TypedDict):
    """What was asked for."""

    repository: str
    rollouts: list[rollout_json.Rollout]


_REPOSITORY = {"type": "string", "pattern": "^[^/]+/[^/]+$"}
_PULL = {"type": "string", "pattern": "^[0-9]{1,9}$"}
_SHA = {"type": "string", "pattern": "^(?:[0-9a-fA-F]{40}|[0-9a-fA-F]{64})$"}
ENDPOINTS = (
    Endpoint(
        "GET",
        "/api/v1/rollouts",
        "Tell the rollouts of a pull request or of a commit, newest first.",
        scope="read",
        data=Found,
        parameters=(
            Parameter("repo", "query", "The repository, `owner/name`.", schema=_REPOSITORY),
            Parameter("pull", "query", "The pull request's number; either it or `sha`.", required=False, schema=_PULL),
            Parameter("sha", "query", "The whole commit id; either it or `pull`.", required=False, schema=_SHA),
        ),
        refusals=(400, 401, 403, 404, 415, 503),
    ),
)


def blueprint(gate: Gate, reader: Reader, rules: Rules) -> Blueprint:
    """Make the endpoint that tells the rollouts of a pull request or a commit."""
    state = Blueprint("state", __name__, url_prefix="/api/v1")

    @state.get("/rollouts")
    def read_rollouts() -> Response:
        caller = gate.admit("read")
        _check_repository(caller, request.args.get("repo", ""))
        pull, sha = request.args.get("pull", ""), request.args.get("sha", "")
        if bool(pull) == bool(sha):
            raise Refusal(
                400, "Say which rollouts: either with `pull=` and a number, or with `sha=` and a commit, not with both."
            )
        number = _number(pull) if pull else 0
        commit = _commit(sha) if sha else ""
        with reader.moment() as db:
            if pull:
                found = rollouts.of_pull(db, caller.repo.id, number)
            else:
                found = rollouts.of_sha(db, caller.repo.id, commit)
            kept = _kept(db, caller.repo.id, found, rules, gate.now())
        told = [rollout_json.rollout(walk, kept.get(walk.rollout.id, Keeping())) for walk in found]
        return envelope(200, {**Found(repository=caller.repo.full_name, rollouts=told)})

    return state


def _kept(db: Db, repo_id: int, found: list[Walk], rules: Rules, now: float) -> dict[int, Keeping]:
    """Find what keeps the steps of rollouts that could go."""
    kept: dict[int, Keeping] = {}
    load = cache(lambda rollout_id: rollouts.load(db, rollout_id))
    for lane in {walk.rollout.lane for walk in found}:
        its = [walk for walk in found if walk.rollout.lane == lane]
        number = its[0].rollout.pull
        pull = pulls.get(db, repo_id, number) if number else None
        kept |= shared.look(db, repo_id, lane, its, pull, rules=rules, now=now, get=load).kept
    return kept


def _check_repository(caller: Caller, named: str) -> None:
    owner, _, name = named.partition("/")
    if not owner or not name or "/" in name:
        raise Refusal(400, "Say which repository: `repo=owner/name`.")
    if not caller.speaks_for(owner, name):
        raise Refusal(404, f"This key or session is for {caller.repo.full_name}, so it sees no other repository.")


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise Refusal(400, "`pull` must be the number of a pull request.")
    return int(text)


def _commit(text: str) -> str:
    sha = text.lower()
    if not _COMMIT.fullmatch(sha):
        raise Refusal(400, "`sha` must be a whole commit id, of 40 or 64 hexadecimal digits.")
    return sha
