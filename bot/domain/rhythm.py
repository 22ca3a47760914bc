"""How often what is shown at GitHub is brought up to date: the larger it is, and the more often it was, the less often.

Between two writings lies a pause. What people should know at once cuts it short.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.domain.model import IN_FLIGHT, Status
from bot.domain.rollout import Walk
from bot.domain.states import State

#: A rollout of this many steps has a pause twice as long as one of a single step.
_GROWS_WITH = 100
#: Each writing about a rollout makes the pause before the next one longer by this factor.
_GROWTH = 1.08
#: From so many seconds on a pause grows much faster, to this power: sixty writings then last for days.
_LONG, _LONG_URGENT, _STEEP = 1200.0, 600.0, 4
#: No pause is longer, in seconds.
_LONGEST = 86_400.0
#: What people should know at once waits for this part of the pause; where that is often, for more and more of it.
_URGENT, _URGENT_LEAST, _URGENT_LESS = 10.0, 3.0, 6
_ALARMING = (Status.FAILED, Status.TIMED_OUT, Status.CANCELLED, Status.HELD, Status.APPROVAL)


@dataclass(frozen=True, slots=True)
class News:
    """What there is to show: about which rollout, of how many steps, and what of it people should know at once."""

    about: int  # 0 without a rollout
    size: int
    gist: str


@dataclass(frozen=True, slots=True)
class Written:
    """What was written last about a thing, and how often."""

    at: float = 0.0  # when that began, in seconds since the epoch; 0 for never
    times: int = 0  # about the same rollout
    about: int = 0
    gist: str = ""


def due(last: Written, news: News, settle: float, now: float) -> float:
    """Tell from when on news may be written, in seconds since the epoch; `settle` is the shortest pause."""
    if not last.at:
        return now
    times = last.times if last.about == news.about else 0
    pause = settle * (1 + news.size / _GROWS_WITH) * _GROWTH**times
    if last.gist == news.gist:
        return last.at + _stretched(pause, _LONG)
    part = max(_URGENT_LEAST, _URGENT - times / _URGENT_LESS)
    return last.at + max(settle, _stretched(pause / part, _LONG_URGENT))


def _stretched(pause: float, long: float) -> float:
    """Make a long pause longer still, so that some of the sixty writings are left for the end."""
    return min(pause * max(1.0, pause / long) ** (_STEEP - 1), _LONGEST)


def begun(last: Written, now: float) -> Written:
    """Note that something is about to be written: where that fails there is a pause, too."""
    return replace(last, at=now)


def written(last: Written, news: News) -> Written:
    """Note that news was written."""
    times = last.times + 1 if last.about == news.about else 1
    return replace(last, times=times, about=news.about, gist=news.gist)


def gist(walk: Walk, found: Sequence[State]) -> str:
    """Tell of a rollout what people should know at once: that it failed, needs them, goes on, or is over."""
    statuses = {state.status for state in found}
    alarms = [status for status in _ALARMING if status in statuses]
    moves = not statuses.isdisjoint((*IN_FLIGHT, Status.READY))
    warned = any(sent.warning for step in walk.steps for sent in step.dispatches)
    return f"{walk.rollout.id} {walk.rollout.superseded_by} {alarms} {moves} {warned}"
