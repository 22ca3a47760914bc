"""The small GitHub's pages, for people: what there is to see, and buttons for what people do."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.sandbox import pages_apps, pages_doings, pages_views, pages_words
from bot.sandbox.errors import HubError
from bot.sandbox.pages_markdown import rendered
from bot.sandbox.pages_visit import Missing, Visit
from bot.sandbox.server import Sandbox

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_FOLDER = Path(__file__).parent
_STATIC = {
    "pages.css": ("text/css", (_FOLDER / "static" / "pages.css").read_text(encoding="utf-8")),
    "pages.js": ("text/javascript", (_FOLDER / "static" / "pages.js").read_text(encoding="utf-8")),
}
_HERE = frozenset({"127.0.0.1", "localhost", "[::1]"})
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
        "img-src 'self' http: https: data:; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
    ),
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}


def add_pages(sandbox: Sandbox, *, person: str) -> None:
    """Add the pages to a sandbox that has not been started yet. Whoever presses a button does so as `person`."""
    pages = _Pages(sandbox, person)
    router = sandbox.app.router
    for path in pages_apps.ARRIVALS:
        router.add_post(path, pages.arriving)
    for path, view in [*pages_apps.VIEWS, *pages_views.VIEWS]:
        router.add_get(path, pages.showing(view))
    for path, doing in [*pages_apps.DOINGS, *pages_doings.DOINGS]:
        router.add_post(path, pages.doing(doing))
    router.add_get("/-/{name}", _static)
    router.add_get("/{tail:.*}", pages.showing(_nowhere))


class _Pages:
    def __init__(self, sandbox: Sandbox, person: str) -> None:
        self._sandbox, self._person = sandbox, person
        self._notes: dict[str, str] = {}
        self._environment = Environment(
            loader=FileSystemLoader(_FOLDER / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters |= {**pages_words.FILTERS, "rendered": rendered}
        self._environment.globals["person"] = person

    def showing(self, view: pages_views.View) -> Handler:
        """Make the handler of a page."""

        async def show(request: web.Request) -> web.StreamResponse:
            if not _is_here(request):
                return _elsewhere()
            try:
                template, values = view(self._visit(request))
            except Missing:
                if "text/html" not in request.headers.get("Accept", ""):
                    return await self._sandbox.unknown(request)
                return self._answer(request, "nowhere.html", {}, status=404)
            return self._answer(request, template, values)

        return show

    async def arriving(self, request: web.Request) -> web.StreamResponse:
        """Answer a form that another site's page sends. It only shows something, so it may come from anywhere."""
        if not _is_here(request):
            return _elsewhere()
        form = await request.post()
        template, values = pages_apps.new_app(self._visit(request), form)
        answer = self._answer(request, template, values, status=422 if values["wrong"] else 200)
        # A browser looks at where the answer to a form leads, too.
        answer.headers["Content-Security-Policy"] += f" {pages_apps.goes_to(form)}"
        return answer

    def doing(self, do: pages_doings.Doing) -> Handler:
        """Make the handler of a button: it does the thing and leads back, with a note when it could not be done."""

        async def press(request: web.Request) -> web.StreamResponse:
            if not _is_here(request) or request.headers.get("Origin", _origin(request)) != _origin(request):
                return _elsewhere()
            form = await request.post()
            back = str(form.get("back", ""))
            try:
                leads_to = do(self._visit(request), form)
            except Missing:
                return self._answer(request, "nowhere.html", {}, status=404)
            except HubError as error:
                leads_to = f"{_path(back)}?note={self._keep(str(error))}"
            raise web.HTTPSeeOther(leads_to or _path(back))

        return press

    def _visit(self, request: web.Request) -> Visit:
        return Visit(self._sandbox.hub, self._person, request)

    def _answer(
        self, request: web.Request, template: str, values: dict[str, Any], *, status: int = 200
    ) -> web.StreamResponse:
        note = self._notes.pop(request.query.get("note", ""), "")
        html = self._environment.get_template(template).render(**values, note=note, path=request.path)
        etag = f'"{hashlib.sha256(html.encode()).hexdigest()[:32]}"'
        headers = {**_HEADERS, "ETag": etag}
        if status == 200 and request.headers.get("If-None-Match") == etag:
            return web.Response(status=304, headers=headers)
        return web.Response(status=status, text=html, content_type="text/html", headers=headers)

    def _keep(self, note: str) -> str:
        token = secrets.token_hex(8)
        self._notes[token] = note
        return token


async def _static(request: web.Request) -> web.StreamResponse:
    name = request.match_info["name"]
    if name not in _STATIC:
        raise web.HTTPNotFound
    kind, text = _STATIC[name]
    return web.Response(text=text, content_type=kind, headers=_HEADERS)


def _nowhere(_visit: Visit) -> pages_views.Page:
    raise Missing


def _is_here(request: web.Request) -> bool:
    """Tell whether the browser asked for this machine: a foreign name that leads here is somebody else's page."""
    name, _, port = request.host.rpartition(":")
    return (name if port.isdecimal() else request.host) in _HERE


def _origin(request: web.Request) -> str:
    return f"http://{request.host}"


def _elsewhere() -> web.Response:
    text = "These pages answer their own machine only: open them by the address that the demo printed.\n"
    return web.Response(status=403, text=text)


def _path(back: str) -> str:
    """Return a path of ours, and the front page for anything else."""
    fits = back.startswith("/") and not back.startswith("//") and back.isprintable() and "\\" not in back
    return back if fits else "/"
