"""Who asks, with what, and what happens when GitHub says no."""

from __future__ import annotations

import asyncio
import logging
import socket

import aiohttp
import gidgethub
import jwt
import pytest
from aiohttp import web

from bot import __version__
from bot.github.client import GitHub
from bot.github.failures import FailureKind, classify
from bot.github.line import BadAnswer, Resting

USER = "/repos/acme/infra"


def bad_token(_asked):
    return web.json_response({"message": "Bad credentials"}, status=401)


def only(token):
    """Answer one token and refuse the others."""

    def answer(asked):
        if asked.headers["authorization"] == f"Bearer {token}":
            return web.json_response({"ok": True})
        return bad_token(asked)

    return answer


async def test_an_installation_asks_with_its_token_and_says_who_we_are(wire, github):
    wire.on("GET", USER, web.json_response({"ok": True}, headers={"X-RateLimit-Remaining": "4321"}))
    gh = github.installation(100)
    assert gh.remaining is None
    assert await gh.getitem(USER) == {"ok": True}
    fetched, asked = wire.asked
    assert fetched.path == "/app/installations/100/access_tokens"
    assert asked.headers["authorization"] == "Bearer ghs_t1"
    assert asked.headers["x-github-api-version"] == "2022-11-28"
    assert asked.headers["user-agent"] == f"atmos-switchyard/{__version__}"
    assert gh.remaining == 4321
    assert github.installation(100) is gh


async def test_the_app_proves_itself_with_a_short_lived_signature(wire, github):
    wire.on("GET", "/app", web.json_response({"id": 7}))
    await github.as_app().getitem("/app")
    proof = wire.asked[0].headers["authorization"].removeprefix("Bearer ")
    claims = jwt.decode(proof, options={"verify_signature": False})
    assert claims == {"iss": "7", "iat": wire.now - 60, "exp": wire.now + 540}


async def test_the_apps_proof_is_made_anew_before_it_ends(wire, github):
    wire.on("GET", "/app", web.json_response({"id": 7}))
    for moved in (0, 100, 500):
        wire.now += moved
        await github.as_app().getitem("/app")
    first, second, third = (asked.headers["authorization"] for asked in wire.asked)
    assert first == second != third


async def test_a_token_is_kept_until_five_minutes_before_it_ends(wire, github):
    wire.on("GET", USER, web.json_response({}))
    gh = github.installation(100)
    for moved in (0, 3299, 2):
        wire.now += moved
        await gh.getitem(USER)
    used = [asked.headers["authorization"] for asked in wire.asked if asked.path == USER]
    assert used == ["Bearer ghs_t1", "Bearer ghs_t1", "Bearer ghs_t2"]


async def test_a_token_that_looks_expired_from_the_start_is_used_for_a_minute(wire, github):
    wire.now += 7200  # GitHub's clock is two hours behind
    wire.on(
        "POST",
        "/app/installations/100/access_tokens",
        lambda _: web.json_response({"token": "ghs_behind", "expires_at": "2026-09-21T15:13:20Z"}, status=201),
    )
    wire.on("GET", USER, web.json_response({}))
    await asyncio.gather(*(github.installation(100).getitem(USER) for _ in range(3)))
    assert {asked.headers["authorization"] for asked in wire.asked if asked.path == USER} == {"Bearer ghs_behind"}


async def test_many_at_once_share_one_token(wire, github):
    wire.on("GET", USER, web.json_response({}))
    await asyncio.gather(*(github.installation(100).getitem(USER) for _ in range(20)))
    assert {asked.headers["authorization"] for asked in wire.asked if asked.path == USER} == {"Bearer ghs_t1"}


async def test_one_who_leaves_while_waiting_takes_the_token_from_nobody(wire, github):
    wire.on("GET", USER, web.json_response({"ok": True}))
    gh = github.installation(100)
    leaving, staying = asyncio.create_task(gh.getitem(USER)), asyncio.create_task(gh.getitem(USER))
    await asyncio.sleep(0)
    leaving.cancel()
    assert await staying == {"ok": True}
    with pytest.raises(asyncio.CancelledError):
        await leaving


async def test_all_who_wait_learn_that_there_is_no_token_and_the_next_one_tries_again(wire, github):
    suspended = web.json_response({"message": "This installation has been suspended"}, status=403)
    wire.on("POST", "/app/installations/100/access_tokens", suspended)
    gh = github.installation(100)
    failed = await asyncio.gather(*(gh.getitem(USER) for _ in range(3)), return_exceptions=True)
    assert [str(error) for error in failed] == ["This installation has been suspended"] * 3
    del wire.answers["POST", "/app/installations/100/access_tokens"]
    wire.on("GET", USER, web.json_response({"ok": True}))
    assert await gh.getitem(USER) == {"ok": True}


async def test_a_refused_token_is_renewed_and_the_call_repeated(wire, github):
    wire.on("POST", USER, only("ghs_t2"))
    assert await github.installation(100).post(USER, data={"a": 1}) == {"ok": True}
    assert wire.asked[-1].body == {"a": 1}


async def test_a_new_token_that_is_refused_too_is_an_error(wire, github):
    wire.on("GET", USER, bad_token)
    with pytest.raises(gidgethub.BadRequest, match="Bad credentials") as caught:
        await github.installation(100).getitem(USER)
    assert caught.value.status_code == 401
    assert wire.asked[-1].headers["authorization"] == "Bearer ghs_t2"


async def test_all_pages_are_read(wire, github):
    def page(asked):
        number = int(asked.query.get("page", "1"))
        link = f'<{wire.url}/list?page={number + 1}>; rel="next"' if number < 3 else ""
        return web.json_response([number], headers={"Link": link} if link else {})

    wire.on("GET", "/list", page)
    assert [item async for item in github.installation(100).getiter("/list")] == [1, 2, 3]


async def test_a_renamed_repository_is_followed_for_reads_and_writes(wire, github):
    moved = {"Location": f"{wire.url}/repositories/1"}
    wire.on("GET", USER, web.json_response({"message": "Moved"}, status=301, headers=moved))
    wire.on("PATCH", USER, web.json_response({"message": "Moved"}, status=307, headers=moved))
    wire.on("GET", "/repositories/1", web.json_response({"read": True}))
    wire.on("PATCH", "/repositories/1", lambda asked: web.json_response(asked.body))
    gh = github.installation(100)
    assert await gh.getitem(USER) == {"read": True}
    assert await gh.patch(USER, data={"name": "new"}) == {"name": "new"}


async def test_a_write_never_turns_into_a_read(wire, github):
    wire.on("POST", USER, web.json_response({"message": "Moved"}, status=301, headers={"Location": wire.url + USER}))
    wire.on("GET", USER, web.json_response({"looks": "done"}))
    with pytest.raises(gidgethub.RedirectionException):
        await github.installation(100).post(USER, data={})


async def test_a_token_never_goes_to_another_host_or_place(wire, github):
    wire.on("GET", USER, web.json_response({}, status=302, headers={"Location": "http://127.0.0.1:1/steal"}))
    wire.on("GET", "/list", web.json_response([], headers={"Link": '<http://127.0.0.1:1/steal>; rel="next"'}))
    gh = github.installation(100)
    with pytest.raises(BadAnswer, match="led away"):
        await gh.getitem(USER)
    with pytest.raises(BadAnswer, match="led away"):
        [item async for item in gh.getiter("/list")]
    with pytest.raises(BadAnswer, match="led away"):
        await gh.getitem("/repos/{owner}/{repo}", {"owner": "..", "repo": "app"})


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (422, '{"errors": [1]}', "Unprocessable Entity"),
        (422, '{"errors": []}', "Unprocessable Entity"),
        (422, "not json", "Unprocessable Entity"),
        (403, '["odd"]', "Forbidden"),
        (502, '{"cut', "Bad Gateway"),
        (404, '{"message": 5}', "Not Found"),
        (422, '{"message": "No ref found for: x"}', "No ref found for: x"),
    ],
)
async def test_an_error_with_an_odd_body_keeps_its_status(wire, github, status, body, told):
    wire.on("GET", USER, web.Response(status=status, text=body, content_type="application/json"))
    with pytest.raises(gidgethub.HTTPException) as caught:
        await github.installation(100).getitem(USER)
    assert caught.value.status_code == status
    assert str(caught.value) == told


async def test_a_status_that_nobody_knows_is_a_bad_answer(wire, github):
    wire.on("GET", USER, web.Response(status=520))
    with pytest.raises(BadAnswer, match="520"):
        await github.installation(100).getitem(USER)


async def test_every_request_is_told_with_its_status(wire, session, pem):
    told = []
    github = GitHub(
        session,
        app_id=7,
        private_key=pem,
        api_url=wire.url,
        now=lambda: wire.now,
        on_request=lambda method, status: told.append((method, status)),
    )
    wire.on("GET", USER, web.json_response({"message": "oh"}, status=500))
    with pytest.raises(gidgethub.GitHubBroken):
        await github.installation(100).getitem(USER)
    assert told == [("POST", 201), ("GET", 500)]


def chain(error):
    """Everything that a log or an error collector could show of an error."""
    while error is not None:
        yield repr(error)
        yield str(error)
        yield repr(getattr(error, "args", ""))
        yield repr(vars(error))
        error = error.__cause__ or error.__context__


async def test_an_answer_that_is_not_http_gives_nothing_away(session, pem, caplog):
    async def garble(reader, writer):
        await reader.read(10)
        writer.write(b"garbage\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(garble, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    caplog.set_level(logging.DEBUG)
    github = GitHub(session, app_id=7, private_key=pem, api_url=f"http://127.0.0.1:{port}", now=lambda: 0.0)
    async with server:
        with pytest.raises(BadAnswer) as caught:
            await github.as_app().getitem("/app")
    shown = "".join(chain(caught.value)) + caplog.text
    assert "earer" not in shown


async def test_a_token_that_cannot_be_read_is_not_quoted(wire, github, caplog):
    caplog.set_level(logging.DEBUG)
    path = "/app/installations/100/access_tokens"
    cut = web.Response(status=201, text='{"token": "ghs_secret", "expi', content_type="application/json")
    odd = web.json_response({"token": "ghs_secret", "expires_at": "soon"}, status=201)
    for answer in (cut, odd):
        wire.on("POST", path, answer)
        with pytest.raises(BadAnswer) as caught:
            await github.installation(100).getitem(USER)
        assert "ghs_secret" not in "".join(chain(caught.value)) + caplog.text


async def test_secrets_are_in_no_repr_no_log_and_no_error(wire, github, pem, caplog):
    caplog.set_level(logging.DEBUG)
    wire.on("GET", USER, web.json_response({"message": "no"}, status=403))
    gh = github.installation(100)
    with pytest.raises(gidgethub.BadRequest) as caught:
        await gh.getitem(USER)
    proof = wire.asked[0].headers["authorization"].removeprefix("Bearer ")
    seen = "".join(chain(caught.value)) + caplog.text + repr(gh) + repr(github) + repr(github.as_app()) + str(gh)
    for secret in ("ghs_t1", proof, pem, pem.splitlines()[1]):
        assert secret not in seen


async def test_a_refused_connection_and_a_silence_are_aiohttps_own_errors(session, pem):
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        refused = GitHub(
            session, app_id=7, private_key=pem, api_url=f"http://127.0.0.1:{bound.getsockname()[1]}", now=lambda: 0.0
        )
        with pytest.raises(aiohttp.ClientConnectorError):
            await refused.as_app().getitem("/app")

    never = asyncio.Event()

    async def silent(_reader, writer):
        await never.wait()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        slow = GitHub(
            session, app_id=7, private_key=pem, api_url=f"http://127.0.0.1:{port}", now=lambda: 0.0, timeout=0.05
        )
        with pytest.raises(TimeoutError):
            await slow.as_app().getitem("/app")
        never.set()


async def test_an_installation_that_rests_asks_nothing(wire, github):
    wire.on("GET", USER, web.json_response({"ok": True}))
    github.rests = {100: wire.now + 90, 200: 0.0}.get
    assert await github.installation(200).getitem(USER) == {"ok": True}
    wire.asked.clear()
    with pytest.raises(Resting) as caught:
        await github.installation(100).getitem(USER)
    failure = classify(caught.value, wire.now)
    assert (failure.kind, failure.sent, failure.retry_at) == (FailureKind.PAUSED, False, wire.now + 90)
    assert wire.asked == []
    wire.now += 90
    assert await github.installation(100).getitem(USER) == {"ok": True}
