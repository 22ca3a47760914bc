"""The graph in the language of Graphviz: left to right, a frame for each stack, a box for each instance."""

from __future__ import annotations

import html
from collections.abc import Sequence

from bot.domain.model import Status
from bot.domain.rollout import Walk
from bot.domain.states import State
from renderers.palette import CARD, EDGE, FAMILY, LOOKS, STACK
from renderers.shape import Box, Shape, shape
from renderers.verdict import summary

_WIDTH = 1.2  # inches: room for every status word, so that a box keeps its place when its status changes
_STEP = 1.6  # inches that one more box in a chain takes
_PAGE = 11  # inches that stay legible on GitHub's page
_LOOK = f"""
  graph [rankdir=LR, bgcolor="{CARD.light.fill}", fontname="Helvetica", fontsize=12, nodesep=0.14, ranksep=0.36,
    pad=0.2]
  node [shape=box, style="rounded,filled", fontname="Helvetica", fontsize=12, margin="0.11,0.05", height=0.42,
    width={_WIDTH}]
  edge [color="{EDGE.light.line}", arrowsize=0.6]"""


def dot(walk: Walk, found: Sequence[State]) -> str:
    """Write a rollout as DOT: the same rollout gives the same bytes. Above 300 instances they are drawn as groups."""
    drawing = shape(walk, found)
    names = _names(drawing.boxes)
    title = summary(walk, found)
    columns = _columns(drawing)
    lines = [f"digraph {_quoted(title)} {{{_LOOK}", f"  graph [pack=14, packmode=array_ic{columns}]"]
    for number, (stack, indexes) in enumerate(_in_places(drawing, columns)):
        boxes = [_box(names[index], drawing.boxes[index]) for index in indexes]
        lines += _frame(number, stack, boxes) if stack else boxes
    lines += [_edge(names[a], names[b], drawing.boxes[b]) for a, b in drawing.edges]
    return "\n".join([*lines, "}"]) + "\n"


def _columns(drawing: Shape) -> int:
    """Count how many parts that nothing connects find place beside each other on GitHub's page."""
    return max(1, round(_PAGE / (drawing.depth * _STEP + 0.5)))


def _in_places(drawing: Shape, columns: int) -> list[tuple[str, list[int]]]:
    """List the frames (each box without a frame by itself) in the order in which Graphviz fills rows and columns.

    It begins with the lowest row: so the last row comes first here, and a short row ends up on top.
    """
    parts = drawing.parts()
    top = len(parts) % columns or columns
    rows = [parts[:top], *(parts[at : at + columns] for at in range(top, len(parts), columns))]
    place = {box: number for number, part in enumerate(part for row in reversed(rows) for part in row) for box in part}
    frames = [(stack, boxes) for stack, boxes in drawing.frames.items() if stack]
    frames += [("", [box]) for box in drawing.frames.get("", [])]
    return sorted(frames, key=lambda frame: place[frame[1][0]])


def _names(boxes: Sequence[Box]) -> list[str]:
    """Name every node by what it is, for screen readers; a number tells two apart that read the same."""
    taken: dict[str, int] = {}
    names = []
    for box in boxes:
        taken[box.name] = taken.get(box.name, 0) + 1
        again = f" ({taken[box.name]})" if taken[box.name] > 1 else ""
        names.append(_quoted(box.name + again))
    return names


def _frame(number: int, stack: str, boxes: list[str]) -> list[str]:
    paint = STACK.light
    look = f'style="rounded,filled", fillcolor="{paint.fill}", color="{paint.line}", fontcolor="{paint.text}"'
    label = f"label=<<b>{html.escape(stack)}</b>>, labeljust=l, margin=9"
    return [
        f"  subgraph cluster_{number} {{",
        f'    graph [{label}, {look}, class="stack"]',
        *(f"  {box}" for box in boxes),
        "  }",
    ]


def _box(name: str, box: Box) -> str:
    family = FAMILY[box.status]
    paint = LOOKS[family].light
    dashed = ",dashed" if box.status is Status.BLOCKED else ""
    wide = ", penwidth=2" if box.status in (Status.RUNNING, Status.FAILED) else ""
    label = f'<b>{html.escape(box.label)}</b><br/><font point-size="10">{html.escape(box.under)}</font>'
    look = f'fillcolor="{paint.fill}", color="{paint.line}", fontcolor="{paint.text}", class="{family}"'
    return f'  {name} [label=<{label}>, style="rounded,filled{dashed}"{wide}, {look}]'


def _edge(parent: str, child: str, box: Box) -> str:
    if box.status is not Status.BLOCKED:
        return f"  {parent} -> {child}"
    return f'  {parent} -> {child} [style=dashed, color="{LOOKS["blocked"].light.line}", class="blocked"]'


def _quoted(text: str) -> str:
    """Quote a name. Graphviz keeps backslashes in names, but one before the closing quote would hide it."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
