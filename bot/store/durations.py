"""How long the runs of each instance took by each workflow file: the latest few that succeeded."""

from __future__ import annotations

import json
from collections.abc import Mapping

from bot.domain.model import Dispatch, Status
from bot.domain.remaining import LATEST, usual
from bot.domain.rollout import Draft, Walk
from bot.store.db import Db


def note(db: Db, draft: Draft) -> None:
    """Note how long the runs took that a draft has succeed."""
    for index in draft.changed:
        known = draft.walk.steps[index].dispatches if index < len(draft.walk.steps) else ()
        before = {sent.id: sent for sent in known}
        for sent in draft.step(index).dispatches:
            if sent.id in draft.touched and _has_ended(sent, before.get(sent.id)):
                _add(db, draft, index, sent)


def _has_ended(sent: Dispatch, before: Dispatch | None) -> bool:
    """Tell whether a run has succeeded by now, and it is known since when it went by itself."""
    if sent.status is not Status.SUCCEEDED or not 0 < sent.started_at < sent.finished_at:
        return False
    if before is None or before.attempt != sent.attempt:
        return True
    # The time of a run that was not seen to go on after people had been waited for has them in it.
    return before.status is not Status.SUCCEEDED and (before.status is Status.RUNNING or not before.waited)


def _add(db: Db, draft: Draft, index: int, sent: Dispatch) -> None:
    key = (draft.rollout.repo_id, *draft.step(index).instance, sent.workflow)
    sql = "SELECT seconds FROM durations WHERE repo_id = ? AND stack = ? AND component = ? AND workflow = ?"
    row = db.row(sql, *key)
    known = json.loads(row["seconds"]) if row is not None else []
    latest = [*known, round(sent.finished_at - sent.started_at, 1)][-LATEST:]
    db.write(
        "INSERT OR REPLACE INTO durations (repo_id, stack, component, workflow, seconds, at) VALUES (?, ?, ?, ?, ?, ?)",
        *(*key, json.dumps(latest), sent.finished_at),
    )


def of(db: Db, walk: Walk) -> Mapping[int, float]:
    """Tell by step how long its runs usually take, in seconds; of several workflow files the slowest counts.

    A step is missing where that is not known of each of its files.
    """
    calls = [[step.index, *step.instance, call.workflow] for step in walk.steps for call in step.calls]
    sql = (
        "SELECT json_extract(one.value, '$[0]') AS idx, seconds FROM json_each(?) AS one "
        "LEFT JOIN durations ON durations.repo_id = ? AND stack = json_extract(one.value, '$[1]') "
        "AND component = json_extract(one.value, '$[2]') AND workflow = json_extract(one.value, '$[3]')"
    )
    found: dict[int, float] = {}
    unknown: set[int] = set()
    for row in db.rows(sql, json.dumps(calls), walk.rollout.repo_id):
        if row["seconds"] is None:
            unknown.add(row["idx"])
        else:
            found[row["idx"]] = max(found.get(row["idx"], 0.0), usual(json.loads(row["seconds"])))
    return {index: seconds for index, seconds in found.items() if index not in unknown}


def prune(db: Db, before: float) -> None:
    """Forget what has not run since then."""
    db.write("DELETE FROM durations WHERE at < ?", before)
