"""How far a rollout is, and how long it still takes: a bar, and words that are no more exact than what is known."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.model import Status
from bot.domain.remaining import remaining
from bot.domain.states import State
from bot.domain.view import PullView
from renderers.scene import Scene
from renderers.words import duration

_CELLS = 10
_FULL, _EMPTY = "▰", "▱"
_DONE = frozenset({Status.SUCCEEDED, Status.SKIPPED, Status.SUPERSEDED})
_FOR_PEOPLE = frozenset({Status.HELD, Status.APPROVAL})
_MINUTE = 60.0


def bar(found: Sequence[State]) -> str:
    """Draw how many of the steps are done, "▰▰▰▱▱▱▱▱▱▱ 3 of 10"; empty where all are, or none is there.

    The bar is full, or empty, only where that is so.
    """
    done, total = sum(state.status in _DONE for state in found), len(found)
    if done == total:
        return ""
    full = min(max(round(_CELLS * done / total), 1 if done else 0), _CELLS - 1)
    return f"{_FULL * full}{_EMPTY * (_CELLS - full)} {done:,} of {total:,}"


def left(scene: Scene) -> str:
    """Tell how long a rollout still takes, "about 5 min left"; empty where nobody knows, or something keeps it."""
    view = scene.view
    if not isinstance(view, PullView) or not scene.moves:
        return ""
    kept = view.kept.get(scene.walk.rollout.id)
    if any(state.status in _FOR_PEOPLE for state in scene.found) or (kept is not None and kept.keepers):
        return ""
    seconds = remaining(
        scene.walk.steps,
        scene.found,
        view.lasting.get(scene.walk.rollout.id, {}),
        now=view.as_of,
        slots=view.slots,
    )
    if seconds is None:
        return ""
    return f"about {_rounded(seconds)} left" if seconds > 0 else "taking longer than usual"


def _rounded(seconds: float) -> str:
    """Round a time so that it says no more than anybody can know: up, and the coarser the longer it is."""
    if seconds <= _MINUTE:
        return duration(_MINUTE)
    minutes = seconds / _MINUTE
    step = 1 if minutes <= 10 else 5 if minutes <= 60 else 15
    return duration(-(-minutes // step) * step * _MINUTE)
