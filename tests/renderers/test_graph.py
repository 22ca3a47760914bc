"""The graph as DOT: frames and boxes, the same whatever the state is."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from syrupy.assertion import SnapshotAssertion

from bot.domain.model import Status
from bot.domain.rollout import Walk
from renderers.examples.catalogue import made
from renderers.graph import dot
from renderers.shape import shape
from tests.renderers.graphs import chain, fan, walks
from tests.renderers.scenes import SCENES, SMALL, VPC, three_stacks
from tests.renderers.scenes_safety import SAFETY
from tests.renderers.world import Key, walk, wide

DRAWN = ("three_stacks", "cycle", "refused_name", "many_2422", "destroys")
#: A drawing of each kind at each size, and some from top to bottom.
EXAMPLES = (
    *(("planning", size) for size in (1, 10, 60, 400, 5_000)),
    ("plan-cycle", 60),
    ("plan-odd-names", 10),
    ("plan-odd-names", 60),
    ("destroyed", 60),
)


def draw(seen: Walk) -> str:
    return dot(shape(seen))


@pytest.mark.parametrize("name", DRAWN)
def test_dot(name: str, dotted: SnapshotAssertion) -> None:
    assert draw((SCENES | SAFETY)[name]().current[0]) == dotted


@pytest.mark.parametrize(("name", "size"), EXAMPLES)
def test_dot_of_an_example(name: str, size: int, dotted: SnapshotAssertion) -> None:
    assert draw(made(name, size).current[0]) == dotted


@pytest.mark.parametrize("needs", [chain("dev", "prod", length=9), fan("dev", "prod")], ids=["chain", "fan"])
def test_dot_of_what_would_be_too_wide(needs: dict[Key, tuple[Key, ...]], dotted: SnapshotAssertion) -> None:
    assert draw(walk(needs)) == dotted


def test_the_same_rollout_gives_the_same_bytes() -> None:
    assert draw(three_stacks()) == draw(three_stacks())


def test_no_state_changes_a_byte() -> None:
    before, after = walk(SMALL), walk(SMALL, facts={VPC: {"status": Status.FAILED}})
    assert draw(before) == draw(after)
    assert shape(before) is shape(after)


def test_an_edge_that_a_longer_way_makes_needless_is_not_drawn() -> None:
    needs: dict[Key, tuple[Key, ...]] = {
        ("s", "a"): (),
        ("s", "b"): (("s", "a"),),
        ("s", "c"): (("s", "a"), ("s", "b")),
    }
    assert shape(walk(needs)).edges == ((0, 1), (1, 2))


def test_two_instances_that_read_the_same_stay_two() -> None:
    seen = shape(walk({("x", "a in b"): (), ("b in x", "a"): ()}))
    assert [box.name for box in seen.boxes] == ["a in b in x", "a in b in x"]
    assert "n0 [" in dot(seen)
    assert "n1 [" in dot(seen)


def test_60_instances_are_drawn_one_by_one_and_more_stack_by_stack() -> None:
    assert len(shape(walk(wide(60))).boxes) == 60
    grouped = shape(walk(wide(61)))
    assert grouped.by == "stack"
    assert [box.name for box in grouped.boxes[:2]] == ["tenant000-prod: 10 instances", "tenant001-prod: 10 instances"]
    assert "subgraph" not in dot(grouped)


def test_many_stacks_are_drawn_component_by_component() -> None:
    needs: dict[Key, tuple[Key, ...]] = {(f"account{i}", name): () for i in range(400) for name in ("vpc", "dns")}
    grouped = shape(walk(needs))
    assert grouped.by == "component"
    assert [box.name for box in grouped.boxes] == ["vpc: 400 instances", "dns: 400 instances"]


@pytest.mark.parametrize("count", [61, 150, 200, 201, 2_000])
def test_of_more_than_60_groups_the_last_box_is_of_all_others(count: int) -> None:
    needs: dict[Key, tuple[Key, ...]] = {(f"account{i}", f"c{i}"): () for i in range(count)}
    grouped = shape(walk(needs))
    assert len(grouped.boxes) == 60
    assert sorted(step for box in grouped.boxes for step in box.steps) == list(range(count))
    last = f"{count - 59:,}"
    assert grouped.boxes[-1].name == f"{last} more stacks: {last} instances"
    assert [name for name, _ in grouped.boxes[-1].holds] == [f"account{i}" for i in range(59, count)]
    assert len(shape(walk(needs), whole=True).boxes) == count


def test_which_groups_share_the_last_box_depends_on_no_state() -> None:
    needs: dict[Key, tuple[Key, ...]] = {(f"account{i}", f"c{i}"): () for i in range(90)}
    failed = walk(needs, facts={key: {"status": Status.FAILED} for key in list(needs)[80:]})
    assert shape(failed) is shape(walk(needs))


def test_what_is_too_wide_is_grouped_where_that_makes_it_narrow() -> None:
    long = fan("dev", "prod")
    by_stack = shape(walk(long))
    assert (by_stack.by, [box.label for box in by_stack.boxes]) == ("stack", ["dev", "prod"])
    stairs: dict[Key, tuple[Key, ...]] = {}
    for i in range(12):
        stairs[f"account{i}", "vpc"] = ((f"account{i - 1}", "vpc"),) if i else ()
        stairs[f"account{i}", "api"] = ((f"account{i}", "vpc"),)
    assert shape(walk(stairs)).by == "component"
    for needs in (chain("dev", "prod", length=3), fan("prod", "prod")):
        assert len(shape(walk(needs)).boxes) == len(needs)
    for needs in (long, stairs):
        assert len(shape(walk(needs), wide=True).boxes) == len(needs)
        assert len(shape(walk(needs), whole=True).boxes) == len(needs)


@pytest.mark.parametrize("needs", [chain("prod", length=9), chain("dev", "staging", "prod", length=20)])
def test_a_long_chain_is_drawn_from_top_to_bottom(needs: dict[Key, tuple[Key, ...]]) -> None:
    drawing = shape(walk(needs))
    assert (drawing.down, drawing.is_wide, len(drawing.boxes)) == (True, False, len(needs))
    assert "rankdir=BT" in dot(drawing)
    whole = shape(walk(needs), whole=True)
    assert (whole.down, whole.is_wide) == (False, True)


def test_a_long_chain_of_groups_is_drawn_from_top_to_bottom() -> None:
    needs = chain(*(f"account{i}" for i in range(12)), length=6)
    drawing = shape(walk(needs))
    assert (drawing.by, drawing.down, len(drawing.boxes)) == ("stack", True, 12)


def test_one_stack_of_many_components_is_not_drawn_as_one_box() -> None:
    grouped = shape(walk({("prod", f"c{i}"): () for i in range(80)}))
    assert [box.label for box in grouped.boxes[-2:]] == ["c58", "21 more components"]


def test_the_whole_graph_has_a_box_for_each_instance() -> None:
    assert len(shape(walk(wide(400)), whole=True).boxes) == 400


def test_a_long_name_keeps_both_ends() -> None:
    (box,) = shape(walk({("s", "a" * 40 + "-primary"): ()})).boxes
    assert len(box.label) == 28
    assert box.label.startswith("aaa")
    assert box.label.endswith("…aaaaa-primary")
    assert box.name == "a" * 40 + "-primary in s"


@settings(deadline=None)
@given(walks())
def test_what_waits_for_what_is_the_same_after_the_reduction(seen: Walk) -> None:
    def reach(pairs: set[tuple[int, int]]) -> set[tuple[int, int]]:
        closed = set(pairs)
        while more := {(a, d) for a, b in closed for c, d in closed if b == c} - closed:
            closed |= more
        return closed

    edges = set(shape(seen, wide=True).edges)
    full = {(parent, step.index) for step in seen.steps for parent in step.parents}
    assert edges <= full
    assert reach(edges) == reach(full)
    assert all(reach(edges - {edge}) != reach(full) for edge in edges)


@settings(deadline=None)
@given(st.integers(61, 300), st.integers(1, 8))
def test_groups_hold_every_instance_once(size: int, stacks: int) -> None:
    needs: dict[Key, tuple[Key, ...]] = {(f"s{i % stacks}", f"c{i}"): () for i in range(size)}
    grouped = shape(walk(needs))
    assert sorted(step for box in grouped.boxes for step in box.steps) == list(range(size))
