"""Which of several pull requests an upload belongs to."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.domain.claims import Claims
from bot.domain.facts import PullFacts
from bot.domain.joins import Candidate, choose, may_report_merge, merged_by, works_on_merge
from tests.domain.world import claims_of, pull_facts

HEAD, BASE, OTHER = "a" * 40, "b" * 40, "c" * 40


def candidate(
    number: int,
    *,
    merged_at: float = 0.0,
    fork: bool = False,
    base_ref: str = "main",
    base_sha: str = BASE,
    planned: bool = False,
    applied: bool = False,
) -> Candidate:
    pull = pull_facts(
        number=number,
        head_ref="feature",
        head_sha=HEAD,
        base_ref=base_ref,
        base_sha=base_sha,
        fork=fork,
        open=not merged_at,
        merged=bool(merged_at),
        merge_sha=OTHER if merged_at else "",
        merged_at=merged_at,
    )
    return Candidate(pull, planned, applied)


@pytest.mark.parametrize(
    ("candidates", "chosen"),
    [
        ([candidate(1)], 1),
        ([candidate(1), candidate(2)], 2),
        ([candidate(1), candidate(2, fork=True)], 1),
        ([candidate(1, planned=True), candidate(2, fork=True)], 1),
        ([candidate(1), candidate(2, planned=True)], 1),
        ([candidate(1, base_sha=BASE), candidate(2, base_sha=OTHER)], 1),
        ([candidate(1, merged_at=50.0, planned=True), candidate(2, planned=True)], 1),
        ([candidate(1, merged_at=50.0, applied=True), candidate(2)], 2),
        ([candidate(1, merged_at=150.0), candidate(2)], 2),
        ([candidate(1, merged_at=50.0), candidate(2)], 1),
        ([candidate(1, merged_at=50.0, base_sha=OTHER), candidate(2)], 2),
    ],
    ids=[
        "alone",
        "the latest",
        "a fork beside ours",
        "a fork beside ours that waits for nothing",
        "the one without its plan",
        "the one with the upload's base",
        "the merge without its apply",
        "the merge with its apply",
        "merged after the upload came",
        "both wait on the same base: the merge",
        "both wait on two bases: the upload's",
    ],
)
def test_choice(candidates: list[Candidate], chosen: int) -> None:
    assert choose(candidates, base_sha=BASE, received_at=100.0) == chosen
    assert choose(candidates[::-1], base_sha=BASE, received_at=100.0) == chosen


MAIN, FEATURE = "refs/heads/main", "refs/heads/feature"
#: Started for pull_request_target, on the default branch whatever the base is.
TARGET = claims_of(MAIN, "pull_request_target", head_ref="feature")


@pytest.mark.parametrize(
    ("claims", "candidates", "chosen"),
    [
        (claims_of(MAIN, "push"), [candidate(1, merged_at=50.0), candidate(2)], 1),
        (claims_of(FEATURE, "push"), [candidate(1, merged_at=50.0), candidate(2)], 2),
        (claims_of(FEATURE, "push"), [candidate(1, merged_at=50.0), candidate(2, base_sha=OTHER, planned=True)], 2),
        (claims_of(MAIN, "push"), [candidate(1, merged_at=50.0, base_ref="dev"), candidate(2, planned=True)], 2),
        (claims_of(MAIN, "push"), [candidate(1, fork=True), candidate(2, merged_at=50.0, base_ref="dev")], 2),
        (TARGET, [candidate(1), candidate(2, base_ref="dev")], 1),
        (TARGET, [candidate(1, planned=True), candidate(2, base_ref="dev")], 1),
        (TARGET, [candidate(1, merged_at=50.0), candidate(2, base_ref="dev")], 1),
        (replace(TARGET, base_ref="dev"), [candidate(1, merged_at=50.0), candidate(2, base_ref="dev")], 2),
        (replace(TARGET, base_ref="dev"), [candidate(1), candidate(2, base_ref="dev", merged_at=50.0)], 2),
        (replace(TARGET, head_ref="other"), [candidate(1), candidate(2)], 2),
    ],
    ids=[
        "on the base branch: the merge",
        "on the head branch: never the merge",
        "on the head branch: not even to say it again",
        "on another branch than was merged into",
        "a fork beside ours that the run cannot be about",
        "pull_request_target names the base",
        "pull_request_target names the base of what is planned",
        "pull_request_target of a merge",
        "pull_request_target of the other base",
        "pull_request_target of a merge into the other base",
        "pull_request_target of a branch that nobody has any more",
    ],
)
def test_choice_by_claims(claims: Claims, candidates: list[Candidate], chosen: int) -> None:
    assert choose(candidates, base_sha=BASE, received_at=100.0, claims=claims) == chosen
    assert choose(candidates[::-1], base_sha=BASE, received_at=100.0, claims=claims) == chosen


@pytest.mark.parametrize(
    ("claims", "on_merge", "reports"),
    [
        (None, False, True),
        (claims_of("refs/pull/1/merge"), False, False),
        (claims_of("refs/pull/1/head", "pull_request_review"), False, False),
        (claims_of(MAIN), True, True),
        (claims_of("refs/heads/dev"), True, False),
        (claims_of(MAIN, head_ref=""), False, True),
        (TARGET, False, True),
        (replace(TARGET, base_ref="dev"), False, False),
        (claims_of(MAIN, "push"), False, True),
        (claims_of(MAIN, "workflow_dispatch"), False, True),
        (claims_of(FEATURE, "workflow_dispatch"), False, False),
        (claims_of("refs/tags/main", "release"), False, False),
        (claims_of("", "push"), False, False),
    ],
)
def test_who_may_report_a_merge_into_main(claims: Claims | None, on_merge: bool, reports: bool) -> None:
    assert works_on_merge(claims) is on_merge
    assert may_report_merge(claims, "main") is reports


def merged(number: int, **changes: Any) -> PullFacts:
    usual = {"head_ref": "feature", "head_sha": HEAD, "open": False, "merged": True, "merge_sha": f"{number:040x}"}
    return pull_facts(number=number, **usual | changes)


@pytest.mark.parametrize(
    ("pulls", "number"),
    [
        ([], 0),
        ([merged(1, head_sha=BASE)], 1),
        ([merged(1, head_sha=BASE), merged(2)], 1),
        ([merged(2), merged(3)], 3),
        ([merged(1, head_ref="other", head_sha=BASE), merged(2)], 2),
        ([merged(1, head_ref="renamed")], 1),
        ([merged(2, merged=False, open=True, merge_sha="")], 0),
        ([merged(2, base_ref="dev")], 0),
        ([merged(1, base_ref="dev"), merged(2)], 2),
        ([merged(2, head_ref="other")], 0),
        ([merged(2, head_sha=BASE)], 0),
        ([merged(2, fork=True)], 0),
        ([merged(1, fork=True)], 1),
    ],
    ids=[
        "none",
        "the merge commit",
        "the merge commit before the head",
        "the head where no merge commit is that one: the latest",
        "the head before the merge commit of another branch",
        "the merge commit of a branch that was renamed",
        "not merged",
        "merged elsewhere",
        "of two bases the run's",
        "another branch",
        "another head",
        "a fork's branch of the same name",
        "a fork that was merged as this commit",
    ],
)
def test_whose_merge_a_run_works_on(pulls: list[PullFacts], number: int) -> None:
    claims = claims_of(MAIN, head_ref="feature", sha=f"{1:040x}")
    assert merged_by(pulls, claims, HEAD) == number
    assert merged_by(pulls[::-1], claims, HEAD[:9]) == number
