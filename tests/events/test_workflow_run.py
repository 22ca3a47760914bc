"""Which lane the news of a run belongs to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bot.domain.model import Dispatch, Status
from bot.events.context import Finished, InLane, Parked
from bot.events.workflow_run import place
from bot.store.db import Db, connect, transaction
from bot.store.inbox import Row
from bot.store.migrations import migrate

ID, LANE = "sy-0123456789abcdef", "7#1"
ROW = Row(1, "workflow_run", None, None, b"", 0.0, 0)


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Db]:
    """Open a file that knows one dispatch of plan.yaml, which has no run yet."""
    db = connect(tmp_path / "test.db")
    migrate(db)
    note(db)
    yield db
    db.close()


def note(db: Db, *, run_id: int = 0, repo_id: int = 7) -> None:
    dispatch = Dispatch(ID, 0, "plan.yaml", (), Status.QUEUED if run_id else Status.DISPATCHING, 0.0, run_id=run_id)
    with transaction(db):
        db.write(
            "INSERT OR REPLACE INTO dispatches VALUES (?, 1, 0, ?, ?, 'plan.yaml', ?, 1, 1, ?, 1, ?, 0, 0, 0)",
            *(ID, repo_id, LANE, dispatch.status, run_id, msgspec.json.encode(dispatch)),
        )


def news(**changes: Any) -> dict[str, Any]:
    run = {
        "id": 99,
        "path": ".github/workflows/plan.yaml",
        "event": "workflow_dispatch",
        "status": "queued",
        "head_sha": "a" * 40,
        "display_title": f"plan vpc ({ID})",
    }
    owner = {"id": 7, "name": "infra", "owner": {"login": "acme"}}
    return {"installation": {"id": 1}, "repository": owner, "workflow_run": run | changes}


def test_a_dispatch_without_a_run_is_claimed_by_the_title_of_its_files_run(db: Db) -> None:
    assert place(news(), ROW, db) == InLane(LANE, 7)


@pytest.mark.parametrize("event", ["pull_request", "pull_request_target"])
def test_the_title_of_a_pull_request_claims_nothing(db: Db, event: str) -> None:
    assert isinstance(place(news(event=event), ROW, db), Parked)


@pytest.mark.parametrize("event", ["push", "schedule", "issues"])
def test_the_title_of_any_other_run_claims_nothing(db: Db, event: str) -> None:
    assert isinstance(place(news(event=event), ROW, db), Finished)


def test_the_title_of_another_files_run_claims_nothing(db: Db) -> None:
    assert isinstance(place(news(path=".github/workflows/other.yaml"), ROW, db), Finished)


def test_a_run_of_another_repository_claims_nothing(db: Db) -> None:
    note(db, repo_id=8)
    assert isinstance(place(news(), ROW, db), Finished)
    note(db, repo_id=8, run_id=99)
    assert isinstance(place(news(), ROW, db), Finished)


def test_a_dispatch_that_has_its_run_is_claimed_by_no_title(db: Db) -> None:
    note(db, run_id=98)
    assert isinstance(place(news(), ROW, db), Finished)
    assert place(news(id=98, display_title="plan vpc"), ROW, db) == InLane(LANE, 7)


def test_of_several_ids_in_a_title_the_last_counts(db: Db) -> None:
    # What a person may write into an input comes before what the file itself puts at the end.
    assert place(news(display_title=f"plan sy-{'f' * 16} ({ID})"), ROW, db) == InLane(LANE, 7)
