"""Writes pages: one at a time, and only where something has changed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Response, render_template, request

import bot
from bot.domain.events import Rules
from bot.domain.model import Pull, Repo
from bot.store import dead
from bot.store.db import Db
from bot.web import pages_front, pages_pull, pages_wrong
from bot.web.pages_front import View
from bot.web.pages_graph import Pictures
from bot.web.pages_login import Door
from bot.web.reading import Reader
from bot.web.turns import Turns

#: A page is fetched anew after so many seconds; one of many instances later, by a second for each of these.
_FRESH, _GROWS_WITH = 5, 100
_DEAD_LISTED = 200

Now = Callable[[], float]
Health = Callable[[], dict[str, object]]


@dataclass(frozen=True, slots=True)
class Showing:
    """What the pages need of the process."""

    key: bytes  # signs links and cookies
    https: bool  # people come by HTTPS
    server_url: str  # where people see GitHub, without a slash at the end
    view: View  # gathers what a pull request's comment tells


class Pages:
    """Writes pages, one at a time."""

    def __init__(self, reader: Reader, door: Door, rules: Rules, health: Health, showing: Showing, now: Now) -> None:
        self.reader, self.door, self.showing, self.now = reader, door, showing, now
        self._rules, self._health = rules, health
        self.pictures = Pictures()
        self._turns = Turns()

    def front(self) -> Response:
        """Show what goes on everywhere."""
        limits = (self._rules.max_in_flight, self._rules.mode)
        with self._turns.one(), self.reader.moment() as db:
            values = pages_front.page(db, self.showing.view, self.now(), limits)
            health = self._health()
            told: dict[str, Any] = {"service": pages_front.service(health), "live": health.get("live") is True}
            return self.answer("front.html", refresh=30, **told, **values)

    def deliveries(self, done: str) -> Response:
        """Show what was given up."""
        with self._turns.one(), self.reader.moment() as db:
            inputs, wishes = dead.came_in(db, _DEAD_LISTED), dead.to_send(db, self.now(), _DEAD_LISTED)
        return self.answer("deliveries.html", refresh=0, inputs=inputs, wishes=wishes, done=done, most=_DEAD_LISTED)

    def pull(self, db: Db, repo: Repo | None, pull: Pull | None) -> Response:
        """Show a pull request; 304 where it is as the browser has it."""
        if repo is None or pull is None:
            return pages_wrong.nowhere()
        visit, chosen = self.door.visit(), number(request.args.get("rollout", ""))
        before = number(request.args.get("before", ""))
        seen = (request.path, chosen, before, visit and visit.id, bot.__version__, self.pictures.instead)
        version = pages_pull.version(db, repo.id, pull.number, self.now())
        etag = f'"{hashlib.sha256(repr((version, seen)).encode()).hexdigest()[:32]}"'
        if request.headers.get("If-None-Match") == etag:
            response = Response(status=304)
        else:
            with self._turns.one():
                response = self._pull(db, repo, pull, chosen, before)
        if response.status_code != 404:
            response.headers["ETag"] = etag
        return response

    def _pull(self, db: Db, repo: Repo, pull: Pull, chosen: int, before: int) -> Response:
        view = self.showing.view(db, repo, pull)
        shown = pages_pull.of_rollout(db, view, chosen) if view is not None and chosen else view
        if chosen and shown is None:
            return pages_wrong.nowhere()
        values = pages_pull.page(db, view, shown, before) if view is not None and shown is not None else None
        size = len(values["rows"]) if values else 0
        refresh = _FRESH + size // _GROWS_WITH
        home = f"{self.showing.server_url}/{repo.full_name}"
        told: dict[str, Any] = {
            "repo": repo,
            "pull": pull,
            "home": home,
            "shown": values,
            "chosen": chosen,
            "before": before,
            "url_here": request.path,
            "instead": self.pictures.instead,
        }
        return self.answer("pull.html", refresh=refresh, **told)

    def answer(self, template: str, *, refresh: int, alone: bool = False, **values: Any) -> Response:
        """Write a page. `refresh` is after how many seconds it is fetched anew; 0 for never."""
        visit = None if alone else self.door.visit()
        form = self.door.visits.form(visit) if visit else ""
        text = render_template(template, visit=visit, form=form, refresh=refresh, now=self.now(), **values)
        return Response(text, content_type="text/html; charset=utf-8")


def number(text: str) -> int:
    """Read a number that an address names; 0 where it is none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else 0
