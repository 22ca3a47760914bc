"""How long a rollout still takes: the longest chain of what is left, and never a guess."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.model import Status
from bot.domain.remaining import remaining, usual
from bot.domain.states import states
from tests.domain.world import dispatch_of, walk_of

S = Status
MINUTE = 60.0


def left(text, *, now=0.0, slots=20, lasting=None, **status):
    """Tell how long a graph still takes whose steps stand so; what runs has done so since 0. All take a minute."""
    walk = walk_of(text)
    steps = []
    for step in walk.steps:
        own = status.get(step.instance.component)
        sent = replace(dispatch_of(step.index, own), started_at=0.001) if own else None
        steps.append(replace(step, dispatches=(sent,)) if sent else step)
    walk = replace(walk, steps=steps)
    each = {step.index: (lasting or {}).get(step.instance.component, MINUTE) for step in steps}
    known = {index: seconds for index, seconds in each.items() if seconds is not None}
    found = remaining(steps, states(walk), known, now=now, slots=slots)
    return found if found is None else round(found)


@pytest.mark.parametrize(
    ("graph", "given", "expected"),
    [
        ("a", {}, 60),
        ("a>b b>c", {}, 180),
        ("a>b a>c", {"lasting": {"c": 300.0}}, 360),
        ("a>b b>c d", {"a": S.SUCCEEDED}, 120),
        ("a>b", {"a": S.RUNNING, "now": 45.0}, 75),
        ("a>b", {"a": S.QUEUED, "now": 45.0}, 120),  # it has not begun
        ("a", {"a": S.RUNNING, "now": 600.0}, 0),  # longer than usual
        ("a>b", {"a": S.RUNNING, "now": 600.0}, 60),
        ("a>b c", {"a": S.FAILED}, 60),  # what is blocked does not go
        ("a", {"a": S.SUCCEEDED}, None),
        ("a>b", {"lasting": {"b": None}}, None),  # one link of the chain is not known
        ("a>b c", {"lasting": {"a": None}, "a": S.SUCCEEDED}, 60),  # it is over, so nobody needs to know
        ("a b c d", {"slots": 2}, 120),
        ("a b c d", {"slots": 4}, 60),
    ],
)
def test_how_long_it_still_takes(graph, given, expected):
    assert left(graph, **given) == expected


@given(st.integers(1, 8), st.integers(1, 30))
def test_a_chain_takes_all_of_its_links_however_many_may_go_at_once(length, slots):
    text = " ".join(f"c{n}>c{n + 1}" for n in range(length))
    assert left(text, slots=slots) == 60 * (length + 1)


@pytest.mark.parametrize(
    ("seconds", "expected"), [([60.0], 60), ([60.0, 70.0, 900.0], 70), ([10.0, 20.0, 30.0, 40.0], 25)]
)
def test_one_slow_run_does_not_count_for_much(seconds, expected):
    assert usual(seconds) == expected
