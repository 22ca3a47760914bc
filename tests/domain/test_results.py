"""What the CLI says of how a plan or an apply ended: what it means, and which of several reports counts."""

from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.events import StatusReported
from bot.domain.model import Status
from bot.domain.results import Result, known, meaning, of_step
from tests.domain.test_runs import DONE, SENT, One, told
from tests.domain.world import dispatch_of, shown

R = Result


def said(exit_code=0, command="plan", *, at=120.0, attempt=1):
    return StatusReported("sy-0", command, exit_code, at, attempt)


@pytest.mark.parametrize(
    ("command", "exit_code", "expected"),
    [
        ("plan", 0, R.NO_CHANGES),
        ("plan", 1, R.ERROR),
        ("plan", 2, R.CHANGES),
        ("plan", 3, R.ERROR),
        ("plan", -1, R.ERROR),
        ("apply", 0, R.APPLIED),
        ("apply", 1, R.ERROR),
        ("apply", 2, R.ERROR),
        ("deploy", 0, R.APPLIED),
        ("deploy", 2, R.ERROR),
        ("remediate", 0, R.APPLIED),
    ],
)
def test_what_an_exit_code_means(command, exit_code, expected):
    assert meaning(command, exit_code) is expected


@pytest.mark.parametrize(
    ("news", "status", "result"),
    [
        ([said(2)], Status.DISPATCHING, R.CHANGES),  # before anything is known of the run
        ([SENT, said(2)], Status.QUEUED, R.CHANGES),
        ([told("in_progress"), said(2), DONE], Status.SUCCEEDED, R.CHANGES),
        ([DONE, said(0)], Status.SUCCEEDED, R.NO_CHANGES),
        ([DONE, said(1)], Status.SUCCEEDED, R.ERROR),  # the run alone decides
        ([told("completed", "failure"), said(0)], Status.FAILED, R.NO_CHANGES),
        # A plan and then an apply in one run, in the same second or told the wrong way round.
        ([said(2), said(0, "apply")], Status.DISPATCHING, R.APPLIED),
        ([said(0, "apply", at=121), said(2)], Status.DISPATCHING, R.APPLIED),
        # A second attempt: what the first told is forgotten, whenever it comes.
        ([DONE, said(2), told("in_progress", at=200, attempt=2)], Status.RUNNING, None),
        ([told("in_progress", at=200, attempt=2), said(2)], Status.RUNNING, None),
        (
            [DONE, said(2), told("in_progress", at=200, attempt=2), said(0, at=210, attempt=2)],
            Status.RUNNING,
            R.NO_CHANGES,
        ),
        # The second attempt's report comes before GitHub tells that there is one.
        ([DONE, said(2), said(0, at=210, attempt=2)], Status.SUCCEEDED, None),
        (
            [DONE, said(2), said(0, at=210, attempt=2), told("in_progress", at=200, attempt=2)],
            Status.RUNNING,
            R.NO_CHANGES,
        ),
        ([DONE, said(0, at=210, attempt=2), said(2)], Status.SUCCEEDED, None),
        # Without a run's word on the attempt only the time tells.
        ([said(2, attempt=0), DONE], Status.SUCCEEDED, R.CHANGES),
        ([DONE, said(2, attempt=0)], Status.SUCCEEDED, R.CHANGES),
        ([told("in_progress", at=200, attempt=2, started_at=200.0), said(2, attempt=0)], Status.RUNNING, None),
        ([told("queued", at=200, attempt=2), said(2, attempt=0)], Status.QUEUED, None),
        ([told("in_progress", at=200, attempt=2), said(0, at=205, attempt=0)], Status.RUNNING, R.NO_CHANGES),
    ],
)
def test_what_is_known_of_the_present_attempt(news, status, result):
    one = One().hear(*news)
    assert one.status is status
    assert known(one.sent) is result


def test_a_report_opens_no_way():
    assert shown(One().hear(said(0, "apply")).walk) == {"a": "dispatching", "b": "waiting"}


def test_a_repeat_is_nothing_new():
    one = One().hear(said(2), said(2))
    assert one.reason == "nothing new"
    assert one.hear(said(0, at=119)).reason == "nothing new"


def test_a_report_of_what_is_gone_changes_nothing():
    one = One().hear(StatusReported("sy-x", "plan", 2, 120.0))
    assert "gone" in one.reason
    assert known(one.sent) is None


def test_a_report_says_what_ended_how():
    assert One().hear(said(2)).reason == "dev/a: plan ended with exit code 2"


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        (["", ""], None),
        (["", "no changes"], R.NO_CHANGES),
        (["no changes", "changes"], R.CHANGES),
        (["changes", "error"], R.ERROR),
        (["applied", "no changes"], R.APPLIED),
    ],
)
def test_of_several_files_the_most_telling_one_counts(results, expected):
    step = One().walk.steps[0]
    for ordered in permutations(results):
        sent = tuple(dispatch_of(0, id=f"sy-{at}", result=one, result_attempt=1) for at, one in enumerate(ordered))
        assert of_step(replace(step, dispatches=sent)) is expected


reports = st.builds(
    said, st.sampled_from((0, 1, 2)), st.sampled_from(("plan", "apply")), at=st.integers(), attempt=st.integers(1, 3)
)


@settings(derandomize=True, deadline=None)
@given(st.lists(reports, max_size=6, unique_by=lambda one: one.at), st.integers(1, 3), st.data())
def test_in_any_order_the_last_report_of_the_last_attempt_counts(reports, last, data):
    runs = [told("completed", "success", at=100.0 * attempt, attempt=attempt) for attempt in range(1, last + 1)]
    one = One().hear(*data.draw(st.permutations([*reports, *runs])))
    latest = max(reports, key=lambda report: (report.attempt, report.at), default=None)
    if latest is not None and latest.attempt == last:
        assert known(one.sent) is meaning(latest.command, latest.exit_code)
    else:
        assert known(one.sent) is None
