"""Register the App, and keep its key before anything else can go wrong."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import click

from bot.cli import setup_browser, setup_exchange, setup_file, setup_lines, setup_told
from bot.cli import setup_wanted as wanting
from bot.cli.setup_exchange import App, Refused
from bot.cli.setup_wanted import Wanted


@dataclass(frozen=True, slots=True)
class How:
    """How setup goes about it."""

    env_file: Path
    print_for: str  # a host, or empty: the settings go into the file
    app_name: str  # at that host
    port: int
    browser: bool
    page: Path | None  # the file for a browser elsewhere

    def say(self, line: str = "") -> None:
        """Tell something, beside what is printed for a shell."""
        click.echo(line, err=bool(self.print_for))


def register(wanted: Wanted, how: How) -> None:
    """Have a person register the App, and keep its settings; raises Refused and Unwritable."""
    if not wanted.hook:
        how.say(setup_told.NO_ADDRESS)
    elif not wanted.hook.startswith("https:"):
        how.say(setup_told.NO_HTTPS)
    if how.print_for:
        _come_by_key(wanted, how, lambda _app, settings: _print(settings, how))
        return
    with _ended_as_by_ctrl_c(), setup_file.reserved(how.env_file) as file:
        _come_by_key(wanted, how, lambda app, settings: _keep(app, settings, file))


@contextmanager
def _ended_as_by_ctrl_c() -> Iterator[None]:
    """Take SIGTERM as Ctrl-C, so that nothing unseen is left behind. Signals are the main thread's only."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Do what Ctrl-C does, also where that is ignored, as it is by what runs in the background."""
    handler = signal.getsignal(signal.SIGINT)
    (handler if callable(handler) else signal.default_int_handler)(number, frame)


def _come_by_key(wanted: Wanted, how: How, keep: Callable[[App, dict[str, str]], str]) -> None:
    async def finish(code: str) -> dict[str, Any]:
        app = await setup_exchange.convert(code, wanted)
        settings = app.settings(wanted)
        kept = keep(app, settings)
        how.say(f"{app.slug} is registered (App ID {app.id}). {kept}")
        if wanted.hook:
            await _set_hook(app, wanted, how)
        for line in setup_told.next_steps(app, wanted, settings, printed=bool(how.print_for)):
            how.say(line)
        return {"name": app.slug, "kept": kept, "install": app.install_page}

    try:
        if how.page is not None:
            setup_browser.by_hand(wanted, finish, how.say, path=how.page)
        else:
            asyncio.run(setup_browser.served(wanted, finish, how.say, port=how.port, browser=how.browser))
    except (KeyboardInterrupt, click.Abort):
        raise Refused(
            "Ended. If you pressed the button at GitHub already, the App is there and its key is not here: delete it "
            f"at {wanting.apps_page(wanted.server, wanted.organization)} before you begin again."
        ) from None


def _print(settings: dict[str, str], how: How) -> str:
    click.echo(setup_lines.command_for(how.print_for, how.app_name, settings))
    return "Its settings are in the command that was printed in the terminal."


def _keep(app: App, settings: dict[str, str], file: setup_file.Reserved) -> str:
    """Write the settings, elsewhere rather than nowhere; returns where they are."""
    text = setup_file.text_of(settings, f"Switchyard's GitHub App {app.slug}: {app.page}")
    try:
        file.keep(text)
    except OSError as error:
        why = f"{file.path} could not be written after all ({error.strerror})"
        if (elsewhere := setup_file.saved_elsewhere(text)) is not None:
            return f"{why}, so its settings are in {elsewhere}: move that file to where it is safe."
        return (
            f"{why}, and its key is lost. Make another one at {app.settings_page} under Private keys, and set another "
            "webhook secret there; docs/setup.md says how."
        )
    return f"Its settings are in {file.path}, which only you can read."


async def _set_hook(app: App, wanted: Wanted, how: How) -> None:
    """Have GitHub sign webhooks with our secret where it made none, and send JSON."""
    asking = setup_exchange.Asking(
        app_id=app.id, private_key=app.private_key, api_url=wanting.api_url(wanted.server), server=wanted.server
    )
    config = {} if app.has_secret else {"secret": app.webhook_secret}
    try:
        if not (await asking.registered()).hook_is_json:
            config["content_type"] = "json"
        if config:
            await asking.set_hook(config)
    except Refused as error:
        how.say(f"Its webhook could not be set up. {error} Run `switchyard setup` again: it sets what is missing.")
