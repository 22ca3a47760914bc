"""What was written at GitHub about things that are kept up to date there, beside their rows in the outbox."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.domain.rhythm import Written
from bot.store.db import Db


@dataclass(frozen=True, slots=True)
class Told:
    """What is known of a comment, or of a check run."""

    last: Written = field(default_factory=Written)
    made: int = 0  # of a comment: how often it was made
    alone: bool = False  # of a comment: it was looked whether it is the only one
    problem: str = ""  # why it could not be written, a sentence for people


def get(db: Db, key: str) -> Told:
    """Read what was written about a thing of the outbox."""
    row = db.row("SELECT * FROM told WHERE key = ?", key)
    if row is None:
        return Told()
    last = Written(row["at"], row["times"], row["about"], row["gist"])
    return Told(last, row["made"], bool(row["alone"]), row["problem"])


def put(db: Db, key: str, told: Told) -> None:
    """Write down what is known of a thing."""
    last = told.last
    db.write(
        "INSERT OR REPLACE INTO told (key, at, times, about, gist, made, alone, problem) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        *(key, last.at, last.times, last.about, last.gist, told.made, told.alone, told.problem),
    )


def forget(db: Db, key: str) -> None:
    """Forget a thing that is written no more."""
    db.write("DELETE FROM told WHERE key = ?", key)
