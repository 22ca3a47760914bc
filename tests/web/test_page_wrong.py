"""What people are told where something does not work: a page in plain words. Programs get JSON, as ever."""

from __future__ import annotations

import sqlite3
from threading import Event, Thread
from typing import Any

import pytest
from werkzeug.test import TestResponse

from bot.web import pages_front
from bot.web.visits import Visits
from tests.web.conftest import PAGES_KEY, Site
from tests.web.pages_site import body, enter, keep
from tests.web.reading_pages import Page
from tests.web.test_api import envelope
from tests.web.test_rollout_json import step, walk

PLEASE_LOAD = '<meta http-equiv="refresh" content="30">'
PACKED = {"Content-Encoding": "gzip"}


@pytest.mark.parametrize(
    ("method", "path", "more", "status", "called", "next_move"),
    [
        ("GET", "/nothing", {}, 404, "Nothing here", "The page of a pull request is linked in its comment."),
        ("GET", "/graphs/a/b-light.svg", {}, 404, "Nothing here", "or it is not for you"),
        ("GET", "/apis", {}, 404, "Nothing here", "or it is not for you"),
        ("GET", "/logout", {}, 405, "Nothing was done", "press the button there"),
        ("PUT", "/", {}, 405, "Nothing was done", "press the button there"),
        ("POST", "/login", {"data": {"link": "x" * 100_000}}, 413, "Nothing was done", "load it anew"),
        ("POST", "/login", {"headers": PACKED}, 415, "This did not work", "send it as it is"),
    ],
)
def test_what_does_not_work_is_told_on_a_page(
    site: Site, method: str, path: str, more: Any, status: int, called: str, next_move: str
) -> None:
    answer = site.client.open(path, method=method, **more)
    page = Page(body(answer))
    assert (answer.status_code, page.flaws, page.headings[0]) == (status, [], (1, called))
    assert next_move in page.text
    assert PLEASE_LOAD not in answer.text
    assert ("Allow" in answer.headers) is (status == 405)
    assert "api.md" not in answer.text


@pytest.mark.parametrize(
    ("error", "status", "told"),
    [
        (
            ZeroDivisionError("a <secret>"),
            500,
            "Something went wrong Switchyard could not answer, and its log says why.",
        ),
        (
            sqlite3.OperationalError("a <secret>"),
            503,
            "Not just now Switchyard's database is busy; try again in a moment.",
        ),
    ],
)
def test_what_breaks_is_a_page_that_comes_back_by_itself(
    site: Site, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, told: str
) -> None:
    def breaks(*_args: object) -> None:
        raise error

    client = enter(site)
    monkeypatch.setattr(pages_front, "page", breaks)
    answer = client.get("/")
    page = Page(body(answer))
    assert (answer.status_code, page.flaws) == (status, [])
    assert told in page.text
    assert PLEASE_LOAD in answer.text
    assert "secret" not in answer.text


def test_a_form_that_breaks_is_not_sent_again_by_itself(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*_args: object, **_more: object) -> None:
        raise TimeoutError

    monkeypatch.setattr("bot.store.spent.spend", breaks)
    answer = site.client.post("/login", data={"link": Visits(PAGES_KEY, site.now).link("dora")})
    assert answer.status_code == 503
    assert "try again in a moment" in Page(body(answer)).text
    assert PLEASE_LOAD not in answer.text


@pytest.mark.parametrize(
    ("method", "path", "more", "status"),
    [
        ("GET", "/api/v1/nothing", {}, 404),
        ("GET", "/api", {}, 404),
        ("GET", "/api/v2/nothing", {}, 404),
        ("GET", "/webhooks/github", {}, 405),
        ("GET", "/webhooks/gitlab", {}, 404),
        ("POST", "/healthz", {}, 405),
        ("GET", "/metrics/", {}, 404),
        ("POST", "/of-a-wrong-address/api/v1/affected-stacks", {"json": {}}, 404),
    ],
)
def test_programs_get_json(site: Site, method: str, path: str, more: Any, status: int) -> None:
    answer = site.client.open(path, method=method, **more)
    assert (answer.status_code, answer.content_type) == (status, "application/json")
    if path.startswith("/api/v1/"):
        assert envelope(answer).status == status
    else:
        assert list(answer.json or {}) == ["error"]


def test_no_page_but_those_that_cost_nothing_is_written_beside_another(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.web.turns._PATIENCE", 0.001)
    client, link = enter(site), keep(site, walk(step(0)))
    began, ends, real = Event(), Event(), pages_front.page
    first: list[TestResponse] = []

    def slow(*args: Any) -> dict[str, Any]:
        began.set()
        assert ends.wait(10)
        return real(*args)

    monkeypatch.setattr(pages_front, "page", slow)
    other = Thread(target=lambda: first.append(enter(site).get("/")))
    other.start()
    assert began.wait(10)
    for path in ("/", "/deliveries", link, "/acme/infra/pulls/42"):
        answer = client.get(path)
        page = Page(body(answer))
        assert (answer.status_code, page.flaws) == (503, []), path
        assert "Several people look at large pages just now; load it again in a moment." in page.text
        assert PLEASE_LOAD in answer.text
    assert client.get("/login").status_code == 403
    assert client.get("/docs/troubleshooting.md").status_code == 200
    ends.set()
    other.join(10)
    assert first[0].status_code == 200
    assert "What goes on" in client.get("/").text
