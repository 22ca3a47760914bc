"""Which dispatch a status belongs to, where only names and times tell; and that a run's word goes before them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bot.domain.model import IN_FLIGHT, OPEN, Dispatch, Status
from bot.events.context import Finished, InLane, Parked, Place
from bot.events.status import KIND, Told, place
from bot.store.db import Db, connect, transaction
from bot.store.inbox import Row
from bot.store.migrations import migrate
from tests.web.conftest import claims

LANE = "7#1"
SENT, ENDED = 1000.0, 1100.0


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Db]:
    db = connect(tmp_path / "test.db")
    migrate(db)
    yield db
    db.close()


def note(
    db: Db,
    component: str = "vpc",
    *,
    lane: str = LANE,
    repo_id: int = 7,
    phase: str = "plan",
    current: bool = True,
    status: Status = Status.RUNNING,
    run_id: int = 0,
    latest: bool = True,
) -> None:
    """Note a rollout of one step that was sent."""
    row = db.row("SELECT count(*) AS n FROM rollouts")
    number = 1 + (row["n"] if row else 0)
    over = status not in OPEN
    dispatch = Dispatch(f"sy-{number}", 0, "plan.yaml", (), status, SENT, run_id, finished_at=ENDED if over else 0.0)
    heard_at = ENDED if over else SENT
    with transaction(db):
        facts = (number, repo_id, lane, 1, "pull_request.opened", phase, "a" * 40, SENT, int(current), b"{}")
        db.write("INSERT INTO rollouts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", *facts)
        db.write("INSERT INTO steps VALUES (?, 0, 'dev', ?, x'')", number, component)
        db.write(
            "INSERT INTO dispatches VALUES (?, ?, 0, ?, ?, 'plan.yaml', ?, ?, ?, ?, ?, ?, ?, 0, 0)",
            *(dispatch.id, number, repo_id, lane, status, int(status in IN_FLIGHT), int(not over), run_id, int(latest)),
            *(msgspec.json.encode(dispatch), heard_at),
        )


def found(db: Db, component: str = "vpc", *, received_at: float = 1060.0, **changes: Any) -> Place:
    usual = {"stack": "dev", "component": component, "command": "plan", "exit_code": 2, "at": received_at}
    told = Told(**(usual | changes))
    return place({}, Row(1, KIND, 7, None, msgspec.json.encode(told), received_at, 0), db)


HERE = InLane(LANE, 7)


@pytest.mark.parametrize(
    ("status", "at", "meant"),
    [
        (Status.RUNNING, 900.0, False),  # before it was sent
        (Status.RUNNING, 950.0, True),  # by a clock that is a little slow
        (Status.RUNNING, 4000.0, True),
        (Status.SUCCEEDED, 1050.0, True),
        (Status.SUCCEEDED, 1150.0, True),
        (Status.SUCCEEDED, 1200.0, False),  # it was over by then
        (Status.FAILED, 1050.0, True),
    ],
)
def test_with_a_key_a_run_must_have_been_going_on(db: Db, status: Status, at: float, meant: bool) -> None:
    note(db, status=status)
    assert (found(db, received_at=max(at, ENDED), at=at) == HERE) is meant


def test_with_a_key_what_ended_long_ago_is_not_looked_through(db: Db) -> None:
    note(db, status=Status.SUCCEEDED)
    assert found(db, received_at=ENDED + 3600.0, at=1050.0) == HERE
    assert isinstance(found(db, received_at=ENDED + 3601.0, at=1050.0), Finished)


@pytest.mark.parametrize(
    "other",
    [
        {"component": "dns"},
        {"component": "a-vpc"},
        {"component": "vpc/a"},
        {"phase": "apply"},
        {"repo_id": 8},
        {"latest": False},
    ],
)
@pytest.mark.parametrize("status", [Status.RUNNING, Status.SUCCEEDED])
def test_with_a_key_nothing_else_is_meant(db: Db, other: dict[str, Any], status: Status) -> None:
    note(db, **({"lane": "7#9", "status": status} | other))
    assert isinstance(found(db), Finished)
    note(db)
    assert found(db) == HERE


def test_a_name_is_no_pattern(db: Db) -> None:
    note(db, "eks/vpcx1")
    note(db, "eks/VPC_1")
    assert isinstance(found(db, "vpc_1"), Finished)


@pytest.mark.parametrize(
    "other",
    [
        {"component": "net/vpc"},  # only ends with the name
        {"current": False},  # was superseded
        {"status": Status.SUCCEEDED},  # is over
    ],
)
def test_with_a_key_the_one_that_fits_better_is_meant(db: Db, other: dict[str, Any]) -> None:
    note(db, lane="7#9", **other)
    note(db)
    assert found(db) == HERE


def test_what_goes_on_is_meant_before_what_has_ended_whatever_their_names(db: Db) -> None:
    note(db, lane="7#9", status=Status.SUCCEEDED)
    note(db, "net/vpc")
    assert found(db) == HERE


def test_one_that_waits_for_people_may_have_told_of_its_plan(db: Db) -> None:
    note(db, status=Status.APPROVAL)
    assert found(db) == HERE


def test_of_two_that_fit_alike_none_is_meant(db: Db) -> None:
    note(db)
    note(db, lane="7#9")
    told = found(db)
    assert isinstance(told, Finished)
    assert told.reason.startswith("2 runs may have told how a plan of dev/vpc ended")


def test_a_run_goes_before_every_name(db: Db) -> None:
    note(db)
    note(db, lane="7#9", run_id=5, status=Status.SUCCEEDED)
    assert found(db, received_at=9e9, claims=claims(run_id=5)) == InLane("7#9", 7)


def test_a_run_that_is_known_elsewhere_is_none_of_this_repository(db: Db) -> None:
    note(db, repo_id=8, run_id=5)
    note(db)
    assert isinstance(found(db, claims=claims(run_id=5)), Finished)


def test_only_a_run_of_a_file_that_was_sent_is_waited_for(db: Db) -> None:
    note(db)
    ours = claims(run_id=5, event="workflow_dispatch", workflow_file="plan.yaml")
    assert isinstance(found(db, claims=ours), Parked)
    for changed in ({"event": "push"}, {"workflow_file": "other.yaml"}):
        assert isinstance(found(db, claims=claims(**({"run_id": 5, "event": "workflow_dispatch"} | changed))), Finished)
