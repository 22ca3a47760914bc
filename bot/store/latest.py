"""Which run of ours was the last on an instance, and whether it has destroyed it."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable

from bot.domain.graph import Instance
from bot.store.db import Db


def runs(db: Db, repo_id: int, instances: Iterable[Instance]) -> dict[Instance, tuple[str, bool]]:
    """Tell the lane of the last run on each instance, and whether that has destroyed it."""
    wanted = json.dumps([[*instance] for instance in instances])
    sql = (
        "SELECT places.stack, places.component, lane, destroys AND status = 'succeeded' AS gone "
        "FROM json_each(?) AS one CROSS JOIN places ON places.repo_id = ? "  # in this order
        "AND stack = json_extract(one.value, '$[0]') AND component = json_extract(one.value, '$[1]') "
        "WHERE sent ORDER BY open, at, rollout_id"
    )
    rows = db.rows(sql, wanted, repo_id)
    return {Instance(row["stack"], row["component"]): (row["lane"], bool(row["gone"])) for row in rows}


def destroyed(db: Db, repo_id: int, instances: Collection[Instance]) -> set[Instance]:
    """Find which of these instances were destroyed here, and not applied since."""
    sql = "SELECT stack, component FROM places INDEXED BY places_destroys WHERE repo_id = ? AND destroys AND sent"
    once = {Instance(row["stack"], row["component"]) for row in db.rows(sql, repo_id)}
    asked = [instance for instance in instances if instance in once] if once else []
    return {instance for instance, (_, gone) in runs(db, repo_id, asked).items() if gone} if asked else set()


def to_be_applied(db: Db, repo_id: int, instances: Iterable[Instance], *, since: int) -> dict[Instance, str]:
    """Tell the lane of a rollout newer than `since` that is to apply an instance, and has not begun to."""
    wanted = json.dumps([[*instance] for instance in instances])
    sql = (
        "SELECT places.stack, places.component, lane FROM json_each(?) AS one CROSS JOIN places ON places.repo_id = ? "
        "AND stack = json_extract(one.value, '$[0]') AND component = json_extract(one.value, '$[1]') "
        "WHERE status = '' AND NOT destroys AND rollout_id > ? "
        "AND EXISTS (SELECT 1 FROM rollouts WHERE rollouts.id = rollout_id AND current)"
    )
    rows = db.rows(sql, wanted, repo_id, since)
    return {Instance(row["stack"], row["component"]): row["lane"] for row in rows}
