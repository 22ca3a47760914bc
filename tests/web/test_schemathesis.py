"""Requests that are thought up from the API's document get the answers that the document tells of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import schemathesis
from schemathesis import Case, HookContext, engine
from schemathesis.engine import events

from bot.domain.model import Hold, HoldKind
from bot.domain.rollout import Draft
from bot.store import rollouts
from bot.store.db import transaction
from bot.store.keys import SCOPES
from tests.web.conftest import BASE, HEAD, Site, serving
from tests.web.test_rollout_json import step, walk

CONFIG = {
    "seed": 1,
    "generation": {"max-examples": 20, "deterministic": True, "database": "none", "no-shrink": True},
}
#: What is tried at random for both, and at the edges of each value only once.
PHASES: dict[str, Any] = {"a key": {}, "a session": {"coverage": {"enabled": False}}}
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
    "positive_data_acceptance",
    "negative_data_rejection",
    "unsupported_method",
    "ignored_auth",
)
HOLD = Hold(HoldKind.BREAKER, "all of it would start many runs")
NUMBERS = ("batch_index", "batch_total", "exit_code", "ttl")


@schemathesis.hook("before_call")
def make_sound(_context: HookContext, case: Case, _kwargs: dict[str, Any]) -> None:
    """Say in sound requests what the document cannot: whose they are, and what must be there only beside what."""
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    # What is changed is checked anew, and escaped names in a path are then taken to be no names.
    if "owner" in case.path_parameters and "%" not in "".join(case.path_parameters.values()):
        case.path_parameters |= {"owner": "acme", "repo": "infra"}
    if case.path == "/api/v1/rollouts":
        case.query["repo"] = "acme/infra"
        if ("pull" in case.query) == ("sha" in case.query):
            case.query = {"repo": "acme/infra", "pull": "42"}
    body = case.body
    if case.path.endswith("/approve"):
        case.path_parameters["id"] = "3"
        body = {"targets": ["@all"]} if "targets" in body else body
        case.body = body
    if isinstance(body, list):
        case.query = {"repo": "acme/infra", "head_sha": HEAD, "base_sha": BASE}
    elif isinstance(body, dict):
        # For JSON Schema 7.0 is an integer as well; Go does not write it so, and it is not read.
        body |= {name: int(body[name]) for name in NUMBERS if isinstance(body.get(name), float)}
        if "repo_owner" in body:
            body |= {"repo_owner": "acme", "repo_name": "infra"}
        if "key" in body:
            body["key"] = f"acme/infra/{body['key'].split('/', 2)[2]}"
        if body.get("batch_total"):
            body["batch_index"] = min(body["batch_index"], body["batch_total"] - 1)


@pytest.mark.parametrize("way", PHASES)
def test_answers_are_as_the_document_says(
    site: Site, way: str, record_property: Callable[[str, object], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with transaction(site.db):
        rollouts.save(site.db, Draft(walk(step(0, holds=(HOLD,)))), new=True, now=0.0)
    token = site.key("swy_all", *SCOPES) if way == "a key" else site.session()
    statuses: Counter[int] = Counter()
    checks: Counter[str] = Counter()
    operations: set[str] = set()
    wrong: list[str] = []
    with serving(site.app) as port:
        target = {"base-url": f"http://127.0.0.1:{port}", "headers": {"Authorization": f"Bearer {token}"}}
        config = schemathesis.Config.from_dict(
            CONFIG | target | {"phases": {"stateful": {"enabled": False}, **PHASES[way]}}
        )
        schema = schemathesis.openapi.from_dict(site.client.get("/api/v1/openapi.json").json or {}, config=config)
        for event in engine.from_schema(schema).execute():
            if isinstance(event, events.NonFatalError):
                wrong.append(f"{event.label}: {event.info}")
            elif isinstance(event, events.FatalError):
                raise event.exception
            elif isinstance(event, events.ScenarioFinished):
                operations.add(event.label or "")
                told = (one.response for one in event.recorder.interactions.values())
                statuses.update(response.status_code for response in told if response)
                for check in (check for done in event.recorder.checks.values() for check in done):
                    checks[check.name] += 1
                    if check.failure_info:
                        failure = check.failure_info
                        wrong.append(f"{event.label}: {failure.failure.message}\n{failure.code_sample}")
    counted = ", ".join(f"{status}: {count:,}" for status, count in sorted(statuses.items()))
    record_property(
        "summary",
        f"schemathesis with {way}: {len(operations)} operations, {statuses.total():,} requests ({counted}), "
        f"{checks.total():,} checks, {len(wrong)} failed",
    )
    assert wrong == []
    assert operations == {operation.ok().label for operation in schema.get_all_operations()}
    assert statuses[200] > 40
    assert set(CHECKS) <= set(checks)
