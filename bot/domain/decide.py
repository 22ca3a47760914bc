"""The one place where it is decided what an event means."""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

from bot.domain import commits, dispatching, holds, jobs, pulls, releasing, results, runs, server_runs, uploads
from bot.domain.commands.obey import obey
from bot.domain.desk import Decision, Desk, Lane
from bot.domain.events import (
    AffectedRunReported,
    Approved,
    Commanded,
    CommitEnded,
    CommitTold,
    CommitUploaded,
    Event,
    Facts,
    JobFailed,
    KeptBack,
    NotSent,
    Nudged,
    Overrun,
    PullChanged,
    RunReported,
    RunWanted,
    Sent,
    StatusReported,
    UploadCame,
)


def decide(lane: Lane, event: Event, facts: Facts, *, now: float, ids: Callable[[], str]) -> Decision:
    """Decide what an event changes and what is to be done. Pure: time and new ids come from the caller.

    Raises Regather where the facts are not about the world that the event is about.
    """
    desk = Desk(lane, facts, now, ids)
    match event:
        case PullChanged():
            pulls.changed(desk, event)
        case UploadCame():
            uploads.came(desk, event)
        case CommitTold() | CommitEnded() | CommitUploaded() | RunWanted():
            _worked(desk, event)
        case RunReported() | StatusReported() | JobFailed() | Sent() | NotSent() | KeptBack():
            _moved(desk, event)
        case Approved():
            releasing.approved(desk, event)
        case Commanded():
            obey(desk, event)
        case Overrun():
            holds.overrun(desk, event)
        case AffectedRunReported():
            desk.say(f"{event.run.workflow} is {event.run.conclusion or event.run.status}")
            desk.show()
        case Nudged():
            desk.say("looked again")
            desk.show()
        case _:
            assert_never(event)
    dispatching.go(desk)
    return desk.decision()


def _worked(desk: Desk, event: CommitTold | CommitEnded | CommitUploaded | RunWanted) -> None:
    """Take over what is to become of a commit without a pull request."""
    match event:
        case CommitTold():
            commits.told(desk, event)
        case CommitEnded():
            commits.ended(desk, event)
        case CommitUploaded():
            commits.uploaded(desk, event)
        case RunWanted():
            server_runs.wanted(desk, event)


def _moved(desk: Desk, event: RunReported | StatusReported | JobFailed | Sent | NotSent | KeptBack) -> None:
    """Take over what became of a dispatch."""
    match event:
        case RunReported():
            runs.reported(desk, event)
        case StatusReported():
            results.reported(desk, event)
        case JobFailed():
            jobs.failed(desk, event)
        case Sent():
            runs.sent(desk, event)
        case NotSent():
            runs.not_sent(desk, event)
        case KeptBack():
            dispatching.kept(desk, event)
