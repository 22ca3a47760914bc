"""What people tell the bot in comments."""

from __future__ import annotations

from itertools import permutations

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from bot.domain.graph import Instance
from tests.model.acts import Acts, pick, thens, which
from tests.model.repository import NEEDS

#: Each with or without a target, and with an option. `destroying` says the others.
COMMANDS = (
    ("pause", False, ""),
    ("unpause", False, ""),
    ("retry", False, ""),
    ("retry", True, ""),
    ("plan", False, ""),
    ("replan", True, ""),
    ("replan", True, "--downstream"),
    ("apply", True, ""),
    ("apply", True, "--downstream"),
    ("approve", False, ""),
    ("approve", True, ""),
    ("skip", True, ""),
    ("skip", True, "--with-children"),
    ("lock", True, ""),
    ("unlock", True, ""),
    ("cancel", False, ""),
    ("cancel", True, ""),
    ("cancel", True, "--force"),
    ("status", False, ""),
    ("why", True, ""),
    ("help", False, ""),
)
#: What GitHub's own button beside a check run, and ours, do.
_BUTTONS = {"": "retry", "retry": "retry", "approve": "approve", "cancel": "cancel"}
_PEOPLE = ("lead", "lead", "dora", "guest")


class Commands(Acts):
    """People who steer."""

    @precondition(lambda self: self.stage.hub.pulls)
    @rule(
        one=which,
        by=st.sampled_from(_PEOPLE),
        what=st.sampled_from(COMMANDS),
        instance=st.sampled_from(list(NEEDS)),
        then=thens,
    )
    def say(self, one: int, by: str, what: tuple[str, bool, str], instance: Instance, then: str) -> None:
        command, targeted, flag = what
        self.stage.hub.say(pick(self.stage.hub.pulls, one), by, command, (instance,) if targeted else (), flag)
        self.follow(then)

    @precondition(lambda self: self.stage.hub.pulls)
    @rule(one=which, by=st.sampled_from(_PEOPLE), button=st.sampled_from(sorted(_BUTTONS)), then=thens)
    def press(self, one: int, by: str, button: str, then: str) -> None:
        pull = pick(self.stage.hub.pulls, one)
        self.stage.hub.press(pull, by, _BUTTONS[button], button and f"{button} {self.stage.clock:.0f}")
        self.follow(then)

    @precondition(lambda self: self.stage.runs("in_progress"))
    @rule(one=which, twice=st.booleans(), then=thens)
    def retry_failed(self, one: int, twice: bool, then: str) -> None:
        """Have a run fail and its step go again; and perhaps be told of that a second time when it failed again."""
        run = pick(self.stage.runs("in_progress"), one)
        self.stage.end(run, "failure")
        self.stage.deliver()
        self.stage.hub.say(self.stage.hub.pull_of(run), "lead", "retry", (run.instance,))
        hook = self.stage.hub.hooks[-1]
        if twice:
            self.stage.actions()
            self.stage.deliver()
            for other in self.stage.runs("in_progress"):
                if other.instance == run.instance:
                    self.stage.end(other, "failure")
            self.stage.deliver()
            self.stage.tried(self.stage.hub.tell_again(hook), arrives=True)
        self.follow(then)

    @precondition(lambda self: self.stage.hub.pulls)
    @rule(one=which, command=st.sampled_from(("pause", "unpause")), then=thens)
    def pause_or_go_on(self, one: int, command: str, then: str) -> None:
        self.stage.hub.say(pick(self.stage.hub.pulls, one), "lead", command)
        self.follow(then)

    @precondition(lambda self: any(not run.over for run in self.stage.hub.dispatched))
    @rule(one=which, command=st.sampled_from(("skip", "cancel", "cancel --force")), child=st.booleans(), then=thens)
    def set_aside(self, one: int, command: str, child: bool, then: str) -> None:
        """Set aside what is under way, or something that waits for it."""
        run = pick([run for run in self.stage.hub.dispatched if not run.over], one)
        self.stage.deliver()
        instance = run.instance
        if child:
            instance = next((one for one, needs in NEEDS.items() if instance in needs), instance)
        name, _, flag = command.partition(" ")
        self.stage.hub.say(self.stage.hub.pull_of(run), "lead", name, (instance,), flag)
        self.follow(then)

    @precondition(lambda self: len(self.stage.open()) > 1)
    @rule(one=which, kept=st.booleans(), then=thens)
    def retry_older(self, one: int, kept: bool, then: str) -> None:
        """Have the first applies of a merge fail and another one go after it; say before or then that it goes again."""
        first, second = pick(list(permutations(self.stage.open(), 2)), one)
        self.stage.settle()
        self.stage.hub.merge(first)
        self.stage.upload(self.stage.uploads()[-1])
        self.stage.deliver()
        for run in self.stage.runs("queued"):
            self.stage.hub.start(run)
        for run in self.stage.runs("in_progress"):
            self.stage.end(run, "failure")
        self.stage.deliver()
        for command in ("pause", "retry") if kept else ():
            self.stage.hub.say(first, "lead", command)
            self.stage.deliver()
        self.stage.hub.merge(second)
        self.stage.settle()
        self.stage.hub.say(first, "lead", "unpause" if kept else "retry")
        self.follow(then)
