"""The webhooks `workflow_run`, `workflow_job` and `deployment_review`, and runs that were read again (`run_read`)."""

from __future__ import annotations

import logging
import re
from dataclasses import replace
from typing import Any

import gidgethub
import msgspec

from bot.domain import run_news
from bot.domain.events import AffectedRunReported, JobFailed, Retired, RunReported
from bot.domain.facts import RunFacts
from bot.domain.lanes import lane_of_pull
from bot.domain.model import Dispatch, Repo, Status
from bot.domain.pro import Phase, WorkflowFile
from bot.events.affected_stacks import parked_key
from bot.events.commits import lane_of_run
from bot.events.context import Context, Finished, Gathered, InLane, Parked, Place, decode, repo_of
from bot.github import reads, shapes
from bot.github.failures import FailureKind, classify
from bot.github.line import BadAnswer
from bot.store import commits, pulls, rollouts
from bot.store.db import Db
from bot.store.inbox import Row
from bot.store.rollouts import Placed

log = logging.getLogger(__name__)

#: How a dispatch's id looks, in its input and in the title of its run.
#: As many times GitHub may answer with less than it has told already.
_LAGS = 4
DISPATCH_ID = re.compile(r"\bsy-[0-9a-f]{16}\b")


class RunRead(msgspec.Struct):
    """A run that GitHub was asked about, as it lies in the inbox."""

    dispatch_id: str
    run: RunFacts


_run_read = msgspec.json.Decoder(RunRead)
_run = msgspec.json.Decoder(RunFacts)


def place(payload: dict[str, Any], _row: Row, db: Db) -> Place:
    """Find the dispatch that a run came of: by the run's id, else by the dispatch's id in its title."""
    repo = repo_of(payload)
    if repo is None:
        return Finished("no installation of ours")
    run = shapes.run_facts(shapes.part(payload, "workflow_run"))
    placed = _ours(db, repo, run)
    if placed is not None:
        return InLane(placed.lane, repo.id)
    if run.event in ("pull_request", "pull_request_target"):
        found = pulls.of_commit(db, repo.id, run.head_sha)
        if found:
            best = max(found, key=lambda pull: (not pull.fork, pull.open, pull.number))
            return InLane(lane_of_pull(repo.id, best.number), repo.id)
        return Parked(parked_key(repo.id, run.head_sha), repo.id, "its pull request is not known yet")
    if lane := lane_of_run(repo.id, run):
        if commits.get(db, lane) is not None:
            return InLane(lane, repo.id)
        return Parked(parked_key(repo.id, run.head_sha), repo.id, "nothing was told of its commit yet")
    if run.event == "workflow_dispatch" and rollouts.expects(db, repo.id, run.workflow):
        # The answer to our dispatch, which names the run, may be on its way still.
        return Parked(f"run:{run.run_id}", repo.id, "it may be a run of ours whose start is not confirmed yet")
    return Finished("a run that is none of ours")


def place_job(payload: dict[str, Any], _row: Row, db: Db) -> Place:
    """Take up only what tells of an approval that is awaited, or was given, and which job failed."""
    repo = repo_of(payload)
    job = shapes.part(payload, "workflow_job")
    run_id = shapes.number(job, "run_id")
    placed = rollouts.find_run(db, run_id) if repo else None
    waits = "waiting" in (shapes.text(payload, "action"), shapes.text(job, "status"))
    if repo is not None and placed is None and waits and rollouts.expects(db, repo.id):
        return Parked(f"run:{run_id}", repo.id, "it may be of a run of ours whose start is not confirmed yet")
    if repo is None or placed is None or placed.repo_id != repo.id:
        return Finished("a job that is none of ours")
    failed = placed.latest and _failed(job)
    if not (waits or failed or _tells_more(placed.dispatch, job)):
        return Finished("the run itself tells enough")
    return InLane(placed.lane, repo.id)


def _tells_more(known: Dispatch, job: dict[str, Any]) -> bool:
    """Tell whether a job says of its run what nothing else may say: that it goes on, or is run again."""
    # Of a run that is run again nothing else is told before it starts, and then it is too late to cancel it.
    return known.status is Status.APPROVAL or 0 < known.attempt < shapes.number(job, "run_attempt")


def _failed(job: dict[str, Any]) -> bool:
    return shapes.text(job, "conclusion") in ("failure", "timed_out")


def place_review(payload: dict[str, Any], _row: Row, db: Db) -> Place:
    """Find the run whose environment people are asked for, or have decided about."""
    repo = repo_of(payload)
    if repo is None:
        return Finished("no installation of ours")
    run = shapes.run_facts(shapes.part(payload, "workflow_run"))
    placed = _ours(db, repo, run)
    if placed is not None:
        return InLane(placed.lane, repo.id)
    if rollouts.expects(db, repo.id, run.workflow):
        return Parked(f"run:{run.run_id}", repo.id, "it may be about a run of ours whose start is not confirmed yet")
    return Finished("a run that is none of ours")


def _ours(db: Db, repo: Repo, run: RunFacts) -> Placed | None:
    placed = rollouts.find_run(db, run.run_id)
    if placed is None and run.event == "workflow_dispatch":
        # Titles are free text: only a dispatch of this very file and repository, and without a run, may be meant.
        ids = DISPATCH_ID.findall(run.title)
        placed = rollouts.find_dispatch(db, ids[-1]) if ids else None
        if placed is not None and (placed.dispatch.run_id or placed.dispatch.workflow != run.workflow):
            placed = None
    return placed if placed is not None and placed.repo_id == repo.id else None


async def gather(row: Row, ctx: Context) -> Gathered | Finished:
    """Read what the webhook says; GitHub is asked only where two states of one second contradict each other."""
    payload = decode(row)
    repo = repo_of(payload) or ctx.repo(row.repo_id or 0)
    run = shapes.run_facts(shapes.part(payload, "workflow_run"))
    placed = _ours(ctx.db, repo, run)
    if placed is None:
        return Gathered(AffectedRunReported(run)) if run.event != "workflow_dispatch" else Finished("no longer ours")
    return await _reported(ctx, repo, placed.dispatch, run)


async def _reported(ctx: Context, repo: Repo, dispatch: Dispatch, run: RunFacts) -> Gathered:
    if run_news.is_tie(dispatch, run):
        asked = await reads.run(ctx.github.installation(repo.installation), repo, run.run_id)
        return await _told(ctx, repo, RunReported(dispatch.id, asked, asked=True))
    return await _told(ctx, repo, RunReported(dispatch.id, run))


async def read_again(ctx: Context, repo: Repo, dispatch: Dispatch) -> RunReported:
    """Ask GitHub for the run of a dispatch."""
    run = await reads.run(ctx.github.installation(repo.installation), repo, dispatch.run_id)
    return await _completed(ctx, repo, RunReported(dispatch.id, run, asked=True))


async def _told(ctx: Context, repo: Repo, event: RunReported, *, since: float = 0.0) -> Gathered:
    return Gathered(await _completed(ctx, repo, event, since=since))


async def _completed(ctx: Context, repo: Repo, event: RunReported, *, since: float = 0.0) -> RunReported:
    """Add what the webhook does not tell: for whom a run waits, who refused it, whether a re-run has started."""
    gh = ctx.github.installation(repo.installation)
    placed = rollouts.find_dispatch(ctx.db, event.dispatch_id)
    known = placed.dispatch if placed is not None else None
    if placed is not None and not placed.latest:
        event = replace(event, retired=Retired(placed.rollout_id, placed.dispatch))
    try:
        if placed is not None and _may_be_stopped(ctx.db, placed, event.run):
            event = replace(event, started=await reads.jobs_started(gh, repo, event.run.run_id))
        if run_news.open_status(event.run.status) is Status.APPROVAL and event.run.status != "completed":
            event = replace(event, gate=replace(await reads.pending(gh, repo, event.run.run_id), since=since))
        elif event.run.conclusion == "failure" and known is not None and known.status is not Status.RUNNING:
            # Whatever was read last: between the refusal and the run's end nothing else may have come.
            event = replace(event, rejection=await reads.rejection(gh, repo, event.run.run_id))
        elif event.run.conclusion == "cancelled" and placed is not None and not placed.dispatch.cancel_wanted:
            event = replace(event, run=replace(event.run, groups=await _groups(ctx, repo, placed, event.run)))
    except gidgethub.HTTPException as error:
        failure = classify(error, ctx.now())
        if failure.kind not in (FailureKind.FORGET, FailureKind.DEAD):
            raise
        # That the run waits, or failed, is what counts; who decides is only good to know. One may have started.
        log.warning("run %d: not all is known of it: %s", event.run.run_id, failure.sentence)
    return event


async def _groups(ctx: Context, repo: Repo, placed: Placed, run: RunFacts) -> tuple[str, ...]:
    """Read the `concurrency` groups that may have cancelled a run: its file's, where none of its jobs had started."""
    gh = ctx.github.installation(repo.installation)
    rollout = rollouts.facts(ctx.db, placed.rollout_id)
    file = await ctx.files.one(gh, repo, run.workflow, rollout.ref) if rollout is not None else None
    groups = file.groups if isinstance(file, WorkflowFile) else ()
    return () if not groups or await reads.jobs_started(gh, repo, run.run_id) else groups


def _may_be_stopped(db: Db, placed: Placed, run: RunFacts) -> bool:
    """Tell whether it matters if a job has started: of an apply that is run again, or that was to be cancelled then."""
    known, rollout = placed.dispatch, rollouts.facts(db, placed.rollout_id)
    if rollout is None or rollout.phase is not Phase.APPLY:
        return False
    again = not placed.latest or 0 < known.attempt < run.attempt
    if run.status != "completed":
        return again
    return not again and known.cancel_wanted and run.conclusion == "cancelled"


async def gather_job(row: Row, ctx: Context) -> Gathered | Finished:
    """Take up which job failed; else ask GitHub for the run, as jobs wait and go on in any order, some once more."""
    repo = ctx.repo(row.repo_id or 0)
    job = shapes.part(decode(row), "workflow_job")
    placed = rollouts.find_run(ctx.db, shapes.number(job, "run_id"))
    if placed is None:
        return Finished("no longer ours")
    if _failed(job) and not _tells_more(placed.dispatch, job):
        return Gathered(JobFailed(placed.dispatch.id, shapes.failed_job(job)))
    run = await reads.run(ctx.github.installation(repo.installation), repo, placed.dispatch.run_id)
    if run.attempt < shapes.number(job, "run_attempt") and row.attempts < _LAGS:
        raise BadAnswer(f"GitHub does not show yet that the run {run.run_id} is run again.")
    return await _told(ctx, repo, RunReported(placed.dispatch.id, run, asked=True))


async def gather_review(row: Row, ctx: Context) -> Gathered | Finished:
    """Ask GitHub for the run, as news of its jobs may have come before; only the webhook tells since when it waits."""
    payload = decode(row)
    repo = ctx.repo(row.repo_id or 0)
    told = shapes.run_facts(shapes.part(payload, "workflow_run"))
    placed = _ours(ctx.db, repo, told)
    if placed is None:
        return Finished("no longer ours")
    run = await reads.run(ctx.github.installation(repo.installation), repo, told.run_id)
    since = shapes.moment(payload, "since") if shapes.text(payload, "action") == "requested" else 0.0
    return await _told(ctx, repo, RunReported(placed.dispatch.id, run, asked=True), since=since)


async def gather_read(row: Row, ctx: Context) -> Gathered | Finished:
    """Take up a run that GitHub was asked about."""
    read = _run_read.decode(row.body)
    return await _told(ctx, ctx.repo(row.repo_id or 0), RunReported(read.dispatch_id, read.run, asked=True))


async def gather_affected(row: Row, _ctx: Context) -> Gathered | Finished:
    """Take up a run of the pull request's own workflows that GitHub was asked about."""
    return Gathered(AffectedRunReported(_run.decode(row.body)))
