"""Several pull requests over one graph, people in a hurry, and webhooks that are late, lost, doubled and swapped.

`make test` runs the same sequences each time, `make bench ARGS=model` others each time, and more of them.
"""

from __future__ import annotations

import logging

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, run_state_machine_as_test

from bot.domain.events import Rules
from tests.model.actions import Actions
from tests.model.acts import MOST_PULLS, Changed, changes
from tests.model.commands import Commands
from tests.model.destroying import Destroying
from tests.model.people import People
from tests.model.stage import Stage, Way
from tests.model.trouble import Trouble

#: How many things happen in one sequence, at most.
STEPS = 15
#: Settings that stand for all.
RULES = (
    Rules(),
    Rules(max_in_flight=1),
    Rules(max_in_flight=2, unplanned="allow"),
    Rules(approve_stacks=("prod*",), unplanned="allow"),
    Rules(breaker_apply=2, breaker_plan=4),
    Rules(fail_fast=True, unplanned="allow"),
    Rules(stale="hold"),
    Rules(self_approve=False),
)
WAYS = (
    Way(),
    Way(claims=True),
    Way(details=False, listed_after=20.0),
    Way(listed_after=20.0),
    Way(protected=False),
)


class Machine(People, Commands, Destroying, Actions, Trouble):
    """The model: what can happen, in any order."""

    @initialize(
        way=st.sampled_from(WAYS),
        rules=st.sampled_from(RULES),
        tick=st.sampled_from((1, 0, 40)),
        planned=st.lists(changes, max_size=MOST_PULLS - 1),
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
