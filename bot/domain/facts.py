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
