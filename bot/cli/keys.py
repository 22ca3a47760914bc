"""Make, list and revoke the keys with which workflows send uploads."""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from datetime import UTC, datetime

import click

from bot.cli.database import opened, owner_and_name
from bot.domain.model import Repo
from bot.settings import BadSettings, Settings
from bot.store import keys, repos
from bot.store.db import Db, transaction

_LABEL = re.compile(r"[A-Za-z0-9._-]{1,50}")
_SPAN = re.compile(r"([0-9]{1,6})([hdw])")
_SECONDS = {"h": 3600.0, "d": 86_400.0, "w": 7 * 86_400.0}
_LONGEST = 3653 * _SECONDS["d"]


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
@click.option("--name", "label", metavar="NAME", default="", help="What the key is called in lists, locks and the log.")
@click.option(
    "--expires", metavar="WHEN", default="", help="When it ends: 12h, 90d, 52w, or its last day: 2027-01-31 (UTC)."
)
def create(repository: str, allow: str, label: str, expires: str) -> None:
    """Make a key and print it. It is shown once: only its hash is kept."""
    owner, name = owner_and_name(repository)
    scopes = _scopes(allow)
    _check_label(label)
    now = time.time()
    ends = _end(expires, now) if expires else None
    with opened(make=True) as db:
        repo = repos.named(db, owner, name) or _ask(db, owner, name)
        # 30 bytes are 40 characters.
        key = "swy_" + secrets.token_urlsafe(30)
        with transaction(db):
            taken = [known for known in keys.all_of(db, repo.id) if label and known.name == label and known.live(now)]
            if taken:
                raise click.ClickException(
                    f"Key {taken[0].id} of {repo.full_name} is called {label} already. Choose another name, or revoke "
                    f"it first with `switchyard keys revoke {taken[0].id}`."
                )
            keys.add(db, key, repo_id=repo.id, allow=scopes, now=now, name=label, expires_at=ends)
    click.echo(key)


@command.command("list")
def show() -> None:
    """List the keys, never the keys themselves."""
    with opened() as db:
        known = {key.repo_id: repos.get(db, key.repo_id) for key in keys.all_of(db)}
        if not known:
            click.echo("No keys yet.")
        for key in keys.all_of(db):
            repo = known[key.repo_id]
            name = repo.full_name if repo else f"repository {key.repo_id}"
            told = [str(key.id), name, key.name or "-", ",".join(key.allow), f"made {_day(key.created_at)}"]
            click.echo("\t".join([*told, _expiry(key, time.time()), f"used {_day(key.used_at)}", *_revoked(key)]))


@command.command()
@click.argument("key_id", metavar="ID", type=int)
def revoke(key_id: int) -> None:
    """Revoke a key by its number in `keys list`. It is refused from then on."""
    with opened() as db:
        with transaction(db):
            done = keys.revoke(db, key_id, time.time())
        if not done:
            raise click.ClickException(
                f"There is no key {key_id} that could be revoked; `switchyard keys list` has them."
            )
    click.echo(f"Key {key_id} is revoked.")


def _scopes(allow: str) -> tuple[str, ...]:
    named = {scope.strip() for scope in allow.split(",") if scope.strip()}
    unknown = sorted(named - set(keys.SCOPES))
    if unknown or not named:
        what = f"{', '.join(unknown)} is not known" if unknown else "nothing is named"
        raise click.BadParameter(f"{what}; choose from {', '.join(keys.SCOPES)}", param_hint="--allow")
    return tuple(scope for scope in keys.SCOPES if scope in named)


def _check_label(label: str) -> None:
    if label and not _LABEL.fullmatch(label):
        raise click.BadParameter("use letters, digits and . _ -, at most 50 of them", param_hint="--name")


def _end(text: str, now: float) -> float:
    """Read when a key ends: a span from now, or the end of a day, UTC."""
    try:
        if span := _SPAN.fullmatch(text):
            end = now + int(span[1]) * _SECONDS[span[2]]
        else:
            day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
            end = day.timestamp() + _SECONDS["d"] - 1
    except ValueError:
        raise click.BadParameter(
            f"{text!r} is no time; give hours, days or weeks as 12h, 90d or 52w, or a day as 2027-01-31",
            param_hint="--expires",
        ) from None
    if not now < end <= now + _LONGEST:
        raise click.BadParameter(f"{text!r} must lie ahead, at most ten years", param_hint="--expires")
    return end


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


def _expiry(key: keys.Key, now: float) -> str:
    if key.expires_at is None:
        return "never expires"
    return f"{'expires' if now < key.expires_at else 'expired'} {_day(key.expires_at)}"


def _revoked(key: keys.Key) -> list[str]:
    return [f"revoked {_day(key.revoked_at)}"] if key.revoked_at else []


def _day(at: float | None) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d") if at else "never"
