"""Which of several pull requests an upload belongs to."""

from __future__ import annotations

import pytest

from bot.domain.facts import PullFacts
from bot.domain.joins import Candidate, choose

HEAD, BASE, OTHER = "a" * 40, "b" * 40, "c" * 40


def candidate(
    number: int,
    *,
    merged_at: float = 0.0,
    fork: bool = False,
    base_sha: str = BASE,
    planned: bool = False,
    applied: bool = False,
) -> Candidate:
    pull = PullFacts(
        number=number,
        title="",
        author="dev",
        head_ref="feature",
        head_sha=HEAD,
        base_ref="main",
        base_sha=base_sha,
        fork=fork,
        draft=False,
        open=not merged_at,
        merged=bool(merged_at),
        merge_sha=OTHER if merged_at else "",
        merged_at=merged_at,
        updated_at=0.0,
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
