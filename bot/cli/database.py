"""The database file, as the command line speaks of it."""

from __future__ import annotations

import sqlite3


def unusable(path: str, error: sqlite3.Error) -> str:
    """Say that the file cannot be used as a database, why, and what to do."""
    return (
        f"Switchyard could not use the database {path}: {error}. "
        "Name another file in SWITCHYARD_DATABASE, or make this one readable and writable."
    )
