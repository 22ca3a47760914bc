"""How many steps of each rollout wait for the cap, for the other lanes to see."""

from __future__ import annotations

from bot.domain.events import Queue
from bot.domain.pro import Phase
from bot.domain.rollout import Draft
from bot.store.db import Db


def save(db: Db, draft: Draft, kept: int) -> None:
    """Note how many steps of a rollout wait for the cap, for the other lanes to see, and how many something keeps."""
    rollout = draft.rollout
    if draft.ready_count:
        db.write(
            "INSERT OR REPLACE INTO waiting (repo_id, lane, rollout_id, phase, steps, kept) VALUES (?, ?, ?, ?, ?, ?)",
            *(rollout.repo_id, rollout.lane, rollout.id, rollout.phase, draft.ready_count - kept, kept),
        )
    else:
        sql = "DELETE FROM waiting WHERE repo_id = ? AND lane = ? AND rollout_id = ?"
        db.write(sql, rollout.repo_id, rollout.lane, rollout.id)


def others(db: Db, repo_id: int, lane: str) -> tuple[Queue, ...]:
    """Read what waits in the other lanes of a repository."""
    rows = db.rows("SELECT * FROM waiting WHERE repo_id = ? AND lane != ?", repo_id, lane)
    return tuple(Queue(row["lane"], row["rollout_id"], Phase(row["phase"]), row["steps"]) for row in rows)
