"""Several pull requests over one graph, people in a hurry, and webhooks that are late, lost, doubled and swapped.

`make test` runs the same sequences each time, `make bench ARGS=model` others each time, and more of them.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from itertools import permutations
from typing import TypeVar

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from bot.domain.events import Rules
from bot.domain.graph import Instance
from tests.model.hub import PEOPLE
from tests.model.repository import CHANGES, NEEDS
from tests.model.stage import Stage, Way

T = TypeVar("T")
Changed = tuple[Instance, ...]
#: How many things happen in one sequence, at most.
STEPS = 15
_MOST_PULLS = 3
#: What may go wrong with a request, by its method; a dispatch is a kind of its own.
_FAULTS = {
    "dispatch": ("lost answer", "killed after", "lost request", "broken", "unreachable", "killed before"),
    "POST": ("lost request", "lost answer", "broken", "killed after"),
    "PATCH": ("lost answer", "broken", "killed after"),
    "GET": ("broken", "unreachable", "killed before"),
}
#: Settings that stand for all.
RULES = (
    Rules(),
    Rules(max_in_flight=1),
    Rules(max_in_flight=2, unplanned="allow"),
    Rules(approve_stacks=("prod*",), unplanned="allow"),
    Rules(breaker_apply=2, breaker_plan=4),
    Rules(fail_fast=True, unplanned="allow"),
    Rules(stale="hold"),
)
WAYS = (
    Way(),
    Way(claims=True),
    Way(details=False, listed_after=20.0),
    Way(listed_after=20.0),
    Way(protected=False),
)
#: Which of several there are; the machine takes the rest of the division.
which = st.integers(0, 11)
changes = st.sampled_from(CHANGES)
#: What follows: nothing, the news arrive and are worked, and then Actions go on as well, or people read what is shown.
thens = st.sampled_from(("go", "hear", "wait", "read"))
#: Longer than a comment waits for more to say.
_SOON = 10.0


class Machine(RuleBasedStateMachine):
    """The model: what can happen, in any order."""

    stage: Stage

    @initialize(
        way=st.sampled_from(WAYS),
        rules=st.sampled_from(RULES),
        tick=st.sampled_from((1, 0, 40)),
        planned=st.lists(changes, max_size=_MOST_PULLS - 1),
        opened=st.lists(changes, max_size=1),
    )
    def begin(self, way: Way, rules: Rules, tick: int, planned: list[Changed], opened: list[Changed]) -> None:
        """Begin with some pull requests, most with their plans."""
        self.tick, self.steps = tick, 0
        self.stage = Stage(way, rules)
        for changed in planned:
            self.stage.hub.open_pull(changed)
        while self.stage.actions():
            self.stage.deliver()
        for changed in opened:
            self.stage.hub.open_pull(changed)

    def teardown(self) -> None:
        """See what is left in the end."""
        if not hasattr(self, "stage"):
            return
        try:
            if not self.stage.broken:
                self.stage.all_becomes_well()
        finally:
            self.stage.process.remove()

    # People.

    @precondition(lambda self: len(self.stage.hub.pulls) < _MOST_PULLS)
    @rule(changed=changes, then=thens)
    def open_pull(self, changed: Changed, then: str) -> None:
        self.stage.hub.open_pull(changed)
        self._then(then)

    @precondition(lambda self: self.stage.open())
    @rule(one=which, changed=changes, merged=st.booleans(), then=thens)
    def push(self, one: int, changed: Changed, merged: bool, then: str) -> None:
        """Push, and perhaps merge before anybody has looked."""
        pull = _pick(self.stage.open(), one)
        self.stage.hub.push(pull, changed)
        if merged:
            self.stage.hub.merge(pull)
        self._then(then)

    @precondition(lambda self: self.stage.open())
    @rule(one=which, changed=changes, then=thens)
    def push_early(self, one: int, changed: Changed, then: str) -> None:
        """Push while it is being planned, and have that end well once the new head is known."""
        pull = _pick(self.stage.open(), one)
        plans = self.stage.plans_under_way(pull)
        self.stage.hub.push(pull, changed)
        self.stage.deliver()
        for run in plans:
            if not run.over:
                self.stage.end(run, "success")
        self._then(then)

    @precondition(lambda self: self.stage.open())
    @rule(one=which, then=thens)
    def merge(self, one: int, then: str) -> None:
        self.stage.hub.merge(_pick(self.stage.open(), one))
        self._then(then)

    @precondition(lambda self: len(self.stage.open()) > 1)
    @rule(one=which, how=st.sampled_from(("in turn", "swapped", "at once")), then=thens)
    def merge_two(self, one: int, how: str, then: str) -> None:
        """Merge two: after each other, or so fast that the second one's news may come first."""
        first, second = _pick(list(permutations(self.stage.open(), 2)), one)
        self.stage.settle()
        self.stage.hub.merge(first)
        if how == "in turn":
            self.stage.settle()
        self.stage.hub.merge(second)
        if how == "swapped":
            self.stage.hub.hooks.reverse()
        self._then(then)

    @precondition(lambda self: self.stage.open())
    @rule(one=which, then=thens)
    def merge_early(self, one: int, then: str) -> None:
        """Merge while it is being planned, and have that end well a second later, before anybody has cancelled it."""
        pull = _pick(self.stage.open(), one)
        plans = self.stage.plans_under_way(pull)
        self.stage.hub.merge(pull)
        self.stage.clock += 1
        for run in plans:
            self.stage.end(run, "success")
        self._then(then)

    @precondition(lambda self: self.stage.unmerged())
    @rule(one=which, then=thens)
    def close_or_reopen(self, one: int, then: str) -> None:
        pull = _pick(self.stage.unmerged(), one)
        if pull.open:
            self.stage.hub.close(pull)
        else:
            self.stage.hub.reopen(pull)
        self._then(then)

    @precondition(lambda self: self.stage.runs("waiting"))
    @rule(one=which, state=st.sampled_from(("approved", "rejected")), then=thens)
    def review(self, one: int, state: str, then: str) -> None:
        self.stage.hub.review(_pick(self.stage.runs("waiting"), one), "lead", state)
        self._then(then)

    @precondition(lambda self: self.stage.runs("completed"))
    @rule(one=which, then=thens)
    def run_again(self, one: int, then: str) -> None:
        self.stage.hub.rerun(_pick(self.stage.runs("completed"), one), PEOPLE[0])
        self._then(then)

    @precondition(lambda self: self.stage.open() and any(pull.merged for pull in self.stage.hub.pulls))
    @rule(one=which, then=thens)
    def run_older_again(self, one: int, then: str) -> None:
        """Merge and apply one more, and run an older apply again over it, which starts before anybody cancels it."""
        self.stage.settle()
        self.stage.hub.merge(_pick(self.stage.open(), one))
        self.stage.settle()
        if older := self.stage.overtaken():
            run = _pick(older, one)
            self.stage.hub.rerun(run, PEOPLE[0])
            self.stage.hub.start(run)
        self._then(then)

    @precondition(lambda self: self.stage.hub.pulls)
    @rule(one=which, by=st.sampled_from(PEOPLE), named=st.booleans(), then=thens)
    def approve(self, one: int, by: str, named: bool, then: str) -> None:
        self.stage.approve(_pick(self.stage.hub.pulls, one), by, named=named)
        self._then(then)

    @rule(instance=st.sampled_from(list(NEEDS)), seconds=st.sampled_from((0, 60, 600)), then=thens)
    def lock(self, instance: Instance, seconds: int, then: str) -> None:
        self.stage.lock(instance, seconds)
        self._then(then)

    @rule(then=thens)
    def freeze(self, then: str) -> None:
        self.stage.freeze()
        self._then(then)

    # Actions.

    @precondition(lambda self: self.stage.uploads())
    @rule(one=which, then=thens)
    def upload(self, one: int, then: str) -> None:
        self.stage.upload(_pick(self.stage.uploads(), one))
        self._then(then)

    @precondition(lambda self: self.stage.runs("queued"))
    @rule(one=which, then=thens)
    def start(self, one: int, then: str) -> None:
        self.stage.hub.start(_pick(self.stage.runs("queued"), one))
        self._then(then)

    @precondition(lambda self: self.stage.runs("in_progress"))
    @rule(one=which, how=st.sampled_from(("success", "success", "failure")), then=thens)
    def end(self, one: int, how: str, then: str) -> None:
        self.stage.end(_pick(self.stage.runs("in_progress"), one), how)
        self._then(then)

    @precondition(lambda self: self.stage.runs("queued"))
    @rule(one=which, how=st.sampled_from(("success", "failure")), swapped=st.booleans(), then=thens)
    def start_and_end(self, one: int, how: str, swapped: bool, then: str) -> None:
        """Have a run start and end before anything is heard of it, and perhaps have its end heard first."""
        run = _pick(self.stage.runs("queued"), one)
        self.stage.hub.start(run)
        if run.status == "in_progress":
            self.stage.clock += self.tick
            self.stage.end(run, how)
        if swapped:
            self.stage.hub.hooks.reverse()
        self._then(then)

    @rule()
    def settle(self) -> None:
        """Have Actions do all their work."""
        self.stage.settle()
        self._then("read")

    # The way between.

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
                self.stage.tried(hook, arrives=True)
            hooks.remove(hook)
            self.stage.work()
        self._then(then)

    @rule(what=st.sampled_from(("intake", "deliver")))
    def one_step(self, what: str) -> None:
        self.stage.all_arrive()
        self.stage.process.one_step(what)
        self._then("wait")

    @rule(method=st.sampled_from(("dispatch", "dispatch", "POST", "PATCH", "GET")), one=which, then=thens)
    def trouble(self, method: str, one: int, then: str) -> None:
        self.stage.process.github.faults.setdefault(method, []).append(_pick(_FAULTS[method], one))
        self._then(then)

    @precondition(lambda self: self.stage.hub.pulls)
    @rule(what=st.sampled_from(("freeze", "lock", "fail")), one=which, then=thens)
    def in_between(self, what: str, one: int, then: str) -> None:
        """Have something forbid a dispatch when it is raised and not yet sent."""
        self.stage.actions()
        self.stage.all_arrive()
        self.stage.process.take_all_in()
        if what == "freeze":
            self.stage.freeze()
        elif what == "lock":
            self.stage.lock(_pick(list(NEEDS), one), 600)
        else:
            self.stage.process.github.faults.setdefault("dispatch", []).append(_pick(_FAULTS["dispatch"], one))
        self._then(then)

    @precondition(lambda self: any(not run.over for run in self.stage.hub.runs.values()))
    @rule(one=which, seconds=st.sampled_from((15, 70)), then=thens)
    def outage(self, one: int, seconds: int, then: str) -> None:
        """Have nobody hear what became of a dispatch, by its answer or by a webhook, for a while."""
        self.stage.actions()
        self.stage.deliver()
        self.stage.actions()
        self.stage.all_arrive()
        self.stage.process.github.faults["dispatch"] = [_pick(_FAULTS["dispatch"][:3], one)]
        self.stage.passes(seconds)
        self._then(then)

    @rule(then=thens)
    def restart(self, then: str) -> None:
        self.stage.process.restart()
        self._then(then)

    @rule(seconds=st.sampled_from((3, 15, 70, 700)), then=thens)
    def time_passes(self, seconds: int, then: str) -> None:
        self.stage.passes(seconds)
        self.stage.process.sweep()
        self._then(then)

    def _then(self, then: str) -> None:
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


def _pick(things: Sequence[T], one: int) -> T:
    return things[one % len(things)]


def run(number: int, examples: int, machine: type[Machine] = Machine, *, shrink: bool = True) -> None:
    """Run as many sequences; the number chooses which. Raises Broken for the first that breaks a rule, made short."""
    how = settings(
        max_examples=examples,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        print_blob=False,
        phases=(Phase.generate, Phase.shrink) if shrink else (Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    log = logging.getLogger("bot")
    level = log.level
    log.setLevel(logging.CRITICAL)  # trouble is what this is about
    try:
        run_state_machine_as_test(seed(number)(type(machine.__name__, (machine,), {})), settings=how)
    finally:
        log.setLevel(level)
