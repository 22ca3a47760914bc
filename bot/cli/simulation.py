"""What a rollout of a saved upload would do, worked out with the rules that the service uses, without GitHub."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from bot.domain import digraph, pro
from bot.domain.graph import Graph, Instance, contract, cycles, longest_chain, waves
from bot.domain.layout import lay_out
from bot.domain.model import Rollout, Status, Step
from bot.domain.pro import DISPATCH_ID, SHA, ProProblem, WorkflowFile
from bot.domain.rollout import Walk
from bot.domain.states import State, states
from bot.events.upload import Upload

PLACEHOLDER_ID = "<dispatch id>"
ASKED = "It fails, as `--fail` asks."

_GOES = (Status.READY, Status.WAITING)
_REFS = {
    "merge_group": "<merge queue branch>",
    "release": "<release tag>",
    "pull_request.merged": "<base branch>",
    "pull_request.closed": "<base branch>",
}


@dataclass(frozen=True, slots=True)
class Send:
    """One `workflow_dispatch` call, as it would be sent."""

    step: Step
    workflow: str
    ref: str
    inputs: dict[str, str]


@dataclass(frozen=True, slots=True)
class Simulation:
    """Everything that there is to tell. `waves` and `sends` are in the order in which they would happen."""

    upload: Upload
    walk: Walk
    found: Sequence[State]
    waves: list[list[Step]]
    sends: list[Send]
    chain: list[Instance]
    cycles: list[tuple[Instance, ...]]
    looped: set[Instance]  # members of cycles: they are told with their cycle
    passed_through: list[tuple[Instance, str]]  # with the reason, a few words
    has_settings: bool  # whether any instance has settings.pro
    named: list[str]  # the activities for which instances name workflows, where there is none for this one

    def of(self, status: Status) -> list[Step]:
        """List the steps with a status."""
        return [step for step, state in zip(self.walk.steps, self.found, strict=True) if state.status is status]


def simulate(upload: Upload, graph: Graph, activity: str, failing: Iterable[Instance]) -> Simulation:
    """Work out the rollout for an activity in which the `failing` instances fail and all others succeed.

    Raises UploadTooLarge.
    """
    sha, ref = _place(activity, upload.head_sha)
    steps = lay_out(graph, activity=activity, sha=sha, files=assumed(graph, activity, sha)).steps
    walk, wanted = _walk(steps, activity, sha, ref), set(failing)
    for step in steps:
        if step.instance in wanted and states(walk)[step.index].status in _GOES:
            walk.steps[step.index] = replace(step, problem=ASKED)
    found = states(walk)
    stays = {step.instance for step in steps}
    kept = contract(graph, lambda node: node.instance in stays)
    by_instance = {step.instance: step for step in walk.steps}
    ordered = [
        sorted((by_instance[instance] for instance in wave), key=lambda step: (-step.chain, step.index))
        for wave in waves(kept)
    ]
    return Simulation(
        upload=upload,
        walk=walk,
        found=found,
        waves=ordered,
        sends=[send for wave in ordered for step in wave for send in _sends(step, found[step.index], ref)],
        chain=longest_chain(kept),
        cycles=cycles(graph),
        looped={member for group in _loops(kept) for member in group},
        passed_through=[
            (instance, _why_passed(graph, instance)) for instance in graph.nodes if instance not in by_instance
        ],
        has_settings=any(node.pro is not None for node in graph.nodes.values()),
        named=[] if steps else _named(graph),
    )


def _loops(graph: Graph) -> list[list[Instance]]:
    groups = digraph.groups(graph.nodes, graph.parents)
    return [group for group in groups if len(group) > 1 or group[0] in graph.children[group[0]]]


def _place(activity: str, head_sha: str) -> tuple[str, str]:
    """Tell the commit and the ref of a rollout; what only GitHub knows stands in angle brackets."""
    sha = "<merge commit>" if activity == "pull_request.merged" else head_sha
    return sha, _REFS.get(activity) or _REFS.get(activity.partition(".")[0], "<head branch>")


def assumed(graph: Graph, activity: str, sha: str) -> dict[str, WorkflowFile]:
    """Make up workflow files that declare what the stacks give them, and the two inputs that the bot adds."""
    declared: dict[str, set[str]] = {}
    for instance, node in graph.nodes.items():
        try:
            for call in pro.calls(node.pro, activity, instance=instance, sha=sha):
                declared.setdefault(call.workflow, {SHA, DISPATCH_ID}).update(name for name, _ in call.inputs)
        except ProProblem:
            continue  # told on the step itself
    return {
        name: WorkflowFile(name, frozenset(inputs), frozenset(), True, True, True) for name, inputs in declared.items()
    }


def _walk(steps: list[Step], activity: str, sha: str, ref: str) -> Walk:
    rollout = Rollout(
        id=0,
        repo_id=0,
        lane="",
        pull=0,
        activity=activity,
        phase=pro.phase(activity),
        sha=sha,
        ref=ref,
        base_sha="",
        epoch=0,
        content="",
        created_at=0.0,
        size=len(steps),
    )
    return Walk(rollout, list(steps))


def _sends(step: Step, state: State, ref: str) -> list[Send]:
    """List the calls for a step that would be dispatched; one that is to fail is dispatched too."""
    if state.status not in _GOES and step.problem != ASKED:
        return []
    return [Send(step, call.workflow, ref, dict(call.inputs) | {DISPATCH_ID: PLACEHOLDER_ID}) for call in step.calls]


def _named(graph: Graph) -> list[str]:
    """List the activities for which any instance names a workflow, sorted."""
    found = set()
    for node in graph.nodes.values():
        for event, actions in (node.pro or {}).items():
            if isinstance(actions, dict):
                found |= {name for action in actions if pro.offers(node.pro, name := f"{event}.{action}")}
    return sorted(found)


def _why_passed(graph: Graph, instance: Instance) -> str:
    settings = graph.nodes[instance].pro
    if settings is None:
        return "no settings.pro"
    return "no workflow for this activity" if pro.enabled(settings) else "settings.pro.enabled is false"
