"""The buttons of a check run: commands that somebody can say by pressing one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bot.domain import approving
from bot.domain.commands.again import FAILED, unsent
from bot.domain.commands.parsing import understand
from bot.domain.commands.words import PREFIX, Line
from bot.domain.model import OPEN, Status
from bot.domain.pro import DELETED, Phase
from bot.domain.rollout import Draft, Walk
from bot.domain.states import State, states


@dataclass(frozen=True, slots=True)
class Button:
    """A button. GitHub takes 20 characters of its identifier and of its label, and 40 of what it does."""

    command: str
    label: str
    does: str

    def identifier(self, at: float) -> str:
        """Name it with the time of the check run that it stands on: GitHub tells that when it is pressed."""
        return f"{self.command} {int(at)}"


RETRY = Button("retry", "Retry", "Go on where it stopped")
APPROVE = Button("approve", "Approve", "Let go what is held, but no destroys")
CANCEL = Button("cancel", "Cancel", "Drop what is to come, cancel plans")
_BY_NAME = {button.command: button for button in (RETRY, APPROVE, CANCEL)}
_NOT_SENT = frozenset({Status.WAITING, Status.READY, Status.DISPATCHING})


def buttons(walks: Iterable[Walk]) -> tuple[Button, ...]:
    """Choose the buttons that make sense now, and would not only be refused."""
    counting = [(walk, states(walk)) for walk in walks if not walk.rollout.superseded_by]
    wanted = {
        RETRY: any(_may_go_again(walk, found) for walk, found in counting),
        APPROVE: any(_may_let_go(walk) for walk, _ in counting),
        CANCEL: any(_may_stop(walk, found) for walk, found in counting),
    }
    return tuple(button for button, makes_sense in wanted.items() if makes_sense)


def _may_go_again(walk: Walk, found: list[State]) -> bool:
    """Tell whether something can go again: what is destroyed must be shown anew, and some can never be sent."""
    if walk.rollout.activity == DELETED:
        return False
    draft = Draft(walk)
    ended = (index for index, state in enumerate(found) if state.status in (*FAILED, Status.CANCELLED))
    return any(not unsent(draft, index) for index in ended)


def _may_let_go(walk: Walk) -> bool:
    """Tell whether something that is held goes without being named."""
    return bool(approving.wanted(walk, None, (), "").approved)


def _may_stop(walk: Walk, found: list[State]) -> bool:
    """Tell whether something is not sent yet, or is a plan: no button cancels an apply that may be changing things."""
    plans = walk.rollout.phase is Phase.PLAN
    return any(state.status in _NOT_SENT or (plans and state.status in OPEN) for state in found)


def held_since(walks: Iterable[Walk], at: float) -> list[str]:
    """Name what **Approve** would let go now, and that was not held when its check run was written."""
    return [
        f"{one.stack}/{one.component}"
        for walk in walks
        for one in approving.wanted(walk, None, (), "").approved
        if any(int(hold.since) >= at for hold in one.holds)
    ]


def pressed(identifier: str) -> tuple[Line, float] | None:
    """Understand a button that was pressed, and tell as of when its check run was; None for one that is not ours."""
    name, _, at = identifier.partition(" ")
    button = _BY_NAME.get(name)
    if button is None or not (at.isascii() and at.isdecimal()):
        return None
    return Line(button.label, understand(f"{PREFIX} {button.command}")), float(at)


def rerun() -> Line:
    """Understand GitHub's own button beside a check run."""
    return Line("Re-run", understand(f"{PREFIX} retry"))
