"""Approving by the API: who may, what is covered, and what is told."""

from __future__ import annotations

import json
import logging
from typing import Any

import msgspec
import pytest

from bot.domain.events import Approved, Wanted
from bot.domain.model import Hold, HoldKind
from bot.domain.rollout import Draft
from bot.store import rollouts
from bot.store.db import transaction
from tests.web.conftest import Site
from tests.web.test_api import GoEnvelope, envelope
from tests.web.test_rollout_json import step, walk

UNREVIEWED = Hold(HoldKind.UNREVIEWED, "no plan of it succeeded at aaaaaaa")
DESTROY = Hold(HoldKind.DESTROY, "it would be destroyed")
PATH = "/api/v1/rollouts/3/approve"


@pytest.fixture(autouse=True)
def held(site: Site) -> None:
    """Keep a rollout in which c0 and c1 are held, and c2 is not."""
    steps = [step(0, holds=(UNREVIEWED,)), step(1, holds=(DESTROY,), destroys=True), step(2)]
    with transaction(site.db):
        rollouts.save(site.db, Draft(walk(*steps)), new=True, now=site.clock[0])
    site.key("swy_lead", "approve")


def approve(site: Site, body: object | None = None, token: str = "swy_lead", path: str = PATH) -> GoEnvelope:
    data = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
    return envelope(site.client.post(path, data=data, headers={"Authorization": f"Bearer {token}"}))


def asked(site: Site) -> list[Approved]:
    return [msgspec.json.decode(body, type=Approved) for kind, body in site.inbox() if kind == "approve"]


def test_what_is_held_is_approved_and_the_rest_is_told(site: Site) -> None:
    told = approve(site)
    assert (told.success, told.status) == (True, 200)
    assert told.data == {
        "approved": [{"stack": "dev", "component": "c0", "holds": ["no plan of it succeeded at aaaaaaa"]}],
        "refused": [
            {"stack": "dev", "component": "c1", "reason": "it would be destroyed: name dev/c1 to approve that"}
        ],
    }
    assert asked(site) == [Approved(3, "the key 2", (Wanted("dev", "c0", (UNREVIEWED,)),))]
    (row,) = site.db.rows("SELECT lane, repo_id FROM inbox")
    assert tuple(row) == ("7#42", 7)
    assert site.woken


def test_targets_and_a_name_for_the_record(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        told = approve(site, {"targets": ["dev/c1"], "by": "lead"})
    assert told.data == {
        "approved": [{"stack": "dev", "component": "c1", "holds": ["it would be destroyed"]}],
        "refused": [],
    }
    assert asked(site) == [Approved(3, "lead", (Wanted("dev", "c1", (DESTROY,), named=True),))]
    assert "the key 2 approves 1 steps of rollout 3 for lead" in caplog.text


@pytest.mark.parametrize(
    ("targets", "sentence"),
    [
        (["c2"], "Nothing of that is held in rollout 3, so there is nothing to approve."),
        (["c1"], "Nothing of rollout 3 is let go. dev/c1: it would be destroyed: name dev/c1 to approve that."),
        (["c0", "c9"], "Nothing is approved: `c9` names nothing here; there is, for example, dev, c0, c1."),
    ],
)
def test_nothing_to_approve_is_a_conflict(site: Site, targets: list[str], sentence: str) -> None:
    told = approve(site, {"targets": targets})
    assert (told.success, told.status, told.errorMessage) == (False, 409, sentence)
    assert asked(site) == []


def test_another_repository_s_rollout_is_not_there(site: Site) -> None:
    other = approve(site, token=site.key("swy_other", "approve", repo_id=8))
    assert (other.status, other.errorMessage) == (
        404,
        "acme/other has no rollout 3. `GET /api/v1/rollouts` lists those of a pull request.",
    )
    assert asked(site) == []


@pytest.mark.parametrize("number", ["4", "0", "x", "-3", "3.0", "³", "9" * 16, "9" * 400])
def test_a_rollout_that_is_not_there(site: Site, number: str) -> None:
    assert approve(site, path=f"/api/v1/rollouts/{number}/approve").status == 404


def test_a_session_may_not_approve_and_a_key_only_where_it_was_made_to(site: Site) -> None:
    run = approve(site, token=site.session())
    assert (run.status, run.errorMessage) == (
        403,
        "A workflow run may not do this; use a Switchyard key that is allowed `approve`.",
    )
    usual = approve(site, token="swy_good")
    assert usual.status == 403
    assert usual.errorMessage.endswith(
        "`approve` is needed. Make one with `switchyard keys create acme/infra --allow "
        "upload,status,locks,read,approve`."
    )
    assert approve(site, token="swy_none").status == 401
    assert asked(site) == []


@pytest.mark.parametrize(
    "body",
    [
        {"target": ["c0"]},  # without targets everything is meant, so a misspelt one must not be passed over
        {"targets": []},
        {"targets": [""]},
        {"targets": "c0"},
        {"targets": ["x" * 403]},
        {"targets": ["c0"] * 101},
        {"by": ""},
        {"by": "not a login"},
        {"by": "lead\n"},
        {"by": 5},
        [],
        b"",
        b"{",
    ],
)
def test_a_body_that_cannot_be_used(site: Site, body: Any) -> None:
    assert approve(site, body if body != [] else b"[]").status == 400
    assert asked(site) == []
