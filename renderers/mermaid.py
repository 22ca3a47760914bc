"""The graph as Mermaid, for where GitHub can reach no picture."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.rollout import Walk
from bot.domain.states import State
from renderers.faces import Face, blocked, faces
from renderers.palette import LOOKS, STACK
from renderers.shape import Box, shape
from renderers.words import MARKS

_MOST_CHARACTERS = 50_000  # GitHub cannot be told to take more
_MOST_EDGES = 500


def mermaid(walk: Walk, found: Sequence[State]) -> str | None:
    """Write a rollout as a Mermaid flowchart; None where it is larger than GitHub draws, or empty."""
    drawing = shape(walk)
    if not drawing.boxes or len(drawing.edges) > _MOST_EDGES:
        return None
    looks, stuck = faces(drawing, walk, found), blocked(drawing, walk, found)
    way = "TB" if drawing.down else "LR"
    lines = [f"flowchart {way}"]
    for number, (stack, indexes) in enumerate(drawing.frames.items()):
        boxes = [_box(index, drawing.boxes[index], looks[index]) for index in indexes]
        if stack:
            # Mermaid turns a frame that no edge leaves the other way, unless it says its direction itself.
            frame = [f'  subgraph s{number}["{_text(stack)}"]', f"    direction {way}"]
            boxes = [*frame, *(f"  {box}" for box in boxes), "  end"]
        lines += boxes
    lines += [f"  n{edge[0]} {'-.->' if edge in stuck else '-->'} n{edge[1]}" for edge in drawing.edges]
    lines += [_class(family) for family in sorted({look.family for look in looks})]
    if stacks := [f"s{number}" for number, stack in enumerate(drawing.frames) if stack]:
        lines += [f"  classDef stack fill:transparent,stroke:{STACK.light.text}", f"  class {','.join(stacks)} stack"]
    text = "\n".join(lines)
    return text if len(text) <= _MOST_CHARACTERS else None


def _box(index: int, box: Box, look: Face) -> str:
    said = f"{MARKS[look.status]} {look.said}"
    return f'  n{index}("<b>{_text(box.label)}</b><br/>{_text(said)}"):::{look.family}'


def _class(family: str) -> str:
    paint = LOOKS[family].light
    dashed = ",stroke-dasharray:5 3" if family == "blocked" else ""
    return f"  classDef {family} fill:{paint.fill},stroke:{paint.line},color:{paint.text}{dashed}"


def _text(text: str) -> str:
    """Write every character that could mean something to Mermaid, Markdown or HTML as its number."""
    return "".join(char if char.isalnum() or char in " -_./…,✓✗○◔▸■◕⊘→↩↗☞" else f"#{ord(char)};" for char in text)
