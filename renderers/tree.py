"""The graph as plain text, for where neither a picture nor Mermaid can be shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.domain.rollout import Walk
from bot.domain.states import State
from renderers.faces import Face, faces
from renderers.shape import Shape, shape
from renderers.words import MARKS, plural


def tree(walk: Walk, found: Sequence[State], *, budget: int = 12_000) -> str | None:
    """Write a rollout as a tree of at most `budget` characters; None where there is nothing to show.

    Each box stands once: below the last of what it waits for; the rest of that is named beside it.
    """
    drawing = shape(walk, wide=True)
    looks = faces(drawing, walk, found)
    lines: list[str] = []
    room = budget - 60  # for saying what was left out
    boxes = 0
    for is_box, line in _lines(drawing, looks):
        room -= len(line) + 1
        if room < 0:
            lines.append(f"… and {plural(len(drawing.boxes) - boxes, 'more box', 'more boxes')}")
            break
        lines.append(line)
        boxes += is_box
    return "\n".join(lines) if boxes else None


def _lines(drawing: Shape, looks: Sequence[Face]) -> Iterator[tuple[bool, str]]:
    """Write the lines, and tell which of them are boxes."""
    above = _above(drawing)
    below: dict[int, list[int]] = {}
    for child, parents in above.items():
        below.setdefault(parents[0], []).append(child)
    for stack, members in drawing.frames.items():
        if stack:
            yield False, stack
        roots = [box for box in members if box not in above]
        for number, root in enumerate(roots):
            first = ("└─ " if number == len(roots) - 1 else "├─ ") if stack else ""
            todo = [(root, "", first)]
            while todo:
                box, indent, branch = todo.pop()
                also = "".join(f", also after {_where(drawing, parent, stack)}" for parent in above.get(box, ())[1:])
                look = looks[box]
                yield True, f"{indent}{branch}{MARKS[look.status]} {_where(drawing, box, stack)}  {look.said}{also}"
                deeper = indent + ("│  " if branch == "├─ " else "   " if branch else "")
                children = below.get(box, [])
                todo += [(child, deeper, "└─ " if child == children[-1] else "├─ ") for child in reversed(children)]


def _above(drawing: Shape) -> dict[int, list[int]]:
    """List what each box waits for, the deepest first; edges against the order (of cycles) hang nothing anywhere."""
    level = [0] * len(drawing.boxes)
    above: dict[int, list[int]] = {}
    for parent, child in drawing.edges:
        if child > parent:
            level[child] = max(level[child], level[parent] + 1)
            above.setdefault(child, []).append(parent)
    return {child: sorted(parents, key=lambda box: (-level[box], box)) for child, parents in above.items()}


def _where(drawing: Shape, box: int, stack: str) -> str:
    """Name a box, with its stack where that is another one."""
    known = drawing.boxes[box]
    return known.label if known.group == stack else f"{known.label} in {known.group}"
