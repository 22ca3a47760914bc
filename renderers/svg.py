"""The picture: what Graphviz draws, made fit to stand in an image, in light and in dark."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from renderers.engine import draw
from renderers.palette import CARD, EDGE, LOOKS, STACK, Look

_SVG = "http://www.w3.org/2000/svg"
_FONT = "-apple-system,'Segoe UI','Noto Sans',Helvetica,Arial,sans-serif"
_POINT = re.compile(r"(-?[\d.]+),-?[\d.]+")
_DRAWN = frozenset({"g", "title", "path", "polygon", "polyline", "ellipse", "text"})


def svg(dot_source: str) -> bytes:
    """Draw DOT (made by `renderers.graph`) as SVG for an `<img>`. Raises CannotDraw where no engine can.

    The picture carries its own ground and both colour schemes, is measured in pixels, and refers to nothing outside.
    """
    ElementTree.register_namespace("", _SVG)
    root = ElementTree.fromstring(draw(dot_source))  # noqa: S314 - Graphviz wrote it, in our own child process
    _strip(root)
    graph = next(root.iter(_tag("g")))
    name = graph.find(_tag("title"))
    title = ElementTree.Element(_tag("title"))
    if name is not None:
        title.text = name.text
        graph.remove(name)
    style = ElementTree.Element(_tag("style"))
    style.text = _style()
    root[:0] = [title, style]
    root.attrib = {"role": "img", "aria-label": title.text or "", **_size(root)}
    _ground(graph)
    for part in graph.iter(_tag("g")):
        if "node" in part.get("class", "").split():
            _centre(part)
    picture: bytes = ElementTree.tostring(root, encoding="utf-8")
    return picture


def _tag(name: str) -> str:
    return f"{{{_SVG}}}{name}"


def _strip(parent: ElementTree.Element) -> None:
    """Leave only shapes and words: no links, scripts or images, and no font but our own."""
    for child in list(parent):
        if child.tag.removeprefix(f"{{{_SVG}}}") in _DRAWN:
            child.attrib.pop("font-family", None)
            child.tail = "\n"
            _strip(child)
        else:
            parent.remove(child)


def _size(root: ElementTree.Element) -> dict[str, str]:
    """Measure in pixels what Graphviz measures in points: text then has the size of the page's."""
    size = {side: root.get(side, "").removesuffix("pt") for side in ("width", "height")}
    return {**size, "viewBox": root.get("viewBox", "")}


def _ground(graph: ElementTree.Element) -> None:
    """Give the first polygon, which is the ground, a rounded frame."""
    for position, part in enumerate(graph):
        if part.tag == _tag("polygon"):
            points = [[float(at) for at in pair.split(",")] for pair in part.get("points", "").split()]
            left, top = min(x for x, _ in points), min(y for _, y in points)
            width, height = max(x for x, _ in points) - left, max(y for _, y in points) - top
            box = {"x": left + 0.5, "y": top + 0.5, "width": width - 1, "height": height - 1, "rx": 8}
            look = {"class": "card", "fill": CARD.light.fill, "stroke": CARD.light.line}
            frame = {key: f"{value:g}" for key, value in box.items()}
            graph[position] = ElementTree.Element(_tag("rect"), {**look, **frame})
            return


def _centre(node: ElementTree.Element) -> None:
    """Put words in the middle of their box, whatever font the reader has."""
    path = node.find(_tag("path"))
    if path is None:
        return
    across = [float(x) for x in _POINT.findall(path.get("d", ""))]
    for text in node.iter(_tag("text")):
        text.set("text-anchor", "middle")
        text.set("x", f"{(min(across) + max(across)) / 2:g}")


def _style() -> str:
    """Write the styles: light colours stand on the shapes themselves, dark ones are here."""
    dark = [f".card{{fill:{CARD.dark.fill};stroke:{CARD.dark.line}}}", _colours(".stack", STACK)]
    dark += [_colours(f".node.{family}", look) for family, look in LOOKS.items()]
    dark += [_line(".edge", EDGE), _line(".edge.blocked", LOOKS["blocked"])]
    return f"text{{font-family:{_FONT}}}@media (prefers-color-scheme:dark){{{''.join(dark)}}}"


def _colours(where: str, look: Look) -> str:
    paint = look.dark
    return f"{where}>path{{fill:{paint.fill};stroke:{paint.line}}}{where}>text{{fill:{paint.text}}}"


def _line(where: str, look: Look) -> str:
    line = look.dark.line
    return f"{where}>path{{stroke:{line}}}{where}>polygon{{fill:{line};stroke:{line}}}"
