"""Which job of a run failed: the first one of the present attempt, whenever that is told."""

import pytest

from bot.domain.events import JobFailed
from bot.domain.facts import FailedJob
from bot.domain.jobs import of
from bot.domain.model import Status
from tests.domain.test_runs import SENT, One, told

ENDED = told("completed", "failure", at=130.0)


def failed(name="plan", *, attempt=1):
    return JobFailed("sy-0", FailedJob(name, f"https://github.com/acme/infra/actions/runs/900/job/{name}", attempt))


@pytest.mark.parametrize(
    ("news", "job"),
    [
        ([SENT, ENDED], None),
        ([SENT, failed(), ENDED], "plan"),
        ([SENT, ENDED, failed()], "plan"),
        ([SENT, failed("lint"), failed("plan"), ENDED], "lint"),
        ([ENDED, failed(), told("queued", at=200.0, attempt=2)], None),
        ([ENDED, told("queued", at=200.0, attempt=2), failed()], None),  # late news of the first attempt
        ([ENDED, failed(), told("completed", "failure", at=210.0, attempt=2), failed("lint", attempt=2)], "lint"),
        ([ENDED, failed("lint", attempt=2), told("completed", "failure", at=210.0, attempt=2)], "lint"),
    ],
)
def test_the_first_failed_job_of_the_present_attempt(news, job):
    found = of(One().hear(*news).sent)
    assert (found.name if found else None) == job


def test_it_decides_nothing():
    one = One().hear(told("in_progress"), failed())
    assert one.status is Status.RUNNING
    assert one.reason == "dev/a: the job plan failed"
    assert one.hear(told("completed", "success", at=130.0)).status is Status.SUCCEEDED


def test_of_a_rollout_that_is_gone_nothing_is_kept():
    one = One().hear(JobFailed("sy-9", failed().job))
    assert one.sent.failed_job is None
    assert one.reason == "the job belongs to a rollout that is gone"
