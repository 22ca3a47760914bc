"""The inventory that `atmos list instances --upload` sends. Nothing is worked on here."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Annotated, Literal

import msgspec
from flask import Blueprint, Response, request

from bot.events import inventory
from bot.events.packing import Header
from bot.events.upload import BadUpload
from bot.store.writer import Writer
from bot.web.answers import Refusal, envelope
from bot.web.auth import Caller, Gate
from bot.web.endpoint import Endpoint
from bot.web.reports import LARGEST, PARTS, Report, take


class Told(msgspec.Struct):
    """What became of an inventory, or of a part of one."""

    repository: str
    part: Literal["taken", "complete", "known"]
    kept: Literal["inventory", "last seen"]  # what it is kept as, unless a newer run's inventory is there already


ENDPOINTS = (
    Endpoint(
        "POST",
        "/api/v1/instances",
        "Take the list of all instances that a repository configures, whole or in parts.",
        scope="upload",
        body=Annotated[inventory.Inventory, msgspec.Meta(extra_json_schema=PARTS)],
        data=Told,
        refusals=(400, 401, 403, 409, 413, 415, 503),
    ),
)


def blueprint(gate: Gate, writer: Writer, now: Callable[[], float]) -> Blueprint:
    """Make the endpoint that takes inventories."""
    instances = Blueprint("inventory", __name__, url_prefix="/api/v1")

    @instances.post("/instances")
    def post() -> Response:
        caller = gate.admit("upload")
        request.max_content_length = LARGEST
        body = request.get_data(cache=False)
        told = _read(body, caller)
        claims, repo = caller.claims, caller.repo
        header = Header(caller.credential, {}, claims.sha if claims else "", told.batch_id or "", claims=claims)
        report = Report(
            inventory.KIND,
            header,
            body,
            told.batch_index or 0,
            told.batch_total or 1,
            guid=_guid(caller, body) if not header.batch_id else None,
        )
        done = take(writer, caller, report, now(), command="atmos list instances --upload")
        # A part of a batch may be empty where the whole is not.
        size = len(told.instances or ()) or (told.batch_total or 1) - 1
        kept = "last seen" if inventory.not_kept(claims, repo.default_branch, size) else "inventory"
        return envelope(200, {"repository": repo.full_name, "part": done.value, "kept": kept})

    return instances


def _read(body: bytes, caller: Caller) -> inventory.Inventory:
    try:
        told = inventory.parse(body)
    except BadUpload as error:
        raise Refusal(400, f"Switchyard cannot use this inventory. {error.message}", tuple(error.problems)) from None
    # Both are empty where the CLI could not read them from the git remote.
    caller.check_speaks_for(told.repo_owner or caller.repo.owner, told.repo_name or caller.repo.name, "The inventory")
    return told


def _guid(caller: Caller, body: bytes) -> str | None:
    """Name what one attempt of a run sends: when it sends it again, it is not worked again.

    A key's says when instances were seen last, which is news each time.
    """
    return f"inventory:{caller.credential}:{hashlib.sha256(body).hexdigest()}" if caller.claims else None
