"""The facts that a decision needs, read in its transaction."""

from __future__ import annotations

from dataclasses import replace

from bot.domain import destroying, destroys
from bot.domain.commands.words import names
from bot.domain.desk import Lane
from bot.domain.events import (
    Commanded,
    CommitTold,
    CommitUploaded,
    Event,
    Facts,
    PullChanged,
    Remembered,
    RunReported,
    RunWanted,
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
    destroyable = _destroyable(parts, lane, event)
    facts = shared.facts(
        db,
        lane.repo.id,
        lane.key,
        lane.walks,
        rules=parts.rules,
        now=parts.now(),
        get=parts.rollouts.get,
        instances=[*_touched(lane, event), *destroyable],
    )
    facts = replace(facts, in_air=outbox.in_air(db, lane.key), files=found.files, next_rollout=rollouts.next_id(db))
    if isinstance(event, RunWanted):
        sha = event.commit.sha if event.commit is not None else event.wanted.sha
        planned = shared.planned_at(db, lane.repo.id, sha, before=parts.now())
        return replace(facts, remembered=uploads.recall(db, lane.repo.id), planned=planned)
    upload = _upload_of(event)
    if upload is None:
        return replace(facts, remembered=destroyable)
    removed = uploads.recall(db, lane.repo.id, destroys.removed(upload.graph))
    facts = replace(facts, remembered=removed | destroyable)
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


def _destroyable(parts: Parts, lane: Lane, event: Event) -> dict[Instance, Remembered]:
    """Read what is remembered of what somebody may want destroyed, and of all that depends on it."""
    if not isinstance(event, Commanded) or not names(event.lines) & destroying.COMMANDS:
        return {}
    current = (walk for walk in lane.walks if not walk.rollout.superseded_by)
    instances = (step.instance for walk in current for step in walk.steps)
    return uploads.recall(parts.db, lane.repo.id, instances, below=True)


def _upload_of(event: Event) -> Upload | None:
    carries = UploadCame | PullChanged | CommitTold | CommitUploaded | Commanded
    return event.upload if isinstance(event, carries) else None


def _touched(lane: Lane, event: Event) -> list[Instance]:
    """List the instances that an event is about, beside those that the lane waits to apply."""
    if isinstance(event, RunWanted):
        return list(event.wanted.instances)
    upload = _upload_of(event)
    told = event.runs if isinstance(event, Commanded) else (event,) if isinstance(event, RunReported) else ()
    again = [one for one in told if one.run.attempt > 1 or one.retired is not None]
    found = [instance for one in again for instance in _of_run(lane, one)]
    return found + (list(upload.graph.nodes) if upload is not None else [])


def _of_run(lane: Lane, event: RunReported) -> list[Instance]:
    """Find the instance whose run it is."""
    behind = event.retired
    of_retired = {behind.rollout_id: behind.dispatch.step} if behind is not None else {}
    found = ((walk, walk.by_dispatch.get(event.dispatch_id, of_retired.get(walk.rollout.id))) for walk in lane.walks)
    return [walk.steps[index].instance for walk, index in found if index is not None]
