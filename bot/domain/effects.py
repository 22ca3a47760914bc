"""What a decision wishes done outside. Each wish is about one thing; a newer one about it takes its place."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.graph import Instance


@dataclass(frozen=True, slots=True)
class StartRun:
    """Send a dispatch."""

    dispatch_id: str


@dataclass(frozen=True, slots=True)
class DropRun:
    """Do not send a dispatch whose sending has not begun."""

    dispatch_id: str


@dataclass(frozen=True, slots=True)
class RunKnown:
    """A dispatch that was in doubt, or was sent without an answer, has its run: nothing more to send or look for."""

    dispatch_id: str


@dataclass(frozen=True, slots=True)
class CancelRun:
    """Cancel a run."""

    dispatch_id: str


@dataclass(frozen=True, slots=True)
class ShowComment:
    """Bring the pull request's comment up to date."""

    number: int


@dataclass(frozen=True, slots=True)
class ShowCheck:
    """Bring the check run of this lane's commit up to date."""


@dataclass(frozen=True, slots=True)
class Nudge:
    """Let another lane go on: something it waits for is free."""

    lane: str


@dataclass(frozen=True, slots=True)
class LookAgainAt:
    """Look at this lane again when the first thing ends that keeps its steps."""

    at: float


@dataclass(frozen=True, slots=True)
class OfferAgain:
    """Tell another lane that an older commit is applied over an instance of its."""

    lane: str
    rollout_id: int
    instance: Instance
    sentence: str


@dataclass(frozen=True, slots=True)
class NudgeDestroys:
    """Have the lanes looked at with something to be destroyed: what depended on that may be gone now."""


@dataclass(frozen=True, slots=True)
class ShowStale:
    """Bring the comments of those up to date who planned an instance before it was applied here."""

    instance: Instance


@dataclass(frozen=True, slots=True)
class React:
    """Put a reaction on a comment; a sign in GitHub's word."""

    comment_id: int
    sign: str


Effect = (
    StartRun
    | DropRun
    | RunKnown
    | CancelRun
    | ShowComment
    | ShowCheck
    | Nudge
    | LookAgainAt
    | OfferAgain
    | NudgeDestroys
    | ShowStale
    | React
)
