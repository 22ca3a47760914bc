"""Examples of what a pull request shows before its merge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot.domain import awaiting, pro
from bot.domain.graph import Graph, Instance, Node
from bot.domain.keeping import Keeper, Keeping, not_in_mode, paused
from bot.domain.layout import lay_out
from bot.domain.locks import Lock
from bot.domain.model import Decided, Status
from bot.domain.names import shown as readable
from bot.domain.pro import Call, Phase, WorkflowFile
from bot.domain.view import PullView
from renderers.examples.played import Course, Key, Needs, Played, indexes, play
from renderers.examples.world import CLOSED, HEAD, NOON, PULL, each, earlier, receipt, shown, some

PUSHED = "pull_request.synchronize"
_PLAN = "atmos-terraform-plan.yaml"


def plan(needs: Needs, course: Course | None = None, **rollout: Any) -> Played:
    """Play a plan of the pull request's head."""
    return play(needs, course or Course(), activity=PUSHED, sha=HEAD, begin=NOON, **rollout)


def waiting(_: Needs) -> PullView:
    """Nothing was uploaded yet."""
    return shown(waiting=f"Waiting for the affected stacks of {HEAD[:7]}.", later=60)


def no_upload(_: Needs) -> PullView:
    """Nothing was uploaded, and nothing is on its way."""
    waited = awaiting.Waited(awaiting.PATIENCE, "12:00 UTC", "https://github.com/acme/infra/")
    text = awaiting.awaited(PULL, (), (), waited, known=True, applies=True)
    return shown(waiting=text, stuck=awaiting.stuck(PULL, (), waited, unusable=False, waiting=text), later=900)


def unaffected(_: Needs) -> PullView:
    """The upload named nothing."""
    return shown(plan({}))


def fork(_: Needs) -> PullView:
    """The pull request comes from a fork."""
    return shown(pull=replace(PULL, fork=True), waiting=awaiting.FORK)


def starting(needs: Needs) -> PullView:
    """The first runs were asked for; GitHub has told of some."""
    roots = [key for key, above in needs.items() if not above]
    bare = {"run_id": 0, "run_url": "", "attempt": 0, "started_at": 0.0}
    sent = {
        **each(tuple(roots), status=Status.QUEUED, started_at=0.0),
        roots[-1]: {"status": Status.DISPATCHING, **bare},
    }
    return shown(plan(needs, Course(at=0.01, sent=sent)))


def planning(needs: Needs) -> PullView:
    """Plans run."""
    return shown(plan(needs, Course(at=0.5)))


def planned(needs: Needs) -> PullView:
    """All plans succeeded; the pull request was pushed to before."""
    return shown(plan(needs), past=earlier(3, len(needs)))


def unchanged(needs: Needs) -> PullView:
    """All plans succeeded and found nothing to change."""
    return shown(plan(needs, Course(sent=each(tuple(needs), result="no changes"))))


def plan_failed(needs: Needs) -> PullView:
    """Some plans failed, and what depends on them is blocked."""
    broken = some(needs, "database")
    unreviewed = [step.index for step in plan(needs, Course(broken=broken)).walk.steps if not step.dispatches]
    one = plan(needs, Course(broken=broken))
    return shown(one, unreviewed={1: sorted({*unreviewed, *indexes(one, broken)})})


def cannot_start(needs: Needs) -> PullView:
    """Workflow files are missing or take other inputs."""
    file = WorkflowFile(
        _PLAN, frozenset({"component"}), frozenset(), run_name_has_id=True, dispatchable=True, on_default_branch=True
    )
    call = Call(_PLAN, (("component", "vpc"), ("stack", "plat-ue2-prod")))
    troubles = [_problem(call, file), _problem(call, None), _problem(call, replace(file, on_default_branch=False))]
    roots = [key for key, above in needs.items() if not above]
    facts = {key: {"problem": troubles[number % 3]} for number, key in enumerate((*roots, *some(needs, "cache")))}
    return shown(plan(needs, Course(kept=frozenset(facts), facts=facts)))


def _problem(call: Call, file: WorkflowFile | None) -> str:
    try:
        pro.final_inputs(call, file, sha=HEAD, dispatch_id="", phase_is_apply=False)
    except pro.ProProblem as problem:
        return str(problem)
    raise AssertionError(f"{call} can be sent to {file}")


def cycle(needs: Needs) -> PullView:
    """Two instances depend on each other, or one on itself."""
    keys = list(needs)
    last, before = keys[-1], keys[-2:][0]
    edges = {*((parent, key) for key, above in needs.items() for parent in above), (last, before), (before, last)}
    settings: dict[str, Any] = {"pull_request": {"synchronize": {"workflows": {_PLAN: {}}}}}
    graph = Graph.of(
        (Node(Instance(*key), pro=settings) for key in needs),
        ((Instance(*parent), Instance(*key)) for parent, key in edges),
    )
    laid = lay_out(graph, activity=PUSHED, sha=HEAD, files=None).steps
    above = {key: tuple(sorted(parent for parent, child in edges if child == key)) for key in needs}
    facts: dict[Key, dict[str, str]] = {step.instance: {"problem": step.problem} for step in laid if step.problem}
    return shown(plan(above, Course(kept=frozenset(facts), facts=facts)))


def odd_names(needs: Needs) -> PullView:
    """Names that are long, foreign, or written to do harm."""
    names = [
        f"{'very-' * 30}long-component",
        "größe/übersicht",
        "x|`id` <b>@acme/admins</b> #1",
        "-->",
        "[a](b)",
        "\u202enigeb",
    ]
    odd: dict[Key, Key] = {key: (key[0], names[number % 6] + f"-{number // 6}") for number, key in enumerate(needs)}
    renamed = {odd[key]: tuple(odd[parent] for parent in above) for key, above in needs.items()}
    facts = {
        key: {"problem": f"The component name `{readable(key[1], 60)}` is refused; rename the component."}
        for key in renamed
        if not key[1].isidentifier() and "<" in key[1]
    }
    return shown(plan(renamed, Course(at=0.8, kept=frozenset(facts), facts=facts)))


def locked(needs: Needs) -> PullView:
    """Somebody locked what could go."""
    keys = some(needs, "cluster")
    one = plan(needs, Course(at=0.7, kept=keys))
    locks = {
        index: Keeper("", lock=Lock(str(one.walk.steps[index].instance), "L1", "octocat in run 123", why, NOON + 7_200))
        for index, why in zip(indexes(one, keys), ("Upgrading the cluster by hand.", "") * len(keys), strict=False)
        if index in one.walk.ready
    }
    return shown(one, kept={1: Keeping(None, locks)})


def paused_by_lead(needs: Needs) -> PullView:
    """Somebody paused the pull request."""
    pull = replace(PULL, paused="lead")
    one = plan(needs, Course(at=0.6, halt=0.2, kept=list(needs) if len(needs) == 1 else ()))
    said = receipt("/atmos pause", "Nothing more is started until `/atmos unpause`.", at=one.now - 9)
    return shown(one, pull=pull, kept={1: Keeping(Keeper(paused(pull)))}, receipts=(said,))


def observe(needs: Needs) -> PullView:
    """The mode in which nothing is started."""
    keeper = Keeper(str(not_in_mode("observe", Phase.PLAN)))
    return shown(plan(needs, Course(at=0, kept=list(needs))), kept={1: Keeping(keeper)}, mode="observe")


def cooldown(needs: Needs) -> PullView:
    """Many pushes within minutes."""
    one = plan(needs, Course(at=0, kept=list(needs)))
    keeper = Keeper("more than 5 pushes in ten minutes: waits for a quiet minute", until=one.now + 45)
    return shown(one, kept={1: Keeping(keeper)}, past=earlier(6, len(needs)))


def stale(needs: Needs) -> PullView:
    """Another pull request was applied since the plan."""
    one = plan(needs)
    return shown(one, stale={1: dict.fromkeys(indexes(one, some(needs, "database")), "#41")})


def superseded(needs: Needs) -> PullView:
    """The pull request was closed while plans ran."""
    one = plan(needs, Course(at=0.5), superseded_by="the closing of the pull request")
    return shown(one, pull=CLOSED)


def skipped(needs: Needs) -> PullView:
    """Somebody passed over some instances and cancelled others."""
    facts: Mapping[Key, Mapping[str, Any]] = {
        **each(some(needs, "cdn"), decided=Decided(Status.CANCELLED, "lead", NOON)),
        **each(some(needs, "monitoring"), decided=Decided(Status.SKIPPED, "lead", NOON)),
    }
    one = plan(needs, Course(kept=frozenset(facts), facts=facts))
    said = receipt("/atmos skip monitoring", "Passed over: monitoring.", at=one.now - 10)
    typo = receipt("/atmos paws", "`paws` is no command. Did you mean `/atmos pause`?", done=False, at=one.now - 20)
    return shown(one, receipts=(said, typo))


def asked(needs: Needs) -> PullView:
    """Somebody asked what can be said, and why."""
    one = plan(needs, Course(at=0.5))
    said = (receipt("/atmos help", "", at=one.now - 5), receipt("/atmos why vpc", "", at=one.now - 8))
    return shown(one, receipts=said)
