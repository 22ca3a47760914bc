"""How much is asked of GitHub and written there for a rollout from first to last, by the bot against the small GitHub.

The clock is moved by hand, so a rollout of hours takes minutes.
"""

from __future__ import annotations

import asyncio
import re
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks import worlds
from benchmarks.report import Figure
from bot.sandbox import example
from bot.sandbox.atmos import Model
from tests.rig import Rig, open_rig

#: How long a plan runs, in seconds: longer for some than for others, as it is.
_SHORTEST, _SPREAD = 40.0, 160
_PER_STEP, _BESIDE = 1.05, 60
_MOST_EDITS = 60
#: What the sweep reads each minute, whatever is under way: the repository, its pull requests, the log of deliveries.
_SWEEP = re.compile(r"^/repositories/\d+$|/pulls$|^/app/hook/deliveries$")


def measure(sizes: Sequence[int] = (10, 100, 2_422)) -> list[Figure]:
    """Plan pull requests of these many instances, one in each world, and count."""
    return [figure for size in sizes for figure in asyncio.run(_plan(size))]


async def _plan(size: int) -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        changes = {"breaker_plan": size, "dispatches_per_second": 3.0, "public_url": ""}
        async with open_rig(Path(folder), model=_model(size), **changes) as rig:
            rig.hub.scenario.seconds = _seconds
            began = rig.clock.at
            pull = rig.scene.open_pull(worlds.LEAN)
            await rig.until_quiet(limit=48 * 3600.0)
            assert rig.comment(pull).count(f"all {size:,} instances"), rig.comment(pull)[:500]
            (comment,) = rig.comments(pull)
            return _figures(rig, size, len(comment.edits), rig.clock.at - began)


def _model(size: int) -> Model:
    """Configure stacks of ten components, each of which lies in a folder of its own."""
    found = worlds.model(size, worlds.LEAN).instances.items()
    return Model({key: replace(one, path=f"components/terraform/{key[1]}") for key, one in found})


def _seconds(file: str, inputs: dict[str, str]) -> float:
    return _SHORTEST + sum(map(ord, str(inputs))) % _SPREAD if file == example.PLAN else 10.0


def _figures(rig: Rig, size: int, edits: int, took: float) -> list[Figure]:
    calls = [one for one in rig.sandbox.requests if one.status]
    looks = sum(one.method == "GET" and _SWEEP.search(one.path) is not None for one in calls)
    checks = sum(one.method in ("POST", "PATCH") and "/check-runs" in one.path for one in calls)
    aim = round(_PER_STEP * size) + _BESIDE
    what = f"a plan of {size:,} steps in {took / 60:,.0f} minutes"
    return [
        Figure(f"Calls for {what}", f"{len(calls) - looks:,}", f"{aim:,}", f"{(len(calls) - looks) / aim:.2f}"),
        Figure("Looks of the sweep meanwhile, at what may have been missed", f"{looks:,}"),
        Figure(f"Edits of the comment for {what}", f"{edits:,}", f"{_MOST_EDITS}", f"{edits / _MOST_EDITS:.2f}"),
        Figure(f"Writings of the check run for {what}", f"{checks:,}"),
    ]
