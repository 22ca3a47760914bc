"""What a drawing shows, whatever the state: boxes in frames, and the edges between them, reduced."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from operator import attrgetter

from bot.domain import digraph
from bot.domain.graph import Instance
from bot.domain.rollout import Walk
from renderers import measure
from renderers.markdown import clip
from renderers.words import plural

MOST = 60  # boxes; above, instances are drawn as groups, and the last groups together as one
ALL = 10_000  # boxes of a whole picture
_LONGEST = 28
LARGE = 1_000  # steps, or boxes: of what is larger, little is remembered
_KEPT, _LARGE_KEPT = 64, 8  # shapes that are remembered, so that the same graph is reduced and laid out once
#: Of all steps: what each is, whether it is destroyed, and what comes after it.
_Outline = tuple[tuple[Instance, ...], tuple[bool, ...], tuple[tuple[int, ...], ...]]
_COLUMNS = [attrgetter(name) for name in ("instance", "destroys", "children")]


@dataclass(frozen=True, slots=True)
class Box:
    """One box: an instance, or a group of instances."""

    name: str  # what the box is, in full, for those who cannot see it
    label: str
    group: str  # the stack it is drawn in; empty for a box without a frame
    steps: tuple[int, ...]  # what it stands for
    holds: tuple[tuple[str, tuple[int, ...]], ...] = ()  # of several groups drawn as one: each with its steps


@dataclass(frozen=True, eq=False)
class Shape:
    """Boxes, and (parent, child) pairs of their positions. Two are equal where they are the same object."""

    boxes: tuple[Box, ...]
    edges: tuple[tuple[int, int], ...]
    by: str = ""  # what the boxes are groups of, "stack" or "component"; empty where each is an instance
    down: bool = False  # drawn from top to bottom, and not from left to right

    @cached_property
    def widths(self) -> list[float]:
        """How wide each box is, in points."""
        return measure.widths((box.label, len(box.steps) if self.by else 0) for box in self.boxes)

    @cached_property
    def width(self) -> float:
        """About how wide the widest part of the drawing is, in points, without its frame."""
        if self.down:
            return measure.rows(self.widths, self.edges, self.parts(), [box.group for box in self.boxes])
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

    Too much is more than 60 boxes, or what is too wide for GitHub's page unless it may be `wide`: from top to bottom as
    well as from left to right. With `whole`, nothing is grouped. Steps of the same names and order give the same
    object, whatever their state.
    """
    # Column by column: a tuple for each step would have all that is in memory looked through for what may be freed.
    instances, destroyed, children = (tuple(map(column, walk.steps)) for column in _COLUMNS)
    asked = (instances, destroyed, children), ALL if whole else MOST, whole or wide
    return (_large if len(instances) > LARGE else _usual)(*asked)


def _shape(outline: _Outline, most: int, wide: bool) -> Shape:
    instances, destroyed, _ = outline
    if len(instances) <= most:
        boxes = tuple(map(_box, range(len(instances)), instances, destroyed))
        each = Shape(boxes, _reduced(len(boxes), _pairs(outline)))
        return each if wide else _upright(each) or _narrower(each, outline)
    ways = _ways(outline)
    counts = {by: len(set(keys)) for by, keys in ways.items()}
    fitting = [by for by in ways if 1 < counts[by] <= most]
    by = (fitting or sorted(ways, key=lambda by: (counts[by] == 1, counts[by])))[0]
    grouped = _grouped(outline, by, ways[by], most)
    return grouped if wide else _upright(grouped) or grouped


_usual = lru_cache(maxsize=_KEPT)(_shape)
_large = lru_cache(maxsize=_LARGE_KEPT)(_shape)


def _upright(drawing: Shape) -> Shape | None:
    """Draw from top to bottom what is too wide otherwise; None where it is too wide that way, too."""
    if not drawing.is_wide:
        return drawing
    down = replace(drawing, down=True)
    return None if down.is_wide else down


def _narrower(each: Shape, outline: _Outline) -> Shape:
    """Group what is too wide, by stack, else by component, where that makes it fit or at least half as wide."""
    for by, keys in _ways(outline).items():
        if len(set(keys)) > 1:
            grouped = _grouped(outline, by, keys, MOST)
            if not grouped.is_wide or grouped.width <= each.width / 2:
                return _upright(grouped) or grouped
    return each


def _grouped(outline: _Outline, by: str, keys: list[str], most: int) -> Shape:
    """Draw as one box what has the same key, its stack or component; of more than `most`, the last is of all others.

    Which are drawn each by itself goes by their order alone: by their states, the boxes would change places.
    """
    members: dict[str, list[int]] = {}
    for index, key in enumerate(keys):
        members.setdefault(key, []).append(index)
    place = {key: min(position, most - 1) for position, key in enumerate(members)}
    groups = [_group(key, steps) for key, steps in members.items()]
    if len(groups) > most:
        groups[most - 1 :] = [_others(groups[most - 1 :], by)]
    at = [place[key] for key in keys]
    between = {(at[parent], at[child]) for parent, child in _pairs(outline)}
    return Shape(tuple(groups), _reduced(len(groups), (edge for edge in between if edge[0] != edge[1])), by)


def _ways(outline: _Outline) -> dict[str, list[str]]:
    """Tell what each step is drawn with as one box: its stack, else its component."""
    return {
        "stack": [instance.stack for instance in outline[0]],
        "component": [instance.component for instance in outline[0]],
    }


def _pairs(outline: _Outline) -> Iterator[tuple[int, int]]:
    return ((index, child) for index, children in enumerate(outline[2]) for child in children)


def _box(index: int, instance: Instance, destroys: bool) -> Box:
    stack, component = (clip(name, 200) for name in instance)
    what, before = ("destroy of ", "destroy ") if destroys else ("", "")
    return Box(f"{what}{component} in {stack}", before + short(component), stack, (index,))


def _group(key: str, members: list[int]) -> Box:
    name = clip(key, 200)
    return Box(f"{name}: {plural(len(members), 'instance')}", short(name), "", tuple(members))


def _others(groups: list[Box], by: str) -> Box:
    """Draw several groups as one box."""
    steps = tuple(step for group in groups for step in group.steps)
    name = plural(len(groups), f"more {by}")
    holds = tuple((group.label, group.steps) for group in groups)
    return Box(f"{name}: {plural(len(steps), 'instance')}", name, "", steps, holds)


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
