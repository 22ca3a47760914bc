"""The comment: what people read in every state, and that it always fits and never breaks."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from syrupy.assertion import SnapshotAssertion

from bot.domain.facts import Gate
from bot.domain.keeping import Keeper, Keeping
from bot.domain.model import Hold, HoldKind, Release, Status
from bot.domain.states import states
from bot.domain.view import Past, PullView
from renderers.comment import MARKER, comment, marker
from renderers.mermaid import mermaid
from renderers.rows import cells
from renderers.scene import Scene
from tests.renderers.reading import flaws
from tests.renderers.scenes import SCENES, SMALL
from tests.renderers.scenes_safety import SAFETY
from tests.renderers.world import MERGE, MERGED, NOON, Key, past, view, walk, wide

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


def test_of_many_failures_those_without_a_row_are_counted() -> None:
    needs: dict[Key, tuple[Key, ...]] = dict.fromkeys(wide(2422), ())
    text = write(view(walk(needs, facts={key: {"status": Status.FAILED} for key in needs}), pull=MERGED))
    named = text.count("| ❌")
    assert flaws(text) == []
    assert 55_000 < len(text) <= 60_000
    assert f"…and {2_422 - named:,} more failed: left out" in text


@pytest.mark.parametrize("budget", [3_000, 6_000, 12_000, 30_000])
def test_what_succeeded_makes_room_for_what_needs_eyes(budget: int) -> None:
    text = write(SCENES["many_2422"](), budget)
    assert len(text) <= budget
    assert flaws(text) == []
    assert text.count("| ❌") == 9 or "more failed" in text
    assert "more succeeded" in text


def test_a_graph_too_large_to_fit_is_left_out_and_told() -> None:
    view = SCENES["failed"]()
    text = comment(view, picture_url=None, mermaid="flowchart LR\n" + "  a --> b\n" * 10_000)
    assert "the graph: left out" in text
    assert flaws(text) == []
    assert len(text) <= 60_000


def test_history_that_does_not_fit_is_counted() -> None:
    text = write(view(walk(SMALL, succeeded=SMALL), past=past(200)), 8_000)
    told = re.search(r"…and (\d+) earlier rollouts: left out", text)
    assert told
    assert int(told[1]) + text.count("\n- ") == 200


@st.composite
def views(draw: st.DrawFn) -> PullView:
    """Draw any view: nasty names and sentences, any facts, any order of the graph."""
    keys = draw(st.lists(st.tuples(NASTY, NASTY), min_size=1, max_size=25, unique=True))
    needs: dict[Key, tuple[Key, ...]] = {}
    facts: dict[Key, dict[str, object]] = {}
    for key in keys:
        earlier = list(needs)
        needs[key] = tuple(draw(st.lists(st.sampled_from(earlier), max_size=3, unique=True))) if earlier else ()
        sent = st.sampled_from([None, *(s for s in Status if s not in (Status.WAITING, Status.READY, Status.BLOCKED))])
        if status := draw(sent):
            facts[key] = {"status": status, "reason": draw(NASTY), "run_url": draw(st.sampled_from(["", RUN]))}
            facts[key] |= {"warning": draw(st.sampled_from(["", "Out of order: @you.", "a|b"])), "gate": draw(GATES)}
        elif said := draw(st.sampled_from(["", "problem", "manual", "dropped"])):
            facts[key] = {said: draw(NASTY)}
        else:
            facts[key] = {"holds": tuple(draw(st.lists(HOLDS, max_size=2, unique=True)))}
        facts[key] |= {"destroys": draw(st.booleans()), "released": tuple(draw(st.lists(RELEASES, max_size=2)))}
    merged = draw(st.booleans())
    seen = walk(
        needs,
        facts=facts,
        activity="pull_request.merged" if merged else "pull_request.synchronize",
        notes=tuple(draw(st.lists(NASTY, max_size=2))),
        superseded_by=draw(st.sampled_from(["", "A push."])),
    )
    waiting = draw(st.sampled_from(["", "", "", "Waiting for @somebody."]))
    earlier_ones = [Past("label", MERGE, 0.0, {Status.FAILED: 1}, draw(NASTY), draw(NASTY)) for _ in range(draw(st.integers(0, 4)))]
    notes = tuple(draw(st.lists(NASTY, max_size=3)))
    stale = {1: {0: draw(NASTY)}} if draw(st.booleans()) else {}
    kept = {1: Keeping(draw(st.one_of(st.none(), KEEPERS)), draw(st.dictionaries(st.integers(0, 24), KEEPERS)))}
    shown = view(seen, pull=MERGED, waiting=waiting, past=tuple(earlier_ones), notes=notes, stale=stale, kept=kept)
    return replace(shown, frozen=draw(st.one_of(st.just(""), NASTY)), mode=draw(st.sampled_from(["apply", "observe"])))


RUN = "https://github.com/acme/infra/actions/runs/19000000123"


@settings(max_examples=120, deadline=None)
@given(views(), st.integers(3_000, 60_000), st.booleans())
def test_whatever_comes_it_fits_and_nothing_breaks(view: PullView, budget: int, drawn: bool) -> None:
    text = write(view, budget, PICTURE if drawn else None)
    assert len(text) <= budget
    assert flaws(text) == []
    assert text == write(view, budget, PICTURE if drawn else None)


@settings(max_examples=60, deadline=None)
@given(views())
def test_every_failure_is_named_while_there_is_room(view: PullView) -> None:
    text = write(view)
    if view.waiting:
        return
    failed = [state for state in states(view.current[0]) if state.status is Status.FAILED]
    rows = [line for line in text.splitlines() if line.startswith("| ❌")]
    assert len(rows) == len(failed)
