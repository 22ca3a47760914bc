"""News of runs: late, twice, in any order, and in words that nobody documented."""

from dataclasses import replace

import pytest

from bot.domain.decide import decide
from bot.domain.desk import Lane
from bot.domain.effects import CancelRun, RunKnown, StartRun
from bot.domain.events import Facts, NotSent, Rules, RunReported, Sent
from bot.domain.facts import Gate
from bot.domain.model import Status
from bot.domain.rollout import Draft, Walk
from bot.domain.run_news import is_tie, open_status
from tests.domain.world import REPO, dispatch_of, run_facts, sha_of, shown, walk_of

S = Status


class One:
    """A rollout of `a>b` whose first step was sent."""

    def __init__(self, *, superseded_by="", checks_head=False, text="a>b", **dispatch):
        walk = walk_of(text)
        walk = Walk.of(replace(walk.rollout, superseded_by=superseded_by, checks_head=checks_head), walk.steps)
        draft = Draft(walk)
        draft.put_dispatch(dispatch_of(0, S.DISPATCHING, **dispatch))
        walk.apply(draft)
        self.walk, self.effects, self.reason = walk, (), ""

    def hear(self, *events):
        for event in events:
            lane = Lane(self.walk.rollout.lane, REPO, None, (self.walk,))
            decision = decide(lane, event, Facts(Rules()), now=2000.0, ids=lambda: "sy-b")
            for draft in decision.drafts:
                draft.walk.apply(draft)
            self.effects += decision.effects
            self.reason = decision.reason
        return self

    @property
    def sent(self):
        return self.walk.steps[0].dispatches[0]

    @property
    def status(self):
        return self.sent.status


def told(status, conclusion="", *, at=100.0, attempt=1, asked=False, run_id=900, **facts):
    run = run_facts(run_id, status=status, conclusion=conclusion, updated_at=at, attempt=attempt, **facts)
    return RunReported("sy-0", run, asked=asked)


SENT = Sent("sy-0", 900, "https://github.com/acme/infra/actions/runs/900")
DONE = told("completed", "success", at=130.0)


@pytest.mark.parametrize(
    ("news", "expected"),
    [
        ([told("requested")], S.QUEUED),
        ([told("queued"), told("in_progress", at=110)], S.RUNNING),
        ([told("in_progress", at=110), told("queued")], S.RUNNING),
        ([told("in_progress", at=110), told("waiting", at=120), told("in_progress", at=125)], S.RUNNING),
        ([told("in_progress", at=110), DONE, told("requested")], S.SUCCEEDED),
        ([DONE, told("in_progress", at=110), told("requested")], S.SUCCEEDED),
        ([DONE, told("in_progress", at=140)], S.SUCCEEDED),
        ([DONE, DONE, SENT], S.SUCCEEDED),
        ([SENT, DONE], S.SUCCEEDED),
        ([SENT, told("completed", "success", at=0.0)], S.SUCCEEDED),
        # The second attempt: nobody is told that it was requested, and news of the first come late.
        ([DONE, told("in_progress", at=200, attempt=2)], S.RUNNING),
        ([DONE, told("completed", "failure", at=210, attempt=2)], S.FAILED),
        ([told("completed", "failure", at=210, attempt=2), DONE], S.FAILED),
        ([told("in_progress", at=200, attempt=2), told("completed", "failure", at=130)], S.RUNNING),
        ([told("in_progress", at=110, attempt=3), told("completed", "failure", at=130, attempt=2)], S.RUNNING),
        # One second, two states: the first stands until GitHub was asked; an end needs no asking.
        ([told("waiting", at=110), told("in_progress", at=110)], S.APPROVAL),
        ([told("waiting", at=110), told("in_progress", at=110, asked=True)], S.RUNNING),
        ([told("in_progress", at=110), told("completed", "success", at=110), told("waiting", at=110)], S.SUCCEEDED),
        ([told("in_progress", at=110), told("completed", "success", at=105)], S.SUCCEEDED),
        # What was asked is no later than what a webhook said since.
        ([told("in_progress", at=110), told("queued", at=100, asked=True)], S.RUNNING),
        # Words that nobody documented.
        ([told("hibernating")], S.QUEUED),
        ([told("pending"), told("hibernating", at=110), told("in_progress", at=120)], S.RUNNING),
    ],
)
def test_the_latest_state_counts_whenever_it_is_told(news, expected):
    assert One().hear(*news).status is expected


@pytest.mark.parametrize(
    ("conclusion", "status", "reason"),
    [
        ("success", S.SUCCEEDED, ""),
        ("failure", S.FAILED, ""),
        ("cancelled", S.CANCELLED, ""),
        ("timed_out", S.TIMED_OUT, ""),
        ("startup_failure", S.FAILED, "GitHub could not start the workflow"),
        ("action_required", S.FAILED, "a maintainer to allow the run"),
        ("neutral", S.FAILED, "GitHub concluded “neutral”, and only success opens the way."),
        ("skipped", S.FAILED, "GitHub concluded “skipped”"),
        ("stale", S.FAILED, "GitHub concluded “stale”"),
        ("evaporated", S.FAILED, "GitHub concluded “evaporated”"),
        ("", S.FAILED, "GitHub concluded “nothing”"),
    ],
)
def test_every_conclusion_is_told_as_it_is_and_only_success_opens_the_way(conclusion, status, reason):
    one = One().hear(told("completed", conclusion))
    assert one.sent.status is status
    assert one.sent.conclusion == conclusion
    assert reason in one.sent.reason
    assert bool(one.sent.reason) is bool(reason)
    child = "dispatching" if status is S.SUCCEEDED else "blocked"
    assert shown(one.walk)["b"] == child


def test_times_and_links_are_those_of_the_attempt():
    one = One().hear(
        told("in_progress", at=110, started_at=105.0), told("completed", "failure", at=130, started_at=105.0)
    )
    assert (one.sent.started_at, one.sent.finished_at, one.sent.attempt) == (105.0, 130.0, 1)
    one.hear(told("queued", at=200, attempt=2, started_at=199.0))
    assert (one.sent.started_at, one.sent.finished_at, one.sent.attempt, one.sent.conclusion) == (0.0, 0.0, 2, "")
    one.hear(told("in_progress", at=210, attempt=2, started_at=205.0))
    assert one.sent.started_at == 205.0
    assert one.sent.run_url.endswith("/actions/runs/900")


def test_a_rerun_that_succeeds_sends_what_was_blocked():
    one = One().hear(told("completed", "failure"))
    assert StartRun("sy-b") not in one.effects
    one.hear(told("completed", "success", at=300, attempt=2))
    assert StartRun("sy-b") in one.effects


def test_a_child_that_was_sent_stays_when_its_parent_is_run_again():
    one = One().hear(DONE, told("completed", "failure", at=300, attempt=2))
    assert shown(one.walk) == {"a": "failed", "b": "dispatching"}
    assert not any(isinstance(effect, CancelRun) for effect in one.effects)


def test_an_unsent_child_waits_again_when_its_parent_is_run_again():
    one = One(text="a>b b>c")
    one.hear(DONE, told("in_progress", at=300, attempt=2))
    assert shown(one.walk) == {"a": "running", "b": "dispatching", "c": "waiting"}


def test_a_run_that_is_heard_of_before_githubs_answer_is_adopted_at_once():
    one = One().hear(told("in_progress", at=110))
    assert RunKnown("sy-0") in one.effects
    assert one.hear(SENT).status is S.RUNNING
    assert one.effects.count(RunKnown("sy-0")) == 1


def test_an_answer_that_names_no_run_changes_nothing():
    assert One().hear(Sent("sy-0", 0, "")).status is S.DISPATCHING


def test_a_second_run_with_the_same_title_is_none_of_ours():
    one = One().hear(told("in_progress", at=110), told("completed", "failure", at=200, run_id=901))
    assert (one.status, one.sent.run_id) == (S.RUNNING, 900)
    assert one.reason == "dispatch sy-0 has another run already"


@pytest.mark.parametrize(
    "event", [Sent("sy-x", 5, ""), NotSent("sy-x", "No.", False), RunReported("sy-x", run_facts())]
)
def test_news_of_what_is_gone_changes_nothing(event):
    one = One().hear(event)
    assert "gone" in one.reason
    assert shown(one.walk) == {"a": "dispatching", "b": "waiting"}


def test_a_dispatch_that_is_refused_fails_its_step_with_the_sentence():
    one = One().hear(NotSent("sy-0", "`plan.yaml` is not there.", held=False))
    assert (one.status, one.sent.reason, one.sent.finished_at) == (S.FAILED, "`plan.yaml` is not there.", 2000.0)
    assert shown(one.walk)["b"] == "blocked"


def test_a_dispatch_that_nobody_can_tell_of_is_held_until_its_run_is_heard_of():
    one = One().hear(NotSent("sy-0", "It may have been sent.", held=True))
    assert shown(one.walk) == {"a": "held", "b": "waiting"}
    one.hear(told("in_progress", at=110))
    assert (one.status, one.sent.reason) == (S.RUNNING, "")


def test_a_refusal_that_comes_after_the_run_changes_nothing():
    assert One().hear(told("in_progress"), NotSent("sy-0", "No.", held=True)).status is S.RUNNING


@pytest.mark.parametrize("news", [SENT, told("in_progress", at=110), told("waiting", at=110)])
def test_a_run_that_is_no_longer_wanted_is_cancelled_once_it_is_known(news):
    one = One(superseded_by="a push of abc", cancel_wanted=True).hear(news)
    assert CancelRun("sy-0") in one.effects
    one.hear(told("completed", "cancelled", at=140))
    assert (one.status, one.sent.reason) == (S.CANCELLED, "Cancelled after a push of abc.")


def test_a_run_that_is_over_is_not_cancelled():
    assert One(superseded_by="a push", cancel_wanted=True).hear(DONE).effects == (RunKnown("sy-0"),)


def test_a_run_that_people_start_again_is_left_alone():
    one = One(superseded_by="a push", cancel_wanted=True).hear(told("completed", "cancelled"))
    one.hear(told("in_progress", at=300, attempt=2))
    assert CancelRun("sy-0") not in one.effects


def test_a_plan_that_ran_on_another_commit_has_failed():
    one = One(checks_head=True).hear(told("completed", "success", head_sha=sha_of(5 << 140)))
    assert one.status is S.FAILED
    assert "because the branch had moved. Declare the input `sha` in `plan.yaml`" in one.sent.reason


@pytest.mark.parametrize("facts", [{"head_sha": sha_of(1)}, {"head_sha": ""}])
def test_a_plan_that_ran_on_our_commit_has_not(facts):
    assert One(checks_head=True).hear(told("completed", "success", **facts)).status is S.SUCCEEDED


def test_a_plan_that_was_given_the_commit_may_run_anywhere():
    one = One(checks_head=True, inputs=(("sha", sha_of(1)),))
    assert one.hear(told("completed", "success", head_sha=sha_of(5))).status is S.SUCCEEDED


def test_who_is_awaited_is_told_and_forgotten_when_the_run_goes_on():
    news = told("waiting", at=110)
    one = One().hear(RunReported("sy-0", news.run, gate=Gate(("prod", "dns"), ("alice", "team ops"))))
    assert one.sent.gate == Gate(("prod", "dns"), ("alice", "team ops"), since=110.0)
    assert one.hear(told("in_progress", at=120)).sent.gate is None


@pytest.mark.parametrize(
    ("known", "heard", "expected"),
    [
        (S.APPROVAL, run_facts(status="in_progress", updated_at=110), True),
        (S.QUEUED, run_facts(status="in_progress", updated_at=110), True),
        (S.RUNNING, run_facts(status="in_progress", updated_at=110), False),
        (S.QUEUED, run_facts(status="pending", updated_at=110), False),
        (S.APPROVAL, run_facts(status="in_progress", updated_at=111), False),
        (S.APPROVAL, run_facts(status="in_progress", updated_at=110, attempt=2), False),
        (S.APPROVAL, run_facts(status="completed", conclusion="success", updated_at=110), False),
        (S.SUCCEEDED, run_facts(status="in_progress", updated_at=110), False),
    ],
)
def test_only_open_states_of_one_second_need_asking(known, heard, expected):
    assert is_tie(dispatch_of(0, known, run_updated_at=110), heard) is expected


def test_unknown_words_are_queued():
    assert [open_status(word) for word in ("in_progress", "waiting", "queued", "hibernating", "")] == [
        S.RUNNING,
        S.APPROVAL,
        S.QUEUED,
        S.QUEUED,
        S.QUEUED,
    ]
