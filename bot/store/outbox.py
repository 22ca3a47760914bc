"""What is wished done at GitHub: one row per thing, not per message.

`want` grows with every wish, `done` follows when the thing is as wished: a wish that comes while one is being
fulfilled is not lost, and ten that come before are one. `attempts` is committed before each call: a row that is picked
up with attempts may have been carried out already, so whoever delivers it looks first.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from bot.store.db import Db


@dataclass(frozen=True, slots=True)
class Wish:
    """One thing to bring into being."""

    key: str
    kind: str  # comment, check, pull_check, run, cancel, react
    lane: str
    repo_id: int
    want: int
    due: float
    attempts: int
    looks: int  # how often a dispatch in doubt was looked for
    doubt_since: float
    floor: int  # the highest run id known before a dispatch was sent; 0 where nobody needs it
    remote: int  # GitHub's id of the thing, once known
    hash: str  # of what was sent last

    @property
    def id(self) -> str:
        """What the key names: a dispatch id, or `<repository>#<number>`."""
        return self.key.partition(":")[2]


def wish(db: Db, kind: str, name: str, *, lane: str, repo_id: int, now: float, due: float) -> None:
    """Wish for a thing. A wish that is open already keeps its time, so that the delay is bounded.

    Only where it is in the air its time is over, and what is wished meanwhile gets the new one.
    """
    db.write(
        "INSERT INTO outbox (key, kind, lane, repo_id, want, since, due) VALUES (?, ?, ?, ?, 1, ?, ?) "
        "ON CONFLICT (key) DO UPDATE SET want = want + 1, state = 'open', error = '', "
        "since = CASE WHEN want > done AND state = 'open' THEN since ELSE excluded.since END, "
        "due = CASE WHEN NOT (want > done AND state = 'open') THEN excluded.due "
        "WHEN attempts = 0 THEN min(due, excluded.due) WHEN due > excluded.since THEN due ELSE excluded.due END, "
        "attempts = CASE WHEN want > done AND state = 'open' THEN attempts ELSE 0 END",
        *(f"{kind}:{name}", kind, lane, repo_id, now, due),
    )


def drop(db: Db, kind: str, name: str) -> bool:
    """Take a wish back; False when its sending has begun, so that it can't be dropped."""
    return db.write("DELETE FROM outbox WHERE key = ? AND attempts = 0 AND done = 0", f"{kind}:{name}") > 0


def close(db: Db, kind: str, name: str) -> None:
    """End a wish whose thing turned out to be there."""
    db.write("UPDATE outbox SET done = want WHERE key = ?", f"{kind}:{name}")


def due(db: Db, now: float, limit: int, *, resting: Iterable[int] = ()) -> list[Wish]:
    """Read the wishes that are due: cancels first, then runs, then comments; the longest due first.

    What installations that are `resting` would have to do is left out.
    """
    return [
        _wish(row)
        for row in db.rows(
            "SELECT * FROM outbox WHERE state = 'open' AND want > done AND due <= ? AND repo_id NOT IN "
            "(SELECT id FROM repos WHERE installation IN (SELECT value FROM json_each(?))) "
            "ORDER BY CASE kind WHEN 'cancel' THEN 0 WHEN 'run' THEN 1 ELSE 2 END, due, key LIMIT ?",
            now,
            json.dumps([*resting]),
            limit,
        )
    ]


def get(db: Db, key: str) -> Wish | None:
    """Read one wish."""
    row = db.row("SELECT * FROM outbox WHERE key = ?", key)
    return _wish(row) if row else None


def begin(db: Db, key: str, *, floor: int = 0) -> Wish | None:
    """Note, before the call, that a thing is about to be sent; None when it is wished no more."""
    changed = db.write(
        "UPDATE outbox SET attempts = attempts + 1, floor = max(floor, ?) "
        "WHERE key = ? AND state = 'open' AND want > done",
        floor,
        key,
    )
    return get(db, key) if changed else None


def fulfilled(db: Db, wish: Wish, *, remote: int = 0, digest: str = "") -> None:
    """Note that a thing is as it was wished when it was picked up."""
    db.write(
        "UPDATE outbox SET done = max(done, ?), attempts = 0, looks = 0, doubt_since = 0, error = '', "
        "remote = CASE WHEN ? THEN ? ELSE remote END, hash = CASE WHEN ? != '' THEN ? ELSE hash END WHERE key = ?",
        *(wish.want, remote, remote, digest, digest, wish.key),
    )


def later(db: Db, key: str, *, due: float, error: str, attempts: int | None = None) -> None:
    """Try again at `due`. Where nothing can have happened at GitHub, `attempts` is what it was before the call."""
    db.write(
        "UPDATE outbox SET due = ?, error = ?, attempts = coalesce(?, attempts) WHERE key = ?",
        *(due, error, attempts, key),
    )


def doubt(db: Db, key: str, *, since: float, due: float, error: str, looks: int) -> None:
    """Note that nobody knows whether a thing was done, and when to look for it next."""
    db.write(
        "UPDATE outbox SET doubt_since = ?, due = ?, error = ?, looks = ? WHERE key = ?", since, due, error, looks, key
    )


def doubt_runs(db: Db) -> None:
    """Note of every dispatch that is to be sent that it may have been sent already, by whoever had a later database."""
    db.write(
        "UPDATE outbox SET attempts = max(attempts, 1), looks = 0, doubt_since = 0 "
        "WHERE kind = 'run' AND state = 'open' AND want > done"
    )


def accepted(db: Db, key: str, *, mark: str, since: float, due: float) -> None:
    """Note that GitHub took a dispatch without naming its run, so that it is only looked for."""
    db.write("UPDATE outbox SET hash = ?, doubt_since = ?, due = ?, looks = 0 WHERE key = ?", mark, since, due, key)


def resend(db: Db, key: str, *, due: float) -> None:
    """Note that a thing in doubt is not there, so that it may be sent again."""
    db.write("UPDATE outbox SET attempts = 0, looks = 0, doubt_since = 0, due = ? WHERE key = ?", due, key)


def bury(db: Db, key: str, error: str, *, now: float) -> None:
    """Give a wish up, visibly. From then on `due` tells when."""
    db.write("UPDATE outbox SET state = 'dead', due = ?, error = ? WHERE key = ?", now, error, key)


def reopen_comments(db: Db, *, died_before: float, wished_after: float) -> None:
    """Try comments and check runs again that were given up: what GitHub refused may have been repaired.

    What was wished longer ago than `wished_after` stays as it is, as do repositories that no installation covers.
    """
    db.write(
        "UPDATE outbox SET state = 'open' WHERE kind IN ('comment', 'check', 'pull_check') AND state = 'dead' "
        "AND want > done AND due < ? AND since > ? "
        "AND EXISTS (SELECT 1 FROM repos WHERE repos.id = repo_id AND installation != 0)",
        *(died_before, wished_after),
    )


def forget(db: Db, key: str, remote: int = 0) -> None:
    """Forget GitHub's id of a thing that is gone there; where `remote` is named, only if it is that one."""
    db.write("UPDATE outbox SET remote = 0, hash = '' WHERE key = ? AND (remote = ? OR ? = 0)", key, remote, remote)


def is_remote(db: Db, key: str, remote: int) -> bool:
    """Tell whether a thing has this id at GitHub."""
    return db.row("SELECT 1 FROM outbox WHERE key = ? AND remote = ?", key, remote) is not None


def checked(db: Db, lane: str) -> list[str]:
    """Name the commits of a pull request's lane that may have a check run of ours which is not ended."""
    rows = db.rows("SELECT key FROM outbox WHERE kind = 'pull_check' AND lane = ?", lane)
    return [row["key"].rpartition("@")[2] for row in rows]


def end(db: Db, wish: Wish) -> None:
    """Forget a wish for a thing that changes no more, unless it was wished again meanwhile."""
    db.write("DELETE FROM outbox WHERE key = ? AND want = ?", wish.key, wish.want)


def in_air(db: Db, lane: str) -> frozenset[str]:
    """Name the dispatches of a lane whose sending has begun, also those of which what became of it is still on its way.

    A row that is done or dead counts: what was learnt about it may lie in the inbox behind the input that asks here.
    """
    sql = "SELECT key FROM outbox WHERE kind = 'run' AND lane = ? AND (attempts > 0 OR done > 0 OR state = 'dead')"
    return frozenset(row["key"].partition(":")[2] for row in db.rows(sql, lane))


def next_due(db: Db) -> float | None:
    """Tell when the next wish is due; None when nothing is wished."""
    row = db.row("SELECT min(due) AS due FROM outbox WHERE state = 'open' AND want > done")
    return row["due"] if row else None


def oldest(db: Db, now: float) -> float:
    """Tell the age in seconds of the oldest wish that is due."""
    row = db.row("SELECT min(due) AS due FROM outbox WHERE state = 'open' AND want > done AND due <= ?", now)
    return max(0.0, now - row["due"]) if row and row["due"] is not None else 0.0


def in_doubt(db: Db) -> int:
    """Count dispatches of which nobody knows yet whether they were sent."""
    row = db.row("SELECT count(*) AS n FROM outbox WHERE state = 'open' AND want > done AND doubt_since > 0")
    return int(row["n"]) if row else 0


def prune(db: Db) -> None:
    """Forget finished wishes for runs, cancels and reactions, but for a dispatch that does not know of its run yet.

    A reaction that was given up is missed by nobody.
    """
    db.write(
        "DELETE FROM outbox WHERE kind IN ('run', 'cancel') AND done >= want AND NOT EXISTS "
        "(SELECT 1 FROM dispatches WHERE 'run:' || id = key AND run_id = 0 AND open)"
    )
    db.write("DELETE FROM outbox WHERE kind = 'react' AND (done >= want OR state = 'dead')")


def _wish(row: object) -> Wish:
    fields = dict(row)  # type: ignore[call-overload]
    return Wish(**{name: fields[name] for name in Wish.__slots__})
