"""Dispatches by the names of their instances: for who knows a name, and not the run."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.graph import Instance
from bot.domain.pro import Phase
from bot.store import rollouts
from bot.store.db import Db
from bot.store.rollouts import Placed

_FIND = (
    "SELECT dispatches.id, component, current FROM dispatches "
    "JOIN steps ON steps.rollout_id = dispatches.rollout_id AND steps.idx = dispatches.idx "
    "JOIN rollouts ON rollouts.id = dispatches.rollout_id "
    "WHERE dispatches.repo_id = ? AND {} AND latest AND stack = ? AND phase = ? "
    "AND (component = ? OR substr(component, -length(?) - 1) = '/' || ?)"
)


@dataclass(frozen=True, slots=True)
class Named:
    """A dispatch of an instance whose component has a name, or ends with it."""

    placed: Placed
    component: str  # the whole name
    current: bool  # whether its rollout counts now


def instance(db: Db, placed: Placed) -> Instance | None:
    """Read which instance a dispatch is for."""
    sql = "SELECT stack, component FROM steps WHERE rollout_id = ? AND idx = ?"
    row = db.row(sql, placed.rollout_id, placed.dispatch.step)
    return Instance(row["stack"], row["component"]) if row else None


def in_flight(db: Db, repo_id: int, stack: str, component: str, phase: Phase) -> list[Named]:
    """Find those that hold a place under the cap; `component` may be the last part of a name."""
    return _found(db, _FIND.format("in_flight"), repo_id, stack, phase, component, component, component)


def heard_of(db: Db, repo_id: int, stack: str, component: str, phase: Phase, *, since: float) -> list[Named]:
    """Find those that there was news of since then, in flight or not; `component` may be the last part of a name."""
    sql = _FIND.format("heard_at >= ?")
    return _found(db, sql, repo_id, since, stack, phase, component, component, component)


def _found(db: Db, sql: str, *params: object) -> list[Named]:
    return [
        Named(placed, row["component"], bool(row["current"]))
        for row in db.rows(sql, *params)
        if (placed := rollouts.find_dispatch(db, row["id"])) is not None
    ]
