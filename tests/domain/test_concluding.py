"""What a check run concludes: always something, once nothing moves by itself."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.awaiting import PATIENCE
from bot.domain.concluding import awaits, conclude, conclude_pull, works_at
from bot.domain.events import Rules
from bot.domain.facts import RunFacts
from bot.domain.graph import Instance
from bot.domain.keeping import Keeper, Keeping
from bot.domain.locks import Lock
from bot.domain.model import Commit, Dispatch, Hold, HoldKind, Pull, Rollout, Status, Step
from bot.domain.pro import Call, Phase
from bot.domain.rollout import Walk

GROUP = Commit("1@c", 1, "c", "gh-readonly-queue/main/pr-2-b", ("merge_group.checks_requested",), "main", 100.0, pull=2)
HELD = (Hold(HoldKind.BREAKER, "too many"),)
READY = None
FAST = Rules(fail_fast=True)


def walk(*statuses: Status | None, phase: Phase = Phase.PLAN, held: bool = False) -> Walk:
    """Make a chain of steps of which each has one dispatch with its status, or none."""
    last = len(statuses) - 1
    steps = [
        Step(
            index=at,
            instance=Instance("dev", f"c{at}"),
            parents=(at - 1,) if at else (),
            children=(at + 1,) if at < last else (),
            calls=(Call("plan.yaml", ()),),
            chain=1,
            dispatches=(Dispatch(f"d{at}", at, "plan.yaml", (), status, 0.0),) if status else (),
            holds=HELD if held and not status else (),
        )
        for at, status in enumerate(statuses)
    ]
    return Walk.of(Rollout(1, 1, "1@c", 0, "merge_group.checks_requested", phase, "c", "q", "b", 0, "", 0.0, 1), steps)


DONE, BROKEN = Status.SUCCEEDED, Status.FAILED
OBSERVE = Rules(mode="observe")


@pytest.mark.parametrize(
    ("made", "rules", "word"),
    [
        (walk(DONE, DONE), Rules(), "success"),
        (walk(DONE, Status.RUNNING), Rules(), ""),
        (walk(DONE, Status.APPROVAL), Rules(), ""),
        (walk(DONE, READY), Rules(), ""),
        (walk(READY, READY), Rules(), ""),
        (walk(BROKEN, READY), Rules(), "failure"),
        (walk(Status.TIMED_OUT), Rules(), "failure"),
        (walk(Status.CANCELLED, READY), Rules(), "cancelled"),
        (walk(READY, held=True), Rules(), "action_required"),
        (walk(DONE, READY, READY, held=True), Rules(), "action_required"),
        (walk(Status.HELD), Rules(), "action_required"),
        (walk(), Rules(), "neutral"),
        (walk(READY), OBSERVE, "neutral"),
        (walk(BROKEN, READY), OBSERVE, "failure"),
        (walk(Status.RUNNING), OBSERVE, ""),
        (walk(READY, phase=Phase.APPLY), Rules(mode="plan"), "neutral"),
        (walk(READY), Rules(mode="plan"), ""),
    ],
)
def test_a_rollout_concludes_as_it_stands(made: Walk, rules: Rules, word: str) -> None:
    assert conclude(GROUP, [made], rules, {}, awaited=False, unusable=False) == word


def test_what_fails_fast_does_not_wait_for_what_is_not_sent_any_more() -> None:
    both = walk(BROKEN, READY)
    both.steps.append(replace(both.steps[0], index=2, instance=Instance("dev", "x"), children=(), dispatches=()))
    assert conclude(GROUP, [both], Rules(), {}, awaited=False, unusable=False) == ""
    assert conclude(GROUP, [both], FAST, {}, awaited=False, unusable=False) == "failure"


@pytest.mark.parametrize(
    ("walks", "word"),
    [
        ([walk(DONE), walk(BROKEN)], "failure"),
        ([walk(BROKEN), walk(Status.RUNNING)], ""),
        ([walk(DONE), walk()], "success"),
        ([walk(READY, held=True), walk(DONE)], "action_required"),
    ],
)
def test_of_several_rollouts_the_worst_counts(walks: list[Walk], word: str) -> None:
    assert conclude(GROUP, walks, Rules(), {}, awaited=False, unusable=False) == word


@pytest.mark.parametrize(
    ("commit", "walks", "word"),
    [
        (replace(GROUP, ended="the pull request left the queue"), [], "cancelled"),
        (replace(GROUP, ended="the pull request left the queue"), [walk(DONE)], "cancelled"),
        (replace(GROUP, ended="the pull request was merged", merged=True), [], "neutral"),
        (replace(GROUP, ended="the pull request was merged", merged=True), [walk(DONE)], "success"),
        (replace(GROUP, ended="forks are never dispatched", fork=True), [], "neutral"),
    ],
)
def test_what_has_ended_is_concluded(commit: Commit, walks: list[Walk], word: str) -> None:
    assert conclude(commit, walks, Rules(), {}, awaited=True, unusable=False) == word


def test_without_a_rollout_it_waits_fails_or_is_neutral() -> None:
    assert conclude(GROUP, [], Rules(), {}, awaited=True, unusable=False) == ""
    assert conclude(GROUP, [], Rules(), {}, awaited=False, unusable=False) == "neutral"
    assert conclude(GROUP, [], Rules(), {}, awaited=True, unusable=True) == "failure"


def run(status: str) -> RunFacts:
    return RunFacts(1, "affected.yaml", "merge_group", status, "", 1, "c", "q", "", "", 0.0, 0.0, 0.0)


def test_an_upload_is_awaited_for_ten_minutes_and_while_its_run_is_believed_to_go_on() -> None:
    assert awaits([], since=100.0, now=100.0 + PATIENCE - 1, pending=False)
    assert not awaits([], since=100.0, now=100.0 + PATIENCE, pending=False)
    assert awaits([], since=100.0, now=1e6, pending=True)
    assert awaits([run("completed"), run("in_progress")], since=100.0, now=1e6, pending=False)
    assert not awaits([run("completed")], since=100.0, now=101.0, pending=False)
    assert awaits([run("completed")], since=100.0, now=101.0, pending=True)


OPENED = Pull(
    repo_id=1,
    number=2,
    title="Widen",
    author="dora",
    head_ref="wider",
    head_sha="h",
    base_ref="main",
    base_sha="b",
    fork=False,
    draft=False,
    open=True,
    merged=False,
    merge_sha="",
    merged_at=0.0,
    updated_at=0.0,
    activity="pull_request.opened",
    epoch=1,
    head_since=0.0,
)
MERGED = replace(OPENED, open=False, merged=True, merge_sha="m", merged_at=9.0)
CLOSED = replace(OPENED, open=False)
OVERTAKEN = "a push"


def at(*statuses: Status | None, ended: str = "", held: bool = False) -> Walk:
    """Make a rollout of a pull request, one that was superseded where that is told."""
    found = walk(*statuses, held=held)
    return replace(found, rollout=replace(found.rollout, superseded_by=ended))


@pytest.mark.parametrize(
    ("pull", "sha", "made", "word"),
    [
        (OPENED, "h", at(DONE, DONE), "success"),
        (OPENED, "h", at(DONE, Status.RUNNING), ""),
        (OPENED, "h", at(BROKEN, READY), "failure"),
        (OPENED, "h", at(READY, held=True), "action_required"),
        (OPENED, "h", at(DONE, Status.APPROVAL), "action_required"),
        (OPENED, "h", at(Status.RUNNING, Status.APPROVAL), ""),
        (OPENED, "h", at(Status.APPROVAL, BROKEN), "failure"),
        (OPENED, "h", at(), "neutral"),
        (MERGED, "m", at(DONE, DONE), "success"),
        (MERGED, "m", at(Status.APPROVAL, READY), "action_required"),
        # What the merge leaves of the head.
        (MERGED, "h", at(DONE, DONE), "success"),
        (MERGED, "h", at(BROKEN, READY), "failure"),
        (MERGED, "h", at(DONE, Status.RUNNING, ended="the merge"), "neutral"),
        (MERGED, "h", at(BROKEN, Status.RUNNING, ended="the merge"), "failure"),
        (MERGED, "h", at(DONE, Status.RUNNING), "neutral"),
        # What is worked no more.
        (OPENED, "older", at(DONE, Status.RUNNING, ended=OVERTAKEN), "cancelled"),
        (CLOSED, "h", at(DONE, Status.RUNNING, ended=OVERTAKEN), "cancelled"),
        (replace(OPENED, fork=True), "h", at(READY), "neutral"),
    ],
)
def test_a_pull_request_concludes_as_it_stands(pull: Pull, sha: str, made: Walk, word: str) -> None:
    assert conclude_pull(pull, [made], Rules(), {}, sha=sha, awaited=True, unusable=False) == word


LOCK = Lock("dev/c1", "1", "lead", "at work", 9e9)
PAUSED, AFTER = Keeper("paused by lead"), Keeper("after #41", lane="1#41")


@pytest.mark.parametrize(
    ("keeper", "word"),
    [
        (PAUSED, "action_required"),
        (Keeper("frozen by dora"), "action_required"),
        (Keeper("", until=9e9, lock=LOCK), "action_required"),
        (Keeper("dev/eks depends on it", lane="1#41", stands=Instance("dev", "eks")), "action_required"),
        (AFTER, ""),
        (Keeper("waits for a quiet minute", until=60.0), ""),
    ],
)
def test_what_people_keep_does_not_leave_a_check_run_hanging(keeper: Keeper, word: str) -> None:
    made = at(DONE, READY)
    kept = {made.rollout.id: Keeping(keeper)}
    told = {"sha": "h", "awaited": False, "unusable": False}
    assert conclude_pull(OPENED, [made], Rules(), kept, **told) == word
    assert conclude_pull(OPENED, [at(BROKEN, READY)], Rules(), kept, **told) == "failure"
    # A merge queue would take that for failed, and has a limit of its own.
    assert conclude(GROUP, [made], Rules(), kept, awaited=False, unusable=False) == ""


def test_what_goes_beside_what_people_keep_leaves_it_open() -> None:
    two = Walk.of(at(READY).rollout, [*at(READY).steps, replace(at(READY).steps[0], index=1)])
    kept = {two.rollout.id: Keeping(None, {0: PAUSED, 1: AFTER})}
    assert conclude_pull(OPENED, [two], Rules(), kept, sha="h", awaited=False, unusable=False) == ""


@pytest.mark.parametrize(
    ("awaited", "unusable", "word"),
    [(True, False, ""), (True, True, "failure"), (False, True, "failure"), (False, False, "neutral")],
)
def test_without_a_rollout_it_waits_for_what_may_come(awaited: bool, unusable: bool, word: str) -> None:
    for pull, sha in ((OPENED, "h"), (MERGED, "m")):
        assert conclude_pull(pull, [], Rules(), {}, sha=sha, awaited=awaited, unusable=unusable) == word


@pytest.mark.parametrize(
    ("pull", "sha", "so"),
    [(OPENED, "h", True), (OPENED, "o", False), (CLOSED, "h", False), (MERGED, "h", False), (MERGED, "m", True)],
)
def test_one_commit_is_worked_at_a_time(pull: Pull, sha: str, so: bool) -> None:
    assert works_at(pull, sha) is so
