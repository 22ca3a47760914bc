from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from bot.domain.facts import FailedJob, Gate
from bot.domain.graph import Instance
from bot.domain.keeping import Keeper, Keeping
from bot.domain.locks import Lock
from bot.domain.model import Dispatch, Heir, Hold, HoldKind, Release, Rollout, Status, Step
from bot.domain.pro import Phase
from bot.domain.rollout import Walk
from bot.web.rollout_json import rollout, status

ROLLOUT = Rollout(
    id=3,
    repo_id=7,
    lane="7#42",
    pull=42,
    activity="pull_request.synchronize",
    phase=Phase.PLAN,
    sha="a" * 40,
    ref="feature",
    base_sha="b" * 40,
    epoch=1,
    content="c",
    created_at=1_000.0,
    size=2,
)
JOB = "https://github.com/acme/infra/actions/runs/99/job/7"
SENT = Dispatch("d1", 0, "plan.yml", (), Status.RUNNING, 1_000.0)


def step(index: int, *parents: int, **more: object) -> Step:
    blank = Step(index, Instance("dev", f"c{index}"), parents, (), (), 1)
    return replace(blank, **more)  # type: ignore[arg-type]


def sent(*dispatches: Dispatch) -> Step:
    return step(0, dispatches=dispatches)


def walk(*steps: Step, **more: object) -> Walk:
    return Walk.of(replace(ROLLOUT, **more), list(steps))  # type: ignore[arg-type]


def shown(*steps: Step, **more: object) -> list[tuple[str, str | None]]:
    told = rollout(walk(*steps, **more), Keeping())["steps"]
    assert isinstance(told, list)
    return [(one["status"], one["reason"]) for one in told]


def test_a_whole_rollout() -> None:
    first = replace(
        SENT,
        status=Status.SUCCEEDED,
        run_id=99,
        run_url="https://github.com/acme/infra/actions/runs/99",
        attempt=2,
        started_at=1_760_000_000.9,
        finished_at=1_760_000_061.0,
    )
    assert rollout(walk(sent(first), step(1, 0)), Keeping()) == {
        "id": 3,
        "of": "#42",
        "ref": "feature",
        "branch": None,
        "created_at": "1970-01-01T00:16:40Z",
        "activity": "pull_request.synchronize",
        "phase": "plan",
        "sha": "a" * 40,
        "status": "running",
        "steps": [
            {
                "stack": "dev",
                "component": "c0",
                "status": "succeeded",
                "destroys": False,
                "reason": None,
                "result": None,
                "holds": [],
                "approved_by": [],
                "superseded_by": None,
                "parents": [],
                "started_at": "2025-10-09T08:53:20Z",
                "finished_at": "2025-10-09T08:54:21Z",
                "dispatches": [
                    {
                        "workflow": "plan.yml",
                        "dispatch_id": "d1",
                        "status": "succeeded",
                        "run_id": 99,
                        "run_url": "https://github.com/acme/infra/actions/runs/99",
                        "attempt": 2,
                        "result": None,
                        "gate": None,
                        "warning": None,
                        "failed_job": None,
                    }
                ],
            },
            {
                "stack": "dev",
                "component": "c1",
                "status": "ready",
                "destroys": False,
                "reason": None,
                "result": None,
                "holds": [],
                "approved_by": [],
                "superseded_by": None,
                "parents": [{"stack": "dev", "component": "c0"}],
                "started_at": None,
                "finished_at": None,
                "dispatches": [],
            },
        ],
    }


def test_what_is_not_known_yet_is_null() -> None:
    told = rollout(walk(sent(replace(SENT, status=Status.DISPATCHING))), Keeping())
    (one,) = told["steps"]  # type: ignore[misc]
    assert (one["started_at"], one["finished_at"]) == (None, None)
    (flying,) = one["dispatches"]
    assert (flying["run_id"], flying["run_url"], flying["attempt"]) == (None, None, None)


def test_a_step_with_two_files_runs_from_the_first_start_to_the_last_end() -> None:
    one = replace(SENT, status=Status.SUCCEEDED, started_at=60.0, finished_at=120.0)
    other = replace(SENT, id="d2", workflow="scan.yml", started_at=30.0)
    (open_,) = rollout(walk(sent(one, other)), Keeping())["steps"]  # type: ignore[misc]
    assert (open_["started_at"], open_["finished_at"]) == ("1970-01-01T00:00:30Z", None)
    ended = replace(other, status=Status.FAILED, finished_at=240.0)
    (over,) = rollout(walk(sent(one, ended)), Keeping())["steps"]  # type: ignore[misc]
    assert (over["finished_at"], over["status"]) == ("1970-01-01T00:04:00Z", "failed")


def test_what_the_cli_told_of_each_file_and_of_the_step() -> None:
    one = replace(SENT, result="no changes", result_attempt=1)
    other = replace(SENT, id="d2", workflow="scan.yml", result="changes", result_attempt=1)
    (told,) = rollout(walk(sent(one, other)), Keeping())["steps"]  # type: ignore[misc]
    assert (told["result"], [each["result"] for each in told["dispatches"]]) == ("changes", ["no changes", "changes"])


@pytest.mark.parametrize(
    ("ended", "words"),
    [
        (Status.FAILED, "which failed"),
        (Status.TIMED_OUT, "which timed out"),
        (Status.CANCELLED, "which was cancelled"),
    ],
)
def test_blocked_steps_name_the_cause_at_any_distance(ended: Status, words: str) -> None:
    told = shown(sent(replace(SENT, status=ended)), step(1, 0), step(2, 1))
    assert told[1:] == [("blocked", f"blocked by dev/c0, {words}")] * 2


def test_waiting_steps_name_what_they_wait_for() -> None:
    assert shown(sent(SENT), step(1, 0), step(2, 1))[1:] == [
        ("waiting", "waits for dev/c0"),
        ("waiting", "waits for dev/c1"),
    ]


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (step(0, problem="No such file."), ("failed", "No such file.")),
        (step(0, manual="It was deleted."), ("manual", "It was deleted.")),
        (step(0, dropped="A newer upload."), ("superseded", "A newer upload.")),
        (sent(replace(SENT, status=Status.FAILED, reason="It broke.")), ("failed", "It broke.")),
        (sent(replace(SENT, status=Status.HELD, reason="Look here.")), ("held", "Look here.")),
        (sent(replace(SENT, reason="")), ("running", None)),
    ],
)
def test_reasons(one: Step, expected: tuple[str, str]) -> None:
    assert shown(one) == [expected]


def test_a_ready_step_says_who_locked_it_until_when_and_why() -> None:
    lock = Lock("dev/c0", "l", "the key ci", "Up\ngrading.", 3_600.0)
    locks = Keeping(None, {0: Keeper("", lock=lock)})
    first, second = rollout(walk(step(0), step(1, 0)), locks)["steps"]  # type: ignore[misc]
    assert first["reason"] == "locked by the key ci until 1970-01-01T01:00:00Z: Up�grading."
    assert second["reason"] == "waits for dev/c0"


def test_a_held_step_says_why_and_who_let_go_of_what() -> None:
    unplanned = Hold(HoldKind.UNREVIEWED, "no plan of it succeeded at 1234567 before the merge")
    released = (Release(replace(unplanned, sentence="another"), "lead", 1.0), Release(unplanned, "lead", 2.0))
    one = step(0, holds=(unplanned, Hold(HoldKind.BREAKER, "all of it is too much")), released=released)
    (told,) = rollout(walk(one, phase=Phase.APPLY), Keeping())["steps"]
    assert (told["status"], told["approved_by"]) == ("held", ["lead"])
    assert told["reason"] == "held: no plan of it succeeded at 1234567 before the merge; all of it is too much"
    assert told["holds"] == [
        {"kind": "unreviewed", "sentence": "no plan of it succeeded at 1234567 before the merge"},
        {"kind": "breaker", "sentence": "all of it is too much"},
    ]


@pytest.mark.parametrize(
    ("job", "told"),
    [
        (FailedJob("plan", JOB, 2, "Plan it"), {"name": "plan", "step": "Plan it", "url": JOB}),
        (FailedJob("plan", JOB, 2), {"name": "plan", "step": None, "url": JOB}),
        (FailedJob("plan", JOB, 1, "Plan it"), None),  # of an earlier attempt
        (None, None),
    ],
)
def test_the_job_that_failed_is_told_of_the_present_attempt(job: FailedJob | None, told: object) -> None:
    failed = replace(SENT, status=Status.FAILED, conclusion="failure", attempt=2, failed_job=job)
    (one,) = rollout(walk(sent(failed)), Keeping())["steps"]
    assert one["dispatches"][0]["failed_job"] == told


@pytest.mark.parametrize(
    ("gate", "reason"),
    [
        (Gate(("prod", "eu"), ("alice", "team ops"), 1.0), "waits for prod and eu: alice or team ops may approve"),
        (Gate(("prod",)), "waits for prod"),
        (None, None),
    ],
)
def test_an_approval_at_github_says_for_what_and_whose(gate: Gate | None, reason: str | None) -> None:
    waiting = replace(SENT, status=Status.APPROVAL, gate=gate)
    assert shown(sent(waiting)) == [("approval", reason)]
    (told,) = rollout(walk(sent(waiting)), Keeping())["steps"]
    since = "1970-01-01T00:00:01Z" if gate and gate.since else None
    expected = gate and {
        "environments": list(gate.environments),
        "reviewers": list(gate.reviewers),
        "since": since,
    }
    assert told["dispatches"][0]["gate"] == expected


def test_a_run_that_should_not_be_says_so() -> None:
    (told,) = rollout(walk(sent(replace(SENT, warning="It was run again."))), Keeping())["steps"]
    assert told["dispatches"][0]["warning"] == "It was run again."


@pytest.mark.parametrize(
    ("became", "told"),
    [
        (Status.SUCCEEDED, "which succeeded"),
        (Status.RUNNING, "which is running"),
        (Status.APPROVAL, "which waits for approval"),
        (None, "which is waiting"),
    ],
)
def test_a_superseded_step_says_by_what_and_what_became_of_that(became: Status | None, told: str) -> None:
    one = step(0, dropped="superseded by #43", heir=Heir("#43", "7#43", 9, became))
    assert shown(one) == [("superseded", f"superseded by #43, {told}")]
    assert rollout(walk(one), Keeping())["steps"][0]["superseded_by"] == "#43"


def test_what_a_failed_heir_blocks_names_it() -> None:
    one = step(0, dropped="superseded by #43", heir=Heir("#43", "7#43", 9, Status.FAILED))
    assert shown(one, step(1, 0))[1] == ("blocked", "blocked by dev/c0, superseded by #43, which failed")


def test_a_superseded_rollout_says_by_what() -> None:
    told = rollout(walk(step(0), superseded_by="A push of abc1234."), Keeping())
    assert told["status"] == "superseded"
    assert shown(step(0), superseded_by="A push of abc1234.") == [("superseded", "A push of abc1234.")]


@pytest.mark.parametrize(
    ("counts", "begun", "superseded", "expected"),
    [
        ({}, False, False, "succeeded"),
        ({"ready": 2}, False, False, "waiting"),
        ({"waiting": 1, "ready": 1, "succeeded": 1}, True, False, "running"),
        ({"dispatching": 1}, True, False, "running"),
        ({"queued": 1, "failed": 3}, True, False, "running"),
        ({"running": 1, "approval": 1}, True, False, "running"),
        ({"approval": 1, "waiting": 4, "held": 1}, True, False, "approval"),
        ({"held": 1, "waiting": 4, "failed": 1}, True, False, "held"),
        ({"succeeded": 3}, True, False, "succeeded"),
        ({"succeeded": 3}, True, True, "succeeded"),
        ({"succeeded": 3, "superseded": 1}, True, True, "superseded"),
        ({"running": 3, "superseded": 1}, True, True, "superseded"),
        ({"succeeded": 3, "superseded": 1}, True, False, "superseded"),
        ({"failed": 1, "blocked": 4}, True, False, "failed"),
        ({"timed_out": 1, "succeeded": 4}, True, False, "failed"),
        ({"cancelled": 1, "blocked": 4}, True, False, "cancelled"),
        ({"cancelled": 1, "failed": 1}, True, False, "failed"),
        ({"blocked": 2}, False, False, "failed"),
        ({"manual": 2}, False, False, "manual"),
        ({"manual": 2, "succeeded": 1}, True, False, "succeeded"),
        ({"skipped": 1, "succeeded": 1}, True, False, "succeeded"),
    ],
)
def test_the_status_of_a_rollout(counts: dict[str, int], begun: bool, superseded: bool, expected: str) -> None:
    counter = Counter({Status(word): number for word, number in counts.items()})
    assert status(counter, begun=begun, superseded=superseded) == expected
