"""What the texts and pictures are made from: everything about one pull request, at one moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.domain.commands.words import Receipt
from bot.domain.keeping import Keeping
from bot.domain.model import Commit, Pull, Repo, Status
from bot.domain.rollout import Walk
from bot.domain.states import State, states


@dataclass(frozen=True, slots=True)
class Past:
    """An earlier rollout of the pull request, in one line."""

    activity: str
    sha: str
    created_at: float
    counts: Mapping[Status, int]  # how its steps ended
    ended_by: str  # as in "ended by a push of 8c0ffee"
    run_url: str = ""  # of the run that tells most
    rollout_id: int = 0
    called_off: int = 0  # of what was cancelled: by a person's word here
    withdrawn: int = 0  # of what was cancelled: because the rollout ended


@dataclass(frozen=True, slots=True)
class PullView:
    """One pull request as its comment shows it."""

    repo: Repo
    pull: Pull
    current: tuple[Walk, ...]  # newest first: the rollouts that count now (the apply before the plan it came from)
    past: tuple[Past, ...]  # newest first: the latest of them
    waiting: str  # what is awaited before there is a rollout, one sentence; empty when nothing is
    notes: tuple[str, ...]  # what else a person should know, a sentence each
    as_of: float
    server_url: str  # https://github.com, without a slash at the end
    kept: Mapping[int, Keeping] = field(default_factory=dict)  # by rollout: what keeps steps that could go
    stale: Mapping[int, Mapping[int, str]] = field(default_factory=dict)  # by rollout: steps, and who was applied since
    unreviewed: Mapping[int, Sequence[int]] = field(default_factory=dict)  # by rollout: what the merge would hold
    frozen: str = ""  # why nothing is applied now
    mode: str = "apply"
    receipts: tuple[Receipt, ...] = ()  # the last commands, newest first
    groups: tuple[CommitView, ...] = ()  # what the merge queue tries of it, or tried last
    page_url: str = ""  # the page that shows all of it; empty where people cannot reach us
    docs_url: str = ""  # where people read the docs; empty where nobody said
    lasting: Mapping[int, Mapping[int, float]] = field(default_factory=dict)  # by rollout: how long steps take, in s
    slots: int = 1  # how many runs may go at once
    applies: bool = False  # the merge would apply it
    stuck: str = ""  # why there is nothing to show though something should be, in a few words
    earlier: int = 0  # how many earlier rollouts there are in all
    found: Mapping[int, list[State]] = field(default_factory=dict)  # by rollout: the states, where they are known

    def states(self, walk: Walk) -> list[State]:
        """Tell the states of a rollout's steps; they are worked out only where they are not known."""
        return self.found.get(walk.rollout.id) or states(walk)


@dataclass(frozen=True, slots=True)
class CommitView:
    """One commit without a pull request as its check run shows it."""

    repo: Repo
    commit: Commit
    current: tuple[Walk, ...]  # newest first
    conclusion: str  # GitHub's word for how it ended; empty while it is under way
    as_of: float
    server_url: str
    problem: str = ""  # why an upload could not be used
    waiting: str = ""  # why nothing came, a sentence or two
    page_url: str = ""  # the page of the pull request that it belongs to; empty without one
    kept: Mapping[int, Keeping] = field(default_factory=dict)
    stale: Mapping[int, Mapping[int, str]] = field(default_factory=dict)
    unreviewed: Mapping[int, Sequence[int]] = field(default_factory=dict)
    frozen: str = ""
    mode: str = "apply"
    receipts: tuple[Receipt, ...] = ()  # as above: what was said by the check run's buttons
    docs_url: str = ""  # as above
    found: Mapping[int, list[State]] = field(default_factory=dict)  # as above
    pull: None = None

    def states(self, walk: Walk) -> list[State]:
        """Tell the states of a rollout's steps, as above."""
        return self.found.get(walk.rollout.id) or states(walk)


@dataclass(frozen=True, slots=True)
class PullCheckView:
    """A pull request's head, or its merge, as the check run on that commit shows it."""

    whole: PullView  # of its rollouts only those at this commit
    sha: str
    conclusion: str  # as above
    ended: str = ""  # why nothing more is done for this commit, one sentence without its full stop
    comment_url: str = ""  # empty where there is none (yet)
    comment_problem: str = ""  # why it cannot be written, a sentence
