"""The headers of everything that is served, by kind. What is served anew needs a line here."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from bot.domain.graph import Instance
from bot.store import graphs
from bot.store.db import transaction
from tests.web.conftest import Site
from tests.web.pages_site import enter, keep
from tests.web.test_rollout_json import step, walk

CLOSED = "default-src 'none'; frame-ancestors 'none'"
#: What every answer has.
USUAL = {
    "Content-Security-Policy": CLOSED,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": None,
    "X-Robots-Tag": None,
}
PAGE = USUAL | {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Robots-Tag": "noindex, nofollow",
}
HELP = PAGE | {"Cache-Control": "public, max-age=3600"}
DRAWING = USUAL | {"Cache-Control": "private, max-age=3600"}
#: GitHub's pages show it, from wherever they are.
IN_COMMENT = USUAL | {
    "Cache-Control": "public, max-age=31536000, immutable",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
#: Browsers ask whether it is the same still.
FILE = USUAL | {"Cache-Control": "no-cache"}

#: What is served, by the name of its endpoint: an address of it that is there, and the headers that are due.
SERVED = {
    "pages.linked": ("/p/{token}", PAGE),
    "pages.named": ("/acme/infra/pulls/42", PAGE),
    "pages.linked_graph": ("/p/{token}/graph.svg?rollout=3", DRAWING),
    "pages.named_graph": ("/acme/infra/pulls/42/graph.svg?rollout=3", DRAWING),
    "pages.static": ("/static/pages.css", FILE),
    "operators.front": ("/", PAGE),
    "operators.deliveries": ("/deliveries", PAGE),
    "operators.again": ("/deliveries", PAGE),
    "login.ask": ("/login", PAGE),
    "login.enter": ("/login", PAGE),
    "login.leave": ("/logout", PAGE),
    "help.troubleshooting": ("/docs/troubleshooting.md", HELP),
    "graphs.picture": ("/graphs/token/hash-light.svg", IN_COMMENT),
    "health.healthz": ("/healthz", USUAL),
    "health.metrics": ("/metrics", USUAL),
    "hooks.github": ("/webhooks/github", USUAL),
}


def addresses(site: Site) -> list[tuple[str, str, dict[str, str | None]]]:
    """List method and address of everything that is served, with the headers that are due."""
    link = keep(site, walk(step(0)))
    with transaction(site.db):
        graphs.put(site.db, "token", "hash", b"<svg/>", b"<svg/>", now=0)
    found: list[tuple[str, str, dict[str, str | None]]] = []
    for rule in site.app.url_map.iter_rules():
        path, due = SERVED.get(rule.endpoint, ("", USUAL))
        if not path:
            assert rule.rule.startswith("/api/v1/"), f"{rule.rule} is served, and its headers are not told here"
            path = rule.rule.replace("<int:", "<").replace("<", "").replace(">", "")
        methods = sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
        found += [(method, path.format(token=link.removeprefix("/p/")), due) for method in methods]
    return found


@pytest.mark.parametrize("let_in", [True, False])
def test_whatever_is_served_has_the_headers_of_its_kind(site: Site, let_in: bool) -> None:
    client: FlaskClient = enter(site) if let_in else site.client
    served = addresses(site)
    assert {rule.endpoint for rule in site.app.url_map.iter_rules()} >= set(SERVED)
    for method, path, due in served:
        with client.open(path, method=method) as answer:
            # What is refused is refused by a page, or as all else.
            gone = answer.status_code == 404 and answer.mimetype == "text/html"
            seen = {name: answer.headers.get(name) for name in USUAL}
        assert seen == (PAGE if gone else due), f"{method} {path} ({answer.status_code})"


@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
@pytest.mark.parametrize("path", ["/nothing", "/logout", "/p/x", "/acme/infra/pulls/7", "/static/nothing.css"])
def test_and_so_has_what_is_not(site: Site, method: str, path: str) -> None:
    headers = site.client.open(path, method=method).headers
    assert {name: headers.get(name) for name in USUAL} == PAGE


def test_so_has_a_picture_that_cannot_be_drawn(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    link = keep(site, walk(replace(step(0), instance=Instance("a stack", "of which there is no picture")), id=31))
    monkeypatch.setattr("renderers.engine.execute.run_check", _broken)
    headers = site.client.get(f"{link}/graph.svg?rollout=31").headers
    assert {name: headers.get(name) for name in USUAL} == PAGE


def _broken(*_args: object, **_more: object) -> None:
    raise OSError("no dot here")
