"""What keeps steps that could go: one thing for all of them, or something for some."""

from dataclasses import replace

import pytest

from bot.domain.events import Facts, Rules
from bot.domain.keeping import cooling_until, keeping, not_in_mode
from bot.domain.locks import Lock
from bot.domain.model import Pull, Status
from bot.domain.order import Expected
from bot.domain.pro import Phase
from bot.domain.rollout import Draft
from tests.domain.test_order import apply_of, place, put
from tests.domain.world import REPO, at, index_of, pull_facts, walk_of

S = Status
NOW = 1000.0


def pull(*pushes):
    return Pull(
        **{name: getattr(pull_facts(), name) for name in pull_facts().__slots__},
        repo_id=REPO.id,
        activity="synchronize",
        epoch=1,
        head_since=0.0,
        pushes=pushes,
    )


def kept(walk, component, facts, *, pushes=()):
    """Say what keeps a component; None where nothing does."""
    found = keeping(Draft(walk), pull(*pushes), facts, NOW).of(index_of(walk, component))
    return found and found.sentence


@pytest.mark.parametrize(
    ("mode", "plans", "applies"),
    [
        ("apply", None, None),
        ("plan", None, "nothing is applied in the mode “plan”"),
        ("observe", "nothing is started in the mode “observe”", "nothing is started in the mode “observe”"),
    ],
)
def test_the_mode_keeps_everything_of_a_phase(mode, plans, applies):
    assert (not_in_mode(mode, Phase.PLAN), not_in_mode(mode, Phase.APPLY)) == (plans, applies)
    assert kept(walk_of("a b"), "a", Facts(Rules(mode=mode))) == plans
    assert kept(apply_of("a b"), "b", Facts(Rules(mode=mode))) == applies


def test_a_freeze_keeps_applies_and_no_plans():
    facts = Facts(Rules(), frozen="frozen by dora: the audit")
    assert kept(apply_of("a"), "a", facts) == "frozen by dora: the audit"
    assert kept(walk_of("a"), "a", facts) is None


@pytest.mark.parametrize(
    ("pushes", "until"),
    [
        ((), 0.0),
        ((900.0, 910.0, 920.0, 930.0, 940.0), 0.0),
        ((900.0, 910.0, 920.0, 930.0, 940.0, 950.0), 1010.0),
        ((350.0, 910.0, 920.0, 930.0, 940.0, 950.0), 1010.0),  # ten minutes to the second
        ((349.0, 910.0, 920.0, 930.0, 940.0, 950.0), 0.0),
        ((1.0, 900.0, 910.0, 920.0, 930.0, 940.0, 950.0), 1010.0),
    ],
)
def test_many_pushes_keep_plans_till_a_quiet_minute(pushes, until):
    assert cooling_until(pull(*pushes)) == until
    found = keeping(Draft(walk_of("a")), pull(*pushes), Facts(Rules()), NOW)
    assert (found.whole is not None) is (until > NOW)
    if found.whole is not None:
        assert found.whole.until == until
    assert keeping(Draft(apply_of("a")), pull(*pushes), Facts(Rules()), NOW).whole is None
    assert keeping(Draft(walk_of("a")), pull(*pushes), Facts(Rules()), until).whole is None


def test_a_failure_keeps_the_rest_only_where_it_is_to_stop_everything():
    walk = put(apply_of("a>b x"), "a", status=S.FAILED)
    assert kept(walk, "x", Facts(Rules())) is None
    assert kept(walk, "x", Facts(Rules(fail_fast=True))) == "stopped, because dev/a did not succeed"


def test_the_order_keeps_only_the_instances_that_it_is_about():
    facts = Facts(Rules(), places={at("a"): (place(8, S.RUNNING),), at("b"): (place(9, goes=True),)})
    walk = apply_of("a b c")
    assert [kept(walk, one, facts) for one in "abc"] == ["after #8", "after #9", None]
    found = keeping(Draft(walk), None, facts, NOW)
    assert found.count(Draft(walk)) == 2
    assert {keeper.lane for keeper in found.keepers} == {"7#8", "7#9"}


def test_the_order_keeps_no_plans_and_nothing_that_could_not_go_anyway():
    facts = Facts(Rules(), places={at("a"): (place(8, S.RUNNING),), at("b"): (place(8, S.RUNNING),)})
    assert keeping(Draft(walk_of("a")), None, facts, NOW).keepers == []
    walk = apply_of("a>b")
    assert kept(walk, "b", facts) is None
    assert kept(put(walk, "a", status=S.RUNNING), "a", facts) is None


def test_an_upload_that_is_awaited_keeps_and_tells_how_long():
    one = Expected("7#9", "#9", "main", 9, frozenset({at("a"), at("nowhere")}), until=1500.0)
    facts = Facts(Rules(), expected=(one,))
    walk = apply_of("a b")
    assert kept(walk, "a", facts) == "after #9, whose affected stacks are awaited"
    assert kept(walk, "b", facts) is None
    (keeper,) = keeping(Draft(walk), None, facts, NOW).keepers
    assert (keeper.until, keeper.lane) == (1500.0, "7#9")
    assert keeping(Draft(apply_of("a", number=8)), None, facts, NOW).keepers == []


def test_a_lock_keeps_plans_and_applies_and_is_told_before_the_order():
    lock = Lock(name="dev/a", id="1", owner="dora", message="", until=1200.0)
    facts = Facts(Rules(), locks={"dev/a": lock}, places={at("a"): (place(8, S.RUNNING),)})
    for walk in (walk_of("a b"), apply_of("a b")):
        found = keeping(Draft(walk), None, facts, NOW)
        (keeper,) = found.keepers
        assert (keeper.lock, keeper.until) == (lock, 1200.0)
        assert found.count(Draft(walk)) == 1


def test_what_keeps_everything_counts_everything_that_could_go():
    walk = apply_of("a b c>d")
    found = keeping(Draft(walk), None, Facts(Rules(mode="plan")), NOW)
    assert found.count(Draft(walk)) == 3
    assert found.of(3) == found.whole


def test_a_closed_history_has_no_order():
    walk = apply_of("a")
    walk.rollout = replace(walk.rollout, position=0, branch="")
    facts = Facts(Rules(), places={at("a"): (place(9, goes=True, branch=""),)})
    assert keeping(Draft(walk), None, facts, NOW).keepers == []
