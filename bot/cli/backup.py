"""`switchyard backup`: a copy of the database, while the service runs."""

from __future__ import annotations

import time
from pathlib import Path

import click

from bot.cli.database import OPERATOR, opened
from bot.store import audit, backups
from bot.store.db import transaction


@click.command("backup")
@click.argument("file", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path))
def command(file: Path) -> None:
    """Write a copy of the database, as it is at one moment, to a new file. The service may run meanwhile."""
    with opened() as db:
        try:
            backups.copy(db.conn, file)
        except FileExistsError:
            raise click.ClickException(f"{file} is there already, and is not overwritten; name another file.") from None
        except OSError as error:
            raise click.ClickException(f"{file} cannot be written: {error.strerror}. Name another file.") from None
        with transaction(db):
            cause = f"to {file.absolute()}"
            audit.note(db, now=time.time(), repo_id=0, actor=OPERATOR, action="backup", target="", cause=cause)
    click.echo(f"The database is copied to {file}.")
