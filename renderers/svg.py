"""The picture: places and faces painted as SVG, once for each of GitHub's two colour schemes.

Every colour stands on its shape: no style, script, font or address that a proxy or a page's policy could stop.
"""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Sequence, Set
from dataclasses import dataclass
from functools import lru_cache
from weakref import WeakKeyDictionary

from bot.domain.model import Status
from renderers.faces import Face
from renderers.graph import HEIGHT
from renderers.icons import SIGNS
from renderers.layout import Area, Layout
from renderers.palette import CARD, EDGE, FAMILY, LOOKS, STACK, Look, Paint
from renderers.shape import Shape

_FONT = "-apple-system,'Segoe UI','Noto Sans',Helvetica,Arial,sans-serif"
_EDGE = 10  # pixels around everything
_SIGN = 17  # pixels from the left of a box to the middle of its sign
_WORDS = 31  # pixels from the left of a box to its words
_BAR = ("done", "wrong", "person", "moving", "blocked", "idle", "gone")
_STRONG = ("wrong", "moving", "person")  # the families that need eyes have a thicker line
_BAR_ROOM = 8  # pixels


@dataclass(frozen=True, eq=False)
class _Sheet:
    """What of a picture no state changes, written once for each layout."""

    frames: list[tuple[str, str, list[int]]]  # up to the colours, from the words' colour on; whose counts it shows
    lines: list[tuple[tuple[int, int], str]]
    boxes: list[tuple[str, str, str]]  # up to the family, up to the state's words, from the words' colour on


def svg(
    shape: Shape,
    layout: Layout,
    faces: Sequence[Face],
    blocked: Set[tuple[int, int]],
    *,
    title: str,
    description: str,
    dark: bool = False,
) -> bytes:
    """Paint a drawing. The same input gives the same bytes; light and dark differ in nothing but colours."""
    sheet = _sheet(shape, layout)
    card, stack = _paint(CARD, dark=dark), _paint(STACK, dark=dark)
    width, height = layout.width + 2 * _EDGE, layout.height + 2 * _EDGE
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_n(width)}" height="{_n(height)}" '
        f'viewBox="0 0 {_n(width)} {_n(height)}" role="img" aria-labelledby="graph-title graph-description">\n'
        f'<title id="graph-title">{html.escape(title)}</title>\n'
        f'<desc id="graph-description">{html.escape(description)}</desc>\n'
        f'<rect x="0.5" y="0.5" width="{_n(width - 1)}" height="{_n(height - 1)}" rx="8" {_filled(card)}/>\n'
        f'<g transform="translate({_EDGE} {_EDGE})" font-family="{_FONT}" font-size="12" stroke-linejoin="round" '
        'stroke-linecap="round">\n'
    ]
    for place, name, members in sheet.frames:
        done = sum(faces[box].status is Status.SUCCEEDED for box in members)
        counts = f"{done:,} of {len(members):,}"
        parts.append(f'{place} {_filled(stack)}/><text fill="{stack.text}"{name}{counts}</tspan></text></g>\n')
    parts += _edges([line for edge, line in sheet.lines if edge not in blocked], _paint(EDGE, dark=dark), "")
    stuck = [line for edge, line in sheet.lines if edge in blocked]
    parts += _edges(stuck, _paint(LOOKS["blocked"], dark=dark), ' class="blocked" stroke-dasharray="4 4"')
    for (place, name, words), area, face in zip(sheet.boxes, layout.boxes, faces, strict=True):
        look = _look(face.status, area.width, area.height, dark)
        bar = _bar(face.counts, area, dark=dark) if face.counts else ""
        parts.append(
            f'{place}{face.family}">{name}{face.told}</title>{look}{words}{face.said}</tspan></text>{bar}</g>\n'
        )
    return "".join([*parts, "</g>\n</svg>\n"]).encode()


#: They live as long as the layouts that they were made from.
_sheets: WeakKeyDictionary[Layout, _Sheet] = WeakKeyDictionary()


def _sheet(shape: Shape, layout: Layout) -> _Sheet:
    if layout not in _sheets:
        _sheets[layout] = _written(shape, layout)
    return _sheets[layout]


def _written(shape: Shape, layout: Layout) -> _Sheet:
    frames = [
        (
            f'<g class="stack" id="stack-{number}"><rect {_at(area)} {_size(area)} rx="8"',
            f' x="{_n(area.x + 11)}" y="{_n(area.y + 20)}"><tspan font-size="12" font-weight="600">'
            f'{html.escape(stack)}</tspan><tspan dx="8">',
            shape.frames[stack],
        )
        for number, (stack, area) in enumerate(layout.frames)
    ]
    lines = [
        (edge, f'<g class="edge" id="edge-{edge[0]}-{edge[1]}"><path d="{line}" fill="none"/><path d="{head}"/></g>\n')
        for edge, line, head in layout.lines
    ]
    boxes = []
    for number, (box, area) in enumerate(zip(shape.boxes, layout.boxes, strict=True)):
        middle = _middle(area.height)
        boxes.append(
            (
                f'<g id="node-{number}" transform="translate({_n(area.x)} {_n(area.y)})" class="node ',
                f"<title>{html.escape(box.name)}: ",
                f' x="{_WORDS}" y="{_n(middle - 3)}"><tspan font-size="13" font-weight="600">'
                f'{html.escape(box.label)}</tspan><tspan x="{_WORDS}" y="{_n(middle + 12)}">',
            )
        )
    return _Sheet(frames, lines, boxes)


def _edges(lines: list[str], paint: Paint, look: str) -> list[str]:
    if not lines:
        return []
    return [f'<g fill="{paint.line}" stroke="{paint.line}" stroke-width="1.2"{look}>\n', *lines, "</g>\n"]


@lru_cache(maxsize=1_024)
def _look(status: Status, width: float, height: float, dark: bool) -> str:
    """Write a box of this status and size with its sign, up to its words' colour."""
    family = FAMILY[status]
    paint = _paint(LOOKS[family], dark=dark)
    line = ' stroke-dasharray="4 3"' if family == "blocked" else ' stroke-width="1.8"' if family in _STRONG else ""
    sign = SIGNS[status]
    inside = paint.fill if sign.endswith("z") else "none"
    return (
        f'<rect width="{_n(width)}" height="{_n(height)}" rx="7" {_filled(paint)}{line}/>'
        f'<g transform="translate({_SIGN} {_n(_middle(height))})"><circle r="9" fill="{paint.line}"/>'
        f'<path d="{sign}" fill="{inside}" stroke="{paint.fill}" stroke-width="1.8"/></g>'
        f'<text fill="{paint.text}"'
    )


def _middle(height: float) -> float:
    """Find where the words of a box have their middle: a bar takes the foot of the higher ones."""
    return (height - _BAR_ROOM if height > HEIGHT + 1 else height) / 2


def _bar(counts: Counter[Status], area: Area, *, dark: bool) -> str:
    """Draw how much of a group is how far, as a bar at the foot of its box."""
    by_family: Counter[str] = Counter()
    for status, number in counts.items():
        by_family[FAMILY[status]] += number
    shares = {family: max(3.0, by_family[family] / counts.total() * 100) for family in _BAR if by_family[family]}
    left, length = 10.0, area.width - 20
    parts = []
    for family, share in shares.items():
        width = share / sum(shares.values()) * length
        colour = _paint(LOOKS[family], dark=dark).line
        parts.append(
            f'<rect x="{_n(left)}" y="{_n(area.height - _BAR_ROOM)}" width="{_n(width)}" height="4" fill="{colour}"/>'
        )
        left += width
    return "".join(parts)


def _paint(look: Look, *, dark: bool) -> Paint:
    return look.dark if dark else look.light


def _filled(paint: Paint) -> str:
    return f'fill="{paint.fill}" stroke="{paint.line}"'


def _at(area: Area) -> str:
    return f'x="{_n(area.x)}" y="{_n(area.y)}"'


def _size(area: Area) -> str:
    return f'width="{_n(area.width)}" height="{_n(area.height)}"'


def _n(number: float) -> str:
    """Write a number of pixels with at most one decimal."""
    return f"{number:.1f}".removesuffix(".0")
