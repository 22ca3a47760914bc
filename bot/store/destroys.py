"""What is destroyed in the rollouts of a repository, and what stands in the way of that."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from bot.domain.graph import Instance
from bot.domain.lanes import name_of_lane
from bot.domain.model import OPEN, Status, Step
from bot.domain.order import Destroying, Standing
from bot.domain.rollout import Walk, own_status
from bot.store import latest, uploads
from bot.store.db import Db

Get = Callable[[int], Walk | None]

#: What is not sent any more.
_OVER = frozenset({*OPEN, Status.SUCCEEDED})
_NONE = ("", False)


def in_the_way(db: Db, repo_id: int, walk: Walk) -> dict[Instance, Standing]:
    """Find what is known to depend on instances that a rollout is to destroy, and is there or to come.

    What the rollout destroys itself before it is none of that until it has: then it may have been applied again.
    """
    steps = [step for step in walk.steps if step.destroys]
    if all(own_status(step) in _OVER for step in steps):
        return {}
    known = uploads.recall(db, repo_id, [step.instance for step in steps], below=True)
    above = {instance: list(one.parents) for instance, one in known.items()}
    for step in steps:
        after = (walk.steps[child] for child in step.children)
        above.setdefault(step.instance, []).extend(child.instance for child in after if child.destroys)
    last = latest.runs(db, repo_id, above)
    to_come = latest.to_be_applied(db, repo_id, above, since=walk.rollout.id)
    to_go = {step.instance for step in steps if own_status(step) is not Status.SUCCEEDED}
    there = (one for one in above if one in to_come or (one not in to_go and not last.get(one, _NONE)[1]))
    kept: dict[Instance, Standing] = {}
    for one in sorted(there):
        lane = to_come.get(one) or last.get(one, _NONE)[0]
        _keep(kept, above, one, Standing(one, lane, name_of_lane(lane) if lane else "", to_come=one in to_come))
    return kept


def _keep(
    kept: dict[Instance, Standing], above: Mapping[Instance, Iterable[Instance]], instance: Instance, standing: Standing
) -> None:
    """Note what something keeps: all that it depends on, through any distance."""
    todo = [instance]
    while todo:
        new = [parent for parent in above.get(todo.pop(), ()) if parent not in kept]
        kept.update(dict.fromkeys(new, standing))
        todo += new


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
