"""The graph in the comment: a picture for light and dark pages, else Mermaid, else plain text."""

from __future__ import annotations

from bot.domain.view import PullView
from renderers import shape
from renderers.markdown import address, attribute, fence
from renderers.room import Room
from renderers.scene import Scene
from renderers.verdict import verdict


def pictured(scene: Scene, light: str | None, dark: str | None) -> str:
    """Show the picture of the graph, with words for those who cannot see it; empty where there is none.

    It leads to the page of the pull request. GitHub keeps no style, so light and dark have an address each.
    """
    view = scene.view
    source, page = address(light or ""), address(view.page_url if isinstance(view, PullView) else "")
    if not source or not scene.found:
        return ""
    alt = f"Graph of what waits for what. {verdict(scene)[1]}."
    image = f'<img src="{source}" alt="{attribute(alt)}">'
    if at_night := address(dark or ""):
        image = f'<picture><source media="(prefers-color-scheme: dark)" srcset="{at_night}">{image}</picture>'
    if page:
        image = f'<a href="{page}">{image}</a>'
    return f"<p>{image}</p>{_grouped(scene, page)}"


def _grouped(scene: Scene, page: str) -> str:
    """Say that a picture shows groups, and where all of it is."""
    if not (by := shape.shape(scene.walk).by):
        return ""
    whole = f' <a href="{page}">The whole graph</a> has a box for each.' if page else ""
    return f"\n<p><sub>Drawn {by} by {by}, since there are {len(scene.found):,} instances.{whole}</sub></p>"


def written(mermaid: str | None, tree: str | None, room: Room) -> str:
    """Draw the graph in text: as Mermaid where there is room for it, else as a tree; empty where neither is there."""
    for text, language in ((mermaid, "mermaid"), (tree, "text")):
        if text and room.take(block := fence(text, language)):
            return block
    if mermaid or tree:
        room.missing.append("the graph")
    return ""
