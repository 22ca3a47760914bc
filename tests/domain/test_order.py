"""The order of applies: where commits stand, who waits for whom, and what is too old."""

from contextlib import nullcontext
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.desk import Desk, Lane, Regather
from bot.domain.events import Facts, Rules
from bot.domain.heads import refresh
from bot.domain.locks import Lock
from bot.domain.model import OPEN, Heir, Hold, HoldKind, Status
from bot.domain.order import (
    STRETCH,
    Anchor,
    Expected,
    Place,
    Spot,
    awaited,
    bring_back,
    first,
    follow,
    goes,
    lost,
    overtaker,
    position,
)
from bot.domain.rollout import Draft, Walk, own_status
from tests.domain.world import REPO, at, dispatch_of, index_of, pull_facts, sha_of, shown, walk_of

S = Status
HOLD = Hold(HoldKind.UNREVIEWED, "no plan of it succeeded")


def place(number, status=None, *, sent=None, goes=False, branch="main", lane=None, at=0.0, where=None, destroys=False):
    """Make what the rollout of a merge, which stands at its number, does to an instance."""
    return Place(
        rollout_id=number,
        lane=lane or f"7#{number}",
        name=f"#{number}",
        branch=branch,
        position=number if where is None else where,
        status=status,
        sent=status not in (None, S.MANUAL, S.SUPERSEDED) if sent is None else sent,
        goes=goes,
        at=at,
        destroys=destroys,
    )


def apply_of(text, number=10, branch="main", **settings):
    """Make the apply of a merge over a graph."""
    walk = walk_of(text, activity="pull_request.merged", **settings)
    rollout = replace(walk.rollout, id=number, lane=f"7#{number}", branch=branch, position=number)
    return Walk.of(rollout, walk.steps)


def put(walk, component, **changes):
    """Change a step; a `status` makes it one that was sent."""
    draft = Draft(walk)
    index = index_of(walk, component)
    status = changes.pop("status", None)
    if status is not None:
        changes["dispatches"] = (dispatch_of(index, status, workflow="apply.yaml"),)
    draft.put(replace(draft.step(index), **changes))
    walk.apply(draft)
    return walk


@pytest.mark.parametrize(
    ("anchor", "ahead", "behind", "expected"),
    [
        (None, 0, 0, STRETCH),
        (Anchor("a", STRETCH), 1, 0, STRETCH + 1),
        (Anchor("a", STRETCH + 5), 3, 0, STRETCH + 8),
        (Anchor("a", STRETCH + 5), 0, 2, STRETCH + 3),
        (Anchor("a", STRETCH + 5), 0, 0, STRETCH + 5),
        (Anchor("a", STRETCH), 0, 7, STRETCH - 7),
        # The branch was rewritten: a stretch of its own, after everything.
        (Anchor("a", STRETCH + 5), 1, 1, 2 * STRETCH),
        (Anchor("a", 2 * STRETCH + 5), 4, 9, 3 * STRETCH),
    ],
)
def test_where_a_commit_stands(anchor, ahead, behind, expected):
    assert position(anchor, ahead=ahead, behind=behind) == expected


@given(st.integers(1, 5), st.integers(-9, 9_999), st.integers(1, 999), st.integers(1, 999))
def test_what_a_rewritten_branch_has_lost_is_older_than_what_it_has(stretch, offset, ahead, behind):
    old = Anchor("old", stretch * STRETCH + max(offset, 0))
    new = position(old, ahead=ahead, behind=behind)
    anchor = Anchor("new", position(Anchor("new", new), ahead=max(offset, 0), behind=0))
    assert old.position < lost(anchor) < new <= anchor.position


@given(st.lists(st.integers(1, 50), min_size=1, max_size=8), st.data())
def test_commits_of_one_history_stand_in_its_order_whichever_is_heard_of_first(steps, data):
    depths = [sum(steps[:number]) for number in range(len(steps) + 1)]
    found, anchor, anchored = {}, None, 0
    for depth in data.draw(st.permutations(depths)):
        found[depth] = position(anchor, ahead=max(0, depth - anchored), behind=max(0, anchored - depth))
        if anchor is None or found[depth] > anchor.position:
            anchor, anchored = Anchor(str(depth), found[depth]), depth
    assert sorted(found, key=lambda depth: found[depth]) == depths


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        ([], None),
        ([place(11)], None),  # newer, but not sent
        ([place(11, S.RUNNING)], "#11"),
        ([place(11, S.FAILED)], "#11"),
        ([place(11, S.HELD)], "#11"),  # in doubt: it may have been sent
        ([place(11, sent=True)], "#11"),  # it was sent, and is offered again
        ([place(11, S.SUCCEEDED), place(13, S.QUEUED), place(12, S.SUCCEEDED)], "#13"),
        ([place(9, S.RUNNING)], None),
        ([place(10, S.RUNNING)], None),
        ([place(11, S.RUNNING, branch="release")], None),
    ],
)
def test_what_is_too_old(places, expected):
    found = overtaker(apply_of("a").rollout, places)
    assert (found and found.name) == expected


@pytest.mark.parametrize(
    ("others", "destroys", "expected"),
    [
        (place(11, S.SUCCEEDED, where=10, destroys=True), False, "#11"),
        (place(11, S.RUNNING, where=10, destroys=True), False, "#11"),
        (place(11, where=10, destroys=True), False, None),  # it was not sent
        (place(9, S.SUCCEEDED, where=10, destroys=True), False, None),  # applied again since
        (place(11, S.SUCCEEDED, where=9, destroys=True), False, None),  # an older commit
        (place(11, S.SUCCEEDED, where=10, destroys=True), True, None),
        (place(11, S.SUCCEEDED, where=10), True, "#11"),
        (place(11, S.SUCCEEDED, where=10), False, None),  # the same is applied twice
        (place(9, S.SUCCEEDED, where=10), True, None),
        (place(11, S.SUCCEEDED, where=10, destroys=True, branch="release"), False, None),
    ],
)
def test_of_one_commit_the_later_of_an_apply_and_a_destroy_counts(others, destroys, expected):
    found = overtaker(apply_of("a").rollout, [others], destroys=destroys)
    assert (found and found.name) == expected


@pytest.mark.parametrize("destroys", [False, True])
@pytest.mark.parametrize("status", [None, S.RUNNING, S.HELD, S.SUCCEEDED, S.FAILED, S.SKIPPED])
def test_how_a_destroy_ends_opens_no_way_for_what_was_to_be_applied(status, destroys):
    walk = put(apply_of("a>b"), "a", status=S.FAILED)
    draft = Draft(walk)
    newer = place(11, status, where=10 if destroys else 11, sent=True, destroys=destroys)
    assert [draft.step(index).instance for index in follow(draft, {at("a"): (newer,)})] == [at("a")]
    after = shown(draft.now())
    if destroys:
        assert after["b"] == "blocked"
        assert draft.step(0).dropped == "superseded by the destroy by #11"
    else:
        assert (after["b"] == "ready") is (status in (S.SUCCEEDED, S.SKIPPED))


def test_what_has_no_place_in_the_order_is_never_too_old():
    rollout = replace(apply_of("a").rollout, position=0, branch="")
    assert overtaker(rollout, [place(11, S.RUNNING, branch="")]) is None


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        ([], None),
        ([place(9)], None),  # older, but it does not go by itself
        ([place(9, goes=True)], "#9"),
        ([place(9, goes=True), place(8, goes=True)], "#8"),
        ([place(11, goes=True)], None),
        ([place(9, goes=True, branch="release")], None),
        ([place(9, goes=True, where=0)], None),
        # Whatever is being applied there is let end, wherever it belongs.
        ([place(9, goes=True), place(11, S.RUNNING)], "#11"),
        ([place(3, S.DISPATCHING, branch="release")], "#3"),
        ([place(3, S.QUEUED, where=0)], "#3"),
        ([place(3, S.APPROVAL)], "#3"),
        ([place(3, S.HELD)], "#3"),
        ([place(9, S.FAILED), place(8, S.CANCELLED), place(7, S.TIMED_OUT), place(6, S.SUCCEEDED)], None),
        ([place(9, S.SUPERSEDED), place(8, S.MANUAL)], None),
        ([place(10, S.RUNNING)], None),  # its own
    ],
)
def test_whom_an_apply_lets_go_first(places, expected):
    found = first(apply_of("a").rollout, places)
    assert (found and found.name) == expected


def test_two_never_wait_for_each_other_unless_one_is_being_applied():
    older, newer = apply_of("a", 8).rollout, apply_of("a", 9).rollout
    assert first(newer, [place(8, goes=True)]) is not None
    assert first(older, [place(9, goes=True)]) is None


@pytest.mark.parametrize(
    ("number", "branch", "component", "waits"),
    [(9, "main", "a", True), (11, "main", "a", False), (9, "release", "a", False), (9, "main", "b", False)],
)
def test_whose_upload_is_awaited(number, branch, component, waits):
    one = Expected("7#9", "#9", branch, number, frozenset({at("a")}), until=700.0)
    assert (awaited(apply_of("a").rollout, at(component), [one]) is one) is waits


@pytest.mark.parametrize(
    ("status", "taken"),
    [
        (None, True),
        (S.FAILED, True),
        (S.TIMED_OUT, True),
        (S.CANCELLED, True),
        (S.SUCCEEDED, False),
        (S.HELD, False),
        *((status, False) for status in sorted(OPEN)),
    ],
)
def test_what_a_newer_commit_supersedes(status, taken):
    walk = apply_of("a>b")
    if status is not None:
        put(walk, "a", status=status)
    draft = Draft(walk)
    assert follow(draft, {at("a"): (place(11, S.RUNNING),)}) == ([0] if taken else [])
    own = own_status(draft.step(0))
    assert own is (S.SUPERSEDED if taken else status)


@pytest.mark.parametrize("how", [{"holds": (HOLD,)}, {"problem": "It has no file."}, {"manual": "By hand."}])
def test_what_needs_a_person_is_superseded_too(how):
    walk = put(apply_of("a>b"), "a", **how)
    draft = Draft(walk)
    assert follow(draft, {at("a"): (place(11, S.SUCCEEDED),)}) == [0]
    assert own_status(draft.step(0)) is S.SUPERSEDED
    assert draft.is_ready(1)


@pytest.mark.parametrize(
    ("before", "kept_back", "after"),
    [
        ({"holds": (HOLD,)}, True, {"a": "held", "b": "waiting"}),  # its hold counts again
        ({"status": S.FAILED}, True, {"a": "failed", "b": "blocked"}),
        ({}, True, {"a": "ready", "b": "waiting"}),
        ({"holds": (HOLD,)}, False, {"a": "superseded", "b": "waiting"}),
    ],
)
def test_what_a_newer_commit_did_not_overtake_after_all_comes_back(before, kept_back, after):
    walk = put(apply_of("a>b"), "a", **before)
    draft = Draft(walk)
    assert follow(draft, {at("a"): (place(11, S.DISPATCHING),)}) == [0]
    walk.apply(draft)
    later = Draft(walk)
    there = (place(11),) if kept_back else (place(11, S.QUEUED),)
    assert bring_back(later, {at("a"): there}) == ([0] if kept_back else [])
    walk.apply(later)
    assert shown(walk) == after


def test_a_place_that_is_forgotten_brings_nothing_back():
    walk = apply_of("a>b")
    draft = Draft(walk)
    follow(draft, {at("a"): (place(11, S.SUCCEEDED),)})
    assert bring_back(draft, {at("a"): ()}) == []
    assert own_status(draft.step(0)) is S.SUPERSEDED


@pytest.mark.parametrize(
    ("outcome", "child"),
    [
        (S.SUCCEEDED, "ready"),
        (S.RUNNING, "waiting"),
        (S.APPROVAL, "waiting"),
        (S.HELD, "waiting"),
        (None, "waiting"),
        (S.FAILED, "blocked"),
        (S.CANCELLED, "blocked"),
    ],
)
@pytest.mark.parametrize("sent", [False, True])
def test_children_follow_the_outcome_of_what_superseded(outcome, child, sent):
    walk = apply_of("a>b")
    if sent:
        put(walk, "a", status=S.FAILED)
    draft = Draft(walk)
    follow(draft, {at("a"): (place(11, outcome, sent=True),)})
    walk.apply(draft)
    assert shown(walk) == {"a": "superseded", "b": child}
    assert (draft.failed is not None) is (outcome in (S.FAILED, S.CANCELLED))


def test_the_newest_of_several_speaks_and_only_what_is_news_is_told():
    walk = apply_of("a")
    draft = Draft(walk)
    assert follow(draft, {at("a"): (place(11, S.FAILED),)}) == [0]
    assert follow(draft, {at("a"): (place(11, S.FAILED), place(12, S.RUNNING))}) == []
    assert draft.step(0).heir == Heir("#12", "7#12", 12, S.RUNNING)
    before = draft.step(0)
    assert follow(draft, {at("a"): (place(12, S.RUNNING),)}) == []
    assert draft.step(0) is before


def test_what_is_run_again_after_it_was_superseded_speaks_for_itself():
    walk = put(apply_of("a>b"), "a", status=S.FAILED)
    draft = Draft(walk)
    follow(draft, {at("a"): (place(11, S.FAILED),)})
    walk.apply(draft)
    again = Draft(walk)
    again.put_dispatch(replace(again.step(0).dispatches[0], status=S.SUCCEEDED))
    assert own_status(again.step(0)) is S.SUCCEEDED
    assert again.is_ready(1)


def lock(name):
    return Lock(name=name, id="1", owner="dora", message="", until=9e9)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda _walk: None, True),
        (lambda walk: put(walk, "a", status=S.RUNNING), True),
        (lambda walk: put(walk, "a", status=S.APPROVAL), True),
        (lambda walk: put(walk, "a", status=S.SUCCEEDED), True),
        (lambda walk: put(walk, "a", manual="By hand."), True),
        (lambda walk: put(walk, "a", status=S.FAILED), False),
        (lambda walk: put(walk, "a", status=S.HELD), False),
        (lambda walk: put(walk, "a", problem="It has no file."), False),
        (lambda walk: put(walk, "a", holds=(HOLD,)), False),
        (lambda walk: put(walk, "b", holds=(HOLD,)), False),
        (lambda walk: put(walk, "c", holds=(HOLD,)), False),
        (lambda walk: put(walk, "x", status=S.FAILED), True),
        (lambda walk: put(walk, "a", dropped="superseded by #11", heir=Heir("#11", "7#11", 11, S.RUNNING)), True),
        (lambda walk: put(walk, "a", dropped="superseded by #11", heir=Heir("#11", "7#11", 11, S.FAILED)), False),
    ],
)
def test_what_goes_by_itself(change, expected):
    walk = apply_of("a>b b>c x")
    change(walk)
    assert goes(walk, index_of(walk, "c"), {}, fail_fast=False) is expected


@pytest.mark.parametrize(("locked", "expected"), [("dev/a", False), ("dev/c", False), ("dev/x", True)])
def test_what_is_locked_does_not_go_nor_what_waits_for_it(locked, expected):
    walk = apply_of("a>b b>c x")
    assert goes(walk, index_of(walk, "c"), {locked: lock(locked)}, fail_fast=False) is expected


@pytest.mark.parametrize("fail_fast", [False, True])
def test_a_failure_elsewhere_matters_only_where_it_stops_everything(fail_fast):
    walk = put(apply_of("a>b x"), "x", status=S.FAILED)
    assert goes(walk, index_of(walk, "b"), {}, fail_fast=fail_fast) is not fail_fast


@pytest.mark.parametrize(
    ("counted_from", "known", "moved"),
    [
        (None, None, False),
        (Anchor("a", STRETCH), Anchor("a", STRETCH), False),
        (None, Anchor("a", STRETCH), True),
        # Two merges behind a rewriting that are read at the same moment would get one place, and so no order.
        (Anchor("a", STRETCH), Anchor("b", 2 * STRETCH), True),
    ],
)
def test_a_place_is_counted_from_what_is_the_latest_when_it_is_taken(counted_from, known, moved):
    facts = Facts(Rules(), anchors={"main": known} if known else {})
    desk = Desk(Lane("7#1", REPO, None, ()), facts, 1000.0, iter(()).__next__)
    merged = pull_facts(open=False, merged=True, merge_sha=sha_of(3), merged_at=110.0)
    with pytest.raises(Regather) if moved else nullcontext():
        assert refresh(desk, merged, spot=Spot(2 * STRETCH, counted_from)).position == 2 * STRETCH
