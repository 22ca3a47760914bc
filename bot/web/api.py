"""The API that the Atmos CLI calls: uploads. Nothing is worked on here."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Annotated, Literal

import msgspec
from flask import Blueprint, Response, request

from bot.domain.texts import commit, same_commit
from bot.events.packing import Header, pack
from bot.events.upload import BadUpload, Body, Item, Upload, parse_upload
from bot.store.writer import Writer
from bot.web.answers import Refusal, envelope
from bot.web.auth import Caller, Gate
from bot.web.endpoint import Endpoint, Parameter
from bot.web.reports import LARGEST, PARTS, Report, take


class Taken(msgspec.Struct):
    """What became of an upload, or of a part of one."""

    repository: str
    headSha: str  # noqa: N815 - as in the other answers
    part: Literal["taken", "complete", "known"]


_COMMIT = {"type": "string", "pattern": "^[0-9a-fA-F]{7,64}$"}
_NAME = {"type": "string", "minLength": 1}
_NEEDED = {"head_sha": _COMMIT, "base_sha": _COMMIT, "repo_owner": _NAME, "repo_name": _NAME}
#: A list has none of these, which JSON Schema takes.
_REQUEST = Annotated[
    Body | list[Item],
    msgspec.Meta(extra_json_schema={"properties": _NEEDED, "required": ["stacks", *_NEEDED], "allOf": [PARTS]}),
]
_WITH_LIST = "Where the body is the plain list of `atmos describe affected`: "
ENDPOINTS = (
    Endpoint(
        "POST",
        "/api/v1/affected-stacks",
        "Take what a commit affects, whole or in parts.",
        scope="upload",
        body=_REQUEST,
        data=Taken,
        parameters=(
            Parameter("head_sha", "query", f"{_WITH_LIST}the commit it is about.", required=False, schema=_COMMIT),
            Parameter("base_sha", "query", f"{_WITH_LIST}what it was compared to.", required=False, schema=_COMMIT),
            Parameter("repo", "query", f"{_WITH_LIST}the repository, `owner/name`.", required=False, schema=_NAME),
        ),
        refusals=(400, 401, 403, 409, 413, 415, 503),
    ),
)


def blueprint(gate: Gate, writer: Writer, now: Callable[[], float]) -> Blueprint:
    """Make the endpoints that the CLI calls."""
    api = Blueprint("api", __name__, url_prefix="/api/v1")

    @api.post("/affected-stacks")
    def affected_stacks() -> Response:
        caller = gate.admit("upload")
        request.max_content_length = LARGEST
        body = request.get_data(cache=False)
        query = request.args.to_dict()
        upload = _read(body, query, caller)
        header = Header(caller.credential, query, upload.head_sha, upload.batch_id, upload.base_sha, caller.claims)
        guid = None if upload.batch_id else _guid(caller, header, body)
        report = Report("upload", header, body, upload.batch_index, upload.batch_total, guid=guid)
        done = take(writer, caller, report, now(), command="atmos describe affected --upload")
        return envelope(200, {"repository": caller.repo.full_name, "headSha": upload.head_sha, "part": done.value})

    return api


def _guid(caller: Caller, header: Header, body: bytes) -> str | None:
    """Name what one attempt of a run says, so that the CLI's repeats are known; a key's may be said anew later."""
    if caller.claims is None:
        return None
    said = hashlib.sha256(pack(header, b""))
    said.update(body)
    return f"upload:{caller.repo.id}:{caller.claims.run_id}.{caller.claims.attempt}:{said.hexdigest()}"


def _read(body: bytes, query: dict[str, str], caller: Caller) -> Upload:
    try:
        upload = parse_upload(body, query)
    except BadUpload as error:
        raise Refusal(400, f"Switchyard cannot use this upload. {error.message}", tuple(error.problems)) from None
    caller.check_speaks_for(upload.repo_owner, upload.repo_name, "The upload")
    claims = caller.claims
    if claims is not None and claims.pull and same_commit(upload.head_sha, claims.sha):
        raise Refusal(
            400,
            f"The upload is about {commit(claims.sha)}, which GitHub made to test the merge of #{claims.pull}, and not "
            "about the pull request's head. Set `ci.enabled: true` in atmos.yaml, or let the workflow check out "
            "`${{ github.event.pull_request.head.sha }}`.",
        )
    return upload
