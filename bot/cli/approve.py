"""`switchyard approve`: let go, on the server, what is held of a pull request, or of any rollout."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable

import click

from bot.cli.database import named, opened, person
from bot.domain import approving
from bot.domain.approving import Chosen, Limits
from bot.domain.events import Approved
from bot.domain.lanes import lane_of_pull
from bot.domain.model import Repo, Rollout
from bot.domain.rollout import Walk
from bot.domain.targets import BadTarget
from bot.domain.texts import commit
from bot.events.sending import note_refused, put_approved
from bot.settings import BadSettings, rules_from_env
from bot.store import pulls, rollouts
from bot.store.db import Db, transaction

_PULL = re.compile(r"([^#]+)#([1-9][0-9]{0,8})")
#: As many instances as are listed.
_LISTED = 50


@click.command("approve")
@click.argument("pull", metavar="OWNER/REPO[#NUMBER]")
@click.argument("targets", metavar="[TARGET]...", nargs=-1)
@click.option("--rollout", metavar="ID", type=click.IntRange(1), help="A rollout, in place of a pull request's number.")
@click.option("--by", metavar="LOGIN", default="", help="Who approves, for the record; else who is logged in here.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def command(pull: str, targets: tuple[str, ...], rollout: int | None, by: str, yes: bool) -> None:
    """Let go what is held of a pull request, or of a rollout: all of it, or what the targets name.

    A target is a stack, a component, STACK/COMPONENT, a pattern of them, or @held. What would be destroyed, and what
    may have been sent already, is let go only where it is named in full.
    """
    match = _PULL.fullmatch(pull)
    if match is None and rollout is None:
        raise click.BadParameter("give it as OWNER/REPO#NUMBER", param_hint="OWNER/REPO#NUMBER")
    if match is not None and rollout is not None:
        raise click.UsageError("Give a pull request's number or --rollout, not both.")
    who = person(by)
    with opened() as db:
        repo = named(db, match[1] if match else pull)
        walk = _walk(db, repo, int(match[2]) if match else 0, rollout or 0)
        chosen = _choose(db, walk, targets, who)
        _show(f"{repo.full_name}#{match[2]}" if match else repo.full_name, walk.rollout, chosen)
        if not yes:
            click.confirm(f"Let this go, as {who}?", abort=True)
        with transaction(db):
            put_approved(db, walk.rollout, Approved(walk.rollout.id, who, chosen.approved), time.time())
    click.echo("It is noted, and the service takes it up within a second.")


def _limits() -> Limits:
    """Read what the service's settings let authors approve; raises ClickException."""
    try:
        return Limits(self_approve=rules_from_env().self_approve)
    except BadSettings as error:
        raise click.ClickException(str(error)) from None


def _walk(db: Db, repo: Repo, number: int, rollout_id: int) -> Walk:
    """Read the newest rollout of a pull request that counts, or one by its id."""
    known = rollouts.current(db, lane_of_pull(repo.id, number)) if number else ()
    walk = rollouts.load(db, rollout_id or max((one.id for one in known), default=0))
    if walk is not None and walk.rollout.repo_id == repo.id:
        return walk
    if number:
        raise click.ClickException(f"Switchyard has no rollout of #{number} that counts, so nothing of it is held.")
    raise click.ClickException(f"{repo.full_name} has no rollout {rollout_id}.")


def _choose(db: Db, walk: Walk, targets: Iterable[str], by: str) -> Chosen:
    number = walk.rollout.pull
    pull = pulls.get(db, walk.rollout.repo_id, number) if number else None
    try:
        chosen = approving.wanted(walk, pull, targets, by, _limits())
    except BadTarget as error:
        raise click.ClickException(f"Nothing is approved: {error}") from None
    if chosen.refused:
        with transaction(db):
            note_refused(db, walk.rollout, chosen.refused, by, time.time())
    if not chosen.approved:
        raise click.ClickException(approving.why_nothing(walk, chosen))
    return chosen


def _show(name: str, rollout: Rollout, chosen: Chosen) -> None:
    click.echo(f"{name}, the {rollout.phase} of {commit(rollout.sha)}. This is let go:")
    _list([f"{one.stack}/{one.component}: {'; '.join(approving.told(one))}" for one in chosen.approved])
    if chosen.refused:
        click.echo("And this is not:")
        _list([str(one) for one in chosen.refused])


def _list(lines: list[str]) -> None:
    for line in lines[:_LISTED]:
        click.echo(f"  {line}")
    if len(lines) > _LISTED:
        click.echo(f"  and {len(lines) - _LISTED:,} more")
