"""What is destroyed in the rollouts of a repository, and what stands in the way of that."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from bot.domain.graph import Instance
from bot.domain.lanes import name_of_lane
from bot.domain.model import OPEN, Status, Step
from bot.domain.order import Destroying, Standing
from bot.domain.rollout import Walk, own_status, passes
from bot.store import latest, uploads
from bot.store.db import Db

Get = Callable[[int], Walk | None]

#: What is not sent any more, or has been.
_OVER = frozenset({*OPEN, Status.SUCCEEDED, Status.SUPERSEDED})
_NONE = ("", False)


def in_the_way(db: Db, repo_id: int, walk: Walk) -> dict[Instance, Standing]:
    """Find what is known to depend on instances that a rollout may destroy next, and is there."""
    steps = [step for step in walk.steps if step.destroys and _may_be_next(walk, step)]
    if not steps:
        return {}
    before = {step.instance: _before(walk, step) for step in steps}
    known = uploads.recall(db, repo_id, {one for instances in before.values() for one in instances}, below=True)
    children: dict[Instance, list[Instance]] = {}
    for child, remembered in known.items():
        for parent in remembered.parents:
            children.setdefault(parent, []).append(child)
    below = {instance: _below(instances, children) - {instance} for instance, instances in before.items()}
    last = latest.runs(db, repo_id, {one for instances in below.values() for one in instances})
    found = {}
    for instance, dependents in below.items():
        there = min((one for one in dependents if not last.get(one, _NONE)[1]), default=None)
        if there is not None:
            lane, _ = last.get(there, _NONE)
            found[instance] = Standing(there, lane, name_of_lane(lane) if lane else "")
    return found


def _may_be_next(walk: Walk, step: Step) -> bool:
    parents = (walk.steps[parent] for parent in step.parents)
    return own_status(step) not in _OVER and all(passes(one) or own_status(one) in OPEN for one in parents)


def under_way(db: Db, repo_id: int, get: Get) -> tuple[Destroying, ...]:
    """Find what is being destroyed now, with all that depends on it."""
    sql = (
        "SELECT lane, rollout_id, idx FROM places INDEXED BY places_destroying "
        "WHERE repo_id = ? AND destroys AND open ORDER BY rollout_id, idx"
    )
    found = []
    for row in db.rows(sql, repo_id):
        walk = get(row["rollout_id"])
        if walk is not None:
            step = walk.steps[row["idx"]]
            before = _before(walk, step)
            below = before | uploads.recall(db, repo_id, before, below=True).keys()
            found.append(Destroying(walk.rollout.id, row["lane"], step.instance, frozenset(below)))
    return tuple(found)


def waiting(db: Db, repo_id: int) -> list[str]:
    """List the lanes with something to be destroyed that was not sent yet."""
    sql = (
        "SELECT DISTINCT lane FROM places INDEXED BY places_to_destroy "
        "WHERE repo_id = ? AND destroys AND status = '' ORDER BY lane"
    )
    return [row["lane"] for row in db.rows(sql, repo_id)]


def _before(walk: Walk, step: Step) -> set[Instance]:
    """Find what is destroyed before a step, with the step itself: what was forgotten then, this still knows."""
    found, todo = {step.index}, [step.index]
    while todo:
        new = [one for one in walk.steps[todo.pop()].parents if one not in found and walk.steps[one].destroys]
        found.update(new)
        todo += new
    return {walk.steps[index].instance for index in found}


def _below(instances: Iterable[Instance], children: Mapping[Instance, Iterable[Instance]]) -> set[Instance]:
    found = set(instances)
    todo = list(found)
    while todo:
        new = [child for child in children.get(todo.pop(), ()) if child not in found]
        found.update(new)
        todo += new
    return found
