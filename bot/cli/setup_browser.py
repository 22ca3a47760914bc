"""Bring the page with the button before a person: served to a browser here, or as a file for one elsewhere."""

from __future__ import annotations

import asyncio
import errno
import socket
import sys
import webbrowser
from collections.abc import Callable
from pathlib import Path

import click

from bot.cli import setup_file, setup_page
from bot.cli.setup_exchange import Refused
from bot.cli.setup_page import Finish
from bot.cli.setup_wanted import Wanted

_HOUR = 3600.0
Say = Callable[[str], None]


def is_terminal() -> bool:
    """Tell whether somebody is there to be asked."""
    return sys.stdin.isatty()


def asked(check: Callable[[str], str]) -> Callable[[str], str]:
    """Make what click takes for a check out of one of ours, which raises ValueError."""

    def read(value: str) -> str:
        try:
            return check(value)
        except ValueError as error:
            raise click.BadParameter(str(error)) from None

    return read


async def served(wanted: Wanted, finish: Finish, say: Say, *, port: int, browser: bool) -> None:
    """Serve the page until the App is registered; raises Refused."""
    desk = setup_page.Desk(wanted, finish, say)
    try:
        async with desk.open(port), asyncio.timeout(_HOUR):
            say(f"Press the button on this page: {desk.address}")
            if not (browser and opens(desk.address)):
                say(_without_browser(desk.address))
            await desk.wait()
    except TimeoutError:
        raise Refused("Nobody pressed the button within an hour, so nothing was registered. Begin again.") from None
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise Refused(f"Another program uses port {port}; give another one, or no --port.") from None
        raise Refused(f"The page could not be served on port {port}: {error.strerror}.") from None


def by_hand(wanted: Wanted, finish: Finish, say: Say, *, path: Path) -> None:
    """Write the page for a browser elsewhere, and take the code from whoever pastes it; raises Refused."""
    state = setup_page.new_state()
    with setup_file.reserved(path) as file:
        file.keep(setup_page.page_to_carry(wanted, state))
    say(f"Open {path} in a browser and press the button. It ends at an address that does not load: that is right.")
    check = asked(lambda text: setup_page.code_in(text, state))
    code = click.prompt("Paste that address here", value_proc=check, err=True)
    asyncio.run(_awaited(finish, str(code)))


async def _awaited(finish: Finish, code: str) -> None:
    await finish(code)


def opens(address: str) -> bool:
    """Open an address in a browser; False where there is none but in the terminal, which is ours."""
    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return False
    return type(browser) is not webbrowser.GenericBrowser and browser.open(address)


def _without_browser(address: str) -> str:
    port = address.rpartition(":")[2].partition("/")[0]
    return (
        "It answers this machine only. From another one, open it after "
        f"`ssh -L {port}:{setup_page.HOST}:{port} {socket.gethostname()}`; where that cannot be, "
        "`switchyard setup --page FILE` writes the page to a file."
    )
