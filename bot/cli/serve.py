"""`switchyard serve`: the bot itself."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import sys

import click

from bot.app import Switchyard
from bot.settings import BadSettings, Settings


@click.command(name="serve")
def command() -> None:
    """Serve webhooks and uploads, and work on them. Settings come from the environment."""
    try:
        settings = Settings.from_env()
    except BadSettings as error:
        for problem in error.problems:
            click.echo(problem, err=True)
        sys.exit(2)
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        asyncio.run(Switchyard(settings).run())
    except OSError as error:
        click.echo(
            f"Switchyard could not start: {error}. Is another program using {settings.host}:{settings.port}?", err=True
        )
        sys.exit(1)
    except sqlite3.Error as error:
        click.echo(
            f"Switchyard could not use the database {settings.database}: {error}. "
            "Name another file in SWITCHYARD_DATABASE, or make this one readable and writable.",
            err=True,
        )
        sys.exit(1)
