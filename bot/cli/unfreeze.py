"""`switchyard unfreeze`: what was frozen is applied again."""

from __future__ import annotations

import time

import click

from bot.cli.database import OPERATOR, named, opened
from bot.store import freezes
from bot.store.db import transaction
from bot.store.freezes import ALL


@click.command("unfreeze")
@click.argument("repository", metavar="[OWNER/REPO]", default="")
@click.option("--by", metavar="LOGIN", default=OPERATOR, help="Who ends it; the audit keeps it.")
def command(repository: str, by: str) -> None:
    """End the freeze of a repository, or the freeze of all where none is named. What waited for that goes on."""
    with opened() as db:
        repo = named(db, repository) if repository else None
        with transaction(db):
            done = freezes.end(db, repo.id if repo else ALL, by=by, now=time.time())
        left = [one for one in freezes.everything(db) if repo is None or one.repo_id in (repo.id, ALL)]
    name = repo.full_name if repo else ""
    if not done:
        what = f"{name} itself is not frozen" if repo else "There is no freeze of all repositories"
        hint = " `switchyard freeze --list` shows what is." if left else " Nothing is."
        raise click.ClickException(f"{what}.{hint}")
    click.echo(f"The freeze of {name or 'all repositories'} is ended.")
    if left:
        click.echo("Another one holds still; `switchyard freeze --list` shows it.")
