"""What each kind of failure means."""

from __future__ import annotations

import asyncio
import json
import socket

import aiohttp
import gidgethub
import pytest
from aiohttp import web
from gidgethub import sansio

from bot.domain.pro import ProProblem
from bot.github.client import GitHub
from bot.github.failures import FailureKind, classify
from bot.github.line import BadAnswer

NOW = 1000.0
SECONDARY = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."


def answered(status, message="told", headers=None, **body):
    """Make the error that gidgethub raises for an answer."""
    content = json.dumps({"message": message, **body}).encode()
    with pytest.raises(gidgethub.GitHubException) as caught:
        sansio.decipher_response(status, {"content-type": "application/json", **(headers or {})}, content)
    return caught.value


def spent(reset):
    return {"x-ratelimit-limit": "5000", "x-ratelimit-remaining": "0", "x-ratelimit-reset": str(reset)}


@pytest.mark.parametrize(
    ("error", "kind", "sent", "retry_at", "status"),
    [
        (answered(500), FailureKind.LATER, True, None, 500),
        (answered(503, headers={"retry-after": "30"}), FailureKind.LATER, True, NOW + 30, 503),
        (answered(401), FailureKind.LATER, False, None, 401),
        (answered(429), FailureKind.PAUSED, False, NOW + 60, 429),
        (answered(429, headers={"retry-after": "90"}), FailureKind.PAUSED, False, NOW + 90, 429),
        (answered(403, headers={"retry-after": "5"}), FailureKind.PAUSED, False, NOW + 5, 403),
        (answered(403, headers={"retry-after": "0"}), FailureKind.PAUSED, False, NOW + 1, 403),
        (answered(403, headers={"retry-after": "soon"}), FailureKind.PAUSED, False, NOW + 60, 403),
        (answered(403, headers={"retry-after": "99999999"}), FailureKind.PAUSED, False, NOW + 3600, 403),
        (answered(403, headers=spent(1500)), FailureKind.PAUSED, False, 1500.0, 403),
        (answered(403, headers=spent(900)), FailureKind.PAUSED, False, NOW + 60, 403),
        (answered(403, headers=spent(999999)), FailureKind.PAUSED, False, NOW + 3600, 403),
        (answered(403, headers={"x-ratelimit-remaining": "0"}), FailureKind.PAUSED, False, NOW + 60, 403),
        (answered(403, SECONDARY), FailureKind.PAUSED, False, NOW + 60, 403),
        (
            answered(403, SECONDARY, spent(1500) | {"x-ratelimit-remaining": "9"}),
            FailureKind.PAUSED,
            False,
            1060.0,
            403,
        ),
        (answered(403, "Resource not accessible by integration"), FailureKind.DEAD, False, None, 403),
        (answered(404), FailureKind.FORGET, False, None, 404),
        (answered(410), FailureKind.FORGET, False, None, 410),
        (answered(422, "No ref found for: x"), FailureKind.DEAD, False, None, 422),
        (answered(400), FailureKind.DEAD, False, None, 400),
        (answered(409), FailureKind.DEAD, False, None, 409),
        (answered(301), FailureKind.DEAD, False, None, 301),
        (TimeoutError(), FailureKind.LATER, True, None, 0),
        (aiohttp.SocketTimeoutError(), FailureKind.LATER, True, None, 0),
        (aiohttp.ConnectionTimeoutError(), FailureKind.LATER, False, None, 0),
        (aiohttp.ServerDisconnectedError(), FailureKind.LATER, True, None, 0),
        (aiohttp.ClientOSError(), FailureKind.LATER, True, None, 0),
        (aiohttp.ClientPayloadError(), FailureKind.LATER, True, None, 0),
        (ConnectionResetError(), FailureKind.LATER, True, None, 0),
        (BadAnswer("cut"), FailureKind.LATER, True, None, 0),
        (json.JSONDecodeError("cut", "{", 1), FailureKind.LATER, True, None, 0),
        (ProProblem("The file is too large."), FailureKind.DEAD, False, None, 0),
        (KeyError("ours"), FailureKind.DEAD, True, None, 0),
    ],
    ids=lambda value: repr(value)[:60],
)
def test_kinds(error, kind, sent, retry_at, status):
    failure = classify(error, NOW)
    assert (failure.kind, failure.sent, failure.retry_at, failure.status) == (kind, sent, retry_at, status)
    assert failure.sentence.endswith(".")


def test_the_sentence_quotes_github_and_says_what_to_do():
    failure = classify(answered(422, "No ref found for: feature/x"), NOW)
    assert failure.sentence == (
        "GitHub refused this with status 422: No ref found for: feature/x. Correct what it names, then retry."
    )
    assert "lack a permission" in classify(answered(403, "Resource not accessible by integration"), NOW).sentence
    assert "too large" in classify(ProProblem("The file is too large."), NOW).sentence


def test_the_sentence_stays_short_and_on_one_line():
    failure = classify(answered(400, "evil\n\n# heading\x1b[31m\u202e" + "x" * 5000), NOW)
    assert failure.sentence.isprintable()
    assert len(failure.sentence) < 450


def test_what_a_sentence_tells_of_an_error_of_ours_is_its_kind_alone():
    assert "secret" not in classify(KeyError("secret"), NOW).sentence


async def fails(url, session, pem, **more):
    github = GitHub(session, app_id=7, private_key=pem, api_url=url, now=lambda: NOW, **more)
    with pytest.raises(Exception) as caught:  # noqa: PT011 - which one it is, is what is tested
        await github.as_app().post("/app", data={})
    return classify(caught.value, NOW)


async def test_a_refused_connection_never_reached_github(session, pem):
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        failure = await fails(f"http://127.0.0.1:{bound.getsockname()[1]}", session, pem)
    assert (failure.kind, failure.sent) == (FailureKind.LATER, False)


@pytest.mark.parametrize("heard", [b"", b"HTTP/1.1 201 Created\r\ncontent-length: 50\r\n\r\n{", b"garbage\r\n\r\n"])
async def test_a_connection_that_breaks_off_may_have_done_it(session, pem, heard):
    async def handle(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(heard)
        writer.close()

    async with await asyncio.start_server(handle, "127.0.0.1", 0) as server:
        failure = await fails(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", session, pem)
    assert (failure.kind, failure.sent) == (FailureKind.LATER, True)


async def test_a_silence_may_have_done_it(session, pem):
    never = asyncio.Event()

    async def handle(_reader, writer):
        await never.wait()
        writer.close()

    async with await asyncio.start_server(handle, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        failure = await fails(url, session, pem, timeout=0.1)
        never.set()
    assert (failure.kind, failure.sent) == (FailureKind.LATER, True)


async def test_an_answer_that_is_no_json_is_tried_again(wire, session, pem):
    wire.on("POST", "/app", web.Response(status=200, text="<html>", content_type="application/json"))
    failure = await fails(wire.url, session, pem)
    assert (failure.kind, failure.sent) == (FailureKind.LATER, True)


async def test_the_headers_of_a_limit_come_through_the_client(wire, session, pem):
    limited = web.json_response({"message": SECONDARY}, status=403, headers={"Retry-After": "72"})
    wire.on("POST", "/app", limited)
    failure = await fails(wire.url, session, pem)
    assert (failure.kind, failure.retry_at) == (FailureKind.PAUSED, NOW + 72)
