"""`switchyard export`: what the database knows, for other programs."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime

import click
import msgspec

from bot.cli.database import named, opened
from bot.store import audit

_SPAN = re.compile(r"([0-9]{1,6})([hdw])")
_SECONDS = {"h": 3600.0, "d": 86_400.0, "w": 7 * 86_400.0}


@click.group("export")
def command() -> None:
    """Write out what the database knows."""


@command.command("audit")
@click.option(
    "--since", metavar="WHEN", default="", help="From when on: 12h or 7d ago, a day, or a time: 2027-01-31T10:00:00Z."
)
@click.option("--repo", "repository", metavar="OWNER/REPO", default="", help="Of one repository alone.")
def write_audit(since: str, repository: str) -> None:
    """Write who did what, when and why, as JSON Lines, the oldest first. It goes back 400 days."""
    start = _start(since, time.time()) if since else 0.0
    with opened() as db:
        repo = named(db, repository) if repository else None
        for line in audit.since(db, start, repo_id=repo.id if repo else None):
            click.echo(msgspec.json.encode(_told(line)))


def _told(line: audit.Line) -> dict[str, object]:
    entry = line.entry
    return {
        "time": datetime.fromtimestamp(line.at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "actor": entry.actor,
        "action": entry.action,
        "cause": entry.cause,
        "repository": line.repository or None,
        "rollout": entry.rollout_id or None,
        "pull": line.pull or None,
        "instance": entry.instance or None,
    }


def _start(text: str, now: float) -> float:
    """Read since when: a span before now, a day or a time; UTC where no zone is given."""
    if span := _SPAN.fullmatch(text):
        return now - int(span[1]) * _SECONDS[span[2]]
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise click.BadParameter(
            f"{text!r} is no time; give 12h, 7d or 4w, a day as 2027-01-31, or a time as 2027-01-31T10:00:00Z",
            param_hint="--since",
        ) from None
