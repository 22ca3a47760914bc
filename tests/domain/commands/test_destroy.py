"""What `destroy` shows, what it refuses, and when `confirm` begins it."""

import re
from dataclasses import replace

import pytest

from bot.domain.commands import confirm, destroy
from bot.domain.commands.asked import Asked, Refused
from bot.domain.commands.words import Command, Role
from bot.domain.desk import Desk, Lane, Regather
from bot.domain.events import Commanded, Facts, Remembered
from bot.domain.layout import lay_out
from bot.domain.model import HoldKind, Status
from bot.domain.pro import DELETED, MERGED
from bot.domain.rollout import Draft, Walk
from tests.domain.test_destroys import DESTROYABLE, OURS, memory
from tests.domain.test_holds import pull_of
from tests.domain.test_order import place
from tests.domain.world import REPO, RULES, at, dispatch_of, graph, index_of, pro, rollout_of, sha_of

S = Status
BOTH = pro(deleted=("destroy.yaml",))
PULL = pull_of(position=5)
CODE = re.compile(r"`/atmos confirm ([A-Z2-9]{8})`")


def merge_of(text, **statuses):
    """Make the apply of a merge, in which all succeeded but for those with another status; None is not sent."""
    names = dict.fromkeys(name for word in text.split() for name in word.split(">"))
    told = graph(text, **dict.fromkeys(names, BOTH))
    steps = lay_out(told, activity=MERGED, sha=PULL.merge_sha, files=OURS).steps
    facts = {"sha": PULL.merge_sha, "ref": "main", "branch": "main", "position": PULL.position}
    walk = Walk.of(rollout_of(steps, activity=MERGED, **facts), steps)
    draft = Draft(walk)
    for name in names:
        status = statuses.get(name, S.SUCCEEDED)
        if status is not None:
            draft.put_dispatch(dispatch_of(index_of(walk, name), status, workflow="apply.yaml", finished_at=50.0))
    walk.apply(draft)
    return walk


def desk_of(walk, text, *more, pull=PULL, now=100.0, nonce="one", rules=RULES, **facts):
    told = {"remembered": memory(text), "files": OURS, "next_rollout": 7} | facts
    return Desk(Lane("7#1", REPO, pull, (walk, *more)), Facts(rules, **told), now, iter([nonce]).__next__)


def say(desk, name, *targets, flags=(), text="", by="boss"):
    module = {"destroy": destroy, "confirm": confirm}[name]
    command = Command(name, targets, frozenset(flags), text)
    event = Commanded(source="comment:1", by=by, role=Role.MAINTAIN, at=desk.now, lines=())
    return module.do(desk, Asked(by, Role.MAINTAIN, command, event)).sentence


def refused(desk, name, *targets, **more):
    with pytest.raises(Refused) as caught:
        say(desk, name, *targets, **more)
    return str(caught.value)


def shown(desk, *targets, flags=()):
    """Have something shown; its code, and the pull request that waits for it."""
    (code,) = CODE.findall(say(desk, "destroy", *targets, flags=flags))
    return code, desk.pull


def test_it_starts_nothing_and_is_kept_until_it_is_confirmed():
    walk = merge_of("a>b b>c")
    desk = desk_of(walk, "a>b b>c")
    code, pull = shown(desk, "a", flags=["--downstream"])
    assert (desk.new, desk.effects, desk.decision().drafts) == ([], [], ())
    assert [step[:2] for step in pull.unconfirmed.steps] == [("dev", "c"), ("dev", "b"), ("dev", "a")]
    desk = desk_of(walk, "a>b b>c", pull=pull, now=500.0)
    say(desk, "confirm", text=code)
    (draft,) = desk.new
    assert [step.instance.component for step in draft.walk.steps] == ["c", "b", "a"]
    assert all(step.destroys and not step.holds for step in draft.walk.steps)
    rollout = draft.rollout
    assert (rollout.activity, rollout.sha, rollout.ref) == (DELETED, PULL.merge_sha, "main")
    assert (rollout.branch, rollout.position) == ("main", PULL.position)
    assert desk.pull.unconfirmed is None


def codes():
    """Make codes of things that differ in one way each."""
    yield shown(desk_of(merge_of("a b"), "a b"), "a")[0]
    yield shown(desk_of(merge_of("a b"), "a b", nonce="two"), "a")[0]
    yield shown(desk_of(merge_of("a b"), "a b"), "b")[0]
    yield shown(desk_of(merge_of("a b"), "a b"), "a", "b")[0]
    yield shown(desk_of(merge_of("a b", a=S.FAILED), "a b"), "a")[0]
    yield shown(desk_of(merge_of("a b"), "a b", pull=replace(PULL, number=2)), "a")[0]


def test_a_code_stands_for_what_was_shown_and_cannot_be_worked_out_from_it():
    assert len(set(codes())) == 6
    assert list(codes()) == list(codes())


@pytest.mark.parametrize("status", [S.FAILED, S.TIMED_OUT, S.CANCELLED, S.SUCCEEDED])
def test_what_goes_no_further_by_itself_can_be_destroyed(status):
    assert shown(desk_of(merge_of("a", a=status), "a"), "a")[0]


@pytest.mark.parametrize("status", [None, S.RUNNING, S.QUEUED, S.DISPATCHING, S.APPROVAL, S.HELD])
def test_what_is_applied_or_may_still_be_is_refused(status):
    assert "so it may still be applied here" in refused(desk_of(merge_of("a", a=status), "a"), "destroy", "a")


def test_what_depends_on_it_and_may_still_be_applied_keeps_it():
    walk = merge_of("a>b", b=S.RUNNING)
    told = refused(desk_of(walk, "a>b"), "destroy", "a", flags=["--downstream"])
    assert told.startswith("`dev/b` is running, so it may still be applied here.")


@pytest.mark.parametrize(
    ("pull", "told"),
    [
        (None, "There is no pull request here"),
        (replace(PULL, merged=False, open=True), "It is not merged yet"),
        (replace(PULL, merged=False, open=False), "It is closed without a merge"),
        (replace(PULL, fork=True), "It comes from a fork"),
        (replace(PULL, merge_sha=sha_of(0xD)), "Its apply has not begun"),
    ],
)
def test_without_an_applied_merge_it_is_refused(pull, told):
    assert refused(desk_of(merge_of("a"), "a", pull=pull), "destroy", "a").startswith(told)


def test_what_is_remembered_of_others_is_seen():
    known = memory("a") | {at("b"): Remembered(DESTROYABLE, (at("a"),), ())}
    known[at("a")] = replace(known[at("a")], children=(at("b"),))
    told = refused(desk_of(merge_of("a"), "", remembered=known), "destroy", "a")
    assert "`dev/b` is known to depend on `dev/a` and would stay." in told
    assert "`dev/b` (of an earlier merge), `dev/a` (applied)." in say(
        desk_of(merge_of("a"), "", remembered=known), "destroy", "a", flags=["--downstream"]
    )


def test_what_names_no_workflow_or_is_forgotten_is_refused():
    known = memory("a", a=pro())
    assert "`dev/a` names no workflow for `pull_request.deleted`" in refused(
        desk_of(merge_of("a"), "", remembered=known), "destroy", "a"
    )
    assert refused(desk_of(merge_of("a"), "", remembered={}), "destroy", "a") == "All of that is destroyed already."


def test_what_a_newer_commit_was_applied_to_is_refused():
    newer = {at("a"): (place(6, S.SUCCEEDED),)}
    assert "which is newer. Say it there." in refused(desk_of(merge_of("a"), "a", places=newer), "destroy", "a")
    older = {at("a"): (place(4, S.SUCCEEDED),)}
    assert shown(desk_of(merge_of("a"), "a", places=older), "a")[0]


def test_what_cannot_be_shown_whole_is_refused():
    names = " ".join(f"{'long' * 40}-{number:03}" for number in range(40))
    assert "That is 40 instances, too many to show" in refused(desk_of(merge_of(names), names), "destroy", "@all")


def test_files_that_were_not_read_are_read_first():
    with pytest.raises(Regather):
        say(desk_of(merge_of("a"), "a", files={}), "destroy", "a")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"text": "WRONG234"}, "No such code waits here"),
        ({"now": 100.0 + destroy.GOOD_FOR + 1}, "The code was good for 15 minutes"),
        ({"walk": merge_of("a>b b>c", b=S.FAILED)}, "`dev/b` is failed by now, and was applied when it was shown."),
        ({"walk": merge_of("a>b b>c", b=S.RUNNING)}, "`dev/b` is running, so it may still be applied here."),
        ({"known": "a>b b>c b>d"}, "`dev/d` is known to depend on `dev/b` and would stay."),
        ({"known": "a>b a>c"}, "The order is another by now."),
        ({"known": "a>b"}, "`dev/c` is destroyed already."),
        ({"sha": sha_of(0xD)}, "It was shown at"),
        ({"by": PULL.author, "rules": replace(RULES, self_approve=False)}, f"{PULL.author} is the author"),
    ],
)
def test_a_code_counts_only_for_what_was_shown(changes, told):
    walk = merge_of("a>b b>c")
    code, pull = shown(desk_of(walk, "a>b b>c"), "dev")
    if "sha" in changes:
        pull = replace(pull, unconfirmed=replace(pull.unconfirmed, sha=changes["sha"]))
    desk = desk_of(
        changes.get("walk", walk),
        changes.get("known", "a>b b>c"),
        pull=pull,
        now=changes.get("now", 100.0 + destroy.GOOD_FOR),
        rules=changes.get("rules", RULES),
    )
    found = refused(desk, "confirm", text=changes.get("text", code), by=changes.get("by", "boss"))
    assert found.startswith(told)
    assert desk.new == []
    spent = desk.pull.unconfirmed is None
    assert spent is not ("text" in changes or "by" in changes), "what counts no more is used up, a wrong word is not"


@pytest.mark.parametrize(("by", "held"), [("boss", []), (PULL.author.upper(), [HoldKind.STACK])])
def test_a_confirmation_is_the_approval_that_a_stack_wants_but_not_the_authors_own(by, held):
    rules = replace(RULES, approve_stacks=("dev",))
    code, pull = shown(desk_of(merge_of("a"), "a"), "a")
    desk = desk_of(merge_of("a"), "a", pull=pull, rules=rules)
    say(desk, "confirm", text=code, by=by)
    (draft,) = desk.new
    assert [hold.kind for hold in draft.step(0).holds] == held


def test_many_are_held_all_the_same():
    code, pull = shown(desk_of(merge_of("a b"), "a b"), "@all")
    desk = desk_of(merge_of("a b"), "a b", pull=pull, rules=replace(RULES, breaker_apply=1))
    say(desk, "confirm", text=code)
    (draft,) = desk.new
    assert {hold.kind for step in draft.walk.steps for hold in step.holds} == {HoldKind.BREAKER}
