"""What an upload starts: a plan, an apply, more of one, or nothing."""

from dataclasses import replace

import pytest

from bot.domain.desk import Regather
from bot.domain.events import Rules
from bot.domain.lanes import lane_of_pull
from bot.domain.uploads import is_of_merge
from tests.domain import world as worlds
from tests.domain.test_heads import seen
from tests.domain.world import FILES, REPO, World, at, claims_of, file, graph, index_of, pro, sha_of

LANE = lane_of_pull(REPO.id, 1)
APPLIES = {name: pro(plan=()) for name in "abcdxyz"}


def opened(**changes):
    world = World()
    world.change(LANE, "opened", **changes)
    return world


def planned(text="a>b", **settings):
    world = opened()
    world.upload(LANE, graph(text, **settings))
    world.deliver_all()
    return world


def merged(text="a>b", *, plan=True):
    world = planned(text) if plan else opened()
    world.finish_runs()
    world.merge(LANE)
    world.deliver_all()
    world.now += 30
    return world


def bring(world, text, *, content="one", lane=LANE, **how):
    """Bring an upload; returns what was decided."""
    world.upload(lane, graph(text), content=content, **how)
    key, event = world.mail.pop()
    return world.handle(key, event)


def parents(walk, component):
    return {walk.steps[index].instance.component for index in walk.steps[index_of(walk, component)].parents}


# plans


def test_an_upload_starts_a_plan_of_the_head():
    world = planned()
    rollout = world.walk().rollout
    assert (rollout.activity, rollout.phase, rollout.sha) == ("pull_request.opened", "plan", sha_of(1000))
    assert (rollout.ref, rollout.base_sha, rollout.size, rollout.pull) == ("wider", sha_of(9), 2, 1)
    assert world.statuses() == {"a": "dispatching", "b": "waiting"}


def test_an_upload_may_come_before_the_webhook():
    world = World()
    world.upload(LANE, graph("a"))
    world.deliver_all()
    world.change(LANE, "opened")
    world.deliver_all()
    assert world.statuses() == {"a": "dispatching"}


def test_what_is_sent_carries_the_commit_and_the_dispatch_id():
    sent = planned().sent("a")
    assert dict(sent.inputs) == {"sha": sha_of(1000), "atmos_pro_run_id": sent.id, "component": "a", "stack": "dev"}


def test_the_same_upload_again_is_nothing_new():
    world = planned()
    assert bring(world, "a>b").reason == "the same upload is being worked already"
    assert len(world.walks) == 1


def test_the_same_upload_after_a_force_push_there_and_back_is_a_new_plan():
    world = planned()
    first = world.lanes[LANE].facts.head_sha
    world.push(LANE)
    world.deliver_all()
    world.push(LANE, first)
    world.deliver_all()
    bring(world, "a>b")
    assert [bool(walk.rollout.superseded_by) for walk in world.walks] == [True, False]
    assert world.statuses() == {"a": "dispatching", "b": "waiting"}


def test_the_same_upload_after_a_reopening_is_a_new_plan():
    world = planned()
    world.change(LANE, "closed", open=False)
    world.deliver_all()
    world.change(LANE, "reopened", open=True)
    world.deliver_all()
    bring(world, "a>b")
    assert (world.walk().rollout.activity, world.statuses()["a"]) == ("pull_request.reopened", "dispatching")


def test_the_same_upload_means_something_new_when_the_activity_names_other_files():
    settings = pro() | {"pull_request": {k: v for k, v in pro()["pull_request"].items() if k == "ready_for_review"}}
    world = opened(draft=True)
    world.upload(LANE, graph("a", a=settings))
    world.deliver_all()
    assert world.statuses() == {}
    world.change(LANE, "ready_for_review", draft=False)
    world.deliver_all()
    world.upload(LANE, graph("a", a=settings))
    world.deliver_all()
    assert world.statuses() == {"a": "dispatching"}


def test_the_same_upload_means_something_new_when_a_file_was_mended(monkeypatch):
    monkeypatch.setattr(worlds, "FILES", FILES | {"plan.yaml": None})
    world = planned()
    assert world.statuses() == {"a": "failed", "b": "failed"}
    monkeypatch.undo()
    bring(world, "a>b")
    assert world.statuses() == {"a": "dispatching", "b": "waiting"}


@pytest.mark.parametrize(
    ("changes", "sha", "reason"),
    [
        ({"fork": True}, "", "#1 comes from a fork, and forks are never dispatched"),
        ({"open": False}, "", "the upload is older than the end of #1"),
        ({}, "c" * 40, "the upload is for ccccccc, but the head is 0000000 by now"),
    ],
)
def test_what_an_upload_does_not_start(changes, sha, reason):
    world = opened(**changes)
    world.deliver_all()
    decision = bring(world, "a", sha=sha)
    assert reason in decision.reason
    assert world.walks == []


def test_an_upload_of_a_short_commit_id_is_of_the_head():
    world = opened()
    bring(world, "a", sha=sha_of(1000)[:39])
    assert world.walk().rollout.sha == sha_of(1000)


def test_workflow_files_that_were_not_read_are_read_first(monkeypatch):
    monkeypatch.setattr(worlds, "FILES", {})
    with pytest.raises(Regather):
        bring(opened(), "a")


def test_a_plan_may_run_on_the_base_branch(monkeypatch):
    monkeypatch.setattr(worlds, "RULES", Rules(plan_ref="base"))
    assert planned().walk().rollout.ref == "main"


# another upload of the same head


def test_another_upload_takes_over_what_was_sent_and_drops_the_rest():
    world = planned("a>b c>d")
    world.send()
    world.deliver_all()
    first = world.sent("a")
    bring(world, "a>b b>e", content="two")
    assert world.walks[0].rollout.superseded_by == "a newer upload of the same commit"
    assert world.statuses() == {"a": "queued", "b": "waiting", "e": "waiting"}
    assert world.sent("a").id == first.id
    assert world.cancels == []
    world.finish_runs()
    assert world.statuses() == {"a": "succeeded", "b": "succeeded", "e": "succeeded"}


def test_another_upload_takes_over_what_is_done_and_goes_on_from_there():
    world = planned("a>b")
    world.finish_runs()
    bring(world, "a>b b>c", content="two")
    assert world.statuses() == {"a": "succeeded", "b": "succeeded", "c": "dispatching"}


def test_another_upload_cancels_what_it_does_not_name_or_names_otherwise():
    world = planned("a b")
    world.send()
    world.send()
    world.deliver_all()
    gone, other = world.sent("a").id, world.sent("b").id
    world.upload(LANE, graph("b", b=pro(plan=("lint.yaml",))), content="two")
    world.deliver_all()
    assert world.cancels == [gone, other]
    assert world.statuses() == {"b": "dispatching"}


def test_another_upload_sends_again_what_was_refused():
    world = planned("a")
    world.send(how="refused")
    world.deliver_all()
    bring(world, "a b", content="two")
    assert world.statuses() == {"a": "dispatching", "b": "dispatching"}


def test_what_is_in_the_air_while_another_upload_comes_is_not_sent_again():
    world = planned("a")
    world.send(how="silent")
    flying = world.sent("a").id
    bring(world, "a b", content="two")
    assert world.sent("a").id == flying
    world.look()
    world.deliver_all()
    assert world.statuses()["a"] == "queued"


# applies


@pytest.mark.parametrize(("received_at", "expected"), [(90.0, False), (109.9, False), (110.0, True), (4000.0, True)])
def test_only_the_time_tells_which_of_two_equal_uploads_is_the_merged_one(received_at, expected):
    pull = seen({}, {"open": False, "merged": True, "merge_sha": sha_of(3), "merged_at": 110.0})
    assert is_of_merge(pull, received_at) is expected
    assert not is_of_merge(replace(pull, merged=False, merged_at=0.0), received_at)


def test_the_very_same_bytes_start_the_apply_after_the_merge():
    world = merged()
    bring(world, "a>b")
    rollout = world.walk().rollout
    facts = world.lanes[LANE].facts
    assert (rollout.activity, rollout.phase) == ("pull_request.merged", "apply")
    assert (rollout.sha, rollout.ref) == (facts.merge_sha, "main")
    assert world.statuses() == {"a": "dispatching", "b": "waiting"}
    assert dict(world.sent("a").inputs)["sha"] == facts.merge_sha


@pytest.mark.parametrize(("content", "before"), [("two", 5), ("one", 200)])
def test_a_plans_upload_that_comes_late_starts_no_apply(content, before):
    world = merged()
    decision = bring(world, "a>b", content=content, received_at=world.lanes[LANE].facts.merged_at - before)
    assert decision.reason == "the upload is older than the end of #1"
    assert len(world.walks) == 1


def test_with_a_slow_clock_what_was_planned_is_the_merges():
    world = merged()
    bring(world, "a>b", received_at=world.lanes[LANE].facts.merged_at - 60)
    assert world.walk().rollout.activity == "pull_request.merged"


def test_an_upload_of_an_older_head_starts_no_apply():
    world = merged()
    assert bring(world, "a>b", sha="c" * 40).reason == "the upload is for ccccccc, but 0000000 was merged"
    assert len(world.walks) == 1


@pytest.mark.parametrize("claims", [None, claims_of("refs/heads/main", "push")], ids=["key", "push"])
@pytest.mark.parametrize("before", [-30, 60, 600])
def test_an_upload_of_the_merge_commit_starts_the_apply_whatever_the_clocks_say(claims, before):
    world = merged()
    facts = world.lanes[LANE].facts
    bring(world, "a", sha=facts.merge_sha, content="two", received_at=facts.merged_at - before, claims=claims)
    assert world.walk().rollout.activity == "pull_request.merged"


def test_of_a_merge_that_only_moved_the_base_to_the_head_the_time_tells():
    pull = seen({}, {"open": False, "merged": True, "merge_sha": sha_of(3), "merged_at": 110.0})
    forwarded = replace(pull, head_sha=sha_of(3))
    assert is_of_merge(pull, 90.0, head_sha=sha_of(3))
    assert [is_of_merge(forwarded, at, head_sha=sha_of(3)) for at in (90.0, 110.0)] == [False, True]


def test_nobody_else_names_the_merge_commit():
    world = merged()
    facts = world.lanes[LANE].facts
    bring(world, "a", sha=facts.merge_sha, content="two", claims=claims_of())
    assert [walk.rollout.activity for walk in world.walks] == ["pull_request.opened"]


@pytest.mark.parametrize(("base", "patterns", "starts"), [("main", (), 1), ("dev", (), 0), ("dev", ("d*",), 1)])
def test_applies_run_on_branches_that_are_named(monkeypatch, base, patterns, starts):
    monkeypatch.setattr(worlds, "RULES", Rules(apply_branches=patterns, unplanned="allow"))
    world = opened(base_ref=base)
    world.merge(LANE)
    world.deliver_all()
    decision = bring(world, "a")
    assert len(world.walks) == starts
    refused = [(entry.action, entry.cause) for entry in decision.audit]
    assert starts or refused == [("refuse", decision.reason)] == [("refuse", "nothing is applied on `dev`")]


def test_there_is_one_apply_for_a_merge():
    world = merged()
    bring(world, "a>b")
    world.finish_runs()
    assert bring(world, "a>b", content="two").reason == "every instance of the upload is in the apply already"
    assert [walk.rollout.activity for walk in world.walks] == ["pull_request.opened", "pull_request.merged"]


def test_a_later_upload_of_a_merge_adds_what_is_not_there():
    world = merged()
    bring(world, "a>b")
    decision = bring(world, "a>b b>c x", content="two")
    assert "2 more instances join the apply" in decision.reason
    walk = world.walk()
    assert world.statuses() == {"a": "dispatching", "b": "waiting", "c": "waiting", "x": "dispatching"}
    assert parents(walk, "c") == {"b"}
    assert walk.rollout.size == 4
    world.finish_runs()
    assert set(world.statuses().values()) == {"succeeded"}


def test_what_was_not_sent_waits_for_what_is_added_above_it():
    world = merged()
    bring(world, "a>b")
    bring(world, "a>b x>b", content="two")
    assert parents(world.walk(), "b") == {"a", "x"}
    world.finish_runs("failure")
    assert world.statuses() == {"a": "failed", "x": "failed", "b": "blocked"}


def test_what_was_sent_waits_for_nothing_that_is_added():
    world = merged()
    bring(world, "a>b")
    bring(world, "x>a a>b", content="two")
    assert parents(world.walk(), "a") == set()
    assert world.statuses() == {"a": "dispatching", "b": "waiting", "x": "dispatching"}


def test_what_may_go_waits_again_for_what_is_added_above_it():
    world = merged()
    world.cap = 1
    bring(world, "a b")
    assert world.statuses() == {"a": "dispatching", "b": "ready"}
    bring(world, "a x>b", content="two")
    assert world.statuses() == {"a": "dispatching", "b": "waiting", "x": "ready"}


def test_uploads_that_make_a_cycle_together_leave_out_what_came_later():
    world = merged()
    world.cap = 1
    bring(world, "s>t t>u a>b")
    bring(world, "b>x x>a", content="two")
    walk = world.walk()
    assert walk.steps[index_of(walk, "x")].problem.startswith("It came with a later upload, and together with")
    world.finish_runs()
    assert world.statuses() == dict.fromkeys("stu", "succeeded") | {"a": "blocked", "b": "blocked", "x": "failed"}


def test_notes_count_what_is_passed_through():
    assert planned("a>t t>b", t={}).walk().rollout.notes == (
        "1 instance names no workflow for this activity and only keeps its place in the order.",
    )
    assert planned("a t u", t={}, u={}).walk().rollout.notes[0].startswith("2 instances name no workflow")
    assert planned("a").walk().rollout.notes == ()


def test_a_plan_whose_file_takes_no_commit_is_checked_by_its_runs(monkeypatch):
    bare = file("plan.yaml", inputs=("component", "stack"))
    monkeypatch.setattr(worlds, "FILES", FILES | {"plan.yaml": bare})
    assert planned("a").walk().rollout.checks_head
    monkeypatch.undo()
    assert not planned("a").walk().rollout.checks_head


def test_instances_are_named_by_stack_and_component():
    assert planned("a").walk().steps[0].instance == at("a")
