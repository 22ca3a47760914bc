"""`switchyard run`: start, on the server, a rollout that no pull request carries."""

from __future__ import annotations

import re
import time
import uuid
from dataclasses import replace

import click

from bot.cli.database import named, opened, person
from bot.cli.run_shown import Preview, Refused, lines, preview
from bot.domain import server_runs
from bot.domain.events import Rules
from bot.domain.lanes import name_of_lane
from bot.domain.model import Repo, ServerRun, Status
from bot.domain.pro import DELETED, MERGED
from bot.domain.states import count, states
from bot.domain.targets import BadTarget
from bot.domain.texts import commit
from bot.events.server_runs import in_the_way, put
from bot.settings import BadSettings, rules_from_env
from bot.store import inbox, rollouts, uploads
from bot.store.db import Db, transaction

_SHA = re.compile(r"[0-9a-f]{7,64}")
_ACTIVITY = re.compile(r"[a-z_]{1,50}\.[a-z_]{1,50}")
_LOOK = 0.2


@click.command("run")
@click.argument("repository", metavar="OWNER/REPO")
@click.argument("targets", metavar="TARGET...", nargs=-1, required=True)
@click.option("--sha", required=True, help="The commit, on a branch that is applied.")
@click.option("--activity", default="", help=f"Whose workflows are run; {MERGED} if left out.")
@click.option("--downstream", is_flag=True, help="With all that depends on the targets.")
@click.option("--dependents-only", is_flag=True, help="All that depends on the targets, without them.")
@click.option("--reverse", is_flag=True, help=f"Destroy, by the workflows for {DELETED}: what depends goes first.")
@click.option("--by", metavar="LOGIN", default="", help="Who starts it, for the record; else who is logged in here.")
@click.option("--yes", is_flag=True, help="Do not ask. A destroy is asked about all the same.")
@click.option(
    "--wait", metavar="SECONDS", type=click.FloatRange(0, 600), default=15.0, help="For the service to take it up; 15."
)
def command(
    repository: str,
    targets: tuple[str, ...],
    sha: str,
    activity: str,
    downstream: bool,
    dependents_only: bool,
    reverse: bool,
    by: str,
    yes: bool,
    wait: float,
) -> None:
    """Run what the targets name, in dependency order, at a commit: what merged pull requests told of it is remembered.

    A target is a stack, a component, STACK/COMPONENT, a pattern of them, or @all. It is shown first, and every rule
    for applies holds for it.
    """
    who, whole = person(by), _sha(sha)
    if downstream and dependents_only:
        raise click.UsageError("Give --downstream or --dependents-only, not both.")
    activity = _activity(activity, reverse=reverse)
    with opened() as db:
        repo = named(db, repository)
        known = uploads.recall(db, repo.id)
        if not known:
            raise click.ClickException(
                f"Nothing is remembered of {repo.full_name}: no pull request with affected stacks was merged yet."
            )
        try:
            below = downstream or dependents_only
            alone = not dependents_only
            chosen = server_runs.choose(known, targets, below=below, themselves=alone, destroys=reverse)
        except BadTarget as error:
            raise click.ClickException(f"Nothing is run: {error}") from None
        digest = server_runs.digest(known, chosen)
        wanted = ServerRun(who, time.time(), whole, activity, chosen, reverse, digest)
        shown = _show(db, repo, wanted)
        _ask(shown, yes=yes)
        lane, guid = _put(db, repo, replace(wanted, at=time.time()))
        click.echo(f"It is noted as {name_of_lane(lane)}.")
        _tell(db, shown, lane, guid, wait)


def _sha(text: str) -> str:
    if not _SHA.fullmatch(text.lower()):
        raise click.BadParameter("give a commit id, of 7 digits at least", param_hint="--sha")
    return text.lower()


def _activity(activity: str, *, reverse: bool) -> str:
    if reverse:
        if activity not in ("", MERGED, DELETED):
            raise click.BadParameter(f"--reverse runs the workflows for {DELETED}", param_hint="--activity")
        return DELETED
    if activity == DELETED:
        raise click.BadParameter("that destroys; say --reverse instead", param_hint="--activity")
    if activity and not _ACTIVITY.fullmatch(activity):
        raise click.BadParameter("give one as pull_request.merged", param_hint="--activity")
    return activity or MERGED


def _rules() -> Rules:
    try:
        return rules_from_env()
    except BadSettings as error:
        raise click.ClickException(str(error)) from None


def _show(db: Db, repo: Repo, wanted: ServerRun) -> Preview:
    try:
        shown = preview(db, repo, wanted, _rules(), time.time())
    except Refused as refused:
        raise click.ClickException(f"Nothing is run: {refused}") from None
    for line in lines(shown):
        click.echo(line)
    return shown


def _ask(shown: Preview, *, yes: bool) -> None:
    """Have it confirmed. What is destroyed is so only after that was typed, whoever else said yes."""
    if not shown.wanted.destroys:
        if not yes:
            click.confirm(f"Start this, as {shown.wanted.by}?", abort=True)
        return
    phrase = f"destroy {len(shown.walk.steps)} in {shown.repo.full_name}"
    typed = click.prompt(
        f"This destroys them all. Type “{phrase}” to go on, as {shown.wanted.by}", default="", show_default=False
    )
    if typed.strip() != phrase:
        raise click.ClickException("That is not what was to be typed, so nothing is destroyed.")


def _put(db: Db, repo: Repo, wanted: ServerRun) -> tuple[str, str]:
    guid = uuid.uuid4().hex
    with transaction(db):
        if why := in_the_way(db, repo.id, wanted):
            raise click.ClickException(f"Nothing is run: {why}")
        return put(db, repo.id, wanted, guid), guid


def _tell(db: Db, shown: Preview, lane: str, guid: str, wait: float) -> None:
    """Wait until the service has taken it up, and say what came of it."""
    end = time.monotonic() + wait
    state, reason = inbox.outcome(db, guid)
    while state == "new" and time.monotonic() < end:
        time.sleep(_LOOK)
        state, reason = inbox.outcome(db, guid)
    sha = commit(shown.walk.rollout.sha)
    if state == "new":
        click.echo(
            f"The service has not taken it up yet{f' ({reason})' if reason else ''}. The check run of {sha} tells when "
            "it has; `switchyard export audit --since 1h` tells if it was refused."
        )
        return
    started = rollouts.of_lane(db, lane)
    if not started:
        raise click.ClickException(f"Nothing is run: {reason}")
    (walk,) = started
    click.echo(f"It is rollout {walk.rollout.id}. The check run of {sha} tells how it goes.")
    if held := count(states(walk))[Status.HELD]:
        approve = f"switchyard approve {shown.repo.full_name} --rollout {walk.rollout.id}"
        click.echo(f"{held:,} held: look at it first, then `{approve}` lets it go.")
