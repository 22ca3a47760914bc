"""Uploads: the last two of each lane, and what instances said last."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from typing import Any

import msgspec

from bot.domain.events import Remembered
from bot.domain.graph import Graph, Instance
from bot.domain.lanes import is_server_run
from bot.domain.model import Status
from bot.domain.rollout import Draft, own_status
from bot.store import latest
from bot.store.db import Db

_parents = msgspec.json.Decoder(tuple[Instance, ...]).decode


def save(db: Db, *, lane: str, head_sha: str, content: str, received_at: float, bodies: Iterable[bytes]) -> None:
    """Keep an upload's bodies for activities that reuse it; only the last two of a lane are kept."""
    packed = zlib.compress(msgspec.msgpack.encode(list(bodies)), 3)
    db.write(
        "INSERT INTO uploads (lane, head_sha, content, received_at, body) VALUES (?, ?, ?, ?, ?)",
        *(lane, head_sha, content, received_at, packed),
    )
    db.write(
        "DELETE FROM uploads WHERE lane = ? AND id NOT IN "
        "(SELECT id FROM uploads WHERE lane = ? ORDER BY id DESC LIMIT 2)",
        *(lane, lane),
    )


def last(db: Db, lane: str) -> tuple[str, float, list[bytes]] | None:
    """Read the last upload of a lane: the commit it was for, when it came, and its bodies."""
    row = db.row("SELECT head_sha, received_at, body FROM uploads WHERE lane = ? ORDER BY id DESC LIMIT 1", lane)
    if row is None:
        return None
    return row["head_sha"], row["received_at"], msgspec.msgpack.decode(zlib.decompress(row["body"]), type=list[bytes])


def recall(
    db: Db, repo_id: int, instances: Iterable[Instance] | None = None, *, below: bool = False
) -> dict[Instance, Remembered]:
    """Read what is remembered of instances, or of all, and what is known to depend on each directly.

    With `below` also of all that is known to depend on them, through any distance.
    """
    wanted = set(instances or ())
    if instances is not None and not wanted:
        return {}
    known: dict[Instance, tuple[bytes | None, tuple[Instance, ...], bool, bool]] = {}
    children: dict[Instance, list[Instance]] = {}
    for row in db.rows(
        "SELECT stack, component, pro, parents, seen_at, removed FROM instances WHERE repo_id = ?", repo_id
    ):
        instance, parents = Instance(row["stack"], row["component"]), _parents(row["parents"])
        known[instance] = (row["pro"], parents, row["seen_at"] > 0, bool(row["removed"]))
        for parent in parents:
            children.setdefault(parent, []).append(instance)
    todo = list(wanted) if below else []
    while todo:
        new = [child for child in children.get(todo.pop(), ()) if child not in wanted]
        wanted.update(new)
        todo += new
    told_of = {instance: one for instance, one in known.items() if instances is None or instance in wanted}
    gone = latest.destroyed(db, repo_id, told_of)
    return {
        instance: Remembered(
            _pro(told), parents, tuple(sorted(children.get(instance, ()))), placed, removed, destroyed=instance in gone
        )
        for instance, (told, parents, placed, removed) in told_of.items()
    }


def _pro(told: bytes | None) -> dict[str, Any] | None:
    return msgspec.json.decode(told, type=dict[str, Any]) if told is not None else None


def remember(db: Db, repo_id: int, graph: Graph, now: float) -> None:
    """Remember each instance's settings and parents for the day on which it arrives deleted, with neither.

    An upload lists all that depends on what changed, but not what that itself depends on: such parents stay known.
    """
    sql = "SELECT stack, component, parents FROM instances WHERE repo_id = ?"
    known = {Instance(row["stack"], row["component"]): _parents(row["parents"]) for row in db.rows(sql, repo_id)}
    rows = []
    for instance, node in graph.nodes.items():
        if not node.deleted and not node.problem:
            pro = msgspec.json.encode(node.pro) if node.pro is not None else None
            unlisted = (parent for parent in known.get(instance, ()) if parent not in graph.nodes)
            parents = sorted({*graph.parents[instance], *unlisted})
            rows.append((repo_id, *instance, pro, msgspec.json.encode(parents), now))
    db.conn.executemany(
        "INSERT INTO instances (repo_id, stack, component, pro, parents, seen_at) VALUES (?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (repo_id, stack, component) DO UPDATE SET pro = excluded.pro, parents = excluded.parents, "
        "seen_at = excluded.seen_at, removed = 0",
        rows,
    )
    db.conn.executemany(
        "UPDATE instances SET removed = 1 WHERE repo_id = ? AND stack = ? AND component = ?",
        [(repo_id, *instance) for instance, node in graph.nodes.items() if node.deleted and not node.problem],
    )


def forget_destroyed(db: Db, draft: Draft) -> None:
    """Forget instances that were destroyed, unless they were seen or listed again since they were removed.

    What somebody had destroyed on the server is still configured, and may be brought up again.
    """
    if is_server_run(draft.rollout.lane):
        return
    since = draft.rollout.created_at
    for step in draft.changed.values():
        if step.destroys and own_status(step) is Status.SUCCEEDED:
            db.write(
                "DELETE FROM instances WHERE repo_id = ? AND stack = ? AND component = ? "
                "AND seen_at < ? AND listed_at < ?",
                *(draft.rollout.repo_id, *step.instance, since, since),
            )
