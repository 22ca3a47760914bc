"""The database file, as the command line opens it and speaks of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import click

from bot.settings import BadSettings, database_from_env
from bot.store.db import Db, connect
from bot.store.migrations import migrate


@contextmanager
def opened(*, make: bool = False) -> Iterator[Db]:
    """Open the database that the settings name; only `make` makes one, and says so."""
    try:
        path = database_from_env()
    except BadSettings as error:
        raise click.ClickException(str(error)) from None
    file = Path(path).absolute()
    if not file.exists():
        if not make:
            raise click.ClickException(
                f"There is no database {file}; name the one that the service uses in SWITCHYARD_DATABASE."
            )
        click.echo(f"There was no database {file}, so it is made. The service must use the same one.", err=True)
    try:
        with closing(connect(path)) as db:
            migrate(db)
            yield db
    except sqlite3.Error as error:
        raise click.ClickException(unusable(path, error)) from None


def unusable(path: str, error: sqlite3.Error) -> str:
    """Say that the file cannot be used as a database, why, and what to do."""
    return (
        f"Switchyard could not use the database {path}: {error}. "
        "Name another file in SWITCHYARD_DATABASE, or make this one readable and writable."
    )
