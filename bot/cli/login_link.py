"""`switchyard login-link`: let somebody see the pages of who runs the service."""

from __future__ import annotations

import time

import click

from bot.app import pages_key
from bot.cli.database import person
from bot.settings import BadSettings, Settings
from bot.web.visits import LINK_LASTS, Visits


@click.command("login-link")
@click.option("--by", metavar="LOGIN", default="", help="Who gets it, for the record; else who is logged in here.")
def command(by: str) -> None:
    """Print a link that opens the pages of who runs the service, on one browser and for twelve hours.

    It is good once, within ten minutes. Whoever has it sees all repositories, and may have tried once more what was
    given up.
    """
    who = person(by)
    try:
        settings = Settings.from_env()
    except BadSettings as error:
        raise click.ClickException(
            f"A link is signed with the settings of the service, and they are not right:\n{error}"
        ) from None
    here = f"http://{_reached(settings.host)}:{settings.port}"
    link = Visits(pages_key(settings.private_key), time.time).link(who)
    click.echo(f"{settings.public_url or here}/login?link={link}")
    click.echo(f"Open it within {LINK_LASTS / 60:.0f} minutes; it lets {who} in, once.", err=True)


def _reached(host: str) -> str:
    """Write the address on which a service that listens on `host` is reached from this machine."""
    if host in ("0.0.0.0", "::", "[::]"):  # noqa: S104 - it is compared
        return "127.0.0.1"
    return f"[{host}]" if ":" in host and not host.startswith("[") else host
