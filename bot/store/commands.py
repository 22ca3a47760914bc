"""What people told the bot, with what became of it. Intake alone writes it."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from bot.domain.commands.words import Receipt
from bot.store.db import Db

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Receipt).decode


def known(db: Db, repo_id: int, source: str) -> bool:
    """Tell whether what was said there is done, or refused, already."""
    return db.row("SELECT 1 FROM commands WHERE repo_id = ? AND source = ?", repo_id, source) is not None


def add(db: Db, repo_id: int, lane: str, receipts: Iterable[Receipt]) -> None:
    """Keep receipts."""
    db.conn.executemany(
        "INSERT OR IGNORE INTO commands (repo_id, source, number, lane, at, done_at, facts) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        [(repo_id, one.source, one.number, lane, one.at, one.done_at, _encode(one)) for one in receipts],
    )


def last(db: Db, lane: str, limit: int) -> list[Receipt]:
    """Read the last receipts of a lane, newest first."""
    sql = "SELECT facts FROM commands WHERE lane = ? ORDER BY done_at DESC, source DESC, number DESC LIMIT ?"
    return [_decode(row["facts"]) for row in db.rows(sql, lane, limit)]


def prune(db: Db, before: float) -> None:
    """Forget receipts from before then."""
    db.write("DELETE FROM commands WHERE done_at < ?", before)
