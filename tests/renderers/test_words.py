"""The words: one voice everywhere."""

from __future__ import annotations

from collections import Counter

import pytest

from bot.domain.model import Status
from renderers.words import (
    BY_WORTH,
    MARKS,
    SIGNS,
    clock,
    commit,
    duration,
    listed,
    ordinal,
    outcome,
    plural,
    signed,
    told,
)
from tests.renderers.world import NOON


def test_every_status_has_a_sign_and_a_mark_of_its_own() -> None:
    assert set(SIGNS) == set(MARKS) == set(BY_WORTH) == set(Status)
    assert len(set(SIGNS.values())) == len(set(MARKS.values())) == len(Status)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 s"),
        (59.6, "1 min"),
        (125, "2 min 5 s"),
        (3_600, "1 h"),
        (3_790, "1 h 3 min"),
        (190_000, "2 d 4 h"),
        (-3, "0 s"),
    ],
)
def test_durations(seconds: float, said: str) -> None:
    assert duration(seconds).replace("\u00a0", " ") == said


def test_times_name_the_day_unless_it_is_that_of_a_time_that_is_known() -> None:
    assert clock(NOON).replace("\u00a0", " ") == "21 Nov, 12:00 UTC"
    assert clock(NOON, NOON + 60).replace("\u00a0", " ") == "12:00 UTC"
    assert clock(NOON - 86_400, NOON).replace("\u00a0", " ") == "20 Nov, 12:00 UTC"


def test_counts_and_lists() -> None:
    counts = Counter({Status.SUCCEEDED: 1_200, Status.FAILED: 1, Status.QUEUED: 1, Status.RUNNING: 2})
    assert told(counts) == "1,200 of 1,204 succeeded, 1 failed, 3 under way"
    assert (plural(1, "instance"), plural(2_422, "instance")) == ("1 instance", "2,422 instances")
    assert [listed(["a", "b", "c"][:n]) for n in range(4)] == ["", "a", "a and b", "a, b and c"]
    assert listed(["a", "b", "c", "d", "e"]) == "a, b, c and 2 more"


def test_a_list_of_which_one_is_enough() -> None:
    assert [listed(["a", "b", "c", "d"][:n], last="or") for n in (1, 3, 4)] == ["a", "a, b or c", "a, b, c or 1 more"]


def test_what_became_of_something() -> None:
    assert outcome(None) == "is waiting"
    assert {status: outcome(status) for status in (Status.CANCELLED, Status.APPROVAL, Status.RUNNING)} == {
        Status.CANCELLED: "was cancelled",
        Status.APPROVAL: "waits for approval",
        Status.RUNNING: "is running",
    }


def test_small_words() -> None:
    assert signed(Status.TIMED_OUT) == "⏰\u00a0timed\u00a0out"
    assert commit("8c0ffee1d5a3b7e9") == "8c0ffee"


def test_which_of_several() -> None:
    assert [ordinal(number) for number in (2, 3, 4, 11, 12, 21, 111, 1_002)] == (
        ["2nd", "3rd", "4th", "11th", "12th", "21st", "111th", "1,002nd"]
    )
