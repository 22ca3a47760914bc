"""The rollouts of a lane that count no more."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

import msgspec

from bot.domain.graph import Instance
from bot.domain.model import Decided, Dispatch, Heir, Rollout, Status, Step
from bot.domain.rollout import own_status
from bot.domain.standing import is_called_off
from bot.store.db import Db

_NEWEST = 2**62
_rollout = msgspec.json.Decoder(Rollout).decode
_dispatch = msgspec.json.Decoder(Dispatch).decode


class _Bare(msgspec.Struct):
    """What tells how a step stands beside its dispatches: there may be thousands, and the rest of them is long."""

    problem: str = ""
    manual: str = ""
    dropped: str = ""
    decided: Decided | None = None
    heir: Heir | None = None


_bare = msgspec.json.Decoder(_Bare).decode
_NOTHING = Step(0, Instance("", ""), (), (), (), 1)
#: Of several runs the first of these tells most.
_WORST = (Status.FAILED, Status.TIMED_OUT, Status.CANCELLED)
#: Steps of which every dispatch went well or goes on, by the status of the one that has the least.
_WELL = (
    "SELECT status, count(*) AS n FROM (SELECT status, min(status = 'succeeded') FROM dispatches "
    "WHERE rollout_id = ? AND latest GROUP BY idx HAVING sum(status IN ('failed', 'timed_out', 'cancelled')) = 0) "
    "GROUP BY status"
)
_NOT_WELL = (
    "SELECT idx, facts FROM dispatches WHERE rollout_id = ? AND latest "
    "AND status IN ('failed', 'timed_out', 'cancelled') ORDER BY idx"
)
_UNSENT = (
    "SELECT facts FROM steps WHERE rollout_id = ? AND idx NOT IN "
    "(SELECT idx FROM dispatches WHERE rollout_id = ? AND latest)"
)


@dataclass(frozen=True, slots=True)
class Ended:
    """A rollout that counts no more, and how its steps ended: what was kept or never sent is superseded."""

    rollout: Rollout
    counts: Counter[Status]
    run_url: str  # of the run that tells most; empty where there is none
    called_off: int = 0  # of what was cancelled: by a person's word here
    withdrawn: int = 0  # of what was cancelled: because the rollout ended


def of_lane(db: Db, lane: str, limit: int, *, before: int = _NEWEST) -> list[Ended]:
    """Read the rollouts of a lane that were superseded, `before` one of them if it is given, newest first."""
    sql = "SELECT id, facts FROM rollouts WHERE lane = ? AND NOT current AND id < ? ORDER BY id DESC LIMIT ?"
    return [_ended(db, row["id"], _rollout(row["facts"])) for row in db.rows(sql, lane, before, limit)]


def latest(db: Db, lane: str) -> int:
    """Number the newest rollout of a lane that was superseded; 0 where there is none."""
    row = db.row("SELECT max(id) AS id FROM rollouts WHERE lane = ? AND NOT current", lane)
    return int(row["id"] or 0) if row is not None else 0


def how_many(db: Db, lane: str, *, but: Iterable[int] = (), before: int = _NEWEST) -> int:
    """Count the rollouts of a lane that were superseded, `but` some that are told of elsewhere."""
    sql = (
        "SELECT count(*) AS n FROM rollouts WHERE lane = ? AND NOT current AND id < ? "
        "AND id NOT IN (SELECT value FROM json_each(?))"
    )
    row = db.row(sql, lane, before, json.dumps([*but]))
    return int(row["n"]) if row is not None else 0


def _ended(db: Db, rollout_id: int, rollout: Rollout) -> Ended:
    counts = Counter({Status(row["status"]): int(row["n"]) for row in db.rows(_WELL, rollout_id)})
    counts.update(_stands(_step(row["facts"])) for row in db.rows(_UNSENT, rollout_id, rollout_id))
    ill = _not_well(db, rollout_id)
    counts.update(map(_stands, ill))
    withdrawn = sum(map(_is_withdrawn, ill))
    return Ended(rollout, counts, _worst_run(ill), sum(map(is_called_off, ill)), withdrawn)


def _not_well(db: Db, rollout_id: int) -> list[Step]:
    """Read the steps of which something failed or was cancelled, with that alone."""
    sent: dict[int, list[Dispatch]] = {}
    for row in db.rows(_NOT_WELL, rollout_id):
        sent.setdefault(row["idx"], []).append(_dispatch(row["facts"]))
    sql = "SELECT idx, facts FROM steps WHERE rollout_id = ? AND idx IN (SELECT value FROM json_each(?))"
    found = {row["idx"]: _step(row["facts"]) for row in db.rows(sql, rollout_id, json.dumps([*sent]))}
    return [replace(found[index], dispatches=tuple(its)) for index, its in sent.items()]


def _step(facts: bytes) -> Step:
    told = _bare(facts)
    return replace(
        _NOTHING,
        problem=told.problem,
        manual=told.manual,
        dropped=told.dropped,
        decided=told.decided,
        heir=told.heir,
    )


def _stands(step: Step) -> Status:
    return own_status(step) or Status.SUPERSEDED


def _is_withdrawn(step: Step) -> bool:
    """Tell whether a step was cancelled by nobody: its rollout ended."""
    if own_status(step) is not Status.CANCELLED or is_called_off(step):
        return False
    ended = [sent for sent in step.dispatches if sent.status is Status.CANCELLED]
    return all(not sent.run_id or (sent.cancel_wanted and not sent.warning) for sent in ended)


def _worst_run(ill: Iterable[Step]) -> str:
    """Find the run that tells most of what did not go well; what was withdrawn tells nothing."""
    steps = [step for step in ill if own_status(step) in _WORST and not _is_withdrawn(step)]
    sent = [sent for step in steps for sent in step.dispatches if sent.run_id]
    return next((one.run_url for status in _WORST for one in sent if one.status is status), "")
