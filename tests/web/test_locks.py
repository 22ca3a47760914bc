"""Locking and unlocking, as `atmos pro lock` and `atmos pro unlock` do."""

from __future__ import annotations

import json
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from http.client import HTTPConnection
from typing import Any

import pytest
from werkzeug.test import TestResponse

from bot.domain.model import Repo
from bot.domain.rollout import Draft
from bot.store import locks, repos, rollouts, waiting
from bot.store.db import transaction
from bot.store.writer import Writer
from tests.web.conftest import Site, serving
from tests.web.test_api import GoEnvelope, envelope
from tests.web.test_rollout_json import step, walk

KEY = "acme/infra/dev/vpc"


def send(site: Site, method: str, body: object, token: str | None = None) -> TestResponse:
    return site.client.open(
        "/api/v1/locks",
        method=method,
        data=body if isinstance(body, bytes) else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {token or site.session()}"},
        content_type="application/json",
    )


def lock(site: Site, token: str | None = None, key: str = KEY, **more: Any) -> GoEnvelope:
    return envelope(send(site, "POST", {"key": key} | more, token))


def unlock(site: Site, token: str | None = None, key: str = KEY) -> GoEnvelope:
    return envelope(send(site, "DELETE", {"key": key}, token))


def held(site: Site, repo_id: int = 7) -> set[str]:
    return set(locks.holding(site.db, repo_id, site.clock[0]))


def test_a_lock_says_what_the_cli_shows(site: Site) -> None:
    site.clock[0] = 1_777_888_800.5
    told = lock(site, ttl=600, lockMessage="Upgrading.", properties={"a": [1]}, other=None)
    assert (told.success, told.status) == (True, 200)
    data = dict(told.data or {})
    assert str(data.pop("id")).startswith("lock-")
    assert data == {
        "key": KEY,
        "lockMessage": "Upgrading.",
        "expiresAt": "2026-05-04T10:10:01Z",  # not before ten minutes are over
        "createdAt": "2026-05-04T10:00:00Z",
        "updatedAt": "2026-05-04T10:00:00Z",
    }
    assert held(site) == {"dev/vpc"}


@pytest.mark.parametrize("more", [{}, {"ttl": None, "lockMessage": None, "properties": None}, {"lockMessage": ""}])
def test_what_is_left_out_is_30_seconds_and_a_message_of_its_own(site: Site, more: dict[str, Any]) -> None:
    data = lock(site, **more).data or {}
    assert data["lockMessage"] == "Locked by Atmos"
    assert (data["createdAt"], data["expiresAt"]) == ("1970-01-12T13:46:40Z", "1970-01-12T13:47:10Z")


def test_the_same_holder_renews_its_lock(site: Site) -> None:
    first = lock(site, site.session(attempt=1), ttl=60, lockMessage="One.").data or {}
    site.clock[0] += 10
    again = lock(site, site.session(attempt=2), ttl=20, lockMessage="Two.").data or {}
    assert again == dict(first) | {
        "lockMessage": "Two.",
        "expiresAt": "1970-01-12T13:47:10Z",
        "updatedAt": "1970-01-12T13:46:50Z",
    }


def test_a_key_is_one_holder_whoever_uses_it(site: Site) -> None:
    assert lock(site, "swy_good").success
    assert lock(site, "swy_good").success
    assert lock(site, site.key("swy_other")).status == 409


def test_a_held_lock_is_refused_with_who_why_until_when_and_what_to_do(site: Site) -> None:
    lock(site, site.session(actor="octocat", run_id=123), ttl=60, lockMessage="Up\ngrading.")
    told = lock(site, site.session(run_id=124), lockMessage="Mine!")
    assert (told.success, told.status) == (False, 409)
    assert told.errorMessage == (
        "dev/vpc is locked by octocat in run 123 until 1970-01-12T13:47:40Z: Up�grading. "
        "Wait until then, or end that lock with `atmos pro unlock`, which Switchyard notes."
    )
    site.clock[0] += 60
    assert lock(site, site.session(run_id=124)).success


def noted(site: Site) -> list[tuple[str, str]]:
    """List what the audit says: what was done, and why."""
    return [(row["action"], row["cause"]) for row in site.db.rows("SELECT action, cause FROM audit ORDER BY id")]


def test_an_ended_lock_is_no_lock_and_the_next_one_is_another(site: Site) -> None:
    first = lock(site, ttl=1).data or {}
    site.clock[0] += 1
    again = lock(site).data or {}
    assert again["id"] != first["id"]
    assert again["createdAt"] == "1970-01-12T13:46:41Z"


def test_one_s_own_ended_lock_is_unlocked_once_and_another_s_is_not(site: Site) -> None:
    lock(site, ttl=1)
    site.clock[0] += 1
    assert unlock(site, site.session(run_id=124)).status == 404
    assert unlock(site).success
    assert unlock(site).status == 404
    assert noted(site) == [
        ("lock", "until 1970-01-12T13:46:41Z: Locked by Atmos"),
        ("unlock", "its own, which had ended"),
    ]


def test_who_has_it_unlocks_it_and_both_are_noted(site: Site) -> None:
    lock(site)
    told = unlock(site)
    assert (told.status, told.data) == (200, {"key": KEY})
    assert held(site) == set()
    assert [action for action, _ in noted(site)] == ["lock", "unlock"]
    assert noted(site)[1] == ("unlock", "its own")


def test_what_is_not_locked_cannot_be_unlocked(site: Site) -> None:
    told = unlock(site)
    assert (told.success, told.status) == (False, 404)
    assert told.errorMessage.startswith("dev/vpc is not locked")


def test_unlocking_somebody_else_s_lock_is_noted(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    lock(site, site.session(actor="octocat", run_id=123), ttl=60, lockMessage="Upgrading.")
    site.clock[0] += 5
    with caplog.at_level(logging.INFO):
        assert unlock(site, "swy_good").success
    assert "the key 1 unlocked dev/vpc in acme/infra: it was locked by octocat in run 123 until" in caplog.text
    (row,) = site.db.rows("SELECT at, repo_id, actor, action, target, cause FROM audit WHERE action = 'unlock'")
    assert tuple(row) == (
        site.clock[0],
        7,
        "the key 1",
        "unlock",
        "dev/vpc",
        "it was locked by octocat in run 123 until 1970-01-12T13:47:40Z: Upgrading.",
    )


def test_a_name_is_compared_as_a_whole(site: Site) -> None:
    keys = ("acme/infra/dev/net/vpc", "acme/infra/dev/net", "acme/infra/dev/vpc", "Acme/INFRA/dev/VPC")
    for number, key in enumerate(keys):
        assert (lock(site, site.session(run_id=number + 1), key).data or {})["key"] == key
    assert held(site) == {"dev/net/vpc", "dev/net", "dev/vpc", "dev/VPC"}
    assert unlock(site, key="ACME/infra/dev/net").success
    assert held(site) == {"dev/net/vpc", "dev/vpc", "dev/VPC"}


def test_a_renamed_repository_keeps_its_locks(site: Site) -> None:
    lock(site)
    with transaction(site.db):
        repos.save(site.db, Repo(7, "acme", "platform", 1, "main"), site.clock[0])
    assert lock(site).status == 403
    assert lock(site, site.session(run_id=5), "acme/platform/dev/vpc").status == 409


@pytest.mark.parametrize("by", ["run", "key"])
@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_another_repository_cannot_be_locked(site: Site, by: str, method: str) -> None:
    with transaction(site.db):
        locks.put(site.db, 8, replace(LOCK, name="dev/vpc", holder="run:9001"), 0.0)
    token = site.session() if by == "run" else "swy_good"
    told = envelope(send(site, method, {"key": "acme/other/dev/vpc"}, token))
    assert told.status == 403
    assert told.errorMessage.startswith("The lock is about acme/other")
    assert "acme/infra" in told.errorMessage
    assert held(site, 8) == {"dev/vpc"}


LOCK = locks.Lock("dev/vpc", "lock-1", "octocat in run 5", "", 2_000_000.0)


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_a_key_must_be_allowed_to_lock(site: Site, method: str) -> None:
    told = envelope(send(site, method, {"key": KEY}, site.key("swy_uploads", "upload")))
    assert told.status == 403
    assert "`locks`" in told.errorMessage


@pytest.mark.parametrize("method", ["POST", "DELETE"])
@pytest.mark.parametrize(
    "key",
    [
        "",
        "dev/vpc",
        "acme/infra/vpc",
        "acme/infra/dev/",
        "acme/infra//vpc",
        "acme/infra/dev//vpc",
        "acme/infra/dev/../vpc",
        "/acme/infra/dev/vpc",
        "acme/infra/dev/v pc",
        "acme/infra/dev/vpc\n",
        "acme/infra/dev/“vpc”",
        "acme/infra/dev/" + "v" * 600,
    ],
)
def test_a_key_must_name_an_instance(site: Site, method: str, key: str) -> None:
    told = envelope(send(site, method, {"key": key}))
    assert told.status == 400
    assert "a lock's key is `owner/repo/stack/component`" in told.errorMessage
    assert len(told.errorMessage) < 400
    assert held(site) == set()


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"ttl": 0}, "lasts 1 to 31,536,000 seconds, not 0"),
        ({"ttl": -1}, "not -1"),
        ({"ttl": 31_536_001}, "not 31536001"),
        ({"ttl": 2**31 - 1}, "not 2147483647"),
        ({"ttl": 2**70}, "not 1180591620717411303424"),
        ({"lockMessage": "m" * 2_001}, "longer than 2,000 characters"),
    ],
)
def test_how_long_and_why_are_bounded(site: Site, more: dict[str, Any], words: str) -> None:
    told = lock(site, **more)
    assert told.status == 400
    assert words in told.errorMessage
    assert held(site) == set()
    assert lock(site, ttl=31_536_000, lockMessage="m" * 2_000).success


@pytest.mark.parametrize("method", ["POST", "DELETE"])
@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[]", b"null", b'{"key": 7}', b'{"key": null}', b'{"key": "\\ud800"}', b"\xff"]
)
def test_other_bodies_are_refused(site: Site, method: str, body: bytes) -> None:
    assert envelope(send(site, method, body)).status == 400


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_what_is_wrong_with_a_body_is_in_the_message_as_the_cli_shows_nothing_else(site: Site, method: str) -> None:
    told = envelope(send(site, method, {"key": 7}))
    assert told.errorMessage == (
        "Switchyard cannot use this body; docs/api.md shows its form: Expected `str`, got `int` - at `$.key`"
    )
    assert told.data == {"validationErrors": ["Expected `str`, got `int` - at `$.key`"]}


def test_there_may_be_no_more_locks_than_a_decision_can_read(site: Site) -> None:
    with transaction(site.db):
        for number in range(1_000):
            locks.put(site.db, 7, replace(LOCK, name=f"dev/c{number}", holder="run:9001"), 0.0)
    told = lock(site)
    assert told.status == 409
    assert "1,000 locks already" in told.errorMessage
    assert lock(site, key="acme/infra/dev/c7").success
    assert unlock(site, key="acme/infra/dev/c7").success
    assert lock(site).success


def test_lanes_that_have_something_waiting_are_nudged(site: Site) -> None:
    with transaction(site.db):
        for draft in (Draft(walk(step(0))), Draft(walk(step(0), id=4, repo_id=8, lane="8#1"))):
            rollouts.save(site.db, draft, new=True, now=1.0)
            waiting.save(site.db, draft, 0)

    def nudged() -> list[str]:
        with transaction(site.db):
            lanes = [row["lane"] for row in site.db.rows("SELECT lane FROM inbox WHERE kind = 'nudge'")]
            site.db.write("DELETE FROM inbox")
        return lanes

    other = "swy_good"
    assert lock(site).success
    assert nudged() == ["7#42"]
    assert lock(site).success  # renewed
    assert nudged() == ["7#42"]
    assert lock(site, other).status == 409
    assert nudged() == []
    assert unlock(site, other).success
    assert nudged() == ["7#42"]
    assert unlock(site, other).status == 404
    assert nudged() == []


def test_a_lock_that_was_refused_for_the_time_being_is_not_taken_later(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Writer.run
    monkeypatch.setattr(Writer, "run", lambda self, write, *_: run(self, write, 0.05))
    site.db.conn.execute("BEGIN IMMEDIATE")
    told = lock(site)
    assert (told.success, told.status) == (False, 503)
    site.db.conn.execute("ROLLBACK")
    monkeypatch.undo()
    assert lock(site, key="acme/infra/dev/other").success
    assert held(site) == {"dev/other"}


def test_of_twenty_clients_at_once_one_gets_the_lock(site: Site) -> None:
    tokens = [site.session(run_id=number, actor=f"dev-{number}") for number in range(1, 21)]
    start = threading.Barrier(len(tokens))

    def race(port: int, token: str) -> dict[str, Any]:
        connection = HTTPConnection("127.0.0.1", port, timeout=30)
        connection.connect()
        start.wait(30)
        body = json.dumps({"key": KEY, "ttl": 60, "lockMessage": "Mine."})
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        connection.request("POST", "/api/v1/locks", body, headers)
        told: dict[str, Any] = json.loads(connection.getresponse().read())
        connection.close()
        return told

    with serving(site.app) as port, ThreadPoolExecutor(len(tokens)) as pool:
        told = list(pool.map(lambda token: race(port, token), tokens))
    winners = [number for number, one in enumerate(told, 1) if one["success"]]
    assert len(winners) == 1
    assert locks.holding(site.db, 7, site.clock[0])["dev/vpc"].owner == f"dev-{winners[0]} in run {winners[0]}"
    losers = [one for one in told if not one["success"]]
    assert {one["status"] for one in losers} == {409}
    assert all(f"locked by dev-{winners[0]} in run {winners[0]} " in one["errorMessage"] for one in losers)
