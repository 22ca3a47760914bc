"""What takes long is done one at a time, and who would have to wait too long is told so at once."""

from __future__ import annotations

from threading import Event, Thread

import pytest

from bot.web.answers import Refusal
from bot.web.turns import Turns


def test_one_at_a_time_and_then_the_next() -> None:
    turns, held, done = Turns(), Event(), []

    def wait() -> None:
        held.set()
        with turns.one():
            done.append("the other")

    with turns.one():
        other = Thread(target=wait)
        other.start()
        assert held.wait(10)
        done.append("the first")
    other.join(10)
    assert done == ["the first", "the other"]


def test_few_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.web.turns._WAITING", 1)
    turns = Turns()
    with turns.one(), pytest.raises(Refusal, match="in a moment") as refused, turns.one():
        raise AssertionError("it had its turn")
    assert refused.value.status == 503
    with turns.one():
        pass


def test_nobody_waits_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.web.turns._PATIENCE", 0.01)
    turns = Turns()
    with turns.one(), pytest.raises(Refusal, match="in a moment"), turns.one():
        raise AssertionError("it had its turn")
    with turns.one():
        pass


def test_what_breaks_gives_its_turn_back() -> None:
    turns = Turns()
    for _ in range(10):
        with pytest.raises(ValueError, match="broken"), turns.one():
            raise ValueError("broken")
