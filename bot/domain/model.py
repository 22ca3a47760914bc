"""The things the rules speak of: repository, pull request, rollout, step, dispatch.

Facts are stored, status is derived (`bot.domain.rollout`). Times are seconds since the epoch, UTC.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from bot.domain.facts import FailedJob, Gate
from bot.domain.graph import Instance
from bot.domain.pro import Call, Phase


class Status(StrEnum):
    """What a step is doing, in the words that people read."""

    WAITING = "waiting"
    READY = "ready"
    DISPATCHING = "dispatching"
    QUEUED = "queued"
    RUNNING = "running"
    APPROVAL = "approval"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    TIMED_OUT = "timed_out"
    BLOCKED = "blocked"
    HELD = "held"
    SKIPPED = "skipped"
    SUPERSEDED = "superseded"
    MANUAL = "manual"


#: A dispatch with one of these is still going to change; the others are ends (until somebody re-runs it).
OPEN = frozenset({Status.DISPATCHING, Status.QUEUED, Status.RUNNING, Status.APPROVAL})
#: These hold a place under the cap. A run that waits for people gives its place back.
IN_FLIGHT = frozenset({Status.DISPATCHING, Status.QUEUED, Status.RUNNING})
#: These open the way to children.
PASSED = frozenset({Status.SUCCEEDED, Status.SKIPPED, Status.MANUAL})


class HoldKind(StrEnum):
    """Why a step is held until a person here lets it go."""

    UNREVIEWED = "unreviewed"  # no plan of it succeeded at the merged head
    STACK = "stack"  # its stack wants an approval
    BREAKER = "breaker"  # its rollout would start very many runs
    DESTROY = "destroy"  # it would be destroyed
    STALE = "stale"  # another pull request was applied to it since it was planned
    ENVIRONMENT = "environment"  # GitHub would make its environment, without protection
    RESTORED = "restored"  # the database is an older one, so it may have been applied already
    OVERRUN = "overrun"  # an older commit was applied over it


@dataclass(frozen=True, slots=True)
class Hold:
    """One reason for which a step is held: a sentence part, as in "held: …"."""

    kind: HoldKind
    sentence: str
    since: float = field(default=0.0, compare=False)  # what is said of it before then is not about it


@dataclass(frozen=True, slots=True)
class Release:
    """A hold that somebody ended. The very same one does not come again."""

    hold: Hold
    by: str
    at: float


@dataclass(frozen=True, slots=True)
class Approval:
    """Somebody's word, before the merge, that an instance may be applied unreviewed. It is bound to the head."""

    stack: str
    component: str
    by: str
    at: float


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    """What somebody wants destroyed, until that is confirmed: once, and only as it was shown."""

    code: str
    sha: str  # the merge commit
    steps: tuple[tuple[str, str, str], ...]  # stack, component and how it stood, in the order in which they go
    by: str
    at: float


@dataclass(frozen=True, slots=True)
class Heir:
    """The step of another rollout that superseded one: its outcome counts for both."""

    name: str  # for people: "#42"
    lane: str
    rollout_id: int
    status: Status | None
    destroys: bool = False


@dataclass(frozen=True, slots=True)
class Decided:
    """What a person decided of a step in place of a run: it is SKIPPED, or CANCELLED."""

    status: Status
    by: str
    at: float


@dataclass(frozen=True, slots=True)
class Repo:
    """A repository, known by its id: names change, ids do not."""

    id: int
    owner: str
    name: str
    installation: int
    default_branch: str
    owner_id: int = 0  # 0 until GitHub told it

    @property
    def full_name(self) -> str:
        return f"{self.owner}/{self.name}"


@dataclass(frozen=True, slots=True)
class Pull:
    """A pull request as GitHub last told it, and what we know about its head."""

    repo_id: int
    number: int
    title: str
    author: str
    head_ref: str
    head_sha: str
    base_ref: str
    base_sha: str
    fork: bool
    draft: bool
    open: bool
    merged: bool
    merge_sha: str  # empty until merged
    merged_at: float  # 0 until merged
    updated_at: float
    activity: str  # the last of opened, synchronize, reopened, ready_for_review for this head
    epoch: int  # grows with every new head, merge and reopening: the same upload then means a new rollout
    head_since: float  # when this head was first seen here
    position: int = 0  # of its merge among all merges into its base branch; 0 until merged
    pushes: tuple[float, ...] = ()  # when the latest heads were first seen, oldest first
    approved: tuple[Approval, ...] = ()  # for this head
    paused: str = ""  # by whom; empty while it goes on
    unconfirmed: Unconfirmed | None = None  # what is destroyed once that is confirmed


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit that is worked without a pull request: a merge queue's try of one, a release, or a run by the server."""

    lane: str
    repo_id: int
    sha: str
    ref: str  # what its runs are dispatched on: the queue's branch, the tag in full, or the branch that has it
    activities: tuple[str, ...]  # what happened to it, in the order in which it was told
    branch: str  # of a group: what it is to be merged into; else whose order it stands in, if any
    since: float
    pull: int = 0  # of a group: the pull request that is tried
    position: int = 0  # where it stands in the order of `branch`, but for a group
    fork: bool = False  # of a group: it holds what comes from another repository
    merged: bool = False  # of a group: it became the tip of its branch
    ended: str = ""  # why nothing more of it is done, one sentence without its full stop
    by: str = ""  # of a run by the server: who started it


@dataclass(frozen=True, slots=True)
class ServerRun:
    """What somebody wants run, without a pull request, as it was shown to them."""

    by: str
    at: float
    sha: str  # may be short
    activity: str
    instances: tuple[Instance, ...]
    destroys: bool
    shown: str  # a hash of what was remembered of these instances


@dataclass(frozen=True, slots=True)
class Dispatch:
    """One `workflow_dispatch` of one workflow file for one step, and the run that came of it."""

    id: str
    step: int
    workflow: str
    inputs: tuple[tuple[str, str], ...]
    status: Status  # DISPATCHING until its run is known; HELD when it is in doubt and a person must look
    created_at: float
    run_id: int = 0  # 0 until known
    run_url: str = ""
    attempt: int = 0
    conclusion: str = ""  # GitHub's own word
    run_updated_at: float = 0.0
    started_at: float = 0.0
    finished_at: float = 0.0
    reason: str = ""  # one sentence for people where the status alone does not tell
    cancel_wanted: bool = False
    cancel_by: str = ""  # who wanted that, where it was a person: then an apply is cancelled also once it has started
    result: str = ""  # what the CLI said of it (bot.domain.results); empty until it did
    result_at: float = 0.0
    result_attempt: int = 0
    waited: bool = False  # people were waited for in this attempt
    gate: Gate | None = None  # what it waits for while it is in approval
    hold: HoldKind | None = None  # why a person must let it go, where its sending was kept back
    warning: str = ""  # what is wrong with its running at all, one sentence for people
    failed_job: FailedJob | None = None  # of the attempt that it names, which may be an earlier one


@dataclass(frozen=True, slots=True)
class Step:
    """One instance in one rollout. `parents` and `children` are indexes into the rollout's steps."""

    index: int
    instance: Instance
    parents: tuple[int, ...]
    children: tuple[int, ...]
    calls: tuple[Call, ...]
    chain: int  # steps on the longest chain that starts here
    problem: str = ""  # why it can never be dispatched, one sentence
    manual: str = ""  # why it is left for people, one sentence
    dropped: str = ""  # why it will not be dispatched any more (superseded by what), one sentence
    notes: tuple[str, ...] = ()
    dispatches: tuple[Dispatch, ...] = ()  # the latest of each workflow file
    holds: tuple[Hold, ...] = ()  # it is not sent before each of them is released
    released: tuple[Release, ...] = ()
    heir: Heir | None = None  # what superseded it, in another rollout
    decided: Decided | None = None  # counts where no run of it is under way or has succeeded
    sent_before: int = 0  # how often: those dispatches were put behind it, and it is to be sent again
    outdated: bool = False  # what it depends on goes again: though it succeeded, its children wait for that
    destroys: bool = False  # it destroys its instance
    changed: bool = True  # it changed itself; else only something that it depends on did
    paired: bool = False  # its settings name a workflow for both a plan and the apply
    planned_at: float = 0.0  # of an apply: when the plan that was reviewed began


@dataclass(frozen=True, slots=True)
class Rollout:
    """One ordered walk over the instances of an upload, for one activity and one commit. Its steps live beside it."""

    id: int
    repo_id: int
    lane: str
    pull: int  # 0 without a pull request
    activity: str
    phase: Phase
    sha: str
    ref: str
    base_sha: str
    epoch: int
    content: str  # what the upload said, as a hash: the same content is not worked twice
    created_at: float
    size: int
    superseded_by: str = ""  # one sentence: by which push, merge or upload
    notes: tuple[str, ...] = ()
    checks_head: bool = False  # some workflow file takes no `sha`: the run's own commit must be compared with ours
    branch: str = ""  # of an apply: the base branch in whose order it stands; of a plan: the one that it is for
    position: int = 0  # of an apply: where its commit stands in that order; 0 where it has no place in it
    restored_at: float = 0.0  # the restoring of the database for which it was held
