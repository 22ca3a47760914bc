"""Edges that a longer way makes needless."""

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.digraph import needless


def reachable(count, edges):
    """Find by brute force what can be reached from each node of an ordered graph."""
    reach = {}
    for node in reversed(range(count)):
        reach[node] = set().union(*({to} | reach[to] for start, to in edges if start == node))
    return reach


@given(st.data())
def test_the_fewest_edges_say_the_same(data):
    count = data.draw(st.integers(2, 7))
    edges = data.draw(st.sets(st.sampled_from([(a, b) for a in range(count) for b in range(a + 1, count)])))
    onward = {(node,): [(to,) for start, to in sorted(edges) if start == node] for node in range(count)}
    dropped = {(start, to) for (start,), (to,) in needless([(node,) for node in range(count)], onward)}
    left = edges - dropped
    assert dropped <= edges
    assert reachable(count, left) == reachable(count, edges)
    assert all(reachable(count, left - {edge}) != reachable(count, edges) for edge in left)


def test_edges_against_the_order_are_left_alone():
    onward = {("a",): [("b",), ("c",)], ("b",): [("c",)], ("c",): [("x",)]}
    assert needless([("a",), ("b",), ("c",)], onward) == {(("a",), ("c",))}
