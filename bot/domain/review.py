"""What people should know of a plan before they merge: what was not planned, and what has been overtaken since."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from bot.domain import holds
from bot.domain.graph import Instance
from bot.domain.model import Pull, Status, Step
from bot.domain.order import Place
from bot.domain.pro import Phase
from bot.domain.rollout import Walk, own_status


def unreviewed(walk: Walk, pull: Pull) -> list[int]:
    """List the steps of a plan that the merge would hold, because no plan of them has succeeded.

    What has been approved for this head is not among them.
    """
    if walk.rollout.phase is not Phase.PLAN or walk.rollout.sha != pull.head_sha or walk.rollout.superseded_by:
        return []
    approved = {Instance(one.stack, one.component) for one in pull.approved}
    return [
        step.index
        for step in walk.steps
        if step.paired and own_status(step) is not Status.SUCCEEDED and step.instance not in approved
    ]


def stale(walk: Walk, places: Mapping[Instance, Iterable[Place]]) -> dict[int, str]:
    """Tell which steps were planned before another pull request was applied to them, or to what they depend on.

    By index, with the name of that pull request.
    """
    found: dict[int, str] = {}
    for step in walk.steps if places else ():
        near = places.get(step.instance)
        place = holds.stale_by(_since(step, walk.rollout.phase), near, walk.rollout.lane) if near else None
        if place is not None:
            found[step.index] = place.name
    causes = dict(found)
    todo = sorted(found)
    while todo:
        index = todo.pop()
        for child in walk.steps[index].children:
            if child not in causes:
                causes[child] = causes[index]
                todo.append(child)
                if _since(walk.steps[child], walk.rollout.phase).planned_at:
                    found[child] = causes[child]
    return found


def _since(step: Step, phase: Phase) -> Step:
    """Give a step of a plan the time of that plan, as an apply's has it already."""
    if phase is Phase.APPLY or own_status(step) is not Status.SUCCEEDED:
        return step
    return replace(step, planned_at=min(sent.started_at or sent.created_at for sent in step.dispatches))
