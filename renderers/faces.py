"""What the boxes of a drawing show at one moment: status, words, counts, and which ways are blocked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter

from bot.domain.model import Status, Step
from bot.domain.rollout import Walk
from bot.domain.states import State
from renderers.palette import FAMILY
from renderers.shape import Box, Shape
from renderers.words import BY_WORTH, clock, duration, listed, told, word

_STUCK = ("wrong", "blocked")  # the families whose children cannot go
_URGENT = ("wrong", "person")  # the families that somebody will look for
_ENDED = (Status.SUCCEEDED, Status.FAILED, Status.TIMED_OUT, Status.CANCELLED)
_status = attrgetter("status")


@dataclass(frozen=True, slots=True)
class Face:
    """How one box looks."""

    status: Status
    said: str  # the second line of the box: short
    told: str  # the same in full, for those who cannot see it
    counts: Counter[Status] | None = None  # of a group: what its instances are

    @property
    def family(self) -> str:
        """What it looks like: some statuses look alike."""
        return FAMILY[self.status]


def faces(shape: Shape, walk: Walk, found: Sequence[State]) -> list[Face]:
    """Make the face of every box."""
    if shape.by:
        statuses = list(map(_status, found))
        return [_of_group(box, statuses) for box in shape.boxes]
    began = walk.rollout.created_at
    return [_of_step(step, state.status, began) for step, state in zip(walk.steps, found, strict=True)]


def blocked(shape: Shape, walk: Walk, found: Sequence[State]) -> set[tuple[int, int]]:
    """Find the edges along which something is blocked, as pairs of boxes."""
    place, waits = shape.place, Status.BLOCKED
    return {
        (place[parent], place[index])
        for index, state in enumerate(found)
        if state.status is waits
        for parent in walk.steps[index].parents
        if parent == state.cause or FAMILY[found[parent].status] in _STUCK
    }


def _of_step(step: Step, status: Status, began: float) -> Face:
    if status in _ENDED:
        return _ended(status, round(_took(step)))
    since = max((sent.started_at for sent in step.dispatches), default=0.0) if status is Status.RUNNING else 0.0
    # A drawing knows no now: a time without its day is of the day on which the rollout began.
    return _going(status, clock(since, began) if since else "")


@lru_cache(maxsize=4_096)
def _ended(status: Status, took: int) -> Face:
    if not took:
        return _going(status, "")
    said = brief(took) if status is Status.SUCCEEDED else f"{word(status)}, {brief(took)}"
    return Face(status, said, f"{word(status)}, {duration(took)}")


@lru_cache(maxsize=4_096)
def _going(status: Status, since: str) -> Face:
    # Not how long: that would be another picture each second. Of another day there is room for the day alone.
    short = f"since {since.partition(',')[0]}" if since else word(status)
    return Face(status, short, f"{word(status)}{since and f' since {since}'}")


def _took(step: Step) -> float:
    """Find how long the longest run of a step took, in seconds; 0 where that is not known."""
    runs = (sent.finished_at - sent.started_at for sent in step.dispatches if sent.started_at and sent.finished_at)
    return max(runs, default=0.0)


def _of_group(box: Box, statuses: Sequence[Status]) -> Face:
    """Show a group as the one among its members that most needs eyes; of several groups tell which those are in."""
    counts = Counter(map(statuses.__getitem__, box.steps))
    status = next(status for status in BY_WORTH if status in counts)
    said = f"{counts[Status.SUCCEEDED]:,} of {len(box.steps):,}"
    if status is not Status.SUCCEEDED:
        said += f", {counts[status]:,} {word(status)}"
    full = told(counts)
    if box.holds and FAMILY[status] in _URGENT:
        where = [name for name, steps in box.holds if any(statuses[step] is status for step in steps)]
        full += f"; {word(status)} in {listed(where)}"
    return Face(status, said, full, counts)


def brief(seconds: float) -> str:
    """Write a duration with one unit and at most two digits, for where there is little room: "95 s", "12 min"."""
    for unit, size, up_to in (("s", 1, 100), ("min", 60, 100), ("h", 3_600, 48)):
        if round(seconds / size) < up_to:
            return f"{max(0, round(seconds / size))}\u00a0{unit}"
    return f"{round(seconds / 86_400)}\u00a0d"
