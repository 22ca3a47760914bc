"""The rollouts of a lane that count no more."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

import msgspec

from bot.domain.graph import Instance
from bot.domain.model import Decided, Dispatch, Rollout, Status, Step
from bot.domain.rollout import own_status
from bot.store.db import Db

_rollout = msgspec.json.Decoder(Rollout).decode
_dispatch = msgspec.json.Decoder(Dispatch).decode


class _Unsent(msgspec.Struct):
    """What tells how a step stands that has no dispatch: there may be thousands, and the rest of them is long."""

    problem: str = ""
    manual: str = ""
    dropped: str = ""
    decided: Decided | None = None


_unsent = msgspec.json.Decoder(_Unsent).decode
_NOTHING = Step(0, Instance("", ""), (), (), (), 1)
#: Of several dispatches of a step, and of several runs, the first of these tells most.
_WORST = (Status.FAILED, Status.TIMED_OUT, Status.CANCELLED)
#: Steps by the status of that dispatch: SQLite gives the one that has the least.
_SENT = (
    "SELECT status, count(*) AS n FROM (SELECT status, min(CASE status WHEN 'failed' THEN 0 WHEN 'timed_out' THEN 1 "
    "WHEN 'cancelled' THEN 2 WHEN 'succeeded' THEN 4 ELSE 3 END) FROM dispatches WHERE rollout_id = ? AND latest "
    "GROUP BY idx) GROUP BY status"
)


@dataclass(frozen=True, slots=True)
class Ended:
    """A rollout that counts no more, and how its steps ended: what was kept or never sent is superseded."""

    rollout: Rollout
    counts: Counter[Status]
    run_url: str  # of the run that tells most; empty where there is none


def of_lane(db: Db, lane: str, limit: int) -> list[Ended]:
    """Read the rollouts of a lane that were superseded, newest first."""
    sql = "SELECT id, facts FROM rollouts WHERE lane = ? AND NOT current ORDER BY id DESC LIMIT ?"
    return [_ended(db, row["id"], _rollout(row["facts"])) for row in db.rows(sql, lane, limit)]


def latest(db: Db, lane: str) -> int:
    """Number the newest rollout of a lane that was superseded; 0 where there is none."""
    row = db.row("SELECT max(id) AS id FROM rollouts WHERE lane = ? AND NOT current", lane)
    return int(row["id"] or 0) if row is not None else 0


def how_many(db: Db, lane: str, *, but: Iterable[int] = ()) -> int:
    """Count the rollouts of a lane that were superseded, `but` some that are told of elsewhere."""
    sql = (
        "SELECT count(*) AS n FROM rollouts WHERE lane = ? AND NOT current "
        "AND id NOT IN (SELECT value FROM json_each(?))"
    )
    row = db.row(sql, lane, json.dumps([*but]))
    return int(row["n"]) if row is not None else 0


def _ended(db: Db, rollout_id: int, rollout: Rollout) -> Ended:
    counts = Counter({Status(row["status"]): int(row["n"]) for row in db.rows(_SENT, rollout_id)})
    unsent = (
        "SELECT facts FROM steps WHERE rollout_id = ? AND idx NOT IN (SELECT idx FROM dispatches WHERE rollout_id = ?)"
    )
    counts.update(_stands(_unsent(row["facts"])) for row in db.rows(unsent, rollout_id, rollout_id))
    return Ended(rollout, counts, _worst_run(db, rollout_id, counts))


def _stands(step: _Unsent) -> Status:
    if not (step.problem or step.manual or step.dropped or step.decided):
        return Status.SUPERSEDED
    told = replace(_NOTHING, problem=step.problem, manual=step.manual, dropped=step.dropped, decided=step.decided)
    return own_status(told) or Status.SUPERSEDED


def _worst_run(db: Db, rollout_id: int, counts: Counter[Status]) -> str:
    for status in _WORST:
        if counts[status]:
            sql = "SELECT facts FROM dispatches WHERE rollout_id = ? AND latest AND status = ? AND run_id > 0 LIMIT 1"
            row = db.row(sql, rollout_id, status)
            if row is not None:
                return _dispatch(row["facts"]).run_url
    return ""
