"""What every part of the machine shares: the stage, how one thing is chosen of several, and what follows a deed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine

from bot.domain.graph import Instance
from tests.model.repository import CHANGES
from tests.model.stage import Stage

T = TypeVar("T")
Changed = tuple[Instance, ...]
MOST_PULLS = 3
#: Which of several there are; the machine takes the rest of the division.
which = st.integers(0, 11)
changes = st.sampled_from(CHANGES)
#: What follows: nothing, the news arrive and are worked, and then Actions go on as well, or people read what is shown.
thens = st.sampled_from(("go", "hear", "wait", "read"))
#: Longer than a comment waits for more to say.
_SOON = 10.0


class Acts(RuleBasedStateMachine):
    """A part of the model."""

    stage: Stage
    tick: int  # how long anything takes
    steps: int

    def follow(self, then: str) -> None:
        """Let follow what follows, see what became of it, and let a little time pass."""
        if then != "wait":
            self.stage.deliver()
        if then == "go":
            self.stage.actions()
            self.stage.deliver()
        if then == "read":
            self.stage.passes(_SOON)
        self.stage.look()
        self.stage.clock += self.tick
        self.steps += 1


def pick(things: Sequence[T], one: int) -> T:
    """Choose one of several."""
    return things[one % len(things)]
