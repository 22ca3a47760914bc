"""A rollout played up to a moment: what started when, what ended how, and what never came so far."""

from __future__ import annotations

import heapq
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Any

from bot.domain.facts import FailedJob, Gate
from bot.domain.graph import Instance
from bot.domain.model import Dispatch, Rollout, Status, Step
from bot.domain.pro import Call, Phase, phase
from bot.domain.rollout import Walk

Key = tuple[str, str]  # stack, component
Needs = dict[Key, tuple[Key, ...]]  # in an order in which parents come first

_FEW = 8
_RUNS = "https://github.com/acme/infra/actions/runs"
#: Seconds until a dispatch has its run, and until that run starts.
_SENT, _QUEUED = 3.0, 9.0
#: What is over is shown so many seconds later.
_AFTER = 20
#: How long an apply takes, in seconds; what is not named takes a minute. A plan takes a third of it.
_SECONDS = {"database": 410, "cluster": 560, "cache": 190, "cdn": 230, "monitoring": 140, "object-storage": 25}
_UNCHANGED = ("object-storage", "monitoring", "load-balancer")


def slots(size: int) -> int:
    """Tell how many runs of a rollout go at once."""
    return max(_FEW, size // 20)


@dataclass(frozen=True, slots=True)
class Course:
    """How a rollout goes."""

    at: float = 1.0  # the moment that is shown, as a part of the time that all of it takes
    halt: float = inf  # nothing starts after this part of that time
    broken: Container[Key] = ()  # these fail
    gated: Container[Key] = ()  # these wait for people at GitHub
    kept: Container[Key] = ()  # these do not start
    facts: Mapping[Key, Mapping[str, Any]] = field(default_factory=dict)  # what else is so of a step
    sent: Mapping[Key, Mapping[str, Any]] = field(default_factory=dict)  # what else is so of its dispatch


@dataclass(frozen=True, slots=True)
class Played:
    """A rollout, and the moment it is shown at."""

    walk: Walk
    now: float
    lasting: Mapping[int, float]  # how long each step takes, in seconds


def play(needs: Needs, course: Course, *, activity: str, sha: str, begin: float, **rollout: Any) -> Played:
    """Play a rollout that begins at a time up to the moment that its course names."""
    plans = phase(activity) is Phase.PLAN
    whole = _times(needs, course, plans=plans, halt=inf)
    total = max((end for _, end in whole.values() if end < inf), default=0.0)
    times = whole if course.halt == inf else _times(needs, course, plans=plans, halt=course.halt * total)
    now = begin + course.at * total + (_AFTER if course.at == 1 or not total else 0)
    places = {key: index for index, key in enumerate(needs)}
    children: dict[Key, list[int]] = {key: [] for key in needs}
    for key, above in needs.items():
        for parent in above:
            children[parent].append(places[key])
    lasting = {index: _takes(key, index, plans=plans) for index, key in enumerate(needs)}
    chains: dict[int, int] = {}
    for key in reversed(needs):
        chains[places[key]] = 1 + max((chains.get(child, 0) for child in children[key]), default=0)
    steps = []
    for key, above in needs.items():
        index = places[key]
        sent = _dispatch(index, key, course, times.get(key), begin, now, plans=plans)
        call = Call(f"atmos-terraform-{phase(activity).value}.yaml", (("component", key[1]), ("stack", key[0])))
        facts: dict[str, Any] = {"dispatches": (sent,) if sent else (), "paired": True, **course.facts.get(key, {})}
        near = tuple(places[parent] for parent in above)
        steps.append(Step(index, Instance(*key), near, tuple(children[key]), (call,), chains[index], **facts))
    return Played(Walk.of(rollout_of(activity, sha, begin, len(steps), rollout), steps), now, lasting)


def rollout_of(activity: str, sha: str, begin: float, size: int, facts: Mapping[str, Any]) -> Rollout:
    """Make a rollout of pull request 42, with other `facts` where they are given."""
    plain: dict[str, Any] = {
        "id": 2 if phase(activity) is Phase.APPLY else 1,
        "repo_id": 7,
        "lane": "7#42",
        "pull": 42,
        "activity": activity,
        "phase": phase(activity),
        "sha": sha,
        "ref": "wider" if phase(activity) is Phase.PLAN else "main",
        "base_sha": "a" * 40,
        "epoch": 1,
        "content": "c",
        "created_at": begin,
        "size": size,
        "branch": "main",
    }
    return Rollout(**{**plain, **facts})


def _times(needs: Needs, course: Course, *, plans: bool, halt: float) -> dict[Key, tuple[float, float]]:
    """Find when each instance is sent and when it ends, counted from the beginning, under the cap."""
    waits = {key: len(above) for key, above in needs.items()}
    below: dict[Key, list[Key]] = {key: [] for key in needs}
    for key, above in needs.items():
        for parent in above:
            below[parent].append(key)
    order = {key: index for index, key in enumerate(needs)}
    ready = [(order[key], key) for key, number in waits.items() if not number]
    under_way: list[tuple[float, int, Key]] = []
    times: dict[Key, tuple[float, float]] = {}
    now = 0.0
    while ready or under_way:
        while ready and len(under_way) < slots(len(needs)):
            index, key = heapq.heappop(ready)
            if key in course.kept or now > halt:
                continue
            end = inf if key in course.gated else now + _QUEUED + _takes(key, index, plans=plans)
            times[key] = now, end
            if end < inf:
                heapq.heappush(under_way, (end, index, key))
        if not under_way:
            break
        now, _, done = heapq.heappop(under_way)
        for child in () if done in course.broken else below[done]:
            waits[child] -= 1
            if not waits[child]:
                heapq.heappush(ready, (order[child], child))
    return times


def _takes(key: Key, index: int, *, plans: bool) -> float:
    """Tell how long an instance takes, in seconds: about as long as its component always does."""
    seconds = _SECONDS.get(key[1], 60) * (1 + index * 7 % 13 / 50)
    return round(seconds / 3 if plans else seconds)


def _dispatch(
    index: int, key: Key, course: Course, times: tuple[float, float] | None, begin: float, now: float, *, plans: bool
) -> Dispatch | None:
    if times is None or begin + times[0] >= now:
        return None
    sent, ended = begin + times[0], begin + times[1]
    run = (18_900_000_000 if plans else 19_000_000_000) + 3 * index
    facts: dict[str, Any] = {"created_at": sent, "run_id": run, "run_url": f"{_RUNS}/{run}", "attempt": 1}
    if ended <= now:
        facts |= {"started_at": sent + _QUEUED, "finished_at": ended, **_ending(key, course, run, plans=plans)}
    elif key in course.gated:
        facts |= {"status": Status.APPROVAL, "gate": Gate(("prod",), ("alice", "team ops"), sent + _QUEUED)}
    elif now - sent < _SENT:
        facts = {"created_at": sent, "status": Status.DISPATCHING}
    elif now - sent < _QUEUED:
        facts["status"] = Status.QUEUED
    else:
        facts |= {"status": Status.RUNNING, "started_at": sent + _QUEUED}
    workflow = f"atmos-terraform-{'plan' if plans else 'apply'}.yaml"
    return Dispatch(
        **{"id": f"sy-{index}", "step": index, "workflow": workflow, "inputs": (), **facts, **course.sent.get(key, {})}
    )


def _job(key: Key, run: int, *, plans: bool) -> FailedJob:
    step = "Plan" if plans else "Apply"
    return FailedJob(f"{key[1]} in {key[0]}", f"{_RUNS}/{run}/job/{3 * run}", 1, step)


def _ending(key: Key, course: Course, run: int, *, plans: bool) -> Mapping[str, Any]:
    if key in course.broken:
        told = {"result": "error", "result_attempt": 1}
        return {"status": Status.FAILED, "conclusion": "failure", "failed_job": _job(key, run, plans=plans), **told}
    result = ("no changes" if key[1] in _UNCHANGED else "changes") if plans else "applied"
    return {"status": Status.SUCCEEDED, "conclusion": "success", "result": result, "result_attempt": 1}


def indexes(played: Played, keys: Sequence[Key]) -> list[int]:
    """Find the steps of some instances."""
    wanted = set(keys)
    return [step.index for step in played.walk.steps if step.instance in wanted]
