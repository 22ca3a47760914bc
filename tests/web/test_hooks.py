from __future__ import annotations

import http.client
import threading

import pytest

from bot.web.hooks import LARGEST
from tests.web.conftest import Site, serving, signature

BODY = b'{"action":"opened","number":1}'


def test_a_webhook_is_one_row_before_it_is_answered(site: Site) -> None:
    answer = site.hook(BODY, event="pull_request")
    assert answer.status_code == 202
    assert answer.json == {"accepted": True}
    (row,) = site.db.rows("SELECT * FROM inbox")
    assert (row["kind"], row["guid"], row["body"], row["at"]) == ("pull_request", "guid-1", BODY, 1_000_000.0)
    assert site.woken


def test_a_redelivery_is_taken_once(site: Site) -> None:
    assert site.hook(BODY).json == {"accepted": True}
    again = site.hook(BODY)
    assert (again.status_code, again.json) == (202, {"accepted": False})
    assert len(site.inbox()) == 1


def test_an_unknown_event_is_taken(site: Site) -> None:
    assert site.hook(BODY, event="something_of_next_year").status_code == 202


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"X_Hub_Signature_256": None}, 401),
        ({"X_Hub_Signature_256": ""}, 401),
        ({"X_Hub_Signature_256": signature(BODY, "another secret")}, 401),
        ({"X_Hub_Signature_256": signature(BODY)[:-1]}, 401),
        ({"X_Hub_Signature_256": signature(BODY).removeprefix("sha256=")}, 401),
        ({"X_Hub_Signature_256": "sha256=ü"}, 401),
        ({"X_GitHub_Event": None}, 400),
        ({"X_GitHub_Event": "Push!"}, 400),
        ({"X_GitHub_Event": "upload"}, 400),
        ({"X_GitHub_Delivery": None}, 400),
        ({"X_GitHub_Delivery": "x" * 201}, 400),
    ],
)
def test_headers_that_do_not_fit(site: Site, changed: dict[str, str | None], status: int) -> None:
    answer = site.hook(BODY, **changed)
    assert answer.status_code == status
    assert "error" in (answer.json or {})
    assert site.inbox() == []


def test_a_body_whose_last_byte_was_changed(site: Site) -> None:
    assert site.hook(BODY[:-1] + b" ", X_Hub_Signature_256=signature(BODY)).status_code == 401


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'"text"', b"{", b"payload=%7B%7D", b"{} {}", b"null", b"\xff", b'{"a":' + b"[" * 100_000]
)
def test_what_is_no_json_object(site: Site, body: bytes) -> None:
    assert site.hook(body).status_code == 400
    assert site.inbox() == []


def test_size(site: Site) -> None:
    filler = LARGEST - len(b'{"a":""}')
    assert site.hook(b'{"a":"' + b"x" * filler + b'"}').status_code == 202
    assert site.hook(b'{"a":"' + b"x" * (filler + 1) + b'"}', guid="guid-2").status_code == 413
    assert len(site.inbox()) == 1


def test_a_length_that_lies_is_refused_before_the_body_is_read(site: Site) -> None:
    answer = site.client.post("/webhooks/github", data=BODY, environ_overrides={"CONTENT_LENGTH": str(LARGEST + 1)})
    assert answer.status_code == 413


def test_other_methods(site: Site) -> None:
    answer = site.client.get("/webhooks/github")
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]


def test_a_database_that_cannot_be_written_asks_to_send_again(site: Site) -> None:
    site.db.conn.execute("DROP TABLE inbox")
    answer = site.hook(BODY)
    assert answer.status_code == 503
    assert "inbox" not in answer.text


def test_many_at_once_over_a_real_server(site: Site) -> None:
    statuses: list[int] = []

    def send(port: int, name: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        for number in range(10):
            headers = {
                "X-GitHub-Event": "push",
                "X-GitHub-Delivery": f"{name}-{number}",
                "X-Hub-Signature-256": signature(BODY),
            }
            connection.request("POST", "//webhooks//github", BODY, headers)
            answer = connection.getresponse()
            answer.read()
            statuses.append(answer.status)
        connection.close()

    with serving(site.app) as port:
        senders = [threading.Thread(target=send, args=(port, sender)) for sender in range(8)]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()
    assert statuses == [202] * 80
    assert len(site.inbox()) == 80
