"""Which pull request an upload belongs to, and whether it may speak of its merge."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.domain.claims import Claims
from bot.domain.facts import PullFacts
from bot.domain.model import Pull
from bot.domain.texts import same_commit


@dataclass(frozen=True, slots=True)
class Candidate:
    """A pull request that has an upload's commit as its head or its merge commit."""

    pull: PullFacts
    planned: bool  # the plan of its head has begun
    applied: bool  # the apply of its merge has begun, or is never done on its base branch


def works_on_merge(claims: Claims | None) -> bool:
    """Tell whether a run was started for a pull request that was merged by then: only such a one is on its base."""
    return claims is not None and claims.event == "pull_request" and bool(claims.branch and claims.head_ref)


def may_report_merge(claims: Claims | None, base_ref: str) -> bool:
    """Tell whether an upload may be about a merge into a branch: with claims only that of a run on this branch.

    A run for `pull_request_target` is on the base or the default branch, and names the base apart.
    """
    if claims is None:
        return True
    return base_ref == (claims.base_ref if claims.event == "pull_request_target" else claims.branch)


def may_report_plan(claims: Claims | None, pull: Pull, default_branch: str) -> bool:
    """Tell whether an upload may be planned for a pull request's head: with claims only that of a run for it.

    That is a run of the pull request itself, or one on its branch, on its base or on the default branch: whoever
    pushes another branch must not replace the plan.
    """
    if claims is None:
        return True
    if claims.pull:
        return claims.pull == pull.number
    return claims.branch in {pull.head_ref, pull.base_ref, default_branch}


def merged_by(pulls: Iterable[PullFacts], claims: Claims, head_sha: str) -> int:
    """Number the pull request whose merge a run works on; 0 where it is none of these.

    The merge commit tells, unless it is that of another branch's merge, which may have come a moment later. Where
    GitHub names another one, the head, its branch and the base together do.
    """

    def rank(pull: PullFacts) -> tuple[bool, bool, int]:
        return pull.head_ref == claims.head_ref, same_commit(claims.sha, pull.merge_sha), pull.number

    found = [pull for pull in pulls if pull.merged and _is_merge_of(pull, claims, head_sha)]
    return max(found, key=rank).number if found else 0


def _is_merge_of(pull: PullFacts, claims: Claims, head_sha: str) -> bool:
    if pull.base_ref != claims.branch:
        return False
    of_head = same_commit(head_sha, pull.head_sha) and pull.head_ref == claims.head_ref and not pull.fork
    return of_head or same_commit(claims.sha, pull.merge_sha)


def choose(candidates: Sequence[Candidate], *, base_sha: str, received_at: float, claims: Claims | None = None) -> int:
    """Number the pull request that an upload belongs to; there must be a candidate.

    A fork's never counts beside one of the repository itself, nor one that the run cannot be about. Then one that
    waits for an upload goes first: a merge without its apply, or a head without its plan. Of several the one whose
    base the upload was compared with.
    """

    def rank(candidate: Candidate) -> tuple[bool, bool, bool, bool, bool, bool, int]:
        pull = candidate.pull
        fits = _fits(claims, pull)
        awaits_merge = pull.merged and fits and not candidate.applied and received_at >= pull.merged_at
        awaits_plan = pull.open and not candidate.planned
        return (
            not pull.fork,
            fits,
            awaits_merge or awaits_plan,
            same_commit(base_sha, pull.base_sha),
            awaits_merge,
            pull.open,
            pull.number,
        )

    return max(candidates, key=rank).pull.number


def _fits(claims: Claims | None, pull: PullFacts) -> bool:
    """Tell whether a run can be about a pull request as that is now."""
    if claims is not None and claims.base_ref:
        return (claims.base_ref, claims.head_ref) == (pull.base_ref, pull.head_ref)
    return pull.open or may_report_merge(claims, pull.base_ref)
