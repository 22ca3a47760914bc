"""What is passed over: what depends on it goes, but never before anything that it depends on itself."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import order
from bot.domain.model import Decided, Heir, Status
from bot.domain.rollout import Draft, Walk, own_status
from bot.domain.standing import is_passed_over
from bot.domain.states import State, awaited, states
from tests.domain.world import dispatch_of, index_of, shown, walk_of

S = Status


def passed_over(walk, *components, status=S.SKIPPED):
    """Have components skipped, or cancelled before they were sent."""
    draft = Draft(walk)
    for component in components:
        step = draft.step(index_of(walk, component))
        draft.put(replace(step, decided=Decided(status, "boss", 5.0)))
    walk.apply(draft)
    return walk


def sent(walk, **statuses):
    draft = Draft(walk)
    for component, status in statuses.items():
        draft.put_dispatch(dispatch_of(index_of(walk, component), status))
    walk.apply(draft)
    return walk


CHAIN = "a>b b>c c>d"


@pytest.mark.parametrize(
    ("text", "skipped", "statuses", "expected"),
    [
        ("a>b", "a", {}, {"a": "skipped", "b": "ready"}),
        ("a>b x>b", "a", {}, {"b": "waiting"}),
        ("a>b x>b", "a", {"x": S.FAILED}, {"b": "blocked"}),
        ("a>b x>b", "ax", {}, {"b": "ready"}),
        (CHAIN, "b", {}, {"a": "ready", "b": "skipped", "c": "waiting", "d": "waiting"}),
        (CHAIN, "b", {"a": S.RUNNING}, {"b": "skipped", "c": "waiting", "d": "waiting"}),
        (CHAIN, "b", {"a": S.SUCCEEDED}, {"b": "skipped", "c": "ready", "d": "waiting"}),
        (CHAIN, "b", {"a": S.FAILED}, {"b": "skipped", "c": "blocked", "d": "blocked"}),
        (CHAIN, "bc", {"a": S.HELD}, {"b": "skipped", "c": "skipped", "d": "waiting"}),
        (CHAIN, "abc", {}, {"d": "ready"}),
        (CHAIN, "cba", {}, {"d": "ready"}),
        (CHAIN, "ab", {"a": S.FAILED}, {"a": "skipped", "b": "skipped", "c": "ready"}),
        (CHAIN, "a", {"a": S.RUNNING}, {"a": "running", "b": "waiting"}),
        (CHAIN, "a", {"a": S.SUCCEEDED}, {"a": "succeeded", "b": "ready"}),
    ],
)
def test_what_depends_on_it_waits_for_what_it_depends_on_itself(text, skipped, statuses, expected):
    walk = sent(passed_over(walk_of(text), *skipped), **statuses)
    assert shown(walk).items() >= expected.items()
    assert {step.instance.component for step in walk.steps if step.index in walk.ready} == {
        component for component, status in shown(walk).items() if status == "ready"
    }


def test_the_cause_is_what_stands_behind_it():
    walk = passed_over(walk_of("a>b b>c c>d x>c"), "b", "c")
    assert states(walk)[index_of(walk, "d")] == State(S.WAITING, index_of(walk, "x"))
    assert awaited(walk, index_of(walk, "d")) == [index_of(walk, "x"), index_of(walk, "a")]
    sent(walk, x=S.FAILED)
    assert states(walk)[index_of(walk, "d")] == State(S.BLOCKED, index_of(walk, "x"))


def test_what_was_superseded_by_something_that_is_passed_over_is_passed_over_too():
    walk = walk_of("a>b b>c")
    draft = Draft(walk)
    heir = Heir("#2", "7#2", 2, S.SKIPPED)
    draft.put(replace(draft.step(index_of(walk, "b")), dropped="superseded by #2", heir=heir))
    walk.apply(draft)
    assert shown(walk) == {"a": "ready", "b": "superseded", "c": "waiting"}
    assert shown(sent(walk, a=S.SUCCEEDED))["c"] == "ready"


@pytest.mark.parametrize(("before", "goes"), [(S.RUNNING, True), (S.FAILED, False), (None, True)])
def test_what_waits_behind_it_goes_by_itself_where_what_it_depends_on_does(before, goes):
    walk = passed_over(walk_of(CHAIN), "b")
    if before is not None:
        sent(walk, a=before)
    assert order.goes(walk, index_of(walk, "c"), {}, fail_fast=False) is goes


def test_what_is_cancelled_unsent_blocks_what_depends_on_it_and_is_no_failure():
    walk = passed_over(walk_of("a>b b>c x"), "a", status=S.CANCELLED)
    assert shown(walk) == {"a": "cancelled", "b": "blocked", "c": "blocked", "x": "ready"}
    assert Draft(walk).failed is None
    assert Draft(sent(walk, x=S.CANCELLED)).failed == index_of(walk, "x")


def test_a_long_chain_that_is_passed_over_costs_each_step_once():
    names = [f"s{number:04}" for number in range(3000)]
    walk = walk_of(" ".join(f"{one}>{other}" for one, other in pairwise(names)))
    passed_over(walk, *names[1:-1])
    assert walk.ready == {0}
    sent(walk, s0000=S.SUCCEEDED)
    assert walk.ready == {2999}
    sent(walk, s0000=S.RUNNING)
    assert walk.ready == set()
    assert Walk.of(walk.rollout, walk.steps).shut == walk.shut == set(range(1, 2999))


SIZE = 7
EDGES = st.sets(st.tuples(st.integers(0, SIZE - 1), st.integers(0, SIZE - 1)).filter(lambda edge: edge[0] < edge[1]))
DOINGS = st.lists(
    st.tuples(
        st.integers(0, SIZE - 1),
        st.sampled_from([S.SKIPPED, S.CANCELLED, S.RUNNING, S.SUCCEEDED, S.FAILED, "again", "outdated"]),
        st.booleans(),
    ),
    max_size=30,
)


@given(EDGES, DOINGS)
def test_nothing_goes_before_what_it_depends_on_through_any_distance(edges, doings):
    walk = walk_of(" ".join([f"s{number}" for number in range(SIZE)] + [f"s{one}>s{other}" for one, other in edges]))
    draft = Draft(walk)
    for index, what, saved in doings:
        if what == "again":
            draft.retire(index)
        elif what == "outdated":
            draft.put(replace(draft.step(index), outdated=True))
        elif what in (S.SKIPPED, S.CANCELLED):
            draft.put(replace(draft.step(index), decided=Decided(what, "boss", 5.0)))
        else:
            draft.put_dispatch(dispatch_of(index, what))
        if saved:
            walk.apply(draft)
            draft = Draft(walk)
        _check(draft)


def _check(draft):
    now = draft.now()
    fresh = Walk.of(now.rollout, now.steps)
    may_go = {step.index for step in now.steps if draft.is_ready(step.index)}
    found = states(now)
    assert may_go == fresh.ready == {index for index, state in enumerate(found) if state.status is S.READY}
    assert {index for index in range(SIZE) if draft.is_shut(index)} == fresh.shut
    for index in may_go:
        assert {own_status(now.steps[one]) for one in _behind(now, index)} <= {S.SUCCEEDED, S.SKIPPED}
    for index, state in enumerate(found):
        if state.status in (S.WAITING, S.BLOCKED):
            assert state.cause in _behind(now, index, through=(None,))
        assert bool(awaited(now, index)) or state.status not in (S.WAITING, S.BLOCKED)


def _behind(walk, index, through=()):
    """List what a step depends on: its parents, and those of parents that are passed over, or as `through` says."""
    found = list(walk.steps[index].parents)
    for one in found:
        if is_passed_over(walk.steps[one]) or own_status(walk.steps[one]) in through:
            found += [parent for parent in walk.steps[one].parents if parent not in found]
    return found
