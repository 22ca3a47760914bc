from __future__ import annotations

import pytest

from bot.store import graphs
from bot.store.db import transaction
from tests.web.conftest import Site

SVG, NIGHT = b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"<svg xmlns='http://www.w3.org/2000/svg' id='dark'/>"


@pytest.mark.parametrize(("look", "picture"), [("light", SVG), ("dark", NIGHT)])
def test_a_picture(site: Site, look: str, picture: bytes) -> None:
    with transaction(site.db):
        graphs.put(site.db, "token", "hash", SVG, NIGHT, now=0)
    answer = site.client.get(f"/graphs/token/hash-{look}.svg")
    assert (answer.status_code, answer.data) == (200, picture)
    assert answer.content_type.startswith("image/svg+xml")
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    [
        "token/other-light.svg",
        "other/hash-light.svg",
        "token/hash.svg",
        "token/hash-light",
        "token/hash-grey.svg",
        "token/hash-light.svg/",
        "%2e%2e/hash-light.svg",
    ],
)
def test_a_picture_that_is_not_there(site: Site, path: str) -> None:
    with transaction(site.db):
        graphs.put(site.db, "token", "hash", SVG, NIGHT, now=0)
    answer = site.client.get(f"/graphs/{path}")
    assert answer.status_code == 404
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("told", "status"),
    [
        ({"live": True, "github": "unreachable", "inbox_seconds": 4000.0}, 200),
        ({"live": False}, 503),
        ({}, 503),
    ],
)
def test_health(site: Site, told: dict[str, object], status: int) -> None:
    site.health.clear()
    site.health.update(told)
    answer = site.client.get("/healthz")
    assert (answer.status_code, answer.json) == (status, told)


@pytest.mark.parametrize(
    "path", ["/healthz", "/metrics", "/graphs/a/b-light.svg", "/", "/api/v1/rollouts", "/webhooks/github"]
)
def test_every_answer_is_careful(site: Site, path: str) -> None:
    headers = site.client.get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert headers["Cache-Control"] == "no-store"
