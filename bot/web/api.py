"""The API that the Atmos CLI calls: uploads. Nothing is worked on here."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, request

from bot.events.packing import Header, pack
from bot.events.upload import BadUpload, Upload, parse_upload
from bot.store import chunks, inbox
from bot.store.db import Db
from bot.store.writer import Writer
from bot.web.answers import Refusal, envelope
from bot.web.auth import Caller, Gate

#: The largest upload in one request. The CLI aims at 4 MiB, but one instance alone can be far above that.
LARGEST = 32 * 1024 * 1024
#: The CLI waits 30 seconds for an answer.
PATIENCE = 25.0


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
        packed = pack(header, body)

        def put(db: Db) -> chunks.Put:
            if upload.batch_id:
                return _put_chunk(db, caller, upload, header, body, now())
            inbox.put(db, "upload", packed, now=now(), repo_id=caller.repo.id)
            return chunks.Put.COMPLETE

        done = writer.run(put, PATIENCE)
        if done is chunks.Put.OTHER:
            raise Refusal(
                409,
                f"Part {upload.batch_index} of the batch {upload.batch_id} was sent before with other content, or with "
                "another number of parts. Run `atmos describe affected --upload` again: it starts a new batch.",
            )
        return envelope(200, {"repository": caller.repo.full_name, "headSha": upload.head_sha, "part": done.value})

    return api


def _read(body: bytes, query: dict[str, str], caller: Caller) -> Upload:
    try:
        upload = parse_upload(body, query)
    except BadUpload as error:
        raise Refusal(400, f"Switchyard cannot use this upload. {error.message}", tuple(error.problems)) from None
    caller.check_speaks_for(upload.repo_owner, upload.repo_name, "The upload")
    return upload


def _put_chunk(db: Db, caller: Caller, upload: Upload, header: Header, body: bytes, now: float) -> chunks.Put:
    """Keep a part; the last missing one makes the input, which names the batch and leaves the parts where they are."""
    repo_id, batch_id = caller.repo.id, upload.batch_id
    done = chunks.put(
        db,
        repo_id=repo_id,
        credential=caller.credential,
        batch_id=batch_id,
        index=upload.batch_index,
        total=upload.batch_total,
        body=body,
        now=now,
    )
    if done is chunks.Put.COMPLETE:
        inbox.put(db, "upload", pack(header, b""), now=now, repo_id=repo_id)
    return done
