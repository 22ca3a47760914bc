"""`switchyard freeze`: nothing is applied until somebody ends that."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import click

from bot.cli.database import OPERATOR, named, opened
from bot.domain.names import shown
from bot.store import freezes, repos
from bot.store.db import Db, transaction
from bot.store.freezes import ALL, LONGEST, Freeze


@click.command("freeze")
@click.argument("repository", metavar="[OWNER/REPO]", default="")
@click.option("--reason", metavar="TEXT", default="", help="Why; the comments show it.")
@click.option("--by", metavar="LOGIN", default=OPERATOR, help="Who freezes; the comments show it.")
@click.option("--list", "listed", is_flag=True, help="List what is frozen, and change nothing.")
def command(repository: str, reason: str, by: str, listed: bool) -> None:
    """Apply nothing in a repository, or in any where none is named, until `switchyard unfreeze`.

    Plans go on, and so do runs that GitHub has already. It holds over restarts.
    """
    with opened() as db:
        if listed:
            _list(db)
            return
        if not reason.strip() or len(reason) > LONGEST:
            raise click.BadParameter(f"say why, in at most {LONGEST} characters", param_hint="--reason")
        repo = named(db, repository) if repository else None
        with transaction(db):
            freezes.begin(db, Freeze(repo.id if repo else ALL, reason.strip(), by, time.time()))
    what = repo.full_name if repo else "any repository"
    end = f"switchyard unfreeze {repo.full_name}" if repo else "switchyard unfreeze"
    click.echo(f"Nothing is applied in {what} until `{end}`.")


def _list(db: Db) -> None:
    found = freezes.everything(db)
    if not found:
        click.echo("Nothing is frozen.")
    for one in found:
        repo = repos.get(db, one.repo_id)
        name = "all repositories" if one.repo_id == ALL else repo.full_name if repo else f"repository {one.repo_id}"
        since = datetime.fromtimestamp(one.at, UTC).strftime("%Y-%m-%d %H:%M UTC")
        click.echo("\t".join([name, f"since {since}", f"by {shown(one.by)}", shown(one.reason, LONGEST)]))
