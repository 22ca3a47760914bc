"""How a plan or an apply ended, as CLIs of all ages send it."""

from __future__ import annotations

import http.client
import json
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from bot.events.status import KIND, Told
from tests.web.conftest import Site, claims, serving
from tests.web.test_api import envelope

PLACE = "/api/v1/repos/acme/infra/instances"
VPC = {"stack": "dev", "component": "vpc"}
CHANGES = {"command": "plan", "exit_code": 2}


def tell(
    site: Site,
    body: object = CHANGES,
    *,
    path: str = PLACE,
    query: dict[str, str] | None = VPC,
    token: str = "swy_good",
) -> TestResponse:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {token}"}
    return site.client.patch(path, data=data, query_string=query, headers=headers, content_type="application/json")


def kept(site: Site) -> list[Told]:
    assert {kind for kind, _ in site.inbox()} <= {KIND}
    return [msgspec.json.decode(body, type=Told) for _, body in site.inbox()]


def test_a_status_is_one_row(site: Site) -> None:
    answer = envelope(tell(site, CHANGES | {"last_run": "1970-01-12T13:45:00Z"}))
    assert answer.data == {
        "repository": "acme/infra",
        "stack": "dev",
        "component": "vpc",
        "command": "plan",
        "exitCode": 2,
    }
    assert kept(site) == [Told("dev", "vpc", "plan", 2, 999_900.0)]
    (row,) = site.db.rows("SELECT repo_id, lane FROM inbox")
    assert (row["repo_id"], row["lane"]) == (7, None)


def test_a_session_says_which_run_it_is(site: Site) -> None:
    assert tell(site, token=site.session(run_id=5, attempt=2)).status_code == 200
    assert kept(site) == [Told("dev", "vpc", "plan", 2, 1_000_000.0, claims(run_id=5, attempt=2))]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"command": "plan", "exit_code": 0}, ("plan", 0)),
        ({"command": "plan", "exit_code": -1}, ("plan", -1)),
        ({"command": "plan", "exit_code": 3221225477}, ("plan", 3221225477)),
        ({"command": "apply", "exit_code": 1}, ("apply", 1)),
        ({"command": "deploy", "exit_code": 0}, ("apply", 0)),
        ({"command": "remediate", "exit_code": 0}, ("apply", 0)),
        ({"command": "plan", "exit_code": 0, "last_run": None, "status": None, "more": [1]}, ("plan", 0)),
        ({"command": None, "status": "in_sync"}, ("plan", 0)),
        ({"status": "drifted"}, ("plan", 2)),
    ],
)
def test_bodies_of_all_ages(site: Site, body: dict[str, Any], expected: tuple[str, int]) -> None:
    envelope(tell(site, body))
    (told,) = kept(site)
    assert (told.command, told.exit_code) == expected


@pytest.mark.parametrize(
    ("last_run", "at"),
    [
        (None, 1_000_000.0),
        ("1970-01-12T13:46:00Z", 999_960.0),
        ("1970-01-12T15:46:00.5+02:00", 999_960.5),
        ("1970-01-12T13:51:00Z", 1_000_260.0),  # a clock that is a little ahead
        ("1970-01-12T13:52:00Z", 1_000_000.0),  # one that is wrong
        ("9999-12-31T23:59:59-23:00", 1_000_000.0),
        ("0001-01-01T00:00:00+23:00", -62135679600.0),
    ],
)
def test_when_it_ended(site: Site, last_run: str | None, at: float) -> None:
    envelope(tell(site, CHANGES | {"last_run": last_run}))
    assert [told.at for told in kept(site)] == [at]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/dev/vpc", ("dev", "vpc")),
        ("/dev/eks%2Fcluster", ("dev", "eks/cluster")),
        ("/orgs%2Facme%2Fdev/eks%2Fcluster", ("orgs/acme/dev", "eks/cluster")),
        ("//dev/vpc", ("dev", "vpc")),
        ("/dev/eks/cluster", ("dev", "eks/cluster")),  # a proxy has decoded it
        ("/dev/vpc?stack=other&component=other", ("dev", "vpc")),
    ],
)
def test_the_names_in_the_path(site: Site, path: str, expected: tuple[str, str]) -> None:
    with serving(site.app) as port:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        headers = {"Authorization": "Bearer swy_good", "Content-Type": "application/json"}
        connection.request("PATCH", f"/{PLACE}{path}", b'{"status":"drifted"}', headers)
        assert connection.getresponse().status == 200
        connection.close()
    (told,) = kept(site)
    assert (told.stack, told.component) == expected


def test_names_as_the_cli_writes_them_into_the_query(site: Site) -> None:
    envelope(tell(site, path=f"{PLACE}?stack=orgs%2Facme%2Fdev&component=a%2Bb%3A1", query=None))
    assert [(told.stack, told.component) for told in kept(site)] == [("orgs/acme/dev", "a+b:1")]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "not JSON"),
        (b"[]", "`array`"),
        ({}, "`command` and `exit_code`"),
        ({"command": "plan"}, "`command` and `exit_code`"),
        ({"exit_code": 0}, "`command` and `exit_code`"),
        ({"command": "destroy", "exit_code": 0}, "$.command"),
        ({"command": "plan", "exit_code": "0"}, "$.exit_code"),
        ({"command": "plan", "exit_code": 2**32}, "$.exit_code"),
        ({"command": "plan", "exit_code": 10**30}, "$.exit_code"),
        ({"status": "unknown"}, "$.status"),
        (CHANGES | {"last_run": "2026-06-09T10:00:00"}, "$.last_run"),
        (CHANGES | {"last_run": "yesterday"}, "$.last_run"),
        (CHANGES | {"last_run": 1}, "$.last_run"),
    ],
)
def test_a_body_that_says_nothing_is_refused(site: Site, body: object, told: str) -> None:
    answer = tell(site, body)
    said = envelope(answer)
    assert answer.status_code == 400
    assert told in f"{said.errorMessage} {said.data}"
    assert site.inbox() == []


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({}, "names no stack"),
        ({"stack": "dev"}, "names no component"),
        ({"stack": "", "component": "vpc"}, "names no stack"),
        ({"stack": "dev", "component": "a b"}, "No component of Switchyard is called “a b”"),
        ({"stack": "../dev", "component": "vpc"}, "No stack of Switchyard is called “../dev”"),
        ({"stack": "dev", "component": "x" * 201}, "at most 200"),
        ({"stack": "dev", "component": "vpc\n\x1b[2J"}, "No component"),
    ],
)
def test_names_that_nothing_has_are_refused(site: Site, query: dict[str, str], told: str) -> None:
    answer = tell(site, query=query)
    assert answer.status_code == 400
    assert told in envelope(answer).errorMessage
    assert site.inbox() == []


def test_a_path_that_names_only_a_stack_is_refused(site: Site) -> None:
    assert tell(site, path=f"{PLACE}/dev", query=None).status_code == 400
    assert tell(site, path=f"{PLACE}/", query=None).status_code == 404


def test_another_repository_is_refused_in_words(site: Site) -> None:
    for token in ("swy_good", site.session()):
        answer = tell(site, path="/api/v1/repos/acme/other/instances", token=token)
        assert answer.status_code == 403
        assert "The status is about acme/other" in envelope(answer).errorMessage
    assert tell(site, path="/api/v1/repos/ACME/Infra/instances").status_code == 200


def test_a_key_must_be_allowed_to(site: Site) -> None:
    answer = tell(site, token=site.key("swy_reads", "read"))
    assert answer.status_code == 403
    assert "`status` is needed" in envelope(answer).errorMessage
    assert tell(site, token="swy_wrong").status_code == 401


def test_the_clis_retries_are_one_row(site: Site) -> None:
    token = site.session()
    for _ in range(4):
        assert tell(site, CHANGES | {"last_run": "1970-01-12T13:45:00Z"}, token=token).status_code == 200
    assert len(site.inbox()) == 1


def test_what_differs_is_a_row_of_its_own(site: Site) -> None:
    said = CHANGES | {"last_run": "1970-01-12T13:45:00Z"}
    tell(site, said, token=site.session())
    tell(site, said, token=site.session(attempt=2))
    tell(site, said, token=site.session(run_id=9002))
    tell(site, said | {"exit_code": 0}, token=site.session())
    tell(site, said | {"last_run": "1970-01-12T13:45:01Z"}, token=site.session())
    tell(site, said | {"command": "apply"}, token=site.session())
    tell(site, said, query={"stack": "dev", "component": "dns"}, token=site.session())
    assert len(site.inbox()) == 7


def test_a_word_of_any_length_is_told_in_short(site: Site) -> None:
    told = envelope(tell(site, {"command": "p" * 100_000, "exit_code": 0}))
    assert told.status == 400
    assert "Invalid enum value 'ppp" in told.errorMessage
    assert len(told.errorMessage) < 400


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
keys = st.sampled_from(["command", "exit_code", "last_run", "status", "x"])
words = st.sampled_from(["plan", "apply", "in_sync", "drifted", "2026-06-09T10:00:00Z", "0000-01-01T00:00:00Z"])


@settings(max_examples=300, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    body=st.dictionaries(keys, words | anything, max_size=5).map(lambda told: json.dumps(told).encode()) | st.binary(),
    query=st.dictionaries(st.sampled_from(["stack", "component"]), st.text() | words),
    path=st.sampled_from(["", "/dev/vpc", "/%00/%ff", "/a/b/%2F%2F", "/%E2%82"]),
)
def test_whatever_comes_is_taken_or_refused(site: Site, body: bytes, query: dict[str, str], path: str) -> None:
    before = len(site.inbox())
    answer = tell(site, body, path=PLACE + path, query=query)
    envelope(answer)
    assert answer.status_code in (200, 400)
    assert len(site.inbox()) - before == (answer.status_code == 200)
