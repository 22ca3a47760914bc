"""What a merge removed: which instances can be destroyed, and where that stands in the order.

Children are destroyed before parents, and before the applies of what they depended on; what depended on them and
lives on is applied first. Whatever has no such order is left for people.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from bot.domain import digraph, pro
from bot.domain.events import Remembered, Removal
from bot.domain.graph import Graph, Instance
from bot.domain.pro import DELETED, ProProblem

REMOVED = "It was removed from the configuration. Destroy it by hand, or forget it in the Terraform state."
_UNSURE = (
    "The upload says that it was removed, but was not compared with what the merge changed, and no inventory of the "
    "merge agrees. Destroy it by hand, or forget it in the Terraform state."
)
_LATER = (
    "It is removed. After the merge it can be destroyed here, by the workflow for `pull_request.deleted`: that waits "
    "for an approval that names it."
)


@dataclass(frozen=True, slots=True)
class Destroys:
    """A graph in which destroys have their place, and why others of what was removed are left for people."""

    graph: Graph
    manual: Mapping[Instance, str] = field(default_factory=dict)  # a sentence each
    pro: Mapping[Instance, Mapping[str, object]] = field(default_factory=dict)  # settings of what is destroyed


def workflows_of(graph: Graph, remembered: Mapping[Instance, Remembered]) -> frozenset[str]:
    """Name the workflow files that destroying what an upload removes would dispatch."""
    found: set[str] = set()
    for instance in removed(graph):
        known = remembered.get(instance)
        if known is not None and _names_workflow(known):
            found.update(name for name in _files(known) if pro.is_file_name(name))
    return frozenset(found)


def removed(graph: Graph) -> list[Instance]:
    """List what an upload says is deleted."""
    return [instance for instance, node in graph.nodes.items() if node.deleted and not node.problem]


def _files(known: Remembered) -> Iterable[str]:
    try:
        return pro.workflows(known.pro, DELETED)
    except ProProblem:
        return ()


def _names_workflow(known: Remembered) -> bool:
    return pro.offers(known.pro, DELETED)


def arrange(graph: Graph, remembered: Mapping[Instance, Remembered], removal: Removal | None) -> Destroys:
    """Give what was removed its place in the order; without `removal` (a plan) nothing is destroyed."""
    manual: dict[Instance, str] = {}
    for instance in removed(graph):
        known = remembered.get(instance)
        if known is None or not _names_workflow(known):
            manual[instance] = REMOVED
        elif removal is None:
            manual[instance] = _LATER
        elif not (removal.agrees or instance in removal.gone):
            manual[instance] = _UNSURE
    candidates = {instance for instance in removed(graph) if instance not in manual}
    while True:
        _leave_depended_on(graph, remembered, candidates, manual)
        edges = _edges(graph, remembered, candidates)
        whole = Graph.of(graph.nodes.values(), edges)
        tangled = _tangled(whole, candidates)
        if not tangled:
            break
        for instance in tangled:
            candidates.discard(instance)
            manual[instance] = (
                "What depended on it lives on and is applied after what it depended on itself, so there is no moment "
                "to destroy it. Destroy it by hand once the rest is applied."
            )
    known_pro = {instance: remembered[instance].pro or {} for instance in candidates}
    return Destroys(whole, manual, known_pro)


def _leave_depended_on(
    graph: Graph, remembered: Mapping[Instance, Remembered], candidates: set[Instance], manual: dict[Instance, str]
) -> None:
    """Leave for people what something else is still known to depend on: it would be pulled from under that."""
    todo = sorted(candidates)
    while todo:
        instance = todo.pop()
        if instance not in candidates:
            continue
        for child in remembered[instance].children:
            node = graph.nodes.get(child)
            if child in candidates or (node is not None and not node.deleted):
                continue
            candidates.discard(instance)
            manual[instance] = (
                f"`{child}` is known to depend on it and is not destroyed here, so it must stay until that is gone. "
                "Destroy it by hand then."
            )
            todo += [parent for parent in remembered[instance].parents if parent in candidates]
            break


def _edges(
    graph: Graph, remembered: Mapping[Instance, Remembered], candidates: set[Instance]
) -> list[tuple[Instance, Instance]]:
    edges = [(parent, child) for child, parents in graph.parents.items() for parent in parents]
    for instance in candidates:
        known = remembered[instance]
        edges += [(instance, parent) for parent in known.parents if parent in graph.nodes and parent != instance]
        edges += [(child, instance) for child in known.children if child in graph.nodes and child != instance]
    return edges


def _tangled(graph: Graph, candidates: set[Instance]) -> set[Instance]:
    """Find what would wait for itself."""
    return {
        member
        for group in digraph.groups(graph.nodes, graph.parents)
        if len(group) > 1
        for member in group
        if member in candidates
    }
