"""The comment: what people read in every state, and that it always fits and never breaks."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import strategies as st
from syrupy.assertion import SnapshotAssertion

from bot.domain.facts import Gate
from bot.domain.keeping import Keeper
from bot.domain.model import Hold, HoldKind, Release, Status
from bot.domain.states import states
from bot.domain.view import PullView
from renderers.comment import MARKER, comment, marker
from renderers.mermaid import mermaid
from renderers.rows import cells
from renderers.scene import Scene
from tests.renderers.reading import flaws
from tests.renderers.scenes import SCENES, SMALL
from tests.renderers.scenes_safety import SAFETY
from tests.renderers.world import NOON, past, view, walk

PICTURE = "https://switchyard.example.com/graphs/k7Qm2/4f1c.svg"
NASTY = st.text(alphabet="ab|`<>@#*_[]()\\~$&!:/.-+=1w\n\"'{}%é\u202e\x00", min_size=1, max_size=25)


def write(view: PullView, budget: int = 60_000, picture: str | None = PICTURE) -> str:
    """Write a comment, with Mermaid where there is no picture."""
    drawn = None if view.waiting or not view.current or picture else mermaid(view.current[0], states(view.current[0]))
    return comment(view, picture_url=picture, mermaid=drawn, budget=budget)


HOLDS = st.builds(Hold, st.sampled_from(HoldKind), NASTY)
RELEASES = st.builds(Release, HOLDS, NASTY, st.just(0.0))
GATES = st.one_of(st.none(), st.builds(Gate, st.tuples(NASTY, NASTY), st.tuples(NASTY), st.sampled_from([0.0, NOON])))
KEEPERS = st.builds(Keeper, NASTY, st.sampled_from([0.0, NOON]))


@pytest.mark.parametrize("name", [*SCENES, *SAFETY])
def test_reads_well(name: str, markdown: SnapshotAssertion) -> None:
    text = write((SCENES | SAFETY)[name]())
    assert flaws(text) == []
    assert len(text) <= 60_000
    assert text == markdown


def test_mermaid_where_there_is_no_picture(markdown: SnapshotAssertion) -> None:
    text = write(SCENES["failed"](), picture=None)
    assert flaws(text) == []
    assert text == markdown


def test_it_is_found_again_by_its_marker() -> None:
    text = write(SCENES["succeeded"]())
    assert text.startswith(marker(7, 42) + "\n")
    assert marker(7, 42).startswith(MARKER)
    assert marker(7, 42) != marker(74, 2)


def test_an_address_that_is_none_is_not_linked() -> None:
    text = comment(SCENES["succeeded"](), picture_url="javascript:alert(1)", mermaid=None)
    assert "javascript" not in text


@pytest.mark.parametrize("status", Status)
def test_every_status_has_a_row(status: Status) -> None:
    seen = walk(SMALL)
    found = [replace(state, status=status) for state in states(seen)]
    assert status.value.replace("_", "\u00a0") in cells(Scene(view(seen), seen, found), 0)[0]


def test_a_graph_too_large_to_fit_is_left_out_and_told() -> None:
    view = SCENES["failed"]()
    text = comment(view, picture_url=None, mermaid="flowchart LR\n" + "  a --> b\n" * 10_000)
    assert text.endswith("<sub>Left out, so that this comment fits: the graph.</sub>\n")
    assert flaws(text) == []
    assert len(text) <= 60_000


def test_without_a_page_a_command_is_named_only_for_what_it_tells() -> None:
    shown = view(walk(SMALL, succeeded=SMALL), past=past(200))
    last = write(shown, 8_000).splitlines()[-1]
    assert last.startswith("<sub>Left out, so that this comment fits: ")
    assert "why" not in last
    assert "`/atmos why STACK/COMPONENT` tells of each instance." in write(SCENES["many_2422"](), 12_000)
