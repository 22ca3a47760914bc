"""GitHub's webhooks: check the signature, put one row into the inbox, say so. Nothing is worked on here."""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec
from flask import Blueprint, Response, request

from bot.github.webhook import verify
from bot.store import inbox
from bot.store.db import Db
from bot.store.writer import Writer
from bot.web.answers import refuse, reply

#: GitHub caps payloads at 25 MB and drops what is larger.
LARGEST = 25 * 1024 * 1024
#: GitHub gives up on an answer after 10 seconds; a row that was committed too late is known when it is sent again.
PATIENCE = 9.0

_EVENT = re.compile(r"[a-z][a-z0-9_]{0,99}")
_GUID = re.compile(r"[!-~]{1,200}")


class _Object(msgspec.Struct):
    """Any JSON object; what is in it is looked at later."""


_object = msgspec.json.Decoder(_Object)


def blueprint(secret: str, writer: Writer, now: Callable[[], float], reserved: frozenset[str]) -> Blueprint:
    """Make the webhook's endpoint.

    `reserved` are the kinds of input that are not GitHub's: the signature does not cover the event's name, so a body
    that GitHub once signed must not come in as one of them.
    """
    hooks = Blueprint("hooks", __name__)

    @hooks.post("/webhooks/github")
    def github() -> Response:
        request.max_content_length = LARGEST
        body = request.get_data(cache=False)
        headers = request.headers
        if not verify(secret, body, headers.get("X-Hub-Signature-256", "")):
            return refuse(401, "The signature does not match; set the same secret here and for the App's webhook.")
        event, guid = headers.get("X-GitHub-Event", ""), headers.get("X-GitHub-Delivery", "")
        if not _EVENT.fullmatch(event) or event in reserved or not _GUID.fullmatch(guid):
            return refuse(400, "X-GitHub-Event and X-GitHub-Delivery must name the event and its delivery.")
        try:
            _object.decode(body)
        except msgspec.MsgspecError:
            return refuse(400, "The body is no JSON object; set the webhook's content type to application/json.")

        def put(db: Db) -> bool:
            return inbox.put(db, event, body, guid=guid, now=now())

        new = writer.run(put, PATIENCE)
        return reply(202, {"accepted": new})

    return hooks
