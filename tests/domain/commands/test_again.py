"""Which steps `retry`, `apply` and `replan` have go again, which they leave, and why."""

from dataclasses import replace

import pytest

from bot.domain.commands import apply, replan, retry
from bot.domain.commands.asked import Asked, Refused
from bot.domain.commands.words import Command, Line, Role
from bot.domain.decide import decide
from bot.domain.desk import Desk, Lane
from bot.domain.events import Commanded, Facts, Retired, RunReported
from bot.domain.locks import Lock
from bot.domain.model import Commit, Decided, Heir, Hold, HoldKind, Status
from bot.domain.rollout import Draft, own_status
from tests.domain.test_holds import pull_of
from tests.domain.test_order import apply_of, place, put
from tests.domain.test_passing_over import passed_over, sent
from tests.domain.world import REPO, RULES, at, dispatch_of, index_of, run_facts, shown, walk_of

S = Status
OPEN = pull_of(open=True, merged=False, merge_sha="", merged_at=0.0, position=0)
MERGED = pull_of()
DO = {"retry": retry.do, "apply": apply.do, "replan": replan.do}


def event_of(*lines, **changes):
    told = tuple(Line(line.name, line) for line in lines)
    return Commanded(source="comment:1", by="boss", role=Role.MAINTAIN, at=90.0, lines=told, **changes)


def said(walk, name, *targets, flags=(), pull=OPEN, role=Role.WRITE, unread=(), **facts):
    """Say a command; returns which components go again, and the sentence."""
    desk = Desk(Lane(walk.rollout.lane, REPO, pull, (walk,)), Facts(RULES, **facts), 100.0, iter("abcdefgh").__next__)
    command = Command(name, targets, frozenset(flags))
    try:
        answer = DO[name](desk, Asked("boss", role, command, event_of(command, unread=frozenset(unread))))
    except Refused as refused:
        assert not desk.drafts[0].changed
        return "", str(refused)
    steps = desk.drafts[0].changed.values()
    return "".join(sorted(step.instance.component for step in steps if not step.dispatches)), answer.sentence


@pytest.mark.parametrize(
    ("statuses", "targets", "goes"),
    [
        ({"a": S.FAILED}, (), "a"),
        ({"a": S.TIMED_OUT}, (), "a"),
        ({"a": S.CANCELLED}, (), "a"),
        ({"a": S.SUCCEEDED, "b": S.FAILED, "x": S.FAILED}, (), "bx"),
        ({"a": S.SUCCEEDED, "b": S.FAILED, "x": S.FAILED}, ("x",), "x"),
        ({"a": S.SUCCEEDED, "b": S.FAILED, "x": S.FAILED}, ("dev",), "bx"),
        ({"a": S.SUCCEEDED, "b": S.FAILED}, ("@all",), "b"),
        ({"a": S.SUCCEEDED, "b": S.FAILED}, ("@blocked",), ""),
        *(({"a": status}, ("a",), "") for status in (S.SUCCEEDED, S.RUNNING, S.QUEUED, S.APPROVAL, S.HELD)),
        ({}, ("a",), ""),
        ({}, (), ""),
        ({"a": S.FAILED}, ("nothing",), ""),
    ],
)
@pytest.mark.parametrize("make", [walk_of, apply_of])
def test_what_is_retried(make, statuses, targets, goes):
    walk = sent(make("a>b b>c x"), **statuses)
    assert said(walk, "retry", *targets, pull=OPEN if make is walk_of else MERGED)[0] == goes


@pytest.mark.parametrize(
    ("statuses", "targets", "flags", "goes"),
    [
        ({"a": S.SUCCEEDED, "b": S.SUCCEEDED}, ("a",), (), "a"),
        ({"a": S.SUCCEEDED, "b": S.FAILED, "c": S.SUCCEEDED}, ("b",), (), "b"),
        ({"a": S.SUCCEEDED, "b": S.SUCCEEDED, "c": S.SUCCEEDED}, ("b",), ("--downstream",), "bc"),
        ({"a": S.SUCCEEDED, "b": S.SUCCEEDED, "c": S.SUCCEEDED}, ("b",), ("--upstream",), "ab"),
        ({"a": S.SUCCEEDED, "b": S.RUNNING}, ("b",), ("--upstream",), "a"),
        ({"a": S.RUNNING}, ("a",), (), ""),
        ({"a": S.SUCCEEDED}, ("b",), (), ""),
        ({"a": S.HELD}, ("a",), (), ""),
    ],
)
def test_what_is_planned_again(statuses, targets, flags, goes):
    assert said(sent(walk_of("a>b b>c x"), **statuses), "replan", *targets, flags=flags)[0] == goes


@pytest.mark.parametrize(
    ("decided", "statuses", "targets", "flags", "goes"),
    [
        ({"a": S.SKIPPED}, {}, ("a",), (), "a"),
        ({"a": S.CANCELLED}, {}, ("a",), (), "a"),
        ({}, {"a": S.CANCELLED}, ("a",), (), "a"),
        ({}, {"a": S.FAILED}, ("a",), (), ""),
        ({"a": S.SKIPPED, "b": S.CANCELLED}, {}, ("a",), (), "a"),
        ({"a": S.SKIPPED, "b": S.CANCELLED}, {}, ("a",), ("--downstream",), "ab"),
        ({"a": S.SKIPPED, "c": S.SKIPPED}, {"b": S.SUCCEEDED}, ("a",), (), "a"),
        # What is applied on top of it must end first.
        ({"a": S.SKIPPED}, {"b": S.RUNNING}, ("a",), (), ""),
        ({"a": S.SKIPPED}, {"b": S.SUCCEEDED, "c": S.RUNNING}, ("a",), (), ""),
        ({"a": S.SKIPPED, "c": S.SKIPPED}, {"b": S.SUCCEEDED}, ("a",), ("--downstream",), "ac"),
        ({"c": S.SKIPPED}, {"a": S.RUNNING, "b": S.SUCCEEDED}, ("c",), (), "c"),
        ({"a": S.SKIPPED, "b": S.SKIPPED, "c": S.CANCELLED}, {}, ("a",), ("--downstream",), "abc"),
        ({}, {"a": S.SUCCEEDED}, ("a",), (), ""),
        ({}, {"a": S.HELD}, ("a",), (), ""),
        ({}, {}, ("a",), (), ""),
    ],
)
def test_what_is_applied_after_all(decided, statuses, targets, flags, goes):
    walk = sent(apply_of("a>b b>c x"), **statuses)
    for component, status in decided.items():
        passed_over(walk, component, status=status)
    assert said(walk, "apply", *targets, flags=flags, pull=MERGED)[0] == goes


@pytest.mark.parametrize("name", ["retry", "apply"])
@pytest.mark.parametrize(
    ("places", "goes"),
    [
        ([], "a"),
        ([place(9, S.SUCCEEDED)], "a"),
        ([place(11)], "a"),
        ([place(11, S.FAILED)], ""),
        ([place(11, S.SUCCEEDED)], ""),
        ([place(11, S.RUNNING)], ""),
        ([place(11, sent=True)], ""),
    ],
)
def test_an_older_one_does_not_go_over_a_newer_commit(name, places, goes):
    walk = sent(apply_of("a"), a=S.CANCELLED)
    told = said(walk, name, "a", pull=MERGED, places={at("a"): tuple(places)})
    assert told[0] == goes
    assert goes or "superseded by #11" in told[1]


def test_what_is_superseded_says_by_what():
    walk = put(sent(apply_of("a"), a=S.FAILED), "a", dropped="superseded by #11", heir=Heir("#11", "7#11", 11, None))
    assert said(walk, "retry", "a", pull=MERGED) == ("", "Nothing goes again: dev/a (superseded by #11).")


@pytest.mark.parametrize(
    ("target", "role", "goes"), [("dev/a", 3, "a"), ("dev/a", 2, ""), ("a", 3, ""), ("@all", 3, "")]
)
def test_a_destroy_goes_again_by_its_full_name_and_the_right_to_destroy(target, role, goes):
    walk = put(sent(apply_of("a"), a=S.FAILED), "a", destroys=True)
    told = said(walk, "retry", target, pull=MERGED, role=Role(role))
    assert told[0] == goes
    assert goes or "somebody with the role maintain or admin must name dev/a in full" in told[1]


def test_a_hold_stays_where_it_was():
    hold = Hold(HoldKind.UNREVIEWED, "no plan of it succeeded")
    walk = passed_over(put(apply_of("a>b"), "a", holds=(hold,)), "a", status=S.CANCELLED)
    went, told = said(walk, "apply", "a", pull=MERGED)
    assert (went, told) == ("a", "dev/a goes again. Held as before: dev/a; `/atmos approve` lets it go.")


def test_what_is_held_or_in_doubt_is_to_be_approved():
    hold = Hold(HoldKind.BREAKER, "too many")
    walk = put(sent(walk_of("a b x"), a=S.HELD, x=S.FAILED), "b", holds=(hold,))
    doubt = "in doubt: see whether it ran; if it did not, `/atmos approve dev/a` sends it again"
    told = f"dev/x goes again. Left as it is: dev/a ({doubt}); dev/b (held: `/atmos approve` lets it go)."
    assert said(walk, "retry", "dev") == ("x", told)


@pytest.mark.parametrize(("make", "what"), [(walk_of, "mend that and push, or run"), (apply_of, "mend that, and run")])
def test_what_never_had_a_run_says_what_to_mend(make, what):
    walk = put(make("a b"), "a", problem="There is no file `plan.yaml`.")
    refused = dispatch_of(index_of(walk, "b"), S.FAILED, run_id=0, reason="GitHub refused it.")
    draft = Draft(walk)
    draft.put_dispatch(refused)
    walk.apply(draft)
    assert said(walk, "retry", pull=OPEN if make is walk_of else MERGED) == (
        "",
        f"Nothing goes again: dev/a (There is no file `plan.yaml`: {what} the affected workflow again); "
        f"dev/b (GitHub refused it: {what} the affected workflow again).",
    )


def test_what_could_not_be_read_waits_for_the_next_time():
    walk = sent(walk_of("a b"), a=S.FAILED, b=S.FAILED)
    told = "dev/a goes again. Left as it is: dev/b (1 of its runs could not be read: too many at once, so say it again"
    went, answer = said(walk, "retry", unread=["sy-1"])
    assert (went, answer.startswith(told)) == ("a", True)


@pytest.mark.parametrize("name", ["retry", "replan"])
@pytest.mark.parametrize(
    ("pull", "told"),
    [
        (replace(OPEN, open=False), "It is closed"),
        (MERGED, "It is merged"),
    ],
)
def test_nothing_goes_of_what_is_closed_or_merged(name, pull, told):
    went, answer = said(sent(walk_of("a"), a=S.FAILED), name, "a", pull=pull)
    assert went == ""
    assert answer.startswith(told)


def test_what_a_closing_starts_can_be_retried_after_it():
    walk = sent(apply_of("a"), a=S.FAILED)
    walk.rollout = replace(walk.rollout, activity="pull_request.closed")
    assert said(walk, "retry", pull=replace(OPEN, open=False))[0] == "a"
    walk.rollout = replace(walk.rollout, activity="pull_request.labeled")
    assert said(walk, "retry", pull=replace(OPEN, open=False))[0] == ""


def test_nothing_goes_of_a_superseded_rollout():
    walk = sent(walk_of("a"), a=S.FAILED)
    walk.rollout = replace(walk.rollout, superseded_by="a push of 1234567")
    assert said(walk, "retry")[0] == ""


def test_nothing_goes_of_a_commit_that_the_queue_is_done_with():
    walk = sent(walk_of("a"), a=S.FAILED)
    commit = Commit("7@abc", 7, "abc", "queue", (), "main", 0.0, ended="it was merged")
    desk = Desk(Lane("7@abc", REPO, None, (walk,), commit), Facts(RULES), 100.0, str)
    with pytest.raises(Refused, match="it was merged"):
        retry.do(desk, Asked("boss", Role.WRITE, Command("retry"), event_of()))


def decided(walk, *commands, pull=MERGED, **facts):
    """Decide what somebody said, as it is decided in whole; returns what the rollout shows afterwards."""
    lane = Lane(walk.rollout.lane, REPO, pull, (walk,))
    made = decide(lane, event_of(*commands), Facts(RULES, **facts), now=100.0, ids=iter("abcdefgh").__next__)
    for draft in made.drafts:
        draft.walk.apply(draft)
    return shown(walk)


RETRY = Command("retry")


@pytest.mark.parametrize("name", ["replan", "apply"])
@pytest.mark.parametrize(
    ("statuses", "targets", "found"),
    [
        ({"a": S.CANCELLED, "b": S.SUCCEEDED, "c": S.CANCELLED}, ["a c"], "dispatching succeeded waiting"),
        ({"a": S.CANCELLED, "b": S.SUCCEEDED, "c": S.CANCELLED}, ["c", "a"], "dispatching succeeded waiting"),
        ({"a": S.CANCELLED, "b": S.SUCCEEDED, "c": S.CANCELLED}, ["a", "c"], "dispatching succeeded waiting"),
        ({"a": S.CANCELLED, "b": S.SUCCEEDED, "c": S.CANCELLED}, ["a"], "dispatching succeeded cancelled"),
        ({"a": S.CANCELLED, "b": S.SUCCEEDED, "c": S.CANCELLED}, ["c"], "cancelled succeeded dispatching"),
        ({"a": S.CANCELLED, "b": S.SUCCEEDED}, ["a"], "dispatching succeeded waiting"),
        ({"a": S.RUNNING, "b": S.SUCCEEDED, "c": S.CANCELLED}, ["c"], "running succeeded waiting"),
        ({"a": S.APPROVAL, "b": S.SUCCEEDED, "c": S.CANCELLED}, ["c"], "approval succeeded waiting"),
        ({"a": S.HELD, "b": S.SUCCEEDED, "c": S.CANCELLED}, ["c"], "held succeeded waiting"),
        ({"b": S.SUCCEEDED, "c": S.CANCELLED}, ["c"], "dispatching succeeded waiting"),
    ],
)
def test_it_waits_for_what_goes_before_it_where_all_between_the_two_has_succeeded(name, statuses, targets, found):
    walk = sent((walk_of if name == "replan" else apply_of)("a>b b>c"), **statuses)
    words = [Command(name, tuple(one.split())) for one in targets]
    after = decided(walk, *words, pull=OPEN if name == "replan" else MERGED)
    assert after == dict(zip("abc", found.split(), strict=True))
    if after["c"] == "waiting":
        draft = Draft(walk)
        for dispatch in draft.step(index_of(walk, "a")).dispatches:
            draft.put_dispatch(replace(dispatch, status=S.SUCCEEDED))
        walk.apply(draft)
        assert shown(walk)["c"] == "ready"


@pytest.mark.parametrize(
    ("facts", "status"),
    [
        ({}, "dispatching"),
        ({"frozen": "frozen by dora"}, "ready"),
        ({"locks": {"dev/a": Lock("dev/a", "lock-1", "dora", "", 200.0)}}, "ready"),
        ({"places": {at("a"): (place(9, S.RUNNING),)}}, "ready"),
        ({"places": {at("a"): (place(9, goes=True),)}}, "ready"),
        ({"places": {at("a"): (place(11, S.RUNNING),)}}, "failed"),
        ({"in_flight": {"other": 99}}, "ready"),
        ({"restored_at": 99.0}, "held"),
    ],
)
def test_a_retried_apply_is_under_every_rule(facts, status):
    walk = sent(apply_of("a"), a=S.FAILED)
    found = decided(walk, RETRY, **facts)
    assert found == {"a": status if status != "failed" else "superseded"}


def test_a_retried_apply_is_held_where_another_was_applied_since_its_plan():
    walk = put(sent(apply_of("a>b"), a=S.FAILED), "a", planned_at=10.0)
    facts = Facts(replace(RULES, stale="hold"), places={at("a"): (place(9, S.SUCCEEDED, at=20.0),)})
    made = decide(
        Lane(walk.rollout.lane, REPO, MERGED, (walk,)), event_of(RETRY), facts, now=100.0, ids=iter("ab").__next__
    )
    (draft,) = made.drafts
    assert own_status(draft.step(0)) is None
    assert [hold.kind for hold in draft.step(0).holds] == [HoldKind.STALE]


def test_what_was_skipped_first_in_the_same_comment_is_not_retried():
    walk = sent(walk_of("a b"), a=S.FAILED, b=S.FAILED)
    draft = Draft(walk)
    draft.put(replace(draft.step(0), decided=Decided(S.SKIPPED, "boss", 5.0)))
    walk.apply(draft)
    assert decided(walk, RETRY, RETRY, pull=OPEN) == {"a": "skipped", "b": "dispatching"}


@pytest.mark.parametrize(
    ("destroyed", "sentence"),
    [
        (S.SUCCEEDED, "Nothing goes again: dev/a (destroyed since, or to be destroyed)."),
        (S.RUNNING, "Nothing goes again: dev/a (destroyed since, or to be destroyed)."),
        (None, "Nothing goes again: dev/a (destroyed since, or to be destroyed)."),
    ],
)
def test_what_was_destroyed_since_is_not_applied_again_and_the_rest_of_its_rollout_is(destroyed, sentence):
    walk, later = sent(apply_of("a b"), a=S.FAILED), put(apply_of("a", number=12), "a", destroys=True)
    later.rollout = replace(later.rollout, lane=walk.rollout.lane, position=walk.rollout.position)
    if destroyed is not None:
        sent(later, a=destroyed)
    desk = Desk(Lane(walk.rollout.lane, REPO, MERGED, (walk, later)), Facts(RULES), 100.0, str)
    try:
        told = retry.do(desk, Asked("boss", Role.WRITE, RETRY, event_of())).sentence
    except Refused as refused:
        told = str(refused)
    assert told == sentence


def test_the_newest_rollout_that_has_something_to_send_again_is_meant():
    walk, later = sent(apply_of("a b"), a=S.FAILED), sent(apply_of("b", number=12), b=S.SUCCEEDED)
    plan = sent(walk_of("a"), a=S.FAILED)
    desk = Desk(Lane(walk.rollout.lane, REPO, MERGED, (plan, walk, later)), Facts(RULES), 100.0, str)
    assert retry.do(desk, Asked("boss", Role.WRITE, RETRY, event_of())).sentence == "dev/a goes again."
    assert [bool(draft.changed) for draft in desk.drafts] == [False, True, False]


def late(attempt, at, status="completed", conclusion="failure"):
    """Make news of a run that its step has put behind it: one of two attempts, the first of which is known."""
    behind = dispatch_of(0, S.FAILED, id="sy-old", run_id=77, conclusion="failure", run_updated_at=90.0)
    told = run_facts(77, attempt=attempt, status=status, conclusion=conclusion, updated_at=at)
    return RunReported("sy-old", told, retired=Retired(1, behind))


@pytest.mark.parametrize(
    ("now", "news", "status"),
    [
        # Told once more, or late: what was sent since then counts.
        (S.SUCCEEDED, late(1, 90.0), S.SUCCEEDED),
        (S.SUCCEEDED, late(2, 99.0), S.SUCCEEDED),
        (S.FAILED, late(2, 99.0, conclusion="success"), S.FAILED),
        (S.RUNNING, late(2, 99.0), S.RUNNING),
        (S.RUNNING, late(2, 120.0), S.RUNNING),
        (None, late(1, 90.0), None),
        # Somebody ran it again at GitHub after that: then this counts.
        (S.SUCCEEDED, late(2, 120.0, "in_progress", ""), S.RUNNING),
        (S.SUCCEEDED, late(2, 120.0), S.FAILED),
        (None, late(2, 120.0, conclusion="success"), S.SUCCEEDED),
    ],
)
def test_late_news_of_what_was_sent_before(now, news, status):
    walk = walk_of("a")
    if now is not None:
        sent(walk, a=now)
    lane = Lane(walk.rollout.lane, REPO, OPEN, (walk,))
    # Whatever may go is kept back, so that only the news changes something.
    decision = decide(lane, news, Facts(replace(RULES, mode="observe")), now=130.0, ids=iter("ab").__next__)
    for draft in decision.drafts:
        draft.walk.apply(draft)
    assert own_status(walk.steps[0]) is status


def test_it_is_counted_how_often_a_step_was_sent_before():
    walk, counts = walk_of("a"), []
    for status in (S.FAILED, None, S.CANCELLED):
        draft = Draft(sent(walk, a=status) if status else walk)
        draft.retire(0)
        draft.walk.apply(draft)
        counts.append(walk.steps[0].sent_before)
    assert counts == [1, 1, 2]
