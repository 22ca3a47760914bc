"""Reports in one request or in several: each is an input on disk before the last of it is answered."""

from __future__ import annotations

from dataclasses import dataclass

from bot.events.packing import Header, pack
from bot.events.upload import LONGEST_BATCH_ID, MOST_CHUNKS
from bot.store import chunks, inbox
from bot.store.db import Db
from bot.store.writer import Writer
from bot.web.answers import Refusal
from bot.web.auth import Caller

#: The largest report in one request. The CLI aims at 4 MiB, but one instance alone can be far above that.
LARGEST = 32 * 1024 * 1024
#: What a report says of its parts, as JSON Schema has it. That `batch_index` is below `batch_total`, it cannot say.
_WHOLE = {"batch_id": {"enum": ["", None]}, "batch_index": {"type": "null"}, "batch_total": {"type": "null"}}
_PART = {
    "batch_id": {"type": "string", "minLength": 1, "maxLength": LONGEST_BATCH_ID},
    "batch_index": {"type": "integer", "minimum": 0, "maximum": MOST_CHUNKS - 1},
    "batch_total": {"type": "integer", "minimum": 1, "maximum": MOST_CHUNKS},
}
PARTS = {"anyOf": [{"properties": _WHOLE}, {"properties": _PART, "required": list(_PART)}]}


@dataclass(frozen=True, slots=True)
class Report:
    """What one request brought: all of a report, or (where the header names a batch) a part of it."""

    kind: str  # of input
    header: Header
    body: bytes
    index: int = 0  # from 0
    total: int = 1
    guid: str | None = None  # the whole report is taken once under it


def take(writer: Writer, caller: Caller, report: Report, now: float, *, command: str) -> chunks.Put:
    """Put a report on disk; raises Refusal, which names the `command` to run again where parts do not fit together."""
    batch = report.header.batch_id
    whole = pack(report.header, b"" if batch else report.body)

    def put(db: Db) -> chunks.Put:
        done = _keep_part(db, caller, report, now) if batch else chunks.Put.COMPLETE
        # The last missing part makes the input, which names the batch and leaves the parts where they are.
        if done is chunks.Put.COMPLETE:
            fresh = inbox.put(db, report.kind, whole, now=now, guid=report.guid, repo_id=caller.repo.id)
            return done if fresh else chunks.Put.KNOWN
        return done

    done = writer.run(put)
    if done is chunks.Put.OTHER:
        raise Refusal(
            409,
            f"Part {report.index} does not fit what came before of the batch {batch}: its content is another, or the "
            f"number of parts. Run `{command}` again: it starts a new batch.",
        )
    if done is chunks.Put.TOO_LARGE:
        raise Refusal(
            413,
            f"With part {report.index} the batch {batch} is larger than {chunks.MOST_BYTES:,} bytes, and Switchyard "
            "takes no larger ones. Shorten what the stacks have under `settings.pro`, or report fewer of them at once.",
        )
    return done


def _keep_part(db: Db, caller: Caller, report: Report, now: float) -> chunks.Put:
    return chunks.put(
        db,
        kind=report.kind,
        repo_id=caller.repo.id,
        credential=caller.credential,
        batch_id=report.header.batch_id,
        index=report.index,
        total=report.total,
        body=report.body,
        now=now,
    )
