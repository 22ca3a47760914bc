"""The graph in the language of Graphviz, without its state: left to right, frames of stacks, boxes of instances.

The layout is made of this, so that a box keeps its place whatever becomes of it.
"""

from __future__ import annotations

import html
import unicodedata

from renderers.shape import Box, Shape

POINTS = 72  # in an inch; a point is a pixel of the picture
PAGE = 830  # points that stay legible on GitHub's page
_GAP, _WIDE_GAP = 26, 64  # points between boxes that follow each other: the wide one where many lines cross there
_MANY = 1.5  # lines for each box
_ROOM = 96.0  # points for the second line of a box, whatever its status
_SIDES = 47.0  # points for the sign at the left, and the edges of a box
_USUAL = 170.0  # points: narrower boxes are all made as wide as the widest of them
HEIGHT = 38  # points
_GROUP_HEIGHT = 46  # points: it has a bar at its foot
#: The widths of characters in the face of names, in parts of its size; a reader's font may be a little wider.
_WIDTHS = {**dict.fromkeys("fijlrtI.,:;'|!()/ ", 0.38), **dict.fromkeys("mwMW@%", 0.96), "-": 0.42}
_NAME = 13  # the size of names


def dot(shape: Shape) -> str:
    """Write a shape as DOT: the same shape gives the same bytes, and the sizes of boxes have room for every status."""
    height = (_GROUP_HEIGHT if shape.by else HEIGHT) / POINTS
    needed = [_needed(shape, box) for box in shape.boxes]
    usual = max((width for width in needed if width <= _USUAL), default=0.0)
    boxes = [
        f"  n{index} [label=<<b>{html.escape(box.label) or ' '}</b>>, width={max(usual, width) / POINTS:.2f}]"
        for index, (box, width) in enumerate(zip(shape.boxes, needed, strict=True))
    ]
    lines = [
        "digraph rollout {",
        f"  graph [rankdir=LR, nodesep=0.12, ranksep={gap(shape) / POINTS:.2f}, pack=14, packmode=array,",
        '    fontname="Helvetica", fontsize=12, labeljust=l, labelloc=b, margin=10]',
        f'  node [shape=box, style=rounded, fontname="Helvetica", fontsize=10, margin=0, height={height:.2f}]',
        "  edge [tailport=e, headport=w]",
    ]
    stacks = [stack for stack in shape.frames if stack]
    for number, stack in enumerate(stacks):
        lines += _frame(number, stack, [boxes[index] for index in shape.frames[stack]])
    lines += [boxes[index] for index in shape.frames.get("", ())]
    lines += [f"  n{parent} -> n{child}" for parent, child in shape.edges]
    return "\n".join([*lines, "}"]) + "\n"


def gap(shape: Shape) -> int:
    """Tell how many points are between boxes that follow each other."""
    return _WIDE_GAP if len(shape.edges) > _MANY * len(shape.boxes) else _GAP


def _frame(number: int, stack: str, boxes: list[str]) -> list[str]:
    # The counts keep the room that the state's own will take.
    label = f"<b>{html.escape(stack)}</b>  {len(boxes):,} of {len(boxes):,}"
    return [f"  subgraph cluster_{number} {{", f"    label=<{label}>", *(f"  {box}" for box in boxes), "  }"]


def _needed(shape: Shape, box: Box) -> float:
    """Measure a box in points: room for its name, and for its second line in every state."""
    room = _ROOM
    if shape.by:
        number = f"{len(box.steps):,}"
        room = 5.7 * len(f"{number} of {number}, {number} dispatching")
    return max(room, sum(map(_char, box.label)) * _NAME) + _SIDES


def _char(char: str) -> float:
    """Estimate how wide a character is, in parts of the size."""
    return _WIDTHS.get(char) or (1.04 if unicodedata.east_asian_width(char) in "WF" else 0.68)
