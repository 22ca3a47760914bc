"""Instances and their order: an upload's nesting becomes one graph, and the graph becomes waves.

An edge runs from parent to child: the parent (the dependency) goes first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from bot.domain import digraph
from bot.domain.names import LONGEST, allowed, shown


class Instance(NamedTuple):
    """One component in one stack: what is planned and applied."""

    stack: str
    component: str

    def __str__(self) -> str:
        return f"{self.stack}/{self.component}"


class Entry(Protocol):
    """One item of an upload, with what depends on it nested below."""

    @property
    def component(self) -> str: ...
    @property
    def stack(self) -> str: ...
    @property
    def dependents(self) -> Sequence[Entry]: ...
    @property
    def deleted(self) -> bool: ...
    @property
    def pro(self) -> Any:
        """Decode `settings.pro`; None where there is none. It may cost something, so it is asked once per instance."""

    def same_pro(self, other: Any) -> bool:
        """Tell whether another entry of the same upload carries equal `settings.pro`."""


@dataclass(frozen=True, slots=True)
class Node:
    """What an upload says of one instance."""

    instance: Instance
    pro: Mapping[str, Any] | None = None  # its `settings.pro`
    deleted: bool = False
    changed: bool = True  # it changed itself; False: it is there because something above it changed
    problem: str | None = None  # why it cannot be dispatched, one sentence


@dataclass(frozen=True, slots=True)
class Graph:
    """Instances and edges. Both edge tables have a sorted entry for every node."""

    nodes: dict[Instance, Node]
    parents: dict[Instance, tuple[Instance, ...]]
    children: dict[Instance, tuple[Instance, ...]]

    @classmethod
    def of(cls, nodes: Iterable[Node], edges: Iterable[tuple[Instance, Instance]]) -> Graph:
        """Make a graph from nodes and (parent, child) pairs; pairs may repeat, both ends must be among the nodes."""
        known = {node.instance: node for node in nodes}
        children: dict[Instance, set[Instance]] = {}
        parents: dict[Instance, set[Instance]] = {}
        for parent, child in edges:
            children.setdefault(parent, set()).add(child)
            parents.setdefault(child, set()).add(parent)
        return cls(
            known,
            {instance: tuple(sorted(parents.get(instance, ()))) for instance in known},
            {instance: tuple(sorted(children.get(instance, ()))) for instance in known},
        )


class UploadTooLarge(ValueError):  # noqa: N818 - it reads as what happened
    """An upload names more instances than the bot works on; the text is a sentence for people."""


@dataclass(slots=True)
class _Seen:
    """What the walk over the nesting has gathered about one instance."""

    instance: Instance
    first: Entry
    changed: bool = False
    deleted: bool = False
    alive: bool = False
    differs: bool = False
    children: set[Instance] = field(default_factory=set)


def build(entries: Iterable[Entry], *, limit: int = 20_000) -> Graph:
    """Make the graph that an upload describes: the union of its top-level entries and all nested dependents.

    Every occurrence is walked, because different nestings and chunks may list different dependents. What is wrong
    with one instance is told in its node's `problem`; the rest stands. Raises UploadTooLarge above `limit`
    distinct instances.
    """
    found: dict[tuple[str, str], _Seen] = {}
    todo: list[tuple[_Seen | None, Entry]] = [(None, entry) for entry in entries]
    while todo:
        parent, entry = todo.pop()
        seen = found.get((entry.stack, entry.component))
        if seen is None:
            if len(found) >= limit:
                raise UploadTooLarge(
                    f"The upload names more than {limit} instances, which is the most that one rollout can carry. "
                    "Split the change into several pull requests."
                )
            seen = _Seen(Instance(entry.stack, entry.component), entry)
            found[seen.instance] = seen
        _note(seen, entry, top=parent is None)
        if parent is not None:
            parent.children.add(seen.instance)
        todo.extend([(seen, dependent) for dependent in entry.dependents])
    nodes = (_node(found[key]) for key in sorted(found))
    return Graph.of(nodes, ((seen.instance, child) for seen in found.values() for child in seen.children))


def _note(seen: _Seen, entry: Entry, *, top: bool) -> None:
    """Add one more occurrence of an instance to what is known of it."""
    if top:
        seen.changed = True
    if entry.deleted:
        seen.deleted = True
        return  # deleted items come without settings, so there is nothing to compare
    if not seen.alive:
        seen.alive, seen.first = True, entry
    elif not seen.differs and entry is not seen.first and not seen.first.same_pro(entry):
        seen.differs = True


def _node(seen: _Seen) -> Node:
    pro = None if seen.differs else seen.first.pro
    proper = pro is None or isinstance(pro, Mapping)
    return Node(
        seen.instance,
        pro=pro if proper else None,
        deleted=seen.deleted,
        changed=seen.changed,
        problem=_problem(seen, proper),
    )


def _problem(seen: _Seen, proper: bool) -> str | None:
    """Say in one sentence why an instance cannot be dispatched; None where nothing is wrong."""
    for what, name in (("component", seen.instance.component), ("stack", seen.instance.stack)):
        if not allowed(name):
            return (
                f"The {what} name `{shown(name)}` is refused, because only letters, digits and "
                f"`_ . - / + @ = :`, at most {LONGEST} of them, are passed on to workflows; rename the {what}."
            )
    if seen.deleted and seen.alive:
        return (
            "The upload says both that this instance is deleted and that it exists, probably a Terraform and a "
            "Helmfile component of one name in one stack; give one of them another name."
        )
    if seen.differs:
        return (
            "The upload carries this instance with different `settings.pro`, probably a Terraform and a Helmfile "
            "component of one name in one stack; give one of them another name."
        )
    if not proper:
        return "`settings.pro` of this instance is not a mapping, so no workflow can be found in it; correct the stack."
    return None


def contract(graph: Graph, keep: Callable[[Node], bool], *, limit: int = 1_000_000) -> Graph:
    """Drop the nodes that `keep` refuses, keeping the order that runs through them: A → x → B leaves A → B.

    A way from a kept node through dropped ones back to itself leaves an edge to itself. Raises UploadTooLarge where
    more than `limit` edges would stand for the dropped nodes.
    """
    kept = [node for node in graph.nodes.values() if keep(node)]
    if len(kept) == len(graph.nodes):
        return graph
    stay = {node.instance for node in kept}
    above: dict[Instance, frozenset[Instance]] = {}  # of a dropped node: the nearest kept ones above it
    cost = 0
    for group in digraph.groups((i for i in graph.nodes if i not in stay), graph.parents):
        direct = {parent for member in group for parent in graph.parents[member]}
        nearest = direct & stay
        passed = {above[parent] for parent in direct if parent in above}
        shared = next(iter(passed)) if len(passed) == 1 and not nearest else frozenset(nearest.union(*passed))
        above.update(dict.fromkeys(group, shared))
        cost += len(shared) * (1 + sum(child in stay for member in group for child in graph.children[member]))
        if cost > limit:
            raise UploadTooLarge(
                f"Instances without a workflow tie more than {limit} pairs of others together, which is too many to "
                "follow. Give the instance in the middle a workflow, or split the change."
            )
    edges = (
        (ancestor, child)
        for child in stay
        for parent in graph.parents[child]
        for ancestor in ((parent,) if parent in stay else above[parent])
    )
    return Graph.of(kept, edges)


def cycles(graph: Graph) -> list[tuple[Instance, ...]]:
    """Find the knots that have no order, each told by one way round it: (a, b, c) means a → b → c → a.

    One path for each group of instances that reach each other; a shortest one through its first member. Sorted.
    """
    return sorted(path for path, _ in _knots(graph))


def stuck(graph: Graph) -> dict[Instance, tuple[Instance, ...]]:
    """Find what can never be ordered, members of cycles and all that depends on them, each with a path of `cycles`."""
    knots = sorted(_knots(graph))
    result = {member: path for path, group in knots for member in group}
    for path, group in knots:
        todo = [child for member in group for child in graph.children[member]]
        while todo:
            instance = todo.pop()
            if instance not in result:
                result[instance] = path
                todo.extend(graph.children[instance])
    return result


def _knots(graph: Graph) -> list[tuple[tuple[Instance, ...], list[Instance]]]:
    """Find each group of instances that reach each other, with one way round it."""
    return [
        (digraph.round_trip(group[0], set(group), graph.children), group)
        for group in digraph.groups(graph.nodes, graph.parents)
        if len(group) > 1 or group[0] in graph.children[group[0]]
    ]


def waves(graph: Graph) -> list[list[Instance]]:
    """Sort instances into waves: each has all its parents in earlier ones. What is `stuck` is in none."""
    return digraph.layers(graph.parents, graph.children)


def order(graph: Graph) -> list[Instance]:
    """List all instances, parents before children; those on cycles and what depends on them come last."""
    ordered = [instance for wave in waves(graph) for instance in wave]
    if len(ordered) < len(graph.nodes):
        placed = set(ordered)
        rest = [instance for instance in graph.nodes if instance not in placed]
        ordered.extend(instance for group in digraph.groups(rest, graph.parents) for instance in group)
    return ordered


def chains(graph: Graph) -> dict[Instance, int]:
    """Count the instances on the longest chain that starts at each, itself included.

    Edges that lead back on a cycle do not count.
    """
    result: dict[Instance, int] = {}
    for instance in reversed(order(graph)):
        result[instance] = 1 + max((result.get(child, 0) for child in graph.children[instance]), default=0)
    return result


def longest_chain(graph: Graph) -> list[Instance]:
    """List one longest chain of instances, first to last; what is `stuck` is left out."""
    level = {instance: number for number, wave in enumerate(waves(graph)) for instance in wave}
    if not level:
        return []
    chain = [min(level, key=lambda instance: (-level[instance], instance))]
    while level[chain[-1]]:
        chain.append(next(parent for parent in graph.parents[chain[-1]] if level[parent] == level[chain[-1]] - 1))
    return chain[::-1]
