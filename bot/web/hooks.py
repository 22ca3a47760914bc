"""GitHub's webhooks: check the signature, put one row into the inbox, say so. Nothing is worked on here."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
from flask import Blueprint, Response, request
from flask.blueprints import BlueprintSetupState

from bot.github.webhook import verify
from bot.store import inbox
from bot.store.db import Db
from bot.store.writer import Writer
from bot.web.answers import Refusal, reply
from bot.web.headers import secure

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PATH = "/webhooks/github"
#: GitHub caps payloads at 25 MB and drops what is larger.
LARGEST = 25 * 1024 * 1024
#: GitHub gives up on an answer after 10 seconds; a row that was committed too late is known when it is sent again.
PATIENCE = 9.0

_WHY_NOT = "switchyard.why_not"
_EVENT = re.compile(r"[a-z][a-z0-9_]{0,99}")
_GUID = re.compile(r"[!-~]{1,200}")


class _Object(msgspec.Struct):
    """Any JSON object; what is in it is looked at later."""


_object = msgspec.json.Decoder(_Object)


@dataclass(frozen=True, slots=True)
class Intake:
    """Takes webhooks into the inbox."""

    secret: str
    writer: Writer
    now: Callable[[], float]
    reserved: frozenset[str]  # the kinds of input that are not GitHub's

    def take(self, body: bytes, *, signature: str, event: str, guid: str) -> bool:
        """Put a webhook into the inbox; False when it is there already. Raises Refusal."""
        if not verify(self.secret, body, signature):
            raise Refusal(401, "The signature does not match; set the same secret here and for the App's webhook.")
        # The signature does not cover the event's name: a body that GitHub once signed must not come in as one of ours.
        if not _EVENT.fullmatch(event) or event in self.reserved or not _GUID.fullmatch(guid):
            raise Refusal(400, "X-GitHub-Event and X-GitHub-Delivery must name the event and its delivery.")
        try:
            _object.decode(body)
        except (msgspec.MsgspecError, RecursionError):
            raise Refusal(
                400, "The body is no JSON object; set the webhook's content type to application/json."
            ) from None

        def put(db: Db) -> bool:
            return inbox.put(db, event, body, guid=guid, now=self.now())

        return self.writer.run(put, PATIENCE, late=True)


class Express:
    """Takes webhooks before Flask sees them: they come in storms, and in Flask each costs three times as much.

    Only what was taken is answered here. Why something was not taken is handed on to Flask, which tells it.
    """

    def __init__(self, app: WSGIApplication, intake: Intake) -> None:
        self._app = app
        self._intake = intake
        self._answers = {new: secure(reply(202, {"accepted": new})) for new in (True, False)}

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        length = environ.get("CONTENT_LENGTH") or ""
        ours = environ["PATH_INFO"] == PATH and environ["REQUEST_METHOD"] == "POST"
        if not ours or not length.isdecimal() or int(length) > LARGEST:
            return self._app(environ, start)
        try:
            new = self._intake.take(
                environ["wsgi.input"].read(int(length)),
                signature=environ.get("HTTP_X_HUB_SIGNATURE_256", ""),
                event=environ.get("HTTP_X_GITHUB_EVENT", ""),
                guid=environ.get("HTTP_X_GITHUB_DELIVERY", ""),
            )
        except Exception as error:  # whatever it is, there is one place that words it
            environ[_WHY_NOT] = error
            return self._app(environ, start)
        answer = self._answers[new]
        start(answer.status, answer.headers.to_wsgi_list())
        return [answer.get_data()]


def blueprint(secret: str, writer: Writer, now: Callable[[], float], reserved: frozenset[str]) -> Blueprint:
    """Make the webhook's endpoint, with an express way to it. `reserved` are kinds of input that are not GitHub's."""
    hooks = Blueprint("hooks", __name__)
    intake = Intake(secret, writer, now, reserved)

    @hooks.post(PATH)
    def github() -> Response:
        why_not = request.environ.get(_WHY_NOT)
        if why_not is not None:
            raise why_not
        request.max_content_length = LARGEST
        body = request.get_data(cache=False)
        headers = request.headers
        new = intake.take(
            body,
            signature=headers.get("X-Hub-Signature-256", ""),
            event=headers.get("X-GitHub-Event", ""),
            guid=headers.get("X-GitHub-Delivery", ""),
        )
        return reply(202, {"accepted": new})

    @hooks.record
    def lay(state: BlueprintSetupState) -> None:
        state.app.wsgi_app = Express(state.app.wsgi_app, intake)  # type: ignore[attr-defined]

    return hooks
