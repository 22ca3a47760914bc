"""Setup where the App is there already: how it stands at GitHub, and its webhook's address."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import click

from bot.cli import setup_file
from bot.cli.setup_exchange import Asking, Refused, Registered, one_line
from bot.cli.setup_wanted import NOWHERE, hook_of
from bot.github.needs import differences
from bot.settings import BadSettings, Settings

#: What of the file is looked at: the rest is the service's.
_OURS = (
    "GITHUB_APP_ID",
    "GITHUB_APP_PRIVATE_KEY",
    "GITHUB_WEBHOOK_SECRET",
    "GITHUB_API_URL",
    "PUBLIC_URL",
)
_NONE_YET = "GITHUB_APP_ID is not set"


@dataclass(frozen=True, slots=True, repr=False)
class Known:
    """An App whose settings were found in a file, or in the environment where `file` is None. It holds secrets."""

    file: Path | None
    settings: Mapping[str, str]
    checked: Settings

    @property
    def place(self) -> str:
        """Where its settings are, for people."""
        return str(self.file) if self.file else "The environment"


def find(env_file: Path) -> Known | None:
    """Find the App's settings, in the file first; None where there are none. Raises ClickException where wrong."""
    try:
        told = setup_file.read(env_file)
    except FileNotFoundError:
        return _in_environment()
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", "") or "it is no text"
        raise click.ClickException(f"{env_file} cannot be read: {why}. Give another --env-file.") from None
    if "GITHUB_APP_ID" not in told:
        raise click.ClickException(
            f"{env_file} is there already and names no App. It is not written over: move it away, or give another "
            "--env-file."
        )
    try:
        checked = Settings.from_env({name: told[name] for name in _OURS if name in told})
    except BadSettings as error:
        raise click.ClickException(
            f"The settings in {env_file} are not right:\n{error}\nCorrect them, or move the file away to register "
            "another App."
        ) from None
    # It may be the path of a file.
    return Known(env_file, told | {"GITHUB_APP_PRIVATE_KEY": one_line(checked.private_key)}, checked)


def _in_environment() -> Known | None:
    try:
        checked = Settings.from_env()
    except BadSettings as error:
        if any(problem.startswith(_NONE_YET) for problem in error.problems):
            return None
        raise click.ClickException(
            f"The environment names an App, and its settings are not right:\n{error}\nCorrect them, or take "
            "GITHUB_APP_ID out of the environment to register another App."
        ) from None
    settings = {
        "GITHUB_APP_ID": str(checked.app_id),
        "GITHUB_APP_PRIVATE_KEY": one_line(checked.private_key),
        "GITHUB_WEBHOOK_SECRET": checked.webhook_secret,
        "SWITCHYARD_WORKSPACE_ID": checked.workspace_id,
        "PUBLIC_URL": checked.public_url,
        "GITHUB_API_URL": checked.api_url,
    }
    return Known(None, {name: value for name, value in settings.items() if value}, checked)


def look(
    known: Known, public_url: str, webhook_url: str, *, agree: Callable[[str], bool], say: Callable[[str], None]
) -> None:
    """Say how the App stands, and set its webhook where whoever is there agrees; raises Refused.

    The addresses are empty where they are to stay as they are.
    """
    settings = known.checked
    asking = Asking(
        app_id=settings.app_id,
        private_key=settings.private_key,
        api_url=settings.api_url,
        server=settings.server_url,
    )
    try:
        app = asyncio.run(asking.registered())
    except Refused as error:
        raise Refused(
            f"{known.place} has the App {settings.app_id}, and it could not be looked at. {error} To register another "
            "one, move its settings away."
        ) from None
    say(f"{known.place} has the App {app.slug} (App ID {app.id}) of {app.owner}.")
    _tell(app, say)
    address = public_url or settings.public_url
    _note_address(known, address, say)
    config = _wanted_hook(app, webhook_url or hook_of(address), settings.webhook_secret)
    if config:
        _set(asking, config, app, agree, say)
    else:
        say(f"Its webhook {_goes(app)}; nothing is to be changed there.")
    say(f"It is installed at {app.page}/installations/new; `switchyard doctor` looks at the rest.")


def _tell(app: Registered, say: Callable[[str], None]) -> None:
    found = differences(app.permissions, app.events)
    if not found:
        say("It has the permissions and events that it needs, and no others.")
        return
    for one in found:
        say(f"- {'needed' if one.fault else 'as you like'}: {one.sentence}")
    say(
        f"Change that at {app.settings_page}/permissions; where the App is installed, new permissions must be accepted "
        "then."
    )


def _note_address(known: Known, address: str, say: Callable[[str], None]) -> None:
    """Write another public address into the file that has the App's settings."""
    if address == known.checked.public_url:
        return
    if known.file is None:
        say(f"Set PUBLIC_URL to {address} where the service runs.")
        return
    try:
        setup_file.replace(known.file, "PUBLIC_URL", address)
    except OSError as error:
        raise Refused(f"PUBLIC_URL could not be written to {known.file}: {error.strerror}. Change it there.") from None
    say(f"PUBLIC_URL is {address} in {known.file} now; start the service again with it.")


def _wanted_hook(app: Registered, url: str, secret: str) -> dict[str, str]:
    """Gather what GitHub should know of the webhook otherwise; empty where all is right."""
    config = {}
    if url and url != app.hook_url:
        config["url"] = url
    if not app.hook_is_json:
        config["content_type"] = "json"
    if not app.hook_has_secret:
        config["secret"] = secret
    return config


def _goes(app: Registered) -> str:
    nowhere = app.hook_url in ("", hook_of(NOWHERE))
    return "goes nowhere, since it has no address yet" if nowhere else f"goes to {app.hook_url}"


def _set(
    asking: Asking,
    config: dict[str, str],
    app: Registered,
    agree: Callable[[str], bool],
    say: Callable[[str], None],
) -> None:
    words = {
        "url": f"{_goes(app)}, not to {config.get('url')}",
        "content_type": "does not send JSON",
        "secret": "is not signed",
    }
    say(f"Its webhook {', and '.join(words[name] for name in config)}.")
    if not agree("Change that at GitHub?"):
        say("Nothing was changed there; --yes does it.")
        return
    asyncio.run(asking.set_hook(config))
    say(f"That is changed. See that Active is ticked at {app.settings_page}, under Webhook.")
