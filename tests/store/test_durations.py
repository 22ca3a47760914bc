"""How long runs took: told apart by instance and workflow file, of the latest few, and forgotten in time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.model import Dispatch, Status, Step
from bot.domain.pro import Call
from bot.domain.rollout import Draft, Walk
from bot.store import durations
from bot.store.db import Db, transaction
from tests.domain.world import at, rollout_of

PLAN, APPLY, LINT = "plan.yaml", "apply.yaml", "lint.yaml"


def walk(component: str, *files: str, repo_id: int = 7) -> Walk:
    """Make a rollout of one instance that wants these workflow files run."""
    step = Step(0, at(component), (), (), tuple(Call(file, ()) for file in files), 1)
    return Walk.of(replace(rollout_of([step]), repo_id=repo_id), [step])


def ran(
    db: Db, component: str, file: str, seconds: float, *, status: Status = Status.SUCCEEDED, end: float = 1_000.0
) -> None:
    """Note that a run ended at that time and took so many seconds."""
    draft = Draft(walk(component, file))
    draft.put_dispatch(Dispatch("d", 0, file, (), status, 1.0, started_at=end - seconds, finished_at=end, attempt=1))
    with transaction(db):
        durations.note(db, draft)


def lasting(db: Db, component: str, *files: str, repo_id: int = 7) -> float | None:
    return durations.of(db, walk(component, *files, repo_id=repo_id)).get(0)


def test_workflow_files_instances_and_repositories_are_told_apart(db: Db) -> None:
    ran(db, "vpc", PLAN, 60.0)
    ran(db, "vpc", APPLY, 400.0)
    ran(db, "cache", PLAN, 90.0)
    assert (lasting(db, "vpc", PLAN), lasting(db, "vpc", APPLY), lasting(db, "cache", PLAN)) == (60.0, 400.0, 90.0)
    assert lasting(db, "cache", APPLY) is None
    assert lasting(db, "vpc", PLAN, repo_id=8) is None


def test_only_the_latest_five_count_and_the_middle_one_of_them(db: Db) -> None:
    for seconds in (900.0, 800.0, 700.0, 10.0, 30.0):
        ran(db, "vpc", PLAN, seconds)
    assert lasting(db, "vpc", PLAN) == 700.0
    ran(db, "vpc", PLAN, 20.0)
    assert lasting(db, "vpc", PLAN) == 30.0
    ran(db, "vpc", PLAN, 25.0)
    assert lasting(db, "vpc", PLAN) == 25.0


@pytest.mark.parametrize("files", [(PLAN, LINT), (LINT, PLAN)])
def test_of_several_files_the_slowest_counts(db: Db, files: tuple[str, ...]) -> None:
    ran(db, "vpc", PLAN, 60.0)
    assert lasting(db, "vpc", *files) is None  # nothing is known of one of them
    ran(db, "vpc", LINT, 15.0)
    assert lasting(db, "vpc", *files) == 60.0
    for _ in range(3):
        ran(db, "vpc", LINT, 75.0)
    assert lasting(db, "vpc", *files) == 75.0


@pytest.mark.parametrize("status", [Status.FAILED, Status.CANCELLED, Status.TIMED_OUT, Status.RUNNING])
def test_what_did_not_succeed_says_nothing(db: Db, status: Status) -> None:
    ran(db, "vpc", PLAN, 60.0)
    ran(db, "vpc", PLAN, 5.0, status=status)
    assert lasting(db, "vpc", PLAN) == 60.0


def test_what_has_not_run_for_long_is_forgotten(db: Db) -> None:
    ran(db, "vpc", PLAN, 60.0, end=1_000.0)
    ran(db, "cache", PLAN, 90.0, end=1_000.0)
    ran(db, "cache", PLAN, 90.0, end=2_000.0)
    with transaction(db):
        durations.prune(db, 2_000.0)
    assert (lasting(db, "vpc", PLAN), lasting(db, "cache", PLAN)) == (None, 90.0)
