"""The graph in the comment: a picture for light and dark pages, else Mermaid, else plain text."""

from __future__ import annotations

from bot.domain.view import PullView
from renderers import shape
from renderers.markdown import address, attribute, fence
from renderers.room import Room
from renderers.scene import Scene
from renderers.verdict import verdict
from renderers.words import plural


def pictured(scene: Scene, light: str | None, dark: str | None) -> str:
    """Show the picture of the graph, with words for those who cannot see it; empty where there is none.

    It leads to the page of the pull request. GitHub keeps no style, so light and dark have an address each.
    """
    source, page = address(light or ""), _page(scene)
    if not source or not scene.found:
        return ""
    alt = f"Graph of what waits for what. {verdict(scene)[1]}."
    image = f'<img src="{source}" alt="{attribute(alt)}">'
    if at_night := address(dark or ""):
        image = f'<picture><source media="(prefers-color-scheme: dark)" srcset="{at_night}">{image}</picture>'
    if page:
        image = f'<a href="{page}">{image}</a>'
    return "\n".join(part for part in (f"<p>{image}</p>", _grouped(scene, page)) if part)


def _page(scene: Scene) -> str:
    """Write the address of the pull request's page; empty where there is none."""
    return address(scene.view.page_url if isinstance(scene.view, PullView) else "")


def _grouped(scene: Scene, page: str, *, wide: bool = False) -> str:
    """Say that a drawing shows groups, or is too wide unless it may be `wide`, and where all of it is."""
    drawing = shape.shape(scene.walk, wide=wide)
    if by := drawing.by:
        many = len(scene.found) > shape.MOST
        why = f"there are {len(scene.found):,} instances" if many else "it would be too wide to read otherwise"
        whole = f' <a href="{page}">The whole graph</a> has a box for each.' if page else ""
        last = drawing.boxes[-1]
        others = f"; the last box is of {plural(len(last.holds), f'more {by}')}" if last.holds else ""
        return f"<p><sub>Drawn {by} by {by}, since {why}{others}.{whole}</sub></p>"
    if drawing.is_wide and page and not wide:
        return f'<p><sub>Too wide to read here? <a href="{page}">The page</a> shows the graph in full.</sub></p>'
    return ""


def written(scene: Scene, mermaid: str | None, tree: str | None, room: Room) -> str:
    """Draw the graph in text: as Mermaid where there is room for it, else as a tree; empty where neither is there."""
    for text, language in ((mermaid, "mermaid"), (tree, "text")):
        if not text:
            continue
        beside = _grouped(scene, _page(scene), wide=language == "text")
        block = "\n\n".join(part for part in (fence(text, language), beside) if part)
        if room.take(block):
            return block
    if mermaid or tree:
        room.missing.append("the graph")
    return ""
