"""Other activities of a pull request that stacks name: labels, closing, …"""

from dataclasses import replace

import pytest

from bot.domain.events import PullChanged
from bot.domain.lanes import lane_of_pull
from tests.domain.world import REPO, World, graph, pro

LANE = lane_of_pull(REPO.id, 1)
NAMED = pro(labeled=("tag.yaml",), closed=("report.yaml",))


def ready(settings=NAMED, **changes):
    """Bring a pull request whose plan is through."""
    world = World()
    world.change(LANE, "opened", **changes)
    world.upload(LANE, graph("a>b", a=settings, b=settings))
    world.deliver_all()
    world.finish_runs()
    return world


def do(world, action, **changes):
    """Change the pull request; returns what was decided."""
    told = world.change(LANE, action, **changes)
    world.mail.pop()
    return world.handle(LANE, replace(told, upload=world.uploads(LANE)))


def activities(world):
    return [walk.rollout.activity.removeprefix("pull_request.") for walk in world.walks]


def test_a_label_starts_what_stacks_name_for_it_from_the_heads_last_upload():
    world = ready()
    do(world, "labeled")
    rollout = world.walk().rollout
    facts = world.lanes[LANE].facts
    assert (rollout.activity, rollout.phase) == ("pull_request.labeled", "apply")
    assert (rollout.sha, rollout.ref) == (facts.head_sha, "wider")
    assert world.statuses() == {"a": "dispatching", "b": "waiting"}
    assert world.sent("a").workflow == "tag.yaml"


@pytest.mark.parametrize("settings", [pro(), {}])
def test_nothing_starts_where_no_stack_names_the_activity(settings):
    world = ready(settings)
    do(world, "labeled")
    assert activities(world) == ["opened"]


def test_a_second_label_does_not_start_what_is_under_way():
    world = ready()
    do(world, "labeled")
    assert do(world, "labeled").reason == "pull_request.labeled is being worked already"
    world.finish_runs()
    do(world, "labeled")
    assert activities(world) == ["opened", "labeled", "labeled"]


def test_closing_starts_what_stacks_name_for_it_on_the_base_branch():
    world = ready()
    do(world, "closed", open=False)
    assert (world.walk().rollout.activity, world.walk().rollout.ref) == ("pull_request.closed", "main")


def test_a_merge_is_no_closing():
    world = ready()
    do(world, "closed", open=False, merged=True, merge_sha="e" * 40, merged_at=world.now)
    assert activities(world) == ["opened"]


@pytest.mark.parametrize("action", ["opened", "synchronize", "reopened", "ready_for_review"])
def test_activities_of_the_head_wait_for_their_upload(action):
    world = ready()
    do(world, action)
    assert activities(world) == ["opened"]


def test_an_upload_of_another_head_is_not_used():
    world = ready()
    late = world.change(LANE, "labeled")
    world.mail.pop()
    upload = world.uploads(LANE)
    world.now += 5
    world.push(LANE)
    world.deliver_all()
    decision = world.handle(LANE, replace(late, upload=upload))
    assert "but the head is" in decision.reason
    assert activities(world) == ["opened"]


def test_nothing_is_applied_where_the_base_branch_is_not_named():
    world = ready(base_ref="dev")
    assert do(world, "labeled").reason == "nothing is applied on `dev`"


def test_a_pull_request_that_is_only_read_again_starts_nothing():
    world = ready()
    facts = world.lanes[LANE].facts
    world.handle(LANE, PullChanged("", facts.head_sha, 0.0, facts))
    assert activities(world) == ["opened"]
