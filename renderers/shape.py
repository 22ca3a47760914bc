"""What a drawing shows: boxes in groups, and the edges between them, without those that a longer way makes needless."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.domain import digraph
from bot.domain.model import Status, Step
from bot.domain.rollout import Walk
from bot.domain.states import State
from renderers.markdown import clip
from renderers.words import BY_WORTH, MARKS, plural, word

MOST = 300  # boxes; above, instances are drawn as groups
_LONGEST = 36


@dataclass(frozen=True, slots=True)
class Box:
    """One box: an instance, or a group of instances."""

    name: str  # what the box is, in full, for those who cannot see it
    label: str
    under: str  # the second line: sign and word
    status: Status
    group: str  # the stack it is drawn in; empty for a group of its own


@dataclass(frozen=True, slots=True)
class Shape:
    """Boxes and (parent, child) pairs of their positions."""

    boxes: tuple[Box, ...]
    edges: tuple[tuple[int, int], ...]

    @property
    def depth(self) -> int:
        """How many boxes the longest chain has; edges against the order do not count."""
        level = [1] * len(self.boxes)
        for parent, child in self.edges:  # sorted by parent, and parents come first
            if child > parent:
                level[child] = max(level[child], level[parent] + 1)
        return max(level, default=0)

    @property
    def frames(self) -> dict[str, list[int]]:
        """The boxes of each group, by position, in the order in which the groups first occur."""
        frames: dict[str, list[int]] = {}
        for index, box in enumerate(self.boxes):
            frames.setdefault(box.group, []).append(index)
        return frames

    def parts(self) -> list[list[int]]:
        """Group the boxes that edges or a frame connect, by position, in the order of their first boxes."""
        ties = [*self.edges, *((frame[0], box) for group, frame in self.frames.items() if group for box in frame)]
        beside: dict[int, list[int]] = {}
        for one, other in ties:
            beside.setdefault(one, []).append(other)
            beside.setdefault(other, []).append(one)
        seen: set[int] = set()
        parts = []
        for start in range(len(self.boxes)):
            if start not in seen:
                part = [start]
                seen.add(start)
                for box in part:
                    part += (fresh := [other for other in dict.fromkeys(beside.get(box, ())) if other not in seen])
                    seen.update(fresh)
                parts.append(part)
        return parts


def shape(walk: Walk, found: Sequence[State]) -> Shape:
    """Make boxes of a rollout: one for each instance, or one for each stack (or component) where they are too many."""
    if len(walk.steps) <= MOST:
        boxes = tuple(_box(step, found[step.index].status) for step in walk.steps)
        return Shape(
            boxes, _reduced(len(boxes), ((step.index, child) for step in walk.steps for child in step.children))
        )
    return _grouped(walk, found)


def _box(step: Step, status: Status) -> Box:
    stack, component = clip(step.instance.stack, 200), clip(step.instance.component, 200)
    what, before = ("destroy of ", "destroy ") if step.destroys else ("", "")
    under = f"{MARKS[status]} {word(status)}"
    return Box(f"{what}{component} in {stack}", before + _short(component), under, status, stack)


def _grouped(walk: Walk, found: Sequence[State]) -> Shape:
    by_stack = [step.instance.stack for step in walk.steps]
    by_component = [step.instance.component for step in walk.steps]
    fitting = [keys for keys in (by_stack, by_component) if 1 < len(set(keys)) <= MOST]
    keys = fitting[0] if fitting else min((by_stack, by_component), key=lambda keys: abs(len(set(keys)) - MOST))
    place = {key: position for position, key in enumerate(dict.fromkeys(keys))}
    counts: list[Counter[Status]] = [Counter() for _ in place]
    for key, state in zip(keys, found, strict=True):
        counts[place[key]][state.status] += 1
    edges = {
        (place[keys[step.index]], place[keys[child]])
        for step in walk.steps
        for child in step.children
        if keys[step.index] != keys[child]
    }
    boxes = tuple(_group(key, counts[position]) for key, position in place.items())
    return Shape(boxes, _reduced(len(boxes), edges))


def _group(key: str, counts: Counter[Status]) -> Box:
    """Make one box of many instances; it looks like the one among them that most needs eyes."""
    status = next(status for status in BY_WORTH if counts[status])
    done = counts[Status.SUCCEEDED]
    under = f"{MARKS[Status.SUCCEEDED]} {done} of {counts.total()}"
    if status is not Status.SUCCEEDED:
        under += f", {MARKS[status]} {counts[status]} {word(status)}"
    name = clip(key, 200)
    return Box(f"{name}: {plural(counts.total(), 'instance')}", _short(name), under, status, "")


def _reduced(size: int, edges: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Drop the edges that a longer way makes needless. Edges against the order (of cycles) all stay."""
    kept = sorted(set(edges))
    onward: dict[tuple[int], list[tuple[int]]] = {(index,): [] for index in range(size)}
    for parent, child in kept:
        if child > parent:
            onward[parent,].append((child,))
    needless = digraph.needless([(index,) for index in range(size)], onward)
    return tuple((parent, child) for parent, child in kept if ((parent,), (child,)) not in needless)


def _short(name: str) -> str:
    """Shorten a long name in its middle: both ends tell names apart."""
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST // 2]}…{name[1 - _LONGEST // 2 :]}"
