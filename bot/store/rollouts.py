"""Rollouts, their steps and dispatches."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, replace

import msgspec

from bot.domain.model import IN_FLIGHT, OPEN, Dispatch, Rollout, Step
from bot.domain.rollout import Draft, Walk
from bot.store import places
from bot.store.db import Db

_encode = msgspec.json.Encoder().encode
_rollout = msgspec.json.Decoder(Rollout).decode
_step = msgspec.json.Decoder(Step).decode
_dispatch = msgspec.json.Decoder(Dispatch).decode

#: As many rollouts, and as many steps of them, as are kept in memory. A step takes up to two kilobytes.
_KEPT = 50
_KEPT_STEPS = 40_000


class Rollouts:
    """The rollouts as the worker sees them: read once, kept while they are worked. Intake alone writes them."""

    def __init__(self, db: Db) -> None:
        self._db = db
        self._kept: OrderedDict[int, Walk] = OrderedDict()

    def get(self, rollout_id: int) -> Walk | None:
        """Read a rollout."""
        walk = self._kept.pop(rollout_id, None) or load(self._db, rollout_id)
        if walk is not None:
            self._keep(walk)
        return walk

    def of_lane(self, lane: str, *, dispatch_id: str = "", open_too: bool = False) -> tuple[Walk, ...]:
        """Read the rollouts of a lane that count now, and the one that a dispatch belongs to; oldest first.

        With `open_too` also those that were ended and still have runs.
        """
        ids = {row["id"] for row in self._db.rows("SELECT id FROM rollouts WHERE lane = ? AND current", lane)}
        if open_too:
            sql = (
                "SELECT id FROM rollouts WHERE lane = ? AND EXISTS "
                "(SELECT 1 FROM dispatches WHERE rollout_id = rollouts.id AND open AND latest)"
            )
            ids.update(row["id"] for row in self._db.rows(sql, lane))
        if dispatch_id:
            sql = "SELECT rollout_id FROM dispatches WHERE id = ? AND lane = ?"
            ids.update(row["rollout_id"] for row in self._db.rows(sql, dispatch_id, lane))
        found = (self.get(rollout_id) for rollout_id in sorted(ids))
        return tuple(walk for walk in found if walk is not None)

    def committed(self, drafts: Iterable[Draft]) -> None:
        """Take over changes that are on disk now."""
        for draft in drafts:
            draft.walk.apply(draft)
            self._keep(draft.walk)

    def _keep(self, walk: Walk) -> None:
        self._kept[walk.rollout.id] = walk
        self._kept.move_to_end(walk.rollout.id)
        steps = sum(len(kept.steps) for kept in self._kept.values())
        while len(self._kept) > 1 and (len(self._kept) > _KEPT or steps > _KEPT_STEPS):
            steps -= len(self._kept.popitem(last=False)[1].steps)


def load(db: Db, rollout_id: int) -> Walk | None:
    """Read one rollout from the file."""
    row = db.row("SELECT facts FROM rollouts WHERE id = ?", rollout_id)
    if row is None:
        return None
    found = db.rows("SELECT facts FROM steps WHERE rollout_id = ? ORDER BY idx", rollout_id)
    steps = [_step(row["facts"]) for row in found]
    sql = "SELECT facts FROM dispatches WHERE rollout_id = ? AND latest ORDER BY idx, workflow"
    for sent in db.rows(sql, rollout_id):
        dispatch = _dispatch(sent["facts"])
        step = steps[dispatch.step]
        steps[dispatch.step] = replace(step, dispatches=(*step.dispatches, dispatch))
    return Walk.of(_rollout(row["facts"]), steps)


def facts(db: Db, rollout_id: int) -> Rollout | None:
    """Read a rollout without its steps."""
    row = db.row("SELECT facts FROM rollouts WHERE id = ?", rollout_id)
    return _rollout(row["facts"]) if row else None


def current(db: Db, lane: str) -> list[Rollout]:
    """Read the rollouts of a lane that count now, without their steps."""
    return [_rollout(row["facts"]) for row in db.rows("SELECT facts FROM rollouts WHERE lane = ? AND current", lane)]


def of_pull(db: Db, repo_id: int, number: int) -> list[Walk]:
    """Read all rollouts of a pull request, newest first."""
    return _all(db, "SELECT id FROM rollouts WHERE repo_id = ? AND pull = ? ORDER BY id DESC", repo_id, number)


def of_sha(db: Db, repo_id: int, sha: str) -> list[Walk]:
    """Read all rollouts at a commit (7 or more digits), newest first."""
    return _all(db, "SELECT id FROM rollouts WHERE repo_id = ? AND sha GLOB ? ORDER BY id DESC", repo_id, f"{sha}*")


def of_lane(db: Db, lane: str) -> list[Walk]:
    """Read the rollouts of a lane that count now, oldest first."""
    return _all(db, "SELECT id FROM rollouts WHERE lane = ? AND current ORDER BY id", lane)


def _all(db: Db, sql: str, *params: object) -> list[Walk]:
    found = (load(db, row["id"]) for row in db.rows(sql, *params))
    return [walk for walk in found if walk is not None]


def ids_of_lane(db: Db, lane: str) -> list[int]:
    """Number all rollouts of a lane, oldest first."""
    return [row["id"] for row in db.rows("SELECT id FROM rollouts WHERE lane = ? ORDER BY id", lane)]


def next_id(db: Db) -> int:
    """Tell which number the next rollout gets."""
    row = db.row("SELECT coalesce(max(id), 0) + 1 AS id FROM rollouts")
    return int(row["id"]) if row else 1


def save(db: Db, draft: Draft, *, new: bool, now: float) -> None:
    """Write what a draft changed, and nothing else."""
    rollout = draft.rollout
    if new:
        db.write(
            "INSERT INTO rollouts (id, repo_id, lane, pull, activity, phase, sha, created_at, current, facts) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            *(rollout.id, rollout.repo_id, rollout.lane, rollout.pull, rollout.activity, rollout.phase, rollout.sha),
            *(rollout.created_at, int(not rollout.superseded_by), _encode(rollout)),
        )
    elif rollout is not draft.walk.rollout:
        sql = "UPDATE rollouts SET current = ?, facts = ? WHERE id = ?"
        db.write(sql, int(not rollout.superseded_by), _encode(rollout), rollout.id)
    _save_steps(db, draft, new=new)
    _save_dispatches(db, draft, now)
    places.save(db, draft, new=new)


def _save_steps(db: Db, draft: Draft, *, new: bool) -> None:
    steps = draft.walk.steps
    rows = []
    for index in range(len(steps)) if new else draft.changed:
        step = replace(draft.step(index), dispatches=())
        if not new and index < len(steps) and step == replace(steps[index], dispatches=()):
            continue
        rows.append((draft.rollout.id, index, step.instance.stack, step.instance.component, _encode(step)))
    if rows:
        sql = "INSERT OR REPLACE INTO steps (rollout_id, idx, stack, component, facts) VALUES (?, ?, ?, ?, ?)"
        db.conn.executemany(sql, rows)


def _save_dispatches(db: Db, draft: Draft, now: float) -> None:
    for dispatch_id in draft.removed:
        db.write("DELETE FROM dispatches WHERE id = ?", dispatch_id)
    for dispatch_id, behind in draft.retired.items():
        _save_dispatch(db, draft.rollout, behind, now)  # something may have been learnt of it just before
        db.write("UPDATE dispatches SET latest = 0, in_flight = 0, open = 0 WHERE id = ?", dispatch_id)
    for step in draft.changed.values():
        for dispatch in step.dispatches:
            if dispatch.id in draft.touched:
                _save_dispatch(db, draft.rollout, dispatch, now)


def _save_dispatch(db: Db, rollout: Rollout, dispatch: Dispatch, now: float) -> None:
    db.write(
        "UPDATE dispatches SET latest = 0 WHERE rollout_id = ? AND idx = ? AND workflow = ? AND id != ? AND latest",
        *(rollout.id, dispatch.step, dispatch.workflow, dispatch.id),
    )
    db.write(
        "INSERT INTO dispatches (id, rollout_id, idx, repo_id, lane, workflow, status, in_flight, open, run_id, "
        "latest, facts, heard_at, news_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?, ?) "
        "ON CONFLICT (id) DO UPDATE SET "
        "rollout_id = excluded.rollout_id, idx = excluded.idx, status = excluded.status, "
        "in_flight = excluded.in_flight, open = excluded.open, run_id = excluded.run_id, facts = excluded.facts, "
        "heard_at = excluded.heard_at, news_at = excluded.news_at, asked = 0, latest = 1",
        *(dispatch.id, rollout.id, dispatch.step, rollout.repo_id, rollout.lane, dispatch.workflow, dispatch.status),
        *(
            int(dispatch.status in IN_FLIGHT),
            int(dispatch.status in OPEN),
            dispatch.run_id,
            _encode(dispatch),
            now,
            now,
        ),
    )


def in_flight(db: Db, repo_id: int) -> dict[str, int]:
    """Count the dispatches of a repository that hold a place under the cap, by lane."""
    sql = "SELECT lane, count(*) AS n FROM dispatches WHERE repo_id = ? AND in_flight GROUP BY lane"
    return {row["lane"]: row["n"] for row in db.rows(sql, repo_id)}


@dataclass(frozen=True, slots=True)
class Placed:
    """A dispatch, and where it belongs."""

    dispatch: Dispatch
    lane: str
    repo_id: int
    rollout_id: int
    news_at: float  # when GitHub last told anything of its run
    latest: bool = True  # its step's own; else the step has put it behind it


def find_dispatch(db: Db, dispatch_id: str) -> Placed | None:
    """Find a dispatch by its id."""
    return _placed(db.row("SELECT * FROM dispatches WHERE id = ?", dispatch_id))


def find_run(db: Db, run_id: int) -> Placed | None:
    """Find the dispatch that a run came of."""
    # The second condition is what the index has: without it every dispatch would be read.
    return _placed(db.row("SELECT * FROM dispatches WHERE run_id = ? AND run_id != 0", run_id))


def expects(db: Db, repo_id: int, workflow: str = "") -> bool:
    """Tell whether a dispatch of this file, or of any, may have been sent whose run is not known yet."""
    sql = "SELECT 1 FROM dispatches WHERE repo_id = ? AND ? IN ('', workflow) AND run_id = 0 AND in_flight LIMIT 1"
    return db.row(sql, repo_id, workflow) is not None


def rivals(db: Db, repo_id: int, workflow: str, *, run_id: int, since: float) -> int:
    """Count the dispatches of a file that a run may have come of: sent before it existed, and without a run themselves.

    What was sent before `since`, in seconds since the epoch, would have made an older run.
    """
    row = db.row(
        "SELECT count(*) AS n FROM dispatches JOIN outbox ON key = 'run:' || id WHERE dispatches.repo_id = ? "
        "AND workflow = ? AND run_id = 0 AND attempts > 0 AND floor < ? AND (doubt_since = 0 OR doubt_since >= ?)",
        *(repo_id, workflow, run_id, since),
    )
    return int(row["n"]) if row else 0


def claimed(db: Db, run_ids: Iterable[int]) -> set[int]:
    """Tell which of these runs belong to a dispatch of ours already."""
    sql = "SELECT 1 FROM dispatches WHERE run_id = ? AND run_id != 0"
    return {run_id for run_id in run_ids if db.row(sql, run_id)}


def overdue(db: Db, *, silent_since: float, now: float, limit: int, resting: Iterable[int] = ()) -> list[Placed]:
    """Find open dispatches with a known run and no news; one asked about in vain is left alone longer and longer.

    One that waits for people may do so for weeks: its pauses grow to an hour, those of others to minutes. One that runs
    is asked about only after the longest of these: most runs take minutes, and their end is told.
    `silent_since` is how long ago (in seconds) the last news must be for the first question. Installations that are
    `resting` are left out, as are repositories that none covers: whoever cannot be asked must not hide the others.
    """
    sql = (
        "SELECT dispatches.* FROM dispatches JOIN repos ON repos.id = repo_id WHERE open AND run_id != 0 "
        "AND installation != 0 AND installation NOT IN (SELECT value FROM json_each(?)) "
        "AND heard_at <= ? - ? * "
        "(1 << CASE status WHEN 'approval' THEN min(asked, 6) WHEN 'running' THEN 2 ELSE min(asked, 2) END) "
        "ORDER BY heard_at LIMIT ?"
    )
    return [
        placed
        for row in db.rows(sql, json.dumps([*resting]), now, silent_since, limit)
        if (placed := _placed(row)) is not None
    ]


def asked(db: Db, dispatch_id: str, now: float, *, known: bool) -> None:
    """Note that GitHub was asked about a dispatch's run; that it knows the run counts as news."""
    sql = "UPDATE dispatches SET asked = asked + 1, heard_at = ?, news_at = iif(?, ?, news_at) WHERE id = ?"
    db.write(sql, now, known, now, dispatch_id)


def _placed(row: object) -> Placed | None:
    if row is None:
        return None
    fields = dict(row)  # type: ignore[call-overload]
    return Placed(
        dispatch=_dispatch(fields["facts"]),
        lane=fields["lane"],
        repo_id=fields["repo_id"],
        rollout_id=fields["rollout_id"],
        news_at=fields["news_at"],
        latest=bool(fields["latest"]),
    )
