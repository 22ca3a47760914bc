"""Resident memory of the whole service after it has taken two large uploads in, with their rollouts under way."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import aiohttp
import psutil  # type: ignore[import-untyped]

from benchmarks import service, worlds
from benchmarks.report import Figure, ratio
from bot.domain.model import Repo
from bot.sandbox import Program, Pull, Sandbox
from bot.sandbox.scene import AFFECTED, Scene
from bot.store import keys, repos
from bot.store.db import connect, transaction
from bot.store.migrations import migrate

#: In megabytes of a million bytes.
AIM = 200
_KEY = "swy_benchmark"
_PATIENCE = 180.0


def measure(sizes: Sequence[int] = (2_422, 10_000)) -> list[Figure]:
    """Measure the process before the uploads, and once the comments of all of them are written."""
    before, after, most = asyncio.run(_measure(sizes))
    both = " and ".join(f"{size:,}" for size in sizes)
    shown = f"{after:.0f} MB (at its highest {most:.0f} MB)"
    aim = f"aim: under {AIM} MB"
    return [
        Figure("Resident memory of the service, started", f"{before:.0f} MB", aim, ratio(before, AIM)),
        Figure(f"Resident memory with rollouts of {both} steps under way and shown", shown, aim, ratio(after, AIM)),
    ]


async def _measure(sizes: Sequence[int]) -> tuple[float, float, float]:
    sandbox = Sandbox(
        now=time.time,
        app_id=service.APP_ID,
        app_public_key=service.app_key()[1],
        webhook_secret=service.SECRET,
    )
    scene = Scene(sandbox)
    scene.hub.programs[AFFECTED] = _nothing
    api_url = await sandbox.start()
    running = asyncio.create_task(sandbox.run())
    try:
        with TemporaryDirectory() as folder:
            async with _service(Path(folder), sandbox, scene, api_url, sum(sizes)) as process:
                before = process.memory_info().rss / 1e6
                highest = before
                shown = [await _upload(scene, size) for size in sizes]
                end = time.monotonic() + _PATIENCE
                while not all(scene.hub.comments_on(pull) for pull in shown):
                    if time.monotonic() > end:
                        raise TimeoutError(f"No comment on a large upload within {_PATIENCE:.0f} seconds.")
                    highest = max(highest, process.memory_info().rss / 1e6)
                    await asyncio.sleep(0.02)
                return before, process.memory_info().rss / 1e6, highest
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await sandbox.stop()


async def _nothing(_program: Program) -> str:
    """Leave it to the benchmark to upload."""
    return "success"


@asynccontextmanager
async def _service(
    folder: Path, sandbox: Sandbox, scene: Scene, api_url: str, expected: int
) -> AsyncIterator[psutil.Process]:
    """Run the service against the sandbox, with a key for its repository; it must have made these steps."""
    database, port = folder / "switchyard.db", service.free_port()
    db = connect(database)
    migrate(db)
    owner, name = scene.repo.full_name.split("/")
    installation = scene.hub.installation_of(scene.repo)
    assert installation is not None
    its = scene.repo
    known = Repo(its.id, owner, name, installation.id, its.default_branch, its.owner.id)
    with transaction(db):
        repos.save(db, known, time.time())
        keys.add(db, _KEY, repo_id=scene.repo.id, allow=keys.DEFAULT, now=time.time())
    db.close()
    settings = service.environment(database, port, api_url) | {"SWITCHYARD_SETTLE_SECONDS": "0"}
    with ExitStack() as stack:
        server = service.running(["-m", "bot", "serve"], settings, port, folder / "log")
        # In a thread: meanwhile the sandbox answers what the service asks.
        pid = await asyncio.to_thread(stack.enter_context, server)
        scene.server_url = f"http://127.0.0.1:{port}"
        sandbox.webhook_url = f"{scene.server_url}/webhooks/github"
        await asyncio.sleep(1)  # it has begun to work: what it needs for that is loaded
        try:
            yield psutil.Process(pid)
        finally:
            await asyncio.to_thread(stack.close)
    steps = _count_steps(database)
    assert steps == expected, f"{steps} steps were made, not {expected}"


def _count_steps(database: Path) -> int:
    db = connect(database)
    try:
        row = db.row("SELECT count(*) AS n FROM steps")
        return int(row["n"]) if row else 0
    finally:
        db.close()


async def _upload(scene: Scene, size: int) -> Pull:
    """Open a pull request and upload what it affects."""
    pull = scene.open_pull(branch=f"change-{size}")
    body = worlds.body(size, head_sha=pull.head_sha)
    headers = {"Authorization": f"Bearer {_KEY}", "Content-Type": "application/json"}
    url = f"{scene.server_url}/api/v1/affected-stacks"
    async with aiohttp.ClientSession(headers=headers) as session, session.post(url, data=body) as response:
        assert response.status == 200, await response.text()
    return pull
