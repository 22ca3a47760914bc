"""The database file, as the command line opens it and speaks of it."""

from __future__ import annotations

import getpass
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import click

from bot import __version__
from bot.domain.approving import is_person
from bot.domain.model import Repo
from bot.settings import BadSettings, database_from_env
from bot.store import repos
from bot.store.db import Db, connect
from bot.store.migrations import Newer, migrate

#: Who acts on the server itself, where nobody says who it is.
OPERATOR = "the operator"


def path_from_env() -> str:
    """Read which file the settings name; raises ClickException."""
    try:
        return database_from_env()
    except BadSettings as error:
        raise click.ClickException(str(error)) from None


@contextmanager
def opened(*, make: bool = False) -> Iterator[Db]:
    """Open the database that the settings name; only `make` makes one, and says so."""
    path = path_from_env()
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


def named(db: Db, repository: str) -> Repo:
    """Find the repository that OWNER/REPO names among those that are known; raises click's errors."""
    found = repos.named(db, *owner_and_name(repository))
    if found is None:
        raise click.ClickException(
            f"Switchyard knows no repository {repository}: nothing came from it yet. Compare its name with GitHub's."
        )
    return found


def person(by: str) -> str:
    """Find out who acts: who is named, else who is logged in here; raises BadParameter."""
    try:
        who = by or getpass.getuser()
    except (OSError, KeyError):
        who = ""
    if not is_person(who):
        raise click.BadParameter("say who you are, by a login", param_hint="--by")
    return who


def owner_and_name(repository: str) -> tuple[str, str]:
    """Split OWNER/REPO; raises BadParameter."""
    owner, _, name = repository.partition("/")
    if not owner or not name or "/" in name:
        raise click.BadParameter("give it as OWNER/REPO", param_hint="OWNER/REPO")
    return owner, name


def unusable(path: str, error: sqlite3.Error) -> str:
    """Say that the file cannot be used as a database, why, and what to do."""
    if isinstance(error, Newer):
        return (
            f"Switchyard {__version__} could not use the database {path}: {error}. Start that newer one again, "
            "or put back a backup from before the upgrade: switchyard restore FILE."
        )
    return (
        f"Switchyard could not use the database {path}: {error}. "
        "Name another file in SWITCHYARD_DATABASE, or make this one readable and writable."
    )
