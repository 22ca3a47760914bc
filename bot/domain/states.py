"""What each step of a rollout shows: its status, and which other step is the cause."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from bot.domain.model import OPEN, Status, Step
from bot.domain.rollout import Draft, Walk, is_pending, own_status, passes
from bot.domain.standing import bars, is_passed_over


@dataclass(frozen=True, slots=True)
class State:
    """What a step shows: its status and, where another step is the cause, that step's index."""

    status: Status
    cause: int | None = None  # for blocked: the ancestor that did not succeed; for waiting: a parent that is not done


def states(walk: Walk) -> list[State]:
    """Derive the state of every step, in one pass over the graph."""
    own = {step.index: State(status) for step in walk.steps if (status := own_status(step)) is not None}
    # What is passed over stands there as its parents make it: READY where its children need not wait for these.
    found = {index: state for index, state in own.items() if not is_passed_over(walk.steps[index])}
    for index in _in_order(walk.steps, set(found)):
        found[index] = _state(walk.steps, index, found, superseded=bool(walk.rollout.superseded_by))
    return [own.get(step.index) or found[step.index] for step in walk.steps]


def awaited(walk: Walk, index: int) -> list[int]:
    """List what a step waits for: parents that are not done, and what is behind those that are passed over."""
    todo, seen = list(walk.steps[index].parents), set(walk.steps[index].parents)
    for parent in todo:
        new = [other for other in walk.steps[parent].parents if other not in seen]
        if is_passed_over(walk.steps[parent]):
            seen.update(new)
            todo += new
    return [parent for parent in todo if not passes(walk.steps[parent])]


def _in_order(steps: list[Step], known: set[int]) -> Iterable[int]:
    """List the steps that are not known so that parents come before children; what is on a cycle comes last."""
    if all(parent < step.index for step in steps for parent in step.parents):
        return [step.index for step in steps if step.index not in known]
    waits = {step.index: 0 if step.index in known else len(step.parents) for step in steps}
    order = [index for index, parents in waits.items() if not parents]
    for index in order:
        for child in steps[index].children:
            waits[child] -= 1
            if not waits[child]:
                order.append(child)
    placed = set(order)
    order += [step.index for step in steps if step.index not in placed]
    return [index for index in order if index not in known]


def _state(steps: list[Step], index: int, found: dict[int, State], *, superseded: bool) -> State:
    step = steps[index]
    if superseded:
        return State(Status.SUPERSEDED)
    # A parent that has no state yet is on a cycle.
    parents = [(parent, found[parent]) for parent in step.parents if parent in found]
    waits = None
    for parent, state in parents:
        if state.status is Status.BLOCKED:
            return State(Status.BLOCKED, state.cause)
        if bars(steps[parent], step):
            return State(Status.BLOCKED, parent)
        if passes(steps[parent]) and state.status is not Status.WAITING:
            continue
        if state.status not in OPEN and state.status not in _NOT_YET and not is_pending(steps[parent]):
            return State(Status.BLOCKED, parent)
        if waits is None:
            waits = state.cause if passes(steps[parent]) else parent
    if step.holds and own_status(step) is None:
        return State(Status.HELD)
    if waits is not None:
        return State(Status.WAITING, waits)
    if len(parents) < len(step.parents):
        return State(Status.BLOCKED, next(parent for parent in step.parents if parent not in found))
    return State(Status.READY)


_NOT_YET = frozenset({Status.WAITING, Status.READY, Status.HELD})


def count(found: Iterable[State]) -> Counter[Status]:
    """Count steps by status."""
    return Counter(state.status for state in found)


def unfinished(counts: Counter[Status]) -> int:
    """How many steps are still going to move by themselves, or wait for people at GitHub."""
    return sum(counts[status] for status in (*OPEN, Status.WAITING, Status.READY))


def is_unfinished(draft: Draft) -> bool:
    """Tell whether something of a rollout is still going to move. Looks at every step, as it was before the draft."""
    return not draft.rollout.superseded_by and unfinished(count(states(draft.walk))) > 0
