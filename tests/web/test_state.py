from __future__ import annotations

from dataclasses import replace

import pytest
from werkzeug.test import TestResponse

from bot.domain.rollout import Draft
from bot.store import keys, rollouts
from bot.store.db import transaction
from tests.web.conftest import Site
from tests.web.test_api import envelope
from tests.web.test_rollout_json import SENT, step, walk


def ask(site: Site, query: str, key: str | None = "swy_good") -> TestResponse:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return site.client.get(f"/api/v1/rollouts?{query}", headers=headers)


NOTHING = {"repository": "acme/infra", "rollouts": []}


@pytest.fixture
def site_with_rollouts(site: Site) -> Site:
    with transaction(site.db):
        for number, sha in ((1, "c" * 40), (2, "d" * 40)):
            draft = Draft(walk(step(0, children=(1,)), step(1, 0), id=number, sha=sha))
            draft.put_dispatch(replace(SENT, id=f"sent-{number}"))
            rollouts.save(site.db, draft, new=True, now=1.0)
    return site


def test_the_rollouts_of_a_pull_request_newest_first(site_with_rollouts: Site) -> None:
    told = envelope(ask(site_with_rollouts, "repo=Acme/INFRA&pull=42"))
    found = (told.data or {})["rollouts"]
    assert [one["id"] for one in found] == [2, 1]
    assert found[0]["status"] == "running"
    assert [(one["status"], one["reason"]) for one in found[0]["steps"]] == [
        ("running", None),
        ("waiting", "waits for dev/c0"),
    ]
    assert found[0]["steps"][0]["dispatches"][0]["dispatch_id"] == "sent-2"


def test_the_rollouts_of_a_commit(site_with_rollouts: Site) -> None:
    told = envelope(ask(site_with_rollouts, f"repo=acme/infra&sha={'C' * 40}"))
    assert [one["id"] for one in (told.data or {})["rollouts"]] == [1]


@pytest.mark.parametrize("length", [40, 64])
def test_a_commit_that_nobody_knows_has_none(site_with_rollouts: Site, length: int) -> None:
    assert envelope(ask(site_with_rollouts, f"repo=acme/infra&sha={'E' * length}")).data == NOTHING


def test_a_short_commit_is_refused_with_what_is_needed(site_with_rollouts: Site) -> None:
    told = envelope(ask(site_with_rollouts, "repo=acme/infra&sha=ccccccc"))
    assert told.errorMessage == "`sha` must be a whole commit id, of 40 or 64 hexadecimal digits."


def test_nothing_yet_is_an_empty_list(site: Site) -> None:
    assert envelope(ask(site, "repo=acme/infra&pull=9")).data == NOTHING


@pytest.mark.parametrize(
    ("query", "key", "status"),
    [
        ("repo=acme/infra&pull=42", None, 401),
        ("repo=acme/infra&pull=42", "swy_wrong", 401),
        ("repo=acme/infra&pull=42", "swy_upload", 403),
        ("repo=acme/other&pull=42", "swy_good", 404),
        ("repo=acme/never-heard-of&pull=42", "swy_good", 404),
        ("pull=42", "swy_good", 400),
        ("repo=acme&pull=42", "swy_good", 400),
        ("repo=acme/infra/x&pull=42", "swy_good", 400),
        ("repo=acme/infra", "swy_good", 400),
        ("repo=acme/infra&pull=42&sha=abc", "swy_good", 400),
        ("repo=acme/infra&sha=abc1234", "swy_good", 400),
        (f"repo=acme/infra&sha={'c' * 41}", "swy_good", 400),
        (f"repo=acme/infra&sha={'g' * 40}", "swy_good", 400),
        (f"repo=acme/infra&sha={'c' * 40}%0A", "swy_good", 400),
        ("repo=acme/infra&pull=-1", "swy_good", 400),
        ("repo=acme/infra&pull=9999999999999999999999", "swy_good", 400),
    ],
)
def test_refusals(site: Site, query: str, key: str | None, status: int) -> None:
    site.key("swy_upload", "upload")
    answer = ask(site, query, key)
    assert answer.status_code == status
    assert envelope(answer).errorMessage


def test_a_revoked_key_reads_nothing_any_more(site: Site) -> None:
    assert ask(site, "repo=acme/infra&pull=1").status_code == 200
    with transaction(site.db):
        keys.revoke(site.db, 1, 5.0)
    assert ask(site, "repo=acme/infra&pull=1").status_code == 401


def test_writing_there_is_no_method(site: Site) -> None:
    assert envelope(site.client.delete("/api/v1/rollouts")).status == 405
