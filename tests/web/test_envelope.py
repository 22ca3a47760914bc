"""Whatever comes, each answer under /api/v1/ is the envelope: over a real socket, since half of it is no sound HTTP."""

from __future__ import annotations

import http.client
import json
import logging
import re
import socket
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import msgspec
import pytest
from werkzeug.test import TestResponse

from bot.store.writer import Writer
from bot.web.server import WebServer
from tests.web.conftest import Site, upload_body
from tests.web.test_api import GoEnvelope, envelope
from tests.web.test_inventory import inventory_body

REPORTS = [("affected-stacks", upload_body()), ("instances", inventory_body())]


class Line:
    """A server, and a way to send it anything at all."""

    def __init__(self, port: int) -> None:
        self.port = port

    def say(self, *pieces: bytes) -> tuple[int, dict[str, str], bytes]:
        """Send bytes on a connection of their own; gives the status, headers and body of the first answer."""
        with closing(socket.create_connection(("127.0.0.1", self.port), timeout=30)) as line:
            for piece in pieces:
                line.sendall(piece)
            answer = http.client.HTTPResponse(line, method=pieces[0].split()[0].decode("latin-1"))
            answer.begin()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()

    def ask(self, *pieces: bytes) -> GoEnvelope:
        """Send bytes and read the envelope that answers them."""
        status, headers, body = self.say(*pieces)
        told = msgspec.json.decode(body, type=GoEnvelope, strict=True)
        assert headers["content-type"] == "application/json"
        assert headers["x-request-id"] == told.traceId
        assert (told.status, told.success) == (status, status < 400)
        assert "location" not in headers
        return told

    def hang_up(self, *pieces: bytes) -> None:
        """Send bytes and go away without waiting for an answer."""
        with closing(socket.create_connection(("127.0.0.1", self.port), timeout=30)) as line:
            for piece in pieces:
                line.sendall(piece)


@pytest.fixture
def line(site: Site) -> Iterator[Line]:
    server = WebServer(site.app, host="127.0.0.1", port=0)
    yield Line(server.port)
    server.close(5.0)


def post(path: bytes, body: bytes = b"", *headers: bytes, key: bytes = b"swy_good") -> bytes:
    usual = (b"Host: x", b"Authorization: Bearer " + key, b"Content-Length: %d" % len(body))
    lines = (b"POST " + path + b" HTTP/1.1", *usual, *headers)
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


MALFORMED = {
    "no length": b"POST /api/v1/instances HTTP/1.1\r\nContent-Length: many\r\n\r\n",
    "a negative length": b"POST /api/v1/instances HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    "an endless length": b"POST /api/v1/instances HTTP/1.1\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n",
    "two lengths": b"POST /api/v1/instances HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}",
    "no first line": b"nonsense\r\n\r\n",
    "a lower-case method": b"post /api/v1/instances HTTP/1.1\r\n\r\n",
    "a header without a colon": b"POST /api/v1/instances HTTP/1.1\r\nAuthorization\r\n\r\n",
    "a bare line end": b"POST /api/v1/instances HTTP/1.1\r\nAuthorization: Bearer swy_good\nX: y\r\n\r\n",
    "NUL in a header": b"POST /api/v1/instances HTTP/1.1\r\nAuthorization: Bearer swy\x00good\r\n\r\n",
    "an address that is none": b"POST http://[api/v1/instances HTTP/1.1\r\n\r\n",
    "a chunk of no size": b"POST /api/v1/instances HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
}


@pytest.mark.parametrize("request_", MALFORMED.values(), ids=MALFORMED.keys())
def test_what_is_no_sound_http(site: Site, line: Line, request_: bytes, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        told = line.ask(request_)
    assert told.status == 400
    assert "no sound HTTP" in told.errorMessage
    assert told.traceId in caplog.text
    assert "swy_good" not in caplog.text
    assert site.inbox() == []


def test_other_things_that_the_server_itself_refuses(line: Line) -> None:
    start = b"POST /api/v1/instances HTTP/1.1\r\n"
    packed = line.ask(start + b"Transfer-Encoding: gzip\r\n\r\n")
    assert (packed.status, "`Transfer-Encoding`" in packed.errorMessage) == (400, True)
    long = line.ask(start + b"X: " + b"x" * 300_000 + b"\r\n\r\n")
    assert (long.status, "headers are larger" in long.errorMessage) == (431, True)
    large = line.ask(start + b"Content-Length: 99999999999\r\n\r\n")
    assert (large.status, "larger than" in large.errorMessage) == (413, True)


@pytest.mark.parametrize(("path", "body"), REPORTS)
def test_chunked_transfer_is_taken(site: Site, line: Line, path: str, body: bytes) -> None:
    head = f"POST /api/v1/{path} HTTP/1.1\r\nAuthorization: Bearer swy_good\r\nTransfer-Encoding: chunked\r\n\r\n"
    half = len(body) // 2
    pieces = [b"%x\r\n%b\r\n" % (len(piece), piece) for piece in (body[:half], body[half:])]
    assert line.ask(head.encode(), *pieces, b"0\r\n\r\n").success
    assert len(site.inbox()) == 1


@pytest.mark.parametrize(("path", "body"), REPORTS)
def test_a_client_that_hangs_up_in_the_middle_has_sent_nothing(site: Site, line: Line, path: str, body: bytes) -> None:
    whole = post(f"/api/v1/{path}".encode(), body)
    for end in (10, 60, len(whole) - 1):
        line.hang_up(whole[:end])
    assert line.ask(post(b"/api/v1/no-such")).status == 404
    assert site.inbox() == []


@pytest.mark.parametrize(
    "path",
    [
        b"//api/v1/instances",
        b"/api/v1//instances",
        b"//api//v1///instances",
        b"http://switchyard.example//api/v1/instances",
    ],
)
def test_slashes_are_never_too_many(line: Line, path: bytes) -> None:
    assert line.ask(post(path, inventory_body())).success


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (b"/api/v1/instances/", 404),
        (b"/api/v1/%ff%fe", 404),
        (b"/api/v1/\xff\xfe", 400),
        (b"/api/v1/%zz%", 404),
        (b"/api/v1/%00", 404),
        (b"/api/v1/../v1/instances", 404),
        (b"/api/v1/instances?%ff=%fe&%zz=%&=&&stack=%00", 400),
        (b"/api/v1/instances#there", 400),
        (b"/api/v1/affected-stacks?repo=%ff&head_sha=\xff", 400),
    ],
)
def test_addresses_of_any_bytes(line: Line, path: bytes, status: int) -> None:
    assert line.ask(post(path)).status == status


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "PUT", "TRACE", "PATCH", "BREW"])
@pytest.mark.parametrize("path", ["/api/v1/instances", "/api//v1/affected-stacks", "/api/v1/sts"])
def test_wrong_methods(line: Line, method: str, path: str) -> None:
    status, headers, body = line.say(f"{method} {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    assert (status, headers["allow"], headers["content-type"]) == (405, "POST", "application/json")
    if method != "HEAD":
        assert msgspec.json.decode(body, type=GoEnvelope).status == 405


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "GET", "POST", "DELETE"])
def test_there_is_nothing_else(line: Line, method: str) -> None:
    for path in ("/api/v1/", "/api/v1/auth", "/api/v1/instances/"):
        status, headers, _ = line.say(f"{method} {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert (status, headers["content-type"]) == (404, "application/json")


@pytest.mark.parametrize(
    "key", [b"\xe9\xe8", b"\xff.\xff.\xff", b"a.b.c", b"eyJhbGciOiJub25lIn0.e30.", b"..", b'"', b"\t x", b"x" * 9000]
)
def test_keys_of_any_bytes(line: Line, key: bytes) -> None:
    told = line.ask(post(b"/api/v1/instances", inventory_body(), key=key))
    assert told.status == 401


def test_a_host_that_is_none(line: Line) -> None:
    for host in (b"\xff\xfe", b"a" * 300 + b".example", b"[", b"x:y:z", b"..", b""):
        told = line.ask(b"POST /api/v1/sts HTTP/1.1\r\nHost: " + host + b"\r\n\r\n")
        assert 400 <= told.status < 500


@pytest.mark.parametrize("encoding", ["gzip", "br", "gzip, identity", "\xff"])
def test_compressed_bodies_are_refused_with_a_sentence(site: Site, encoding: str) -> None:
    for path, body in REPORTS:
        headers = {"Authorization": "Bearer swy_good", "Content-Encoding": encoding}
        answer = site.client.post(f"/api/v1/{path}", data=body, headers=headers)
        assert answer.status_code == 415
        assert "compressed" in envelope(answer).errorMessage
    assert site.inbox() == []


def answers(site: Site, path: str, body: bytes) -> TestResponse:
    return site.client.post(f"/api/v1/{path}", data=body, headers={"Authorization": "Bearer swy_good"})


def with_first(body: bytes, text: bytes) -> bytes:
    """Put other JSON in place of the first component's name."""
    return re.sub(rb'"component": "[^"]*"', lambda _: b'"component": ' + text, body, count=1)


TAKEN = [
    pytest.param(lambda body: b"\xef\xbb\xbf" + body, id="a byte order mark"),
    pytest.param(lambda body: body.replace(b'"repo_owner":', b'"repo_owner": "evil", "repo_owner":'), id="twice"),
    pytest.param(lambda body: with_first(body, b'"\\u0076pc"'), id="escapes"),
    pytest.param(lambda body: body[:-1] + b', "more": [1e300, -0.0, 99999999999999999999]}', id="other keys"),
    pytest.param(lambda body: b"\n\t " + body + b" \r\n", id="blanks"),
    pytest.param(lambda body: body[:-1] + b', "batch_id": null, "batch_index": null, "batch_total": null}', id="null"),
]
REFUSED = [
    pytest.param(lambda body: with_first(body, b'"\\ud800"'), id="half a pair"),
    pytest.param(lambda body: with_first(body, b'"\\udc00\\ud800"'), id="a pair in the wrong order"),
    pytest.param(lambda body: with_first(body, b'"\xff"'), id="no UTF-8"),
    pytest.param(lambda body: with_first(body, b"NaN"), id="NaN"),
    pytest.param(lambda body: with_first(body, b"-Infinity"), id="Infinity"),
    pytest.param(lambda body: with_first(body, b"1e400"), id="a huge number"),
    pytest.param(lambda body: with_first(body, b"9" * 5000), id="a long number"),
    pytest.param(lambda body: with_first(body, b"[" * 100_000), id="open brackets"),
    pytest.param(lambda body: with_first(body, b"[" * 100_000 + b"]" * 100_000), id="deep"),
    pytest.param(lambda body: body[:-1] + b', "batch_index": 1e99}', id="a huge index"),
    pytest.param(lambda body: body[:-1] + b', "batch_id": "b", "batch_total": 99999999999999999999}', id="huge"),
    pytest.param(lambda body: body[:-1] + b', "batch_total": 2, "batch_id": ["b"]}', id="a batch that is a list"),
    pytest.param(lambda body: body + body, id="two"),
    pytest.param(lambda body: body[:-1], id="cut off"),
    pytest.param(lambda body: body.decode().encode("utf-16"), id="UTF-16"),
    pytest.param(lambda body: b"", id="nothing"),
]


@pytest.mark.parametrize(("path", "body"), REPORTS)
@pytest.mark.parametrize("change", TAKEN)
def test_json_in_other_spellings_is_taken(site: Site, path: str, body: bytes, change: Any) -> None:
    assert envelope(answers(site, path, change(body))).success
    assert len(site.inbox()) == 1


@pytest.mark.parametrize(("path", "body"), REPORTS)
@pytest.mark.parametrize("change", REFUSED)
def test_json_that_is_none_is_the_sender_s_fault(site: Site, path: str, body: bytes, change: Any) -> None:
    answer = answers(site, path, change(body))
    assert answer.status_code == 400
    assert envelope(answer).errorMessage.startswith("Switchyard cannot use this ")
    assert site.inbox() == []


@pytest.mark.parametrize(("path", "body"), REPORTS)
def test_nesting_that_nobody_reads_is_no_fault_of_ours(site: Site, path: str, body: bytes) -> None:
    for settings in (b"[" * 5000 + b"]" * 5000, b'{"pro":' * 5000 + b"1" + b"}" * 5000):
        changed = body.replace(b'"stack": "dev"', b'"stack": "dev", "settings": {"pro": ' + settings + b"}", 1)
        assert envelope(answers(site, path, changed)).status in (200, 400)


def test_a_writer_that_does_not_come_to_it_asks_to_send_again(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def stuck(self: Writer, write: object, timeout: float = 30.0) -> None:
        raise TimeoutError

    monkeypatch.setattr(Writer, "run", stuck)
    for path, body in REPORTS:
        told = envelope(answers(site, path, body))
        assert (told.status, "try again in a moment" in told.errorMessage) == (503, True)


def test_another_process_that_keeps_the_database_asks_to_send_again(site: Site) -> None:
    site.db.conn.execute("DROP TABLE inbox")
    assert envelope(answers(site, "instances", json.dumps(json.loads(inventory_body())).encode())).status == 503


def test_what_is_no_fault_of_the_sender_s_is_told_to_who_keeps_warnings_only(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(self: Writer, write: object, timeout: float = 30.0) -> None:
        raise KeyError("inbox")

    with caplog.at_level(logging.WARNING):
        envelope(site.client.post("/api/v1/instances", data=inventory_body()))
        assert caplog.text == ""
        monkeypatch.setattr(Writer, "run", broken)
        told = envelope(answers(site, "instances", inventory_body()))
    assert told.status == 500
    mine = [record for record in caplog.records if told.traceId in record.getMessage()]
    assert [bool(record.exc_info) for record in mine] == [False, True]


def test_a_fault_outside_the_app_is_told_without_its_words(caplog: pytest.LogCaptureFixture) -> None:
    def broken(environ: object, start: object) -> list[bytes]:
        raise KeyError("swy_good")

    server = WebServer(broken, host="127.0.0.1", port=0)
    told = Line(server.port).ask(post(b"/api/v1/instances"))
    server.close(5.0)
    assert (told.status, "swy_good" in told.errorMessage) == (500, False)
    assert "KeyError" in caplog.text
