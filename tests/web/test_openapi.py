"""The API's document is valid, complete, and says what is so."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

import bot
from bot.web import answers, openapi
from tests.web.conftest import Site


@pytest.fixture
def told(site: Site) -> dict[str, Any]:
    answer = site.client.get("/api/v1/openapi.json")
    assert (answer.status_code, answer.content_type) == (200, "application/json")
    found: dict[str, Any] = answer.json
    return found


def operations(told: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method.upper(), path, operation)
        for path, methods in told["paths"].items()
        for method, operation in methods.items()
    ]


def test_it_is_openapi(told: dict[str, Any]) -> None:
    assert list(OpenAPIV31SpecValidator(told).iter_errors()) == []
    assert told["info"]["version"] == bot.__version__


def test_it_is_the_same_each_time(site: Site) -> None:
    first = site.client.get("/api/v1/openapi.json").data
    assert site.client.get("/api/v1/openapi.json").data == first


def test_every_endpoint_is_described_and_no_other(site: Site, told: dict[str, Any]) -> None:
    routes = site.app.url_map.bind("127.0.0.1")
    described = set()
    for method, path, _ in operations(told):
        rule, _ = routes.match(re.sub(r"\{(\w+)\}", r"\1", path), method, return_rule=True)
        described.add((method, rule.rule))
    assert described == {
        (method, rule.rule)
        for rule in site.app.url_map.iter_rules()
        if rule.rule.startswith(answers.API)
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


def test_who_must_say_who_they_are(site: Site, told: dict[str, Any]) -> None:
    for method, path, operation in operations(told):
        answer = site.client.open(re.sub(r"\{(\w+)\}", r"\1", path), method=method, json={})
        assert (answer.status_code == 401) == (operation["security"] != []), f"{method} {path}"


@pytest.mark.parametrize(
    ("operation", "statuses"),
    [
        ("post_auth_github_oidc", {200, 400, 401, 403, 413, 415, 503}),
        ("post_affected_stacks", {200, 400, 401, 403, 409, 413, 415, 503}),
        ("post_instances", {200, 400, 401, 403, 409, 413, 415, 503}),
        ("patch_repos_owner_repo_instances", {200, 400, 401, 403, 413, 415, 503}),
        ("patch_repos_owner_repo_instances_stack_component", {200, 400, 401, 403, 413, 415, 503}),
        ("post_locks", {200, 400, 401, 403, 409, 413, 415, 503}),  # held by another
        ("delete_locks", {200, 400, 401, 403, 404, 413, 415, 503}),  # not locked
        ("get_rollouts", {200, 400, 401, 403, 404, 415, 503}),
        ("post_rollouts_id_approve", {200, 400, 401, 403, 404, 409, 413, 415, 503}),  # nothing is held
        ("post_git_commit", {403, 415}),
        ("post_sts", {403, 415}),
        ("get_openapi", {200}),
    ],
)
def test_how_each_may_end_is_told(told: dict[str, Any], operation: str, statuses: set[int]) -> None:
    # What thinks requests up from the document is one caller: it never finds a lock held by another.
    found = {one["operationId"]: one["responses"] for _, _, one in operations(told)}
    assert {int(status) for status in found[operation]} == statuses


def test_that_nothing_packed_is_taken_is_told_everywhere(site: Site, told: dict[str, Any]) -> None:
    for method, path, operation in operations(told):
        if path != openapi.PATH:
            where = re.sub(r"\{(\w+)\}", r"\1", path)
            answer = site.client.open(where, method=method, data=b"x", headers={"Content-Encoding": "gzip"})
            assert (answer.status_code, "415" in operation["responses"]) == (415, True), f"{method} {path}"


def test_every_answer_that_is_described_is_in_the_envelope(told: dict[str, Any]) -> None:
    for method, path, operation in operations(told):
        if path == openapi.PATH:
            continue
        for status, answer in operation["responses"].items():
            if "$ref" in answer:
                answer = told["components"]["responses"][answer["$ref"].rpartition("/")[2]]
            schema = answer["content"]["application/json"]["schema"]
            name = "Envelope" if status == "200" else "Refusal"
            assert schema["allOf"] == [{"$ref": f"#/components/schemas/{name}"}], f"{method} {path} {status}"
            assert schema["properties"]["status"] == {"const": int(status)}


def test_ids_are_each_one_operations(told: dict[str, Any]) -> None:
    ids = [operation["operationId"] for _, _, operation in operations(told)]
    assert len(set(ids)) == len(ids)
    assert "patch_repos_owner_repo_instances" in ids


def test_what_a_session_needs_is_told(told: dict[str, Any]) -> None:
    assert told["paths"]["/api/v1/repos/{owner}/{repo}/instances"]["patch"]["description"] == (
        "A key must be allowed `status`."
    )


def test_no_definition_is_left_over_or_missing(told: dict[str, Any]) -> None:
    used = set(re.findall(r'"#/components/([\w/.]+)"', msgspec.json.encode(told).decode()))
    there = {f"{kind}/{name}" for kind in ("schemas", "responses") for name in told["components"][kind]}
    assert used == there
