"""The graph in the language of Graphviz, without its state: frames of stacks, boxes of instances.

From left to right, or from top to bottom where that would be too wide to be read.

The layout is made of this, so that a box keeps its place whatever becomes of it.
"""

from __future__ import annotations

import html

from renderers.measure import gap
from renderers.shape import Shape

POINTS = 72  # in an inch; a point is a pixel of the picture
HEIGHT = 38  # points
_GROUP_HEIGHT = 46  # points: it has a bar at its foot


def dot(shape: Shape) -> str:
    """Write a shape as DOT: the same shape gives the same bytes, and the sizes of boxes have room for every status."""
    height = (_GROUP_HEIGHT if shape.by else HEIGHT) / POINTS
    boxes = [
        f"  n{index} [label=<<b>{_text(box.label) or ' '}</b>>, width={width / POINTS:.2f}]"
        for index, (box, width) in enumerate(zip(shape.boxes, shape.widths, strict=True))
    ]
    between = gap(len(shape.boxes), len(shape.edges)) / POINTS
    # What reads the answer takes it upside down, so "from bottom to top" is from top to bottom.
    way, tail, head, name = ("BT", "n", "s", "t") if shape.down else ("LR", "e", "w", "b")
    lines = [
        "digraph rollout {",
        f"  graph [rankdir={way}, nodesep=0.12, ranksep={between:.2f}, pack=14, packmode=array,",
        f'    fontname="Helvetica", fontsize=12, labeljust=l, labelloc={name}, margin=10]',
        f'  node [shape=box, style=rounded, fontname="Helvetica", fontsize=10, margin=0, height={height:.2f}]',
        f"  edge [tailport={tail}, headport={head}]",
    ]
    stacks = [stack for stack in shape.frames if stack]
    for number, stack in enumerate(stacks):
        lines += _frame(number, stack, [boxes[index] for index in shape.frames[stack]])
    lines += [boxes[index] for index in shape.frames.get("", ())]
    lines += [f"  n{parent} -> n{child}" for parent, child in shape.edges]
    return "\n".join([*lines, "}"]) + "\n"


def _frame(number: int, stack: str, boxes: list[str]) -> list[str]:
    # The counts keep the room that the state's own will take.
    label = f"<b>{_text(stack)}</b>  {len(boxes):,} of {len(boxes):,}"
    return [f"  subgraph cluster_{number} {{", f"    label=<{label}>", *(f"  {box}" for box in boxes), "  }"]


def _text(text: str) -> str:
    """Write text for a label; Graphviz takes a lone square bracket for a mistake."""
    return html.escape(text).replace("]", "&#93;")
