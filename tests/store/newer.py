"""A made-up newer version: it adds to every table that there is, and one of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlite_utils import Database

from bot.store.migrations import migrations

NAME = "m999_made_up"


def tables(db: Database) -> list[str]:
    """List the tables that hold something of ours."""
    return [name for name in db.table_names() if not name.startswith(("_", "sqlite_"))]


def change(db: Database) -> None:
    """Do what a migration may do: add tables and columns with a default, and count what is there."""
    there = tables(db)
    db.conn.execute("CREATE TABLE made_up (name TEXT PRIMARY KEY, rows INTEGER NOT NULL)")
    for table in there:
        db.conn.execute(f"ALTER TABLE {table} ADD COLUMN made_up TEXT NOT NULL DEFAULT 'later'")
        db.conn.execute(f"INSERT INTO made_up (name, rows) SELECT ?, count(*) FROM {table}", (table,))


def become() -> None:
    """Be the newer version, in this process."""
    migrations(name=NAME)(change)


@contextmanager
def newer() -> Iterator[None]:
    """Be the newer version for a while."""
    known = migrations._migrations[:]
    become()
    try:
        yield
    finally:
        migrations._migrations[:] = known
