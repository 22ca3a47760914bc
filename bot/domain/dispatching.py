"""Which of the steps that may go are sent now, under the cap that a repository's rollouts share."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, replace

from bot.domain import locks, pro
from bot.domain.desk import Desk, flight
from bot.domain.effects import DropRun, LookAgainAt, Nudge, StartRun
from bot.domain.events import KeptByLock
from bot.domain.model import Dispatch, Status, Step
from bot.domain.pro import Phase
from bot.domain.rollout import Draft


@dataclass(slots=True)
class _Claim:
    """One rollout's claim on free places."""

    lane: str
    rollout_id: int
    phase: Phase
    steps: int
    draft: Draft | None  # None where it is another lane's
    locked: Container[int] = ()
    granted: int = 0


def go(desk: Desk) -> None:
    """Share the free places out; send this lane's steps, nudge the other lanes that got one.

    A locked step claims no place: the lane is looked at again when its lock ends.
    """
    locked = [locks.kept(draft, desk.facts.locks) for draft in desk.drafts]
    if ends := [lock.until for found in locked for lock in found.values()]:
        desk.wish(LookAgainAt(min(ends)))
    flying = dict(desk.facts.in_flight)
    flying[desk.lane.key] = flying.get(desk.lane.key, 0) + sum(flight(draft) for draft in desk.drafts)
    free = desk.facts.rules.max_in_flight - sum(flying.values())
    if free <= 0:
        return
    claims = [_Claim(q.lane, q.rollout_id, q.phase, q.steps, None) for q in desk.facts.queues]
    claims += [
        _Claim(desk.lane.key, draft.rollout.id, draft.rollout.phase, draft.ready_count - len(found), draft, found)
        for draft, found in zip(desk.drafts, locked, strict=True)
    ]
    share(claims, flying, free)
    for claim in sorted(claims, key=lambda c: (c.phase is not Phase.APPLY, c.rollout_id)):
        if claim.granted and claim.draft is None:
            desk.wish(Nudge(claim.lane))
        elif claim.granted and claim.draft is not None:
            free -= _send(desk, claim.draft, min(claim.granted, free), claim.locked)


def share(claims: list[_Claim], flying: dict[str, int], free: int) -> None:
    """Grant free places one by one: applies before plans, then the lane with the fewest in flight, then the oldest."""
    open_claims = [claim for claim in claims if claim.steps]
    while free > 0 and open_claims:
        first = min(open_claims, key=lambda c: (c.phase is not Phase.APPLY, flying.get(c.lane, 0), c.rollout_id))
        first.granted += 1
        first.steps -= 1
        flying[first.lane] = flying.get(first.lane, 0) + 1
        free -= 1
        if not first.steps:
            open_claims.remove(first)


def _send(desk: Desk, draft: Draft, places: int, locked: Container[int]) -> int:
    """Raise dispatches for the steps that go first, and count them.

    The files of one step start together, also past the cap.
    """
    used = 0
    for index in draft.next_ready(max(0, places), locked):
        if used >= places:
            break
        step = draft.step(index)
        used += len(step.calls)
        for dispatch in _dispatches(desk, step):
            draft.put_dispatch(dispatch)
            desk.wish(StartRun(dispatch.id))
        desk.say(f"{step.instance} is sent")
        desk.show()
    return used


def _dispatches(desk: Desk, step: Step) -> list[Dispatch]:
    made = []
    for call in step.calls:
        dispatch_id = desk.ids()
        inputs = dict(call.inputs)
        if pro.DISPATCH_ID in inputs:
            inputs[pro.DISPATCH_ID] = dispatch_id
        made.append(
            Dispatch(
                id=dispatch_id,
                step=step.index,
                workflow=call.workflow,
                inputs=tuple(sorted(inputs.items())),
                status=Status.DISPATCHING,
                created_at=desk.now,
            )
        )
    return made


def kept(desk: Desk, event: KeptByLock) -> None:
    """Take back what a lock kept from being sent, so that its step is ready again.

    Where another file of the step is on its way already, or this one may be, the dispatch stays and says why it waits.
    """
    found = desk.find(event.dispatch_id)
    if found is None or found[1].status is not Status.DISPATCHING or found[1].run_id:
        desk.say("the dispatch has its run, or is gone")
        return
    draft, dispatch = found
    step = draft.step(dispatch.step)
    desk.say(f"{step.instance} is {event.sentence}")
    if draft.rollout.superseded_by or any(_begun(desk, known) for known in step.dispatches):
        if dispatch.reason != event.sentence:
            draft.put_dispatch(replace(dispatch, reason=event.sentence))
            desk.show()
        return
    for known in step.dispatches:
        draft.take_back(known)
        desk.wish(DropRun(known.id))
    desk.show()


def _begun(desk: Desk, dispatch: Dispatch) -> bool:
    return dispatch.status is not Status.DISPATCHING or dispatch.run_id > 0 or dispatch.id in desk.facts.in_air
