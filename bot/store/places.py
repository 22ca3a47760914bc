"""What applies do to each instance, for the order among them. Intake alone writes it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from bot.domain import order
from bot.domain.graph import Instance
from bot.domain.lanes import name_of_lane
from bot.domain.locks import Lock
from bot.domain.model import OPEN, Rollout, Status, Step
from bot.domain.order import Place
from bot.domain.pro import Phase
from bot.domain.rollout import Draft, Walk, own_status, was_sent
from bot.store import destroys
from bot.store.db import Db
from bot.store.destroys import Get


def save(db: Db, draft: Draft, *, new: bool) -> None:
    """Write where the steps of an apply stand that a draft changed."""
    if draft.rollout.phase is not Phase.APPLY:
        return
    indexes: Iterable[int] = range(len(draft.walk.steps)) if new else draft.changed
    db.conn.executemany(
        "INSERT OR REPLACE INTO places (repo_id, stack, component, rollout_id, idx, lane, branch, position, status, "
        "sent, open, destroys, planned_at, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [_row(draft.rollout, draft.step(index)) for index in indexes],
    )


def _row(rollout: Rollout, step: Step) -> tuple[object, ...]:
    own = own_status(step)
    busy = own in OPEN or own is Status.HELD
    ended = 0.0 if busy else max((sent.finished_at for sent in step.dispatches), default=0.0)
    return (
        *(rollout.repo_id, *step.instance, rollout.id, step.index, rollout.lane, rollout.branch, rollout.position),
        *(own or "", int(was_sent(step)), int(busy), int(step.destroys), step.planned_at, ended),
    )


def have_rivals(db: Db, repo_id: int, rollout: Rollout) -> bool:
    """Tell whether any other rollout may matter to an apply: cheap, and mostly it is no."""
    if not rollout.position:
        sql = "SELECT 1 FROM rollouts WHERE lane = ? AND id > ? AND phase = 'apply' LIMIT 1"
        if db.row(sql, rollout.lane, rollout.id) is not None:
            return True
    # Without their names SQLite prefers the key, and reads all of a repository's rows.
    for side in ("<", ">"):
        sql = (
            "SELECT 1 FROM places INDEXED BY places_rivals "  # noqa: S608 -- our own signs
            f"WHERE repo_id = ? AND rollout_id {side} ? AND (status = '' OR open) LIMIT 1"
        )
        if db.row(sql, repo_id, rollout.id) is not None:
            return True
    sql = "SELECT 1 FROM places WHERE repo_id = ? AND branch = ? AND position > ? AND sent LIMIT 1"
    if db.row(sql, repo_id, rollout.branch, rollout.position) is not None:
        return True
    sql = (
        "SELECT 1 FROM places INDEXED BY places_destroys "
        "WHERE repo_id = ? AND branch = ? AND position = ? AND destroys AND sent AND rollout_id > ? LIMIT 1"
    )
    if db.row(sql, repo_id, rollout.branch, rollout.position, rollout.id) is not None:
        return True
    sql = (
        "SELECT 1 FROM places INDEXED BY places_done "
        "WHERE repo_id = ? AND status = 'succeeded' AND at > ? AND lane != ? LIMIT 1"
    )
    return db.row(sql, repo_id, rollout.created_at - _PLANNED_BEFORE, rollout.lane) is not None


#: A plan is at most this much older than its apply, in seconds, as far as others are looked for that came between.
_PLANNED_BEFORE = 30 * 86_400.0


def unsettled(db: Db, rollout_id: int) -> list[Instance]:
    """List the instances of an apply that were not sent, or did not succeed, or that something else superseded."""
    sql = "SELECT stack, component FROM places WHERE rollout_id = ? AND status != 'succeeded' AND NOT open"
    return [Instance(row["stack"], row["component"]) for row in db.rows(sql, rollout_id)]


#: Without its name SQLite prefers the key, and reads all pull requests of a repository.
_PAUSED = "SELECT number FROM pulls INDEXED BY pulls_paused WHERE repo_id = ? AND paused != ''"


def of(
    db: Db, repo_id: int, instances: Iterable[Instance], *, get: Get, locks: Mapping[str, Lock], fail_fast: bool
) -> dict[Instance, tuple[Place, ...]]:
    """Read what rollouts do to instances. `get` reads a rollout."""
    wanted = json.dumps([[*instance] for instance in instances])
    sql = (
        "SELECT places.* FROM json_each(?) AS one CROSS JOIN places ON places.repo_id = ? "  # in this order
        "AND stack = json_extract(one.value, '$[0]') AND component = json_extract(one.value, '$[1]')"
    )
    paused = {row["number"] for row in db.rows(_PAUSED, repo_id)}
    found: dict[Instance, list[Place]] = {}
    known: dict[int, dict[int, bool]] = {}
    for row in db.rows(sql, wanted, repo_id):
        instance = Instance(row["stack"], row["component"])
        status = Status(row["status"]) if row["status"] else None
        walk = get(row["rollout_id"]) if status is None and row["position"] else None
        place = Place(
            rollout_id=row["rollout_id"],
            lane=row["lane"],
            name=name_of_lane(row["lane"]),
            branch=row["branch"],
            position=row["position"],
            status=status,
            sent=bool(row["sent"]),
            goes=walk is not None
            and walk.rollout.pull not in paused
            and order.goes(walk, row["idx"], locks, fail_fast=fail_fast, known=known.setdefault(row["rollout_id"], {}))
            and not (row["destroys"] and instance in destroys.in_the_way(db, repo_id, walk)),
            at=row["at"],
            destroys=bool(row["destroys"]),
        )
        found.setdefault(instance, []).append(place)
    return {instance: tuple(places) for instance, places in found.items()}


def unfinished(db: Db, repo_id: int, activity: str, *, get: Get) -> list[Walk]:
    """Read the rollouts for an activity of which something was not sent, or has not ended."""
    sql = "SELECT DISTINCT rollout_id FROM places WHERE repo_id = ? AND (status = '' OR open)"
    walks = (get(row["rollout_id"]) for row in db.rows(sql, repo_id))
    return [walk for walk in walks if walk is not None and walk.rollout.activity == activity]


def set_behind(db: Db, lane: str, lanes: Iterable[str]) -> None:
    """Note which lanes a lane waits for."""
    db.write("DELETE FROM behind WHERE lane = ?", lane)
    db.conn.executemany("INSERT INTO behind (lane, on_lane) VALUES (?, ?)", [(lane, on) for on in lanes])


def behind(db: Db, lane: str) -> list[str]:
    """List the lanes that wait for a lane."""
    return [row["lane"] for row in db.rows("SELECT lane FROM behind WHERE on_lane = ?", lane)]


def planners(db: Db, repo_id: int, instance: Instance, *, but: str) -> list[str]:
    """List the lanes, but for one, that may still apply an instance by what they have planned."""
    sql = (
        "SELECT DISTINCT lane FROM steps JOIN rollouts ON rollouts.id = rollout_id WHERE stack = ?1 AND component = ?2 "
        "AND rollouts.repo_id = ?3 AND current AND lane != ?4 AND (phase = 'plan' AND EXISTS (SELECT 1 FROM pulls "
        "WHERE pulls.repo_id = ?3 AND number = rollouts.pull AND open) OR EXISTS (SELECT 1 FROM places WHERE "
        "places.repo_id = ?3 AND places.stack = ?1 AND places.component = ?2 AND places.rollout_id = rollouts.id "
        "AND status = ''))"
    )
    return [row["lane"] for row in db.rows(sql, *instance, repo_id, but)]


def prune(db: Db, before: float) -> None:
    """Forget applies that ended before then, but for the newest commit of each instance and branch."""
    db.write(
        # The plus signs leave SQLite the key alone to find the others of an instance.
        "DELETE FROM places INDEXED BY places_ended WHERE at > 0 AND at < ? AND NOT open AND EXISTS (SELECT 1 FROM "
        "places AS newer WHERE newer.repo_id = places.repo_id AND newer.stack = places.stack AND newer.component = "
        "places.component AND +newer.branch = places.branch AND newer.sent AND +newer.position > places.position)",
        before,
    )
