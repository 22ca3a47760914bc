"""The demo's stage: the small GitHub with the example repository, and the bot beside it, in one loop."""

from __future__ import annotations

import asyncio
import secrets
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import aiohttp
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from bot.app import Switchyard
from bot.domain.model import Repo
from bot.sandbox import Pull, Sandbox
from bot.sandbox.pages import add_pages
from bot.sandbox.scene import Scene
from bot.settings import Settings
from bot.store import inbox, keys, outbox, repos
from bot.store.db import Db, connect, transaction

HOST = "127.0.0.1"
#: Who does what a person does in the demo: writes, merges, reviews.
PERSON = "you"
PRODUCTION = "prod"
#: A change of these two affects all ten components: every other one needs one of them.
TOUCHED = ("vpc", "object-storage")
_APP_ID = 1


@dataclass(frozen=True, slots=True)
class Tempo:
    """How fast everything goes: seconds, except `dispatches_per_second`. `run` tells how long one run takes."""

    queue: float
    run: Callable[[str, Mapping[str, str]], float]
    settle: float
    dispatches_per_second: float


@dataclass(slots=True)
class Stage:
    """Everything that is up and running."""

    sandbox: Sandbox
    scene: Scene
    bot: Switchyard
    db: Db
    key: str
    session: aiohttp.ClientSession
    loops: tuple[asyncio.Task[None], ...]

    @property
    def pages(self) -> str:
        """Where people see the small GitHub."""
        return self.sandbox.hub.base_url

    def address(self, pull: Pull) -> str:
        """Where people see a pull request."""
        return f"{self.pages}/{pull.repo.full_name}/pull/{pull.number}"

    def quiet(self) -> bool:
        """Tell whether nothing is going to happen by itself: what is not done waits for people."""
        return self.sandbox.idle and inbox.next_due(self.db) is None and outbox.next_due(self.db) is None

    def check(self) -> None:
        """Raise what ended one of the loops, which never end by themselves."""
        for loop in self.loops:
            if loop.done():
                loop.result()

    async def rollouts(self, pull: Pull) -> list[dict[str, Any]]:
        """Ask the bot how the rollouts of a pull request stand, newest first, as any machine would."""
        url = f"http://{HOST}:{self.bot.port}/api/v1/rollouts"
        query = {"repo": pull.repo.full_name, "pull": str(pull.number)}
        headers = {"Authorization": f"Bearer {self.key}"}
        async with self.session.get(url, params=query, headers=headers) as response:
            answer = await response.json()
            response.raise_for_status()
        found: list[dict[str, Any]] = answer["data"]["rollouts"]
        return found


@asynccontextmanager
async def open_stage(tempo: Tempo, *, port: int = 0) -> AsyncIterator[Stage]:
    """Put everything up, on free ports except for the pages', and take it down again."""
    private, public = await asyncio.to_thread(_app_key)
    secret = secrets.token_hex(20)
    sandbox = Sandbox(now=time.time, app_id=_APP_ID, app_public_key=public, webhook_secret=secret)
    add_pages(sandbox, person=PERSON)
    _set(sandbox, tempo)
    try:
        address = await sandbox.start(HOST, port)
        scene = Scene(sandbox, reviewers={PRODUCTION: [PERSON]}, oidc=True, statuses=True)
        sandbox.hub.set_permission(scene.repo, PERSON, "admin")
        with tempfile.TemporaryDirectory(prefix="switchyard-demo-") as folder:
            settings = _settings(Path(folder), address, private, secret, tempo)
            async with _bot_beside(sandbox, scene, settings) as stage:
                yield stage
    finally:
        await sandbox.stop()


@asynccontextmanager
async def _bot_beside(sandbox: Sandbox, scene: Scene, settings: Settings) -> AsyncIterator[Stage]:
    bot = Switchyard(settings)
    async with bot.serving():
        # Only now is it known where GitHub, and whoever looks at its pages, finds the bot.
        scene.server_url = f"http://{HOST}:{bot.port}"
        bot.settings = replace(settings, public_url=scene.server_url)
        sandbox.webhook_url = f"{scene.server_url}/webhooks/github"
        async with bot.working() as worker, aiohttp.ClientSession() as session:
            with closing(connect(settings.database)) as db:
                key = _make_key(db, sandbox, scene)
                loops = (asyncio.create_task(worker.run()), asyncio.create_task(sandbox.run()))
                try:
                    yield Stage(sandbox, scene, bot, db, key, session, loops)
                finally:
                    for loop in loops:
                        loop.cancel()
                    await asyncio.gather(*loops, return_exceptions=True)


def _set(sandbox: Sandbox, tempo: Tempo) -> None:
    scenario = sandbox.hub.scenario
    scenario.queue_seconds, scenario.cancel_seconds, scenario.seconds = tempo.queue, tempo.queue, tempo.run


def _settings(folder: Path, api_url: str, private_key: str, secret: str, tempo: Tempo) -> Settings:
    return Settings(
        database=str(folder / "switchyard.db"),
        app_id=_APP_ID,
        private_key=private_key,
        webhook_secret=secret,
        api_url=api_url,
        public_url="",
        host=HOST,
        port=0,
        log_level="WARNING",
        max_in_flight=20,
        dispatches_per_second=tempo.dispatches_per_second,
        settle_seconds=tempo.settle,
        sweep_seconds=60.0,
        doubt_seconds=60.0,
        plan_ref="head",
        apply_branches=(),
    )


def _app_key() -> tuple[str, str]:
    """Make the App's private and public key, as PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    public = key.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


def _make_key(db: Db, sandbox: Sandbox, scene: Scene) -> str:
    """Make the API key with which the demo reads how everything stands; the workflows need none."""
    installation = sandbox.hub.installation_of(scene.repo)
    repo = Repo(
        scene.repo.id,
        scene.repo.owner.login,
        scene.repo.name,
        installation.id if installation else 0,
        scene.repo.default_branch,
        owner_id=scene.repo.owner.id,
    )
    key = f"swy_{secrets.token_urlsafe(30)}"
    with transaction(db):
        repos.save(db, repo, time.time())
        keys.add(db, key, repo_id=repo.id, allow=("read",), now=time.time())
    return key
