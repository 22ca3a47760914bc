"""Which buttons a check run has, and that GitHub takes them."""

from __future__ import annotations

import pytest

from bot.domain.commands.buttons import buttons, pressed, rerun
from bot.domain.commands.words import Command
from bot.domain.model import Status
from bot.domain.states import State


@pytest.mark.parametrize(
    ("statuses", "labels"),
    [
        ([], []),
        ([Status.SUCCEEDED, Status.SKIPPED, Status.SUPERSEDED, Status.MANUAL], []),
        ([Status.FAILED, Status.BLOCKED], ["Retry"]),
        ([Status.TIMED_OUT], ["Retry"]),
        ([Status.CANCELLED], ["Retry"]),
        ([Status.HELD, Status.SUCCEEDED], ["Approve"]),
        ([Status.READY], ["Cancel"]),
        ([Status.APPROVAL], ["Cancel"]),
        ([Status.RUNNING, Status.HELD, Status.FAILED], ["Retry", "Approve", "Cancel"]),
    ],
)
def test_there_are_buttons_for_what_makes_sense_now(statuses: list[Status], labels: list[str]) -> None:
    assert [button.label for button in buttons(map(State, statuses))] == labels


def test_github_takes_them_and_each_is_a_command() -> None:
    every = buttons(map(State, Status))
    assert len(every) == 3
    for button in every:
        assert (len(button.command) <= 20, len(button.label) <= 20, len(button.does) <= 40) == (True, True, True)
        line = pressed(button.command)
        assert line is not None
        assert line.meant == Command(button.command)


def test_what_is_no_button_means_nothing_and_re_run_means_retry() -> None:
    assert pressed("destroy") is None
    assert rerun().meant == Command("retry")
