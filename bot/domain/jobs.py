"""Which job of a run failed. It is only shown: the run's conclusion alone decides."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.desk import Desk
from bot.domain.events import JobFailed
from bot.domain.facts import FailedJob
from bot.domain.model import Dispatch


def failed(desk: Desk, event: JobFailed) -> None:
    """Take over that a job failed: the first of an attempt that was told of counts."""
    found = desk.find(event.dispatch_id)
    if found is None:
        desk.say("the job belongs to a rollout that is gone")
        return
    draft, dispatch = found
    known = dispatch.failed_job
    if event.job.attempt < dispatch.attempt or (known is not None and known.attempt >= event.job.attempt):
        desk.say("nothing new")
        return
    draft.put_dispatch(replace(dispatch, failed_job=event.job))
    desk.say(f"{draft.step(dispatch.step).instance}: the job {event.job.name} failed")
    if dispatch.conclusion:
        desk.show()  # until then the run goes on, whatever became of one job


def of(dispatch: Dispatch) -> FailedJob | None:
    """Find the job that failed in a dispatch's present attempt; None where nobody told of one."""
    job = dispatch.failed_job
    return job if job is not None and job.attempt == dispatch.attempt else None
