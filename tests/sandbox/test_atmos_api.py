"""The stand-in's calls against a server that answers what the test says, compared with what the CLI is known to do."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot.sandbox import atmos, example
from bot.sandbox.atmos_answers import BadAnswer, decode
from bot.sandbox.atmos_api import Client

GOOD = (200, {"success": True, "status": 200, "data": {}})
BUSY = (503, {"success": False, "status": 503, "errorMessage": "Later."})
NO_ENTRY = (401, {"success": False, "status": 401, "errorMessage": "Who are you?"})
REFUSED = (403, {"success": False, "status": 403, "errorMessage": "Not you."})
CUT = (0, None)  # the connection is closed without an answer


def session(token: str) -> tuple[int, Any]:
    return 200, {"success": True, "data": {"token": token}}


class Server:
    """Answers what is scripted for a path, in order, the last again and again."""

    def __init__(self, http: aiohttp.ClientSession) -> None:
        self.http, self.url = http, ""
        self.scripts: dict[str, list[tuple[int, Any]]] = {}
        self.asked: list[tuple[str, str, str, Any]] = []
        self.agents: set[str] = set()
        self.waits: list[float] = []
        self.made = 0

    async def handle(self, request: web.Request) -> web.StreamResponse:
        path = str(request.rel_url).removeprefix("/api/v1/")
        self.asked.append(
            (request.method, path, request.headers.get("Authorization", ""), json.loads(await request.text()))
        )
        self.agents.add(request.headers["User-Agent"])
        script = self.scripts[path.partition("?")[0]]
        status, body = script.pop(0) if len(script) > 1 else script[0]
        if (status, body) == CUT:
            assert request.transport is not None
            request.transport.abort()
        return web.json_response(body, status=status or 200)

    def client(self, *, token: str = "") -> Client:
        async def identity(audience: str) -> str:
            self.made += 1
            return f"identity {self.made} for {audience}"

        async def sleep(seconds: float) -> None:
            self.waits.append(seconds)

        return Client(self.http, self.url, token=token, workspace_id="ws_1", identity=identity, sleep=sleep)

    def calls(self) -> list[tuple[str, str]]:
        """List paths and bearers."""
        return [(path, bearer.removeprefix("Bearer ")) for _, path, bearer, _ in self.asked]


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with aiohttp.ClientSession() as http:
        one = Server(http)
        app = web.Application()
        app.router.add_route("*", "/{tail:.*}", one.handle)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        one.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield one
        await runner.cleanup()


async def test_an_identity_token_is_exchanged_once_for_a_command(server: Server) -> None:
    server.scripts = {"auth/github-oidc": [session("s1")], "affected-stacks": [GOOD]}
    client = server.client()
    assert (await client.upload({"stacks": []})).success
    assert (await client.upload({"stacks": [1]})).success
    exchange = {"token": "identity 1 for atmos-pro.com", "workspaceId": "ws_1"}
    assert server.asked == [
        ("POST", "auth/github-oidc", "", exchange),
        ("POST", "affected-stacks", "Bearer s1", {"stacks": []}),
        ("POST", "affected-stacks", "Bearer s1", {"stacks": [1]}),
    ]
    assert server.agents == {"atmos/1.226.1 (linux; amd64)"}


async def test_a_refused_exchange_ends_the_command(server: Server) -> None:
    server.scripts = {"auth/github-oidc": [REFUSED]}
    answer = await server.client().upload({"stacks": []})
    assert (answer.status, answer.message) == (403, "Not you.")
    server.scripts = {"auth/github-oidc": [BUSY]}
    assert (await server.client().lock("acme/infra/dev/vpc")).status == 503
    assert len(server.asked) == 2
    assert server.waits == []


@pytest.mark.parametrize("where", [{"token": "s1"}, {"token": None}, {"token": 5}, {}])
async def test_a_session_is_looked_for_in_one_place(server: Server, where: dict[str, Any]) -> None:
    body = {"success": True, "token": "s1", "data": where}
    server.scripts = {"auth/github-oidc": [(200, body)], "affected-stacks": [GOOD]}
    if where == {"token": "s1"}:
        assert (await server.client().upload({"stacks": []})).success
        return
    with pytest.raises(BadAnswer):
        await server.client().upload({"stacks": []})


@pytest.mark.parametrize(
    ("answers", "status", "waits"),
    [
        ([BUSY, GOOD], 200, [1.0]),
        ([CUT, NO_ENTRY, BUSY, GOOD], 200, [1.0, 2.0, 4.0]),
        ([BUSY], 503, [1.0, 2.0, 4.0]),
        ([REFUSED], 403, []),
        ([(429, {"success": False})], 429, []),
        ([(409, {"success": False})], 409, []),
    ],
)
async def test_it_tries_four_times(
    server: Server, answers: list[tuple[int, Any]], status: int, waits: list[float]
) -> None:
    server.scripts = {"affected-stacks": answers}
    assert (await server.client(token="key").upload({"stacks": []})).status == status
    assert server.calls() == [("affected-stacks", "key")] * (len(waits) + 1)
    assert server.waits == waits


async def test_without_any_answer_it_gives_up(server: Server) -> None:
    server.scripts = {"affected-stacks": [CUT]}
    with pytest.raises(aiohttp.ClientError):
        await server.client(token="key").upload({"stacks": []})
    assert len(server.asked) == 4


async def test_a_session_that_is_not_taken_is_renewed(server: Server) -> None:
    server.scripts = {"auth/github-oidc": [session("s1"), session("s2")], "instances": [NO_ENTRY, GOOD]}
    assert (await server.client().upload_instances([{"instances": []}])).success
    assert server.calls() == [
        ("auth/github-oidc", ""),
        ("instances", "s1"),
        ("auth/github-oidc", ""),
        ("instances", "s2"),
    ]
    assert server.made == 2
    server.scripts = {"auth/github-oidc": [session("s3"), REFUSED], "instances": [NO_ENTRY]}
    assert (await server.client().upload_instances([{"instances": []}])).status == 403


async def test_chunks_go_one_by_one_until_one_fails(server: Server) -> None:
    body = atmos.instances_body(example.example(), repo="acme/infra")
    assert {(one["stack"], one["component"]) for one in body["instances"]} == set(example.example().instances)
    parts = atmos.chunks(body, "batch", limit=6000)
    assert len(parts) > 2
    assert [one for part in parts for one in part["instances"]] == body["instances"]
    server.scripts = {"instances": [GOOD]}
    assert (await server.client(token="key").upload_instances(parts)).success
    assert [sent["batch_index"] for *_, sent in server.asked] == list(range(len(parts)))
    server.asked.clear()
    server.scripts = {"instances": [GOOD, REFUSED]}
    assert (await server.client(token="key").upload_instances(parts)).status == 403
    assert len(server.asked) == 2


async def test_a_status_names_the_last_part_of_a_component(server: Server) -> None:
    server.scripts = {"repos/acme/infra/instances": [GOOD]}
    client = server.client(token="key")
    for component in ("eks/cluster", "a b&c"):
        await client.upload_status(
            "acme", "infra", "plat/dev", component, command="plan", exit_code=2, last_run=1_790_000_000.9
        )
    body = {"command": "plan", "exit_code": 2, "last_run": "2026-09-21T14:13:20Z"}
    assert server.asked == [
        ("PATCH", "repos/acme/infra/instances?stack=plat%2Fdev&component=cluster", "Bearer key", body),
        ("PATCH", "repos/acme/infra/instances?stack=plat%2Fdev&component=a+b%26c", "Bearer key", body),
    ]


async def test_locks_are_asked_for_once(server: Server) -> None:
    key = "acme/infra/dev/eks/cluster"
    server.scripts = {"locks": [BUSY]}
    client = server.client(token="key")
    assert (await client.lock(key, ttl=60, message="mine")).status == 503
    assert not (await client.unlock(key)).success
    assert server.asked == [
        ("POST", "locks", "Bearer key", {"key": key, "ttl": 60, "lockMessage": "mine"}),
        ("DELETE", "locks", "Bearer key", {"key": key}),
    ]


@pytest.mark.parametrize(
    ("moment", "read"),
    [
        ("2026-06-09T10:00:00Z", True),
        ("2026-06-09T10:00:00.25+02:00", True),
        (None, True),
        ("2026-06-09T10:00:00", False),
        ("2026-06-09 10:00:00Z", False),
        ("", False),
        (1_790_000_000, False),
    ],
)
async def test_moments_of_a_lock(server: Server, moment: Any, read: bool) -> None:
    server.scripts = {"locks": [(200, {"success": True, "data": {"key": "k", "expiresAt": moment}})]}
    client = server.client(token="key")
    if read:
        assert (await client.lock("k")).data["key"] == "k"
        return
    with pytest.raises(BadAnswer, match="expiresAt"):
        await client.lock("k")


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"<html>",
        b"[]",
        b'"fine"',
        b'{"success": true, "status": "200"}',
        b'{"success": true, "status": 200.0}',
        b'{"success": true, "status": true}',
        b'{"success": 1}',
        b'{"success": true, "error": {}}',
        b'{"success": true, "traceId": 5}',
        b'{"success": true, "TRACEID": 5}',
        b'{"success": true, "data": []}',
        b'{"success": true, "context": "here"}',
        b'{"success": true, "data": {"validationErrors": "one"}}',
        b'{"success": false}',
        b"{}",
    ],
)
def test_what_go_cannot_read_is_refused(text: bytes) -> None:
    with pytest.raises(BadAnswer):
        decode(200, text)


def test_what_go_can_read_is_taken() -> None:
    nothing = dict.fromkeys(("request", "status", "errorMessage", "error", "context", "traceId", "data"))
    answer = decode(200, json.dumps({"success": True, **nothing, "more": [1]}).encode())
    assert (answer.success, answer.data, answer.message) == (True, {}, "")
    problems = decode(400, b'{"success": false, "error": "No.", "data": {"validationErrors": ["a", "b"]}}')
    assert (problems.success, problems.message) == (False, "No.")
