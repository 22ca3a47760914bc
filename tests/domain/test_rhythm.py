"""How often something is written: never too soon, never too often, and at once where people should know."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.model import Status
from bot.domain.rhythm import News, Stage, Written, begun, due, gist, news_of, soonest, written
from bot.domain.states import states
from tests.domain.test_concluding import walk

SETTLE = 2.0
DAY = 86_400.0


def tell(last: Written, news: News, now: float) -> tuple[Written, float]:
    """Write news as soon as it may be; returns that and when it was."""
    at = max(now, due(last, news, SETTLE, now))
    return written(begun(last, at), news), at


def writings(size: int, seconds: float, *, gists: int = 1, stage: Stage = Stage.MOVES) -> int:
    """Count how often a rollout is written that has news all the time, and ends after so many seconds: that, too."""
    last, now, times = Written(), 0.0, 0
    while now < seconds:
        last = written(begun(last, now), News(7, size, str(times % gists), stage))
        times += 1
        now = max(now + 0.1, due(last, News(7, size, str(times % gists), stage), SETTLE, now))
    return times + 1


@pytest.mark.parametrize("hours", [0.5, 1, 2, 4, 8, 16, 24, 72])
def test_a_rollout_of_2422_steps_is_written_sixty_times_at_most(hours: float) -> None:
    assert writings(2_422, hours * 3600) <= 60


@pytest.mark.parametrize(("size", "least", "most"), [(1, 30, 60), (10, 30, 60), (100, 20, 55), (2_422, 8, 20)])
def test_what_is_small_is_written_more_often(size: int, least: int, most: int) -> None:
    assert least <= writings(size, 600.0) <= most


@pytest.mark.parametrize("days", [0.5, 1, 2, 7, 35, 365])
@pytest.mark.parametrize("size", [1_000, 2_422, 5_000])
@pytest.mark.parametrize("stage", [Stage.MOVES, Stage.RESTS])
def test_what_alarms_by_turns_for_however_long_is_written_sixty_times_at_most(
    days: float, size: int, stage: Stage
) -> None:
    assert writings(size, days * DAY, gists=2, stage=stage) <= 60


@pytest.mark.parametrize(("size", "most"), [(1, 130), (100, 124), (500, 96)])
def test_what_is_small_has_a_bound_too(size: int, most: int) -> None:
    assert writings(size, 365 * DAY, gists=2) <= most


MOODS = st.lists(
    st.tuples(st.integers(0, 3 * 86_400), st.sampled_from("ab"), st.sampled_from([Stage.MOVES, Stage.RESTS])),
    min_size=1,
    max_size=200,
)


@given(MOODS, st.integers(1_000, 20_000))
def test_the_bound_holds_for_any_course_of_a_year_and_the_end_is_told_soon(
    course: list[tuple[int, str, Stage]], size: int
) -> None:
    last, now, wrote = Written(), 1.0, 0
    for passes, mood, stage in course * 20:
        now += passes
        if now > 365 * DAY:
            break
        while due(last, News(7, size, mood, stage), SETTLE, now) <= now and wrote <= 60:
            last, wrote = written(begun(last, now), News(7, size, mood, stage)), wrote + 1
    assert wrote <= 59
    assert due(last, News(7, size, "over", Stage.OVER), SETTLE, now) <= now + 600.0


def test_after_a_day_some_are_left_for_the_end() -> None:
    assert writings(2_422, 24 * 3600.0) <= 46


@pytest.mark.parametrize("times", [1, 30, 50, 60, 500])
def test_the_end_is_told_soon_however_often_it_was_written(times: int) -> None:
    last = Written(at=100.0, times=times, about=7, gist="x")
    assert due(last, News(7, 5_000, "over", Stage.OVER), SETTLE, 101.0) <= 100.0 + 600.0


@pytest.mark.parametrize("stage", Stage)
@pytest.mark.parametrize("times", [0, 1, 30, 48, 49, 60, 500])
@pytest.mark.parametrize("size", [1, 100, 2_422])
def test_nothing_is_told_sooner_than_what_may_be_told_soonest(stage: Stage, times: int, size: int) -> None:
    last = Written(at=100.0, times=times, about=7, gist="x")
    for gist_ in ("x", "y"):
        soon = soonest(last, 7, size, SETTLE, 101.0)
        assert soon <= due(last, News(7, size, gist_, stage), SETTLE, 101.0)


@pytest.mark.parametrize(
    ("times", "within"), [(1, 10.0), (10, 20.0), (20, 60.0), (30, 120.0), (40, 600.0), (50, 2700.0)]
)
def test_an_alarm_is_told_soon_while_there_is_budget(times: int, within: float) -> None:
    last = Written(at=100.0, times=times, about=7, gist="calm")
    assert due(last, News(7, 2_422, "failed"), SETTLE, 101.0) - 100 <= within


def test_nothing_written_yet_waits_for_nothing() -> None:
    assert due(Written(), News(7, 5_000, "x"), SETTLE, 100.0) == 100.0


def test_an_alarm_cuts_the_pause_short() -> None:
    last = Written(at=100.0, times=12, about=7, gist="calm")
    calm = due(last, News(7, 2_422, "calm"), SETTLE, 101.0)
    alarm = due(last, News(7, 2_422, "failed"), SETTLE, 101.0)
    assert calm - 100 == pytest.approx(8 * (alarm - 100))
    assert alarm - 100 >= SETTLE


def test_another_rollout_begins_anew() -> None:
    last = Written(at=100.0, times=50, about=7, gist="x")
    assert due(last, News(8, 10, "y"), SETTLE, 101.0) == 100.0 + SETTLE
    assert written(begun(last, 200.0), News(8, 10, "y")).times == 1


@pytest.mark.parametrize("mood", ["x", "y"])
def test_after_a_quiet_day_it_is_told_at_once_and_counted_on(mood: str) -> None:
    last, later = Written(at=100.0, times=50, about=7, gist="x"), 100.0 + 24 * 3600
    news = News(7, 2_422, mood)
    assert due(last, news, SETTLE, later) <= later
    assert written(begun(last, later), news).times == 51


def test_what_failed_is_a_reason_to_wait_but_counts_as_nothing_told() -> None:
    failed = begun(Written(), 100.0)
    assert (failed.times, failed.gist) == (0, "")
    assert due(failed, News(7, 1, "x"), SETTLE, 100.0) == 100.0 + SETTLE


NEWS = st.tuples(st.floats(0, 5_000), st.integers(1, 3), st.integers(0, 5_000), st.sampled_from("abc"))


@given(st.lists(NEWS, max_size=60))
def test_two_writings_are_never_closer_than_the_settling_time(seen: list[tuple[float, int, int, str]]) -> None:
    last, now = Written(), 1.0
    for passes, about, size, mood in seen:
        before = last.at
        last, at = tell(last, News(about, size, mood), now)
        assert not before or at - before >= SETTLE - 1e-6
        now = at + passes


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((Status.RUNNING, None), (Status.FAILED, None)),
        ((Status.RUNNING, None), (Status.APPROVAL, None)),
        ((Status.RUNNING, None), (Status.SUCCEEDED, Status.SUCCEEDED)),
        ((Status.RUNNING, None), (Status.HELD, None)),
        ((Status.FAILED, None), (Status.RUNNING, None)),
    ],
)
def test_people_should_know_that_at_once(before: tuple[Status | None, ...], after: tuple[Status | None, ...]) -> None:
    one, other = walk(*before), walk(*after)
    assert gist(one, states(one)) != gist(other, states(other))


def test_that_one_more_is_done_can_wait() -> None:
    one, other = walk(Status.RUNNING, None, None), walk(Status.SUCCEEDED, Status.QUEUED, None)
    assert gist(one, states(one)) == gist(other, states(other))


@pytest.mark.parametrize(
    ("statuses", "held", "stage"),
    [
        ((Status.RUNNING, None), False, Stage.MOVES),
        ((Status.SUCCEEDED, None), False, Stage.MOVES),
        ((Status.APPROVAL, None), False, Stage.RESTS),
        ((None,), True, Stage.RESTS),
        ((Status.SUCCEEDED, Status.FAILED), False, Stage.OVER),
        ((Status.FAILED, None), False, Stage.OVER),
        ((Status.SUCCEEDED,), False, Stage.OVER),
    ],
)
def test_how_far_a_rollout_is(statuses: tuple[Status | None, ...], held: bool, stage: Stage) -> None:
    one = walk(*statuses, held=held)
    assert news_of([one], {one.rollout.id: states(one)}).stage is stage


def test_what_is_beside_a_rollout_is_news_too() -> None:
    one = walk(Status.RUNNING)
    found = {one.rollout.id: states(one)}
    assert news_of([one], found, "waits").gist != news_of([one], found, "waits no more").gist
