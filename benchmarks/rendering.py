"""What a comment and its graph cost to write, and what the picture costs beside the bare layout by Graphviz."""

from __future__ import annotations

import shutil
import statistics
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import replace
from time import perf_counter

from benchmarks import worlds
from benchmarks.report import Figure, milliseconds, ratio, repeat
from bot.domain.graph import Instance
from bot.domain.model import Dispatch, Status, Step
from bot.domain.rollout import Walk
from bot.domain.states import states
from bot.domain.view import PullView
from renderers import comment
from renderers.engine import CannotDraw
from renderers.graph import dot
from renderers.picture import picture
from renderers.shape import MOST, shape

_ADDRESS = "https://switchyard.example/graphs/x/y.svg"
_LARGEST = 50_000_000  # bytes: no picture is refused here


def measure(sizes: Sequence[int] = (10, 100, 1_000, 5_000), *, rounds: int = 5) -> list[Figure]:
    """Measure the comment and the pictures of rollouts that are two thirds done."""
    figures = []
    for size in sizes:
        walk = under_way(size)
        view = PullView(
            repo=worlds.REPO,
            pull=worlds.pull(),
            current=(walk,),
            past=(),
            waiting="",
            notes=(),
            as_of=worlds.NOW + 900,
            server_url="https://github.com",
        )
        wrote = repeat(lambda view=view: comment.comment(view, picture_url=_ADDRESS, mermaid=None), rounds)  # type: ignore[misc]
        figures.append(Figure(f"Write the comment of {size:,} steps", milliseconds(wrote)))
        for whole in (False, True) if size > MOST else (True,):
            figures += _pictures(walk, rounds, whole=whole) if shutil.which("dot") else []
    return figures


def _pictures(walk: Walk, rounds: int, *, whole: bool) -> list[Figure]:
    """Draw a rollout that was not seen before, and again in another state; `dot` alone takes turns with that."""
    drawing = shape(walk, whole=whole)
    what = f"{len(walk.steps):,} steps in {len(drawing.boxes):,} boxes"
    bare, first, again = [], [], []
    try:
        for number in range(rounds):
            source = dot(shape(_renamed(walk, f"-{number}+{rounds}"), whole=whole))
            bare.append(_took(lambda source=source: _bare(source)))  # type: ignore[misc]
            fresh = _renamed(walk, f"-{number}-{rounds}")
            first.append(_took(_drawing(fresh, whole=whole)))
            other = Walk.of(fresh.rollout, [replace(step, dispatches=()) for step in fresh.steps])
            again.append(_took(_drawing(other, whole=whole)))
    except CannotDraw as error:
        return [Figure(f"Draw {what}", str(error))]
    floor = statistics.median(bare)
    alone, once = f"`dot` alone: {milliseconds(bare)}", ratio(statistics.median(first), floor)
    return [
        Figure(f"Draw {what} for the first time, light and dark", milliseconds(first), alone, once),
        Figure(f"Draw {what} in another state", milliseconds(again), alone, ratio(statistics.median(again), floor)),
    ]


def _drawing(walk: Walk, *, whole: bool) -> Callable[[], object]:
    found = states(walk)
    return lambda: picture(walk, found, whole=whole, limit=_LARGEST)


def _bare(source: str) -> None:
    subprocess.run(["dot", "-Tsvg"], input=source.encode(), capture_output=True, check=True)


def _took(work: Callable[[], object]) -> float:
    start = perf_counter()
    work()
    return perf_counter() - start


def _renamed(walk: Walk, more: str) -> Walk:
    """Make it a rollout that nobody has drawn before."""
    steps = [
        replace(step, instance=Instance(step.instance.stack + more, step.instance.component + more))
        for step in walk.steps
    ]
    return Walk.of(walk.rollout, steps)


def under_way(size: int) -> Walk:
    """Make a rollout that is two thirds done."""
    fresh = worlds.walk(size)
    done = 2 * size // 3
    return Walk.of(fresh.rollout, [_sent(step) if step.index < done else step for step in fresh.steps])


def _sent(step: Step) -> Step:
    failed = step.index % 97 == 5
    run_id = 19_000_000_000 + step.index
    dispatch = Dispatch(
        id=f"sy-{step.index:016x}",
        step=step.index,
        workflow=step.calls[0].workflow,
        inputs=step.calls[0].inputs,
        status=Status.FAILED if failed else Status.SUCCEEDED,
        created_at=worlds.NOW,
        run_id=run_id,
        run_url=f"https://github.com/acme/infra/actions/runs/{run_id}",
        attempt=1,
        conclusion="failure" if failed else "success",
        run_updated_at=worlds.NOW + 600,
        started_at=worlds.NOW + 10,
        finished_at=worlds.NOW + 600,
    )
    return replace(step, dispatches=(dispatch,))
