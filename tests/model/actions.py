"""What GitHub Actions do."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.model.acts import Acts, pick, thens, which


class Actions(Acts):
    """Runs that upload, begin, succeed and fail."""

    @precondition(lambda self: self.stage.uploads())
    @rule(one=which, then=thens)
    def upload(self, one: int, then: str) -> None:
        self.stage.upload(pick(self.stage.uploads(), one))
        self.follow(then)

    @precondition(lambda self: self.stage.runs("queued"))
    @rule(one=which, then=thens)
    def start(self, one: int, then: str) -> None:
        self.stage.hub.start(pick(self.stage.runs("queued"), one))
        self.follow(then)

    @precondition(lambda self: self.stage.runs("in_progress"))
    @rule(one=which, how=st.sampled_from(("success", "success", "failure")), then=thens)
    def end(self, one: int, how: str, then: str) -> None:
        self.stage.end(pick(self.stage.runs("in_progress"), one), how)
        self.follow(then)

    @precondition(lambda self: self.stage.runs("queued"))
    @rule(one=which, how=st.sampled_from(("success", "failure")), swapped=st.booleans(), then=thens)
    def start_and_end(self, one: int, how: str, swapped: bool, then: str) -> None:
        """Have a run start and end before anything is heard of it, and perhaps have its end heard first."""
        run = pick(self.stage.runs("queued"), one)
        self.stage.hub.start(run)
        if run.status == "in_progress":
            self.stage.clock += self.tick
            self.stage.end(run, how)
        if swapped:
            self.stage.hub.hooks.reverse()
        self.follow(then)

    @rule()
    def settle(self) -> None:
        """Have Actions do all their work."""
        self.stage.settle()
        self.follow("read")
