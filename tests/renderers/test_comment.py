"""The comment: what people read in every state, and that it always fits and never breaks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import strategies as st
from syrupy.assertion import SnapshotAssertion

from bot.domain.commands.words import Receipt
from bot.domain.facts import Gate
from bot.domain.keeping import Keeper
from bot.domain.model import Hold, HoldKind, Release, Status
from bot.domain.states import states
from bot.domain.view import PullView
from renderers.comment import MARKER, comment, marker
from renderers.mermaid import mermaid
from renderers.rows import cells
from renderers.scene import Scene
from tests.renderers.reading import first_line, flaws
from tests.renderers.scenes import SCENES, SMALL, VPC
from tests.renderers.scenes_safety import SAFETY
from tests.renderers.world import MERGE, NOON, past, view, walk

ON_THE_SERVER = "On the server `switchyard login-link` opens the pages; `/acme/infra/pulls/42` has all of it."
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


def said(written: str, sentence: str) -> Receipt:
    """Answer a command."""
    return Receipt("comment:1", 0, "dora", written, NOON, NOON, done=False, sentence=sentence)


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
    assert text.endswith(f"<sub>Left out, so that this comment fits: the graph. {ON_THE_SERVER}</sub>\n")
    assert flaws(text) == []
    assert len(text) <= 60_000


@pytest.mark.parametrize(
    ("more", "left_out"),
    [
        ({"past": past(200)}, "earlier rollouts"),
        ({"notes": ("A note. " * 40,) * 20}, "some notes"),
        ({"receipts": (said("/atmos why " + "a" * 300, "No such instance. " * 60),) * 9}, "commands"),
    ],
)
def test_without_a_page_what_is_left_out_has_a_place_and_a_command_only_what_it_tells(
    more: dict[str, Any], left_out: str
) -> None:
    last = write(view(walk(SMALL, succeeded=SMALL), **more), 8_000).splitlines()[-1]
    assert last.startswith("<sub>Left out, so that this comment fits: ")
    assert left_out in last
    assert last.endswith(f" {ON_THE_SERVER}</sub>")
    assert "why" not in last
    assert "`/atmos why STACK/COMPONENT` tells of each instance." in write(SCENES["many_2422"](), 12_000)


def test_the_name_of_a_workflow_file_stays_text() -> None:
    odd = "<details>@acme.yml"
    text = write(view(stuck=f"No affected stacks came: read the log of {odd}", waiting="No run has appeared."))
    assert flaws(text) == []
    assert odd in first_line(text)


def test_what_an_older_rollout_met_leads_to_its_section_below_it() -> None:
    cycle = {"problem": "It is part of a dependency cycle, `a/b` → `a/b`, so it has no order."}
    older = walk(SMALL, facts={VPC: cycle}, id=2)
    newer = walk(SMALL, activity="pull_request.merged", sha=MERGE, succeeded=SMALL)
    text = write(view(newer, older, docs_url="https://docs.example"))
    assert text.count("📖") == 1
    assert "the-stacks-depend-on-each-other-in-a-circle" in text.partition("The plan before")[2]
    both = write(view(replace(newer, steps=older.steps), older, docs_url="https://docs.example"))
    assert both.count("📖") == 1
