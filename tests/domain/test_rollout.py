"""A rollout's steps: what each shows, what may go, and what looking at them costs."""

from dataclasses import replace
from functools import cache
from itertools import pairwise

import pytest

from bot.domain.decide import decide
from bot.domain.desk import Lane
from bot.domain.events import Facts, Rules, RunReported
from bot.domain.graph import Graph
from bot.domain.layout import lay_out
from bot.domain.locks import Lock
from bot.domain.model import Status
from bot.domain.rollout import Draft, Walk, own_status
from bot.domain.states import State, count, states, unfinished
from tests.domain.world import FILES, REPO, at, dispatch_of, index_of, node, pro, rollout_of, run_facts, sha_of, walk_of
from tests.domain.world import shown as shown_of

S = Status


def with_status(walk, **statuses):
    """Give components of a walk a dispatch with a status each."""
    for component, status in statuses.items():
        draft = Draft(walk)
        draft.put_dispatch(dispatch_of(index_of(walk, component), status))
        walk.apply(draft)
    return walk


def cause(walk, component):
    state = states(walk)[index_of(walk, component)]
    return state.cause if state.cause is None else walk.steps[state.cause].instance.component


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ([S.SUCCEEDED], S.SUCCEEDED),
        ([S.SUCCEEDED, S.SUCCEEDED], S.SUCCEEDED),
        ([S.SUCCEEDED, S.RUNNING], S.RUNNING),
        ([S.FAILED, S.RUNNING], S.RUNNING),
        ([S.FAILED, S.SUCCEEDED], S.FAILED),
        ([S.CANCELLED, S.FAILED], S.FAILED),
        ([S.TIMED_OUT, S.CANCELLED], S.TIMED_OUT),
        ([S.QUEUED, S.DISPATCHING], S.QUEUED),
        ([S.RUNNING, S.APPROVAL], S.APPROVAL),
        ([S.HELD, S.RUNNING], S.HELD),
    ],
)
def test_a_step_of_several_files_shows_what_matters_most(statuses, expected):
    step = walk_of("a").steps[0]
    sent = tuple(dispatch_of(0, status, workflow=f"{n}.yaml") for n, status in enumerate(statuses))
    assert own_status(replace(step, dispatches=sent)) is expected


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, None),
        ({"manual": "By hand."}, S.MANUAL),
        ({"problem": "Broken."}, S.FAILED),
        ({"problem": "Broken.", "manual": "By hand."}, S.FAILED),
        ({"dropped": "Overtaken.", "problem": "Broken."}, S.SUPERSEDED),
        ({"dropped": "Overtaken.", "dispatches": (dispatch_of(0, S.SUCCEEDED),)}, S.SUCCEEDED),
    ],
)
def test_what_a_step_alone_tells(facts, expected):
    assert own_status(replace(walk_of("a").steps[0], **facts)) is expected


@pytest.mark.parametrize("ended", [S.FAILED, S.CANCELLED, S.TIMED_OUT])
def test_a_failure_blocks_everything_behind_it_and_nothing_else(ended):
    walk = with_status(walk_of("a>b b>c c>d x>y x>d"), a=ended, x=S.SUCCEEDED)
    assert shown_of(walk) == {
        "a": ended,
        "b": "blocked",
        "c": "blocked",
        "d": "blocked",
        "x": "succeeded",
        "y": "ready",
    }
    assert [cause(walk, component) for component in "bcd"] == ["a", "a", "a"]


@pytest.mark.parametrize("status", [S.DISPATCHING, S.QUEUED, S.RUNNING, S.APPROVAL, S.HELD])
def test_children_wait_for_a_parent_that_is_not_done(status):
    walk = with_status(walk_of("a>b b>c"), a=status)
    assert shown_of(walk) == {"a": status, "b": "waiting", "c": "waiting"}
    assert [cause(walk, component) for component in "bc"] == ["a", "b"]


def test_a_failed_parent_counts_more_than_one_that_still_runs():
    walk = with_status(walk_of("a>c b>c"), a=S.RUNNING, b=S.FAILED)
    assert (shown_of(walk)["c"], cause(walk, "c")) == ("blocked", "b")


def test_a_child_waits_for_the_parent_that_is_not_done():
    walk = with_status(walk_of("a>c b>c"), a=S.SUCCEEDED, b=S.QUEUED)
    assert (shown_of(walk)["c"], cause(walk, "c")) == ("waiting", "b")


def test_what_is_left_for_people_opens_the_way():
    assert shown_of(walk_of("a>b", a=None)) == {"a": "manual", "b": "ready"}


def test_a_superseded_rollout_shows_what_was_not_sent_as_superseded():
    walk = with_status(walk_of("a>b c"), a=S.SUCCEEDED)
    walk = Walk.of(replace(walk.rollout, superseded_by="a push"), walk.steps)
    assert shown_of(walk) == {"a": "succeeded", "b": "superseded", "c": "superseded"}
    assert not walk.ready


def test_steps_are_told_wherever_their_parents_stand_in_the_list():
    walk = walk_of("a>b")
    first, second = walk.steps
    steps = [replace(second, index=0, parents=(1,)), replace(first, index=1, children=(0,))]
    assert states(Walk.of(walk.rollout, steps)) == [State(S.WAITING, 1), State(S.READY)]


def test_what_is_left_for_people_breaks_a_circle():
    walk = walk_of("a>b b>c")
    first, second, third = walk.steps
    first = replace(first, parents=(third.index,))
    walk = Walk.of(walk.rollout, [first, second, replace(third, children=(0,), manual="It was deleted.")])
    assert shown_of(walk) == {"a": "ready", "b": "waiting", "c": "manual"}
    assert walk.ready == {0}


def test_counts():
    walk = with_status(walk_of("a>b c d>e f"), a=S.FAILED, c=S.SUCCEEDED, d=S.APPROVAL)
    counts = count(states(walk))
    assert counts == {"failed": 1, "blocked": 1, "succeeded": 1, "approval": 1, "waiting": 1, "ready": 1}
    assert unfinished(counts) == 3  # the approval, what waits for it, and what may go


def test_the_longest_chain_goes_first_then_the_order_of_the_upload():
    walk = walk_of("a b>c c>d e>f g")
    draft = Draft(walk)
    assert [walk.steps[index].instance.component for index in draft.next_ready(4)] == ["b", "e", "a", "g"]
    assert [walk.steps[index].instance.component for index in draft.next_ready(1)] == ["b"]


def test_a_step_that_was_ready_twice_is_named_once():
    walk = walk_of("a>b x")
    for status in (S.SUCCEEDED, S.RUNNING, S.SUCCEEDED, S.RUNNING, S.SUCCEEDED):
        with_status(walk, a=status)
    assert sorted(walk.steps[index].instance.component for index in Draft(walk).next_ready(9)) == ["b", "x"]


def test_what_a_draft_changes_is_not_there_before_it_is_taken_over():
    walk = walk_of("a>b")
    draft = Draft(walk)
    draft.put_dispatch(dispatch_of(0, S.SUCCEEDED))
    assert draft.next_ready(9) == [1]
    assert draft.ready_count == 1
    assert shown_of(walk) == {"a": "ready", "b": "waiting"}
    assert Draft(walk).next_ready(9) == [0]
    walk.apply(draft)
    assert shown_of(walk) == {"a": "succeeded", "b": "ready"}
    assert Draft(walk).next_ready(9) == [1]


def test_a_dispatch_that_was_taken_back_is_gone():
    walk = with_status(walk_of("a"), a=S.DISPATCHING)
    draft = Draft(walk)
    draft.take_back(walk.steps[0].dispatches[0])
    walk.apply(draft)
    assert shown_of(walk) == {"a": "ready"}
    assert Draft(walk).dispatch("sy-0") is None


def test_only_the_latest_dispatch_of_a_file_counts():
    walk = with_status(walk_of("a>b"), a=S.FAILED)
    draft = Draft(walk)
    draft.put_dispatch(dispatch_of(0, S.SUCCEEDED, id="sy-again"))
    walk.apply(draft)
    assert shown_of(walk) == {"a": "succeeded", "b": "ready"}
    assert Draft(walk).dispatch("sy-0") is None
    assert Draft(walk).dispatch("sy-again")


class Counting(list):
    """A list that counts how many of its items were read."""

    read = 0

    def __getitem__(self, place):
        self.read += 1
        return super().__getitem__(place)

    def __iter__(self):
        for item in super().__iter__():
            self.read += 1
            yield item


@cache
def large(shape, size):
    """Make many steps: `wide` (one above all others, one below), `flat` (no order) or `deep` (one chain)."""
    names = [f"c{number:05}" for number in range(size)]
    edges = {
        "flat": [],
        "wide": [(names[0], name) for name in names[1:-1]] + [(name, names[-1]) for name in names[1:-1]],
        "deep": list(pairwise(names)),
    }[shape]
    made = Graph.of([node(name, pro()) for name in names], [(at(one), at(other)) for one, other in edges])
    return lay_out(made, activity="pull_request.synchronize", sha=sha_of(1), files=FILES).steps


def reads(walk, index, *, cap, status="completed", conclusion="success", locks=()):
    """Count the steps that are looked at for one piece of news of one step."""
    if locks:
        walk.named("")  # the names are looked up once for all events
    walk.steps = Counting(walk.steps)
    lane = Lane(walk.rollout.lane, REPO, None, (walk,))
    news = RunReported(f"sy-{index}", run_facts(900 + index, status=status, conclusion=conclusion, updated_at=900.0))
    held = {name: Lock(name, "lock-1", "dora in run 5", "", 2000.0) for name in locks}
    facts = Facts(rules=Rules(max_in_flight=cap), in_flight={lane.key: cap if cap < 20 else 1}, locks=held)
    decision = decide(lane, news, facts, now=1000.0, ids=lambda: "sy-new")
    for draft in decision.drafts:
        walk.apply(draft)
    return walk.steps.read


def going(shape, size, *, done, running):
    """Make a large rollout with some steps done and some under way."""
    steps = list(large(shape, size))
    walk = Walk.of(rollout_of(steps), steps)
    draft = Draft(walk)
    for index in [*done, *running]:
        draft.put_dispatch(dispatch_of(index, S.RUNNING if index in running else S.SUCCEEDED, run_updated_at=500.0))
    walk.apply(draft)
    return walk


NEWS = [
    ("flat", range(0), range(5)),
    ("wide", range(1), range(1, 6)),
    ("deep", range(50), range(50, 51)),
]


@pytest.mark.parametrize("cap", [5, 20], ids=["full", "free"])
@pytest.mark.parametrize("conclusion", ["success", "failure", ""])
@pytest.mark.parametrize("locks", [(), ("dev/c00007", "dev/c00051", "prod/c00008")], ids=["", "locked"])
@pytest.mark.parametrize(("shape", "done", "running"), NEWS, ids=[shape for shape, _, _ in NEWS])
def test_an_event_costs_the_same_on_a_large_rollout(shape, done, running, conclusion, cap, locks):
    def cost(size):
        status = "completed" if conclusion else "waiting"
        walk = going(shape, size, done=done, running=running)
        return reads(walk, running[0], cap=cap, status=status, conclusion=conclusion, locks=locks)

    assert cost(100) == cost(2422) <= 200


@pytest.mark.parametrize("status", ["waiting", "queued"])
def test_news_of_what_stands_above_all_others_cost_little_until_it_is_done(status):
    walk = going("wide", 2422, done=[], running=[0])
    assert reads(walk, 0, cap=5, status=status, conclusion="") < 20


def test_what_waits_for_all_others_is_looked_at_shortly():
    walk = going("wide", 2422, done=range(2300), running=range(2300, 2310))
    assert reads(walk, 2300, cap=10) < 50
