"""What a comment and its graph cost to write, off the loop and at most every few seconds: for information."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from benchmarks import worlds
from benchmarks.report import Figure, milliseconds, repeat
from bot.domain.model import Dispatch, Status, Step
from bot.domain.rollout import Walk
from bot.domain.states import states
from bot.domain.view import PullView
from renderers import comment, graph

_ADDRESS = "https://switchyard.example/graphs/x/y.svg"


def measure(sizes: Sequence[int] = (100, 2_422), *, rounds: int = 5) -> list[Figure]:
    """Measure the comment and the DOT text of a rollout that is two thirds done."""
    figures = []
    for size in sizes:
        walk = _under_way(size)
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
        drew = repeat(lambda walk=walk: graph.dot(walk, states(walk)), rounds)  # type: ignore[misc]
        figures.append(Figure(f"Write the comment of {size:,} steps", milliseconds(wrote)))
        figures.append(Figure(f"Write the graph of {size:,} steps as DOT", milliseconds(drew)))
    return figures


def _under_way(size: int) -> Walk:
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
