"""`switchyard init`: write what a repository needs, after showing it."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from pathlib import Path

import click

from bot.cli.initial import files, told
from bot.cli.initial.atmos_yaml import edit
from bot.cli.initial.files import Choices
from bot.cli.initial.lenient import Unreadable
from bot.cli.initial.planning import NotWritten, Planned, State, compare, write
from bot.cli.initial.survey import Found, Unusable, survey

_VERSION = re.compile(r"\d{1,4}\.\d{1,4}\.\d{1,4}(?:-[A-Za-z0-9.]{1,40})?")
_ENVIRONMENT = re.compile(r"[A-Za-z0-9_.{} /-]{1,200}")


@click.command("init")
@click.argument("path", type=click.Path(path_type=Path), default=".")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Show it, and write nothing.")
@click.option("--base-branch", metavar="BRANCH", default="", help="The default branch; else git is asked.")
@click.option("--stacks", "folder", metavar="FOLDER", default="", help="Where the stacks are; else atmos.yaml tells.")
@click.option(
    "--environment",
    metavar="TEMPLATE",
    default="",
    help="What names the environment of an apply, such as '{{ .vars.tenant }}-{{ .vars.stage }}'.",
)
@click.option("--atmos-version", metavar="VERSION", default=files.ATMOS, show_default=True, help="Of the CLI's image.")
@click.option("--destroy", is_flag=True, help="With a workflow that destroys what a merge removes, once approved.")
@click.option("--instances", is_flag=True, help="With a workflow that uploads which instances there are.")
@click.option("--merge-queue", is_flag=True, help="Plan what a merge queue tries, too.")
@click.option("--static-key", is_flag=True, help="With a key as a secret, in place of OIDC.")
@click.option("--public-url", metavar="URL", default="", help="Of your Switchyard, for what is to be done next.")
@click.option("--workspace-id", metavar="TEXT", default="", help="Its SWITCHYARD_WORKSPACE_ID, for the same.")
def command(
    path: Path,
    yes: bool,
    dry_run: bool,
    base_branch: str,
    folder: str,
    environment: str,
    atmos_version: str,
    public_url: str,
    workspace_id: str,
    **flags: bool,
) -> None:
    """Write the workflow files, the mixin and the lines of atmos.yaml that a repository needs.

    PATH is its checkout, here if left out. What would be written is shown first. Nothing is overwritten.
    """
    _check("--atmos-version", atmos_version, _VERSION, "give a release such as 1.226.1")
    _check("--environment", environment or "x", _ENVIRONMENT, "only letters, digits, spaces and _ . - / { } will do")
    try:
        found = survey(path, branch=base_branch, folder=folder)
    except Unusable as error:
        raise click.ClickException(str(error)) from None
    choices = Choices(branch=found.branch, environment=environment or _environment(found), atmos=atmos_version, **flags)
    _say(told.found(found))
    _say(told.settings(found, choices, given=bool(environment)))
    planned, notes = _plan(found, choices)
    click.echo("")
    _say(told.planned(planned))
    _say(told.previews(planned))
    if notes:
        click.echo("")
        _say(notes)
    click.echo("")
    if not _write(found, planned, yes=yes, dry_run=dry_run):
        return
    mixin = "" if _has_pro(found) else f"{found.mixins}/{files.MIXIN.removesuffix('.yaml')}"
    _say(["", "What is left to do:", ""])
    _say(told.steps(found, choices, mixin=mixin, public_url=public_url.rstrip("/"), workspace=workspace_id))
    if any(one.state is State.IN_THE_WAY for one in planned):
        raise click.ClickException("Not every file is there yet: see above what is in the way.")


def _check(option: str, value: str, pattern: re.Pattern[str], what: str) -> None:
    if not pattern.fullmatch(value):
        raise click.BadParameter(what, param_hint=option)


def _environment(found: Found) -> str:
    variable = found.stacks.variable
    # The stack's own name is always there.
    return f"{{{{ .vars.{variable} }}}}" if variable else "{{ .atmos_stack }}"


def _has_pro(found: Found) -> tuple[str, ...]:
    """Name the files that have `settings.pro`, besides the mixin itself."""
    return tuple(path for path in found.stacks.pro if path != f"{found.mixins}/{files.MIXIN}")


def _plan(found: Found, choices: Choices) -> tuple[list[Planned], list[str]]:
    """Work out all files, and what people should know or do themselves."""
    wanted, notes = files.workflows(choices), []
    if there := _has_pro(found):
        notes.append(
            f"No mixin is written, since `settings.pro` is in the stacks already: {told.names(there)}. Compare it with "
            "the one in docs/setup.md."
        )
    else:
        wanted[f"{found.config.folder}/{found.mixins}/{files.MIXIN}"] = files.mixin(choices)
        if found.config.takes(f"{found.mixins}/{files.MIXIN}"):
            notes.append(
                f'Atmos would take the mixin for a stack: add "{found.mixins}/**/*" to `stacks.excluded_paths` in '
                f"{found.atmos}."
            )
    planned = [compare(found.checkout, path, text) for path, text in wanted.items()]
    atmos, by_hand = _atmos(found)
    return [*planned, atmos], [*notes, *by_hand]


def _atmos(found: Found) -> tuple[Planned, tuple[str, ...]]:
    before = found.atmos_text
    try:
        edited = edit(before)
    except Unreadable:
        return Planned(found.atmos, before, State.IN_THE_WAY, before, "is no mapping"), ()
    state = State.SAME if edited.text == before else State.CHANGED
    if state is State.SAME and edited.by_hand:
        state = State.DIFFERS
    return Planned(found.atmos, edited.text, state, before), edited.by_hand


def _write(found: Found, planned: list[Planned], *, yes: bool, dry_run: bool) -> bool:
    """Write what is to be written, once that is wanted; tells whether it may go on to what is left to do."""
    new = [one for one in planned if one.writes]
    if dry_run:
        click.echo("Nothing is written: this was a dry run.")
        return False
    if not new:
        click.echo("There is nothing to write.")
        return True
    if not yes:
        if not sys.stdin.isatty():
            raise click.ClickException(
                "Nothing is written, since nobody can be asked here. Look at it, and run this again with --yes."
            )
        if not click.confirm(f"Write {'this file' if len(new) == 1 else f'these {len(new)} files'}?"):
            click.echo("Nothing is written.")
            return False
    for one in new:
        try:
            write(found.checkout, one)
        except NotWritten as error:
            raise click.ClickException(str(error)) from None
        click.echo(f"Written: {one.path}")
    return True


def _say(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(line)
