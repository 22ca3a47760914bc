"""What every call of the API passes: faults, version, who calls, limits, headers, the record of calls."""

import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from bot.sandbox.call import Answer, Auth, Call, Handler
from bot.sandbox.errors import ApiError
from bot.sandbox.faults import Fault, Faults
from bot.sandbox.hooks import Hooks
from bot.sandbox.hub import Hub
from bot.sandbox.ids import digest_of, http_date
from bot.sandbox.limits import SECONDARY, Limits
from bot.sandbox.tokens import Tokens

VERSIONS = ("2022-11-28", "2026-03-10")
DOCUMENTATION = "https://docs.github.com/rest"
NO_ANSWER = 0


@dataclass(frozen=True, slots=True)
class Asked:
    """One call that came in; status 0 where the caller got no answer."""

    time: float
    method: str
    path: str
    status: int


class Gate:
    """Wrap the handlers of the API. `requests` is every call so far, oldest first."""

    def __init__(self, *, hub: Hub, hooks: Hooks, tokens: Tokens, faults: Faults, now: Callable[[], float]) -> None:
        self.requests: list[Asked] = []
        self._hub, self._hooks, self._tokens, self._faults, self._now = hub, hooks, tokens, faults, now
        self._limits = Limits(now=now, faults=faults)

    def wrap(self, auth: Auth | None, handler: Handler) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """Make an aiohttp handler of a call's handler."""

        async def handle(request: web.Request) -> web.StreamResponse:
            text = await request.text()
            fault = self._faults.for_request(request.method, request.path)
            if fault and fault.kind == "hold":
                await fault.released.wait()
            if fault and fault.kind == "dead_connection":
                return self._close(request)
            answer, installation = self._answer(request, text, auth, handler, fault)
            if fault and fault.kind == "lost_answer":
                return self._close(request)
            response = self._response(request, answer, installation)
            if fault and fault.kind == "rate_limited":
                reset = str(int(self._now() + fault.reset_in))
                response.headers.update({"x-ratelimit-remaining": "0", "x-ratelimit-reset": reset})
            self._note(request, response.status)
            return response

        return handle

    def _answer(
        self, request: web.Request, text: str, auth: Auth | None, handler: Handler, fault: Fault | None
    ) -> tuple[Answer, int]:
        installation = 0
        try:
            if fault:
                _spoil(fault)
            version = request.headers.get("X-GitHub-Api-Version")
            if version is not None and version not in VERSIONS:
                raise ApiError(400, f"{version} is not a valid API version.")
            call = Call(self._hub, self._hooks, self._tokens, self._limits, request, {}, None)
            if auth == "installation":
                installation = self._tokens.installation(request.headers.get("Authorization", ""))
                if installation not in self._hub.installations:
                    raise ApiError(401, "Bad credentials")
                call.installation = self._hub.installations[installation]
            elif auth == "app":
                self._tokens.check_app(request.headers.get("Authorization", ""))
            if not request.path.endswith("/rate_limit"):
                self._limits.count(installation)
            self._limits.check_secondary(request.method, request.path)
            call.body = _parsed(text)
            return handler(call), installation
        except ApiError as error:
            return _refusal(error), installation

    def _response(self, request: web.Request, answer: Answer, installation: int) -> web.Response:
        text = answer.text if answer.text is not None else "" if answer.status == 204 else json.dumps(answer.data)
        etag = f'W/"{hashlib.sha256(text.encode()).hexdigest()}"'
        status = answer.status
        if request.method == "GET" and status == 200 and request.headers.get("If-None-Match") == etag:
            self._limits.give_back(installation)
            status, text = 304, ""
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "date": http_date(self._now()),
            "x-github-request-id": digest_of("request", len(self.requests))[:24].upper(),
            "x-github-media-type": "github.v3; format=json",
            **self._limits.headers(installation),
            **answer.headers,
        }
        if request.method == "GET" and status in (200, 304):
            headers["ETag"] = etag
        return web.Response(status=status, body=text.encode(), headers=headers)

    def _close(self, request: web.Request) -> web.Response:
        self._note(request, NO_ANSWER)
        if request.transport is not None:
            request.transport.abort()
        return web.Response()

    def _note(self, request: web.Request, status: int) -> None:
        self.requests.append(Asked(self._now(), request.method, request.path, status))


def not_found(_call: Call) -> Answer:
    """Answer what the sandbox does not know."""
    raise ApiError(404, "Not Found")


def _spoil(fault: Fault) -> None:
    if fault.kind == "status":
        raise ApiError(fault.status, "Server Error" if fault.status >= 500 else "The sandbox was told to refuse this.")
    if fault.kind in ("secondary", "too_many"):
        raise ApiError(403 if fault.kind == "secondary" else 429, SECONDARY, retry_after=str(fault.retry_after))
    if fault.kind == "rate_limited":
        raise ApiError(403, "API rate limit exceeded for installation.")


def _parsed(text: str) -> dict[str, Any]:
    if not text:
        return {}
    try:
        body = json.loads(text)
    except ValueError as error:
        raise ApiError(400, "Problems parsing JSON") from error
    if not isinstance(body, dict):
        raise ApiError(400, "Body should be a JSON object")
    return body


def _refusal(error: ApiError) -> Answer:
    body = {"message": error.message, "documentation_url": DOCUMENTATION, "status": str(error.status)}
    return Answer(body, error.status, error.headers)
