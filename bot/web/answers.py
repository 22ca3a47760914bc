"""Answers and refusals: in the envelope that the Atmos CLI decodes under /api/v1/, a page for people, else JSON."""

from __future__ import annotations

import logging
import secrets
import sqlite3
from collections.abc import Mapping
from typing import Any

import msgspec
from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from bot.web import pages_wrong

API = "/api/v1/"

log = logging.getLogger(__name__)


class Refusal(Exception):  # noqa: N818 - it reads as what happens
    """A request is refused; the message is for people, `problems` names what is wrong with the body, a line each."""

    def __init__(self, status: int, message: str, problems: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.problems = problems


class Envelope(msgspec.Struct, omit_defaults=True):
    """The CLI's envelope. Go decodes it strictly: one key of another type makes the whole answer unreadable."""

    success: bool
    status: int
    traceId: str  # noqa: N815 - the CLI's spelling
    data: Mapping[str, Any]  # empty where there is nothing to tell
    errorMessage: str = ""  # noqa: N815


_encode = msgspec.json.Encoder().encode


def reply(status: int, body: object) -> Response:
    """Answer with a JSON object."""
    return Response(_encode(body), status, content_type="application/json")


def envelope(status: int, data: Mapping[str, object] | None = None, *, error: str = "") -> Response:
    """Answer in the CLI's envelope, with a new trace id that is also logged and in `X-Request-Id`."""
    # Quoted: both may carry what somebody sent, with line ends in it.
    return _envelope(f"{request.method} {request.path!r}", status, data, error)


def unreadable(status: int) -> Response:
    """Answer a request that the server could not read, so that its path may not be known; in the envelope."""
    # 501 is final as well, and after a 5xx the CLI would send it again.
    final = 400 if status == 501 else status
    return _envelope("a request that cannot be read", final, None, _WORDS.get(status, _WORDS[400]))


def _envelope(asked: str, status: int, data: Mapping[str, object] | None, error: str) -> Response:
    trace = secrets.token_hex(8)
    response = reply(status, Envelope(status < 400, status, trace, data or {}, error))
    response.headers["X-Request-Id"] = trace
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    # What is no fault of the sender's is also in the log of who keeps warnings only.
    log.log(logging.INFO if status < 500 else logging.WARNING, "%s: %d %r (trace %s)", asked, status, error, trace)
    return response


def refuse(status: int, message: str, problems: tuple[str, ...] = ()) -> Response:
    """Answer a refusal, in the form that belongs to the path."""
    if request.path.startswith(API):
        return envelope(status, {"validationErrors": list(problems)} if problems else None, error=message)
    if pages_wrong.is_for_people():
        return pages_wrong.page(status, message)
    return reply(status, {"error": message})


def install(app: Flask) -> None:
    """Make every error of the app an answer for people, without a traceback."""
    # Without this, OPTIONS would be answered with nothing at all.
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    app.before_request(_refuse_packed)

    @app.errorhandler(Refusal)
    def refused(error: Refusal) -> Response:
        return refuse(error.status, error.message, error.problems)

    @app.errorhandler(HTTPException)
    def unroutable(error: HTTPException) -> Response:
        response = refuse(error.code or 500, _words(error))
        response.headers.extend((name, value) for name, value in error.get_headers() if name == "Allow")
        return response

    @app.errorhandler(Exception)
    def failed(error: Exception) -> Response:
        if isinstance(error, (sqlite3.OperationalError, TimeoutError)):
            log.warning("%s %r could not be written: %s", request.method, request.path, error)
            # After a timeout nothing is written any more, but for webhooks, which are known when they come again.
            return refuse(503, "Switchyard's database is busy; try again in a moment.")
        answer = refuse(500, _WORDS[500])
        trace = answer.headers.get("X-Request-Id", "none")
        log.exception("%s %r failed (trace %s)", request.method, request.path, trace)
        return answer


def _refuse_packed() -> None:
    encoding = request.headers.get("Content-Encoding", "")
    if encoding.strip().lower() not in ("", "identity"):
        raise Refusal(
            415, "The body is compressed (`Content-Encoding`), which Switchyard does not read; send it as it is."
        )


def _words(error: HTTPException) -> str:
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        methods = sorted(set(error.valid_methods) - {"HEAD", "OPTIONS"})
        return f"This address of Switchyard takes {' and '.join(methods)} only; its docs/api.md says for what."
    return _WORDS.get(error.code or 500, error.name)


_WORDS = {
    400: "The request is no sound HTTP; look at what sends it, and at the proxies on its way here.",
    404: "Switchyard has nothing at this address; its docs/api.md lists what there is.",
    413: "The body is larger than Switchyard takes here. The CLI sends reports in parts of at most "
    "`settings.pro.max_payload_bytes` in atmos.yaml; make that smaller.",
    431: "The request's headers are larger than is taken here; send fewer or shorter ones.",
    500: "Something went wrong in Switchyard; its log says what. Send it again later.",
    501: "The body is sent with a `Transfer-Encoding` that is not read here; `chunked` is.",
}
