"""Who is let in: sessions and keys."""

from __future__ import annotations

import jwt
import msgspec
import pytest
from werkzeug.test import TestResponse

from bot.domain.model import Repo
from bot.store import keys, repos
from bot.store.db import transaction
from bot.web.sessions import BadSession, Sessions
from tests.web.conftest import SESSION_KEY, Site, claims, upload_body

READ = {"repo": "acme/infra", "pull": "42"}


def message(answer: TestResponse) -> str:
    told: str = msgspec.json.decode(answer.data)["errorMessage"]
    return told


def read(site: Site, token: str) -> TestResponse:
    return site.client.get("/api/v1/rollouts", query_string=READ, headers={"Authorization": f"Bearer {token}"})


def test_a_session_tells_its_run_for_an_hour(site: Site) -> None:
    sessions = Sessions(SESSION_KEY, lambda: site.clock[0])
    token = site.session(environment="prod", attempt=3)
    assert sessions.read(token).claims == claims(environment="prod", attempt=3)
    assert read(site, token).status_code == 200
    site.clock[0] += 3599
    assert read(site, token).status_code == 200
    site.clock[0] += 1
    answer = read(site, token)
    assert answer.status_code == 401
    assert "The session has ended. Run the command again" in message(answer)
    assert "id-token: write" in message(answer)


def test_sessions_of_others_open_nothing(site: Site) -> None:
    good = site.session()
    payload = jwt.decode(good, options={"verify_signature": False})
    head, _, tail = good.split(".")
    other = jwt.encode(payload | {"repo": 8}, SESSION_KEY, "HS256").split(".")[1]
    for token in (
        Sessions(b"another key, also of 32 bytes or more", lambda: 0.0).issue(7, claims()),
        jwt.encode(payload, "", "none"),
        jwt.encode(payload | {"iss": "someone"}, SESSION_KEY, "HS256"),
        jwt.encode({"iss": "switchyard", "exp": payload["exp"]}, SESSION_KEY, "HS256"),
        jwt.encode(payload | {"run": {"run_id": "x"}}, SESSION_KEY, "HS256"),
        jwt.encode(payload | {"repo": "7"}, SESSION_KEY, "HS256"),
        site.identity_token(),
        f"{head}.{other}.{tail}",
        "a.b.c",
        "..",
    ):
        answer = read(site, token)
        assert answer.status_code == 401
        assert "no session of this Switchyard" in message(answer)
        assert token not in message(answer)
    assert read(site, good).status_code == 200


def test_what_is_no_session_is_told_so() -> None:
    with pytest.raises(BadSession):
        Sessions(SESSION_KEY, lambda: 0.0).read("x")


@pytest.mark.parametrize("token", ["", "swy_unknown"])
def test_both_ways_in_are_told(site: Site, token: str) -> None:
    answer = read(site, token)
    assert answer.status_code == 401
    assert "id-token: write" in message(answer)
    assert "ATMOS_PRO_WORKSPACE_ID" in message(answer)
    assert "switchyard keys create" in message(answer)


def test_a_key_reads_also_while_its_use_cannot_be_noted(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.web.auth._NOTE_PATIENCE", 0.05)
    site.db.conn.execute("BEGIN IMMEDIATE")
    assert read(site, "swy_good").status_code == 200
    site.db.conn.execute("ROLLBACK")
    site.clock[0] += 1
    assert read(site, "swy_good").status_code == 200
    (key,) = keys.all_of(site.db, 7)
    assert key.used_at == site.clock[0]


def test_nobody_speaks_for_another_repository(site: Site) -> None:
    body = upload_body(repo_name="other", repo_url="https://github.com/acme/other")
    told = message(answer := site.upload(body, key=site.session()))
    assert answer.status_code == 403
    assert told.startswith("The upload is about acme/other, but the session of this workflow run is for acme/infra.")
    told = message(answer := site.upload(body))
    assert answer.status_code == 403
    assert told.startswith("The upload is about acme/other, but this Switchyard key is for acme/infra.")
    assert site.inbox() == []


def test_a_name_is_the_same_however_it_is_written(site: Site) -> None:
    assert site.upload(upload_body(repo_owner="ACME", repo_name="Infra"), key=site.session()).status_code == 200


def test_where_the_app_was_uninstalled_nothing_opens(site: Site) -> None:
    session = site.session()
    with transaction(site.db):
        repos.uncovered(site.db, 7)
    for token in (session, "swy_good"):
        answer = site.upload(upload_body(), key=token)
        assert answer.status_code == 403
        assert "not installed in acme/infra any more" in message(answer)
        assert "install it there again" in message(answer)
    assert site.inbox() == []
    with transaction(site.db):
        repos.save(site.db, Repo(7, "acme", "infra", 2, "main", 70), 1.0)
    assert site.upload(upload_body(), key=session).status_code == 200


def test_a_session_of_a_repository_that_is_unknown(site: Site) -> None:
    assert read(site, site.session(repo_id=99)).status_code == 403


def test_a_key_that_has_expired_says_when_and_what_to_do(site: Site) -> None:
    with transaction(site.db):
        end = site.clock[0] + 3600
        keys.add(site.db, "swy_short", repo_id=7, allow=keys.DEFAULT, now=site.clock[0], name="ci", expires_at=end)
    assert read(site, "swy_short").status_code == 200
    site.clock[0] = end - 1
    assert read(site, "swy_short").status_code == 200
    site.clock[0] = end
    answer = read(site, "swy_short")
    assert answer.status_code == 401
    assert "key for acme/infra expired on 1970-01-12 at 14:46 UTC" in message(answer)
    assert "`switchyard keys create acme/infra --name ci --expires 90d`" in message(answer)
    assert "swy_short" not in message(answer)


def test_when_a_key_was_last_used_is_noted_once_in_a_minute(site: Site) -> None:
    uses = []
    for seconds in (0, 59, 1, 3600):
        site.clock[0] += seconds
        assert read(site, "swy_good").status_code == 200
        uses.append(keys.all_of(site.db, 7)[0].used_at)
    start = 1_000_000.0
    assert uses == [start, start, start + 60, start + 3660]
