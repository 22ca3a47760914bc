"""Who goes first under the cap that all pull requests of a repository share."""

import pytest

from bot.domain.dispatching import _Claim, share
from bot.domain.lanes import lane_of_pull
from bot.domain.pro import Phase
from tests.domain.world import REPO, World, graph, pro

LANES = [lane_of_pull(REPO.id, number) for number in (1, 2, 3)]
TWO = pro(("plan.yaml", "lint.yaml"), ("apply.yaml", "report.yaml"), labeled=("tag.yaml", "report.yaml"))


@pytest.mark.parametrize(
    ("claims", "flying", "free", "granted"),
    [
        ([("x", 1, "plan", 5)], {}, 3, [3]),
        ([("x", 1, "plan", 2)], {}, 3, [2]),
        ([("x", 1, "plan", 0)], {}, 3, [0]),
        ([("x", 1, "plan", 5), ("y", 2, "plan", 5)], {}, 4, [2, 2]),
        ([("x", 1, "plan", 5), ("y", 2, "plan", 5)], {}, 3, [2, 1]),
        ([("x", 1, "plan", 1), ("y", 2, "plan", 5)], {}, 4, [1, 3]),
        # Applies before plans, whoever has more.
        ([("x", 1, "plan", 5), ("y", 2, "apply", 2)], {"y": 9}, 3, [1, 2]),
        ([("x", 1, "plan", 5), ("x", 2, "apply", 5)], {}, 3, [0, 3]),
        # The one with the fewest in flight.
        ([("x", 1, "plan", 5), ("y", 2, "plan", 5)], {"x": 2}, 2, [0, 2]),
        ([("x", 1, "plan", 5), ("y", 2, "plan", 5)], {"x": 2}, 4, [1, 3]),
        # The oldest.
        ([("x", 9, "plan", 5), ("y", 2, "plan", 5)], {}, 1, [0, 1]),
        ([("x", 2, "plan", 1), ("x", 1, "plan", 1)], {}, 1, [0, 1]),
    ],
)
def test_free_places_are_shared(claims, flying, free, granted):
    made = [_Claim(lane, rollout, Phase(phase), steps, None) for lane, rollout, phase, steps in claims]
    share(made, dict(flying), free)
    assert [claim.granted for claim in made] == granted


def open_all(cap, *graphs):
    """Open a pull request for each graph, in this order."""
    world = World(pulls=len(graphs), cap=cap)
    for lane, made in zip(LANES, graphs, strict=False):
        world.change(lane, "opened")
        world.upload(lane, made)
        world.deliver_all()
    return world


def flying(world):
    return [sum(status == "dispatching" for status in world.statuses(lane=lane).values()) for lane in world.lanes]


def end_one(world, lane):
    """Send one dispatch of a pull request and let its run succeed."""
    wished = [i for i, (_, how) in world.wishes.items() if how == "wished"]
    world.send(next(number for number, i in enumerate(wished) if world.wishes[i][0] == lane))
    run = next(run for run in world.runs.values() if run.open and run.lane == lane)
    world.now += 1
    world.move(run, "completed", "success")
    world.deliver_all()


def test_no_more_go_than_the_cap_allows():
    world = open_all(2, graph("a b c d"))
    assert flying(world) == [2]
    end_one(world, LANES[0])
    assert world.statuses() == {"a": "succeeded", "b": "dispatching", "c": "dispatching", "d": "ready"}


def test_a_place_that_becomes_free_goes_to_the_pull_request_with_the_fewest():
    world = open_all(3, graph("a b c d e"), graph("a b c"))
    assert flying(world) == [3, 0]
    end_one(world, LANES[0])
    assert flying(world) == [2, 1]
    end_one(world, LANES[0])
    assert flying(world) == [2, 1]


def test_an_approval_gives_its_place_back():
    world = open_all(1, graph("a b"))
    world.send()
    (run,) = world.runs.values()
    world.deliver_all()
    world.now += 1
    world.move(run, "waiting")
    world.deliver_all()
    assert world.statuses() == {"a": "approval", "b": "dispatching"}


@pytest.mark.parametrize("how", ["refused", "doubted"])
def test_a_dispatch_that_was_not_sent_gives_its_place_back(how):
    world = open_all(1, graph("a b"))
    world.send(how=how)
    world.deliver_all()
    assert world.statuses()["b"] == "dispatching"


def test_what_was_dropped_gives_its_place_to_another_pull_request():
    world = open_all(1, graph("a"), graph("a"))
    assert flying(world) == [1, 0]
    world.push(LANES[0])
    world.deliver_all()
    assert flying(world) == [0, 1]


def test_the_files_of_one_step_start_together_past_the_cap():
    world = open_all(1, graph("a b", a=TWO))
    assert world.statuses() == {"a": "dispatching", "b": "ready"}
    assert [dispatch.workflow for dispatch in world.walk().steps[0].dispatches] == ["lint.yaml", "plan.yaml"]
    assert len(world.wishes) == 2


def test_a_step_is_done_when_all_its_files_are():
    world = open_all(9, graph("a>b", a=TWO))
    end_one(world, LANES[0])
    assert world.statuses() == {"a": "dispatching", "b": "waiting"}
    end_one(world, LANES[0])
    assert world.statuses() == {"a": "succeeded", "b": "dispatching"}


def test_two_rollouts_of_one_pull_request_keep_the_cap_together():
    world = open_all(2, graph("a b", a=TWO, b=TWO))
    world.label(LANES[0])
    world.deliver_all()
    assert world.statuses("labeled") == {"a": "ready", "b": "ready"}
    end_one(world, LANES[0])
    end_one(world, LANES[0])
    assert world.statuses("labeled") == {"a": "dispatching", "b": "ready"}
    assert world.statuses("opened") == {"a": "succeeded", "b": "ready"}


def test_the_longest_chain_goes_first_and_of_equals_the_first_of_the_upload():
    world = open_all(1, graph("a b>c c>d e>f"))
    order = []
    while any(how == "wished" for _, how in world.wishes.values()):
        order.append(next(name for name, status in world.statuses().items() if status == "dispatching"))
        end_one(world, LANES[0])
    assert order == ["b", "e", "c", "a", "f", "d"]
