"""Rollouts in every state, made of facts, for the texts and pictures to show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot.domain.graph import Instance
from bot.domain.model import Dispatch, Pull, Repo, Rollout, Status, Step
from bot.domain.pro import phase
from bot.domain.rollout import Walk
from bot.domain.view import Past, PullView

NOON = 1_795_262_400.0  # 21 November 2026, 12:00 UTC
HEAD = "8c0ffee1d5a3b7e9f2c4d6a8b0e1f3a5c7d9e2b4"
MERGE = "3b1d9a7f5e2c4b6d8f0a1c3e5d7b9f2a4c6e8d0b"
SERVER = "https://github.com"
#: What needs what, of the example with ten components.
NEEDS = {
    "vpc": (),
    "object-storage": (),
    "cache": ("vpc",),
    "database": ("vpc",),
    "load-balancer": ("vpc",),
    "cluster": ("vpc", "load-balancer"),
    "monitoring": ("cluster",),
    "api": ("database", "cluster"),
    "frontend": ("cache", "api"),
    "cdn": ("object-storage", "frontend"),
}
Key = tuple[str, str]  # stack, component

REPO = Repo(7, "acme", "infra", 99, "main")
PULL = Pull(
    repo_id=7,
    number=42,
    title="Widen the network",
    author="dora",
    head_ref="wider",
    head_sha=HEAD,
    base_ref="main",
    base_sha="a" * 40,
    fork=False,
    draft=False,
    open=True,
    merged=False,
    merge_sha="",
    merged_at=0.0,
    updated_at=NOON,
    activity="pull_request.synchronize",
    epoch=1,
    head_since=NOON,
)
MERGED = replace(PULL, open=False, merged=True, merge_sha=MERGE, merged_at=NOON + 600)


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
        children = tuple(places[child] for child, over in needs.items() if key in over)
        steps.append(Step(index, Instance(*key), parents, children, (), 1, **extra))
    facts_of_it: dict[str, Any] = {
        "id": 1,
        "repo_id": 7,
        "lane": "7#42",
        "pull": 42,
        "activity": activity,
        "phase": phase(activity),
        "sha": sha,
        "ref": "wider",
        "base_sha": "a" * 40,
        "epoch": 1,
        "content": "c",
        "created_at": NOON,
        "size": len(steps),
    }
    return Walk.of(Rollout(**{**facts_of_it, **rollout}), steps)


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
