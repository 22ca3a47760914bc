"""`switchyard restore`: an earlier copy of the database takes its place, and is not believed without looking."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

import click

from bot.cli.database import OPERATOR, path_from_env, unusable
from bot.store import backups
from bot.work.lock import WorkerLock


@click.command("restore")
@click.argument("file", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def command(file: Path) -> None:
    """Put a backup in the database's place. The service must be stopped; the old database is kept beside it.

    Every apply that the backup believes unfinished is then held until somebody approves it.
    """
    path = path_from_env()
    database = Path(path).resolve()
    if file.resolve() == database:
        raise click.ClickException(f"{file} is the database itself. Name a file that `switchyard backup` wrote.")
    try:
        lock = WorkerLock(path)
        if not lock.take():
            raise click.ClickException(f"A process works on {database}. Stop it, run this again, and start it then.")
        try:
            kept = backups.restore(database, file, by=OPERATOR, now=time.time())
        finally:
            lock.release()
    except backups.Unusable as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.ClickException(f"{database} cannot be replaced: {error.strerror}. Nothing has changed.") from None
    except sqlite3.Error as error:
        raise click.ClickException(unusable(path, error)) from None
    click.echo(f"{file} is restored." + (f" The old database is {kept}." if kept else ""))
    click.echo("Every apply that is not finished is held. Look at each: it may have gone on since the backup was made.")
