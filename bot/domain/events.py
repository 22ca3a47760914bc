"""What can happen. Each input becomes one of these before anything is decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.domain.claims import Claims
from bot.domain.commands.words import Line, Role
from bot.domain.facts import FailedJob, Gate, PullFacts, Rejection, RunFacts
from bot.domain.graph import Graph, Instance
from bot.domain.locks import Lock
from bot.domain.model import Commit, Dispatch, Hold, HoldKind, ServerRun
from bot.domain.order import Anchor, Destroying, Expected, Place, Spot, Standing
from bot.domain.pro import Files, Phase


@dataclass(frozen=True, slots=True)
class PullChanged:
    """A pull request was opened, pushed to, merged, closed, labelled, …, or was read again."""

    action: str  # GitHub's word; empty when it was only read again
    head_sha: str  # the head that the action was about
    at: float  # GitHub's time of the action
    now: PullFacts  # the pull request as GitHub tells it now
    upload: Upload | None = None  # the last one of this head, for actions that reuse it (labels, closing, …)
    spot: Spot | None = None  # where its merge stands among those into its base branch; None while that is not known


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
class Removal:
    """What is known, beside the upload, of a merge that removed instances."""

    before: str  # the commit of the base branch from before the merge, at which they are destroyed
    agrees: bool  # the upload compares the merge with what was there before it
    gone: frozenset[Instance] = frozenset()  # what an inventory of the merge commit lacks


@dataclass(frozen=True, slots=True)
class UploadCame:
    """An upload arrived and its pull request was found."""

    upload: Upload
    now: PullFacts
    spot: Spot | None = None  # as in PullChanged
    removal: Removal | None = None  # where a merge removed instances


@dataclass(frozen=True, slots=True)
class CommitTold:
    """A merge queue tries a commit, or a release of it was published."""

    commit: Commit
    spot: Spot | None = None  # of a release: where its commit stands in the order of a branch
    upload: Upload | None = None  # the last one of this very commit: what happens next reuses it


@dataclass(frozen=True, slots=True)
class CommitEnded:
    """A merge queue is done with its try of a commit."""

    commit: Commit  # as far as it is known, with how it ended


@dataclass(frozen=True, slots=True)
class CommitUploaded:
    """An upload arrived for a commit without a pull request."""

    upload: Upload


@dataclass(frozen=True, slots=True)
class RunWanted:
    """Somebody wants something run on the server."""

    wanted: ServerRun
    commit: Commit | None  # None where it is refused
    spot: Spot | None = None  # as in CommitTold
    refused: str = ""  # why nothing can be run at that commit, a sentence


@dataclass(frozen=True, slots=True)
class RunReported:
    """A run of ours moved, or was read again."""

    dispatch_id: str
    run: RunFacts
    asked: bool = False  # GitHub was asked for it, so it is later than what any webhook said before
    gate: Gate | None = None  # what it waits for, where it waits for people
    rejection: Rejection | None = None  # who refused it, where people did
    started: bool = True  # whether a job of its attempt has started; told of an apply that was run again only
    retired: Retired | None = None  # its dispatch, where its step has put that behind it


@dataclass(frozen=True, slots=True)
class Retired:
    """A dispatch that is not its step's latest any more."""

    rollout_id: int
    dispatch: Dispatch


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
class JobFailed:
    """A job of a run of ours failed."""

    dispatch_id: str
    job: FailedJob


@dataclass(frozen=True, slots=True)
class Sent:
    """GitHub started a run for a dispatch. The run id is 0 where it did not say which."""

    dispatch_id: str
    run_id: int
    run_url: str


@dataclass(frozen=True, slots=True)
class NotSent:
    """A dispatch cannot be sent (`held`: it may have been, and a person must look)."""

    dispatch_id: str
    sentence: str
    held: bool


@dataclass(frozen=True, slots=True)
class KeptBack:
    """A dispatch is not sent, because of something that came after it was raised: a lock, a freeze, a hold."""

    dispatch_id: str
    sentence: str
    hold: HoldKind | None = None  # where a person must let it go


@dataclass(frozen=True, slots=True)
class Approved:
    """Somebody let go what was held when they looked."""

    rollout_id: int
    by: str
    steps: tuple[Wanted, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """One instance that is approved, with what held it then; before the merge that is nothing yet."""

    stack: str
    component: str
    holds: tuple[Hold, ...]
    named: bool = False  # it was named in full, as what is destroyed must be
    doubts: tuple[str, ...] = ()  # its dispatches that were in doubt


@dataclass(frozen=True, slots=True)
class Commanded:
    """Somebody told the bot what to do, in one comment or by one button: in this order."""

    source: str  # where: "comment:17", or "check:<guid>"
    by: str
    role: Role
    at: float  # GitHub's time of it
    lines: tuple[Line, ...]
    now: PullFacts | None = None  # the pull request as GitHub tells it now; None without one
    spot: Spot | None = None  # as in PullChanged
    runs: tuple[RunReported, ...] = ()  # the runs that were asked about, as some commands want it
    unread: frozenset[str] = frozenset()  # dispatches whose runs were too many to be asked about as well
    upload: Upload | None = None  # the last one of the head, for what plans anew
    comment_id: int = 0  # to answer with a reaction; 0 where it was said elsewhere


@dataclass(frozen=True, slots=True)
class Overrun:
    """An older commit was applied over an instance by a re-run."""

    rollout_id: int
    instance: Instance
    sentence: str


@dataclass(frozen=True, slots=True)
class Nudged:
    """Something that this lane may wait for became free, or time passed."""


Event = (
    PullChanged
    | UploadCame
    | CommitTold
    | CommitEnded
    | CommitUploaded
    | RunWanted
    | RunReported
    | StatusReported
    | JobFailed
    | AffectedRunReported
    | Sent
    | NotSent
    | KeptBack
    | Approved
    | Commanded
    | Overrun
    | Nudged
)


@dataclass(frozen=True, slots=True)
class Rules:
    """The settings that decisions depend on."""

    max_in_flight: int = 20
    plan_ref: str = "head"
    apply_branches: tuple[str, ...] = ()
    mode: str = "apply"  # observe: nothing is sent; plan: plans alone are
    fail_fast: bool = False  # a failure stops the whole rollout, not only what depends on it
    unplanned: str = "hold"  # or allow: what no plan has shown is applied as well
    stale: str = "warn"  # or hold: what others were applied to since its plan
    breaker_plan: int = 500
    breaker_apply: int = 100
    approve_stacks: tuple[str, ...] = ()  # patterns of stacks whose applies somebody else must approve
    self_approve: bool = True  # a pull request's author may let go what its own merge holds


@dataclass(frozen=True, slots=True)
class Remembered:
    """What is remembered of an instance."""

    pro: Mapping[str, Any] | None
    parents: tuple[Instance, ...]
    children: tuple[Instance, ...]  # what is known to depend on it directly
    placed: bool = True  # False: it was only listed, so what it depends on is not known
    removed: bool = False  # a merge removed it, and nothing has told of it since
    destroyed: bool = False  # by a run of ours, and it was not applied since


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
    frozen: str = ""  # why nothing is applied now, as in "frozen by dora: …"; empty where it is
    restored_at: float = 0.0  # when the database was last restored from a backup
    places: Mapping[Instance, tuple[Place, ...]] = field(default_factory=dict)  # what rollouts do to each instance
    expected: tuple[Expected, ...] = ()  # merges whose affected stacks are on their way
    standing: Mapping[Instance, Standing] = field(default_factory=dict)  # by what it keeps from being destroyed
    destroying: tuple[Destroying, ...] = ()  # of the whole repository
    anchors: Mapping[str, Anchor] = field(default_factory=dict)  # by base branch
    planned: Mapping[Instance, float] = field(default_factory=dict)  # what was planned with success, since when
    remembered: Mapping[Instance, Remembered] = field(default_factory=dict)  # of what is deleted, or run by the server
