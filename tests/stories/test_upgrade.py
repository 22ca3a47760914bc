"""A newer version takes over while the older one still runs, as hosts do it; and an older one comes back after it."""

from __future__ import annotations

import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bot.events import EVENTS, Kind
from bot.events.context import Context, Finished, InLane
from bot.store import inbox
from bot.store.db import Db, transaction
from tests.rig import open_rig
from tests.store import newer
from tests.stories.helping import ONE, Needs, assert_sound, dispatched_runs, headline, model
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


async def test_a_newer_version_that_cannot_serve_changes_nothing(tmp_path: Path, nursery: Nursery) -> None:
    async with open_town(tmp_path, ONE, nursery) as town:
        await town.start()
        second = town.spawn(town.environ | {"NEWER": "yes"})
        await town.until(lambda: second.poll() is not None)
        assert f"127.0.0.1:{town.environ['PORT']} is taken" in town.log()
        assert newer.NAME not in migrations(town)


async def test_what_only_a_newer_version_knows_is_left_to_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While both run, the newer one takes inputs of new kinds, and the older one works."""
    handled: list[tuple[str | None, bytes]] = []

    async def gather(row: inbox.Row, _context: Context) -> Finished:
        handled.append((row.lane, row.body))
        return Finished("it is known now")

    def place(_payload: dict[str, Any], _row: inbox.Row, _db: Db) -> InLane:
        return InLane(f"{repo_id}#1", repo_id)

    async with open_rig(tmp_path, model=model(ONE)) as rig:
        repo_id, lane = rig.repo.id, f"{rig.repo.id}#1"
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        with transaction(rig.db):
            inbox.put(rig.db, "made_up", b"in a lane", now=rig.clock(), repo_id=repo_id, lane=lane)
            inbox.put(rig.db, "made_up", b"from outside", now=rig.clock(), repo_id=repo_id)
            inbox.put(rig.db, "unheard_of", b"{}", now=rig.clock(), guid="a-webhook")
        await rig.passes(300)
        assert inbox.depth(rig.db) == {"parked": 2}, "what GitHub sends and nobody asked for is through"
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        assert headline(rig.comment(pull)).startswith("✅ Applied"), "nothing else waits for it"
        monkeypatch.setitem(EVENTS, "made_up", Kind(place, gather, json=False))
        await rig.restart()
        await rig.settle()
        assert handled == [(lane, b"in a lane"), (lane, b"from outside")]
        assert inbox.depth(rig.db) == {}


async def test_what_no_newer_version_came_for_is_shown_to_whoever_runs_it(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        with transaction(rig.db):
            inbox.put(rig.db, "made_up", b"{}", now=rig.clock(), repo_id=rig.repo.id)
        await rig.settle()
        rig.clock.at += 25 * 3600.0
        await rig.settle()
        assert inbox.depth(rig.db) == {"dead": 1}
