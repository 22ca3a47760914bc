"""From a decision's effects to rows of the outbox, in the deciding transaction."""

from __future__ import annotations

from typing import assert_never

import msgspec

from bot.domain.desk import Decision, Lane
from bot.domain.effects import (
    CancelRun,
    DropRun,
    LookAgainAt,
    Nudge,
    NudgeDestroys,
    OfferAgain,
    React,
    RunKnown,
    ShowCheck,
    ShowComment,
    ShowStale,
    StartRun,
)
from bot.domain.events import Overrun
from bot.domain.graph import Instance
from bot.domain.lanes import is_of_commit, lane_of_pull, pull_of_lane
from bot.store import destroys, inbox, outbox, places, pulls
from bot.work.parts import Parts

#: News of a rollout of this many steps settles twice as long as that of a small rollout. What is written keeps a pause
#: of its own (bot.domain.rhythm); this is for looking whether there is something to write.
_GROWS_WITH = 500
_LONGEST_SETTLE = 10.0
#: A check run is written this many seconds after the comment, which it leads to.
_AFTER_COMMENT = 0.5


def carry(parts: Parts, lane: Lane, decision: Decision) -> None:
    """Raise, drop and close wishes."""
    db, now, repo_id = parts.db, parts.now(), lane.repo.id
    for effect in decision.effects:
        match effect:
            case StartRun() | DropRun() | RunKnown() | CancelRun():
                _carry_run(parts, lane, effect)
            case ShowComment() | ShowCheck():
                its = lane_of_pull(repo_id, effect.number) if isinstance(effect, ShowComment) else lane.key
                show(parts, its, repo_id, due=now + settle(parts.timing.settle, _size(lane, decision)))
            case Nudge(other):
                inbox.put_once(db, "nudge", now=now, repo_id=repo_id, lane=other)
            case LookAgainAt(at):
                inbox.look_at(db, lane=lane.key, repo_id=repo_id, at=at)
            case OfferAgain(other, rollout_id, instance, sentence):
                body = msgspec.json.encode(Overrun(rollout_id, instance, sentence))
                inbox.put(db, "overrun", body, now=now, repo_id=repo_id, lane=other)
            case NudgeDestroys():
                nudge_destroys(parts, repo_id)
            case ShowStale(instance):
                _show_planners(parts, lane, instance)
            case React(comment_id, sign):
                react(parts, lane.key, repo_id, comment_id, sign)
            case _:
                assert_never(effect)


def _carry_run(parts: Parts, lane: Lane, effect: StartRun | DropRun | RunKnown | CancelRun) -> None:
    db, now, repo_id = parts.db, parts.now(), lane.repo.id
    match effect:
        case StartRun(dispatch_id):
            outbox.wish(db, "run", dispatch_id, lane=lane.key, repo_id=repo_id, now=now, due=now)
        case DropRun(dispatch_id):
            outbox.drop(db, "run", dispatch_id)
        case RunKnown(dispatch_id):
            outbox.close(db, "run", dispatch_id)
        case CancelRun(dispatch_id):
            outbox.wish(db, "cancel", dispatch_id, lane=lane.key, repo_id=repo_id, now=now, due=now)


def nudge_destroys(parts: Parts, repo_id: int) -> None:
    """Have the lanes looked at with something to be destroyed that was not sent yet."""
    for other in destroys.waiting(parts.db, repo_id):
        inbox.put_once(parts.db, "nudge", now=parts.now(), repo_id=repo_id, lane=other)


def _show_planners(parts: Parts, lane: Lane, instance: Instance) -> None:
    for other in places.planners(parts.db, lane.repo.id, instance, but=lane.key):
        show(parts, other, lane.repo.id, due=parts.now() + parts.timing.settle)


def show(parts: Parts, lane: str, repo_id: int, *, due: float) -> None:
    """Wish brought up to date what shows a lane: a pull request's comment and check run, or a commit's check run."""
    if pull_of_lane(lane):
        outbox.wish(parts.db, "comment", lane, lane=lane, repo_id=repo_id, now=parts.now(), due=due)
        show_checks(parts, lane, repo_id, due=due + _AFTER_COMMENT)
    elif is_of_commit(lane):
        outbox.wish(parts.db, "check", lane, lane=lane, repo_id=repo_id, now=parts.now(), due=due)


def show_checks(parts: Parts, lane: str, repo_id: int, *, due: float) -> None:
    """Wish the check runs of a pull request brought up to date: where it is worked now, and what is to be ended."""
    pull = pulls.get(parts.db, repo_id, pull_of_lane(lane))
    if pull is None:
        return
    now = pull.merge_sha if pull.merged else pull.head_sha if pull.open else ""
    for sha in {now, *outbox.checked(parts.db, lane)} - {""}:
        name = f"{lane}@{sha}"
        outbox.wish(parts.db, "pull_check", name, lane=lane, repo_id=repo_id, now=parts.now(), due=due)


def react(parts: Parts, lane: str, repo_id: int, comment_id: int, sign: str) -> None:
    """Wish a reaction put on a comment."""
    now = parts.now()
    outbox.wish(parts.db, "react", f"{comment_id}:{sign}", lane=lane, repo_id=repo_id, now=now, due=now)


def settle(seconds: float, size: int) -> float:
    """Tell how long a comment waits for more news: longer for larger rollouts, which have more of it."""
    return min(seconds * (1 + size / _GROWS_WITH), max(seconds, _LONGEST_SETTLE))


def _size(lane: Lane, decision: Decision) -> int:
    sizes = [walk.rollout.size for walk in lane.walks] + [draft.rollout.size for draft in decision.new]
    return max(sizes, default=0)
