"""A few handlers on a real socket that stand for GitHub, and a client that talks to them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from bot.domain.model import Repo
from bot.github.client import GitHub

NOON = 1_790_000_000.0


@dataclass
class Asked:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any


Answer = Callable[[Asked], web.StreamResponse]


@dataclass
class Wire:
    """What GitHub answers, by method and path, and what it was asked. Installation tokens are t1, t2 ..."""

    answers: dict[tuple[str, str], Answer] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    tokens: int = 0
    now: float = NOON
    url: str = ""

    def on(self, method: str, path: str, *answers: web.Response | Answer) -> None:
        """Answer in turn; the last one stays."""
        left = list(answers)

        def answer(asked: Asked) -> web.StreamResponse:
            found = left.pop(0) if len(left) > 1 else left[0]
            if callable(found):
                return found(asked)
            return web.Response(body=found.body, status=found.status, headers=found.headers)

        self.answers[method, path] = answer

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        asked = Asked(
            request.method,
            request.rel_url.raw_path.removeprefix("/api/v3"),
            dict(request.query),
            {name.lower(): value for name, value in request.headers.items()},
            json.loads(body) if body else None,
        )
        self.asked.append(asked)
        answer = self.answers.get((asked.method, asked.path))
        if answer is not None:
            return answer(asked)
        if asked.path.endswith("/access_tokens"):
            return web.json_response(self.token(), status=201)
        return web.json_response({"message": "Not Found"}, status=404)

    def token(self) -> dict[str, str]:
        self.tokens += 1
        # An hour after NOON, plus what the clock was moved by.
        hours = int((self.now - NOON) // 3600)
        return {"token": f"ghs_t{self.tokens}", "expires_at": f"2026-09-21T{15 + hours:02}:13:20Z"}


@pytest.fixture(scope="session")
def pem() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    found = Wire()
    app = web.Application()
    app.router.add_route("*", "/api/v3/{rest:.*}", found.handle)
    app.router.add_route("POST", "/api/graphql", found.handle)  # where GitHub Enterprise Server has it
    async with TestServer(app, host="127.0.0.1") as server:
        found.url = str(server.make_url("/api/v3"))
        yield found


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as opened:
        yield opened


@pytest.fixture
def github(wire: Wire, session: aiohttp.ClientSession, pem: str) -> GitHub:
    return GitHub(session, app_id=7, private_key=pem, api_url=wire.url, now=lambda: wire.now, timeout=5)


@pytest.fixture
def repo() -> Repo:
    return Repo(id=1, owner="acme", name="infra", installation=100, default_branch="main")
