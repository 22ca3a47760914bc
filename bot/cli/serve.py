"""`switchyard serve`: the bot itself."""

from __future__ import annotations

import asyncio
import errno
import logging
import sqlite3
import sys
from pathlib import Path

import click

from bot.app import Switchyard
from bot.cli.database import unusable
from bot.cli.examining import here
from bot.domain.checkup import machine
from bot.domain.checkup.facts import DatabaseFacts
from bot.settings import BadSettings, Settings, is_dyno


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
        asyncio.run(Switchyard(settings, remarks=remarks(settings.database, here.mounts(), heroku=is_dyno())).run())
    except OSError as error:
        click.echo(_told(error, settings), err=True)
        sys.exit(1)
    except sqlite3.Error as error:
        click.echo(unusable(settings.database, error), err=True)
        sys.exit(1)


def remarks(database: str, mounts: str, *, heroku: bool = False) -> list[str]:
    """Say what the log should tell of the database's disk; `mounts` is what Linux tells of its disks."""
    file = Path(database).resolve()
    found = machine.disk(DatabaseFacts(str(file), disk=here.disk(file, mounts, heroku=heroku)))
    return [f"{one.says} {one.kind.means} {one.advice}" for one in found]


def _told(error: OSError, settings: Settings) -> str:
    """Say what ended the service, and what to do where that is known."""
    address = f"{settings.host}:{settings.port}"
    if error.errno == errno.EADDRINUSE:
        return f"Switchyard could not start: {address} is taken. Is another program using it? If so, give another PORT."
    if error.errno == errno.EADDRNOTAVAIL:
        return (
            f"Switchyard could not start: HOST is {settings.host!r}, which is no address of this machine; "
            "give one that is, or 0.0.0.0 for all."
        )
    return f"Switchyard cannot go on: {error}."
