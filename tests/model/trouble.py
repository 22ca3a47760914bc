"""What goes wrong on the way, and time."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.model.acts import Acts, pick, thens, which
from tests.model.repository import NEEDS

#: What may go wrong with a request, by its method; a dispatch is a kind of its own.
_FAULTS = {
    "dispatch": ("lost answer", "killed after", "lost request", "broken", "unreachable", "killed before"),
    "POST": ("lost request", "lost answer", "broken", "killed after"),
    "PATCH": ("lost answer", "broken", "killed after"),
    "GET": ("broken", "unreachable", "killed before"),
}


class Trouble(Acts):
    """Webhooks and requests that are late, lost, doubled and swapped; and a process that ends."""

    @precondition(lambda self: self.stage.hub.hooks)
    @rule(how=st.sampled_from(("swapped", "one", "lost", "doubled")), one=which, then=thens)
    def webhooks(self, how: str, one: int, then: str) -> None:
        hooks = self.stage.hub.hooks
        if how == "swapped":
            hooks.reverse()
        else:
            hook = hooks[one % len(hooks)]
            self.stage.tried(hook, arrives=how != "lost")
            if how == "doubled":
                again = self.stage.hub.tell_again(hook) if hook.event == "issue_comment" else hook
                self.stage.tried(again, arrives=True)
            hooks.remove(hook)
            self.stage.work()
        self.follow(then)

    @rule(what=st.sampled_from(("intake", "deliver")))
    def one_step(self, what: str) -> None:
        self.stage.all_arrive()
        self.stage.process.one_step(what)
        self.follow("wait")

    @rule(method=st.sampled_from(("dispatch", "dispatch", "POST", "PATCH", "GET")), one=which, then=thens)
    def trouble(self, method: str, one: int, then: str) -> None:
        self.stage.process.github.faults.setdefault(method, []).append(pick(_FAULTS[method], one))
        self.follow(then)

    @precondition(lambda self: self.stage.hub.pulls)
    @rule(what=st.sampled_from(("freeze", "lock", "pause", "fail")), one=which, then=thens)
    def in_between(self, what: str, one: int, then: str) -> None:
        """Have something forbid a dispatch when it is raised and not yet sent."""
        self.stage.actions()
        self.stage.all_arrive()
        self.stage.process.take_all_in()
        if what == "freeze":
            self.stage.freeze()
        elif what == "lock":
            self.stage.lock(pick(list(NEEDS), one), 600)
        elif what == "pause":
            self.stage.hub.say(pick(self.stage.hub.pulls, one), "lead", "pause")
        else:
            self.stage.process.github.faults.setdefault("dispatch", []).append(pick(_FAULTS["dispatch"], one))
        self.follow(then)

    @precondition(lambda self: any(not run.over for run in self.stage.hub.runs.values()))
    @rule(one=which, seconds=st.sampled_from((15, 70)), then=thens)
    def outage(self, one: int, seconds: int, then: str) -> None:
        """Have nobody hear what became of a dispatch, by its answer or by a webhook, for a while."""
        self.stage.actions()
        self.stage.deliver()
        self.stage.actions()
        self.stage.all_arrive()
        self.stage.process.github.faults["dispatch"] = [pick(_FAULTS["dispatch"][:3], one)]
        self.stage.passes(seconds)
        self.follow(then)

    @rule(then=thens)
    def restart(self, then: str) -> None:
        self.stage.process.restart()
        self.follow(then)

    @rule(seconds=st.sampled_from((3, 15, 70, 700)), then=thens)
    def time_passes(self, seconds: int, then: str) -> None:
        self.stage.passes(seconds)
        self.stage.process.sweep()
        self.follow(then)
