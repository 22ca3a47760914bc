"""Where to read on about what went wrong: one line, with each trouble once, however many rows tell of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set

from bot.domain.model import HoldKind, Status
from bot.domain.troubles import Trouble, place, told_in
from bot.domain.view import CommitView, PullView
from renderers.markdown import code, linked
from renderers.scene import Scene

_PAGE = "troubleshooting.md"
_OF_HOLDS = {HoldKind.UNREVIEWED: Trouble.UNREVIEWED, HoldKind.ENVIRONMENT: Trouble.ENVIRONMENT}


def read_on(view: PullView | CommitView, scenes: Iterable[Scene], *said: str) -> str:
    """Lead to the sections of the docs that are about what is told here, and `said`; empty where nothing is wrong."""
    found = {*_standing(view), *(trouble for scene in scenes for trouble in _of(scene))}
    found.update(trouble for sentence in said for trouble in told_in(sentence))
    return _line(view, found)


def read_more(view: PullView, main: Scene | None, older: Iterable[Scene]) -> str:
    """Lead to the sections about what only the `older` rollouts tell, which stand below the `main` one."""
    found = {trouble for scene in older for trouble in _of(scene)}
    return _line(view, found - {*_standing(view), *(_of(main) if main else ())})


def _line(view: PullView | CommitView, found: Set[Trouble]) -> str:
    named = [trouble for trouble in Trouble if trouble in found]
    if not named:
        return ""
    if not view.docs_url:
        titles = ", ".join(f"“{trouble}”" for trouble in named)
        return f"📖 **Read on:** {titles} in Switchyard's {code(f'docs/{_PAGE}')}."
    links = [linked(trouble, place(trouble, view.docs_url)) for trouble in named]
    return f"📖 **Read on:** {', '.join(links)}."


def _standing(view: PullView | CommitView) -> Iterator[Trouble]:
    """Find what is told of the whole pull request or commit, whatever rollout it has."""
    pull = view.pull
    if pull is None or pull.open or pull.merged:
        if view.mode != "apply":
            yield Trouble.MODE
        if view.frozen:
            yield Trouble.FROZEN
    said = (view.waiting, *view.notes) if isinstance(view, PullView) else (view.problem,)
    for sentence in said:
        yield from told_in(sentence)


def _of(scene: Scene) -> Iterator[Trouble]:
    """Find what is told of a rollout's steps."""
    if not scene.found:
        yield Trouble.NOT_AFFECTED
    if scene.walk.rollout.superseded_by:
        return
    said: set[str] = set()
    for step, state in zip(scene.walk.steps, scene.found, strict=True):
        if state.status is Status.HELD:
            yield from (_OF_HOLDS[hold.kind] for hold in step.holds if hold.kind in _OF_HOLDS)
            if not step.holds:
                yield Trouble.DOUBT
        elif state.status is Status.READY and (keeper := scene.keeper(step)) and keeper.lock:
            yield Trouble.LOCKED
        said.add(step.problem)
        said.update(sent.reason for sent in step.dispatches if sent.status is state.status)
    for sentence in said:
        yield from told_in(sentence)
