"""A state saved from the API, read back as far as it tells: locks, commands and the title are not in it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import msgspec

from bot.domain.facts import FailedJob, Gate
from bot.domain.graph import Instance
from bot.domain.keeping import Keeper, Keeping
from bot.domain.model import Decided, Dispatch, Heir, Hold, HoldKind, Pull, Release, Repo, Rollout, Status, Step
from bot.domain.pro import Phase
from bot.domain.rollout import Walk
from bot.domain.states import states
from bot.domain.view import PullView
from bot.web import rollout_json
from renderers.words import outcome

_RUN = re.compile(r"(https?://[^/]+)/([^/]+)/([^/]+)/actions/runs/")
_DECIDED = (Status.SKIPPED, Status.CANCELLED)
_TOLD = (Status.FAILED, Status.TIMED_OUT, Status.CANCELLED, Status.HELD)
_CONCLUDED = {Status.FAILED: "failure", Status.TIMED_OUT: "timed_out", Status.CANCELLED: "cancelled"}


class NotAState(Exception):  # noqa: N818 - it reads as what happened
    """A file holds no state of rollouts; the text says what is wrong."""


def read(body: bytes) -> PullView:
    """Read what `GET /api/v1/rollouts` answered, or one rollout of it; raises NotAState."""
    try:
        told = msgspec.convert(_rollouts(msgspec.json.decode(body)), list[rollout_json.Rollout])
    except msgspec.MsgspecError as error:
        raise NotAState(
            f"It is no answer of GET /api/v1/rollouts, nor one rollout of it: {error}. Save the answer as it came."
        ) from None
    if not told:
        raise NotAState("It tells no rollout; ask for a pull request or a commit that has one.")
    urls = (sent["run_url"] or "" for one in told for step in one["steps"] for sent in step["dispatches"])
    found = next((match for url in urls if (match := _RUN.match(url))), None)
    server, owner, name = found.groups() if found else ("https://github.com", "owner", "repository")
    times = [at for one in told for step in one["steps"] for at in (step["started_at"], step["finished_at"])]
    known = [_seconds(at) for at in times if at]
    read_back = [_walk(one, min(known, default=0.0)) for one in told]
    return PullView(
        repo=Repo(0, owner, name, 0, "main"),
        pull=_pull(told),
        current=tuple(walk for walk, _ in read_back),
        past=(),
        waiting="",
        notes=(),
        as_of=max(known, default=0.0),
        server_url=server,
        kept={walk.rollout.id: kept for walk, kept in read_back},
    )


def differing(body: bytes, view: PullView) -> list[str]:
    """Name what is shown with another status than the file tells, because what it follows from is not in the file."""
    told = msgspec.convert(_rollouts(msgspec.json.decode(body)), list[rollout_json.Rollout])
    return [
        f"{step.instance}: {given['status']} in the file, shown as {state.status}"
        for one, walk in zip(told, view.current, strict=True)
        for given, step, state in zip(one["steps"], walk.steps, states(walk), strict=True)
        if given["status"] != state.status
    ]


def _rollouts(told: Any) -> Any:
    """Find the rollouts in an answer, whole or without its envelope."""
    for key in ("data", "rollouts"):
        if isinstance(told, dict) and key in told:
            told = told[key]
    return told if isinstance(told, list) else [told]


def _pull(told: Sequence[rollout_json.Rollout]) -> Pull:
    applied = next((one for one in told if one["phase"] is Phase.APPLY), None)
    planned = next((one for one in told if one["phase"] is Phase.PLAN), told[0])
    return Pull(
        repo_id=0,
        number=0,
        title="",
        author="",
        head_ref="",
        head_sha=planned["sha"],
        base_ref="main",
        base_sha="",
        fork=False,
        draft=False,
        open=applied is None,
        merged=applied is not None,
        merge_sha=applied["sha"] if applied else "",
        merged_at=0.0,
        updated_at=0.0,
        activity=planned["activity"],
        epoch=1,
        head_since=0.0,
    )


def _walk(told: rollout_json.Rollout, begin: float) -> tuple[Walk, Keeping]:
    places = {_instance(step): index for index, step in enumerate(told["steps"])}
    parents = [
        tuple(places[above] for one in step["parents"] if (above := _instance(one)) in places) for step in told["steps"]
    ]
    children: list[list[int]] = [[] for _ in parents]
    for index, near in enumerate(parents):
        for parent in near:
            children[parent].append(index)
    steps = [
        _step(index, step, parents[index], tuple(children[index]), whole=told["status"])
        for index, step in enumerate(told["steps"])
    ]
    dropped = told["status"] is Status.SUPERSEDED
    reasons = (step["reason"] or "" for step in told["steps"] if step["status"] is Status.SUPERSEDED)
    started = [_seconds(step["started_at"]) for step in told["steps"] if step["started_at"]]
    rollout = Rollout(
        id=told["id"],
        repo_id=0,
        lane="0#0",
        pull=0,
        activity=told["activity"],
        phase=told["phase"],
        sha=told["sha"],
        ref="",
        base_sha="",
        epoch=1,
        content="",
        created_at=min(started, default=begin),
        size=len(steps),
        superseded_by=next(reasons, "") if dropped else "",
    )
    keepers = {
        index: Keeper(step["reason"])
        for index, step in enumerate(told["steps"])
        if step["status"] is Status.READY and step["reason"]
    }
    return Walk.of(rollout, steps), Keeping(None, keepers)


def _step(
    index: int, told: rollout_json.Stepped, parents: tuple[int, ...], children: tuple[int, ...], *, whole: Status
) -> Step:
    status, reason = told["status"], told["reason"] or ""
    sent = tuple(_dispatch(index, told, one) for one in told["dispatches"])
    bare = Step(index, _instance(told), parents, children, (), 1, dispatches=sent)
    bare = replace(
        bare,
        holds=tuple(Hold(hold["kind"], hold["sentence"]) for hold in told["holds"]),
        released=tuple(Release(Hold(HoldKind.UNREVIEWED, "it was held"), by, 0.0) for by in told["approved_by"]),
    )
    if status in _DECIDED and reason.startswith(f"{status} by "):
        by = reason.removeprefix(f"{status} by ").removesuffix(", and was not sent")
        return replace(bare, decided=Decided(status, by, 0.0))
    if status is Status.SUPERSEDED and (told["superseded_by"] or whole is not Status.SUPERSEDED):
        return _overtaken(bare, told["superseded_by"], reason)
    if sent:
        return bare
    problem = reason if status is Status.FAILED else ""
    return replace(bare, problem=problem, manual=reason if status is Status.MANUAL else "")


def _overtaken(bare: Step, by: str | None, reason: str) -> Step:
    """Give a step what superseded it, with what became of that as far as it is told."""
    became = next((status for status in Status if reason.endswith(f", which {outcome(status)}")), None)
    dropped = reason.partition(", which ")[0] or "superseded"
    return replace(bare, dropped=dropped, heir=Heir(by, "", 0, became) if by else None)


def _dispatch(index: int, step: rollout_json.Stepped, told: rollout_json.Dispatched) -> Dispatch:
    status, gate = told["status"], told["gate"]
    ended = told["attempt"] is not None and status in (Status.SUCCEEDED, *_TOLD)
    reason = (step["reason"] or "") if status is step["status"] and status in _TOLD and not gate else ""
    return Dispatch(
        id=told["dispatch_id"],
        step=index,
        workflow=told["workflow"],
        inputs=(),
        status=status,
        created_at=_seconds(step["started_at"]),
        run_id=told["run_id"] or 0,
        run_url=told["run_url"] or "",
        attempt=told["attempt"] or 0,
        started_at=_seconds(step["started_at"]),
        finished_at=_seconds(step["finished_at"]) if ended else 0.0,
        # What the API has no reason for ended as its status says.
        conclusion=_CONCLUDED.get(status, "") if ended and not reason else "",
        reason=reason,
        result=told["result"] or "",
        result_attempt=told["attempt"] or 0,
        gate=Gate(tuple(gate["environments"]), tuple(gate["reviewers"]), _seconds(gate["since"])) if gate else None,
        warning=told["warning"] or "",
        failed_job=_failed(told),
    )


def _failed(told: rollout_json.Dispatched) -> FailedJob | None:
    job = told["failed_job"]
    return FailedJob(job["name"], job["url"], told["attempt"] or 0, job["step"] or "") if job else None


def _instance(told: rollout_json.Named | rollout_json.Stepped) -> Instance:
    return Instance(told["stack"], told["component"])


def _seconds(time: str | None) -> float:
    return datetime.fromisoformat(time).timestamp() if time else 0.0
