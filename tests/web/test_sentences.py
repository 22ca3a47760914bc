"""What refusals say: the CLI shows the sentence and hints of its own, so it must be true and tell what to do."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.store import keys
from bot.store.db import transaction
from tests.web.conftest import Site, upload_body
from tests.web.test_api import GoEnvelope, chunk, envelope

STATUS = "/api/v1/repos/acme/infra/instances?stack=dev&component=vpc"


def ask(site: Site, method: str, path: str, body: Any = None, key: str = "swy_good") -> GoEnvelope:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return envelope(site.client.open(path, method=method, data=data, headers={"Authorization": f"Bearer {key}"}))


def test_a_status_is_told_what_it_lacks(site: Site) -> None:
    assert ask(site, "PATCH", STATUS, {"command": "plan"}).errorMessage == (
        "The status must have both `command` and `exit_code`: `plan`, `apply`, `deploy` or `remediate`, and what "
        "Terraform ended with."
    )


@pytest.mark.parametrize("query", ["", "&pull=1&sha=" + "a" * 40])
def test_rollouts_are_asked_for_in_one_way(site: Site, query: str) -> None:
    told = ask(site, "GET", f"/api/v1/rollouts?repo=acme/infra{query}")
    assert told.errorMessage == (
        "Say which rollouts: either with `pull=` and a number, or with `sha=` and a commit, not with both."
    )


def test_a_part_that_does_not_fit_is_told_truly(site: Site) -> None:
    assert ask(site, "POST", "/api/v1/affected-stacks", chunk(0)).success
    for other in (chunk(0, stacks=[]), chunk(1, total=4)):  # part 1 was never sent before
        index = json.loads(other)["batch_index"]
        assert ask(site, "POST", "/api/v1/affected-stacks", other).errorMessage == (
            f"Part {index} does not fit what came before of the batch batch-1: its content is another, or the number "
            "of parts. Run `atmos describe affected --upload` again: it starts a new batch."
        )


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/api/v1/sts", "POST"),
        ("/api/v1/locks", "DELETE and POST"),
        ("/api/v1/rollouts", "GET"),
        ("/api/v1/repos/acme/infra/instances", "PATCH"),
    ],
)
def test_another_method_is_told_which_there_are(site: Site, path: str, methods: str) -> None:
    told = ask(site, "PUT", path)
    assert told.errorMessage == f"This address of Switchyard takes {methods} only; its docs/api.md says for what."


def test_an_unknown_address_names_switchyard(site: Site) -> None:
    told = ask(site, "POST", "/api/v1/drift", {})
    assert told.errorMessage == "Switchyard has nothing at this address; its docs/api.md lists what there is."


@pytest.mark.parametrize("body", [b"", b"\xef\xbb\xbf", b" \n"])
def test_a_body_that_is_not_there(site: Site, body: bytes) -> None:
    told = ask(site, "DELETE", "/api/v1/locks", body)
    assert told.errorMessage == "The body is empty, which is not JSON; Switchyard's docs/api.md shows what it must be."


def test_the_next_key_may_what_the_last_one_might(site: Site) -> None:
    with transaction(site.db):
        for text, allow in (("swy_usual", keys.DEFAULT), ("swy_small", ("status", "locks"))):
            keys.add(site.db, text, repo_id=7, allow=allow, now=0.0, name="ci", expires_at=1.0)
    usual, small = (
        ask(site, "POST", "/api/v1/affected-stacks", upload_body(), key=key).errorMessage
        for key in ("swy_usual", "swy_small")
    )
    assert "`switchyard keys create acme/infra --name ci --expires 90d`" in usual
    assert "`switchyard keys create acme/infra --name ci --expires 90d --allow status,locks`" in small


def test_a_key_that_may_too_little_is_told_one_that_may_all_of_it(site: Site) -> None:
    told = ask(site, "POST", "/api/v1/affected-stacks", upload_body(), key=site.key("swy_small", "status", "locks"))
    assert "it is allowed status, locks, but `upload` is needed" in told.errorMessage
    assert "`switchyard keys create acme/infra --allow upload,status,locks`" in told.errorMessage
