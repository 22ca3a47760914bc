"""The colours of statuses in the picture: what a person takes them for, and whether words can be read."""

from __future__ import annotations

import colorsys
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from bot.domain.model import Status
from bot.domain.states import states
from renderers.picture import picture
from tests.renderers.world import walk

SVG = "{http://www.w3.org/2000/svg}"
#: What people take a status for before they read a word.
TAKEN_FOR = {
    "green": {Status.SUCCEEDED},
    "red": {Status.FAILED, Status.TIMED_OUT, Status.CANCELLED, Status.BLOCKED},
    "yellow": {Status.APPROVAL, Status.HELD, Status.MANUAL},
    "blue": {Status.DISPATCHING, Status.QUEUED, Status.RUNNING},
    "grey": {Status.WAITING, Status.READY, Status.SKIPPED, Status.SUPERSEDED},
}
#: Where the colours begin and end on the wheel, in degrees.
HUES = {"yellow": (30, 60), "green": (100, 160), "blue": (195, 225), "red": (330, 391)}
LOOKS = pytest.mark.parametrize("look", ["light", "dark"])


def boxes(look: str) -> dict[Status, ElementTree.Element]:
    """Draw a box in every status."""
    seen = walk({("s", status.value): () for status in Status})
    found = [replace(state, status=status) for state, status in zip(states(seen), Status, strict=True)]
    root = ElementTree.fromstring(getattr(picture(seen, found), look))
    nodes = [part for part in root.iter(f"{SVG}g") if "node" in part.get("class", "").split()]
    return dict(zip(Status, nodes, strict=True))


def channels(code: str) -> tuple[float, float, float]:
    red, green, blue = (int(code[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


def named(code: str) -> str:
    """Name a colour as people do."""
    parts = channels(code)
    if max(parts) - min(parts) < 0.08:
        return "grey"
    degrees = colorsys.rgb_to_hls(*parts)[0] * 360
    around = (degrees, degrees + 360)
    return next((name for name, (low, high) in HUES.items() if any(low <= at < high for at in around)), code)


def contrast(one: str, other: str) -> float:
    """Tell how many times brighter one colour is than the other, as WCAG 2 reckons it."""
    bright = []
    for code in (one, other):
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in channels(code)]
        bright.append(0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] + 0.05)
    return max(bright) / min(bright)


def rect(box: ElementTree.Element) -> ElementTree.Element:
    return next(box.iter(f"{SVG}rect"))


@LOOKS
def test_every_status_has_the_colour_that_it_is_taken_for(look: str) -> None:
    drawn = boxes(look)
    signs = {status: next(box.iter(f"{SVG}circle")).get("fill") or "" for status, box in drawn.items()}
    lines = {status: rect(box).get("stroke") or "" for status, box in drawn.items()}
    expected = {status: name for name, statuses in TAKEN_FOR.items() for status in statuses}
    assert {status: named(code) for status, code in signs.items()} == expected
    assert {status: named(code) for status, code in lines.items()} == expected


@LOOKS
def test_the_ground_of_a_box_has_the_colour_of_its_line_or_next_to_none(look: str) -> None:
    for status, box in boxes(look).items():
        allowed = {named(rect(box).get("stroke") or "")}
        if status in TAKEN_FOR["grey"] | {Status.BLOCKED}:
            allowed.add("grey")
        assert named(rect(box).get("fill") or "") in allowed, status


@LOOKS
def test_words_and_signs_stand_out(look: str) -> None:
    for status, box in boxes(look).items():
        ground = rect(box).get("fill") or ""
        assert contrast(next(box.iter(f"{SVG}text")).get("fill") or "", ground) >= 4.5, status
        assert contrast(next(box.iter(f"{SVG}circle")).get("fill") or "", ground) >= 3, status
