"""One `workflow_run` event from its row in the inbox to the commit, on a small and on a large rollout."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import service, worlds
from benchmarks.payloads import workflow_run
from benchmarks.report import Figure, milliseconds, ratio
from bot.app import Switchyard
from bot.domain.rollout import Draft
from bot.settings import Settings
from bot.store import inbox, pulls, repos, rollouts
from bot.store.db import Db, connect, transaction
from bot.store.migrations import migrate
from bot.work.intake import Intake

_WORDS = (("in_progress", ""), ("completed", "success"))


@dataclass(slots=True)
class Stage:
    """A rollout under way, and how long its events took: in seconds on the wall's clock and of the processor."""

    db: Db
    intake: Intake
    walls: dict[str, list[float]] = field(default_factory=lambda: {word: [] for word, _ in _WORDS})
    processor: dict[str, list[float]] = field(default_factory=lambda: {word: [] for word, _ in _WORDS})


def measure(sizes: Sequence[int] = (100, 2_422), *, steps: int = 80) -> list[Figure]:
    """Let the same number of steps run and succeed in rollouts of each size, in turns."""
    return asyncio.run(_measure(sizes, steps))


async def _measure(sizes: Sequence[int], steps: int) -> list[Figure]:
    with TemporaryDirectory() as folder:
        async with AsyncExitStack() as stack:
            stages = [await stack.enter_async_context(_stage(Path(folder) / f"{size}.db", size)) for size in sizes]
            for _ in range(steps):
                for stage in stages:
                    await _run_one(stage)
    figures = []
    for word, _ in _WORDS:
        for size, stage in zip(sizes, stages, strict=True):
            least = stages[0]
            against = statistics.median(stage.processor[word]), statistics.median(least.processor[word])
            busy = milliseconds([statistics.median(stage.processor[word])], 2)
            figures.append(
                Figure(
                    f"`workflow_run` {word}, from the inbox to the commit, {size:,} steps",
                    f"{milliseconds([statistics.median(stage.walls[word])], 2)}, of which processor {busy}",
                    f"{sizes[0]:,} steps" if stage is not least else "",
                    ratio(*against) if stage is not least else "",
                )
            )
    return figures


@asynccontextmanager
async def _stage(database: Path, size: int) -> AsyncIterator[Stage]:
    """Store a rollout and send its first steps; GitHub is never asked."""
    db = connect(database)
    migrate(db)
    walk = worlds.walk(size)
    with transaction(db):
        repos.save(db, worlds.REPO, worlds.NOW)
        pulls.save(db, worlds.pull())
        rollouts.save(db, Draft(walk), new=True, now=worlds.NOW)
        inbox.put(db, "nudge", b"", now=worlds.NOW, repo_id=worlds.REPO.id, lane=walk.rollout.lane)
    bot = Switchyard(Settings.from_env(service.environment(database, 0, "http://127.0.0.1:9")), now=lambda: worlds.NOW)
    async with bot.working() as worker:
        await worker.intake.step()
        yield Stage(db, worker.intake)
    db.close()


async def _run_one(stage: Stage) -> None:
    """Tell of a dispatched step that its run began and succeeded, which lets others go."""
    sent = stage.db.row("SELECT id, workflow FROM dispatches WHERE status = 'dispatching' ORDER BY idx LIMIT 1")
    assert sent is not None, "no step is left that could run"
    number = len(stage.walls["completed"])
    for word, conclusion in _WORDS:
        body = workflow_run(
            30_000_000_000 + number,
            path=f".github/workflows/{sent['workflow']}",
            event="workflow_dispatch",
            status=word,
            conclusion=conclusion or None,
            head_sha=worlds.HEAD,
            display_title=f"plan {sent['id']}",
            updated_at="2026-05-04T10:02:00Z" if conclusion else "2026-05-04T10:01:00Z",
        )
        with transaction(stage.db):
            inbox.put(stage.db, "workflow_run", body, guid=f"{number}-{word}", now=worlds.NOW)
        wall, processor = time.perf_counter(), time.process_time()
        await stage.intake.step()
        stage.walls[word].append(time.perf_counter() - wall)
        stage.processor[word].append(time.process_time() - processor)
        assert inbox.next_due(stage.db) is None, "the event was not handled"
