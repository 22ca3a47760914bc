"""What people do on GitHub and tell the bot's server."""

from __future__ import annotations

from itertools import permutations

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from bot.domain.graph import Instance
from tests.model.acts import MOST_PULLS, Acts, Changed, changes, pick, thens, which
from tests.model.hub import PEOPLE
from tests.model.repository import NEEDS


class People(Acts):
    """People in a hurry."""

    @precondition(lambda self: len(self.stage.hub.pulls) < MOST_PULLS)
    @rule(changed=changes, then=thens)
    def open_pull(self, changed: Changed, then: str) -> None:
        self.stage.hub.open_pull(changed)
        self.follow(then)

    @precondition(lambda self: self.stage.open())
    @rule(one=which, changed=changes, merged=st.booleans(), then=thens)
    def push(self, one: int, changed: Changed, merged: bool, then: str) -> None:
        """Push, and perhaps merge before anybody has looked."""
        pull = pick(self.stage.open(), one)
        self.stage.hub.push(pull, changed)
        if merged:
            self.stage.hub.merge(pull)
        self.follow(then)

    @precondition(lambda self: self.stage.open())
    @rule(one=which, changed=changes, then=thens)
    def push_early(self, one: int, changed: Changed, then: str) -> None:
        """Push while it is being planned, and have that end well once the new head is known."""
        pull = pick(self.stage.open(), one)
        plans = self.stage.plans_under_way(pull)
        self.stage.hub.push(pull, changed)
        self.stage.deliver()
        for run in plans:
            if not run.over:
                self.stage.end(run, "success")
        self.follow(then)

    @precondition(lambda self: self.stage.open())
    @rule(one=which, then=thens)
    def merge(self, one: int, then: str) -> None:
        self.stage.hub.merge(pick(self.stage.open(), one))
        self.follow(then)

    @precondition(lambda self: len(self.stage.open()) > 1)
    @rule(one=which, how=st.sampled_from(("in turn", "swapped", "at once")), then=thens)
    def merge_two(self, one: int, how: str, then: str) -> None:
        """Merge two: after each other, or so fast that the second one's news may come first."""
        first, second = pick(list(permutations(self.stage.open(), 2)), one)
        self.stage.settle()
        self.stage.hub.merge(first)
        if how == "in turn":
            self.stage.settle()
        self.stage.hub.merge(second)
        if how == "swapped":
            self.stage.hub.hooks.reverse()
        self.follow(then)

    @precondition(lambda self: self.stage.open())
    @rule(one=which, then=thens)
    def merge_early(self, one: int, then: str) -> None:
        """Merge while it is being planned, and have that end well a second later, before anybody has cancelled it."""
        pull = pick(self.stage.open(), one)
        plans = self.stage.plans_under_way(pull)
        self.stage.hub.merge(pull)
        self.stage.clock += 1
        for run in plans:
            self.stage.end(run, "success")
        self.follow(then)

    @precondition(lambda self: self.stage.unmerged())
    @rule(one=which, then=thens)
    def close_or_reopen(self, one: int, then: str) -> None:
        pull = pick(self.stage.unmerged(), one)
        if pull.open:
            self.stage.hub.close(pull)
        else:
            self.stage.hub.reopen(pull)
        self.follow(then)

    @precondition(lambda self: self.stage.runs("waiting"))
    @rule(one=which, state=st.sampled_from(("approved", "rejected")), then=thens)
    def review(self, one: int, state: str, then: str) -> None:
        self.stage.hub.review(pick(self.stage.runs("waiting"), one), "lead", state)
        self.follow(then)

    @precondition(lambda self: self.stage.runs("completed"))
    @rule(one=which, then=thens)
    def run_again(self, one: int, then: str) -> None:
        self.stage.hub.rerun(pick(self.stage.runs("completed"), one), PEOPLE[0])
        self.follow(then)

    @precondition(lambda self: self.stage.open() and any(pull.merged for pull in self.stage.hub.pulls))
    @rule(one=which, then=thens)
    def run_older_again(self, one: int, then: str) -> None:
        """Merge and apply one more, and run an older apply again over it, which starts before anybody cancels it."""
        self.stage.settle()
        self.stage.hub.merge(pick(self.stage.open(), one))
        self.stage.settle()
        if older := self.stage.overtaken():
            run = pick(older, one)
            self.stage.hub.rerun(run, PEOPLE[0])
            self.stage.hub.start(run)
        self.follow(then)

    @precondition(lambda self: self.stage.hub.pulls)
    @rule(one=which, by=st.sampled_from(PEOPLE), named=st.booleans(), then=thens)
    def approve(self, one: int, by: str, named: bool, then: str) -> None:
        self.stage.approve(pick(self.stage.hub.pulls, one), by, named=named)
        self.follow(then)

    @rule(instance=st.sampled_from(list(NEEDS)), seconds=st.sampled_from((0, 60, 600)), then=thens)
    def lock(self, instance: Instance, seconds: int, then: str) -> None:
        self.stage.lock(instance, seconds)
        self.follow(then)

    @rule(then=thens)
    def freeze(self, then: str) -> None:
        self.stage.freeze()
        self.follow(then)
