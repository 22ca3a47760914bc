"""What an approval covers."""

from dataclasses import replace

import pytest

from bot.domain.approving import Limits, is_person, told, wanted, why_nothing
from bot.domain.events import Approved, KeptBack
from bot.domain.model import Approval, Hold, HoldKind, Pull, Status
from bot.domain.pro import DISPATCH_ID
from bot.domain.rollout import Walk
from bot.domain.targets import BadTarget
from tests.domain.world import REPO, World, dispatch_of, graph, index_of, pro, sha_of, walk_of

UNREVIEWED = Hold(HoldKind.UNREVIEWED, "no plan of it succeeded")
STACK = Hold(HoldKind.STACK, "somebody other than dora must approve it")
DESTROY = Hold(HoldKind.DESTROY, "it would be destroyed")
BREAKER = Hold(HoldKind.BREAKER, "all of it would start many runs")
OPEN = Pull(
    repo_id=REPO.id,
    number=1,
    title="Widen the network",
    author="dora",
    head_ref="wider",
    head_sha=sha_of(1),
    base_ref="main",
    base_sha=sha_of(9),
    fork=False,
    draft=False,
    open=True,
    merged=False,
    merge_sha="",
    merged_at=0.0,
    updated_at=100.0,
    activity="synchronize",
    epoch=1,
    head_since=100.0,
)
MERGED = replace(OPEN, open=False, merged=True, merge_sha=sha_of(2), merged_at=200.0)


def walk(text, activity="pull_request.merged", **steps):
    """Make a walk whose named steps have these holds, or dispatches with this status."""
    made = walk_of(text, activity=activity)
    for name, what in steps.items():
        index = index_of(made, name)
        if isinstance(what, Status):
            made.steps[index] = replace(made.steps[index], dispatches=(dispatch_of(index, what),))
        else:
            made.steps[index] = replace(made.steps[index], holds=what, destroys=DESTROY in what)
    return Walk.of(made.rollout, made.steps)


def covered(chosen):
    return {one.component: [hold.kind.value for hold in one.holds] for one in chosen.approved}


def refused(chosen):
    return {one.component: one.reason for one in chosen.refused}


def test_without_targets_it_is_all_that_is_held_and_nothing_else():
    some = walk("a>b c d", a=(UNREVIEWED, BREAKER), b=(UNREVIEWED,), c=Status.RUNNING)
    chosen = wanted(some, MERGED, (), "lead")
    assert covered(chosen) == {"a": ["unreviewed", "breaker"], "b": ["unreviewed"]}
    assert chosen.refused == ()
    assert all(not one.named for one in chosen.approved)


@pytest.mark.parametrize("targets", [("@held",), ("@all",), ("dev",), ("*",), ("b", "a"), ("dev/a", "dev/b")])
def test_what_is_held_may_be_named_in_many_ways(targets):
    chosen = wanted(walk("a>b c", a=(UNREVIEWED,), b=(BREAKER,)), MERGED, targets, "lead")
    assert covered(chosen) == {"a": ["unreviewed"], "b": ["breaker"]}
    assert chosen.refused == ()


def test_one_that_is_not_held_is_told_only_where_it_was_named_in_full():
    some = walk("a b", a=(UNREVIEWED,))
    assert refused(wanted(some, MERGED, ["dev/b", "a"], "lead")) == {"b": "it is not held"}
    none = wanted(some, MERGED, ["b"], "lead")
    assert (none.approved, none.refused) == ((), ())
    assert why_nothing(some, none) == "Nothing of that is held in rollout 1, so there is nothing to approve."


def test_one_bad_target_among_good_ones_spoils_all():
    with pytest.raises(BadTarget):
        wanted(walk("a", a=(UNREVIEWED,)), MERGED, ["a", "b"], "lead")


def test_what_would_be_destroyed_is_let_go_only_by_its_whole_name():
    some = walk("a b", a=(DESTROY, STACK), b=(UNREVIEWED,))
    for targets in ((), ("a",), ("dev",), ("@all",), ("dev/[a]",)):
        chosen = wanted(some, MERGED, targets, "lead")
        assert "a" not in covered(chosen)
        assert refused(chosen) == {"a": "it would be destroyed: name dev/a to approve that"}
    assert covered(wanted(some, MERGED, ["dev/a"], "lead")) == {"a": ["destroy", "stack"]}
    assert covered(wanted(some, MERGED, ["dev", "dev//a"], "lead")) == {"a": ["destroy", "stack"], "b": ["unreviewed"]}


@pytest.mark.parametrize("by", ["dora", "Dora"])
def test_the_author_lets_go_all_but_what_another_must(by):
    chosen = wanted(walk("a b", a=(UNREVIEWED, STACK), b=(STACK,)), MERGED, (), by)
    assert covered(chosen) == {"a": ["unreviewed"]}
    reason = f"{by} is the author, and somebody other than dora must approve it"
    assert refused(chosen) == {"a": reason, "b": reason}


def test_without_a_pull_request_nobody_is_its_author():
    assert covered(wanted(walk("a", a=(STACK,)), None, (), "dora")) == {"a": ["stack"]}


def test_what_is_in_doubt_is_sent_again_only_by_its_whole_name():
    some = walk("a b", a=Status.HELD, b=(UNREVIEWED,))
    chosen = wanted(some, MERGED, (), "lead")
    assert covered(chosen) == {"b": ["unreviewed"]}
    reason = "its dispatch is in doubt: see whether it ran, then name dev/a to have it sent again"
    assert refused(chosen) == {"a": reason}
    (one,) = wanted(some, MERGED, ["dev/a"], "lead").approved
    assert (one.holds, one.doubts, one.named) == ((), ("sy-0",), True)
    assert told(one) == ["its dispatch is in doubt, and is sent again"]


def test_what_has_failed_is_not_held():
    assert wanted(walk("a", a=Status.FAILED), MERGED, (), "lead").approved == ()


def test_before_the_merge_what_no_plan_has_shown():
    plan = walk("a>b c d e", "pull_request.opened", a=Status.FAILED, c=Status.RUNNING, d=Status.SUCCEEDED)
    chosen = wanted(plan, OPEN, (), "lead")
    assert covered(chosen) == {"a": [], "b": []}
    assert refused(chosen) == {
        "c": "its plan is still to come: wait for it, or name dev/c to do without",
        "e": "its plan is still to come: wait for it, or name dev/e to do without",
    }
    assert told(chosen.approved[0]) == ["no plan of it succeeded, and it may be applied after the merge"]
    chosen = wanted(plan, OPEN, ["dev/c", "dev/d"], "lead")
    assert covered(chosen) == {"c": []}
    assert refused(chosen) == {"d": "it is not held"}


def test_what_was_approved_for_this_head_is_not_approved_twice():
    plan = walk("a b", "pull_request.opened", a=Status.FAILED, b=Status.FAILED)
    pull = replace(OPEN, approved=(Approval("dev", "a", "lead", 150.0),))
    assert covered(wanted(plan, pull, (), "lead")) == {"b": []}


@pytest.mark.parametrize("pull", [MERGED, replace(OPEN, open=False), replace(OPEN, head_sha=sha_of(5))])
def test_a_plan_is_over_with_its_head(pull):
    plan = walk("a", "pull_request.opened", a=Status.FAILED)
    assert wanted(plan, pull, (), "lead").approved == ()


def test_a_large_plan_is_let_go_without_a_word_about_the_merge():
    plan = walk("a b", "pull_request.opened", a=(BREAKER,), b=(BREAKER,))
    assert covered(wanted(plan, OPEN, (), "lead")) == {"a": ["breaker"], "b": ["breaker"]}


def test_a_plan_in_doubt_is_sent_again_and_not_approved():
    plan = walk("a", "pull_request.opened", a=Status.HELD)
    assert wanted(plan, OPEN, (), "lead").approved == ()
    (one,) = wanted(plan, OPEN, ["dev/a"], "lead").approved
    assert one.doubts == ("sy-0",)


def test_what_counts_no_more_is_not_approved():
    old = walk("a", a=(UNREVIEWED,))
    old.rollout = replace(old.rollout, superseded_by="a push of 1f0c2aa")
    chosen = wanted(old, MERGED, ["what", "ever"], "lead")
    assert why_nothing(old, chosen) == (
        "Rollout 1 was ended by a push of 1f0c2aa. Approve what came after it, if anything did."
    )


def test_why_nothing_is_let_go_names_some():
    many = walk("a b c d e", **dict.fromkeys("abcde", (STACK,)))
    said = why_nothing(many, wanted(many, MERGED, (), "dora"))
    assert said.startswith("Nothing of rollout 1 is let go. dev/a: dora is the author, and ")
    assert said.endswith("; and 2 more.")
    assert said.count("dora is the author") == 3


@pytest.mark.parametrize(
    ("by", "is_one"),
    [
        ("dora", True),
        ("dora-the-2nd", True),
        ("dora_acme", True),
        ("renovate[bot]", True),
        ("first.last", True),
        ("", False),
        ("-dora", False),
        ("@dora", False),
        ("dora\n", False),
        ("dora smith", False),
        ("<b>", False),
        ("d" * 101, False),
    ],
)
def test_who_may_be_recorded(by, is_one):
    assert is_person(by) is is_one


def test_only_what_was_in_doubt_is_sent_again():
    world = World()
    key = next(iter(world.lanes))
    world.change(key, "opened")
    world.upload(key, graph("a", a=pro(plan=("plan.yaml", "lint.yaml"))))
    world.deliver_all()
    world.send(how="doubted")
    world.send()
    world.deliver_all()
    for run in world.runs.values():
        if run.facts.workflow == world.sent("a", workflow="plan").workflow:
            world.move(run, "completed", "success")
    world.deliver_all()
    doubt, other = world.sent("a", workflow="lint"), world.sent("a", workflow="plan")
    assert (doubt.status, other.status) == (Status.HELD, Status.SUCCEEDED)
    (one,) = wanted(world.walk(), world.lanes[key].pull, ["dev/a"], "lead").approved
    world.raised.discard((1, doubt.step, "lint.yaml"))  # it was not sent: that is what is said by approving
    world.handle(key, Approved(world.walk().rollout.id, "lead", (one,)))
    fresh = world.sent("a", workflow="lint")
    assert (fresh.status, fresh.id == doubt.id, dict(fresh.inputs)[DISPATCH_ID]) == (
        Status.DISPATCHING,
        False,
        fresh.id,
    )
    assert world.sent("a", workflow="plan") == other


def test_a_file_that_is_kept_back_beside_another_is_held_until_it_is_named():
    world = World()
    key = next(iter(world.lanes))
    world.change(key, "opened")
    world.upload(key, graph("a", a=pro(plan=("plan.yaml", "lint.yaml"))))
    world.deliver_all()
    world.send()
    world.deliver_all()
    sent = [dispatch for dispatch in world.walk().steps[0].dispatches if not dispatch.run_id]
    (kept,) = sent
    world.handle(key, KeptBack(kept.id, "the repository has no environment `prod`", HoldKind.ENVIRONMENT))
    assert world.sent("a", workflow=kept.workflow).status is Status.HELD
    assert kept.id not in world.wishes
    (one,) = wanted(world.walk(), world.lanes[key].pull, ["dev/a"], "lead").approved
    world.handle(key, Approved(world.walk().rollout.id, "lead", (one,)))
    assert world.sent("a", workflow=kept.workflow).status is Status.DISPATCHING
    (release,) = world.walk().steps[0].released
    assert (release.hold.sentence, release.by) == ("the repository has no environment `prod`", "lead")
    world.finish_runs()
    assert world.statuses() == {"a": "succeeded"}


# What an approval does not cover, whatever it names.


def asked(text, at, *targets, by="lead", pull=MERGED, activity="pull_request.merged", **steps):
    return wanted(walk(text, activity, **steps), pull, targets, by, Limits(said=at))


def test_what_is_held_since_it_was_said_is_not_covered_and_the_rest_is():
    late, early = replace(BREAKER, since=61.0), replace(UNREVIEWED, since=60.9)
    chosen = asked("a", 60.0, a=(early, late))
    assert covered(chosen) == {"a": ["unreviewed"]}
    told = "all of it would start many runs, but only since that was said: look at it, and say it again"
    assert refused(chosen) == {"a": told}
    assert covered(asked("a", 60.0, "dev/a", a=(late,))) == {}  # named or not


def test_a_dispatch_that_is_in_doubt_since_it_was_said_is_not_sent_again():
    some = walk("a", a=Status.HELD)
    (sent,) = some.steps[0].dispatches
    some.steps[0] = replace(some.steps[0], dispatches=(replace(sent, finished_at=61.0),))
    told = "its dispatch is in doubt, but only since that was said: see whether it ran, and say it again"
    assert refused(wanted(some, MERGED, ["dev/a"], "lead", Limits(said=60.0))) == {"a": told}
    assert covered(wanted(some, MERGED, ["dev/a"], "lead", Limits(said=61.0))) == {"a": []}


def test_a_head_that_came_since_it_was_said_is_not_approved():
    told = "the head moved after that was said: look at its plan, and say it again"
    plans = {"activity": "pull_request.synchronize", "pull": OPEN, "a": Status.FAILED}
    assert refused(asked("a", 99.0, "dev/a", **plans)) == {"a": told}
    assert covered(asked("a", 100.0, **plans)) == {"a": []}


def test_a_plan_that_failed_since_it_was_said_is_approved_only_by_name():
    some = walk("a>b", "pull_request.synchronize", a=Status.FAILED)
    (sent,) = some.steps[0].dispatches
    some.steps[0] = replace(some.steps[0], dispatches=(replace(sent, finished_at=200.0),))
    told = "its plan ended only after that was said: look at it, and say it again"
    late = Limits(said=150.0)
    assert refused(wanted(some, OPEN, (), "lead", late)) == {"a": told, "b": told}  # b was blocked by it
    assert covered(wanted(some, OPEN, ["dev/a"], "lead", late)) == {"a": []}
    assert covered(wanted(some, OPEN, (), "lead", Limits(said=200.0))) == {"a": [], "b": []}


def test_only_some_may_have_things_destroyed():
    some = walk("a b", a=(DESTROY, BREAKER), b=(UNREVIEWED,))
    chosen = wanted(some, MERGED, ["dev/a", "b"], "lead", Limits(destroys=False))
    assert covered(chosen) == {"b": ["unreviewed"]}
    assert refused(chosen) == {
        "a": "it would be destroyed, and only somebody with the role maintain or admin can approve that"
    }


@pytest.mark.parametrize("by", ["dora", "DoRa"])
def test_an_author_may_be_kept_from_approving_the_own_merge(by):
    barred = Limits(self_approve=False)
    told = f"{by} is the author, and somebody else must approve what this merge holds"
    assert refused(wanted(walk("a", a=(UNREVIEWED,)), MERGED, (), by, barred)) == {"a": told}
    assert refused(wanted(walk("a", a=Status.HELD), MERGED, ["dev/a"], by, barred)) == {"a": told}
    failed = walk("a", "pull_request.synchronize", a=Status.FAILED)
    assert refused(wanted(failed, OPEN, ["dev/a"], by, barred)) == {"a": told}
    assert covered(wanted(failed, OPEN, ["dev/a"], "ada", barred)) == {"a": []}
    # What a plan is held for is no merge, and no plan changes anything.
    plan = walk("a", "pull_request.synchronize", a=(BREAKER,))
    assert covered(wanted(plan, OPEN, (), by, barred)) == {"a": ["breaker"]}


def test_what_may_be_destroyed_is_sent_again_only_by_those_who_may_destroy():
    some = walk("a", a=Status.HELD)
    some.steps[0] = replace(some.steps[0], destroys=True)
    chosen = wanted(some, MERGED, ["dev/a"], "lead", Limits(destroys=False))
    reason = "it may be destroyed, and only somebody with the role maintain or admin can have that sent again"
    assert (covered(chosen), refused(chosen)) == ({}, {"a": reason})
    assert wanted(some, MERGED, ["dev/a"], "lead", Limits(destroys=True)).approved
