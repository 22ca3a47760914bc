"""A stage for stories about the process itself: a small GitHub here, and real `switchyard serve` processes beside it.

The clock is the real one, so everything is quick here, and what is waited for is waited for with a limit.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from bot.domain.model import Repo
from bot.sandbox import Sandbox
from bot.sandbox.runs import Program
from bot.sandbox.scene import AFFECTED, Scene
from bot.sandbox.state import Pull
from bot.store import keys, repos
from bot.store.db import connect, transaction
from bot.store.migrations import migrate
from tests.rig import APP_ID, SECRET, app_key
from tests.stories.helping import Needs, model

ROOT = Path(__file__).parents[2]
KEY = "swy_test"
#: Nothing here takes this long, also on a busy machine.
PATIENCE = 45.0


class Born:
    """A process that the nursery made."""

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def poll(self) -> int | None:
        """Tell whether it is gone; how it ended is not known."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return -1
        return None

    def send_signal(self, number: int) -> None:
        """Send a signal to it."""
        os.kill(self.pid, number)


class Nursery:
    """Makes processes that serve, in a moment; see `tests.stories.nursery`."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.stories.nursery"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def spawn(self, environ: dict[str, str]) -> Born:
        """Make one."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{json.dumps(environ)}\n")
        self._process.stdin.flush()
        return Born(int(self._process.stdout.readline()))

    def close(self) -> None:
        """End the nursery."""
        self._process.communicate(timeout=PATIENCE)


Process = subprocess.Popen[bytes] | Born


class Town:
    """A small GitHub, and the processes that serve it."""

    def __init__(
        self, folder: Path, sandbox: Sandbox, scene: Scene, environ: dict[str, str], nursery: Nursery | None
    ) -> None:
        self._nursery = nursery
        self.folder, self.sandbox, self.scene, self.environ = folder, sandbox, scene, environ
        self.hub, self.faults, self.repo = sandbox.hub, sandbox.faults, scene.repo
        self.processes: list[Process] = []
        #: Called with each request that reaches GitHub, before it is carried out.
        self.on_request: Callable[[web.Request], Awaitable[None]] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.environ['PORT']}"

    async def start(self, **changes: str) -> Process:
        """Start `switchyard serve` and wait until it answers."""
        environ = self.environ | changes
        process = self.spawn(environ)
        await self.until(lambda: self.healthy(environ["PORT"], process))
        return process

    def spawn(self, environ: dict[str, str]) -> Process:
        """Start `switchyard serve` and do not wait."""
        process: Process
        if self._nursery is not None:
            process = self._nursery.spawn(environ)
        else:
            with Path(environ["LOG"]).open("ab") as log:
                command = [sys.executable, "-m", "bot", "serve"]
                process = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=log, stderr=log)
        self.processes.append(process)
        return process

    async def stop(self, process: Process, name: signal.Signals = signal.SIGKILL) -> float:
        """End a process by a signal, and wait until it is gone; returns the seconds that it took."""
        began = time.monotonic()
        process.send_signal(name)
        await self.until(lambda: process.poll() is not None)
        return time.monotonic() - began

    async def healthy(self, port: str, process: Process) -> dict[str, Any] | None:
        """Read the health page of a process; None while it does not answer."""
        assert process.poll() is None, f"It ended. {self.log()}"
        try:
            async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/healthz") as answer:
                told: dict[str, Any] = await answer.json()
                return told if answer.status == 200 else None
        except aiohttp.ClientError:
            return None

    async def until(self, ready: Callable[[], Any]) -> Any:
        """Wait until something is so; fails with the log when it never is."""
        end = time.monotonic() + PATIENCE
        while True:
            found = ready()
            if asyncio.iscoroutine(found):
                found = await found
            if found:
                return found
            assert time.monotonic() < end, f"It never happened. {self.log()}"
            await asyncio.sleep(0.02)

    def log(self) -> str:
        """Read what the processes wrote."""
        return Path(self.environ["LOG"]).read_text()

    def comment(self, pull: Pull) -> str:
        """Read the bot's one comment, or nothing where there is none yet."""
        bodies = [str(comment.body) for comment in self.hub.comments_on(pull) if comment.by_app]
        assert len(bodies) <= 1, "there are two comments"
        return "".join(bodies)

    async def upload(self, program: Program) -> str:
        """Upload as the CLI does, which tries again while nobody answers."""
        while True:
            try:
                return await self.scene.describe_affected(program)
            except aiohttp.ClientError:
                await asyncio.sleep(0.05)

    def prepare(self) -> None:
        """Make the database, and a key for the repository."""
        db = connect(self.environ["SWITCHYARD_DATABASE"])
        migrate(db)
        owner, name = self.repo.full_name.split("/")
        installation = self.hub.installation_of(self.repo)
        assert installation is not None
        with transaction(db):
            repos.save(db, Repo(self.repo.id, owner, name, installation.id, "main", self.repo.owner.id), time.time())
            keys.add(db, KEY, repo_id=self.repo.id, allow=keys.DEFAULT, now=time.time())
        db.close()


def free_port() -> str:
    """Find a port that nobody uses."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return str(one.getsockname()[1])


def settings(folder: Path, api_url: str) -> dict[str, str]:
    """Write an environment in which everything is quick."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SWITCHYARD_", "GITHUB_"))}
    return kept | {
        "SWITCHYARD_DATABASE": str(folder / "switchyard.db"),
        "GITHUB_APP_ID": str(APP_ID),
        "GITHUB_APP_PRIVATE_KEY": app_key()[0],
        "GITHUB_WEBHOOK_SECRET": SECRET,
        "GITHUB_API_URL": api_url,
        "PORT": free_port(),
        "LOG": str(folder / "log"),  # where the test wants what is written
        "LOG_LEVEL": "INFO",
        "SWITCHYARD_DISPATCHES_PER_SECOND": "100",
        "SWITCHYARD_SETTLE_SECONDS": "0.1",
        "SWITCHYARD_SWEEP_SECONDS": "1",
        "SWITCHYARD_DOUBT_SECONDS": "1",
    }


@asynccontextmanager
async def open_town(folder: Path, needs: Needs, nursery: Nursery | None = None) -> AsyncIterator[Town]:
    """Set the stage; nothing serves yet."""
    sandbox = Sandbox(now=time.time, app_id=APP_ID, app_public_key=app_key()[1], webhook_secret=SECRET)
    scene = Scene(sandbox, model=model(needs))
    scene.sleep = lambda _seconds: asyncio.sleep(0.05)
    scenario = sandbox.hub.scenario
    scenario.seconds, scenario.queue_seconds, scenario.cancel_seconds = lambda _file, _inputs: 0.05, 0.02, 0.02
    sandbox.hub.listing_delay = 0.1
    town = Town(folder, sandbox, scene, {}, nursery)

    @web.middleware
    async def watch(request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> Any:
        if town.on_request is not None:
            await town.on_request(request)
        return await handler(request)

    sandbox.app.middlewares.append(watch)
    town.environ = settings(folder, await sandbox.start())
    town.prepare()
    sandbox.webhook_url = f"{town.url}/webhooks/github"
    scene.server_url, scene.token = town.url, KEY
    sandbox.hub.programs[AFFECTED] = town.upload
    life = asyncio.create_task(sandbox.run())
    try:
        yield town
        # Whatever was done to it, it has not failed by itself.
        assert "Traceback" not in town.log(), town.log()
    finally:
        for process in town.processes:
            if process.poll() is None:
                await town.stop(process)
        while not life.done():
            life.cancel()
            await asyncio.wait({life}, timeout=0.1)
        await sandbox.stop()
