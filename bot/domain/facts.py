"""What GitHub answers when it is asked: pull requests and runs as they stand at one moment.

Times are seconds since the epoch, 0 where GitHub gave none; texts are empty where GitHub gave none.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PullFacts:
    """A pull request as GitHub tells it."""

    number: int
    title: str
    author: str
    head_ref: str
    head_sha: str
    base_ref: str
    base_sha: str
    fork: bool  # its head is in another repository, or in one that is gone
    draft: bool
    open: bool
    merged: bool
    merge_sha: str  # empty until merged: before that GitHub names a mere test commit
    merged_at: float
    updated_at: float


@dataclass(frozen=True, slots=True)
class Gate:
    """What a run waits for: people must allow it to use these environments."""

    environments: tuple[str, ...]
    reviewers: tuple[str, ...] = ()  # as people read them: "alice", "team ops"; one of them is enough
    since: float = 0.0


@dataclass(frozen=True, slots=True)
class Rejection:
    """Who refused a run its environment, and what they said."""

    by: str
    comment: str
    environments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FailedJob:
    """The job that failed first in an attempt of a run."""

    name: str  # as the workflow file writes it
    url: str
    attempt: int
    step: str = ""  # the first of its steps that failed, where GitHub told it


@dataclass(frozen=True, slots=True)
class RunFacts:
    """A workflow run as GitHub tells it; `attempt` counts from 1."""

    run_id: int
    workflow: str  # the file's name in .github/workflows
    event: str
    status: str
    conclusion: str  # empty until the run is completed
    attempt: int
    head_sha: str
    head_branch: str
    title: str
    url: str
    updated_at: float
    started_at: float  # of this attempt
    created_at: float  # of the run
    actor: str = ""  # the login of who started this attempt
    groups: tuple[str, ...] = ()  # of its file's `concurrency`, where it was cancelled before a job of it started


@dataclass(frozen=True, slots=True)
class Compared:
    """How a commit stands to another: it is `ahead` where it has the other behind it."""

    status: str  # ahead, behind, identical or diverged
    ahead_by: int
    behind_by: int
    merge_base: str


@dataclass(frozen=True, slots=True)
class MergeGroupFacts:
    """A merge queue's try of a pull request; the refs are names of branches, without `refs/heads/`."""

    number: int  # of the pull request, 0 where the branch does not tell it
    head_sha: str
    head_ref: str
    base_sha: str
    base_ref: str
    action: str
    reason: str  # why it was destroyed: merged, invalidated or dequeued


@dataclass(frozen=True, slots=True)
class ReleaseFacts:
    """A release; `target` is the branch or commit that a missing tag would be made at."""

    action: str
    tag: str
    target: str
    draft: bool
    prerelease: bool
