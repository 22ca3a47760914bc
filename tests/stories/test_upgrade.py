"""A newer version takes over while the older one still runs, as hosts do it; and an older one comes back after it."""

from __future__ import annotations

import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.store import newer
from tests.stories.helping import ONE, Needs, assert_sound, dispatched_runs, headline
from tests.stories.processes import Nursery, Process, Town, free_port, open_town

PAIR: Needs = {"vpc": (), "database": ("vpc",)}


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    """Have processes started quickly."""
    one = Nursery()
    yield one
    one.close()


async def role(town: Town, port: str, process: Process) -> str:
    """Tell whether a process works or waits."""
    told = await town.healthy(port, process)
    assert told is not None
    return str(told["role"])


def migrations(town: Town) -> list[str]:
    """List what was done to the file."""
    with closing(sqlite3.connect(town.environ["SWITCHYARD_DATABASE"])) as db:
        return [name for (name,) in db.execute("SELECT name FROM _sqlite_migrations ORDER BY id")]


async def test_a_newer_version_takes_over_in_the_middle_of_a_rollout(tmp_path: Path, nursery: Nursery) -> None:
    async with open_town(tmp_path, PAIR, nursery) as town:
        fault = town.faults.add("POST", "/dispatches$", "hold")
        older = await town.start()
        await town.until(lambda: "working on" in town.log())
        pull = town.scene.open_pull(["vpc"])
        await town.until(fault.reached.is_set)

        # The newer one changes the file while the older one works on it, and takes what comes from now on.
        port = free_port()
        newest = await town.start(PORT=port, NEWER="yes")
        assert migrations(town)[-1] == newer.NAME
        assert await role(town, port, newest) == "waiting"
        town.sandbox.webhook_url = f"http://127.0.0.1:{port}/webhooks/github"
        town.scene.server_url = f"http://127.0.0.1:{port}"
        fault.release()
        await town.until(lambda: len(dispatched_runs(town.hub)) > 1)
        assert await role(town, town.environ["PORT"], older) == "worker", "the older one goes on meanwhile"

        assert await town.stop(older, signal.SIGTERM) < 5.0
        await town.until(lambda: headline(town.comment(pull) or "### ").startswith("✅ Planned"))
        town.hub.merge(pull, by="lead")
        await town.until(lambda: headline(town.comment(pull)).startswith("✅ Applied"))
        assert await role(town, port, newest) == "worker"
        assert_sound(town.hub, PAIR)

        # The older one is started again, as when a deploy is taken back.
        again = town.spawn(town.environ)
        await town.until(lambda: again.poll() is not None)
        assert f"could not use the database {town.environ['SWITCHYARD_DATABASE']}: a newer" in town.log()
        assert await role(town, port, newest) == "worker"


async def test_an_older_version_that_waited_steps_back(tmp_path: Path, nursery: Nursery) -> None:
    async with open_town(tmp_path, ONE, nursery) as town:
        first = await town.start()
        await town.until(lambda: "working on" in town.log())
        second = await town.start(PORT=free_port())
        third = await town.start(PORT=free_port(), NEWER="yes")
        await town.stop(third)
        await town.stop(first)
        await town.until(lambda: second.poll() is not None)
        assert "put back a backup from before the upgrade" in town.log()
