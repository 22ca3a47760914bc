"""The drawing engine: every Graphviz that is on this machine draws the same graphs under the same rules."""

from __future__ import annotations

import itertools
import json
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from renderers import engine
from renderers.engine import CannotDraw, draw, engine_name

GRAPH = """
digraph rollout {
  rankdir=LR
  node [shape=box, style="rounded,filled", fontname="Helvetica"]
  subgraph cluster_0 { label="plat-ue2-dev"; style=rounded; "vpc"; "eks/cluster"; "größe ✓ <&>" }
  "vpc" -> "eks/cluster" -> "größe ✓ <&>"
}
"""
#: Every node beside every other: minutes of work for any Graphviz.
DENSE = "digraph {" + "; ".join(f"n{a} -> n{b}" for a, b in itertools.combinations(range(200), 2)) + "}"
ENGINES = ["dot", "pygraphviz"] if shutil.which("dot") else ["pygraphviz"]


@pytest.fixture(autouse=True)
def _looked_up_afresh() -> Iterator[None]:
    engine_name.cache_clear()
    yield
    engine_name.cache_clear()


@pytest.fixture(params=ENGINES, autouse=True)
def name(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param != "dot":
        monkeypatch.setenv("PATH", "/nowhere")
    return request.param


def test_says_which_engine_is_used(name: str) -> None:
    assert engine_name() == name


def test_finds_the_places_of_boxes_frames_and_arrows() -> None:
    drawn = json.loads(draw(GRAPH))
    frame, *boxes = drawn["objects"]
    assert frame["name"] == "cluster_0"
    assert [box["name"] for box in boxes] == ["vpc", "eks/cluster", "größe ✓ <&>"]
    assert all({"pos", "width", "height"} <= set(box) for box in boxes)
    assert [(edge["tail"], edge["head"], edge["pos"][0]) for edge in drawn["edges"]] == [(1, 2, "e"), (2, 3, "e")]


def test_same_source_gives_same_bytes_from_many_threads() -> None:
    with ThreadPoolExecutor(4) as threads:
        assert len(set(threads.map(draw, [GRAPH] * 8))) == 1


def test_text_does_not_depend_on_the_language_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    here = draw(GRAPH)
    monkeypatch.setenv("LC_ALL", "C")
    monkeypatch.setenv("LANG", "C")
    assert draw(GRAPH) == here


def test_time_limit_ends_the_drawing() -> None:
    with pytest.raises(CannotDraw, match=r"longer than 0\.5 seconds and was stopped"):
        draw(DENSE, timeout=0.5)


def test_answer_that_is_too_big_is_refused() -> None:
    with pytest.raises(CannotDraw, match=r"more than the 1,000 that are read"):
        draw(GRAPH, limit=1_000)


def test_broken_source_is_told_with_graphviz_own_words(name: str) -> None:
    with pytest.raises(CannotDraw, match=rf"^Graphviz \({name}\) could not draw the graph: .*syntax error in line 1"):
        draw("digraph { a -> ")


def test_source_without_a_graph_is_told() -> None:
    with pytest.raises(CannotDraw, match="drew nothing"):
        draw("")


def test_without_any_graphviz_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(engine, "find_spec", lambda _: None)
    assert engine_name() is None
    with pytest.raises(CannotDraw, match="Install the program dot"):
        draw(GRAPH)


def test_program_that_has_gone_since_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    engine_name()
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    with pytest.raises(CannotDraw, match="could not be started"):
        draw(GRAPH)
