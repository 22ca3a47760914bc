"""What a check run concludes: always something, once nothing moves by itself."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.awaiting import PATIENCE
from bot.domain.concluding import awaits, conclude
from bot.domain.events import Rules
from bot.domain.facts import RunFacts
from bot.domain.graph import Instance
from bot.domain.model import Commit, Dispatch, Hold, HoldKind, Rollout, Status, Step
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
    assert conclude(GROUP, [made], rules, awaited=False, unusable=False) == word


def test_what_fails_fast_does_not_wait_for_what_is_not_sent_any_more() -> None:
    both = walk(BROKEN, READY)
    both.steps.append(replace(both.steps[0], index=2, instance=Instance("dev", "x"), children=(), dispatches=()))
    assert conclude(GROUP, [both], Rules(), awaited=False, unusable=False) == ""
    assert conclude(GROUP, [both], FAST, awaited=False, unusable=False) == "failure"


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
    assert conclude(GROUP, walks, Rules(), awaited=False, unusable=False) == word


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
    assert conclude(commit, walks, Rules(), awaited=True, unusable=False) == word


def test_without_a_rollout_it_waits_fails_or_is_neutral() -> None:
    assert conclude(GROUP, [], Rules(), awaited=True, unusable=False) == ""
    assert conclude(GROUP, [], Rules(), awaited=False, unusable=False) == "neutral"
    assert conclude(GROUP, [], Rules(), awaited=True, unusable=True) == "failure"


def run(status: str) -> RunFacts:
    return RunFacts(1, "affected.yaml", "merge_group", status, "", 1, "c", "q", "", "", 0.0, 0.0, 0.0)


def test_an_upload_is_awaited_for_ten_minutes_and_while_its_run_goes_on() -> None:
    assert awaits([], since=100.0, now=100.0 + PATIENCE - 1, pending=False)
    assert not awaits([], since=100.0, now=100.0 + PATIENCE, pending=False)
    assert awaits([], since=100.0, now=1e6, pending=True)
    assert awaits([run("completed"), run("in_progress")], since=100.0, now=1e6, pending=False)
    assert not awaits([run("completed")], since=100.0, now=101.0, pending=False)
    assert awaits([run("completed")], since=100.0, now=101.0, pending=True)
