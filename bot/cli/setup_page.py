"""The local page with the one button, and the address at which GitHub hands over the code."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import re
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.cli.setup_exchange import Refused
from bot.cli.setup_wanted import Wanted
from bot.github.needs import ACCESS, event_label, plain

HOST = "127.0.0.1"
BACK_PATH = "/registered"
#: No browser goes there, so the code stays in its address bar.
_NOWHERE = f"http://{HOST}:1{BACK_PATH}"

_FOLDER = Path(__file__).parent
_STYLE = (_FOLDER / "static" / "setup.css").read_text(encoding="utf-8")
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_CODE = re.compile(r"[A-Za-z0-9_-]{1,200}")
_HERE = frozenset({HOST, "localhost"})
_templates = Environment(
    loader=FileSystemLoader(_FOLDER / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.filters |= {"plain": plain, "event_label": event_label}

#: Does what is to be done with the code, and returns what the page says then: a template's values. Raises Refused.
Finish = Callable[[str], Awaitable[dict[str, Any]]]


def new_state() -> str:
    """Make up what GitHub hands back with the code."""
    return secrets.token_urlsafe(24)


def page(wanted: Wanted, redirect_url: str, state: str) -> str:
    """Write the page that shows what will be registered, with the button that sends it to GitHub."""
    return _templates.get_template("setup.html").render(
        style=_STYLE,
        wanted=wanted,
        access=ACCESS,
        host=urlsplit(wanted.server).netloc,
        action=f"{wanted.register_url}?state={quote(state, safe='')}",
        manifest=json.dumps(wanted.manifest(redirect_url)),
    )


def page_to_carry(wanted: Wanted, state: str) -> str:
    """Write the page for a browser that does not reach this machine: the code is left in its address bar."""
    return page(wanted, _NOWHERE, state)


def code_in(pasted: str, state: str) -> str:
    """Find the code in an address, or take it as it is; raises ValueError with a sentence."""
    text = pasted.strip()
    if "=" in text:
        query = parse_qs(text.rpartition("?")[2])
        if query.get("state", [""]) != [state]:
            raise ValueError("That address belongs to another page; paste the one that the button of this one led to.")
        text = "".join(query.get("code", []))
    if not _CODE.fullmatch(text):
        raise ValueError("There is no code in that; it is what stands between code= and & in the browser's address.")
    return text


class Desk:
    """Serves the page until the code has come and all is done with it."""

    def __init__(self, wanted: Wanted, finish: Finish, say: Callable[[str], None]) -> None:
        self._wanted, self._finish, self._say = wanted, finish, say
        self._state, self._key = new_state(), secrets.token_urlsafe(12)
        self._origin = ""
        self._turn = asyncio.Lock()
        self._done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def address(self) -> str:
        """Where the page is; whoever else is on this machine does not know it."""
        return f"{self._origin}/{self._key}"

    @asynccontextmanager
    async def open(self, port: int) -> AsyncIterator[None]:
        """Listen, on a free port where it is 0; raises OSError."""
        app = web.Application()
        app.router.add_get(f"/{self._key}", self._show)
        app.router.add_get(BACK_PATH, self._back)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        try:
            await web.TCPSite(runner, HOST, port).start()
            self._origin = f"http://{HOST}:{runner.addresses[0][1]}"
            yield
        finally:
            await runner.cleanup()

    async def wait(self) -> None:
        """Wait until all is done; raises what went wrong in a way that nobody thought of."""
        await self._done

    async def _show(self, request: web.Request) -> web.Response:
        if not _is_here(request):
            return self._answer("setup_told.html", status=403, title="Not here", told=_ELSEWHERE, next="")
        text = page(self._wanted, f"{self._origin}{BACK_PATH}", self._state)
        return web.Response(text=text, content_type="text/html", headers=self._headers())

    async def _back(self, request: web.Request) -> web.Response:
        """Take the code from GitHub, by way of the browser."""
        ours = hmac.compare_digest(request.query.get("state", "").encode(), self._state.encode())
        code = request.query.get("code", "")
        if not _is_here(request) or not ours or not _CODE.fullmatch(code):
            return self._answer("setup_told.html", status=400, title="Nothing was done", told=_NOT_OURS, next="")
        async with self._turn:
            if self._done.done():
                return self._answer("setup_told.html", title="Done", told=_OVER, next="")
            try:
                values = await self._finish(code)
            except Refused as error:
                self._say(str(error))
                return self._answer(
                    "setup_told.html", status=502, title="That did not work", told=str(error), next=self.address
                )
            except Exception as error:
                self._done.set_exception(error)
                raise
            self._done.set_result(None)
            return self._answer("setup_done.html", **values)

    def _answer(self, template: str, *, status: int = 200, **values: Any) -> web.Response:
        text = _templates.get_template(template).render(style=_STYLE, **values)
        return web.Response(status=status, text=text, content_type="text/html", headers=self._headers())

    def _headers(self) -> dict[str, str]:
        url = urlsplit(self._wanted.server)
        return {
            "Content-Security-Policy": (
                f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; img-src data:; "
                f"form-action {url.scheme}://{url.netloc}; base-uri 'none'; frame-ancestors 'none'"
            ),
            # GitHub sees where the form comes from, and nobody sees the code.
            "Referrer-Policy": "strict-origin",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
        }


_ELSEWHERE = "This page answers its own machine only: open it by the address that setup printed."
_NOT_OURS = (
    "GitHub was not asked by this page, or did not answer as it should. Open the address that setup printed, and press "
    "the button there."
)
_OVER = "The App is registered already; the terminal says what is next."


def _is_here(request: web.Request) -> bool:
    """Tell whether the browser asked for this machine: a foreign name that leads here is somebody else's page."""
    return request.host.rpartition(":")[0] in _HERE
