"""The buttons of a check run: commands that somebody can say by pressing one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bot.domain.commands.parsing import understand
from bot.domain.commands.words import PREFIX, Line
from bot.domain.model import OPEN, Status
from bot.domain.states import State


@dataclass(frozen=True, slots=True)
class Button:
    """A button. GitHub takes 20 characters of its command and of its label, and 40 of what it does."""

    command: str
    label: str
    does: str


_WHERE = (
    (Button("retry", "Retry", "Go on where it stopped"), {Status.FAILED, Status.TIMED_OUT, Status.CANCELLED}),
    (Button("approve", "Approve", "Let go what is held, but no destroys"), {Status.HELD}),
    (Button("cancel", "Cancel", "Drop what is to come, cancel plans"), {*OPEN, Status.WAITING, Status.READY}),
)
_BY_NAME = {button.command: button for button, _ in _WHERE}


def buttons(found: Iterable[State]) -> tuple[Button, ...]:
    """Choose the buttons that make sense now, by the states of all steps that count."""
    there = {state.status for state in found}
    return tuple(button for button, statuses in _WHERE if there & statuses)


def pressed(name: str) -> Line | None:
    """Understand a button that was pressed; None for one that is not ours."""
    button = _BY_NAME.get(name)
    return Line(button.label, understand(f"{PREFIX} {button.command}")) if button else None


def rerun() -> Line:
    """Understand GitHub's own button beside a check run."""
    return Line("Re-run", understand(f"{PREFIX} retry"))
