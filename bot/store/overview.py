"""What is going on in all repositories, for who runs the service."""

from __future__ import annotations

from dataclasses import dataclass

from bot.store.db import Db


@dataclass(frozen=True, slots=True)
class Waiting:
    """A rollout with steps that could go, but wait."""

    lane: str
    phase: str
    steps: int  # wait for room under the cap
    kept: int  # are kept by something else
    behind: tuple[str, ...]  # the lanes that this one goes after


@dataclass(frozen=True, slots=True)
class Going:
    """One repository in figures."""

    open: int  # pull requests
    in_flight: int
    locks: int
    waiting: tuple[Waiting, ...]


def going(db: Db, repo_id: int, now: float) -> Going:
    """Count what goes on in a repository."""
    return Going(
        open=_count(db, "SELECT count(*) AS n FROM pulls WHERE repo_id = ? AND open", repo_id),
        in_flight=_count(db, "SELECT count(*) AS n FROM dispatches WHERE repo_id = ? AND in_flight", repo_id),
        locks=_count(db, "SELECT count(*) AS n FROM locks WHERE repo_id = ? AND expires_at > ?", repo_id, now),
        waiting=tuple(
            Waiting(row["lane"], row["phase"], max(0, row["steps"]), row["kept"], _behind(db, row["lane"]))
            for row in db.rows("SELECT * FROM waiting WHERE repo_id = ? ORDER BY lane, rollout_id", repo_id)
        ),
    )


def pulls(db: Db, merged_since: float, limit: int) -> list[tuple[int, int]]:
    """List repository and number of the pull requests that are open, or were merged since then; newest changes first.

    What was merged earlier is listed while any of its applies waits or runs.
    """
    sql = (
        "SELECT pulls.repo_id, number FROM pulls JOIN repos ON repos.id = pulls.repo_id WHERE installation != 0 "
        "AND (pulls.open OR merged AND (merged_at >= ? OR pulls.repo_id || '#' || number IN "
        "(SELECT lane FROM places INDEXED BY places_rivals WHERE status = '' OR open))) AND EXISTS "
        "(SELECT 1 FROM rollouts WHERE rollouts.repo_id = pulls.repo_id AND pull = number) "
        "ORDER BY updated_at DESC, number DESC LIMIT ?"
    )
    return [(row["repo_id"], row["number"]) for row in db.rows(sql, merged_since, limit)]


def size(db: Db, repo_id: int, number: int) -> int:
    """Count the instances in the rollouts of a pull request that count now."""
    sql = (
        "SELECT count(*) AS n FROM steps WHERE rollout_id IN "
        "(SELECT id FROM rollouts WHERE repo_id = ? AND pull = ? AND current)"
    )
    return _count(db, sql, repo_id, number)


def _behind(db: Db, lane: str) -> tuple[str, ...]:
    return tuple(row["on_lane"] for row in db.rows("SELECT on_lane FROM behind WHERE lane = ? ORDER BY 1", lane))


def _count(db: Db, sql: str, *params: object) -> int:
    return int(db.rows(sql, *params)[0]["n"])
