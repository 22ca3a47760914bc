"""The comment's tables: one row for each step, saying what it waits for or why it failed."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.model import Dispatch, Step
from renderers.markdown import clip, code, escape, head, linked, row
from renderers.scene import LONGEST_NAME, Scene
from renderers.why import why
from renderers.words import duration, signed

Cells = tuple[str, ...]

_TITLES = ("Status", "Component", "Stack", "Why", "Run")


def cells(scene: Scene, index: int) -> Cells:
    """Write one step's cells, as Markdown."""
    step, state = scene.walk.steps[index], scene.found[index]
    component = ("**destroy** " if step.destroys else "") + _code(step.instance.component)
    return (
        signed(state.status),
        component,
        _code(step.instance.stack),
        "<br>".join(why(scene, step, state)),
        _runs(step),
    )


def titles(columns: Sequence[bool]) -> str:
    """Write the lines above the rows."""
    return head([title for title, wanted in zip(_TITLES, columns, strict=True) if wanted])


def line(row_cells: Cells, columns: Sequence[bool]) -> str:
    """Write one row."""
    return row(cell for cell, wanted in zip(row_cells, columns, strict=True) if wanted)


def used(rows: Sequence[Cells]) -> list[bool]:
    """Tell which columns have something in them."""
    return [any(row_cells[column] for row_cells in rows) for column in range(len(_TITLES))]


def _code(text: str) -> str:
    return code(clip(text, LONGEST_NAME))


def _runs(step: Step) -> str:
    """Link every run of a step by how long it took; names the workflow file where there are several."""
    several = len(step.dispatches) > 1
    runs = [(sent, _run(sent)) for sent in step.dispatches]
    return "<br>".join(f"{escape(sent.workflow)}: {run}" if several else run for sent, run in runs if run)


def _run(sent: Dispatch) -> str:
    took = duration(sent.finished_at - sent.started_at) if sent.started_at and sent.finished_at else ""
    if not (sent.run_url or took):
        return ""
    attempt = f", attempt\u00a0{sent.attempt}" if sent.attempt > 1 else ""
    return f"{linked(took or 'run', sent.run_url)}{attempt}"
