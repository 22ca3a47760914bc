"""The rollouts of a lane that count no more."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from bot.domain.model import Rollout, Status
from bot.store.db import Db

_rollout = msgspec.json.Decoder(Rollout).decode


@dataclass(frozen=True, slots=True)
class Ended:
    """A rollout that counts no more, and how many of its steps succeeded."""

    rollout: Rollout
    succeeded: int


def of_lane(db: Db, lane: str, limit: int) -> list[Ended]:
    """Read the rollouts of a lane that were superseded, newest first."""
    found = []
    for row in db.rows(
        "SELECT id, facts FROM rollouts WHERE lane = ? AND NOT current ORDER BY id DESC LIMIT ?", lane, limit
    ):
        sql = "SELECT count(DISTINCT idx) AS n FROM dispatches WHERE rollout_id = ? AND latest AND status = ?"
        done = db.row(sql, row["id"], Status.SUCCEEDED)
        found.append(Ended(_rollout(row["facts"]), done["n"] if done else 0))
    return found
