"""What is to happen when, and what is wanted no more."""

import asyncio

from bot.sandbox import Sandbox
from bot.sandbox.timeline import Timeline
from tests.sandbox.conftest import APP_ID, SECRET, Clock, key_pair


async def test_what_is_not_wanted_any_more_is_neither_done_nor_waited_for() -> None:
    timeline, done, wanted = Timeline(), [], [True]

    async def note(due: float) -> None:
        done.append(due)

    timeline.at(1.0, note)
    timeline.at(600.0, note, wanted=lambda: wanted[0])
    assert await timeline.run_due(lambda: 1.0) == 1
    assert timeline.next_due() == 600.0
    wanted.clear()
    wanted.append(False)
    assert timeline.next_due() is None
    assert await timeline.run_due(lambda: 700.0) == 0
    assert done == [1.0]


async def test_it_is_busy_while_something_happens() -> None:
    timeline, seen = Timeline(), []

    async def look(_due: float) -> None:
        seen.append((timeline.busy, timeline.next_due()))

    timeline.at(1.0, look)
    await timeline.run_due(lambda: 1.0)
    assert seen == [(True, None)]
    assert not timeline.busy


async def test_running_ends_when_it_is_cancelled_at_the_moment_of_a_change() -> None:
    sandbox = Sandbox(now=Clock(), app_id=APP_ID, app_public_key=key_pair()[1], webhook_secret=SECRET)
    running = asyncio.create_task(sandbox.run())
    for _ in range(10):
        await asyncio.sleep(0)  # until it waits for a change
    sandbox.hub.ping()
    running.cancel()
    await asyncio.wait({running}, timeout=30)
    assert running.cancelled()
    assert not sandbox.idle  # the ping is still to be sent
