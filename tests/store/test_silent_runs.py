"""Which runs GitHub is asked about because it has told nothing of them for long."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.store import pulls, repos
from bot.store.db import Db, transaction
from tests.domain.world import REPO, run_facts

HEARD = 1_000.0
LANE = f"{REPO.id}#41"


@pytest.fixture
def shelf(db: Db) -> Db:
    """Keep a run that goes on, of a workflow that uploads, and its repository."""
    with transaction(db):
        repos.save(db, REPO, HEARD)
        pulls.note_uploader(db, REPO.id, "affected.yaml", HEARD)
    keep(db)
    return db


def keep(db: Db, now: float = HEARD, **changes: object) -> None:
    facts = run_facts(**{"workflow": "affected.yaml", "status": "in_progress"} | changes)
    with transaction(db):
        pulls.save_affected_run(db, REPO.id, LANE, facts, now=now)


def silent(db: Db, since: float, *, lost_since: float = 0.0, resting: tuple[int, ...] = ()) -> list[tuple[str, float]]:
    found = pulls.silent_runs(db, since=since, lost_since=lost_since, limit=10, resting=resting)
    return [(one.lane, one.heard_at) for one in found]


def test_one_is_found_that_was_neither_heard_of_nor_asked_about(shelf: Db) -> None:
    assert silent(shelf, HEARD - 1) == []
    assert silent(shelf, HEARD) == [(LANE, HEARD)]
    with transaction(shelf):
        pulls.asked_about(shelf, run_facts().run_id, HEARD + 10, known=False)
    assert silent(shelf, HEARD + 9) == []
    assert silent(shelf, HEARD + 10) == [(LANE, HEARD)]
    with transaction(shelf):
        pulls.asked_about(shelf, run_facts().run_id, HEARD + 20, known=True)
    assert silent(shelf, HEARD + 20) == [(LANE, HEARD + 20)]


@pytest.mark.parametrize("changes", [{"status": "completed", "conclusion": "success"}, {"updated_at": 9e9}])
def test_what_is_over_or_was_heard_of_is_not_found(shelf: Db, changes: dict[str, object]) -> None:
    keep(shelf, HEARD + 5, **changes)
    assert silent(shelf, HEARD) == []


def test_what_does_not_upload_is_not_found(shelf: Db) -> None:
    keep(shelf, run_id=7, workflow="lint.yaml")
    assert len(silent(shelf, HEARD)) == 1


def test_who_rests_is_not_asked_and_who_is_gone_only_given_up(shelf: Db) -> None:
    assert silent(shelf, HEARD, lost_since=HEARD, resting=(REPO.installation,)) == []
    with transaction(shelf):
        repos.save(shelf, replace(REPO, installation=0), HEARD)
    assert silent(shelf, HEARD) == []
    assert silent(shelf, HEARD, lost_since=HEARD) == [(LANE, HEARD)]
