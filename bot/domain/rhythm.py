"""How often what is shown at GitHub is brought up to date: the larger it is, and the more often it was, the less often.

Between two writings lies a pause. What people should know at once cuts it short.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from bot.domain.model import IN_FLIGHT, Status
from bot.domain.rollout import Walk
from bot.domain.states import State, count, unfinished

#: A rollout of this many steps has a pause twice as long as one of a single step.
_GROWS_WITH = 100
#: Each writing about a rollout makes the pause before the next one longer by this factor.
_GROWTH = 1.08
#: From so many seconds on a pause grows much faster, to this power: sixty writings then last for days.
_LONG, _STEEP = 600.0, 4
#: But not for more seconds than these.
_LONGEST = 86_400.0
#: What people should know at once waits for this part of the pause; where that is often, for more and more of it.
_URGENT, _URGENT_LEAST, _URGENT_LESS = 10.0, 3.0, 6
#: Where nothing goes on by itself, or ever again, that is told within so many seconds.
_SOON = 600.0
#: After so many writings each pause is longer than the one before by this factor, whatever there is to tell: sixty then
#: last for a year. Only the end is still told soon.
_MANY, _FURTHER, _FURTHEST = 49, 3.0, 20
#: A rollout of fewer steps than this has less to tell in all: it has a few more writings for each step that it lacks.
_LARGE, _MORE = 1000, 0.07
_ALARMING = (Status.FAILED, Status.TIMED_OUT, Status.CANCELLED, Status.HELD, Status.APPROVAL)


class Stage(StrEnum):
    """How far something is."""

    MOVES = "moves"
    RESTS = "rests"  # until people do something, or something elsewhere ends
    OVER = "over"


@dataclass(frozen=True, slots=True)
class News:
    """What there is to show: about which rollout, of how many steps, and what of it people should know at once."""

    about: int  # 0 without a rollout
    size: int
    gist: str
    stage: Stage = Stage.MOVES


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
    many = _MANY + int(max(0, _LARGE - news.size) * _MORE)
    pause = settle * (1 + news.size / _GROWS_WITH) * _GROWTH ** min(times, many)
    urgent = _stretched(pause / max(_URGENT_LEAST, _URGENT - times / _URGENT_LESS))
    if news.stage is Stage.OVER:
        return last.at + max(settle, min(urgent, _SOON))
    wanted = _stretched(pause) if last.gist == news.gist else urgent
    if news.stage is Stage.RESTS:
        wanted = min(urgent, _SOON)
    least = _SOON * _FURTHER ** min(times - many, _FURTHEST) if times >= many else 0.0
    return last.at + max(settle, wanted, least)


def soonest(last: Written, about: int, size: int, settle: float, now: float) -> float:
    """Tell when news may be written at the earliest, whatever it is."""
    return due(last, News(about, size, "whatever", Stage.OVER), settle, now)


def _stretched(pause: float) -> float:
    """Make a long pause longer still, so that some of the sixty writings are left for the end."""
    return min(pause * max(1.0, pause / _LONG) ** (_STEEP - 1), _LONGEST)


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


def news_of(walks: Sequence[Walk], found: Mapping[int, Sequence[State]], *more: object) -> News:
    """Tell what of rollouts, and of what `more` is shown beside them, people should know at once.

    `walks` are told newest first, `found` are their states by the rollout.
    """
    gists = [gist(walk, found[walk.rollout.id]) for walk in walks]
    about = walks[0].rollout.id if walks else 0
    size = max((len(walk.steps) for walk in walks), default=0)
    digest = hashlib.sha256(repr((gists, more)).encode()).hexdigest()
    return News(about, size, digest, _stage([state for walk in walks for state in found[walk.rollout.id]]))


def _stage(found: Sequence[State]) -> Stage:
    counts = count(found)
    if not found or any(counts[status] for status in (*IN_FLIGHT, Status.READY)):
        return Stage.MOVES
    return Stage.RESTS if unfinished(counts) or counts[Status.HELD] else Stage.OVER
