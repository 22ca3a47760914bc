"""The process is killed, at any moment, and started again on the same file."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import web

from bot.sandbox.state import Pull
from tests.stories.helping import assert_sound, dispatched_runs, headline
from tests.stories.processes import Nursery, Town, open_town

NEEDS = {"vpc": (), "database": ("vpc",), "cache": ("vpc",)}


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    """Have processes started quickly."""
    one = Nursery()
    yield one
    one.close()


def _done(town: Town, pull: Pull, verb: str) -> bool:
    """Tell whether all steps ran, and the one comment says so."""
    runs = [run for run in dispatched_runs(town.hub) if run.display_title.startswith(verb)]
    done = [run for run in runs if run.conclusion == "success"]
    word = {"plan": "Planned", "apply": "Applied"}[verb]
    return len(done) >= len(NEEDS) and headline(town.comment(pull) or "### ").startswith(f"✅ {word}")


async def _plan_merge_apply(town: Town) -> Pull:
    pull = town.scene.open_pull(["vpc"])
    await town.until(lambda: _done(town, pull, "plan"))
    town.hub.merge(pull, by="lead")
    await town.until(lambda: _done(town, pull, "apply"))
    return pull


class Killer:
    """Kills the process when it has sent so many requests, again after each start, and starts it again."""

    def __init__(self, town: Town, every: int, times: int) -> None:
        self.town, self.every, self.left = town, every, times
        self.seen = 0
        self.starting: asyncio.Task[object] | None = None
        town.on_request = self

    async def __call__(self, request: web.Request) -> None:
        self.seen += 1
        if self.seen < self.every or not self.left:
            return
        self.seen, self.left = 0, self.left - 1
        await self.town.stop(self.town.processes[-1])
        self.starting = asyncio.create_task(self.town.start())
        if self.left % 2:
            # This time GitHub does not carry out what was asked with the last breath.
            raise web.HTTPBadGateway


@pytest.mark.parametrize("every", [2, 3, 5, 7, 9, 11, 13, 16, 19])
async def test_killed_again_and_again(tmp_path: Path, nursery: Nursery, every: int) -> None:
    async with open_town(tmp_path, NEEDS, nursery) as town:
        await town.start()
        killer = Killer(town, every, 4)
        await _plan_merge_apply(town)
        if killer.starting is not None:
            await killer.starting
        assert killer.left < 4
        assert_sound(town.hub, NEEDS)


@pytest.mark.parametrize("arrives", [True, False])
async def test_killed_while_a_dispatch_hangs(tmp_path: Path, nursery: Nursery, *, arrives: bool) -> None:
    async with open_town(tmp_path, NEEDS, nursery) as town:
        process = await town.start()
        fault = town.faults.add("POST", "/dispatches$", "hold")
        pull = town.scene.open_pull(["vpc"])
        await town.until(fault.reached.is_set)
        await town.stop(process)
        if not arrives:
            fault.kind = "dead_connection"
        fault.release()
        await town.start()
        await town.until(lambda: _done(town, pull, "plan"))
        assert_sound(town.hub, NEEDS)


async def test_killed_while_the_comment_is_being_made(tmp_path: Path, nursery: Nursery) -> None:
    async with open_town(tmp_path, NEEDS, nursery) as town:
        process = await town.start()
        fault = town.faults.add("POST", "/comments$", "hold")
        pull = town.scene.open_pull(["vpc"])
        await town.until(fault.reached.is_set)
        await town.stop(process)
        fault.release()
        await town.start()
        await town.until(lambda: _done(town, pull, "plan"))
        assert_sound(town.hub, NEEDS)
