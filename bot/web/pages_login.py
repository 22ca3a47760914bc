"""In and out: a link of `switchyard login-link` becomes a cookie, and each form shows that it is from our own page."""

from __future__ import annotations

import hmac
from collections.abc import Callable

from flask import Blueprint, Response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from bot.store import spent
from bot.store.db import Db
from bot.store.writer import Writer
from bot.web.reading import Reader
from bot.web.visits import VISIT_LASTS, Pass, Visits

#: As large as a form of ours may be, in bytes.
LARGEST_FORM = 16 * 1024


class Door:
    """Tells who comes, by the cookie."""

    def __init__(self, visits: Visits, reader: Reader, *, https: bool) -> None:
        self.visits, self._reader = visits, reader
        self._https = https
        # With this prefix browsers take it from this host alone, and by HTTPS alone.
        self._cookie = "__Host-switchyard" if https else "switchyard"

    def visit(self) -> Pass | None:
        """Find out whose visit this request belongs to; None where nobody let it in, or the visit was left."""
        cookie = request.cookies.get(self._cookie, "")
        found = self.visits.open_cookie(cookie) if cookie else None
        return None if found is None or spent.is_spent(self._reader.db(), _left(found)) else found

    def let_in(self, response: AnyResponse, by: str) -> None:
        """Give the cookie of a new visit."""
        self._set(response, self.visits.cookie(by), int(VISIT_LASTS))

    def let_out(self, response: AnyResponse) -> None:
        """Take the cookie back."""
        self._set(response, "", 0)

    def is_own(self, visit: Pass) -> bool:
        """Tell whether a form that was sent is from a page of this visit; reads the form."""
        request.max_content_length = LARGEST_FORM
        return hmac.compare_digest(request.form.get("form", "").encode(), self.visits.form(visit).encode())

    def _set(self, response: AnyResponse, value: str, seconds: int) -> None:
        response.set_cookie(
            self._cookie, value, max_age=seconds, path="/", secure=self._https, httponly=True, samesite="Lax"
        )


def blueprint(door: Door, writer: Writer, now: Callable[[], float]) -> Blueprint:
    """Make the way in and out."""
    login = Blueprint("login", __name__)

    @login.get("/login")
    def ask() -> Response:
        # Nothing is used up by looking: mail programs and chats fetch links before people press them.
        link = request.args.get("link", "")
        found = door.visits.open_link(link)
        return _page("login.html", 200, link=link, by=found.by) if found else _not_good()

    @login.post("/login")
    def enter() -> AnyResponse:
        request.max_content_length = LARGEST_FORM
        found = door.visits.open_link(request.form.get("link", ""))
        if found is None:
            return _not_good()

        def spend(db: Db) -> bool:
            return spent.spend(db, f"login:{found.id}", until=found.until, now=now())

        if not writer.run(spend):
            return _not_good()
        response = redirect("/", 303)
        door.let_in(response, found.by)
        return response

    @login.post("/logout")
    def leave() -> AnyResponse:
        visit = door.visit()
        if visit is not None and not door.is_own(visit):
            return other_form()
        if visit is not None:
            # Taking the cookie back is not enough: it may have been copied.
            writer.run(lambda db: spent.spend(db, _left(visit), until=visit.until, now=now()))
        response = redirect("/", 303)
        door.let_out(response)
        return response

    return login


def closed() -> Response:
    """Say that a page is for who runs the service, and how they come in."""
    return _page("closed.html", 403)


def other_form() -> Response:
    """Refuse a form that is not from a page of this visit."""
    return _page("other_form.html", 403)


def _left(visit: Pass) -> str:
    """Name the end of a visit among what is spent."""
    return f"visit:{visit.id}"


def _not_good() -> Response:
    return _page("used.html", 403)


def _page(template: str, status: int, **values: object) -> Response:
    return Response(render_template(template, visit=None, **values), status, content_type="text/html; charset=utf-8")
