"""What is held, why, and who may let it go."""

from dataclasses import replace

import pytest

from bot.domain import holds, releasing
from bot.domain.decide import decide
from bot.domain.desk import Desk, Lane
from bot.domain.events import Approved, Facts, Overrun, Rules, Wanted
from bot.domain.lanes import lane_of_pull
from bot.domain.model import Approval, Hold, HoldKind, Pull, Release, Status, Step
from bot.domain.order import Place
from bot.domain.pro import MERGED, Phase
from bot.domain.releasing import may_release
from bot.domain.rollout import Walk, own_status
from tests.domain.world import REPO, at, call, dispatch_of, pull_facts, rollout_of, sha_of

LANE = lane_of_pull(REPO.id, 1)
NOW = 1000.0
UNREVIEWED = f"no plan of it succeeded at {sha_of(1)[:7]} before the merge"


def pull_of(**changes):
    told = pull_facts(open=False, merged=True, merge_sha=sha_of(2), merged_at=500.0)
    facts = {name: getattr(told, name) for name in told.__slots__}
    usual = {"repo_id": REPO.id, "activity": "synchronize", "epoch": 2, "head_since": 100.0, "position": 1}
    return Pull(**(facts | usual | changes))


def step_of(index=0, component="a", stack="dev", *, calls=("apply.yaml",), **changes):
    named = tuple(call(name) if isinstance(name, str) else name for name in calls)
    instance = at(component)._replace(stack=stack)
    return Step(index, instance, (), (), named, 1, **({"paired": True} | changes))


def applies(steps, **changes):
    return rollout_of(steps, activity=MERGED, **({"branch": "main", "position": 1, "sha": sha_of(2)} | changes))


def facts(*, planned=(), **changes):
    rules = {name: changes.pop(name) for name in list(changes) if name in Rules.__dataclass_fields__}
    return Facts(Rules(**rules), planned=dict.fromkeys(map(at, planned), 50.0), **changes)


def told(steps, *, pull, told_facts, **changes):
    """Name the kinds that hold each step of a new rollout."""
    made = holds.of_new(steps, applies(steps, **changes), pull, told_facts)
    return [[str(hold.kind) for hold in step.holds] for step in made]


@pytest.mark.parametrize(
    ("step", "given", "pull", "expected"),
    [
        (step_of(), facts(planned="a"), pull_of(), []),
        (step_of(), facts(planned="b"), pull_of(), ["unreviewed"]),
        (step_of(), facts(unplanned="allow"), pull_of(), []),
        (step_of(paired=False), facts(), pull_of(), []),
        (step_of(calls=()), facts(approve_stacks=("*",)), pull_of(), []),
        (step_of(destroys=True), facts(), pull_of(), ["destroy"]),
        (step_of(destroys=True), facts(unplanned="allow", approve_stacks=("d*",)), pull_of(), ["destroy", "stack"]),
        (step_of(), facts(approve_stacks=("prod", "de?")), pull_of(), ["unreviewed", "stack"]),
        (step_of(), facts(planned="a", approve_stacks=("DEV",)), pull_of(), []),
        (step_of(), facts(planned="a", approve_stacks=("de",)), pull_of(), []),
        (step_of(), facts(breaker_apply=0), pull_of(), ["unreviewed", "breaker"]),
        (step_of(), facts(breaker_apply=1, planned="a"), pull_of(), []),
        (step_of(), facts(), pull_of(approved=(Approval("dev", "a", "ada", 90.0),)), []),
        (step_of(), facts(), pull_of(approved=(Approval("prod", "a", "ada", 90.0),)), ["unreviewed"]),
        (step_of(paired=False), facts(), None, []),
        (step_of(), facts(), None, []),
        (step_of(), facts(approve_stacks=("dev",)), None, ["stack"]),
    ],
)
def test_what_holds_a_new_step(step, given, pull, expected):
    assert told([step], pull=pull, told_facts=given) == [expected]


def test_a_commit_on_no_branch_that_is_applied_was_not_reviewed_by_any_merge():
    assert told([step_of(paired=False)], pull=None, told_facts=facts(), position=0) == [["unreviewed"]]


def test_a_plan_is_held_by_the_breaker_alone():
    steps = [step_of(), step_of(1, "b")]
    given = facts(breaker_plan=1, approve_stacks=("*",))
    made = holds.of_new(steps, rollout_of(steps), pull_of(merged=False), given)
    assert [[hold.sentence for hold in step.holds] for step in made] == [
        ["all of it would start 2 runs, more than the 1 of SWITCHYARD_BREAKER_PLAN"]
    ] * 2


@pytest.mark.parametrize(
    ("most", "sentence"),
    [
        (0, "all of it would start 1,201 runs, more than the 0 of SWITCHYARD_BREAKER_APPLY"),
        (1200, "all of it would start 1,201 runs, more than the 1,200 of SWITCHYARD_BREAKER_APPLY"),
        (1201, None),
    ],
)
def test_the_breaker_counts_runs_and_not_instances(most, sentence):
    steps = [step_of(calls=[call(f"{number}.yaml") for number in range(1200)]), step_of(1, "b"), step_of(2, calls=())]
    hold = holds.breaker(steps, Phase.APPLY, facts(breaker_apply=most))
    assert (hold.sentence if hold else None) == sentence


def test_one_run_is_one():
    hold = holds.breaker([step_of()], Phase.PLAN, facts(breaker_plan=0))
    assert hold == Hold(HoldKind.BREAKER, "all of it would start 1 run, more than the 0 of SWITCHYARD_BREAKER_PLAN")


def test_an_approval_from_before_the_merge_is_kept_with_who_gave_it():
    pull = pull_of(approved=(Approval("dev", "a", "ada", 90.0),))
    (step,) = holds.of_new([step_of()], applies([1]), pull, facts())
    assert step.released == (Release(Hold(HoldKind.UNREVIEWED, UNREVIEWED), "ada", 90.0),)


def test_when_the_plan_began_is_kept():
    (step,) = holds.of_new([step_of()], applies([1]), pull_of(), facts(planned="a"))
    assert step.planned_at == 50.0


@pytest.mark.parametrize("kind", HoldKind)
@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("by", ["dora", "DoRa", "ada"])
def test_who_may_let_go_what(kind, named, by):
    expected = {HoldKind.DESTROY: named, HoldKind.STACK: by == "ada"}.get(kind, True)
    assert may_release(Hold(kind, "why"), Wanted("dev", "a", (), named=named), by, pull_of()) is expected


def test_without_an_author_anybody_else_s_approval_is_anybody_s():
    assert may_release(Hold(HoldKind.STACK, "why"), Wanted("dev", "a", ()), "dora", None)


# On a rollout that is under way.


def desk_of(steps, *, pull=None, given=None, **changes):
    walk = Walk.of(applies(steps, **changes), steps)
    return Desk(Lane(LANE, REPO, pull or pull_of(), (walk,)), given or facts(), NOW, iter("xyz").__next__)


def held(draft):
    return {step.instance.component: [hold.kind for hold in draft.step(step.index).holds] for step in draft.walk.steps}


def place(status=Status.SUCCEEDED, *, lane="7#2", ended=60.0):
    return Place(
        rollout_id=9, lane=lane, name="#2", branch="main", position=9, status=status, sent=True, goes=False, at=ended
    )


CHAIN = [
    Step(0, at("a"), (), (1,), (call("apply.yaml"),), 3, planned_at=50.0),
    Step(1, at("b"), (0,), (2,), (call("apply.yaml"),), 2, planned_at=50.0),
    Step(2, at("c"), (1,), (), (call("apply.yaml"),), 1),
    Step(3, at("d"), (), (), (call("apply.yaml"),), 1, planned_at=50.0),
]


@pytest.mark.parametrize(
    ("stale", "places", "expected"),
    [
        ("warn", {at("b"): (place(),)}, []),
        ("hold", {at("b"): (place(),)}, ["b", "c"]),
        ("hold", {at("a"): (place(),)}, ["a", "b", "c"]),
        ("hold", {at("b"): (place(ended=50.0),)}, []),
        ("hold", {at("b"): (place(lane=LANE),)}, []),
        ("hold", {at("b"): (place(Status.FAILED),)}, []),
        ("hold", {at("b"): (place(None),)}, []),
        ("hold", {at("c"): (place(),)}, []),
        ("hold", {at("x"): (place(),)}, []),
    ],
)
def test_what_was_planned_before_others_were_applied_is_held_with_all_below_it(stale, places, expected):
    desk = desk_of(CHAIN, given=facts(stale=stale, places=places))
    holds.refresh(desk, desk.drafts[0])
    assert [name for name, kinds in held(desk.drafts[0]).items() if kinds == [HoldKind.STALE]] == expected
    sentences = {hold.sentence for step in desk.drafts[0].changed.values() for hold in step.holds}
    assert sentences <= {"planned before #2 was applied"}
    assert [entry.instance for entry in desk.audit] == [f"dev/{name}" for name in expected]


def test_what_was_let_go_is_not_held_again_for_the_same_apply_but_for_a_later_one():
    hold = Hold(HoldKind.STALE, "planned before #2 was applied")
    steps = [replace(CHAIN[3], index=0, released=(Release(hold, "ada", 70.0),))]
    for name, expected in (("#2", []), ("#3", [HoldKind.STALE])):
        desk = desk_of(steps, given=facts(stale="hold", places={at("d"): (replace(place(), name=name),)}))
        holds.refresh(desk, desk.drafts[0])
        assert held(desk.drafts[0]) == {"d": expected}


def test_a_plan_is_never_stale_to_itself():
    walk = Walk.of(rollout_of(CHAIN), CHAIN)
    given = facts(stale="hold", restored_at=900.0, places={at("a"): (place(),)})
    desk = Desk(Lane(LANE, REPO, pull_of(), (walk,)), given, NOW, iter("xyz").__next__)
    holds.refresh(desk, desk.drafts[0])
    assert not desk.drafts[0].dirty


@pytest.mark.parametrize(("done_at", "restored_at", "expected"), [(0.0, 900.0, True), (900.0, 900.0, False)])
def test_after_a_restored_backup_what_was_not_sent_is_held_once(done_at, restored_at, expected):
    sent = replace(CHAIN[3], dispatches=(dispatch_of(3, Status.SUCCEEDED),))
    desk = desk_of([*CHAIN[:3], sent], given=facts(restored_at=restored_at), restored_at=done_at)
    holds.refresh(desk, desk.drafts[0])
    draft = desk.drafts[0]
    assert [name for name, kinds in held(draft).items() if kinds == [HoldKind.RESTORED]] == (
        ["a", "b", "c"] if expected else []
    )
    assert draft.rollout.restored_at == 900.0


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (Status.FAILED, True),
        (Status.TIMED_OUT, True),
        (Status.CANCELLED, True),
        (Status.RUNNING, True),
        (Status.DISPATCHING, False),  # it is looked for before it is sent
        (Status.HELD, False),  # in doubt, so a person must let it go already
        (Status.SUCCEEDED, False),
    ],
)
def test_after_a_restored_backup_what_people_may_send_again_is_held_too(status, expected):
    steps = [*CHAIN[:3], replace(CHAIN[3], dispatches=(dispatch_of(3, status),))]
    desk = desk_of(steps, given=facts(restored_at=900.0), restored_at=0.0)
    holds.refresh(desk, desk.drafts[0])
    assert (held(desk.drafts[0])["d"] == [HoldKind.RESTORED]) == expected


@pytest.mark.parametrize(
    ("changes", "ended", "expected"),
    [
        ({"branch": "main"}, 500.0, []),
        ({"branch": "main"}, 501.0, [HoldKind.UNREVIEWED]),
        ({"branch": "staging"}, 500.0, [HoldKind.UNREVIEWED]),
        ({"branch": "main", "sha": sha_of(7)}, 500.0, [HoldKind.UNREVIEWED]),
    ],
)
def test_late_news_lets_go_only_what_a_plan_of_the_head_for_its_base_branch_had_shown_in_time(changes, ended, expected):
    step = step_of(holds=(Hold(HoldKind.UNREVIEWED, UNREVIEWED),))
    plan = [step_of(calls=("plan.yaml",), dispatches=(dispatch_of(0),))]
    walks = (Walk.of(rollout_of(plan, **changes), plan), Walk.of(applies([step], id=2), [step]))
    desk = Desk(Lane(LANE, REPO, pull_of(), walks), facts(), NOW, iter("xyz").__next__)
    desk.drafts[0].put_dispatch(dispatch_of(0, Status.SUCCEEDED, finished_at=ended))
    holds.end_reviewed(desk)
    assert held(desk.drafts[1]) == {"a": expected}


# What people decide.


def approve(steps, *wanted, by="ada", rollout_id=1, pull=None):
    walk = Walk.of(applies(steps), steps)
    lane = Lane(LANE, REPO, pull or pull_of(), (walk,))
    return decide(lane, Approved(rollout_id, by, wanted), facts(), now=NOW, ids=iter(["sy-x", "sy-y"]).__next__)


STACK, BREAKER = Hold(HoldKind.STACK, "stack"), Hold(HoldKind.BREAKER, "breaker")


def test_an_approval_ends_what_was_held_when_it_was_given_and_nothing_later():
    steps = [step_of(holds=(BREAKER, STACK))]
    decision = approve(steps, Wanted("dev", "a", (BREAKER,)))
    (draft,) = decision.drafts
    assert (draft.step(0).holds, draft.step(0).released) == ((STACK,), (Release(BREAKER, "ada", NOW),))
    assert [(entry.actor, entry.action, entry.cause) for entry in decision.audit] == [("ada", "approve", "breaker")]


@pytest.mark.parametrize(
    ("step", "wanted", "by", "reason"),
    [
        (step_of(holds=(STACK,)), Wanted("dev", "a", (STACK,)), "dora", "nothing that dora can let go"),
        (step_of(holds=(STACK,)), Wanted("dev", "a", (BREAKER,)), "ada", "nothing that ada can let go"),
        (step_of(holds=(STACK,)), Wanted("dev", "x", (STACK,)), "ada", "nothing to do"),
    ],
)
def test_an_approval_that_lets_nothing_go_changes_nothing(step, wanted, by, reason):
    decision = approve([step], wanted, by=by)
    assert reason in decision.reason
    assert (decision.drafts, decision.audit) == ((), ())


def test_an_approval_of_a_rollout_that_counts_no_more_says_so():
    decision = approve([step_of(holds=(STACK,))], Wanted("dev", "a", (STACK,)), rollout_id=2)
    assert "counts no more" in decision.reason
    assert decision.drafts == ()


def overrun(step, instance=None):
    walk = Walk.of(applies([step]), [step])
    event = Overrun(1, instance or at("a"), "the older #1 was applied over it")
    return decide(Lane(LANE, REPO, pull_of(), (walk,)), event, facts(), now=NOW, ids=iter("xyz").__next__)


def test_what_an_older_commit_was_applied_over_is_offered_again():
    hold = Hold(HoldKind.OVERRUN, "the older #1 was applied over it")
    done = step_of(dispatches=(dispatch_of(0, Status.SUCCEEDED),), released=(Release(hold, "ada", 1.0),))
    decision = overrun(done)
    (draft,) = decision.drafts
    after = draft.step(0)
    assert (after.holds, after.released, own_status(after)) == ((hold,), (), None)
    assert set(draft.retired) == {"sy-0"}


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        (step_of(), "nothing to apply again"),
        (step_of(dispatches=(dispatch_of(0, Status.RUNNING),)), "is running"),
        (step_of(dispatches=(dispatch_of(0, Status.FAILED),)), "is failed"),
        (step_of(component="b"), "nothing to apply again"),
    ],
)
def test_what_did_not_succeed_is_not_offered_again(step, reason):
    decision = overrun(step)
    assert reason in decision.reason
    assert all(not draft.retired for draft in decision.drafts)


@pytest.mark.parametrize("by", ["dora", "DoRa"])
def test_the_service_itself_keeps_an_author_from_approving_whoever_let_that_through(by):
    step = step_of(holds=(BREAKER,))
    desk = desk_of([step], given=facts(self_approve=False))
    releasing.approved(desk, Approved(desk.drafts[0].rollout.id, by, (Wanted("dev", "a", (BREAKER,)),)))
    assert desk.drafts[0].step(0).holds == (BREAKER,)
    assert [(one.actor, one.action, one.instance) for one in desk.audit] == [(by, "refuse", "dev/a")]
    releasing.approved(desk, Approved(desk.drafts[0].rollout.id, "ada", (Wanted("dev", "a", (BREAKER,)),)))
    assert desk.drafts[0].step(0).holds == ()


def test_what_is_held_says_since_when():
    made = holds.of_new([step_of()], replace(applies([1]), created_at=7.0), pull_of(), facts(breaker_apply=0))
    assert [hold.since for hold in made[0].holds] == [7.0, 7.0]
    (later,) = holds.of_steps([step_of()], applies([1]), pull_of(), facts(), 9.0)
    assert [hold.since for hold in later.holds] == [9.0]
    desk = desk_of([step_of()])
    holds.add(desk, desk.drafts[0], 0, BREAKER)
    assert [hold.since for hold in desk.drafts[0].step(0).holds] == [NOW]
