"""Which pull request an upload belongs to, where several have its commit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.facts import PullFacts
from bot.domain.texts import same_commit


@dataclass(frozen=True, slots=True)
class Candidate:
    """A pull request that has an upload's commit as its head or its merge commit."""

    pull: PullFacts
    planned: bool  # the plan of its head has begun
    applied: bool  # the apply of its merge has begun, or is never done on its base branch


def choose(candidates: Sequence[Candidate], *, base_sha: str, received_at: float) -> int:
    """Number the pull request that an upload belongs to; there must be a candidate.

    A fork's never counts beside one of the repository itself. Then one that waits for an upload goes first: a merge
    without its apply, or a head without its plan. Of several the one whose base the upload was compared with.
    """

    def rank(candidate: Candidate) -> tuple[bool, bool, bool, bool, bool, int]:
        pull = candidate.pull
        awaits_merge = pull.merged and not candidate.applied and received_at >= pull.merged_at
        awaits_plan = pull.open and not candidate.planned
        return (
            not pull.fork,
            awaits_merge or awaits_plan,
            same_commit(base_sha, pull.base_sha),
            awaits_merge,
            pull.open,
            pull.number,
        )

    return max(candidates, key=rank).pull.number
