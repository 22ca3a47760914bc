"""The facts that a decision needs, read in its transaction."""

from __future__ import annotations

from dataclasses import replace

from bot.domain import destroys
from bot.domain.desk import Lane
from bot.domain.events import (
    Commanded,
    CommitTold,
    CommitUploaded,
    Event,
    Facts,
    PullChanged,
    RunReported,
    Upload,
    UploadCame,
)
from bot.domain.graph import Instance
from bot.events.context import Gathered
from bot.store import outbox, rollouts, shared, uploads
from bot.work.parts import Parts


def facts_for(parts: Parts, lane: Lane, found: Gathered) -> Facts:
    """Read what is shared, and what the event needs beside it."""
    db, event = parts.db, found.event
    facts = shared.facts(
        db,
        lane.repo.id,
        lane.key,
        lane.walks,
        rules=parts.rules,
        now=parts.now(),
        get=parts.rollouts.get,
        instances=_touched(lane, event),
    )
    facts = replace(facts, in_air=outbox.in_air(db, lane.key), files=found.files, next_rollout=rollouts.next_id(db))
    upload = _upload_of(event)
    if upload is None:
        return facts
    facts = replace(facts, remembered=uploads.recall(db, lane.repo.id, destroys.removed(upload.graph)))
    if not isinstance(event, UploadCame | PullChanged):
        return facts
    pull = lane.pull if lane.pull is not None and lane.pull.merged else event.now
    # What is applied was planned before; a plan needs no plan before it.
    applies = pull.merged or isinstance(event, PullChanged)
    before = pull.merged_at or parts.now()
    get = parts.rollouts.get
    return replace(
        facts,
        planned=shared.planned(db, lane.key, pull, before=before, get=get) if applies else {},
    )


def _upload_of(event: Event) -> Upload | None:
    carries = UploadCame | PullChanged | CommitTold | CommitUploaded | Commanded
    return event.upload if isinstance(event, carries) else None


def _touched(lane: Lane, event: Event) -> list[Instance]:
    """List the instances that an event is about, beside those that the lane waits to apply."""
    if (upload := _upload_of(event)) is not None:
        return list(upload.graph.nodes)
    if isinstance(event, RunReported) and (event.run.attempt > 1 or event.retired is not None):
        behind = event.retired
        of_retired = {behind.rollout_id: behind.dispatch.step} if behind is not None else {}
        found = (
            (walk, walk.by_dispatch.get(event.dispatch_id, of_retired.get(walk.rollout.id))) for walk in lane.walks
        )
        return [walk.steps[index].instance for walk, index in found if index is not None]
    return []
