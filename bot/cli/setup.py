"""`switchyard setup`: register the GitHub App with one click, and write the settings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from bot.cli import setup_again, setup_browser, setup_lines
from bot.cli import setup_wanted as wanting
from bot.cli.setup_exchange import Refused
from bot.cli.setup_file import Unwritable
from bot.cli.setup_register import How, register
from bot.cli.setup_wanted import Wanted

#: What is only asked of a new App, and what is not looked at where a host's command is printed.
_OF_REGISTERING = ("org", "name", "github_url", "without", "page")
_OF_HOOKS = ("public_url", "webhook_url")


def _checked(check: Callable[[str], str]) -> Callable[..., str | None]:
    """Make click's check of an option of one of ours."""

    def callback(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
        return None if value is None else setup_browser.asked(check)(value)

    return callback


@click.command("setup")
@click.option("--public-url", callback=_checked(wanting.checked_public_url), help="Where GitHub reaches Switchyard.")
@click.option(
    "--webhook-url",
    default="",
    callback=_checked(wanting.checked_public_url),
    help="Where GitHub sends webhooks, if not to PUBLIC_URL/webhooks/github: a relay's address, for development.",
)
@click.option(
    "--org", callback=_checked(wanting.checked_organization), help="The organization that is to own the App; else you."
)
@click.option(
    "--github-url", callback=_checked(wanting.checked_server), help="Your GitHub server, if not https://github.com."
)
@click.option("--name", callback=_checked(wanting.checked_name), help="What the App is called: a free name.")
@click.option(
    "--without",
    type=click.Choice(wanting.optional()),
    multiple=True,
    help="Leave out a permission and its events: your server does not offer it, or you do not want it.",
)
@click.option(
    "--env-file",
    type=click.Path(dir_okay=False, path_type=Path),
    default="switchyard.env",
    show_default=True,
    help="The file of settings to write, or to look into.",
)
@click.option(
    "--print", "print_for", type=click.Choice(setup_lines.HOSTS), help="Print a host's command instead: with secrets."
)
@click.option("--app", "app_name", default="switchyard", show_default=True, help="What the app is called at that host.")
@click.option("--port", type=click.IntRange(0, 65_535), default=0, help="The page's port; a free one by default.")
@click.option("--no-browser", is_flag=True, help="Print the page's address only.")
@click.option(
    "--page",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the page to this file, for a browser on another machine; the code is pasted here then.",
)
@click.option("--yes", is_flag=True, help="Change the webhook without asking, where the App is there already.")
def command(public_url: str | None, webhook_url: str, yes: bool, **more: Any) -> None:
    """Register Switchyard's GitHub App with one click, and write its settings to a file that only you can read.

    Where the App is there already, say how it stands, and set its webhook's address where that is another.
    """
    how = How(
        env_file=more["env_file"],
        print_for=more["print_for"] or "",
        app_name=more["app_name"],
        port=more["port"],
        browser=not more["no_browser"],
        page=more["page"],
    )
    try:
        known = setup_again.find(how.env_file)
        if known is not None:
            given = {**more, "public_url": public_url, "webhook_url": webhook_url}
            unused = [one for one in (*_OF_REGISTERING, *(_OF_HOOKS if how.print_for else ())) if given[one]]
            _tell_unused(known, unused, how.say)
        if known is not None and how.print_for:
            click.echo(setup_lines.command_for(how.print_for, how.app_name, known.settings))
        elif known is not None:
            setup_again.look(known, public_url or "", webhook_url, agree=_agree(yes=yes), say=how.say)
        elif how.page is not None and not setup_browser.is_terminal():
            raise click.UsageError("--page needs a terminal, into which the code is pasted.")
        else:
            account = _account(more["github_url"], more["org"])
            register(_wanted(account, public_url, webhook_url, more["name"], frozenset(more["without"])), how)
    except (Refused, Unwritable) as error:
        raise click.ClickException(str(error)) from None


def _tell_unused(known: setup_again.Known, names: list[str], say: Callable[[str], None]) -> None:
    """Say which options do nothing, since the App is there."""
    if names:
        told = ", ".join(f"--{name.replace('_', '-')}" for name in names)
        say(f"Not looked at: {told}. {known.place} has an App already; to register another, move its settings away.")


def _agree(*, yes: bool) -> Callable[[str], bool]:
    return lambda question: yes or (setup_browser.is_terminal() and click.confirm(question))


def _account(server: str | None, organization: str | None) -> tuple[str, str]:
    """Ask which account is to own the App, where that was not said."""
    server = _asked(server, "Your GitHub server", wanting.GITHUB, wanting.checked_server)
    question = "The organization that is to own the App (leave it empty for your own account)"
    return server, _asked(organization, question, "", wanting.checked_organization)


def _wanted(
    account: tuple[str, str], public_url: str | None, webhook_url: str, name: str | None, without: frozenset[str]
) -> Wanted:
    server, organization = account
    question = "The public address of Switchyard, such as https://switchyard.example.com (leave it empty if none yet)"
    public_url = _asked(public_url, question, "", wanting.checked_public_url)
    name = _asked(name, "The App's name", wanting.suggested_name(organization), wanting.checked_name)
    return Wanted(server, organization, name, public_url, webhook_url, without)


def _asked(given: str | None, question: str, default: str, check: Callable[[str], str]) -> str:
    """Ask for what was not given, where somebody is there."""
    if given is not None or not setup_browser.is_terminal():
        return default if given is None else given
    answer = click.prompt(
        question, default=default, show_default=bool(default), value_proc=setup_browser.asked(check), err=True
    )
    return str(answer)
