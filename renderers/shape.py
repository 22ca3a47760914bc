"""What a drawing shows, whatever the state: boxes in frames, and the edges between them, reduced."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache

from bot.domain import digraph
from bot.domain.rollout import Walk
from renderers.markdown import clip
from renderers.words import plural

MOST = 60  # boxes; above, instances are drawn as groups
ALL = 10_000  # boxes of a whole picture
_LONGEST = 28
LARGE = 1_000  # steps, or boxes: of what is larger, little is remembered
_KEPT, _LARGE_KEPT = 64, 8  # shapes that are remembered, so that the same graph is reduced and laid out once
#: Of each step: stack, component, whether it is destroyed, and what comes after it.
_Outline = tuple[tuple[str, str, bool, tuple[int, ...]], ...]


@dataclass(frozen=True, slots=True)
class Box:
    """One box: an instance, or a group of instances."""

    name: str  # what the box is, in full, for those who cannot see it
    label: str
    group: str  # the stack it is drawn in; empty for a box without a frame
    steps: tuple[int, ...]  # what it stands for


@dataclass(frozen=True, eq=False)
class Shape:
    """Boxes, and (parent, child) pairs of their positions. Two are equal where they are the same object."""

    boxes: tuple[Box, ...]
    edges: tuple[tuple[int, int], ...]
    by: str = ""  # what the boxes are groups of, "stack" or "component"; empty where each is an instance

    @cached_property
    def frames(self) -> dict[str, list[int]]:
        """The boxes of each group, by position, in the order in which the groups first occur."""
        frames: dict[str, list[int]] = {}
        for index, box in enumerate(self.boxes):
            frames.setdefault(box.group, []).append(index)
        return frames

    @cached_property
    def parents(self) -> dict[int, list[int]]:
        """What each box waits for, without those that wait for nothing."""
        parents: dict[int, list[int]] = {}
        for parent, child in self.edges:
            parents.setdefault(child, []).append(parent)
        return parents

    @cached_property
    def place(self) -> dict[int, int]:
        """The position of the box that stands for a step, by the step's index."""
        return {step: position for position, box in enumerate(self.boxes) for step in box.steps}

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


def shape(walk: Walk, *, whole: bool = False) -> Shape:
    """Make boxes of a rollout: one for each instance, or one for each stack (or component) where they are too many.

    Steps of the same names and order give the same object, whatever their state. With `whole`, nothing is grouped.
    """
    outline = tuple((step.instance.stack, step.instance.component, step.destroys, step.children) for step in walk.steps)
    return (_large if len(outline) > LARGE else _usual)(outline, ALL if whole else MOST)


def _shape(outline: _Outline, most: int) -> Shape:
    pairs = [(index, child) for index, (_, _, _, children) in enumerate(outline) for child in children]
    if len(outline) <= most:
        boxes = tuple(_box(index, *named) for index, (*named, _) in enumerate(outline))  # type: ignore[arg-type]
        return Shape(boxes, _reduced(len(boxes), pairs))
    by, keys = _keys(outline, most)
    place = {key: position for position, key in enumerate(dict.fromkeys(keys))}
    members: list[list[int]] = [[] for _ in place]
    for index, key in enumerate(keys):
        members[place[key]].append(index)
    edges = ((place[keys[parent]], place[keys[child]]) for parent, child in pairs if keys[parent] != keys[child])
    groups = tuple(_group(key, members[position]) for key, position in place.items())
    return Shape(groups, _reduced(len(groups), edges), by)


_usual = lru_cache(maxsize=_KEPT)(_shape)
_large = lru_cache(maxsize=_LARGE_KEPT)(_shape)


def _keys(outline: _Outline, most: int) -> tuple[str, list[str]]:
    """Choose what is drawn as one box: a stack, else a component, else whatever makes the fewest boxes above one."""
    ways = [("stack", [stack for stack, *_ in outline]), ("component", [component for _, component, *_ in outline])]
    counts = {by: len(set(keys)) for by, keys in ways}
    fitting = [way for way in ways if 1 < counts[way[0]] <= most]
    return (fitting or sorted(ways, key=lambda way: (counts[way[0]] == 1, counts[way[0]])))[0]


def _box(index: int, stack: str, component: str, destroys: bool) -> Box:
    stack, component = clip(stack, 200), clip(component, 200)
    what, before = ("destroy of ", "destroy ") if destroys else ("", "")
    return Box(f"{what}{component} in {stack}", before + short(component), stack, (index,))


def _group(key: str, members: list[int]) -> Box:
    name = clip(key, 200)
    return Box(f"{name}: {plural(len(members), 'instance')}", short(name), "", tuple(members))


def _reduced(size: int, edges: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Drop the edges that a longer way makes needless. Edges against the order (of cycles) all stay."""
    kept = sorted(set(edges))
    onward: dict[tuple[int], list[tuple[int]]] = {(index,): [] for index in range(size)}
    for parent, child in kept:
        if child > parent:
            onward[parent,].append((child,))
    needless = digraph.needless([(index,) for index in range(size)], onward)
    return tuple((parent, child) for parent, child in kept if ((parent,), (child,)) not in needless)


def short(name: str) -> str:
    """Shorten a long name in its middle: both ends tell names apart."""
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST // 2]}…{name[1 - _LONGEST // 2 :]}"
