"""The web side: takes webhooks and uploads into the inbox and shows what is stored. It never works on anything."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask
from prometheus_client import CollectorRegistry

from bot.domain.approving import Limits
from bot.domain.events import Rules
from bot.store.writer import Writer
from bot.web import (
    answers,
    api,
    approvals,
    exchange,
    graphs,
    headers,
    hooks,
    inventory,
    locks,
    openapi,
    pages,
    pages_help,
    pages_login,
    refused,
    state,
    statuses,
    watch,
)
from bot.web.auth import Gate
from bot.web.covering import Covering
from bot.web.exchange import Trust
from bot.web.pages_login import Door
from bot.web.pages_writing import Pages, Showing
from bot.web.reading import Reader
from bot.web.sessions import Sessions
from bot.web.visits import Visits

_DESCRIBED = (api, approvals, exchange, inventory, locks, refused, state, statuses)


def create_app(
    *,
    database: str,
    webhook_secret: str,
    session_key: bytes,
    writer: Writer,
    now: Callable[[], float],
    health: Callable[[], dict[str, object]],
    registry: CollectorRegistry,
    own_kinds: frozenset[str],
    trust: Trust,
    rules: Rules,
    showing: Showing,
    docs_url: str = "",
) -> Flask:
    """Make the app. The tables must be there; `writer` wakes the worker after each commit.

    `health` is called in web threads and says with `live` whether all is well; `own_kinds` are the kinds of input that
    GitHub may not send, `trust` says whose identity tokens are taken, by `rules` it is told what keeps steps, and
    `showing` is what the pages for people need; refusals lead to the docs at `docs_url`.
    """
    app = Flask(__name__, static_folder=None)
    app.url_map.merge_slashes = False
    reader = Reader(database)
    answers.install(app)
    app.after_request(headers.secure)
    app.register_blueprint(hooks.blueprint(webhook_secret, writer, now, own_kinds))
    sessions = Sessions(session_key, now)
    gate = Gate(reader, writer, sessions, now, docs_url)
    covering = Covering(reader, writer, now)
    app.register_blueprint(exchange.blueprint(trust, sessions, covering, writer, now))
    app.register_blueprint(api.blueprint(gate, writer, now))
    app.register_blueprint(approvals.blueprint(gate, reader, writer, now, Limits(self_approve=rules.self_approve)))
    app.register_blueprint(inventory.blueprint(gate, writer, now))
    app.register_blueprint(statuses.blueprint(gate, writer, now))
    app.register_blueprint(locks.blueprint(gate, writer, now))
    app.register_blueprint(refused.blueprint())
    app.register_blueprint(state.blueprint(gate, reader, rules))
    app.register_blueprint(openapi.blueprint([one for module in _DESCRIBED for one in module.ENDPOINTS]))
    app.register_blueprint(graphs.blueprint(reader))
    app.register_blueprint(watch.blueprint(health, registry))
    door = Door(Visits(showing.key, now), reader, https=showing.https)
    app.register_blueprint(pages_login.blueprint(door, writer, now))
    writing = Pages(reader, door, rules, health, showing, now)
    app.register_blueprint(pages.blueprint(writing))
    app.register_blueprint(pages.operators(writing, writer))
    app.register_blueprint(pages_help.blueprint(writing))
    app.wsgi_app = headers.PlainPaths(app.wsgi_app)  # type: ignore[assignment, method-assign]
    return app
