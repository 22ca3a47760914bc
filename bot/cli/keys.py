"""Make, list and revoke the keys with which workflows send uploads."""

from __future__ import annotations

import asyncio
import secrets
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click

from bot.cli.database import unusable
from bot.domain.model import Repo
from bot.settings import BadSettings, Settings, database_from_env
from bot.store import keys, repos
from bot.store.db import Db, connect, transaction
from bot.store.migrations import migrate


@click.group("keys")
def command() -> None:
    """Make, list and revoke API keys. A key belongs to one repository."""


@command.command()
@click.argument("repository", metavar="OWNER/REPO")
@click.option(
    "--allow",
    metavar="SCOPES",
    default=",".join(keys.DEFAULT),
    show_default=True,
    help=f"What the key may do, separated by commas, of: {', '.join(keys.SCOPES)}.",
)
def create(repository: str, allow: str) -> None:
    """Make a key and print it. It is shown once: only its hash is kept."""
    owner, name = _split(repository)
    scopes = _scopes(allow)
    with _database(make=True) as db:
        repo = repos.named(db, owner, name) or _ask(db, owner, name)
        # 30 bytes are 40 characters.
        key = "swy_" + secrets.token_urlsafe(30)
        with transaction(db):
            keys.add(db, key, repo_id=repo.id, allow=scopes, now=time.time())
    click.echo(key)


@command.command("list")
def show() -> None:
    """List the keys, never the keys themselves."""
    with _database() as db:
        known = {key.repo_id: repos.get(db, key.repo_id) for key in keys.all_of(db)}
        if not known:
            click.echo("No keys yet.")
        for key in keys.all_of(db):
            repo = known[key.repo_id]
            state = f"revoked {_day(key.revoked_at)}" if key.revoked_at else f"used {_day(key.used_at)}"
            name = repo.full_name if repo else f"repository {key.repo_id}"
            click.echo(f"{key.id}\t{name}\t{','.join(key.allow)}\tmade {_day(key.created_at)}\t{state}")


@command.command()
@click.argument("key_id", metavar="ID", type=int)
def revoke(key_id: int) -> None:
    """Revoke a key by its number in `keys list`. It is refused from then on."""
    with _database() as db:
        with transaction(db):
            done = keys.revoke(db, key_id, time.time())
        if not done:
            raise click.ClickException(
                f"There is no key {key_id} that could be revoked; `switchyard keys list` has them."
            )
    click.echo(f"Key {key_id} is revoked.")


@contextmanager
def _database(*, make: bool = False) -> Iterator[Db]:
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


def _split(repository: str) -> tuple[str, str]:
    owner, _, name = repository.partition("/")
    if not owner or not name or "/" in name:
        raise click.BadParameter("give it as OWNER/REPO", param_hint="OWNER/REPO")
    return owner, name


def _scopes(allow: str) -> tuple[str, ...]:
    named = {scope.strip() for scope in allow.split(",") if scope.strip()}
    unknown = sorted(named - set(keys.SCOPES))
    if unknown or not named:
        what = f"{', '.join(unknown)} is not known" if unknown else "nothing is named"
        raise click.BadParameter(f"{what}; choose from {', '.join(keys.SCOPES)}", param_hint="--allow")
    return tuple(scope for scope in keys.SCOPES if scope in named)


def _ask(db: Db, owner: str, name: str) -> Repo:
    """Ask GitHub for a repository that was not seen yet, and remember it."""
    try:
        settings = Settings.from_env()
    except BadSettings as error:
        raise click.ClickException(
            f"{owner}/{name} was not seen yet, and GitHub cannot be asked for it before these are right:\n{error}"
        ) from None
    # Loaded here, since a repository that is known needs no client.
    from bot.cli.asking import Unanswered, repository

    try:
        repo = asyncio.run(repository(settings, owner, name))
    except Unanswered as error:
        raise click.ClickException(str(error)) from None
    with transaction(db):
        repos.save(db, repo, time.time())
    return repo


def _day(at: float | None) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d") if at else "never"
