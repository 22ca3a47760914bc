"""What people want destroyed: what is known of it, what must go with it, and the order: children first."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import replace

from bot.domain import layout
from bot.domain.destroys import Destroys
from bot.domain.events import Remembered
from bot.domain.graph import Graph, Instance, Node, contract
from bot.domain.layout import Layout
from bot.domain.pro import DELETED, Files

#: Whose handling asks for what is remembered.
COMMANDS = frozenset({"destroy", "confirm"})


def known(remembered: Mapping[Instance, Remembered], told: Graph | None) -> Graph:
    """Make a graph of what is remembered; the settings that an upload told are those of its own commit, and go first.

    What was destroyed is not in it; what lay on both sides of that keeps its order.
    """
    nodes = {
        instance: _node(instance, one, told.nodes.get(instance) if told is not None else None)
        for instance, one in remembered.items()
    }
    edges = [(parent, instance) for instance in nodes for parent in remembered[instance].parents if parent in nodes]
    edges += [(instance, child) for instance in nodes for child in remembered[instance].children if child in nodes]
    whole = Graph.of(nodes.values(), edges)
    if not any(one.destroyed for one in remembered.values()):
        return whole
    return contract(whole, lambda node: not remembered[node.instance].destroyed)


def _node(instance: Instance, known_of: Remembered, told: Node | None) -> Node:
    return told if told is not None and not told.deleted else Node(instance, pro=known_of.pro)


def workflows_of(graph: Graph) -> frozenset[str]:
    """Name the workflow files by which anything of a graph can be destroyed."""
    return layout.workflows_of(graph, DELETED)


def with_all_below(graph: Graph, instances: Iterable[Instance]) -> list[Instance]:
    """List instances of a graph and all that depends on them, through any distance."""
    found = list(dict.fromkeys(instances))
    seen = set(found)
    for instance in found:
        new = [child for child in graph.children[instance] if child not in seen]
        seen.update(new)
        found += new
    return found


def staying(graph: Graph, wanted: Container[Instance]) -> tuple[Instance, Instance] | None:
    """Find something that would be pulled from under another: what is wanted gone, and what depends on it and stays."""
    for instance in graph.nodes:
        if instance in wanted:
            child = next((child for child in graph.children[instance] if child not in wanted), None)
            if child is not None:
                return instance, child
    return None


def backwards(graph: Graph, wanted: Container[Instance]) -> Graph:
    """Make the graph in which instances are destroyed: what depends on another goes before it, at any distance."""
    kept = contract(graph, lambda node: node.instance in wanted)
    nodes = [replace(node, deleted=True) for node in kept.nodes.values()]
    return Graph.of(nodes, [(child, parent) for parent, below in kept.children.items() for child in below])


def lay_out(graph: Graph, wanted: Container[Instance], *, sha: str, files: Files) -> Layout:
    """Make the steps that destroy instances at a commit: what depends on others goes first."""
    back = backwards(graph, wanted)
    settings = {instance: node.pro or {} for instance, node in back.nodes.items()}
    return layout.lay_out(
        back, activity=DELETED, sha=sha, files=files, destroys=Destroys(back, pro=settings), before=sha
    )
