"""How much is asked of GitHub and written there for a rollout from first to last, by the bot against the small GitHub.

The clock is moved by hand, so a rollout of hours takes minutes.
"""

from __future__ import annotations

import asyncio
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks import worlds
from benchmarks.report import Figure
from bot.sandbox import example
from bot.sandbox.atmos import Model
from bot.sandbox.state import Pull
from tests.rig import Rig, open_rig

#: How long a plan or an apply runs, in seconds: longer for some than for others, as it is.
_SHORTEST, _SPREAD = 40.0, 160
_PER_STEP, _BESIDE = 1.05, 60
_MOST_EDITS = 60
_ENDED = {"plan": "Planned", "apply": "Applied"}
#: What the sweep reads each minute, whatever is under way: the repository, its pull requests, the log of deliveries.
_SWEEP = re.compile(r"^/repositories/\d+$|/pulls$|^/app/hook/deliveries$")


def measure(sizes: Sequence[int] = (10, 100, 2_422), *, applied: int = 100) -> list[Figure]:
    """Plan pull requests of these many instances, one in each world, and count; those of up to `applied` are merged.

    Raises RuntimeError where a rollout has the comment edited more often than it may, or the last edit is not true.
    """
    return [figure for size in sizes for figure in asyncio.run(_rollouts(size, merged=size <= applied))]


async def _rollouts(size: int, *, merged: bool) -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        changes = {"breaker_plan": size, "breaker_apply": size, "dispatches_per_second": 3.0, "public_url": ""}
        async with open_rig(Path(folder), model=_model(size), **changes) as rig:
            rig.hub.scenario.seconds = _seconds
            begun = _begun(rig)
            pull = rig.scene.open_pull(worlds.LEAN)
            figures = await _followed(rig, pull, begun, size, "plan")
            if merged:
                begun = _begun(rig, pull)
                rig.hub.merge(pull, by="lead")
                figures += await _followed(rig, pull, begun, size, "apply")
            return figures


@dataclass(frozen=True, slots=True)
class _Begun:
    """What there was before a rollout."""

    at: float
    requests: int
    edits: int


def _begun(rig: Rig, pull: Pull | None = None) -> _Begun:
    edits = len(rig.comments(pull)[0].edits) if pull else 0
    return _Begun(rig.clock.at, len(rig.sandbox.requests), edits)


async def _followed(rig: Rig, pull: Pull, begun: _Begun, size: int, phase: str) -> list[Figure]:
    await rig.until_quiet(limit=48 * 3600.0)
    (comment,) = rig.comments(pull)
    edits = len(comment.edits) - begun.edits
    if not re.search(f"^### ✅ {_ENDED[phase]}: all {size:,} instances", comment.body, re.MULTILINE):
        raise RuntimeError(f"The last edit of the {phase} of {size:,} steps says: {comment.body[:500]}")
    if edits > _MOST_EDITS:
        raise RuntimeError(f"The {phase} of {size:,} steps had the comment edited {edits:,} times.")
    return _figures(rig, begun, size, phase, edits)


def _model(size: int) -> Model:
    """Configure stacks of ten components, each of which lies in a folder of its own."""
    found = worlds.model(size, worlds.LEAN).instances.items()
    return Model(
        {
            key: replace(
                one, path=f"components/terraform/{key[1]}", settings={"pro": example.settings_pro(key[1], key[0])}
            )
            for key, one in found
        }
    )


def _seconds(file: str, inputs: dict[str, str]) -> float:
    return _SHORTEST + sum(map(ord, str(inputs))) % _SPREAD if file in (example.PLAN, example.APPLY) else 10.0


def _figures(rig: Rig, begun: _Begun, size: int, phase: str, edits: int) -> list[Figure]:
    calls = [one for one in rig.sandbox.requests[begun.requests :] if one.status]
    looks = sum(one.method == "GET" and _SWEEP.search(one.path) is not None for one in calls)
    checks = sum(one.method in ("POST", "PATCH") and "/check-runs" in one.path for one in calls)
    aim = round(_PER_STEP * size) + _BESIDE
    article = "an" if phase == "apply" else "a"
    what = f"{article} {phase} of {size:,} steps in {(rig.clock.at - begun.at) / 60:,.0f} minutes"
    with_looks = "The same with the looks of the sweep, at what may have been missed"
    return [
        Figure(f"Calls for {what}", f"{len(calls) - looks:,}", f"{aim:,}", f"{(len(calls) - looks) / aim:.2f}"),
        Figure(with_looks, f"{len(calls):,}", f"{aim:,}", f"{len(calls) / aim:.2f}"),
        Figure(f"Edits of the comment for {what}", f"{edits:,}", f"{_MOST_EDITS}", f"{edits / _MOST_EDITS:.2f}"),
        Figure(f"Writings of the check run for {what}", f"{checks:,}"),
    ]
