"""What can happen. Each input becomes one of these before anything is decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.domain.claims import Claims
from bot.domain.facts import PullFacts, RunFacts
from bot.domain.graph import Graph
from bot.domain.layout import Files
from bot.domain.locks import Lock
from bot.domain.pro import Phase


@dataclass(frozen=True, slots=True)
class PullChanged:
    """A pull request was opened, pushed to, merged, closed, labelled, …, or was read again."""

    action: str  # GitHub's word; empty when it was only read again
    head_sha: str  # the head that the action was about
    at: float  # GitHub's time of the action
    now: PullFacts  # the pull request as GitHub tells it now
    upload: Upload | None = None  # the last one of this head, for actions that reuse it (labels, closing, …)


@dataclass(frozen=True, slots=True)
class Upload:
    """What an affected-stacks report says."""

    head_sha: str
    base_sha: str
    content: str  # a hash of what it says, whatever the order
    received_at: float
    graph: Graph
    claims: Claims | None = None  # of the run that it came from; None where a static key sent it


@dataclass(frozen=True, slots=True)
class UploadCame:
    """An upload arrived and its pull request was found."""

    upload: Upload
    now: PullFacts


@dataclass(frozen=True, slots=True)
class RunReported:
    """A run of ours moved, or was read again."""

    dispatch_id: str
    run: RunFacts
    asked: bool = False  # GitHub was asked for it, so it is later than what any webhook said before
    environments: tuple[str, ...] = ()  # whose approval it waits for


@dataclass(frozen=True, slots=True)
class AffectedRunReported:
    """A run that may upload affected stacks moved."""

    run: RunFacts


@dataclass(frozen=True, slots=True)
class StatusReported:
    """The CLI told how a plan or an apply ended."""

    dispatch_id: str
    command: str  # plan or apply
    exit_code: int  # Terraform's own
    at: float  # when it ended
    attempt: int = 0  # of the run that told it; 0 where nobody knows


@dataclass(frozen=True, slots=True)
class Sent:
    """GitHub started a run for a dispatch. The run id is 0 where it did not say which."""

    dispatch_id: str
    run_id: int
    run_url: str
    head_sha: str = ""  # where it is known


@dataclass(frozen=True, slots=True)
class NotSent:
    """A dispatch cannot be sent (`held`: it may have been, and a person must look)."""

    dispatch_id: str
    sentence: str
    held: bool


@dataclass(frozen=True, slots=True)
class KeptByLock:
    """A dispatch is not sent, because its instance was locked after it was raised."""

    dispatch_id: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Nudged:
    """Something that this lane may wait for became free, or time passed."""


Event = (
    PullChanged | UploadCame | RunReported | StatusReported | AffectedRunReported | Sent | NotSent | KeptByLock | Nudged
)


@dataclass(frozen=True, slots=True)
class Rules:
    """The settings that decisions depend on."""

    max_in_flight: int = 20
    plan_ref: str = "head"
    apply_branches: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Queue:
    """Steps of one rollout that may go and wait for the cap."""

    lane: str
    rollout_id: int
    phase: Phase
    steps: int


@dataclass(frozen=True, slots=True)
class Facts:
    """What decisions need beside the lane's own state. What is shared is read in the deciding transaction."""

    rules: Rules
    in_flight: Mapping[str, int] = field(default_factory=dict)  # by lane, of the whole repository
    queues: tuple[Queue, ...] = ()  # of other lanes
    in_air: frozenset[str] = frozenset()  # of this lane: dispatches whose sending has begun
    files: Files = field(default_factory=dict)
    next_rollout: int = 1
    locks: Mapping[str, Lock] = field(default_factory=dict)  # those of the repository that hold now, by name
