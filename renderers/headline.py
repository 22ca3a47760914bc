"""How a pull request stands and what comes next, in one line: the same in its comment and on every page."""

from __future__ import annotations

from bot.domain.model import Status
from bot.domain.view import PullView
from renderers.markdown import clip
from renderers.moves import NAMED, move
from renderers.scene import Scene
from renderers.verdict import verdict
from renderers.words import SIGNS, commit

#: So that the sign, this, and as of when are within what a list of mails shows of one, 180 characters.
LONGEST = 150

#: What is said of a rollout of nothing.
NOTHING = (
    "No stack is affected by this change, so there is nothing to do. If you expected some: the job that describes "
    "the affected stacks needs the whole history, so check out with `fetch-depth: 0`."
)


def first(view: PullView) -> Scene | None:
    """Find the rollout that the headline is about; None while something is awaited, or there is nothing."""
    if view.waiting or not view.current:
        return None
    return Scene(view, view.current[0], view.states(view.current[0]))


def headline(view: PullView, scene: Scene | None) -> tuple[str, str]:
    """Say how a pull request stands: a sign, and one line of plain text of at most `LONGEST` characters.

    `scene` is its first rollout, if any. Names give way first, then counts of what goes by itself.
    """
    if scene is None:
        return _awaited(view)
    for named, brief in ((NAMED, False), (1, False), (0, False), (0, True)):
        sign, said = verdict(scene, brief=brief)
        line = f"{said} — {then}" if (then := move(scene, named)) else said
        if len(line) <= LONGEST:
            break
    return sign, clip(line, LONGEST)


def _awaited(view: PullView) -> tuple[str, str]:
    if view.pull.fork:
        return SIGNS[Status.SKIPPED], "Nothing is started for a fork"
    if view.stuck:
        return SIGNS[Status.FAILED], clip(view.stuck, LONGEST)
    if view.pull.merged:
        return SIGNS[Status.WAITING], f"Merged as {commit(view.pull.merge_sha)}, waiting for the affected stacks"
    return SIGNS[Status.WAITING], "Waiting for the affected stacks" if view.waiting else "Nothing to show yet"
