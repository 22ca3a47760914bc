"""From an upload's graph to the steps of a rollout: what is dispatched, what is passed through, what never can be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.domain import digraph, pro
from bot.domain.destroys import REMOVED, Destroys
from bot.domain.graph import Graph, Instance, Node, chains, contract, order, stuck
from bot.domain.model import Step
from bot.domain.pro import DELETED, MERGED, Call, Files, Phase, ProProblem, WorkflowFile

_WHOLE = 30  # so many members of a cycle are named in its sentence, which each of them has


@dataclass(frozen=True, slots=True)
class Layout:
    """The steps of a rollout in dependency order, and how many instances were passed through."""

    steps: list[Step]
    passed_through: int


def workflows_of(graph: Graph, activity: str) -> frozenset[str]:
    """Name every workflow file that an activity would dispatch. What is no file's name is told on the step itself."""
    found: set[str] = set()
    for node in graph.nodes.values():
        try:
            if not node.deleted and pro.enabled(node.pro):
                found.update(name for name in pro.workflows(node.pro, activity) if pro.is_file_name(name))
        except ProProblem:
            continue  # told on the step itself
    return frozenset(found)


def lay_out(
    graph: Graph, *, activity: str, sha: str, files: Files | None, destroys: Destroys | None = None, before: str = ""
) -> Layout:
    """Make the steps for an activity at a commit. Without `files` the workflow files are taken as they are named.

    `destroys` is about the same graph; what is destroyed is so at the commit `before`.
    """
    graph = destroys.graph if destroys else graph
    kept = contract(graph, lambda node: _is_step(node, activity))
    looped = _loops(graph, kept)
    index = {instance: number for number, instance in enumerate(order(kept))}
    longest = chains(kept)
    steps = [
        Step(
            index=number,
            instance=instance,
            parents=tuple(sorted(index[parent] for parent in kept.parents[instance])),
            children=tuple(sorted(index[child] for child in kept.children[instance])),
            calls=(),
            chain=longest[instance],
            problem=looped.get(instance, ""),
            changed=kept.nodes[instance].changed,
        )
        for instance, number in index.items()
    ]
    works = _Works(activity, sha, files, destroys or Destroys(graph), before)
    filled = [_fill(step, kept.nodes[step.instance], works) for step in steps]
    return Layout(filled, len(graph.nodes) - len(kept.nodes))


def _is_step(node: Node, activity: str) -> bool:
    return bool(node.problem) or node.deleted or pro.offers(node.pro, activity)


def _loops(graph: Graph, kept: Graph) -> dict[Instance, str]:
    """Say for every member of a cycle which cycle it is, by the whole path, also through what is passed through."""
    paths = stuck(graph)
    found = {}
    for group in digraph.groups(kept.nodes, kept.parents):
        if len(group) > 1 or group[0] in kept.children[group[0]]:
            for member in group:
                way = _way(paths.get(member, (member,)))
                found[member] = (
                    f"It is part of a dependency cycle, {way}, so it has no order. Take one of these dependencies out."
                )
    return found


def _way(path: Sequence[Instance]) -> str:
    """Write the path of a cycle, from its first member round to it again; of a very long one, both ends."""
    names = [f"`{instance}`" for instance in (*path, path[0])]
    if len(path) > _WHOLE:
        between = len(names) - _WHOLE
        names[_WHOLE // 2 : -_WHOLE // 2] = [f"{between:,} more, all of which `switchyard simulate` shows"]
    return " → ".join(names)


@dataclass(frozen=True, slots=True)
class _Works:
    """What the steps are to do."""

    activity: str
    sha: str
    files: Files | None
    destroys: Destroys
    before: str


def _fill(step: Step, node: Node, works: _Works) -> Step:
    if step.problem:
        return step
    if node.problem:
        return replace(step, problem=node.problem)
    if not node.deleted:
        paired = _is_paired(node.pro, works.activity)
        return _called(replace(step, paired=paired), node.pro, works.activity, works.sha, works.files)
    if node.instance in works.destroys.pro:
        settings = works.destroys.pro[node.instance]
        return _called(replace(step, destroys=True), settings, DELETED, works.before, works.files)
    return replace(step, manual=works.destroys.manual.get(node.instance, REMOVED))


def _is_paired(settings: Mapping[str, Any] | None, activity: str) -> bool:
    """Tell whether an instance is both planned and applied: then its plan is what people review."""
    plans = pro.phase(activity) is Phase.PLAN
    return pro.offers(settings, MERGED) if plans else pro.plans(settings)


def _called(step: Step, settings: Mapping[str, Any] | None, activity: str, sha: str, files: Files | None) -> Step:
    try:
        calls = pro.calls(settings, activity, instance=step.instance, sha=sha)
        if files is None:
            return replace(step, calls=calls)
        applies = pro.phase(activity) is Phase.APPLY
        known = {call.workflow: _understood(files.get(call.workflow)) for call in calls}
        final = tuple(_finish(call, known[call.workflow], sha, applies=applies) for call in calls)
        told = (pro.notes(call, known[call.workflow], phase_is_apply=applies) for call in calls)
        return replace(step, calls=final, notes=tuple(note for notes in told for note in notes))
    except ProProblem as problem:
        return replace(step, problem=str(problem))


def _understood(file: WorkflowFile | ProProblem | None) -> WorkflowFile | None:
    if isinstance(file, ProProblem):
        raise file
    return file


def _finish(call: Call, file: WorkflowFile | None, sha: str, *, applies: bool) -> Call:
    """Check a call against its file. The dispatch id is filled in when there is one."""
    inputs = pro.final_inputs(call, file, sha=sha, dispatch_id="", phase_is_apply=applies)
    return Call(call.workflow, tuple(sorted(inputs.items())))


def takes_no_sha(files: Files, names: frozenset[str]) -> bool:
    """Tell whether one of the files runs on its branch's tip, whatever that is, since it declares no `sha`."""
    return any(isinstance(file := files.get(name), WorkflowFile) and pro.SHA not in file.inputs for name in names)
