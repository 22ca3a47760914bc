"""Where everything of a drawing stands. Laid out once for each graph, since no state moves anything."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from renderers.engine import CannotDraw, draw
from renderers.graph import POINTS, dot
from renderers.measure import PAGE, gap
from renderers.shape import LARGE, Shape

Point = tuple[float, float]
Way = tuple[
    tuple[int, int], list[Point]
]  # an edge, and the points of its spline, if it has one; the last is the arrow's tip

_KEPT, _LARGE_KEPT = 32, 2  # layouts that are remembered
_TRIES = 3  # of a graph that could not be laid out; then no more until a restart
_BETWEEN = 14  # pixels between what nothing connects
_HEAD, _SIDE = 7, 2.8  # pixels that the head of an arrow is long, and half of what it is wide


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle by its upper left corner, in pixels."""

    x: float
    y: float
    width: float
    height: float

    @property
    def corners(self) -> tuple[Point, Point]:
        """The upper left and the lower right corner."""
        return (self.x, self.y), (self.x + self.width, self.y + self.height)

    def moved(self, by: Point) -> Area:
        """Move it, to a hundredth of a pixel."""
        return Area(round(self.x + by[0], 2), round(self.y + by[1], 2), self.width, self.height)


@dataclass(frozen=True, eq=False)
class Layout:
    """The places of boxes and frames, by their order in the shape, and the ways of edges as SVG path data.

    Two are equal where they are the same object.
    """

    width: float
    height: float
    boxes: tuple[Area, ...]
    frames: tuple[tuple[str, Area], ...]
    lines: tuple[tuple[tuple[int, int], str, str], ...]  # (parent, child), the line, the head of the arrow


def lay_out(shape: Shape) -> Layout:
    """Find the places of a shape; Graphviz is asked once for each. Blocks until it is done. Raises CannotDraw."""
    tries = (_large if len(shape.boxes) > LARGE else _usual)(shape)
    if not tries or (isinstance(tries[-1], CannotDraw) and len(tries) < _TRIES):
        tries.append(_tried(shape))
    last = tries[-1]
    if isinstance(last, CannotDraw):
        raise CannotDraw(str(last))
    return last


def _tries(_: Shape) -> list[Layout | CannotDraw]:
    """Remember what came of laying out a shape, each time that it was tried."""
    return []


_usual = lru_cache(maxsize=_KEPT)(_tries)
_large = lru_cache(maxsize=_LARGE_KEPT)(_tries)


def _tried(shape: Shape) -> Layout | CannotDraw:
    try:
        return _read(shape, json.loads(draw(dot(shape))))
    except CannotDraw as error:
        return error
    except (ValueError, LookupError, TypeError) as error:
        return CannotDraw(f"Graphviz answered with something else than the places of the graph: {error!r}.")


def _read(shape: Shape, drawn: dict[str, Any]) -> Layout:
    """Turn Graphviz' answer into pixels.

    Graphviz counts upwards and begins with the lowest. Taken as if it counted downwards, what comes first is on top.
    """
    boxes: dict[int, Area] = {}
    frames: dict[int, Area] = {}
    by_id: dict[int, int] = {}
    near = 2 * gap(len(shape.boxes), len(shape.edges))
    for one in drawn.get("objects", ()):
        kind, number = one["name"][0], int(one["name"].lstrip("cluster_n"))
        if kind == "c":
            left, low, right, high = _numbers(one["bb"])
            frames[number] = Area(left, low, right - left, high - low)
        else:
            by_id[one["_gvid"]] = number
            (x, y), wide, high = _numbers(one["pos"]), float(one["width"]) * POINTS, float(one["height"]) * POINTS
            boxes[number] = Area(x - wide / 2, y - high / 2, wide, high)
    lines = []
    for one in drawn.get("edges", ()):
        edge = (by_id[one["tail"]], by_id[one["head"]])
        is_next = _is_next(boxes[edge[0]], boxes[edge[1]], near, down=shape.down)
        lines.append((edge, [] if is_next else _spline(one["pos"])))
    return _placed(shape, boxes, frames, lines)


def _spline(pos: str) -> list[Point]:
    """Read the points of an edge; Graphviz writes its very end first."""
    pairs = pos.split()
    ends = [pair[2:] for pair in pairs if pair[0] == "e"]
    ordered = [pair for pair in pairs if pair[0] not in "es"] + ends
    return [(float(x), float(y)) for x, _, y in (pair.partition(",") for pair in ordered)]


def _is_next(parent: Area, child: Area, near: float, *, down: bool) -> bool:
    """Tell whether a box follows another so closely that nothing stands between them: a plain curve then does."""
    between = child.y - parent.y - parent.height if down else child.x - parent.x - parent.width
    return 0 < between < near


def _placed(shape: Shape, boxes: dict[int, Area], frames: dict[int, Area], lines: list[Way]) -> Layout:
    """Set what nothing connects beside each other, in order, in rows as wide as GitHub's page."""
    part_of = {box: number for number, part in enumerate(shape.parts()) for box in part}
    stacks = [(stack, members[0]) for stack, members in shape.frames.items() if stack]
    corners: dict[int, list[Point]] = {}
    for box, area in boxes.items():
        corners.setdefault(part_of[box], []).extend(area.corners)
    for number, (_, first) in enumerate(stacks):
        corners[part_of[first]].extend(frames[number].corners)
    for edge, points in lines:
        corners[part_of[edge[0]]].extend(points)
    shifts, width, height = _shelves([_around(corners[number]) for number in sorted(corners)])
    curve = _curve_down if shape.down else _curve
    places = tuple(boxes[box].moved(shifts[part_of[box]]) for box in range(len(shape.boxes)))
    return Layout(
        width,
        height,
        places,
        tuple((stack, frames[number].moved(shifts[part_of[first]])) for number, (stack, first) in enumerate(stacks)),
        tuple(
            (edge, *(_drawn(points, shifts[part_of[edge[0]]]) if points else curve(places[edge[0]], places[edge[1]])))
            for edge, points in lines
        ),
    )


def _around(points: list[Point]) -> Area:
    left, top = min(x for x, _ in points), min(y for _, y in points)
    return Area(left, top, max(x for x, _ in points) - left, max(y for _, y in points) - top)


def _shelves(parts: list[Area]) -> tuple[list[Point], float, float]:
    """Find how far each part moves, and the size of all."""
    shifts: list[Point] = []
    x = y = row = widest = 0.0
    for part in parts:
        if x and x + part.width > PAGE:
            x, y, row = 0.0, y + row + _BETWEEN, 0.0
        shifts.append((x - part.x, y - part.y))
        row, widest = max(row, part.height), max(widest, x + part.width)
        x += part.width + _BETWEEN
    return shifts, widest, y + row


def _curve(parent: Area, child: Area) -> tuple[str, str]:
    """Draw an edge from the right side of a box to the left side of the next one."""
    x, y, to = parent.x + parent.width, parent.y + parent.height / 2, child.y + child.height / 2
    end = child.x - _HEAD
    bend = (x + end) / 2
    line = f"M{x:.1f},{y:.1f}C{bend:.1f},{y:.1f} {bend:.1f},{to:.1f} {end:.1f},{to:.1f}"
    return line, f"M{child.x:.1f},{to:.1f}l{-_HEAD},{-_SIDE}v{2 * _SIDE}z"


def _curve_down(parent: Area, child: Area) -> tuple[str, str]:
    """Draw an edge from the foot of a box to the top of the next one."""
    x, to, y = parent.x + parent.width / 2, child.x + child.width / 2, parent.y + parent.height
    end = child.y - _HEAD
    bend = (y + end) / 2
    line = f"M{x:.1f},{y:.1f}C{x:.1f},{bend:.1f} {to:.1f},{bend:.1f} {to:.1f},{end:.1f}"
    return line, f"M{to:.1f},{child.y:.1f}l{-_SIDE},{-_HEAD}h{2 * _SIDE}z"


def _drawn(points: list[Point], shift: Point) -> tuple[str, str]:
    """Write an edge as path data: the line, and the triangle at its end."""
    moved = [(x + shift[0], y + shift[1]) for x, y in points]
    end, to = moved[-2:]
    line = f"M{_at(moved[0])}C{' '.join(_at(point) for point in moved[1:-1])}"
    across = ((end[1] - to[1]) * _SIDE / _HEAD, (to[0] - end[0]) * _SIDE / _HEAD)
    corners = (to, (end[0] + across[0], end[1] + across[1]), (end[0] - across[0], end[1] - across[1]))
    return line, f"M{'L'.join(_at(corner) for corner in corners)}z"


def _at(point: Point) -> str:
    return f"{point[0]:.1f},{point[1]:.1f}"


def _numbers(text: str) -> list[float]:
    return [float(number) for number in text.split(",")]
