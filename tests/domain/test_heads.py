"""What a pull request's picture means: its activity, its epoch, and what the change overtakes."""

import pytest

from bot.domain.desk import Desk, Lane
from bot.domain.events import Facts, Rules
from bot.domain.heads import applies_on, refresh
from bot.domain.lanes import lane_of_pull
from tests.domain.world import REPO, World, graph, pro, pull_facts, sha_of

LANE = lane_of_pull(REPO.id, 1)
A, B = sha_of(0xA << 120), sha_of(0xB << 120)


def seen(*pictures):
    """Show pictures of a pull request, one after the other; returns what is known in the end."""
    pull = None
    for number, picture in enumerate(pictures):
        action, changes = picture if isinstance(picture, tuple) else ("", picture)
        facts = pull_facts(**({"head_sha": A, "updated_at": 100.0 + 10 * number} | changes))
        desk = Desk(Lane(LANE, REPO, pull, ()), Facts(Rules()), 1000.0 + number, iter(()).__next__)
        head = changes.get("about", facts.head_sha)
        pull = refresh(desk, facts, action=action, head_sha=head, at=facts.updated_at)
    return pull


MERGED = {"open": False, "merged": True, "merge_sha": sha_of(3), "merged_at": 110.0}
CLOSED = {"open": False}
LABELLED = pro(labeled=("tag.yaml",))


@pytest.mark.parametrize(
    ("pictures", "activity", "epoch"),
    [
        ([{}], "opened", 1),
        ([("opened", {})], "opened", 1),
        ([("synchronize", {})], "synchronize", 1),
        ([("labeled", {})], "opened", 1),
        ([("opened", {}), ("labeled", {})], "opened", 1),
        ([("opened", {}), ("synchronize", {"head_sha": B})], "synchronize", 2),
        # The upload, which makes us read the pull request, comes before the webhook.
        ([("opened", {}), {"head_sha": B}], "synchronize", 2),
        ([("opened", {}), {"head_sha": B}, ("synchronize", {"head_sha": B, "updated_at": 110.0})], "synchronize", 2),
        ([{}, ("opened", {"updated_at": 100.0})], "opened", 1),
        # Force push there and back: the same commit, but another epoch.
        ([("opened", {}), ("synchronize", {"head_sha": B}), ("synchronize", {})], "synchronize", 3),
        ([("opened", {}), ("closed", CLOSED)], "opened", 1),
        ([("opened", {}), ("closed", CLOSED), ("reopened", {})], "reopened", 2),
        ([("opened", {}), ("closed", CLOSED), {}], "reopened", 2),
        ([("opened", {}), CLOSED, {"head_sha": B}], "reopened", 2),
        ([("opened", {}), ("closed", MERGED)], "opened", 2),
        ([("opened", {}), MERGED, ("closed", MERGED)], "opened", 2),
        ([("opened", {"draft": True}), ("ready_for_review", {})], "ready_for_review", 1),
        ([("opened", {"draft": True}), {}], "ready_for_review", 1),
        ([("opened", {"draft": True}), {"head_sha": B}], "synchronize", 2),
        # News that come late, or were overtaken.
        ([("ready_for_review", {}), ("opened", {"updated_at": 90.0})], "ready_for_review", 1),
        ([("opened", {}), ("synchronize", {"head_sha": B}), ("opened", {"updated_at": 100.0})], "synchronize", 2),
        ([("opened", {}), ("synchronize", {"head_sha": B, "updated_at": 90.0})], "opened", 1),
        ([("opened", {}), MERGED, {"updated_at": 110.0}], "opened", 2),
    ],
)
def test_activity_and_epoch(pictures, activity, epoch):
    pull = seen(*pictures)
    assert (pull.activity, pull.epoch) == (activity, epoch)


def test_a_webhook_about_another_head_than_the_newest_does_not_name_the_activity():
    desk = Desk(Lane(LANE, REPO, seen(("opened", {})), ()), Facts(Rules()), 1000.0, iter(()).__next__)
    later = pull_facts(head_sha=B, updated_at=150.0)
    assert refresh(desk, later, action="reopened", head_sha=A, at=120.0).activity == "synchronize"


def test_an_older_picture_changes_nothing():
    pull = seen(("opened", {}), ("synchronize", {"head_sha": B}), {"title": "Old", "updated_at": 105.0})
    assert (pull.head_sha, pull.title, pull.updated_at) == (B, "Widen the network", 110.0)


def test_a_merge_is_not_taken_back_by_a_picture_of_the_same_second():
    assert seen(("opened", {}), MERGED, {"updated_at": 110.0}).merged


def test_a_head_is_known_since_it_was_first_seen():
    assert seen({}, {}, {"head_sha": B}, {"head_sha": B, "title": "New"}).head_since == 1002.0


@pytest.mark.parametrize(
    ("branch", "patterns", "expected"),
    [
        ("main", (), True),
        ("release/1.2", (), False),
        ("release/1.2", ("release/*",), True),
        ("release", ("release/*",), False),
        ("Main", (), False),
        ("stage", ("prod", "stage"), True),
    ],
)
def test_where_merges_are_applied(branch, patterns, expected):
    assert applies_on(branch, "main", patterns) is expected


# What a change overtakes


def under_way():
    """Bring a plan whose step `c` runs, whose `d` was sent without an answer, and whose others were not sent."""
    world = World(cap=3)
    world.change(LANE, "opened")
    world.upload(LANE, graph("a>b c d"))
    world.deliver_all()
    world.send(list(world.wishes).index(world.sent("c").id))
    world.deliver_all()
    waiting = [dispatch_id for dispatch_id, (_, how) in world.wishes.items() if how == "wished"]
    world.send(waiting.index(world.sent("d").id), "silent")
    world.mail.clear()  # the webhook gets lost as well
    return world


def test_a_push_drops_what_was_not_sent_and_cancels_what_was():
    world = under_way()
    assert world.statuses() == {"a": "dispatching", "b": "waiting", "c": "queued", "d": "dispatching"}
    known, air = world.sent("c").id, world.sent("d").id
    world.push(LANE)
    world.deliver_all()
    assert world.statuses() == {"a": "superseded", "b": "superseded", "c": "queued", "d": "dispatching"}
    assert world.cancels == [known]
    world.look()
    world.deliver_all()
    assert world.cancels == [known, air]
    world.cancel()
    world.deliver_all()
    assert world.statuses() == {"a": "superseded", "b": "superseded", "c": "cancelled", "d": "cancelled"}
    assert world.sent("d").reason.startswith("Cancelled after a push of ")


def test_a_merge_drops_what_was_not_sent_and_leaves_what_was():
    world = under_way()
    world.merge(LANE)
    world.deliver_all()
    world.look()
    world.deliver_all()
    assert world.statuses() == {"a": "superseded", "b": "superseded", "c": "queued", "d": "queued"}
    assert world.cancels == []


def test_closing_ends_a_plan():
    world = under_way()
    world.change(LANE, "closed", open=False)
    world.deliver_all()
    assert world.walk().rollout.superseded_by == "the closing of the pull request"
    assert world.cancels == [world.sent("c").id]


def test_a_push_that_is_seen_with_the_merge_only_ends_the_older_heads_plan():
    world = under_way()
    world.push(LANE)
    world.merge(LANE)
    world.mail.pop(0)
    world.deliver_all()
    assert world.walk().rollout.superseded_by.startswith("a push of ")
    assert world.cancels == [world.sent("c").id]


def test_a_plan_that_is_through_stays_at_the_merge():
    world = World()
    world.change(LANE, "opened")
    world.upload(LANE, graph("a>b"))
    world.deliver_all()
    world.finish_runs()
    world.merge(LANE)
    world.deliver_all()
    assert world.walk().rollout.superseded_by == ""
    assert world.statuses() == {"a": "succeeded", "b": "succeeded"}


def test_a_plan_that_is_blocked_does_not_go_on_after_the_merge():
    world = World()
    world.change(LANE, "opened")
    world.upload(LANE, graph("a>b"))
    world.deliver_all()
    world.finish_runs("failure")
    world.merge(LANE)
    world.deliver_all()
    (run,) = world.runs.values()
    world.now += 1
    world.move(run, "completed", "success", attempt=2)
    world.deliver_all()
    assert world.statuses() == {"a": "succeeded", "b": "superseded"}
    assert not world.wishes


def test_a_held_dispatch_of_an_older_head_is_cancelled_when_its_run_turns_up():
    world = World()
    world.change(LANE, "opened")
    world.upload(LANE, graph("a"))
    world.deliver_all()
    world.send(how="doubted")
    world.deliver_all()
    assert world.statuses() == {"a": "held"}
    world.push(LANE)
    world.look()
    world.deliver_all()
    assert world.cancels == [world.sent("a").id]


@pytest.mark.parametrize("change", ["push", "merge"])
def test_what_may_change_things_is_never_cancelled(change):
    world = World(cap=1)
    world.change(LANE, "opened")
    world.upload(LANE, graph("a b", a=LABELLED, b=LABELLED))
    world.deliver_all()
    world.finish_runs()
    world.label(LANE)
    world.deliver_all()
    world.send()
    world.deliver_all()
    getattr(world, change)(LANE)
    world.deliver_all()
    assert world.statuses("labeled") == {"a": "queued", "b": "ready"}
    assert world.cancels == []
    world.finish_runs()
    assert world.statuses("labeled") == {"a": "succeeded", "b": "succeeded"}
