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
from bot.domain.pro import DELETED, MERGED, ProProblem

REMOVED = "It was removed from the configuration. Destroy it by hand, or forget it in the Terraform state."
_UNSURE = (
    "The upload says that it was removed, but was not compared with what the merge changed, and no inventory of the "
    "merge agrees. Destroy it by hand, or forget it in the Terraform state."
)
_LATER = (
    "It is removed. After the merge it can be destroyed here, by the workflow for `pull_request.deleted`: that waits "
    "for an approval that names it."
)
_TANGLED = (
    "What depended on it lives on and is applied after what it depended on itself, so there is no moment to destroy "
    "it. Destroy it by hand once the rest is applied."
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
    """Give what was removed its place in the order; without `removal` (a plan) only tell what will become of it."""
    manual: dict[Instance, str] = {}
    for instance in removed(graph):
        known = remembered.get(instance)
        if known is None or not _names_workflow(known):
            manual[instance] = REMOVED
        elif removal is not None and not (removal.agrees or instance in removal.gone):
            manual[instance] = _UNSURE
    candidates = {instance for instance in removed(graph) if instance not in manual}
    while True:
        _leave_depended_on(graph, remembered, candidates, manual)
        whole = Graph.of(graph.nodes.values(), _edges(graph, remembered, candidates))
        tangled = _tangled(whole, candidates)
        if not tangled:
            break
        candidates -= tangled
        manual.update(dict.fromkeys(tangled, _TANGLED))
    if removal is None:
        return Destroys(graph, manual | dict.fromkeys(candidates, _LATER))
    return Destroys(whole, manual, {instance: remembered[instance].pro or {} for instance in candidates})


def _leave_depended_on(
    graph: Graph, remembered: Mapping[Instance, Remembered], candidates: set[Instance], manual: dict[Instance, str]
) -> None:
    """Leave for people what something else is still known to depend on: it would be pulled from under that."""
    todo = sorted(candidates)
    while todo:
        instance = todo.pop()
        children = remembered[instance].children if instance in candidates else ()
        staying = next((child for child in children if child not in candidates and not _is_applied(graph, child)), None)
        if staying is not None:
            candidates.discard(instance)
            manual[instance] = (
                f"`{staying}` is known to depend on it and is neither applied nor destroyed here, so it must stay "
                "until that does without it. Destroy it by hand then."
            )
            todo += [parent for parent in remembered[instance].parents if parent in candidates]


def _is_applied(graph: Graph, instance: Instance) -> bool:
    """Tell whether a merge applies an instance: it does without what was removed from then on."""
    node = graph.nodes.get(instance)
    return node is not None and not node.deleted and (bool(node.problem) or pro.offers(node.pro, MERGED))


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
