"""Pages for people: read only, but for the button that gives what was given up another chance.

A pull request's page is shown to whoever has its link from the comment; all else to who was let in.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, redirect, request, url_for
from jinja2 import StrictUndefined
from werkzeug.wrappers import Response as AnyResponse

from bot.domain.model import Pull, Repo
from bot.domain.rollout import Walk
from bot.domain.states import states
from bot.store import dead, pulls, repos, rollouts
from bot.store.db import Db
from bot.store.writer import Writer
from bot.web import pages_login, pages_words, pages_wrong
from bot.web.answers import API, Refusal
from bot.web.pages_graph import Pictures
from bot.web.pages_login import Door
from bot.web.pages_writing import Pages, number

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Robots-Tag": "noindex, nofollow",
}


def blueprint(pages: Pages) -> Blueprint:
    """Make the endpoints of pull requests' pages, and what all pages need."""
    found = Blueprint("pages", __name__, template_folder="templates", static_folder="static", static_url_path="/static")
    pictures = pages.pictures

    @found.record
    def prepare(state: Any) -> None:
        state.app.jinja_env.undefined = StrictUndefined
        state.app.jinja_env.trim_blocks = state.app.jinja_env.lstrip_blocks = True
        state.app.jinja_env.filters.update(pages_words.FILTERS)

    @found.get("/p/<token>")
    def linked(token: str) -> Response:
        with pages.reader.moment() as db:
            return pages.pull(db, *_by_token(db, token))

    @found.get("/<owner>/<name>/pulls/<int:pull>")
    def named(owner: str, name: str, pull: int) -> Response:
        with pages.reader.moment() as db:
            return pages.pull(db, *_by_name(db, pages.door, owner, name, pull))

    @found.get("/p/<token>/graph.svg")
    def linked_graph(token: str) -> Response:
        with pictures.turns.one():
            with pages.reader.moment() as db:
                walk = _walk(db, *_by_token(db, token))
            return _graph(pictures, walk) if walk else pages_wrong.nowhere()

    @found.get("/<owner>/<name>/pulls/<int:pull>/graph.svg")
    def named_graph(owner: str, name: str, pull: int) -> Response:
        with pictures.turns.one():
            with pages.reader.moment() as db:
                walk = _walk(db, *_by_name(db, pages.door, owner, name, pull))
            return _graph(pictures, walk) if walk else pages_wrong.nowhere()

    @found.after_app_request
    def careful(response: Response) -> Response:
        if response.mimetype == "text/html":
            for name, value in _HEADERS.items():
                response.headers[name] = value
        return response

    return found


def operators(pages: Pages, writer: Writer) -> Blueprint:
    """Make the endpoints for who runs the service."""
    found = Blueprint("operators", __name__)

    @found.get("/")
    def front() -> Response:
        return pages.front() if pages.door.visit() else pages_login.closed()

    @found.get("/deliveries")
    def deliveries() -> Response:
        return pages.deliveries(request.args.get("done", "")) if pages.door.visit() else pages_login.closed()

    @found.post("/deliveries")
    def again() -> AnyResponse:
        visit = pages.door.visit()
        if visit is None:
            return pages_login.closed()
        if not pages.door.is_own(visit):
            return pages_login.other_form()
        table, key = request.form.get("table", ""), request.form.get("key", "")

        def put(db: Db) -> bool:
            if table == "inbox":
                return dead.take_again(db, number(key), by=visit.by, now=pages.now())
            return table == "outbox" and dead.send_again(db, key, by=visit.by, now=pages.now())

        done = "yes" if writer.run(put) else "no"
        return redirect(url_for("operators.deliveries", done=done), 303)

    return found


def _by_token(db: Db, token: str) -> tuple[Repo | None, Pull | None]:
    pull = pulls.of_token(db, token)
    return (repos.get(db, pull.repo_id), pull) if pull else (None, None)


def _by_name(db: Db, door: Door, owner: str, name: str, number: int) -> tuple[Repo | None, Pull | None]:
    """Find a pull request for who was let in; for others there is none."""
    if request.path.startswith(API):
        raise Refusal(404, "Switchyard has nothing at this address; its docs/api.md lists what there is.")
    if door.visit() is None or number > 2**31:
        return None, None
    repo = repos.named(db, owner, name)
    return repo, pulls.get(db, repo.id, number) if repo else None


def _walk(db: Db, repo: Repo | None, pull: Pull | None) -> Walk | None:
    """Read the rollout that a picture is of; None where it is none of this pull request."""
    walk = rollouts.load(db, number(request.args.get("rollout", ""))) if repo and pull else None
    its = walk and pull and (walk.rollout.repo_id, walk.rollout.pull) == (pull.repo_id, pull.number)
    return walk if its else None


def _graph(pictures: Pictures, walk: Walk) -> Response:
    found = pictures.of(walk, states(walk))
    if found is None:
        raise Refusal(503, "The graph cannot be drawn; the log says why.")
    drawn = found.dark if request.args.get("look") == "dark" else found.light
    response = Response(drawn, content_type="image/svg+xml; charset=utf-8")
    if walk.rollout.id not in pictures.instead:
        # Its address on the page names what it shows; what is drawn for want of better may be better the next time.
        response.headers["Cache-Control"] = "private, max-age=3600"
    return response
