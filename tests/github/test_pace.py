"""How fast one installation may write."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.github.pace import Bucket, Kind, Pace


class Clock:
    def __init__(self):
        self.now = 1_790_000_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def test_a_bucket_gives_its_burst_and_then_its_rate(clock):
    bucket = Bucket(2, 3, clock)
    assert [bucket.take() for _ in range(4)] == [0.0, 0.0, 0.0, 0.5]
    clock.now += 0.25
    assert bucket.take() == pytest.approx(0.25)
    clock.now += 0.25
    assert bucket.take() == 0.0


def test_a_bucket_holds_no_more_than_its_burst(clock):
    bucket = Bucket(2, 3, clock)
    clock.now += 1000
    assert [bucket.take() for _ in range(4)] == [0.0, 0.0, 0.0, 0.5]


def test_a_halved_bucket_is_half_as_fast_until_it_is_not(clock):
    bucket = Bucket(1, 1, clock)
    bucket.take()
    bucket.halve(clock.now + 1)
    assert bucket.take() == pytest.approx(1.5)  # a half in the first second, the rest in half a second
    clock.now += 1.5
    assert bucket.take() == 0.0
    assert bucket.take() == pytest.approx(1.0)


def test_what_was_earned_before_halving_stays(clock):
    bucket = Bucket(1, 2, clock)
    bucket.take()
    bucket.take()
    clock.now += 1
    bucket.halve(clock.now + 100)
    assert [bucket.take(), bucket.take()] == [0.0, pytest.approx(2.0)]


def test_a_clock_that_goes_back_takes_nothing(clock):
    bucket = Bucket(1, 1, clock)
    clock.now -= 50
    assert bucket.take() == 0.0


@given(st.floats(0.01, 50), st.lists(st.floats(0, 30), max_size=20), st.floats(0, 100))
def test_after_the_wait_that_was_told_there_is_a_token(rate, moves, halved):
    clock = Clock()
    bucket = Bucket(rate, 1, clock)
    bucket.halve(clock.now + halved)
    for move in moves:
        clock.now += move
        wait = bucket.take()
        if wait:
            clock.now += wait
            assert bucket.missing() < 1e-3


def written(pace, clock, kind, seconds):
    """Write whenever it is allowed, and tell when that was."""
    start, times = clock.now, []
    while clock.now - start < seconds:
        wait = pace.wait(kind)
        if wait:
            clock.now += wait
        else:
            times.append(clock.now - start)
    return times


def most_in(times, window):
    return max(sum(1 for other in times if time <= other < time + window) for time in times)


def test_content_stays_under_its_limits_of_a_minute_and_an_hour(clock):
    times = written(Pace(3, clock), clock, Kind.CONTENT, 2 * 3600)
    assert 50 < most_in(times, 59.9) <= 60
    assert 380 < most_in(times, 3599) <= 400


def test_dispatches_go_at_the_rate_of_the_settings(clock):
    times = written(Pace(3, clock), clock, Kind.DISPATCH, 60)
    assert 178 <= len(times) <= 183


def test_a_slow_rate_still_dispatches(clock):
    assert len(written(Pace(0.1, clock), clock, Kind.DISPATCH, 100)) in (10, 11)


def test_content_and_dispatches_do_not_wait_for_each_other(clock):
    pace = Pace(1, clock)
    assert any(pace.wait(Kind.CONTENT) for _ in range(100))
    assert pace.wait(Kind.DISPATCH) == 0.0


def test_a_pause_stops_everything_and_halves_what_follows(clock):
    pace = Pace(2, clock)
    pace.pause(clock.now + 72)
    assert pace.paused_until == clock.now + 72
    assert [pace.wait(kind) for kind in Kind] == [72.0, 72.0]
    clock.now += 72
    slow = written(pace, clock, Kind.DISPATCH, 600)
    assert 600 <= len(slow) <= 603
    assert 1195 <= len(written(pace, clock, Kind.DISPATCH, 600)) <= 1203


def test_a_shorter_pause_does_not_end_a_longer_one(clock):
    pace = Pace(2, clock)
    pace.pause(clock.now + 72)
    pace.pause(clock.now + 5)
    assert pace.wait(Kind.CONTENT) == 72.0
