"""Which buttons a check run has, that GitHub takes them, and what it tells when one is pressed."""

from __future__ import annotations

from typing import Any

import pytest

from bot.domain.commands.buttons import APPROVE, CANCEL, RETRY, buttons, held_since, pressed, rerun
from bot.domain.commands.words import Command
from bot.domain.model import Decided, Hold, HoldKind, Status
from bot.domain.pro import DELETED
from tests.renderers.world import walk

PLAN, APPLY = "merge_group.checks_requested", "pull_request.merged"
OFF = {"decided": Decided(Status.CANCELLED, "boss", 1.0)}
HELD = {"holds": (Hold(HoldKind.STACK, "somebody must approve it", since=100.7),)}
GONE = {"destroys": True}


def labels(activity: str, **facts: dict[str, Any]) -> list[str]:
    """Name the buttons of a chain: b depends on a, and c on b."""
    chain = {("dev", "a"): (), ("dev", "b"): (("dev", "a"),), ("dev", "c"): (("dev", "b"),)}
    told = {("dev", component): facts.get(component, {}) for component in "abc"}
    return [button.label for button in buttons([walk(chain, activity=activity, facts=told, pull=0)])]


def is_(status: Status) -> dict[str, Any]:
    return {"status": status}


DONE = is_(Status.SUCCEEDED)


@pytest.mark.parametrize(
    ("activity", "facts", "wanted"),
    [
        (PLAN, {"a": DONE, "b": DONE, "c": DONE}, []),
        (PLAN, {"a": is_(Status.FAILED)}, ["Retry"]),
        (PLAN, {"a": is_(Status.TIMED_OUT)}, ["Retry"]),
        (PLAN, {"a": DONE, "b": OFF, "c": OFF}, ["Retry"]),
        (PLAN, {"a": {"problem": "Its workflow file is missing."}}, []),
        (PLAN, {}, ["Cancel"]),
        (PLAN, {"a": DONE, "b": DONE, "c": is_(Status.RUNNING)}, ["Cancel"]),
        (APPLY, {"a": is_(Status.RUNNING)}, ["Cancel"]),
        (APPLY, {"a": DONE, "b": DONE, "c": is_(Status.RUNNING)}, []),
        (APPLY, {"a": DONE, "b": DONE, "c": is_(Status.APPROVAL)}, []),
        (APPLY, {"a": HELD}, ["Approve", "Cancel"]),
        (APPLY, {"a": DONE, "b": DONE, "c": HELD}, ["Approve"]),
        (APPLY, {"a": DONE, "b": DONE, "c": is_(Status.HELD)}, []),
        (DELETED, {"a": GONE | is_(Status.FAILED), "b": GONE, "c": GONE}, []),
        (DELETED, {"a": GONE | DONE, "b": GONE | OFF, "c": GONE | OFF}, []),
        (DELETED, {"a": GONE | DONE, "b": GONE | DONE, "c": GONE | HELD}, []),
        (DELETED, {"a": GONE | is_(Status.RUNNING), "b": GONE, "c": GONE}, ["Cancel"]),
    ],
)
def test_there_are_buttons_for_what_would_not_only_be_refused(
    activity: str, facts: dict[str, dict[str, Any]], wanted: list[str]
) -> None:
    assert labels(activity, **facts) == wanted


def test_what_was_superseded_has_none() -> None:
    assert buttons([walk({("dev", "a"): ()}, activity=APPLY, superseded_by="a newer one", pull=0)]) == ()


@pytest.mark.parametrize("button", [RETRY, APPROVE, CANCEL], ids=lambda button: button.label)
def test_github_takes_them_and_each_is_a_command(button: Any) -> None:
    identifier = button.identifier(1_777_888_800.9)
    assert (len(identifier) <= 20, len(button.label) <= 20, len(button.does) <= 40) == (True, True, True)
    found = pressed(identifier)
    assert found is not None
    assert (found[0].meant, found[1]) == (Command(button.command), 1_777_888_800.0)


@pytest.mark.parametrize("identifier", ["", "approve", "destroy 1777888800", "approve now", "approve -1", "approve ٣"])
def test_what_is_no_button_means_nothing(identifier: str) -> None:
    assert pressed(identifier) is None


def test_re_run_means_retry() -> None:
    assert rerun().meant == Command("retry")


@pytest.mark.parametrize(("at", "new"), [(99.0, ["dev/a"]), (100.0, ["dev/a"]), (101.0, []), (200.0, [])])
def test_what_is_held_since_the_button_was_shown_is_told_by_whole_seconds(at: float, new: list[str]) -> None:
    assert held_since([walk({("dev", "a"): ()}, activity=APPLY, facts={("dev", "a"): HELD}, pull=0)], at) == new
