"""How long a rollout still takes by itself, told from how long the same runs took before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import median

from bot.domain.model import Status, Step
from bot.domain.states import State

#: The latest runs of an instance and workflow count, so many of them.
LATEST = 5
_STARTED = frozenset({Status.RUNNING, Status.QUEUED, Status.DISPATCHING})
_TO_START = frozenset({Status.READY, Status.WAITING})


def usual(seconds: Iterable[float]) -> float:
    """Tell what is usual among durations: one slow run says little of the next."""
    return median(seconds)


def remaining(
    steps: Sequence[Step], found: Sequence[State], lasting: Mapping[int, float], *, now: float, slots: int
) -> float | None:
    """Tell in how many seconds all has ended that goes by itself; None where that is not known.

    `lasting` tells by step how long its runs take. What counts is the longest chain of what is left, or, where that
    is more, all of it shared out over the `slots` runs that may go at once.
    """
    own = {}
    for step, state in zip(steps, found, strict=True):
        if state.status in _STARTED or state.status in _TO_START:
            took = lasting.get(step.index)
            if took is None:
                return None
            own[step.index] = max(took - _since(step, state.status, now), 0.0)
    if not own:
        return None
    return max(_longest(steps, own), sum(own.values()) / max(slots, 1))


def _since(step: Step, status: Status, now: float) -> float:
    """Tell for how long a step's run has been going."""
    if status is not Status.RUNNING:
        return 0.0
    began = [sent.started_at for sent in step.dispatches if sent.status is Status.RUNNING and sent.started_at]
    return max(now - min(began), 0.0) if began else 0.0


def _longest(steps: Sequence[Step], own: Mapping[int, float]) -> float:
    """Find the longest chain; what is on a cycle waits for ever, and counts by itself alone."""
    waits = {index: sum(parent in own for parent in steps[index].parents) for index in own}
    ends = {index: seconds for index, seconds in own.items() if not waits[index]}
    todo = list(ends)
    for index in todo:
        for child in steps[index].children:
            if child in own:
                ends[child] = max(ends.get(child, 0.0), ends[index] + own[child])
                waits[child] -= 1
                if not waits[child]:
                    todo.append(child)
    return max(ends.values(), default=0.0)
