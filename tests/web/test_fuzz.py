"""Whatever comes: no mistake of ours, no answer that the CLI cannot read, and no row lost or made up."""

from __future__ import annotations

import json
import random
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.fuzz import promised, send
from benchmarks.mutations import KEY, Request, mutate, signed, sound
from tests.web.conftest import Site

KINDS = range(len(sound("", "")))
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
FIELDS = (
    "stacks", "instances", "head_sha", "base_sha", "repo_owner", "repo_name", "batch_id", "batch_index",
    "batch_total", "component", "stack", "settings", "dependents", "deleted", "command", "exit_code", "last_run",
    "status", "key", "ttl", "lockMessage", "properties", "token", "workspaceId",
)  # fmt: skip
OBJECTS = st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=8)
# Latin-1 is what HTTP has; the server lets no control characters into a header.
HEADER = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=40)
HEADERS = ("Authorization", "Content-Type", "Content-Encoding", "Content-Length", "Accept", "X-GitHub-Event", "Expect")
QUERY = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=60).map(str.encode)

many = settings(
    max_examples=1000, derandomize=True, deadline=None, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip


@pytest.fixture
def requests(site: Site) -> tuple[Request, ...]:
    """Make the sound requests, whose key and session are known."""
    site.key(KEY)
    return sound(site.identity_token(), site.session())


def written(body: Any, plain: bool) -> bytes:
    """Write JSON, as it was meant to be or with lone surrogates and the like as bytes."""
    return json.dumps(body, ensure_ascii=not plain).encode("utf-8", "surrogatepass")


def rows(site: Site) -> int:
    (row,) = site.db.rows("SELECT count(*) AS found FROM inbox")
    return int(row["found"])


def ask(site: Site, request: Request) -> int:
    """Send a request; gives its status, once it is sure that the answer and the inbox say the same."""
    before = rows(site)
    status, body = send(site.app, request)
    assert status < 500, body
    assert rows(site) - before == promised(request, status, body)
    return status


def test_what_is_mutated_was_sound(site: Site, requests: tuple[Request, ...]) -> None:
    told = [ask(site, signed(request, "one")) for request in requests]
    assert Counter(told) == {200: 13, 403: 2, 202: 1}


@many
@given(st.sampled_from(KINDS), st.integers(0, 2**32))
def test_what_is_almost_right(site: Site, requests: tuple[Request, ...], kind: int, chance: int) -> None:
    ask(site, mutate(requests[kind], random.Random(chance)))


@many
@given(st.sampled_from(KINDS), JSON | OBJECTS, st.booleans())
def test_json_of_any_shape(site: Site, requests: tuple[Request, ...], kind: int, body: Any, plain: bool) -> None:
    ask(site, replace(requests[kind], body=written(body, plain)))


@many
@given(st.sampled_from(KINDS), st.binary(max_size=200))
def test_bytes(site: Site, requests: tuple[Request, ...], kind: int, body: bytes) -> None:
    ask(site, replace(requests[kind], body=body))


@many
@given(st.sampled_from(KINDS), QUERY, st.dictionaries(st.sampled_from(HEADERS), HEADER, max_size=3))
def test_queries_and_headers(
    site: Site, requests: tuple[Request, ...], kind: int, query: bytes, headers: dict[str, str]
) -> None:
    request = requests[kind]
    ask(site, replace(request, query=query, headers={**request.headers, **headers}))


@many
@given(st.sampled_from(KINDS), st.binary(max_size=60), st.booleans())
def test_paths(site: Site, requests: tuple[Request, ...], kind: int, path: bytes, below: bool) -> None:
    ask(site, replace(requests[kind], path=(b"/api/v1/" if below else b"/") + path))
