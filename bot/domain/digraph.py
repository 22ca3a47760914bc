"""Algorithms on directed graphs given as a table: node -> the nodes it leads to. No recursion, all deterministic."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

Node = TypeVar("Node", bound=tuple[Any, ...])
Table = Mapping[Node, Sequence[Node]]


def groups(nodes: Iterable[Node], onward: Table[Node]) -> list[list[Node]]:
    """Group nodes that reach each other (Tarjan); a group comes after those that it leads to. Members are sorted.

    Edges to nodes that are not among `nodes` are ignored.
    """
    inside = dict.fromkeys(nodes)
    number: dict[Node, int] = {}
    low: dict[Node, int] = {}
    path: list[Node] = []
    on_path: set[Node] = set()
    result: list[list[Node]] = []
    for root in inside:
        if root in number:
            continue
        walk = [root]
        rests = {root: iter(onward[root])}
        while walk:
            node = walk[-1]
            if node not in number:
                number[node] = low[node] = len(number)
                path.append(node)
                on_path.add(node)
            for following in rests[node]:
                if following in on_path:
                    low[node] = min(low[node], number[following])
                elif following in inside and following not in number:
                    walk.append(following)
                    rests[following] = iter(onward[following])
                    break
            else:
                walk.pop()
                del rests[node]
                if walk:
                    low[walk[-1]] = min(low[walk[-1]], low[node])
                if low[node] == number[node]:
                    result.append(sorted(_cut(path, node)))
                    on_path.difference_update(result[-1])
    return result


def _cut(path: list[Node], node: Node) -> list[Node]:
    """Take the end of the path off, from `node` on."""
    taken = [path.pop()]
    while taken[-1] != node:
        taken.append(path.pop())
    return taken


def round_trip(start: Node, members: set[Node], onward: Table[Node]) -> tuple[Node, ...]:
    """Find a shortest way from `start` through `members` back to it; there must be one. `start` stands first only."""
    came: dict[Node, Node] = {}
    level = [start]
    while start not in came:
        following = []
        for node in level:
            for to in onward[node]:
                if to in members and to not in came:
                    came[to] = node
                    following.append(to)
        level = following
    back = [start]
    while came[back[-1]] != start:
        back.append(came[back[-1]])
    return (start, *reversed(back[1:]))


def layers(backward: Table[Node], onward: Table[Node]) -> list[list[Node]]:
    """Peel the graph: each layer holds the nodes whose predecessors are all in earlier ones; sorted within a layer.

    Nodes on cycles, and those behind them, are in no layer.
    """
    open_ends = {node: len(before) for node, before in backward.items()}
    level = sorted(node for node, count in open_ends.items() if not count)
    result = []
    while level:
        result.append(level)
        following = []
        for node in level:
            for to in onward[node]:
                open_ends[to] -= 1
                if not open_ends[to]:
                    following.append(to)
        level = sorted(following)
    return result


def needless(ordered: Sequence[Node], onward: Table[Node]) -> set[tuple[Node, Node]]:
    """Find the edges of an acyclic graph that a longer way makes needless; `ordered` lists it, predecessors first.

    Edges to nodes that are not in `ordered` are left alone. Memory grows with the square of the number of nodes.
    """
    position = {node: index for index, node in enumerate(ordered)}
    reach: dict[Node, int] = {}  # as bits, by position
    result = set()
    for node in reversed(ordered):
        reached = 0
        for to in sorted((to for to in onward[node] if to in position), key=position.__getitem__):
            if reached >> position[to] & 1:
                result.add((node, to))
            else:
                reached |= reach[to]
        reach[node] = reached | 1 << position[node]
    return result
