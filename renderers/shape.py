"""What a drawing shows: boxes in groups, and the edges between them, without those that a longer way makes needless."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.domain import digraph
from bot.domain.model import Status, Step
from bot.domain.rollout import State, Walk
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
    return Box(f"{component} in {stack}", _short(component), f"{MARKS[status]} {word(status)}", status, stack)


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
