"""A sandbox on a real socket, a clock moved by hand, a receiver of webhooks and a client with a real JWT."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import aiohttp
import jwt
import pytest
from aiohttp import web
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from bot.sandbox import Pull, Repo, Run, Sandbox

SECRET = "it's a secret"
APP_ID = 4711
PLAN = """
name: plan
run-name: plan ${{ inputs.component }}/${{ inputs.stack }}/${{ inputs.atmos_pro_run_id }}
on:
  workflow_dispatch:
    inputs:
      atmos_pro_run_id: {type: string}
      sha: {type: string}
      component: {type: string, required: true}
      stack: {type: string, required: true}
jobs:
  plan:
    name: ${{ inputs.component }}-${{ inputs.stack }}
    runs-on: ubuntu-latest
    steps: [{run: atmos terraform plan}]
"""
APPLY = (
    PLAN.replace("plan", "apply")
    .replace("    runs-on", "    environment: ${{ inputs.github_environment }}\n    runs-on")
    .replace("      sha:", "      github_environment: {type: string}\n      sha:")
)
AFFECTED = """
name: Affected
on:
  pull_request:
    types: [opened, synchronize, reopened, closed]
    branches: [main]
jobs:
  affected:
    if: >-
      !contains(github.event.pull_request.labels.*.name, 'no-apply')
      && (github.event.action != 'closed' || github.event.pull_request.merged)
    runs-on: ubuntu-latest
    steps: [{run: atmos describe affected --upload}]
"""
FILES = {
    "README.md": "hello\n",
    ".github/workflows/plan.yaml": PLAN,
    ".github/workflows/apply.yaml": APPLY,
    ".github/workflows/affected.yaml": AFFECTED,
}


@cache
def key_pair() -> tuple[str, str]:
    """Return a private and a public key."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = serialization.Encoding.PEM
    return (
        private.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode(),
        private.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo).decode(),
    )


class Clock:
    """A clock moved by hand."""

    def __init__(self) -> None:
        self.time = 1_790_000_000.0

    def __call__(self) -> float:
        return self.time


@dataclass
class Hook:
    """A webhook that arrived."""

    event: str
    guid: str
    payload: dict[str, Any]
    headers: dict[str, str]

    @property
    def name(self) -> str:
        action = self.payload.get("action")
        return f"{self.event}.{action}" if action else self.event


@dataclass
class Rig:
    """Everything that a test of the sandbox needs."""

    sandbox: Sandbox
    clock: Clock
    http: aiohttp.ClientSession
    url: str
    hooks: list[Hook] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    answer: int = 202
    token: str = ""

    @property
    def hub(self) -> Any:
        return self.sandbox.hub

    @property
    def repo(self) -> Repo:
        return self.hub.repo("acme/infra")

    def jwt(self, **changes: Any) -> str:
        now = int(self.clock())
        claims = {"iat": now - 60, "exp": now + 540, "iss": str(APP_ID), **changes}
        return jwt.encode(claims, key_pair()[0], algorithm="RS256")

    async def call(
        self, method: str, path: str, body: Any = None, *, app: bool = False, **headers: str
    ) -> aiohttp.ClientResponse:
        if not app and not self.token:
            installation = self.hub.installation_of(self.repo).id
            made = await self.call("POST", f"/app/installations/{installation}/access_tokens", app=True)
            self.token = (await made.json())["token"]
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {"Authorization": f"Bearer {self.jwt() if app else self.token}", **given}
        address = path if path.startswith("http") else self.url + path
        async with self.http.request(method, address, json=body, headers=sent) as answer:
            await answer.read()
            return answer

    async def get(self, path: str, *, status: int = 200, **more: Any) -> Any:
        answer = await self.call("GET", path, **more)
        assert answer.status == status, await answer.text()
        return await answer.json()

    async def post(self, path: str, body: Any = None, *, status: int = 201, **more: Any) -> Any:
        answer = await self.call("POST", path, body, **more)
        assert answer.status == status, await answer.text()
        return await answer.json() if answer.status != 204 else None

    async def refused(self, method: str, path: str, body: Any = None, **more: Any) -> tuple[int, str]:
        answer = await self.call(method, path, body, **more)
        return answer.status, (await answer.json())["message"]

    async def after(self, seconds: float) -> list[str]:
        """Move the clock, let happen what is due, and return the names of the webhooks that arrived."""
        before = len(self.hooks)
        self.clock.time += seconds
        await self.sandbox.pump()
        return [hook.name for hook in self.hooks[before:]]

    def last(self, name: str) -> dict[str, Any]:
        return next(hook.payload for hook in reversed(self.hooks) if hook.name == name)

    def pull(self, branch: str = "feature", **more: Any) -> Pull:
        self.hub.push(self.repo, branch, {"a.txt": branch}, message="Change a", author="ada")
        return self.hub.open_pull(self.repo, head=branch, title="Change a", author="ada", **more)

    async def dispatch(self, file: str = "plan.yaml", *, ref: str = "main", **inputs: str) -> Run:
        given = {"component": "vpc", "stack": "dev", **inputs}
        body = {"ref": ref, "inputs": given, "return_run_details": True}
        path = f"/repos/acme/infra/actions/workflows/{file}/dispatches"
        return self.hub.runs[(await self.post(path, body, status=200))["workflow_run_id"]]


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    clock = Clock()
    sandbox = Sandbox(now=clock, app_id=APP_ID, app_public_key=key_pair()[1], webhook_secret=SECRET)
    url = await sandbox.start()
    async with aiohttp.ClientSession() as http:
        one = Rig(sandbox, clock, http, url)
        runner = await receiver(one)
        sandbox.hub.add_repo("acme/infra", files=FILES)
        await one.after(0)
        one.hooks.clear()
        one.arrived.clear()
        yield one
        await runner.cleanup()
    await sandbox.stop()


async def receiver(rig: Rig) -> web.AppRunner:
    """Listen for webhooks and check each signature independently."""

    async def hook(request: web.Request) -> web.Response:
        body = await request.read()
        expected = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        assert request.headers["X-Hub-Signature-256"] == expected
        headers = dict(request.headers)
        rig.hooks.append(Hook(headers["X-GitHub-Event"], headers["X-GitHub-Delivery"], json.loads(body), headers))
        rig.arrived.set()
        return web.Response(status=rig.answer)

    app = web.Application(client_max_size=30 * 1024 * 1024)
    app.router.add_post("/hook", hook)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    rig.sandbox.webhook_url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    return runner


def decoded(content: str) -> str:
    return base64.b64decode(content).decode()
