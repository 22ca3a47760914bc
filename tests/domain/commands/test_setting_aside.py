"""Which steps `skip` and `cancel` set aside, which they leave and why; whose locks `lock` takes and `unlock` ends."""

from dataclasses import replace

import pytest

from bot.domain.commands import cancel, lock, skip, unlock
from bot.domain.commands.asked import Asked, Refused
from bot.domain.commands.words import Command, Role
from bot.domain.desk import Desk, Lane
from bot.domain.effects import CancelRun, DropRun
from bot.domain.events import Commanded, Facts
from bot.domain.locks import LONGEST_SECONDS, Lock, Unlock
from bot.domain.model import Heir, Hold, HoldKind, Status
from bot.domain.rollout import Draft
from bot.domain.states import states
from tests.domain.test_holds import pull_of
from tests.domain.test_order import apply_of
from tests.domain.test_passing_over import passed_over, sent
from tests.domain.world import REPO, RULES, dispatch_of, index_of, walk_of

S = Status
OPEN = pull_of(open=True, merged=False, merge_sha="", merged_at=0.0, position=0)
MERGED = pull_of()
DO = {module.SPEC.name: module.do for module in (skip, cancel, lock, unlock)}
EVENT = Commanded(source="comment:1", by="boss", role=Role.MAINTAIN, at=90.0, lines=())


def desk_of(walk, **facts):
    pull = OPEN if walk.rollout.phase == "plan" else MERGED
    return Desk(Lane(walk.rollout.lane, REPO, pull, (walk,)), Facts(RULES, **facts), 100.0, iter("abcdefgh").__next__)


def say(desk, name, *targets, flags=(), role=Role.MAINTAIN, text=""):
    """Say a command; returns the sentence, behind a sign where it is refused."""
    try:
        return DO[name](desk, Asked("boss", role, Command(name, targets, frozenset(flags), text), EVENT)).sentence
    except Refused as refused:
        return f"! {refused}"


def shown(desk):
    """Tell each component's status as it is after the decision."""
    walk = desk.drafts[0].now()
    return {step.instance.component: str(state.status) for step, state in zip(walk.steps, states(walk), strict=True)}


def with_(walk, component, **facts):
    draft = Draft(walk)
    draft.put(replace(draft.step(index_of(walk, component)), **facts))
    walk.apply(draft)
    return walk


HELD = Hold(HoldKind.UNREVIEWED, "no plan of it succeeded")


@pytest.mark.parametrize("make", [walk_of, apply_of])
@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (None, "Skipped: dev/a."),
        (S.FAILED, "Skipped: dev/a."),
        (S.TIMED_OUT, "Skipped: dev/a."),
        (S.CANCELLED, "Skipped: dev/a."),
        (S.SUCCEEDED, "! Not dev/a: it has succeeded."),
        (S.QUEUED, "! Not dev/a: it is under way: cancel it first."),
        (S.RUNNING, "! Not dev/a: it is under way: cancel it first."),
        (S.APPROVAL, "! Not dev/a: it is under way: cancel it first."),
        (S.HELD, "! Not dev/a: it may have been sent: see whether it ran, then name it in full."),
    ],
)
def test_what_is_skipped(make, status, answer):
    walk = make("a>b x")
    desk = desk_of(walk if status is None else sent(walk, a=status))
    before = shown(desk)
    assert say(desk, "skip", "a") == answer
    skipped = {"a": "skipped", "b": "ready"} if answer.startswith("Skipped") else {}
    assert shown(desk) == before | skipped
    assert [entry.action for entry in desk.audit] == ["skip"] * bool(skipped)


@pytest.mark.parametrize(
    ("facts", "answer"),
    [
        ({"problem": "Its settings are wrong."}, "Skipped: dev/a."),
        ({"holds": (HELD,)}, "Skipped: dev/a."),
        ({"manual": "By hand."}, "! Not dev/a: it is left for people, and nothing waits for it."),
        (
            {"dropped": "superseded by #2", "heir": Heir("#2", "7#2", 2, S.RUNNING)},
            "! Not dev/a: superseded by #2.",
        ),
    ],
)
def test_what_is_skipped_by_what_a_step_is(facts, answer):
    desk = desk_of(with_(walk_of("a>b"), "a", **facts))
    assert say(desk, "skip", "a") == answer


def test_what_is_in_doubt_is_skipped_by_its_full_name():
    desk = desk_of(sent(walk_of("a>b"), a=S.HELD))
    assert say(desk, "skip", "dev/a") == "Skipped: dev/a."
    assert shown(desk) == {"a": "skipped", "b": "ready"}


def test_nothing_on_a_cycle_is_skipped():
    walk = walk_of("a>b b>c x")
    one, other, last = (index_of(walk, component) for component in "abc")
    problem = "It is part of a dependency cycle."
    with_(walk, "a", parents=(other,), problem=problem)
    with_(walk, "b", children=(one, last), problem=problem)
    desk = desk_of(walk)
    assert say(desk, "skip", "a").startswith("! Not dev/a: it is part of a cycle")
    assert shown(desk)["a"] == "failed"


def test_what_was_raised_and_not_sent_is_taken_back_and_what_is_being_sent_is_not():
    walk = walk_of("a b")
    for component in "ab":
        sent(walk, **{component: S.DISPATCHING})
    desk = desk_of(walk, in_air=frozenset({"sy-1"}))
    told = say(desk, "skip", "dev")
    assert told == "Skipped: dev/a. Not dev/b: it is under way: cancel it first."
    assert shown(desk) == {"a": "skipped", "b": "dispatching"}
    assert desk.effects == [DropRun("sy-0")]


def test_with_children_nothing_of_what_is_left_is_skipped():
    desk = desk_of(sent(walk_of("a>b b>c x>y y>z"), a=S.RUNNING))
    assert say(desk, "skip", "a", "x", flags=["--with-children"]) == (
        "Skipped: dev/x, and behind it dev/y, dev/z. Not dev/a: it is under way: cancel it first."
    )
    assert shown(desk) == {"a": "running", "b": "waiting", "c": "waiting", "x": "skipped"} | dict.fromkeys(
        "yz", "skipped"
    )


def test_a_destroy_that_is_skipped_takes_the_destroys_behind_it_along():
    walk = apply_of("a>b b>c c>d")
    for component in "acd":
        with_(walk, component, destroys=True)
    desk = desk_of(walk)
    assert say(desk, "skip", "a") == "Skipped: dev/a, and behind it dev/c, dev/d."
    assert shown(desk) == {"a": "skipped", "b": "ready", "c": "skipped", "d": "skipped"}


@pytest.mark.parametrize(
    ("status", "plan", "apply", "forced"),
    [
        (None, "cancelled", "cancelled", "cancelled"),
        (S.DISPATCHING, "cancelled", "cancelled", "cancelled"),
        (S.QUEUED, "told", "left", "told"),
        (S.RUNNING, "told", "left", "told"),
        (S.APPROVAL, "told", "left", "told"),
        (S.HELD, "marked", "left", "marked"),
        (S.SUCCEEDED, "nothing", "nothing", "nothing"),
        (S.FAILED, "nothing", "nothing", "nothing"),
        (S.CANCELLED, "nothing", "nothing", "nothing"),
    ],
)
def test_what_is_cancelled(status, plan, apply, forced):
    for make, flags, expected in ((walk_of, (), plan), (apply_of, (), apply), (apply_of, ("--force",), forced)):
        walk = make("a>b x")
        desk = desk_of(walk if status is None else sent(walk, a=status))
        told = say(desk, "cancel", "dev/a", flags=flags)
        sentences = {
            "cancelled": "Not sent any more: dev/a.",
            "told": "Being cancelled: dev/a.",
            "left": "! Left to its end, because it may be changing things: dev/a.",
            "marked": "Cancelled if it turns out to have been sent: dev/a.",
            "nothing": "Nothing of it is waiting or under way.",
        }
        assert told.startswith(sentences[expected])
        assert [isinstance(one, CancelRun) for one in desk.effects].count(True) == (expected == "told")
        assert (shown(desk)["a"] == "cancelled") is (expected == "cancelled" or status is S.CANCELLED)
        assert [entry.actor for entry in desk.audit] == ["boss"] * (expected in ("cancelled", "told", "marked"))
        assert shown(desk)["x"] == "ready"


def test_force_is_refused_to_who_may_only_write():
    desk = desk_of(sent(apply_of("a>b"), a=S.RUNNING))
    assert say(desk, "cancel", flags=["--force"], role=Role.WRITE).startswith("! boss may not: `--force` needs")
    assert not desk.drafts[0].changed


def test_of_several_files_only_what_was_not_sent_is_dropped_and_the_step_ends_cancelled():
    walk = apply_of("a>b")
    draft = Draft(walk)
    draft.put_dispatch(dispatch_of(0, S.RUNNING, id="sy-one", workflow="apply.yaml"))
    draft.put_dispatch(dispatch_of(0, S.DISPATCHING, id="sy-two", workflow="tag.yaml"))
    walk.apply(draft)
    desk = desk_of(walk)
    told = say(desk, "cancel")
    assert told.startswith("Not sent any more: dev/a, dev/b. Left to its end")
    assert desk.effects == [DropRun("sy-two")]
    (one, two) = desk.drafts[0].step(0).dispatches
    assert (one.status, two.status) == (S.RUNNING, S.CANCELLED)
    desk.drafts[0].put_dispatch(replace(one, status=S.SUCCEEDED))
    assert shown(desk) == {"a": "cancelled", "b": "cancelled"}


def test_what_is_skipped_or_cancelled_already_is_left_as_it_is():
    walk = passed_over(passed_over(walk_of("a b c"), "a"), "b", status=S.CANCELLED)
    desk = desk_of(walk)
    assert say(desk, "cancel", "a", "b") == "Nothing of it is waiting or under way."
    assert say(desk, "skip", "a") == "Not dev/a: skipped already."
    assert say(desk, "skip", "b") == "Skipped: dev/b."
    assert shown(desk) == {"a": "skipped", "b": "skipped", "c": "ready"}


THEIRS = Lock("dev/a", "lock-1", "octocat in run 5", "Upgrading.", 500.0, "run:5", 10.0)
OURS = Lock("dev/a", "lock-2", "boss", "before", 500.0, "login:boss", 10.0)


def test_a_lock_is_seen_by_what_comes_after_it_in_the_same_decision():
    desk = desk_of(walk_of("a b"))
    told = say(desk, "lock", "dev", text="the network moves")
    assert told.startswith("Locked until `/atmos unlock`, or 1971-01-01T00:01:40Z at the latest: dev/a, dev/b.")
    made = Lock("dev/a", "lock-a", "boss", "the network moves", 100.0 + LONGEST_SECONDS, "login:boss", 100.0)
    assert desk.facts.locks["dev/a"] == made
    assert say(desk, "unlock", "a").startswith("Unlocked: dev/a was locked by boss until")
    assert set(desk.facts.locks) == {"dev/b"}
    assert desk.decision().locks[0] == made
    assert desk.decision().locks[2] == Unlock("dev/a", "boss", "login:boss")


def test_who_locks_again_keeps_the_lock_and_nobody_takes_another_s():
    desk = desk_of(walk_of("a b"), locks={"dev/a": OURS})
    say(desk, "lock", "a", text="after")
    (lock,) = desk.locks
    assert (lock.id, lock.since, lock.message, lock.until) == ("lock-2", 10.0, "after", 100.0 + LONGEST_SECONDS)
    desk = desk_of(walk_of("a b"), locks={"dev/a": THEIRS})
    assert say(desk, "lock", "dev").startswith("! dev/a is locked by octocat in run 5 until 1970-01-01T00:08:20Z: Upgr")
    assert desk.locks == []


def test_what_somebody_else_locked_is_unlocked_and_whose_it_was_is_told():
    desk = desk_of(walk_of("a b"), locks={"dev/a": THEIRS, "prod/z": replace(THEIRS, name="prod/z")})
    assert say(desk, "unlock", "b") == "! `b` is not locked."
    assert "was locked by octocat in run 5 until 1970-01-01T00:08:20Z: Upgrading." in say(desk, "unlock", "*")
    assert say(desk, "unlock", "prod/z").startswith("Unlocked: prod/z was locked by octocat")
    assert say(desk, "unlock", "prod/z").startswith("! ")
    assert [change.name for change in desk.locks] == ["dev/a", "prod/z"]
