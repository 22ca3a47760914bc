"""Rollouts in every state, made of facts, for texts and pictures to show; the repository is that of the examples."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot.domain.graph import Instance
from bot.domain.model import Dispatch, Pull, Status, Step
from bot.domain.pro import phase
from bot.domain.rollout import Walk
from bot.domain.view import Past, PullView
from renderers.examples import world
from renderers.examples.played import Key, rollout_of
from renderers.examples.world import COMPONENTS, HEAD, MERGE, NOON, PULL, REPO, SERVER

__all__ = ["HEAD", "MERGE", "MERGED", "NOON", "PULL", "REPO", "SERVER", "Key"]

NEEDS = COMPONENTS
MERGED = replace(world.MERGED, merged_at=NOON + 600)


def dispatch(step: int, status: Status, workflow: str = "", **facts: Any) -> Dispatch:
    """Make a dispatch that looks like its status."""
    known: dict[str, Any] = {"workflow": workflow or "atmos-terraform-plan.yaml", "inputs": (), "created_at": NOON}
    if status not in (Status.DISPATCHING, Status.HELD):
        run = 19_000_000_000 + 3 * step
        known |= {"run_id": run, "run_url": f"{SERVER}/acme/infra/actions/runs/{run}", "attempt": 1}
    if status not in (Status.DISPATCHING, Status.HELD, Status.QUEUED):
        known |= {"started_at": NOON + 10 + step}
    if status in (Status.SUCCEEDED, Status.FAILED, Status.TIMED_OUT, Status.CANCELLED):
        word = {"succeeded": "success", "failed": "failure"}.get(status.value, status.value)
        known |= {"finished_at": NOON + 60 + 14 * step, "conclusion": word}
    return Dispatch(f"d{step}{workflow}", step=step, status=status, **{**known, **facts})


def walk(
    needs: Mapping[Key, Sequence[Key]],
    *,
    activity: str = "pull_request.synchronize",
    sha: str = HEAD,
    facts: Mapping[Key, Mapping[str, Any]] | None = None,
    succeeded: Iterable[Key] = (),
    **rollout: Any,
) -> Walk:
    """Make a walk over instances in order; `facts` sets fields of a step or, as `status`, its one dispatch."""
    places = {key: index for index, key in enumerate(needs)}
    below: dict[Key, list[int]] = {key: [] for key in needs}
    for child, above in needs.items():
        for parent in dict.fromkeys(above):
            below[parent].append(places[child])
    told = {**{key: {"status": Status.SUCCEEDED} for key in succeeded}, **(facts or {})}
    apply = phase(activity).value
    steps = []
    for key, above in needs.items():
        index = places[key]
        extra = dict(told.get(key, {}))
        if status := extra.pop("status", None):
            workflow = f"atmos-terraform-{apply}.yaml"
            sent = {name: extra.pop(name) for name in set(extra) & set(Dispatch.__dataclass_fields__)}
            extra["dispatches"] = (dispatch(index, status, workflow, **sent),)
        parents = tuple(places[parent] for parent in above)
        steps.append(Step(index, Instance(*key), parents, tuple(below[key]), (), 1, **extra))
    known = {"id": 1, "ref": "wider", "branch": "", **rollout}
    return Walk.of(rollout_of(activity, sha, NOON, len(steps), known), steps)


def environment(*stacks: str) -> dict[Key, tuple[Key, ...]]:
    """Make the example with ten components in each of the stacks."""
    return {(s, component): tuple((s, need) for need in needs) for s in stacks for component, needs in NEEDS.items()}


def wide(size: int) -> dict[Key, tuple[Key, ...]]:
    """Make `size` instances: stacks of ten, each component after the network of its own stack."""
    names = list(NEEDS)
    return {
        (f"tenant{i // 10:03}-prod", names[i % 10]): ((f"tenant{i // 10:03}-prod", "vpc"),) if i % 10 else ()
        for i in range(size)
    }


def view(*walks: Walk, pull: Pull = PULL, minutes: float = 4, **more: Any) -> PullView:
    """Show walks as a pull request's view."""
    lasting = {walk.rollout.id: {step.index: 300.0 for step in walk.steps} for walk in walks}
    plain: dict[str, Any] = {"past": (), "waiting": "", "notes": (), "applies": True, "lasting": lasting, "slots": 20}
    return PullView(REPO, pull, walks, as_of=NOON + 60 * minutes, server_url=SERVER, **{**plain, **more})


def past(number: int) -> tuple[Past, ...]:
    """Make earlier rollouts, newest first."""
    counts = ({Status.SUCCEEDED: 1, Status.SUPERSEDED: 3}, {Status.SUCCEEDED: 3, Status.FAILED: 1})
    run = f"{SERVER}/acme/infra/actions/runs/18000000001"
    shas = [f"{i:07x}" + "0" * 33 for i in range(number + 1)]
    return tuple(
        Past(
            *("pull_request.synchronize", shas[i], NOON - 3_600 * (i + 1)),
            counts=counts[i % 2],
            ended_by=f"a push of {shas[i + 1][:7]}",
            run_url=run if i % 2 else "",
        )
        for i in range(number)
    )
