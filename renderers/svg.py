"""The picture: places and faces painted as SVG, once for each of GitHub's two colour schemes.

Every colour stands on its shape: no style, script, font or address that a proxy or a page's policy could stop.
"""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Sequence, Set

from bot.domain.model import Status
from renderers.faces import Face
from renderers.icons import SIGNS
from renderers.layout import Area, Layout
from renderers.palette import CARD, EDGE, FAMILY, LOOKS, STACK, Look, Paint
from renderers.shape import Box, Shape

_FONT = "-apple-system,'Segoe UI','Noto Sans',Helvetica,Arial,sans-serif"
_EDGE = 10  # pixels around everything
_SIGN = 22  # pixels from the left of a box to the middle of its sign
_WORDS = 38  # pixels from the left of a box to its words
_BAR = ("done", "wrong", "person", "moving", "blocked", "idle", "gone")


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
    width, height = layout.width + 2 * _EDGE, layout.height + 2 * _EDGE
    card = _paint(CARD, dark=dark)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_n(width)}" height="{_n(height)}" '
        f'viewBox="0 0 {_n(width)} {_n(height)}" role="img" aria-labelledby="graph-title graph-description">',
        f'<title id="graph-title">{html.escape(title)}</title>',
        f'<desc id="graph-description">{html.escape(description)}</desc>',
        f'<rect x="0.5" y="0.5" width="{_n(width - 1)}" height="{_n(height - 1)}" rx="8" '
        f'fill="{card.fill}" stroke="{card.line}"/>',
        f'<g transform="translate({_EDGE} {_EDGE})" font-family="{_FONT}" font-size="11" stroke-linejoin="round" '
        'stroke-linecap="round">',
    ]
    for number, (stack, area) in enumerate(layout.frames):
        parts += _frame(number, stack, area, [faces[box] for box in shape.frames[stack]], _paint(STACK, dark=dark))
    for edge, line, head in layout.lines:
        parts.append(_line(edge, line, head, edge in blocked, dark=dark))
    for number, (box, area, face) in enumerate(zip(shape.boxes, layout.boxes, faces, strict=True)):
        parts += _box(number, box, area, face, dark=dark)
    return "\n".join([*parts, "</g>", "</svg>", ""]).encode()


def _frame(number: int, stack: str, area: Area, members: list[Face], paint: Paint) -> list[str]:
    done = sum(face.status is Status.SUCCEEDED for face in members)
    return [
        f'<g class="stack" id="stack-{number}"><rect {_rect(area)} rx="8" fill="{paint.fill}" stroke="{paint.line}"/>'
        f'<text x="{_n(area.x + 11)}" y="{_n(area.y + 20)}" font-size="12" fill="{paint.text}">'
        f'<tspan font-weight="600">{html.escape(stack)}</tspan>'
        f'<tspan dx="8" font-size="11">{done:,} of {len(members):,}</tspan></text></g>'
    ]


def _line(edge: tuple[int, int], line: str, head: str, blocked: bool, *, dark: bool) -> str:
    colour = _paint(LOOKS["blocked"] if blocked else EDGE, dark=dark).line
    look, kind = (' stroke-dasharray="4 4"', " blocked") if blocked else ("", "")
    return (
        f'<g class="edge{kind}" id="edge-{edge[0]}-{edge[1]}">'
        f'<path d="{line}" fill="none" stroke="{colour}" stroke-width="1.3"{look}/>'
        f'<path d="{head}" fill="{colour}"/></g>'
    )


def _box(number: int, box: Box, area: Area, face: Face, *, dark: bool) -> list[str]:
    paint = _paint(LOOKS[face.family], dark=dark)
    dashed = ' stroke-dasharray="4 3"' if face.family == "blocked" else ""
    strong = ' stroke-width="1.8"' if face.family in ("wrong", "moving", "person") else ""
    words, middle = area.x + _WORDS, area.y + (area.height - (8 if face.counts else 0)) / 2
    return [
        f'<g class="node {face.family}" id="node-{number}"><title>{html.escape(f"{box.name}: {face.told}")}</title>'
        f'<rect {_rect(area)} rx="7" fill="{paint.fill}" stroke="{paint.line}"{strong}{dashed}/>',
        _sign(face.status, area.x + _SIGN, middle, paint),
        f'<text x="{_n(words)}" y="{_n(middle - 3)}" font-size="13" font-weight="600" fill="{paint.text}">'
        f"{html.escape(box.label)}</text>"
        f'<text x="{_n(words)}" y="{_n(middle + 12)}" fill="{paint.text}">{html.escape(face.said)}</text>'
        f"{_bar(face.counts, area, dark=dark) if face.counts else ''}</g>",
    ]


def _sign(status: Status, x: float, y: float, paint: Paint) -> str:
    """Draw a status' sign on a disc of the status' colour."""
    path = SIGNS[status]
    fill = paint.fill if path.endswith("z") else "none"
    return (
        f'<g transform="translate({_n(x)} {_n(y)})"><circle r="9" fill="{paint.line}"/>'
        f'<path d="{path}" fill="{fill}" stroke="{paint.fill}" stroke-width="1.8"/></g>'
    )


def _bar(counts: Counter[Status], area: Area, *, dark: bool) -> str:
    """Draw how much of a group is how far, as a bar at the foot of its box."""
    by_family: Counter[str] = Counter()
    for status, number in counts.items():
        by_family[FAMILY[status]] += number
    shares = {family: max(3.0, by_family[family] / counts.total() * 100) for family in _BAR if by_family[family]}
    left, foot, length = area.x + 10, area.y + area.height - 8, area.width - 20
    parts = []
    for family, share in shares.items():
        width = share / sum(shares.values()) * length
        colour = _paint(LOOKS[family], dark=dark).line
        parts.append(f'<rect x="{_n(left)}" y="{_n(foot)}" width="{_n(width)}" height="4" fill="{colour}"/>')
        left += width
    return "".join(parts)


def _paint(look: Look, *, dark: bool) -> Paint:
    return look.dark if dark else look.light


def _rect(area: Area) -> str:
    return f'x="{_n(area.x)}" y="{_n(area.y)}" width="{_n(area.width)}" height="{_n(area.height)}"'


def _n(number: float) -> str:
    return f"{round(number, 1):g}" if abs(number) < 1e5 else f"{number:.0f}"
