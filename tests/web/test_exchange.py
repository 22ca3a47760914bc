"""The exchange of identity tokens for sessions, without a worker: whatever it would do, the test does."""

from __future__ import annotations

import json
import logging
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import msgspec
import pytest
from werkzeug.test import TestResponse

from bot.domain.model import Repo
from bot.events.packing import unpack
from bot.store import inbox, repos, wanted
from bot.store.db import transaction
from bot.web import covering
from tests.signing import DISCOVERY
from tests.web.conftest import Site, claims, serving, upload_body

PATH = "/api/v1/auth/github-oidc"


def exchange(site: Site, token: str, **more: Any) -> TestResponse:
    # A client of its own, since several threads do it.
    return site.app.test_client().post(PATH, json={"token": token, "workspaceId": "ws_1"} | more)


def message(answer: TestResponse) -> str:
    told: str = msgspec.json.decode(answer.data)["errorMessage"]
    return told


def session(answer: TestResponse) -> str:
    told = msgspec.json.decode(answer.data)
    assert (answer.status_code, told["success"]) == (200, True), told
    assert list(told["data"]) == ["token"]
    found: str = told["data"]["token"]
    return found


def questions(site: Site) -> list[tuple[int, str]]:
    """List the repositories that the worker is to ask about, with their names."""
    rows = site.db.rows("SELECT repo_id, body FROM inbox WHERE kind = 'repo_wanted' ORDER BY id")
    return [(row["repo_id"], row["body"].decode()) for row in rows]


def test_a_run_gets_a_session_that_uploads_for_it(site: Site) -> None:
    token = session(exchange(site, site.identity_token(environment="prod")))
    assert site.upload(upload_body(), key=token).status_code == 200
    ((_, packed),) = site.inbox()
    header, _ = unpack(packed)
    assert header.claims == claims(environment="prod")
    assert header.credential == "run:9001.1"


def test_the_warm_way_asks_nobody(site: Site) -> None:
    session(exchange(site, site.identity_token()))
    site.signer.asked.clear()
    for _ in range(3):
        session(exchange(site, site.identity_token()))
    assert site.signer.asked == []
    assert questions(site) == []


@pytest.mark.parametrize("more", [{"workspaceId": None}, {"workspaceId": ""}, {"newer": [1]}])
def test_keys_that_are_empty_or_unknown(site: Site, more: dict[str, Any]) -> None:
    session(exchange(site, site.identity_token(), **more))


def test_a_name_that_changed_is_the_same_repository_under_both_and_is_read_again(site: Site) -> None:
    token = session(exchange(site, site.identity_token(repository="acme/Infrastructure")))
    for name, status in (("infra", 200), ("infrastructure", 200), ("other", 403)):
        assert site.upload(upload_body(repo_name=name), key=token).status_code == status
    (again,) = site.db.rows("SELECT repo_id, body FROM inbox WHERE kind = 'repo_read'")
    assert tuple(again) == (7, b"1")


def test_a_name_that_is_written_otherwise_is_no_news(site: Site) -> None:
    session(exchange(site, site.identity_token(repository="Acme/INFRA")))
    assert site.inbox() == []


def test_a_token_is_taken_once(site: Site) -> None:
    token = site.identity_token()
    session(exchange(site, token))
    for seconds in (0, 300, 389):
        site.clock[0] = 1_000_000.0 + seconds
        answer = exchange(site, token)
        assert answer.status_code == 401
        assert "used before" in message(answer)
    site.clock[0] = 1_000_000.0 + 390
    assert "expired" in message(exchange(site, token))
    # What could not be taken any more anyway is not kept.
    session(exchange(site, site.identity_token()))
    assert [row["id"] for row in site.db.rows("SELECT id FROM spent_tokens")] == ["token-2"]


def test_of_twenty_who_show_one_token_together_one_wins(site: Site) -> None:
    body = json.dumps({"token": site.identity_token(), "workspaceId": "ws_1"}).encode()
    together = threading.Barrier(20)

    def ask(port: int) -> int:
        request = urllib.request.Request(f"http://127.0.0.1:{port}{PATH}", body, {"Content-Type": "application/json"})
        together.wait(20)
        try:
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=20) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            error.close()
            return error.code

    with serving(site.app) as port, ThreadPoolExecutor(20) as pool:
        statuses = sorted(pool.map(ask, [port] * 20))
    assert statuses == [200] + [401] * 19


@pytest.mark.parametrize("skew", [-60.0, 60.0, 330.0])
def test_a_clock_that_is_a_minute_off(site: Site, skew: float) -> None:
    token = site.identity_token()
    site.clock[0] += skew
    session(exchange(site, token))


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"exp": 1}, "expired"),
        ({"nbf": 2_000_000}, "clock of Switchyard's machine is slow"),
        ({"aud": "https://github.com/acme"}, "atmos-pro.com or https://switchyard.example"),
        ({"iss": "https://token.actions.githubusercontent.com"}, "SWITCHYARD_OIDC_ISSUER"),
        ({"key": "evil", "headers": {"kid": "one"}}, "signature is wrong"),
        ({"key": "evil"}, "does not list"),
        ({"jti": None}, "no `jti`"),
    ],
)
def test_tokens_that_are_not_taken(
    site: Site, caplog: pytest.LogCaptureFixture, changed: dict[str, Any], words: str
) -> None:
    caplog.set_level(logging.DEBUG)
    token = site.identity_token(**changed)
    answer = exchange(site, token)
    assert answer.status_code == 401
    assert words in message(answer)
    assert token not in caplog.text
    assert token.rpartition(".")[2] not in answer.text + caplog.text
    assert site.db.rows("SELECT * FROM spent_tokens") == []


def test_nothing_secret_is_logged_where_all_is_well(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    token = site.identity_token()
    given = session(exchange(site, token))
    assert "a session for acme/infra: run 9001, attempt 1, of 'octocat'" in caplog.text
    assert token not in caplog.text
    assert given not in caplog.text


def test_an_issuer_that_does_not_answer_is_try_again(site: Site) -> None:
    page, site.signer.pages[DISCOVERY] = site.signer.pages[DISCOVERY], OSError("no way there")
    token = site.identity_token()
    answer = exchange(site, token)
    assert answer.status_code == 503
    assert "Try again in a moment" in message(answer)
    site.signer.pages[DISCOVERY] = page
    site.clock[0] += 5
    session(exchange(site, token))


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"[]", 400),
        (b"{}", 400),
        (b'{"token": null, "workspaceId": "x"}', 400),
        (b'{"token": 7, "workspaceId": "x"}', 400),
        (b'{"token": "", "workspaceId": "x"}', 400),
        (b'{"token": "a.b.c", "workspaceId": 7}', 400),
        (b'{"token": "a.b.c", "workspaceId": "x"}', 401),
        (json.dumps({"token": "x" * 16_385, "workspaceId": ""}).encode(), 400),
        (b" " * (256 * 1024 + 1), 413),
    ],
)
def test_bodies_that_cannot_be_used(site: Site, body: bytes, status: int) -> None:
    answer = site.client.post(PATH, data=body)
    assert answer.status_code == status
    assert message(answer)


# A repository that is not known here: the worker is to ask GitHub.

NEW = {"repository": "acme/new", "repository_id": "9"}


class Waiting:
    """A request that waits for the worker, which the test is."""

    def __init__(self, site: Site, pool: ThreadPoolExecutor, token: str, asked: int = 1) -> None:
        self.site = site
        self.answer: Future[TestResponse] = pool.submit(exchange, site, token)
        while len(questions(site)) < asked:
            assert not self.answer.done(), self.answer.result().text

    def end(self, reason: str, repo: Repo | None = None) -> TestResponse:
        with transaction(self.site.db):
            if repo is not None:
                repos.save(self.site.db, repo, 0.0)
            for row in self.site.db.rows("SELECT id FROM inbox WHERE kind = 'repo_wanted' AND state = 'new'"):
                inbox.finish(self.site.db, row["id"], now=self.site.clock[0], reason=reason)
        return self.answer.result(20)


def test_a_repository_that_github_knows(site: Site) -> None:
    token = site.identity_token(**NEW)
    with ThreadPoolExecutor() as pool:
        waiting = Waiting(site, pool, token)
        assert questions(site) == [(9, "acme/new")]
        given = session(waiting.end("it is acme/new", Repo(9, "acme", "new", 1, "main", 70)))
    assert site.upload(upload_body(repo_name="new"), key=given).status_code == 200
    session(exchange(site, site.identity_token(**NEW)))
    assert len(questions(site)) == 1


def test_a_repository_without_the_app_is_asked_about_once_in_a_minute(site: Site) -> None:
    with ThreadPoolExecutor() as pool:
        answer = Waiting(site, pool, site.identity_token(**NEW)).end(wanted.UNCOVERED)
        assert answer.status_code == 403
        assert "not installed in acme/new. Install it there" in message(answer)
        site.clock[0] += 59
        assert exchange(site, site.identity_token(**NEW)).status_code == 403
        assert len(questions(site)) == 1
        site.clock[0] += 1
        again = Waiting(site, pool, site.identity_token(**NEW), 2)
        session(again.end("it is acme/new", Repo(9, "acme", "new", 1, "main", 70)))


def test_a_repository_that_becomes_known_meanwhile_is_let_in_at_once(site: Site) -> None:
    with ThreadPoolExecutor() as pool:
        assert Waiting(site, pool, site.identity_token(**NEW)).end(wanted.UNCOVERED).status_code == 403
    with transaction(site.db):
        repos.save(site.db, Repo(9, "acme", "new", 1, "main", 70), 0.0)
    session(exchange(site, site.identity_token(**NEW)))


@pytest.mark.parametrize("known", [Repo(7, "acme", "infra", 0, "main", 70), Repo(7, "acme", "infra", 1, "main")])
def test_what_is_known_by_half_is_asked_about(site: Site, known: Repo) -> None:
    with transaction(site.db):
        repos.save(site.db, known, 0.0)
    with ThreadPoolExecutor() as pool:
        waiting = Waiting(site, pool, site.identity_token())
        session(waiting.end("it is acme/infra", Repo(7, "acme", "infra", 1, "main", 70)))


def test_a_token_of_the_owner_before_a_transfer(site: Site) -> None:
    with ThreadPoolExecutor() as pool:
        waiting = Waiting(site, pool, site.identity_token(repository_owner_id="71"))
        answer = waiting.end("it is acme/infra", Repo(7, "acme", "infra", 1, "main", 70))
        assert answer.status_code == 403
        assert "does not belong to any more" in message(answer)
        # The owner that GitHub names is let in.
        session(exchange(site, site.identity_token()))


@pytest.mark.parametrize("end", [inbox.finish, inbox.bury])
def test_github_in_trouble_is_try_again_and_asked_anew(site: Site, end: Callable[..., None]) -> None:
    with ThreadPoolExecutor() as pool:
        for asked in (1, 2):
            waiting = Waiting(site, pool, site.identity_token(**NEW), asked)
            with transaction(site.db):
                end(site.db, asked, now=0.0, reason="GitHub is in trouble (status 502); this is tried again by itself.")
            answer = waiting.answer.result(20)
            assert answer.status_code == 503
            assert "Run the command again in a minute" in message(answer)


def test_without_a_worker_it_is_try_again_and_the_token_stays_good(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(covering, "_STEPS", 2)
    token = site.identity_token(**NEW)
    for _ in range(2):
        assert exchange(site, token).status_code == 503
    assert len(questions(site)) == 1
    with transaction(site.db):
        repos.save(site.db, Repo(9, "acme", "new", 1, "main", 70), 0.0)
    session(exchange(site, token))


def test_strangers_cannot_occupy_all_threads(site: Site) -> None:
    with ThreadPoolExecutor() as pool:
        waiting = [
            Waiting(
                site, pool, site.identity_token(repository=f"evil/r{number}", repository_id=str(number)), number - 9
            )
            for number in range(10, 14)
        ]
        answer = exchange(site, site.identity_token(repository="evil/r5", repository_id="15"))
        assert answer.status_code == 503
        assert len(questions(site)) == 4
        session(exchange(site, site.identity_token()))
        assert [one.end(wanted.UNCOVERED).status_code for one in waiting] == [403] * 4
