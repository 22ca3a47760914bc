from __future__ import annotations

import http.client
import logging
import threading
from typing import Any

import msgspec
import pytest
from werkzeug.test import TestResponse

from bot.events.packing import Header, unpack
from bot.store import chunks, keys
from bot.store.db import transaction
from bot.web import api, reports
from tests.web.conftest import BASE, HEAD, Site, serving, upload_body


class GoEnvelope(msgspec.Struct, forbid_unknown_fields=True):
    """The CLI's own structure: a key of any other type makes Go refuse the whole answer."""

    success: bool
    status: int
    traceId: str  # noqa: N815
    errorMessage: str = ""  # noqa: N815
    data: dict[str, Any] | None = None


def envelope(answer: TestResponse) -> GoEnvelope:
    told = msgspec.json.decode(answer.data, type=GoEnvelope, strict=True)
    assert answer.content_type == "application/json"
    assert answer.headers["X-Request-Id"] == told.traceId
    assert told.traceId
    assert (told.status, told.success) == (answer.status_code, answer.status_code < 400)
    return told


def chunk(index: int, total: int = 3, batch: str = "batch-1", **changed: Any) -> bytes:
    stacks = [{"component": f"c{index}", "stack": "dev"}]
    return upload_body(**{"stacks": stacks, "batch_id": batch, "batch_index": index, "batch_total": total} | changed)


def test_an_upload_is_one_row_that_can_be_taken_apart(site: Site) -> None:
    body = upload_body()
    told = envelope(site.upload(body))
    assert told.data == {"repository": "acme/infra", "headSha": HEAD, "part": "complete"}
    (row,) = site.db.rows("SELECT kind, repo_id, lane, body FROM inbox")
    assert (row["kind"], row["repo_id"], row["lane"]) == ("upload", 7, None)
    assert unpack(row["body"]) == (Header("key:1", {}, HEAD, base_sha=BASE), body)


def test_the_plain_list_with_its_query(site: Site) -> None:
    body = b'[{"component":"vpc","stack":"dev"}]\n'
    query = {"repo": "ACME/Infra", "head_sha": HEAD, "base_sha": BASE}
    assert site.upload(body, query=query).status_code == 200
    ((_, packed),) = site.inbox()
    assert unpack(packed) == (Header("key:1", query, HEAD, base_sha=BASE), body)


def test_nothing_affected_is_taken_as_well(site: Site) -> None:
    assert site.upload(upload_body(stacks=[])).status_code == 200
    assert len(site.inbox()) == 1


def test_what_the_cli_sends_when_it_fills_every_field_with_nothing(site: Site) -> None:
    texts = dict.fromkeys(("affected", "component_path", "component_type", "stack_slug"), "")
    nothing = {"affected_all": None, "settings": None, "dependents": [], "included_in_dependents": False}
    stacks = [{"component": "vpc", "stack": "dev"} | texts | nothing]
    body = upload_body(stacks=stacks, head_sha="abc123def456", base_sha="111222333444")
    assert envelope(site.upload(body)).success


@pytest.mark.parametrize("key", [None, "swy_wrong", " ", "swy_revoked"])
def test_without_a_valid_key(site: Site, key: str | None) -> None:
    site.key("swy_revoked")
    with transaction(site.db):
        keys.revoke(site.db, 2, 1.0)
    answer = site.upload(upload_body(), key=key)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert "switchyard keys create" in envelope(answer).errorMessage
    assert site.inbox() == []


def test_another_scheme_is_no_key(site: Site) -> None:
    answer = site.client.post(
        "/api/v1/affected-stacks", data=upload_body(), headers={"Authorization": "Basic swy_good"}
    )
    assert answer.status_code == 401


def test_a_key_that_may_not_upload(site: Site) -> None:
    site.key("swy_reader", "read", "status")
    answer = site.upload(upload_body(), key="swy_reader")
    assert answer.status_code == 403
    assert "read, status" in envelope(answer).errorMessage
    assert "--allow upload" in envelope(answer).errorMessage


def test_a_key_of_another_repository(site: Site) -> None:
    site.key("swy_other", repo_id=8)
    answer = site.upload(upload_body(), key="swy_other")
    assert answer.status_code == 403
    message = envelope(answer).errorMessage
    assert "acme/infra" in message
    assert "acme/other" in message
    assert site.inbox() == []


def test_a_key_whose_repository_is_unknown(site: Site) -> None:
    site.key("swy_stray", repo_id=99)
    assert site.upload(upload_body(), key="swy_stray").status_code == 403


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"", None),
        (b"{", None),
        (b'"text"', "$"),
        (upload_body(stacks=None, head_sha="xyz"), "$.head_sha"),
        (upload_body(stacks=[{"component": 1, "stack": "dev"}]), "$.stacks[0].component"),
        (upload_body(batch_id="b", batch_index=3, batch_total=3), "$.batch_index"),
        (upload_body(repo_owner=""), "$.repo_owner"),
        (b'[{"component":"vpc","stack":"dev"}]', "query parameter repo"),
    ],
)
def test_a_body_of_another_shape(site: Site, body: bytes, problem: str | None) -> None:
    answer = site.upload(body)
    assert answer.status_code == 400
    told = envelope(answer)
    assert told.errorMessage.startswith("Switchyard cannot use this upload. ")
    listed = (told.data or {}).get("validationErrors", [])
    assert all(isinstance(line, str) for line in listed)
    assert problem is None or any(line.startswith(problem) for line in listed)
    assert site.inbox() == []


def test_size(site: Site) -> None:
    plain = upload_body(filler="")
    fits = upload_body(filler="x" * (reports.LARGEST - len(plain)))
    assert site.upload(fits).status_code == 200
    answer = site.upload(upload_body(filler="x" * (reports.LARGEST - len(plain) + 1)))
    assert answer.status_code == 413
    assert "larger" in envelope(answer).errorMessage
    assert len(site.inbox()) == 1


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1/affected-stacks", 405),
        ("PUT", "/api/v1/affected-stacks", 405),
        ("POST", "/api/v1/no-such", 404),
        ("GET", "/api/v1/", 404),
        ("GET", "/api//v1//no-such", 404),
    ],
)
def test_wrong_addresses_and_methods_answer_in_the_envelope(site: Site, method: str, path: str, status: int) -> None:
    answer = site.client.open(path, method=method)
    assert answer.status_code == status
    assert "docs/api.md" in envelope(answer).errorMessage


def test_doubled_slashes_are_no_redirect(site: Site) -> None:
    answer = site.client.post(
        "/api///v1//affected-stacks", data=upload_body(), headers={"Authorization": "Bearer swy_good"}
    )
    assert answer.status_code == 200


def test_a_busy_database_asks_to_send_again(site: Site) -> None:
    site.db.conn.execute("DROP TABLE inbox")
    answer = site.upload(upload_body())
    assert answer.status_code == 503
    assert "try again in a moment" in envelope(answer).errorMessage


def test_a_mistake_of_ours_shows_no_traceback(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(body: bytes, query: dict[str, str]) -> None:
        raise KeyError("swy_good")

    monkeypatch.setattr(api, "parse_upload", broken)
    answer = site.upload(upload_body())
    assert answer.status_code == 500
    assert "KeyError" not in answer.text
    assert "swy_good" not in answer.text
    envelope(answer)


def test_the_log_has_the_trace_and_no_key(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        told = envelope(site.upload(upload_body()))
        site.upload(upload_body(), key="swy_wrong")
    assert told.traceId in caplog.text
    assert "swy_" not in caplog.text


def test_nobody_writes_lines_into_the_log(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        site.client.get("/api/v1/%0aadmitted")
        site.upload(upload_body(repo_name="x\nadmitted"))
    assert not [record for record in caplog.records if "\n" in record.getMessage()]


def test_the_use_of_a_key_is_noted_at_most_once_a_minute(site: Site) -> None:
    def used() -> float | None:
        return keys.all_of(site.db)[0].used_at

    assert used() is None
    site.upload(upload_body())
    assert used() == 1_000_000.0
    site.clock[0] += 59
    site.upload(upload_body())
    assert used() == 1_000_000.0
    site.clock[0] += 1
    site.upload(upload_body())
    assert used() == 1_000_060.0


def test_chunks_become_one_input_that_names_them(site: Site) -> None:
    parts = [chunk(index) for index in range(3)]
    for index in (2, 0):
        assert envelope(site.upload(parts[index])).data == {
            "repository": "acme/infra",
            "headSha": HEAD,
            "part": "taken",
        }
    assert site.inbox() == []
    assert (envelope(site.upload(parts[1])).data or {})["part"] == "complete"
    ((kind, packed),) = site.inbox()
    assert (kind, unpack(packed)) == ("upload", (Header("key:1", {}, HEAD, "batch-1", BASE), b""))
    assert chunks.bodies(site.db, repo_id=7, credential="key:1", batch_id="batch-1") == parts


@pytest.mark.parametrize("other", [chunk(0, stacks=[]), chunk(1, total=4), chunk(0, total=2)])
def test_a_chunk_that_contradicts_another_is_refused(site: Site, other: bytes) -> None:
    site.upload(chunk(0))
    answer = site.upload(other)
    assert answer.status_code == 409
    assert "batch-1" in envelope(answer).errorMessage
    for index in (1, 2):
        site.upload(chunk(index))
    assert len(site.inbox()) == 1


def test_chunks_from_several_connections_at_once(site: Site) -> None:
    statuses: list[int] = []

    def send(port: int, index: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        # Each part twice: an answer may be lost, and the CLI then sends the part again.
        for _ in range(2):
            headers = {"Authorization": "Bearer swy_good"}
            connection.request("POST", "//api/v1//affected-stacks", chunk(index, total=12), headers)
            answer = connection.getresponse()
            answer.read()
            statuses.append(answer.status)
        connection.close()

    with serving(site.app) as port:
        senders = [threading.Thread(target=send, args=(port, sender)) for sender in range(12)]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()
    assert statuses == [200] * 24
    assert len(site.inbox()) == 1
