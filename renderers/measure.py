"""How wide boxes and what is between them are, in points: known before Graphviz is asked."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

PAGE = 830  # points that stay legible on GitHub's page
SMALL = 12  # the size of all text but names
_LEGIBLE = 8  # pixels: smaller text is not read with ease
_AROUND = 44.0  # points around what is measured: the picture's edge, and that of a frame
WIDEST = PAGE * SMALL / _LEGIBLE - _AROUND  # points: of what is wider, the small text is too small there
_GAP, _WIDE_GAP = 26, 64  # points between boxes that follow each other: the wide one where many lines cross there
_BESIDE = 10.0  # points between boxes that stand beside each other
_FRAME = 24.0  # points that a frame is wider than what it holds
_COUNTS = 90.0  # points for the counts beside the name of a frame
_MANY = 1.5  # lines for each box
_ROOM = 105.0  # points for the second line of a box, whatever its status
_SIDES = 40.0  # points for the sign at the left, and the edges of a box
_USUAL = 170.0  # points: narrower boxes are all made as wide as the widest of them
#: The widths of characters in the face of names, in parts of its size; a reader's font may be a little wider.
_WIDTHS = {**dict.fromkeys("fijlrtI.,:;'|!()/ ", 0.38), **dict.fromkeys("mwMW@%", 0.96), "-": 0.42}
_NAME = 13  # the size of names


def widths(boxes: Iterable[tuple[str, int]]) -> list[float]:
    """Measure boxes: room for the label, and for the second line in every state.

    Each is its label, and how many instances it is a group of; 0 where it is an instance itself.
    """
    needed = [_needed(label, count) for label, count in boxes]
    usual = max((width for width in needed if width <= _USUAL), default=0.0)
    return [max(usual, width) for width in needed]


def gap(boxes: int, lines: int) -> int:
    """Tell how many points are between boxes that follow each other."""
    return _WIDE_GAP if lines > _MANY * boxes else _GAP


def columns(boxes: Sequence[float], lines: Sequence[tuple[int, int]], parts: Iterable[Sequence[int]]) -> float:
    """Measure the widest of the parts that nothing connects: its boxes stand in columns, each as wide as its widest."""
    level = _levels(len(boxes), lines)
    between, most = gap(len(boxes), len(lines)), 0.0
    for part in parts:
        wide: dict[int, float] = {}
        for box in part:
            wide[level[box]] = max(wide.get(level[box], 0.0), boxes[box])
        most = max(most, sum(wide.values()) + between * (len(wide) - 1))
    return most


def rows(
    boxes: Sequence[float], lines: Sequence[tuple[int, int]], parts: Iterable[Sequence[int]], frames: Sequence[str]
) -> float:
    """Measure the widest of the parts that nothing connects, whose boxes stand in rows.

    `frames` tells the frame of each box, empty without one. Frames that have a row in common stand beside each other,
    and beside whatever has one with either.
    """
    level, most = _levels(len(boxes), lines), 0.0
    for part in parts:
        within: dict[tuple[str, int], dict[int, float]] = {}
        for box in part:
            wide = within.setdefault((frames[box], 0) if frames[box] else ("", box), {})
            wide[level[box]] = wide.get(level[box], 0.0) + boxes[box] + _BESIDE
        beside, last = 0.0, -1
        for (name, _), wide in sorted(within.items(), key=lambda one: min(one[1])):
            width = max(wide.values())
            if name:
                width = max(width, sum(map(_char, name)) * _NAME + _COUNTS) + _FRAME
            beside = width + (beside if min(wide) <= last else 0.0)
            last, most = max(last, *wide), max(most, beside)
    return most


def _levels(boxes: int, lines: Sequence[tuple[int, int]]) -> list[int]:
    """Tell how far from the beginning each box stands. Of boxes on a cycle the first begins, whatever leads to it."""
    level, waits = [0] * boxes, [0] * boxes
    onward: dict[int, list[int]] = {}
    for parent, child in lines:
        onward.setdefault(parent, []).append(child)
        waits[child] += 1
    placed: set[int] = set()
    for start in (*(box for box in range(boxes) if not waits[box]), *range(boxes)):
        todo = [start] if start not in placed else []
        placed.update(todo)
        for box in todo:
            for child in onward.get(box, ()):
                if child not in placed:
                    level[child] = max(level[child], level[box] + 1)
                    waits[child] -= 1
                    if not waits[child]:
                        placed.add(child)
                        todo.append(child)
    return level


def _needed(label: str, count: int) -> float:
    room = _ROOM
    if count:
        number = f"{count:,}"
        room = 6.2 * len(f"{number} of {number}, {number} dispatching")
    return max(room, sum(map(_char, label)) * _NAME) + _SIDES


def _char(char: str) -> float:
    """Estimate how wide a character is, in parts of the size."""
    if char in _WIDTHS:
        return _WIDTHS[char]
    return 1.04 if unicodedata.east_asian_width(char) in "WF" else 0.76 if char.isupper() else 0.64
