"""The graph of a rollout as a picture: what is drawn, where it stands, and how it looks now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.model import Status
from bot.domain.rollout import Walk
from bot.domain.states import State, count
from renderers.engine import CannotDraw
from renderers.faces import Face, blocked, faces
from renderers.layout import lay_out
from renderers.shape import Shape, shape
from renderers.svg import svg
from renderers.verdict import summary
from renderers.words import plural

LARGEST = 5_000_000  # bytes: GitHub's proxy of images is not known to pass on more
_DESCRIBED = 3_000  # characters


@dataclass(frozen=True, slots=True)
class Picture:
    """One drawing as SVG, for light pages and for dark ones."""

    light: bytes
    dark: bytes


def picture(walk: Walk, found: Sequence[State], *, whole: bool = False, limit: int = LARGEST) -> Picture:
    """Draw a rollout; with `whole`, every instance of it, however many there are.

    Graphviz is asked only for a graph that was not seen before; blocks meanwhile, within the engine's time.
    `limit` is the largest picture in bytes. Raises CannotDraw.
    """
    drawing = shape(walk, whole=whole)
    if not drawing.boxes:
        raise CannotDraw("There is nothing to draw: the rollout has no instances.")
    layout, looks, stuck = lay_out(drawing), faces(drawing, walk, found), blocked(drawing, walk, found)
    words = {"title": summary(walk, found, _counts(looks, found)), "description": _description(drawing, looks)}
    light, dark = (svg(drawing, layout, looks, stuck, **words, dark=dark) for dark in (False, True))
    if max(len(light), len(dark)) > limit:
        raise CannotDraw(
            f"The picture has {len(light):,} bytes, more than the {limit:,} that are shown. Draw fewer instances."
        )
    return Picture(light, dark)


def _counts(looks: Sequence[Face], found: Sequence[State]) -> Counter[Status]:
    """Count all that a drawing shows; groups are counted already."""
    groups = [look.counts for look in looks if look.counts is not None]
    return sum(groups, Counter[Status]()) if groups else count(found)


def _description(drawing: Shape, looks: Sequence[Face]) -> str:
    """Write the graph as sentences, for those who cannot see it."""
    what = f"instances of one {drawing.by}" if drawing.by else "an instance"
    parts = [f"Each box is {what}; arrows lead from what goes first."]
    room = _DESCRIBED
    for index, (box, look) in enumerate(zip(drawing.boxes, looks, strict=True)):
        after = ", ".join(drawing.boxes[parent].label for parent in drawing.parents.get(index, ()))
        said = f"{box.name}: {look.told}{f'; after {after}' if after else ''}."
        room -= len(said) + 1
        if room < 0:
            parts.append(f"And {plural(len(drawing.boxes) - index, 'more box', 'more boxes')}.")
            break
        parts.append(said)
    return " ".join(parts)
