"""A state saved from the API, read back as far as it tells: locks, commands, the title and the mode are not in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import msgspec

from bot.domain import concluding
from bot.domain.events import Rules
from bot.domain.facts import FailedJob, Gate
from bot.domain.graph import Instance
from bot.domain.keeping import Keeper, Keeping
from bot.domain.lanes import lane_of_commit, lane_of_pull, lane_of_release, lane_of_server_run, pull_of_lane
from bot.domain.model import (
    Commit,
    Decided,
    Dispatch,
    Heir,
    Hold,
    HoldKind,
    Pull,
    Release,
    Repo,
    Rollout,
    Status,
    Step,
)
from bot.domain.pro import Phase
from bot.domain.rollout import Walk
from bot.domain.states import states
from bot.domain.view import CommitView, PullView
from bot.web import rollout_json
from renderers.words import outcome

#: How what a rollout is of is named, and its lane.
_LANES: dict[str, Callable[[int, Any], str]] = {
    "#": lane_of_pull,
    "release ": lane_of_release,
    "server run ": lane_of_server_run,
}
_TRIED = re.compile(r"gh-readonly-queue/.+/pr-(\d{1,9})-[0-9a-f]{40,64}")
_RUN = re.compile(r"(https?://[^/]+)/([^/]+)/([^/]+)/actions/runs/")
_DECIDED = (Status.SKIPPED, Status.CANCELLED)
_TOLD = (Status.FAILED, Status.TIMED_OUT, Status.CANCELLED, Status.HELD)
_CONCLUDED = {Status.FAILED: "failure", Status.TIMED_OUT: "timed_out", Status.CANCELLED: "cancelled"}


class NotAState(Exception):  # noqa: N818 - it reads as what happened
    """A file holds no state of rollouts; the text says what is wrong."""


@dataclass(frozen=True, slots=True)
class Saved:
    """What was saved of one pull request, release, merge queue's try or run by the server."""

    of: str  # as the API names it
    view: PullView | CommitView
    differing: tuple[str, ...]  # what is shown with another status than the file tells


def read(body: bytes) -> list[Saved]:
    """Read what `GET /api/v1/rollouts` answered, or one rollout of it, by what it is of; raises NotAState."""
    try:
        whole = msgspec.json.decode(body)
        told = msgspec.convert(_rollouts(whole), list[rollout_json.Rollout])
    except msgspec.MsgspecError as error:
        raise NotAState(
            f"It is no answer of GET /api/v1/rollouts, nor one rollout of it: {error}. Save the answer as it came."
        ) from None
    if not told:
        raise NotAState("It tells no rollout; ask for a pull request or a commit that has one.")
    server, repo = _repository(whole, told)
    return [
        _saved(of, [one for one in told if one["of"] == of], repo, server)
        for of in dict.fromkeys(one["of"] for one in told)
    ]


def _repository(whole: Any, told: Sequence[rollout_json.Rollout]) -> tuple[str, Repo]:
    """Find where it was: the answer names it, a rollout alone may by the addresses of its runs."""
    urls = (sent["run_url"] or "" for one in told for step in one["steps"] for sent in step["dispatches"])
    found = next((match for url in urls if (match := _RUN.match(url))), None)
    server, owner, name = found.groups() if found else ("https://github.com", "owner", "repository")
    data = whole.get("data", whole) if isinstance(whole, dict) else {}
    named = data.get("repository") if isinstance(data, dict) else None
    if isinstance(named, str) and named.count("/") == 1:
        owner, _, name = named.partition("/")
    return server, Repo(0, owner, name, 0, "main")


def _saved(of: str, told: Sequence[rollout_json.Rollout], repo: Repo, server: str) -> Saved:
    times = [at for one in told for step in one["steps"] for at in (step["started_at"], step["finished_at"])]
    known = [_seconds(at) for at in (*times, *(one["created_at"] for one in told)) if at]
    read_back = [_walk(one) for one in told]
    current, as_of = tuple(walk for walk, _ in read_back), max(known, default=0.0)
    kept = {walk.rollout.id: keeping for walk, keeping in read_back}
    view: PullView | CommitView
    if of.startswith("#"):
        view = PullView(repo, _pull(told), current, (), "", (), as_of, server, kept)
    else:
        commit = _commit(told[0])
        conclusion = concluding.conclude(commit, current, Rules(), kept, awaited=False, unusable=False)
        view = CommitView(repo, commit, current, conclusion, as_of, server, kept=kept)
    return Saved(of, view, tuple(_differing(told, current)))


def _differing(told: Sequence[rollout_json.Rollout], current: Sequence[Walk]) -> Iterator[str]:
    """Name what is shown with another status than the file tells, because what it follows from is not in the file."""
    for one, walk in zip(told, current, strict=True):
        for given, step, state in zip(one["steps"], walk.steps, states(walk), strict=True):
            if given["status"] != state.status:
                yield f"{step.instance}: {given['status']} in the file, shown as {state.status}"


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
        number=pull_of_lane(_lane(told[0])),
        title="",
        author="",
        head_ref=planned["ref"],
        head_sha=planned["sha"],
        base_ref=told[0]["branch"] or "main",
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


def _commit(told: rollout_json.Rollout) -> Commit:
    """Make the commit that a rollout is of; who had it run on the server is not told."""
    tried = _TRIED.fullmatch(told["ref"])
    return Commit(
        lane=_lane(told),
        repo_id=0,
        sha=told["sha"],
        ref=told["ref"],
        activities=(told["activity"],),
        branch=told["branch"] or "",
        since=_seconds(told["created_at"]),
        pull=int(tried[1]) if tried else 0,
        position=1 if told["branch"] else 0,
        by="somebody",
    )


def _lane(told: rollout_json.Rollout) -> str:
    """Name the lane of a rollout, whose name for people is told."""
    for start, lane in _LANES.items():
        if told["of"].startswith(start):
            return lane(0, told["of"].removeprefix(start))
    return lane_of_commit(0, told["sha"])


def _walk(told: rollout_json.Rollout) -> tuple[Walk, Keeping]:
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
    rollout = Rollout(
        id=told["id"],
        repo_id=0,
        lane=_lane(told),
        pull=pull_of_lane(_lane(told)),
        activity=told["activity"],
        phase=told["phase"],
        sha=told["sha"],
        ref=told["ref"],
        base_sha="",
        epoch=1,
        content="",
        created_at=_seconds(told["created_at"]),
        size=len(steps),
        superseded_by=next(reasons, "") if dropped else "",
        branch=told["branch"] or "",
        position=1 if told["branch"] else 0,
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
    bare = Step(index, _instance(told), parents, children, (), 1, dispatches=sent, destroys=told["destroys"])
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
