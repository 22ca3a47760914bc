"""What a drawing shows, whatever the state: boxes in frames, and the edges between them, reduced."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache

from bot.domain import digraph
from bot.domain.rollout import Walk
from renderers import measure
from renderers.markdown import clip
from renderers.words import plural

MOST = 60  # boxes; above, instances are drawn as groups
ALL = 10_000  # boxes of a whole picture
_TOO_MANY = 200  # groups; of more, the first are drawn, and the others together as one
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
    def widths(self) -> list[float]:
        """How wide each box is, in points."""
        return measure.widths((box.label, len(box.steps) if self.by else 0) for box in self.boxes)

    @cached_property
    def width(self) -> float:
        """About how wide the widest part of the drawing is, in points, without its frame."""
        return measure.columns(self.widths, self.edges, self.parts())

    @property
    def is_wide(self) -> bool:
        """Whether it is too wide to be read on GitHub's page, where it is made as narrow as that is."""
        return self.width > measure.WIDEST

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


def shape(walk: Walk, *, whole: bool = False, wide: bool = False) -> Shape:
    """Make boxes of a rollout: one for each instance, or one for each stack (or component) where that is too much.

    Too much is more than 60 boxes, or what is too wide for GitHub's page unless it may be `wide`. With `whole`, nothing
    is grouped. Steps of the same names and order give the same object, whatever their state.
    """
    outline = tuple((step.instance.stack, step.instance.component, step.destroys, step.children) for step in walk.steps)
    return (_large if len(outline) > LARGE else _usual)(outline, ALL if whole else MOST, whole or wide)


def _shape(outline: _Outline, most: int, wide: bool) -> Shape:
    if len(outline) <= most:
        boxes = tuple(_box(index, *named) for index, (*named, _) in enumerate(outline))  # type: ignore[arg-type]
        each = Shape(boxes, _reduced(len(boxes), _pairs(outline)))
        return each if wide or not each.is_wide else _narrower(each, outline)
    ways = _ways(outline)
    counts = {by: len(set(keys)) for by, keys in ways.items()}
    fitting = [by for by in ways if 1 < counts[by] <= most]
    by = (fitting or sorted(ways, key=lambda by: (counts[by] == 1, counts[by])))[0]
    return _grouped(outline, by, most if counts[by] > max(most, _TOO_MANY) else counts[by])


_usual = lru_cache(maxsize=_KEPT)(_shape)
_large = lru_cache(maxsize=_LARGE_KEPT)(_shape)


def _narrower(each: Shape, outline: _Outline) -> Shape:
    """Group what is too wide, by stack, else by component, where that makes it fit or at least half as wide."""
    for by, keys in _ways(outline).items():
        if len(set(keys)) > 1:
            grouped = _grouped(outline, by, len(outline))
            if not grouped.is_wide or grouped.width <= each.width / 2:
                return grouped
    return each


def _grouped(outline: _Outline, by: str, most: int) -> Shape:
    """Draw as one box what has the same stack, or component; of more than `most`, the last box is of all the others."""
    keys = _ways(outline)[by]
    names = list(dict.fromkeys(keys))
    place = {key: min(position, most - 1) for position, key in enumerate(names)}
    members: list[list[int]] = [[] for _ in names[:most]]
    for index, key in enumerate(keys):
        members[place[key]].append(index)
    if len(names) > most:
        names[most - 1 :] = [plural(len(names) - most + 1, f"more {by}")]
    edges = ((place[keys[parent]], place[keys[child]]) for parent, child in _pairs(outline))
    between = (edge for edge in edges if edge[0] != edge[1])
    groups = tuple(_group(name, steps) for name, steps in zip(names, members, strict=True))
    return Shape(groups, _reduced(len(groups), between), by)


def _ways(outline: _Outline) -> dict[str, list[str]]:
    """Tell what each step is drawn with as one box: its stack, else its component."""
    return {"stack": [stack for stack, *_ in outline], "component": [component for _, component, *_ in outline]}


def _pairs(outline: _Outline) -> list[tuple[int, int]]:
    return [(index, child) for index, (_, _, _, children) in enumerate(outline) for child in children]


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
