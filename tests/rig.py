"""The tester: the real bot and the small GitHub on real sockets, the loops stepped and the time moved by hand."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from bot.app import Switchyard
from bot.domain.model import Repo
from bot.sandbox import Run, Sandbox
from bot.sandbox.atmos import Model
from bot.sandbox.scene import Scene
from bot.sandbox.state import Pull
from bot.settings import Settings
from bot.store import inbox, keys, outbox, repos
from bot.store.db import Db, connect, transaction
from bot.work.worker import Worker

APP_ID = 4711
SECRET = "it is a secret"
#: 2026-05-04 10:00:00 UTC
MORNING = 1_777_888_800.0
_POLL = 1.0
_LOOK_SECONDS = 0.01
T = TypeVar("T")


class Clock:
    """Time that only moves when it is told to."""

    def __init__(self, at: float = MORNING) -> None:
        self.at = at

    def __call__(self) -> float:
        return self.at


@cache
def app_key() -> tuple[str, str]:
    """Make the App's key pair, once: private and public, as PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


class Rig:
    """A story's stage."""

    def __init__(self, clock: Clock, sandbox: Sandbox, scene: Scene, settings: Settings) -> None:
        self.clock, self.sandbox, self.scene, self.settings = clock, sandbox, scene, settings
        self.hub, self.faults = sandbox.hub, sandbox.faults
        self.repo = scene.repo
        self.key = ""
        self.ids = itertools.count(1)
        self.bot: Switchyard
        self.worker: Worker
        self.db: Db
        self.running = AsyncExitStack()

    # What people do is done on the hub and the scene; here is what time does.

    async def settle(self) -> None:
        """Let everything happen that is due now."""
        for _ in range(10_000):
            happened = await self.sandbox.pump()
            did = await self.worker.intake.step()
            did = await self.worker.deliver.step() or did
            did = await self.worker.sweep.step() or did
            if not happened and not did:
                return
        raise AssertionError("It never settles.")

    async def answers(self, asked: Awaitable[T]) -> T:
        """Let things happen until a call of the bot is answered that waits for its worker."""
        call = asyncio.ensure_future(asked)
        while not call.done():
            await self.settle()
            await asyncio.wait({call}, timeout=_LOOK_SECONDS)
        return call.result()

    async def passes(self, seconds: float) -> None:
        """Let time pass, from one due thing to the next."""
        end = self.clock.at + seconds
        await self.settle()
        while (due := self.next_due()) is not None and due <= end:
            self.clock.at = max(self.clock.at, due)
            await self.settle()
        self.clock.at = end
        await self.settle()

    async def until_quiet(self, limit: float = 6 * 3600.0) -> None:
        """Let time pass until nothing but the sweep is to come."""
        end = self.clock.at + limit
        await self.settle()
        while (due := self.next_due(sweep=False)) is not None:
            assert due <= end, "It never becomes quiet."
            self.clock.at = max(self.clock.at, due)
            await self.settle()

    def next_due(self, *, sweep: bool = True) -> float | None:
        """Tell when to look again, or None. What is due but did not go is looked at each second, as the worker does."""
        now = self.clock.at
        dues = [
            self.sandbox.next_due(),
            inbox.next_due(self.db),
            outbox.next_due(self.db),
            self.worker.deliver.paced_until or None,
            self.worker.sweep.due if sweep else None,
        ]
        return min((due if due > now else now + _POLL for due in dues if due is not None), default=None)

    # What a person can see.

    def comments(self, pull: Pull) -> list[Any]:
        """List what the bot has written on a pull request."""
        return [comment for comment in self.hub.comments_on(pull) if comment.by_app]

    def comment(self, pull: Pull) -> str:
        """Read the bot's one comment."""
        (comment,) = self.comments(pull)
        return str(comment.body)

    def dispatched(self, verb: str = "") -> list[str]:
        """Name the dispatched runs in the order in which GitHub got them: "plan plat-ue2-dev/vpc"."""
        return [label for run in self.runs() if (label := label_of(run)).startswith(verb)]

    def runs(self) -> list[Run]:
        """List the dispatched runs, oldest first."""
        return [
            run for run in sorted(self.hub.runs.values(), key=lambda run: run.id) if run.event == "workflow_dispatch"
        ]

    def run_of(self, label: str) -> Run:
        """Find the last run with this label."""
        return [run for run in self.runs() if label_of(run) == label][-1]

    async def state(self, pull: Pull) -> list[dict[str, Any]]:
        """Read the rollouts of a pull request by the API."""
        url = f"{self.url}/api/v1/rollouts?repo={self.repo.full_name}&pull={pull.number}"
        headers = {"Authorization": f"Bearer {self.key}"}
        async with aiohttp.ClientSession(headers=headers) as session, session.get(url) as response:
            answer = await response.json()
            assert response.status == 200, answer
        found: list[dict[str, Any]] = answer["data"]["rollouts"]
        return found

    async def statuses(self, pull: Pull) -> dict[str, str]:
        """Read the statuses of the newest rollout's steps."""
        rollouts = await self.state(pull)
        return {f"{step['stack']}/{step['component']}": step["status"] for step in rollouts[0]["steps"]}

    async def approve(self, pull: Pull, *targets: str, by: str = "lead", status: int = 200) -> Any:
        """Approve what is held of a pull request's newest rollout, by the API; returns the answer, which has `status`.

        It is taken up when the story goes on.
        """
        if keys.find(self.db, "swy_lead") is None:
            self.make_key("swy_lead", allow=("approve",))
        url = f"{self.url}/api/v1/rollouts/{(await self.state(pull))[0]['id']}/approve"
        body = {"by": by} | ({"targets": list(targets)} if targets else {})
        headers = {"Authorization": "Bearer swy_lead"}
        async with aiohttp.ClientSession(headers=headers) as session, session.post(url, json=body) as response:
            answer = await response.json()
            assert response.status == status, answer
        return answer

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.bot.port}"

    # Starting and stopping the bot.

    @asynccontextmanager
    async def bot_runs(self) -> AsyncIterator[None]:
        """Run the bot's process, in this one."""
        self.bot = Switchyard(self.settings, now=self.clock, ids=lambda: f"sy-{next(self.ids):016x}")
        async with self.bot.serving(), self.bot.working() as worker:
            self.worker = worker
            self.db = connect(self.settings.database)
            self.sandbox.webhook_url = f"{self.url}/webhooks/github"
            self.scene.server_url = self.url
            if not self.key:
                self.key = self.scene.token = self.make_key()
            try:
                yield
            finally:
                self.db.close()

    async def restart(self, **changes: Any) -> None:
        """Stop the bot's process and start it again, with settings that differ."""
        await self.running.aclose()
        self.settings = replace(self.settings, **changes)
        await self.running.enter_async_context(self.bot_runs())

    def make_key(self, key: str = "swy_test", allow: Iterable[str] = keys.DEFAULT) -> str:
        """Make an API key of the scene's repository, as `switchyard keys create` does."""
        owner, name = self.repo.full_name.split("/")
        its = self.repo
        repo = Repo(its.id, owner, name, self.hub.installation_of(its).id, its.default_branch, owner_id=its.owner.id)
        with transaction(self.db):
            repos.save(self.db, repo, self.clock())
            keys.add(self.db, key, repo_id=its.id, allow=tuple(allow), now=self.clock())
        return key


async def _at_once(_seconds: float) -> None:
    """Let the CLI try again without a pause."""


def label_of(run: Run) -> str:
    """Name a dispatched run: its verb, stack and component."""
    verb = run.display_title.split()[0]
    return f"{verb} {run.inputs.get('stack')}/{run.inputs.get('component')}"


@asynccontextmanager
async def open_rig(
    folder: Path,
    *,
    model: Model | None = None,
    files: Mapping[str, str] | None = None,
    reviewers: Mapping[str, Iterable[str]] | None = None,
    oidc: bool = False,
    statuses: bool = False,
    **changes: Any,
) -> AsyncIterator[Rig]:
    """Set the stage; `changes` are settings that differ from the usual ones.

    With `oidc` the workflows exchange identity tokens. They do it while the worker stands still, so the bot must know
    the repository already, as it does here. With `statuses` plans and applies tell how they ended.
    """
    clock = Clock()
    private, public = app_key()
    sandbox = Sandbox(now=clock, app_id=APP_ID, app_public_key=public, webhook_secret=SECRET)
    scene = Scene(sandbox, model=model, files=files, reviewers=reviewers, oidc=oidc, statuses=statuses)
    scene.sleep = _at_once
    base_url = await sandbox.start()
    settings = Settings(
        database=str(folder / "switchyard.db"),
        app_id=APP_ID,
        private_key=private,
        webhook_secret=SECRET,
        api_url=base_url,
        public_url="https://switchyard.example",
        host="127.0.0.1",
        port=0,
        log_level="WARNING",
        max_in_flight=20,
        dispatches_per_second=1000.0,
        settle_seconds=2.0,
        sweep_seconds=60.0,
        doubt_seconds=60.0,
        plan_ref="head",
        apply_branches=(),
    )
    rig = Rig(clock, sandbox, scene, replace(settings, **changes))
    try:
        async with rig.running:
            await rig.running.enter_async_context(rig.bot_runs())
            yield rig
    finally:
        await sandbox.stop()
