"""What people should know of a plan before they merge."""

from dataclasses import replace

import pytest

from bot.domain.model import Approval, Status
from bot.domain.review import stale, unreviewed
from bot.domain.rollout import Draft, Walk
from tests.domain.test_keeping import pull
from tests.domain.test_order import apply_of, place, put
from tests.domain.world import at, dispatch_of, index_of, pro, sha_of, walk_of

S = Status
PLANNED = 100.0


def planned(text, *names, at_time=PLANNED):
    """Make a plan over a graph in which these components were planned with success."""
    walk = walk_of(text)
    draft = Draft(walk)
    for name in names:
        index = index_of(walk, name)
        draft.put_dispatch(dispatch_of(index, S.SUCCEEDED, started_at=at_time, finished_at=at_time + 10))
    walk.apply(draft)
    return walk


def done(number, *, at, status=S.SUCCEEDED, lane=None):
    return place(number, status, at=at, lane=lane)


def told(walk, **places):
    found = stale(walk, {at(name): tuple(those) for name, those in places.items()})
    return {walk.steps[index].instance.component: who for index, who in found.items()}


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        ([], {}),
        ([done(41, at=150.0)], {"a": "#41"}),
        ([done(41, at=PLANNED)], {}),
        ([done(41, at=50.0)], {}),
        ([done(41, at=150.0, status=S.FAILED)], {}),
        ([done(41, at=0.0, status=S.RUNNING)], {}),
        ([done(1, at=150.0)], {}),  # its own apply
        ([done(41, at=150.0), done(42, at=160.0), done(40, at=155.0)], {"a": "#42"}),
    ],
)
def test_what_was_applied_since_by_others_makes_a_plan_stale(places, expected):
    assert told(planned("a", "a"), a=places) == expected


def test_it_reaches_what_depends_on_it_through_any_distance_and_nothing_else():
    walk = planned("a>b b>c x>c", "a", "b", "c", "x")
    assert told(walk, b=[done(41, at=150.0)]) == {"b": "#41", "c": "#41"}
    assert told(walk, x=[done(41, at=150.0)], a=[done(42, at=150.0)]) == {
        "x": "#41",
        "a": "#42",
        "b": "#42",
        "c": told(walk, x=[done(41, at=150.0)], a=[done(42, at=150.0)])["c"],
    }


@pytest.mark.parametrize("status", [S.RUNNING, S.FAILED, S.QUEUED])
def test_what_has_no_plan_is_not_stale(status):
    walk = planned("a>b", "a")
    draft = Draft(walk)
    draft.put_dispatch(dispatch_of(0, status, started_at=PLANNED))
    walk.apply(draft)
    assert told(walk, a=[done(41, at=150.0)]) == {}
    assert told(planned("a>b", "a"), b=[done(41, at=150.0)]) == {}


def test_an_apply_knows_when_it_was_planned_and_what_was_not_is_passed_over():
    walk = apply_of("a>b b>c", number=1)
    for name in "ac":
        put(walk, name, planned_at=PLANNED)
    assert told(walk, a=[done(41, at=150.0)]) == {"a": "#41", "c": "#41"}


def test_what_the_merge_would_hold():
    walk = planned("a>b x", "a", "x")
    assert unreviewed(walk, pull()) == [index_of(walk, "b")]
    assert unreviewed(planned("a", "a"), pull()) == []


def test_what_was_approved_for_this_head_is_not_listed():
    approved = replace(pull(), approved=(Approval("dev", "b", "dora", 1.0),))
    walk = planned("a>b b>c", "a")
    assert unreviewed(walk, approved) == [index_of(walk, "c")]


def test_what_names_no_plan_or_is_no_plan_of_the_head_is_not_listed():
    assert unreviewed(walk_of("a", a=pro(plan=())), pull()) == []
    assert unreviewed(apply_of("a"), pull()) == []
    assert unreviewed(walk_of("a"), replace(pull(), head_sha=sha_of(2))) == []
    walk = walk_of("a")
    ended = Walk.of(replace(walk.rollout, superseded_by="a push"), walk.steps)
    assert unreviewed(ended, pull()) == []
