"""What a lock keeps, and what it does not."""

from dataclasses import replace

import pytest

from bot.domain.events import KeptBack
from bot.domain.graph import Instance
from bot.domain.locks import UNTOLD, Lock, kept, locked_by
from bot.domain.model import Status
from bot.domain.rollout import Draft, Walk
from tests.domain.test_dispatching import LANES, TWO, end_one, flying, open_all
from tests.domain.world import World, dispatch_of, graph, rollout_of, walk_of

LOCK = Lock("dev/a", "lock-1", "octocat in run 5", "Upgrading.", 100.0)


def kept_in(draft, *names):
    found = kept(draft, {name: replace(LOCK, name=name) for name in names})
    return {draft.step(index).instance.component for index in found}


def test_only_steps_that_may_go_are_kept():
    draft = Draft(walk_of("a>b c d"))
    assert kept_in(draft) == set()
    assert kept_in(draft, "dev/a", "dev/b", "dev/c", "a", "dev/d/", "prod/d") == {"a", "c"}
    draft.put_dispatch(dispatch_of(0, Status.SUCCEEDED))
    assert kept_in(draft, "dev/a", "dev/b", "dev/c") == {"b", "c"}
    draft.walk.apply(draft)
    assert kept_in(Draft(draft.walk), "dev/a", "dev/b", "dev/c") == {"b", "c"}


def test_steps_that_join_are_kept_too():
    draft = Draft(walk_of("a"))
    assert kept_in(draft, "dev/a", "dev/z") == {"a"}
    joined = replace(draft.step(0), index=1, instance=Instance("dev", "z"))
    draft.lay(joined)
    draft.settle()
    assert kept_in(draft, "dev/a", "dev/z") == {"a", "z"}
    draft.walk.apply(draft)
    assert kept_in(Draft(draft.walk), "dev/z") == {"z"}


def test_a_name_that_two_instances_share_keeps_both():
    (step,) = walk_of("a").steps
    steps = [
        replace(step, index=index, instance=Instance(*parts))
        for index, parts in enumerate((("x/y", "z"), ("x", "y/z")))
    ]
    assert kept_in(Draft(Walk.of(rollout_of(steps), steps)), "x/y/z") == {"z", "y/z"}


@pytest.mark.parametrize(
    ("lock", "words"),
    [
        (LOCK, "locked by octocat in run 5 until noon: Upgrading."),
        (replace(LOCK, message=""), "locked by octocat in run 5 until noon"),
        (replace(LOCK, message=UNTOLD), "locked by octocat in run 5 until noon"),
        (replace(LOCK, message="a\nb" + "c" * 300), f"locked by octocat in run 5 until noon: a�b{'c' * 196}…"),
    ],
)
def test_a_lock_is_told_in_one_short_sentence(lock, words):
    assert locked_by(lock, "noon") == words


def test_the_next_steps_go_in_place_of_locked_ones_and_those_when_they_are_free():
    world = open_all(1, graph("b>z c>d"))
    world.lock("c", 60)
    end_one(world, LANES[0])
    assert world.statuses() == {"b": "succeeded", "c": "ready", "d": "waiting", "z": "dispatching"}
    end_one(world, LANES[0])
    assert world.statuses()["c"] == "ready"
    world.unlock("c")
    world.deliver_all()
    assert world.statuses()["c"] == "dispatching"


def test_a_lane_of_which_all_is_locked_leaves_the_places_to_others_until_the_first_lock_ends():
    world = World(pulls=2, cap=2)
    world.lock("a", 60)
    world.lock("b", 90)
    for lane, made in zip(LANES, (graph("a b"), graph("c d e")), strict=False):
        world.change(lane, "opened")
        world.upload(lane, made)
        world.deliver_all()
    assert flying(world) == [0, 2]
    assert world.looks == {LANES[0]: world.now + 60}
    world.now += 60
    world.deliver_all()
    assert world.looks == {LANES[0]: world.now + 30}
    end_one(world, LANES[1])
    assert flying(world) == [1, 1]


def test_a_place_that_only_a_locked_step_could_take_goes_to_another_pull_request():
    world = open_all(1, graph("a b"), graph("c"))
    world.lock("b", 60)
    world.deliver_all()
    assert flying(world) == [1, 0]
    end_one(world, LANES[0])
    assert flying(world) == [0, 1]


def step_of(world, component):
    return next(step for step in world.walk().steps if step.instance.component == component)


def test_what_was_locked_after_its_dispatch_was_raised_is_taken_back_with_all_its_files():
    world = open_all(2, graph("a b", a=TWO))
    assert [known.workflow for known in step_of(world, "a").dispatches] == ["lint.yaml", "plan.yaml"]
    world.lock("a", 60)
    world.send()
    world.deliver_all()
    assert world.statuses() == {"a": "ready", "b": "dispatching"}
    assert step_of(world, "a").dispatches == ()
    world.now += 60
    world.deliver_all()
    assert world.statuses()["a"] == "dispatching"


def test_what_was_locked_after_another_file_of_its_step_went_stays_and_says_why():
    world = open_all(2, graph("a", a=TWO))
    world.send()
    world.deliver_all()
    world.lock("a", 60)
    world.send()
    world.deliver_all()
    waiting = world.sent("a", workflow="plan")
    assert (waiting.status, waiting.reason) == (Status.DISPATCHING, "locked by dora in run 5")
    world.now += 60
    world.finish_runs()
    assert world.statuses() == {"a": "succeeded"}


def test_news_of_a_lock_that_come_too_late_change_nothing():
    world = open_all(1, graph("a"))
    (sent,) = step_of(world, "a").dispatches
    told = KeptBack(sent.id, "locked by dora in run 5")
    world.send()
    world.deliver_all()
    before = step_of(world, "a")
    world.handle(LANES[0], told)
    assert step_of(world, "a") == before
    world.handle(LANES[0], KeptBack("sy-none", "locked by dora in run 5"))
    assert step_of(world, "a") == before
