"""Which runs are asked about."""

from __future__ import annotations

import msgspec

from bot.domain.model import Dispatch, Repo, Status
from bot.store import repos, rollouts
from bot.store.db import Db


def _runs(db: Db, repo_id: int, installation: int, count: int, *, heard_at: float) -> None:
    repos.save(db, Repo(repo_id, "acme", f"infra{repo_id}", installation, "main"), 0.0)
    for number in range(count):
        dispatch = Dispatch(f"sy-{repo_id}-{number}", 0, "plan.yaml", (), Status.RUNNING, 0.0)
        db.write(
            "INSERT INTO dispatches VALUES (?, 1, 0, ?, 'lane', 'plan.yaml', 'running', 1, 1, ?, 1, ?, ?, 0, 0)",
            *(dispatch.id, repo_id, repo_id * 1000 + number, msgspec.json.encode(dispatch), heard_at),
        )


def test_who_cannot_be_asked_does_not_hide_the_others(db: Db) -> None:
    _runs(db, 1, 0, 5, heard_at=1.0)  # not installed any more
    _runs(db, 2, 20, 5, heard_at=2.0)
    _runs(db, 3, 30, 1, heard_at=3.0)
    found = rollouts.overdue(db, silent_since=60.0, now=900.0, limit=5)
    assert {placed.repo_id for placed in found} == {2}
    found = rollouts.overdue(db, silent_since=60.0, now=900.0, limit=5, resting=[20])
    assert [placed.repo_id for placed in found] == [3]
