"""A later upload for an apply: it adds instances, and mends what never ran."""

from __future__ import annotations

from dataclasses import replace

from bot.domain import digraph, holds, order
from bot.domain.desk import Desk
from bot.domain.model import Status, Step
from bot.domain.pro import Phase
from bot.domain.rollout import Draft, own_status, was_sent
from bot.domain.texts import commit

_LOOP = (
    "It came with a later upload, and together with the earlier one it would wait for itself, so it has no order. "
    "Apply it by hand."
)


def extend(desk: Desk, draft: Draft, fresh: list[Step]) -> None:
    """Add the instances that an apply does not have yet. Nothing that was sent is repeated or moved."""
    old = len(draft.walk.steps)
    where = {step.instance: step.index for step in draft.walk.steps}
    made = holds.of_steps(_in_time(desk, draft, fresh), draft.rollout, desk.pull, desk.facts, desk.now)
    added = [step for step in made if step.instance not in where]
    mended = sum(_mend(desk, draft, where[step.instance], step) for step in made if step.instance in where)
    if mended:
        desk.say(f"{mended} steps that could not be sent are tried again")
    if not added:
        if mended:
            _break(desk, draft, old)
        desk.say("every instance of the upload is in the apply already")
        return
    where.update({step.instance: old + number for number, step in enumerate(added)})
    place = [where[step.instance] for step in made]
    for step in added:
        parents = tuple(sorted(place[parent] for parent in step.parents))
        draft.lay(replace(step, index=where[step.instance], parents=parents, children=()))
    for step in made:
        child = draft.step(place[step.index])
        if child.index < old and child.dispatches:
            continue  # it has gone already
        joins = {place[parent] for parent in step.parents if place[parent] >= old or child.index >= old}
        for parent in joins:
            elder = draft.step(parent)
            draft.lay(replace(elder, children=tuple(sorted({*elder.children, child.index}))))
            child = replace(child, parents=tuple(sorted({*child.parents, parent})))
        if joins:
            draft.lay(child)
    for step in (draft.step(index) for index in range(old, old + len(added))):
        for below in _depended_on(desk, draft, step) if step.destroys else ():
            _put_before(draft, step.index, below)
    _refuse_loops(draft, old, old + len(added))
    draft.settle()
    draft.put_rollout(replace(draft.rollout, size=old + len(added)))
    holds.note(desk, draft, (draft.step(index) for index in range(old, old + len(added))))
    _break(desk, draft, old + len(added))
    desk.say(f"{len(added)} more instances join the apply at {commit(draft.rollout.sha)}")


def _break(desk: Desk, draft: Draft, size: int) -> None:
    """Hold what was not sent of an apply that would start more runs than is usual by now."""
    hold = holds.breaker((draft.step(index) for index in range(size)), Phase.APPLY, desk.facts)
    if hold is not None:
        for index in range(size):
            holds.add(desk, draft, index, hold)


def _in_time(desk: Desk, draft: Draft, fresh: list[Step]) -> list[Step]:
    """Leave for people what would be destroyed after something was applied that it depended on."""
    late: dict[int, Step] = {}
    for step in fresh:  # what must go first stands first
        if not step.destroys or draft.find(step.instance) is not None:
            continue
        applied = (draft.step(index) for index in _depended_on(desk, draft, step))
        why = next(
            (f"`{one.instance}`, on which it depended, was applied before" for one in applied if was_sent(one)), ""
        )
        left = (late[parent] for parent in step.parents if parent in late)
        why = why or next((f"`{one.instance}`, which depended on it, is left for people" for one in left), "")
        if why:
            told = f"That it was removed was told late: {why}. Destroy it by hand, or forget it in the Terraform state."
            late[step.index] = replace(step, calls=(), destroys=False, manual=told)
    return [late.get(step.index, step) for step in fresh]


def _depended_on(desk: Desk, draft: Draft, step: Step) -> list[int]:
    """List the steps of an apply on which something that is destroyed is known to have depended."""
    known = desk.facts.remembered.get(step.instance)
    found = (draft.find(parent) for parent in (known.parents if known else ()))
    return [index for index in found if index is not None and not draft.step(index).destroys]


def _put_before(draft: Draft, index: int, later: int) -> None:
    first, second = draft.step(index), draft.step(later)
    if later not in first.children and not second.dispatches:
        draft.lay(replace(first, children=tuple(sorted({*first.children, later}))))
        draft.lay(replace(second, parents=tuple(sorted({*second.parents, index}))))


def _mend(desk: Desk, draft: Draft, index: int, fresh: Step) -> bool:
    """Give a step that never ran what a new upload says of it: the fault that kept it may be mended."""
    step = draft.step(index)
    faulty = bool(step.problem) and step.problem != _LOOP and not step.dispatches
    if not (was_refused(step) or faulty) or order.destroyed_since(desk.drafts, draft, step):
        return False
    for dispatch in step.dispatches:
        draft.take_back(dispatch)
    after = replace(
        draft.step(index),
        calls=fresh.calls,
        problem=fresh.problem,
        manual=fresh.manual,
        notes=fresh.notes,
        holds=fresh.holds,
        released=fresh.released,
        planned_at=fresh.planned_at,
    )
    draft.put(after)
    return after != step


def _refuse_loops(draft: Draft, first: int, end: int) -> None:
    """Leave out added steps, those from `first` on, that would wait for themselves.

    Two uploads without a cycle may make one together.
    """
    parents = {(index,): [(parent,) for parent in draft.step(index).parents] for index in range(end)}
    for group in digraph.groups(parents, parents):
        for (index,) in group if len(group) > 1 else ():
            step = draft.step(index)
            if index >= first and own_status(step) is None:
                draft.lay(replace(step, calls=(), problem=_LOOP))


def was_refused(step: Step) -> bool:
    """Tell whether GitHub took none of a step's dispatches, so that no run of it can be run again."""
    return bool(step.dispatches) and all(d.status is Status.FAILED and not d.run_id for d in step.dispatches)
