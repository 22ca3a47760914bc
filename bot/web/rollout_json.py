"""A rollout as machines read it."""

from __future__ import annotations

from collections import Counter
from typing import TypedDict

from bot.domain import jobs
from bot.domain.facts import Gate
from bot.domain.keeping import Keeping
from bot.domain.lanes import name_of_lane
from bot.domain.locks import locked_by
from bot.domain.model import IN_FLIGHT, OPEN, Dispatch, Hold, HoldKind, Status, Step
from bot.domain.pro import Phase
from bot.domain.results import Result, known, of_step
from bot.domain.rollout import Walk, own_status
from bot.domain.states import State, count, states, unfinished
from bot.domain.texts import rfc3339
from renderers.words import listed, outcome

#: What is told of the cause of a blocked step.
_TOLD = (Status.FAILED, Status.TIMED_OUT, Status.CANCELLED, Status.SUPERSEDED)


class Named(TypedDict):
    """An instance."""

    stack: str
    component: str


class Held(TypedDict):
    """One reason for which a step is held until a person lets it go."""

    kind: HoldKind
    sentence: str


class Gated(TypedDict):
    """What a run waits for: one of the reviewers must allow it to use the environments. Empty where nobody knows."""

    environments: list[str]
    reviewers: list[str]
    since: str | None


class Failed(TypedDict):
    """The job that failed first in a run's present attempt, and the first of its steps that did, where it was told."""

    name: str
    step: str | None
    url: str


class Dispatched(TypedDict):
    """A run of a workflow file, asked for or under way or over."""

    workflow: str
    dispatch_id: str
    status: Status
    run_id: int | None
    run_url: str | None
    attempt: int | None
    result: Result | None
    gate: Gated | None
    warning: str | None
    failed_job: Failed | None


class Stepped(Named):
    """One instance of a rollout. Times are RFC 3339 in UTC."""

    status: Status
    destroys: bool
    reason: str | None
    result: Result | None
    holds: list[Held]
    approved_by: list[str]
    superseded_by: str | None
    parents: list[Named]
    started_at: str | None
    finished_at: str | None
    dispatches: list[Dispatched]


class Rollout(TypedDict):
    """A rollout with its steps, in their order, and what it is `of`: #42, release v1, commit 1f0c5e2, server run 3."""

    id: int
    of: str
    ref: str
    branch: str | None
    created_at: str | None
    activity: str
    phase: Phase
    sha: str
    status: Status
    steps: list[Stepped]


def rollout(walk: Walk, kept: Keeping) -> Rollout:
    """Describe a rollout with its steps, in their order; `kept` is what keeps those that could go."""
    found = states(walk)
    begun = any(step.dispatches for step in walk.steps)
    return {
        "id": walk.rollout.id,
        "of": name_of_lane(walk.rollout.lane),
        "ref": walk.rollout.ref,
        "branch": walk.rollout.branch or None,
        "created_at": _time(walk.rollout.created_at),
        "activity": walk.rollout.activity,
        "phase": walk.rollout.phase,
        "sha": walk.rollout.sha,
        "status": status(count(found), begun=begun, superseded=bool(walk.rollout.superseded_by)),
        "steps": [_step(walk, step, state, kept) for step, state in zip(walk.steps, found, strict=True)],
    }


def status(counts: Counter[Status], *, begun: bool, superseded: bool) -> Status:
    """Tell a rollout's status from how many steps have which, from whether anything was sent, and from its own fate.

    It is open as long as anything moves or waits to; what then remains is told by the worst that happened.
    """
    if superseded and counts[Status.SUPERSEDED]:
        return Status.SUPERSEDED
    if any(counts[moving] for moving in IN_FLIGHT) or (begun and counts[Status.READY]):
        return Status.RUNNING
    if counts[Status.APPROVAL]:
        return Status.APPROVAL
    if counts[Status.HELD]:
        return Status.HELD
    if unfinished(counts):
        return Status.WAITING
    return _ending(counts)


def _ending(counts: Counter[Status]) -> Status:
    if counts[Status.FAILED] or counts[Status.TIMED_OUT]:
        return Status.FAILED
    if counts[Status.CANCELLED]:
        return Status.CANCELLED
    if counts[Status.BLOCKED]:
        return Status.FAILED
    if counts[Status.SUPERSEDED]:
        return Status.SUPERSEDED
    if counts[Status.MANUAL] and not counts[Status.SUCCEEDED]:
        return Status.MANUAL
    return Status.SUCCEEDED


def _step(walk: Walk, step: Step, state: State, kept: Keeping) -> Stepped:
    finished = [dispatch.finished_at for dispatch in step.dispatches]
    started = [dispatch.started_at for dispatch in step.dispatches if dispatch.started_at]
    open_ = any(dispatch.status in OPEN or dispatch.status is Status.HELD for dispatch in step.dispatches)
    return {
        "stack": step.instance.stack,
        "component": step.instance.component,
        "status": state.status,
        "destroys": step.destroys,
        "reason": reason(walk, step, state, kept) or None,
        "result": of_step(step),
        "holds": [{"kind": hold.kind, "sentence": hold.sentence} for hold in _holds(step)],
        "approved_by": list(dict.fromkeys(release.by for release in step.released)),
        "superseded_by": step.heir.name if step.heir else None,
        "parents": [_instance(walk.steps[parent]) for parent in step.parents],
        "started_at": _time(min(started, default=0.0)),
        "finished_at": None if open_ else _time(max(finished, default=0.0)),
        "dispatches": [_dispatch(dispatch) for dispatch in step.dispatches],
    }


def reason(walk: Walk, step: Step, state: State, kept: Keeping) -> str:
    """Say why a step has its status, one sentence; empty where the status says it all."""
    if state.cause is not None:
        cause = walk.steps[state.cause]
        if state.status is Status.BLOCKED:
            own = own_status(cause)
            if cause.heir is not None:
                return f"blocked by {cause.instance}, {cause.dropped}, which {outcome(cause.heir.status)}"
            return f"blocked by {cause.instance}" + (f", which {outcome(own)}" if own in _TOLD else "")
        return f"waits for {cause.instance}"
    if step.decided is not None and state.status is step.decided.status:
        return f"{state.status} by {step.decided.by}" + ("" if step.dispatches else ", and was not sent")
    if step.dispatches:
        told = (_told(dispatch) for dispatch in step.dispatches if dispatch.status is state.status)
        return " ".join(sentence for sentence in told if sentence)
    if state.status is Status.READY and (keeper := kept.of(step.index)):
        return locked_by(keeper.lock, rfc3339(keeper.lock.until)) if keeper.lock else keeper.sentence
    if state.status is Status.HELD:
        return "held: " + "; ".join(hold.sentence for hold in step.holds)
    if state.status is Status.SUPERSEDED and step.heir is not None:
        return f"{step.dropped}, which {outcome(step.heir.status)}"
    if state.status is Status.SUPERSEDED:
        return step.dropped or walk.rollout.superseded_by
    return step.problem or step.manual


def _holds(step: Step) -> tuple[Hold, ...]:
    """List what holds a step: nothing while what superseded it, or a person's word, speaks for it instead."""
    return step.holds if step.heir is None and step.decided is None else ()


def _told(dispatch: Dispatch) -> str:
    """Say why a dispatch has its status; of one in approval what it waits for."""
    gate = dispatch.gate
    if dispatch.reason or gate is None or dispatch.status is not Status.APPROVAL:
        return dispatch.reason
    who = f": {listed(list(gate.reviewers), last='or')} may approve" if gate.reviewers else ""
    return f"waits for {listed(list(gate.environments)) or 'its environment'}{who}"


def _dispatch(dispatch: Dispatch) -> Dispatched:
    return {
        "workflow": dispatch.workflow,
        "dispatch_id": dispatch.id,
        "status": dispatch.status,
        "run_id": dispatch.run_id or None,
        "run_url": dispatch.run_url or None,
        "attempt": dispatch.attempt or None,
        "result": known(dispatch),
        "gate": _gate(dispatch.gate) if dispatch.gate else None,
        "warning": dispatch.warning or None,
        "failed_job": _failed(dispatch),
    }


def _failed(dispatch: Dispatch) -> Failed | None:
    job = jobs.of(dispatch)
    return {"name": job.name, "step": job.step or None, "url": job.url} if job is not None else None


def _gate(gate: Gate) -> Gated:
    return {
        "environments": list(gate.environments),
        "reviewers": list(gate.reviewers),
        "since": _time(gate.since),
    }


def _instance(step: Step) -> Named:
    return {"stack": step.instance.stack, "component": step.instance.component}


def _time(at: float) -> str | None:
    """Write a time; None where it is not known."""
    return rfc3339(at) if at else None
