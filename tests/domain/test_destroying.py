"""What people want destroyed: what must go with it, and in which order."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import order
from bot.domain.destroying import known, lay_out, staying, with_all_below, workflows_of
from bot.domain.model import Decided, Heir, Status
from bot.domain.pro import DELETED, MERGED
from bot.domain.rollout import Draft, Walk
from tests.domain.test_destroys import DESTROYABLE, OURS, edges, gone, memory
from tests.domain.test_destroys import laid as laid_removed
from tests.domain.world import at, graph, index_of, pro, rollout_of, sha_of, shown

HERE = sha_of(0xA)


def laid(remembered, *names, told=None, files=OURS):
    """Lay out how instances are destroyed; its steps by component."""
    made = lay_out(known(remembered, told), {at(name) for name in names}, sha=HERE, files=files)
    return {step.instance.component: step for step in made.steps}


def test_children_go_before_parents_at_the_commit_of_the_merge():
    steps = laid(memory("a>b b>c"), "a", "b", "c")
    assert edges(steps) == {"c>b", "b>a"}
    for step in steps.values():
        (call,) = step.calls
        assert (call.workflow, dict(call.inputs)["sha"], step.destroys) == ("destroy.yaml", HERE, True)


def test_the_order_runs_through_what_stays():
    assert edges(laid(memory("a>b b>c"), "a", "c")) == {"c>a"}


def test_a_cycle_has_no_order():
    assert all("dependency cycle" in step.problem for step in laid(memory("a>b b>a"), "a", "b").values())


def test_a_file_that_is_missing_is_a_problem():
    (step,) = laid(memory("a"), "a", files={"destroy.yaml": None}).values()
    assert "does not exist" in step.problem


@pytest.mark.parametrize(
    ("text", "named", "below"),
    [
        ("a", "a", "a"),
        ("a>b b>c", "b", "b c"),
        ("a>b b>c", "c", "c"),
        ("a>b a>c b>d c>d e", "a", "a b c d"),
        ("a>b b>a", "a", "a b"),
    ],
)
def test_what_depends_on_it_is_found_through_any_distance(text, named, below):
    found = with_all_below(known(memory(text), None), map(at, named.split()))
    assert sorted(found) == [at(name) for name in below.split()]


@pytest.mark.parametrize(
    ("text", "wanted", "left"),
    [
        ("a", "a", None),
        ("a>b", "b", None),
        ("a>b", "a b", None),
        ("a>b", "a", ("a", "b")),
        ("a>b b>c", "a b", ("b", "c")),
        ("a>b b>c", "a c", ("a", "b")),
    ],
)
def test_what_would_be_pulled_from_under_something_is_told(text, wanted, left):
    found = staying(known(memory(text), None), {at(name) for name in wanted.split()})
    assert found == (left and (at(left[0]), at(left[1])))


def test_what_the_merge_told_goes_before_what_is_remembered_but_not_that_it_was_removed():
    own, other = pro(deleted=("own.yaml",)), pro(deleted=("other.yaml",))
    told = graph("a b", a=own, b=None)
    assert workflows_of(known(memory("a b", a=other, b=other), told)) == {"own.yaml", "other.yaml"}
    assert workflows_of(known(memory("a b", a=other, b=other), None)) == {"other.yaml"}
    assert workflows_of(known(memory("a", a=DESTROYABLE), graph("a", a=pro()))) == set()


@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=14), st.sets(st.integers(0, 7), min_size=1))
def test_whatever_is_wanted_with_all_below_leaves_nothing_hanging_and_goes_in_reverse(pairs, wanted):
    text = " ".join([*(f"n{one}>n{two}" for one, two in pairs if one < two), *(f"n{one}" for one in range(8))])
    remembered = memory(text)
    whole = known(remembered, None)
    chosen = with_all_below(whole, [at(f"n{one}") for one in wanted])
    assert staying(whole, set(chosen)) is None
    steps = lay_out(whole, set(chosen), sha=HERE, files=OURS).steps
    place = {step.instance: step.index for step in steps}
    assert place.keys() == set(chosen)
    for instance in chosen:
        assert all(place[child] < place[instance] for child in remembered[instance].children)


def passed_over(step, how):
    """Have a step skipped, or superseded by what has this status."""
    if how == "skipped":
        return replace(step, decided=Decided(Status.SKIPPED, "boss", 5.0))
    return replace(step, dropped="superseded by #12", heir=Heir("#12", "7#12", 12, how or None))


@pytest.mark.parametrize(
    ("how", "below"),
    [
        ("skipped", "blocked"),
        (Status.SUCCEEDED, "blocked"),
        (Status.SKIPPED, "blocked"),
        (Status.FAILED, "blocked"),
        (Status.RUNNING, "waiting"),
        ("", "waiting"),
    ],
)
def test_what_still_stands_keeps_what_it_needs_from_being_destroyed(how, below):
    steps = list(laid(memory("a>b b>c"), "a", "b", "c").values())
    walk = Walk.of(rollout_of(steps, activity=DELETED), steps)
    draft = Draft(walk)
    draft.put(passed_over(draft.step(index_of(walk, "c")), how))
    walk.apply(draft)
    assert (shown(walk)["b"], shown(walk)["a"]) == (below, below)
    assert walk.ready == set()
    assert Walk.of(walk.rollout, walk.steps).ready == set()
    assert order.goes(walk, index_of(walk, "b"), {}, fail_fast=False) is (below == "waiting")


def test_what_still_stands_keeps_no_apply():
    steps = list(laid_removed(gone("a b", "b"), memory("a>b")).values())
    walk = Walk.of(rollout_of(steps, activity=MERGED), steps)
    draft = Draft(walk)
    draft.put(passed_over(draft.step(index_of(walk, "b")), Status.SUCCEEDED))
    walk.apply(draft)
    assert shown(walk) == {"a": "ready", "b": "superseded"}
