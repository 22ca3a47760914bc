"""The contract that the CLI's own tests write is played against the running server."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from flask import request
from pact import Verifier

from bot.domain.model import Repo
from bot.store import keys, repos
from bot.store.db import connect, transaction
from tests.web import golike
from tests.web.conftest import Site, serving

CONTRACT = Path(__file__).parents[3] / "shared" / "atmos" / "atmos-AtmosPro.pact.json"
#: What the contract's requests say of themselves.
KEY, REPO, LOCK = "test-token", Repo(9, "org", "repo", 1, "main"), "org/repo/dev/vpc"
SERVED = (
    "a request to lock a stack",
    "a request to unlock a stack",
    "a request to upload affected stacks",
    "a request to upload drift detection instances",
    "a request to upload instance drift status",
)
#: What a server of GitHub's answers, and what this one does not offer or answers only to what GitHub signed.
NOT_PLAYED = {
    "a request to retrieve a GitHub OIDC token",
    "a request to exchange a GitHub OIDC token for an Atmos Pro token",
    "a request to create a commit via Atmos Pro GitHub App",
}


@pytest.fixture
def contract(record_property: Callable[[str, object], None]) -> dict[str, Any]:
    if not CONTRACT.exists():
        missing = f"SKIPPED: the contract of the CLI is not beside this checkout ({CONTRACT.name})"
        record_property("summary", missing)
        pytest.skip(missing)
    found: dict[str, Any] = json.loads(CONTRACT.read_text())
    return found


def interaction(contract: dict[str, Any], description: str) -> dict[str, Any]:
    (found,) = (one for one in contract["interactions"] if one["description"] == description)
    return dict(found)


def bearer(path: Path) -> dict[str, str]:
    """Let the contract's repository and its key be known."""
    with closing(connect(path)) as db:
        if keys.find(db, KEY) is None:
            with transaction(db):
                repos.save(db, REPO, 0.0)
                keys.add(db, KEY, repo_id=REPO.id, allow=keys.DEFAULT, now=0.0)
    return {"Authorization": f"Bearer {KEY}"}


def provide(site: Site) -> list[str]:
    """Add an address at which the verifier asks for the states that requests expect; gives those it asked for."""
    asked: list[str] = []

    @site.app.post("/states")
    def states() -> dict[str, str]:
        state = request.get_json()["state"]
        asked.append(state)
        headers = bearer(site.path)
        if state.endswith("stack is locked"):
            assert site.app.test_client().post("/api/v1/locks", json={"key": LOCK}, headers=headers).status_code == 200
        elif state.endswith("stack is unlocked"):
            site.app.test_client().delete("/api/v1/locks", json={"key": LOCK}, headers=headers)
        return {}

    return asked


def test_what_the_cli_expects_of_a_server(
    site: Site,
    contract: dict[str, Any],
    record_property: Callable[[str, object], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PACT_DO_NOT_TRACK", "true")
    asked = provide(site)
    with serving(site.app) as port:
        verifier = Verifier("AtmosPro", host="127.0.0.1").add_source(CONTRACT)
        verifier.add_transport(protocol="http", port=int(port), scheme="http")
        verifier.state_handler(f"http://127.0.0.1:{port}/states", body=True)
        verifier.filter(description="^(" + "|".join(SERVED) + ")$")
        verifier.verify()
    told = "\n".join(verifier.output(strip_ansi=True).splitlines())
    record_property("summary", told)
    assert verifier.results["result"] is True
    assert told.count("has a matching body (OK)") == len(SERVED)
    assert sorted(asked) == sorted(interaction(contract, name)["providerState"] for name in SERVED)
    assert sorted(kind for kind, _ in site.inbox()) == ["instance_status", "inventory", "upload"]


def test_nothing_of_the_contract_is_forgotten(contract: dict[str, Any]) -> None:
    assert {one["description"] for one in contract["interactions"]} == NOT_PLAYED | set(SERVED)


def test_a_commit_is_refused_in_a_form_that_the_cli_reads(site: Site, contract: dict[str, Any]) -> None:
    asked = interaction(contract, "a request to create a commit via Atmos Pro GitHub App")["request"]
    answer = site.client.open(asked["path"], method=asked["method"], json=asked["body"], headers=bearer(site.path))
    assert answer.status_code == 403
    told = golike.check(asked["method"], asked["path"], 403, dict(answer.headers), answer.data)
    assert "does not" in told["errorMessage"]


def test_the_exchange_gives_what_the_contract_says(site: Site, contract: dict[str, Any]) -> None:
    expected = interaction(contract, "a request to exchange a GitHub OIDC token for an Atmos Pro token")
    asked = expected["request"]
    body = asked["body"] | {"token": site.identity_token()}
    answer = site.client.open(asked["path"], method=asked["method"], json=body)
    assert answer.status_code == expected["response"]["status"]
    assert answer.content_type == expected["response"]["headers"]["Content-Type"]
    assert answer.json is not None
    assert answer.json["success"] is True
    session = answer.json["data"]["token"]
    headers = {"Authorization": f"Bearer {session}"}
    assert site.client.post("/api/v1/locks", json={"key": "acme/infra/dev/vpc"}, headers=headers).status_code == 200
