"""How a plan or an apply ended, as the CLI tells with `--upload-status`. Whose it is, is found later."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Literal
from urllib.parse import unquote

import msgspec
from flask import Blueprint, Response, request

from bot.domain import names
from bot.events.status import KIND, Told
from bot.store import inbox
from bot.store.writer import Writer
from bot.web import bodies
from bot.web.answers import Refusal, envelope
from bot.web.auth import Caller, Gate
from bot.web.endpoint import Endpoint, Parameter

#: The CLI waits 30 seconds for an answer.
_PATIENCE = 25.0
#: A time that lies further ahead than this, in seconds, comes from a clock that is wrong.
_AHEAD = 300.0
#: Stack and component in the path, as they were sent: `%2F` in a name is decoded before a path is routed.
_IN_PATH = re.compile(r"/repos/+[^/]+/+[^/]+/+instances/+([^?#]+)")

#: Any that a system knows: a process that was killed has -1 in Go, and a large one on Windows.
ExitCode = Annotated[int, msgspec.Meta(ge=-(2**31), lt=2**32, description="Terraform's own.")]
LastRun = Annotated[datetime, msgspec.Meta(tz=True, description="When it ended; when it is received, if left out.")]


class Ended(msgspec.Struct):
    """What the CLI sends: `command` and `exit_code`, or before v1.211 only `status`."""

    command: Literal["plan", "apply", "deploy", "remediate"] | None = None
    exit_code: ExitCode | None = None
    last_run: LastRun | None = None
    status: Literal["in_sync", "drifted"] | None = None


class Noted(msgspec.Struct):
    """What was understood."""

    repository: str
    stack: str
    component: str
    command: Literal["plan", "apply"]
    exitCode: int  # noqa: N815 - as in the other answers


_NEW = {
    "required": ["command", "exit_code"],
    "properties": {"command": {"type": "string"}, "exit_code": {"type": "integer"}},
}
_OLD = {"required": ["status"], "properties": {"status": {"type": "string"}}}
_NAME = {"type": "string", "maxLength": names.LONGEST, "pattern": names.PATTERN}
_REPOSITORY = (Parameter("owner", "path", "The repository's owner."), Parameter("repo", "path", "Its name."))
_BODY = Annotated[Ended, msgspec.Meta(extra_json_schema={"anyOf": [_NEW, _OLD]})]
ENDPOINTS = (
    Endpoint(
        "PATCH",
        "/api/v1/repos/{owner}/{repo}/instances",
        "Take how a plan or an apply of an instance ended.",
        scope="status",
        body=_BODY,
        data=Noted,
        parameters=(
            *_REPOSITORY,
            Parameter("stack", "query", "The instance's stack.", schema=_NAME),
            Parameter("component", "query", "Its component, or only the last part of its name.", schema=_NAME),
        ),
    ),
    Endpoint(
        "PATCH",
        "/api/v1/repos/{owner}/{repo}/instances/{stack}/{component}",
        "The same, as CLIs before v1.196 send it.",
        scope="status",
        body=_BODY,
        data=Noted,
        parameters=(
            *_REPOSITORY,
            Parameter("stack", "path", "The instance's stack, each `/` as `%2F`.", schema=_NAME),
            Parameter("component", "path", "Its component, likewise.", schema=_NAME),
        ),
    ),
)


def blueprint(gate: Gate, writer: Writer, now: Callable[[], float]) -> Blueprint:
    """Make the endpoint that takes statuses."""
    statuses = Blueprint("statuses", __name__, url_prefix="/api/v1/repos/<owner>/<name>/instances")

    @statuses.patch("")
    def by_query(owner: str, name: str) -> Response:
        caller = _admitted(owner, name)
        return take(caller, request.args.get("stack", ""), request.args.get("component", ""))

    @statuses.patch("/<path:instance>")
    def by_path(owner: str, name: str, instance: str) -> Response:
        caller = _admitted(owner, name)
        return take(caller, *_in_path(request.environ.get("REQUEST_URI", ""), instance))

    def _admitted(owner: str, name: str) -> Caller:
        caller = gate.admit("status")
        caller.check_speaks_for(owner, name, "The status")
        return caller

    def take(caller: Caller, stack: str, component: str) -> Response:
        _check_name("stack", stack)
        _check_name("component", component)
        status, received_at = bodies.read(Ended), now()
        told = _told(caller, stack, component, status, received_at)
        guid = _guid(caller, told, status.last_run)
        packed, repo_id = msgspec.json.encode(told), caller.repo.id
        writer.run(lambda db: inbox.put(db, KIND, packed, now=received_at, guid=guid, repo_id=repo_id), _PATIENCE)
        noted = Noted(caller.repo.full_name, stack, component, told.command, told.exit_code)
        return envelope(200, msgspec.structs.asdict(noted))

    return statuses


def _in_path(uri: str, decoded: str) -> tuple[str, str]:
    """Read stack and component out of the path as it was sent. Where a proxy has decoded it, the stack has no slash."""
    found = _IN_PATH.search(uri)
    parts = [unquote(part) for part in (found[1] if found else decoded).split("/") if part]
    return parts[0] if parts else "", "/".join(parts[1:])


def _check_name(what: str, name: str) -> None:
    if not name:
        raise Refusal(400, f"The status names no {what}: the address must end with `?stack=…&component=…`.")
    if not names.allowed(name):
        raise Refusal(
            400,
            f"No {what} of Switchyard is called “{names.shown(name)}”: names have letters, digits and "
            f"`_ . - / + @ = :`, at most {names.LONGEST} of them.",
        )


def _told(caller: Caller, stack: str, component: str, body: Ended, received_at: float) -> Told:
    command: Literal["plan", "apply"]
    if body.command is not None and body.exit_code is not None:
        command, exit_code = "plan" if body.command == "plan" else "apply", body.exit_code
    elif body.status is not None:
        command, exit_code = "plan", 0 if body.status == "in_sync" else 2
    else:
        raise Refusal(
            400,
            "The status must have both `command` and `exit_code`: `plan`, `apply`, `deploy` or `remediate`, and what "
            "Terraform ended with.",
        )
    at = body.last_run.timestamp() if body.last_run else received_at
    if at > received_at + _AHEAD:
        at = received_at
    return Told(stack, component, command, exit_code, at, caller.claims)


def _guid(caller: Caller, told: Told, last_run: datetime | None) -> str | None:
    """Name a status, so that the CLI's retries are one input."""
    if caller.claims is None:
        return None  # two runs may say the same with one key
    said = (told.stack, told.component, told.command, told.exit_code, last_run and last_run.timestamp())
    digest = hashlib.sha256(msgspec.json.encode(said)).hexdigest()[:32]
    return f"status:{caller.repo.id}:{caller.claims.run_id}.{caller.claims.attempt}:{digest}"
