"""The rows of the comment's tables: one for each step, or one for the names of many."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import groupby

from bot.domain.model import Dispatch, Status, Step
from renderers.markdown import clip, code, escape, head, linked, row
from renderers.scene import LONGEST_NAME, Scene, run_url
from renderers.why import why
from renderers.words import duration, ordinal, signed

Cells = tuple[str, ...]

_TITLES = ("Status", "Stack", "Component", "Details", "Run")
_NAMED = ("Stack", "Components")
_STATUS, _STACK, _COMPONENT = range(3)
#: As many names stand in one row.
TOGETHER = 40
#: As many characters as the lines above a table's rows take at most, beside the name of a stack.
FRAME = 80


def cells(scene: Scene, index: int) -> Cells:
    """Write one step's cells, as Markdown."""
    step, state = scene.walk.steps[index], scene.found[index]
    return (
        signed(state.status),
        stack(step),
        component(step),
        "<br>".join(why(scene, step, state)),
        _runs(step),
    )


def table(rows: Sequence[Cells], *, status: bool) -> str:
    """Write rows as a table without what is empty, or told already: one stack stands above, one status maybe beside."""
    if not rows:
        return ""
    names, wanted = list(_TITLES), [any(column) for column in zip(*rows, strict=True)]
    wanted[_STATUS] = status
    stacks = {one[_STACK] for one in rows}
    if len(stacks) == 1:
        wanted[_STACK] = False
        names[_COMPONENT] += f" in {stacks.pop()}"
    shown = ([cell for cell, kept in zip(one, wanted, strict=True) if kept] for one in (names, *rows))
    return "\n".join([head(next(shown)), *map(row, shown)])


def names(scene: Scene, indexes: Sequence[int], *, status: bool, links: int = 0) -> Iterator[tuple[str, int]]:
    """Write steps by name, those of one status and stack in a row; each row with how many it names.

    The first `links` of them lead to their runs.
    """
    leading = set(indexes[:links])

    def place(index: int) -> tuple[Status, str]:
        return scene.found[index].status, scene.walk.steps[index].instance.stack

    for (common, _), group in groupby(indexes, key=place):
        same = list(group)
        for start in range(0, len(same), TOGETHER):
            some = same[start : start + TOGETHER]
            steps = [scene.walk.steps[index] for index in some]
            told = [named(scene, step) if step.index in leading else component(step) for step in steps]
            listed = [stack(steps[0]), ", ".join(told)]
            yield row([signed(common), *listed] if status else listed), len(some)


def named(scene: Scene, step: Step) -> str:
    """Write the name of a step's component, which leads to its run where it has one."""
    runs = (sent.run_url for sent in step.dispatches if sent.run_url)
    return linked(component(step), run_url(step, scene.found[step.index].status) or next(runs, ""))


def name_table(rows: Sequence[str], *, status: bool) -> str:
    """Write the rows of `names` as a table."""
    return "\n".join([head(["Status", *_NAMED] if status else _NAMED), *rows]) if rows else ""


def stack(step: Step) -> str:
    """Write the name of a step's stack."""
    return _called(step.instance.stack)


def component(step: Step) -> str:
    """Write the name of a step's component, and that it is destroyed."""
    return ("**destroy** " if step.destroys else "") + _called(step.instance.component)


@lru_cache(maxsize=8_192)  # the same few names come again in row after row
def _called(name: str) -> str:
    return code(clip(name, LONGEST_NAME))


def _runs(step: Step) -> str:
    """Link every run of a step, where its summary is; names the workflow file where there are several."""
    several, number = len(step.dispatches) > 1, step.sent_before + 1
    runs = [(sent, _run(sent, number)) for sent in step.dispatches]
    return "<br>".join(f"{escape(sent.workflow)}: {run}" if several else run for sent, run in runs if run)


def _run(sent: Dispatch, number: int) -> str:
    took = duration(sent.finished_at - sent.started_at) if sent.started_at and sent.finished_at else ""
    what = "review" if sent.status is Status.APPROVAL else "summary" if sent.finished_at else "run"
    read = linked(what, sent.run_url) if sent.run_url else ""
    again = f"{ordinal(number)}\u00a0run" if number > 1 else ""
    attempt = f"attempt\u00a0{sent.attempt}" if sent.attempt > 1 else ""
    return ", ".join(part for part in (read, took, again, attempt) if part)
