"""Which of the steps that may go are sent now, under the cap that a repository's rollouts share."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field, replace

from bot.domain import holds, keeping, order, pro
from bot.domain.desk import Desk, flight
from bot.domain.effects import DropRun, LookAgainAt, Nudge, StartRun
from bot.domain.events import KeptBack
from bot.domain.graph import Instance
from bot.domain.keeping import Keeping
from bot.domain.model import Dispatch, Hold, Status, Step
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
    keeping: Keeping = field(default_factory=Keeping)
    granted: int = 0


def go(desk: Desk) -> None:
    """Share the free places out; send this lane's steps, nudge the other lanes that got one.

    What something else keeps claims no place: the lane is looked at again when that ends.
    """
    holds.end_reviewed(desk)
    for draft in desk.drafts:
        _follow(desk, draft)
        holds.refresh(desk, draft)
    kept = [keeping.keeping(draft, desk.pull, desk.facts, desk.now) for draft in desk.drafts]
    _wait(desk, kept)
    _share_out(desk, kept)
    for draft, found in zip(desk.drafts, kept, strict=True):
        desk.kept[draft.rollout.id] = found.count(draft)


def _follow(desk: Desk, draft: Draft) -> None:
    """Drop what newer commits have overtaken on their instances, and bring back what they have not after all."""
    if draft.rollout.phase is not Phase.APPLY or not desk.facts.places:
        return
    for index in order.bring_back(draft, desk.facts.places):
        sentence = "not superseded after all: the newer one was kept back before it was sent"
        desk.note("supersede", sentence, draft, index)
        desk.say(f"{draft.step(index).instance} is {sentence}")
        desk.show()
    for index in order.follow(draft, desk.facts.places):
        step = draft.step(index)
        desk.note("supersede", step.dropped, draft, index)
        desk.say(f"{step.instance} is {step.dropped}")
        desk.show()
    for instance in desk.facts.places:
        dropped = draft.find(instance)
        heir = draft.step(dropped).heir if dropped is not None else None
        if heir is not None:
            desk.behind.add(heir.lane)


def _wait(desk: Desk, kept: Iterable[Keeping]) -> None:
    """Have the lane looked at when the first thing ends that keeps it, or when a lane moves that it waits for."""
    keepers = [keeper for found in kept for keeper in found.keepers]
    if ends := [keeper.until for keeper in keepers if keeper.until]:
        desk.wish(LookAgainAt(min(ends)))
    desk.behind.update(keeper.lane for keeper in keepers if keeper.lane)
    if desk.lane.key in desk.behind and any(draft.dirty for draft in desk.drafts):
        desk.wish(Nudge(desk.lane.key))  # what it waits for is its own, and may be free by what is decided here


def _share_out(desk: Desk, kept: Sequence[Keeping]) -> None:
    flying = dict(desk.facts.in_flight)
    flying[desk.lane.key] = flying.get(desk.lane.key, 0) + sum(flight(draft) for draft in desk.drafts)
    free = desk.facts.rules.max_in_flight - sum(flying.values())
    if free <= 0:
        return
    claims = [_Claim(q.lane, q.rollout_id, q.phase, q.steps, None) for q in desk.facts.queues]
    claims += [
        _Claim(desk.lane.key, draft.rollout.id, draft.rollout.phase, _sendable(draft, found), draft, found)
        for draft, found in zip(desk.drafts, kept, strict=True)
    ]
    share(claims, flying, free)
    taken: set[Instance] = set()
    for claim in sorted(claims, key=lambda c: (c.phase is not Phase.APPLY, c.rollout_id)):
        if claim.granted and claim.draft is None:
            desk.wish(Nudge(claim.lane))
        elif claim.granted and claim.draft is not None:
            free -= _send(desk, claim.draft, min(claim.granted, free), claim.keeping.steps, taken)


def _sendable(draft: Draft, found: Keeping) -> int:
    return draft.ready_count - found.count(draft)


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


def _send(desk: Desk, draft: Draft, places: int, kept: Container[int], taken: set[Instance]) -> int:
    """Raise dispatches for the steps that go first, and count them.

    The files of one step start together, also past the cap. `taken` are the instances to which something is applied
    by this very decision.
    """
    used = 0
    for index in draft.next_ready(max(0, places), kept):
        if used >= places:
            break
        step = draft.step(index)
        if draft.rollout.phase is Phase.APPLY and step.instance in taken:
            desk.wish(Nudge(desk.lane.key))
            continue
        if draft.rollout.phase is Phase.APPLY:
            taken.add(step.instance)
            _pass(desk, draft, step)
        used += len(step.calls)
        for dispatch in _dispatches(desk, step):
            draft.put_dispatch(dispatch)
            desk.wish(StartRun(dispatch.id))
            desk.note("dispatch", f"{dispatch.workflow} as {dispatch.id} for {draft.rollout.activity}", draft, index)
        desk.say(f"{step.instance} is sent")
        desk.show()
    return used


def _pass(desk: Desk, draft: Draft, step: Step) -> None:
    """Tell the lanes whose older apply of an instance is overtaken by sending this one."""
    for place in desk.facts.places.get(step.instance, ()):
        older = order.overtakes(draft.rollout, place, destroys=step.destroys)
        if older and not place.busy and place.status is not Status.SUCCEEDED:
            desk.wish(Nudge(place.lane))


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


def kept(desk: Desk, event: KeptBack) -> None:
    """Take back what a lock, a freeze or the like kept from being sent, so that its step is ready again, or held.

    Where another file of the step is on its way already, or this one may be, the dispatch stays and says why it waits;
    it is held itself where a person must let it go.
    """
    found = desk.find(event.dispatch_id)
    if found is None or found[1].status is not Status.DISPATCHING or found[1].run_id:
        desk.say("the dispatch has its run, or is gone")
        return
    draft, dispatch = found
    step = draft.step(dispatch.step)
    desk.say(f"{step.instance} is {event.sentence}")
    if draft.rollout.superseded_by or any(_begun(desk, known) for known in step.dispatches):
        _stay(desk, draft, dispatch, event)
        return
    for known in step.dispatches:
        draft.take_back(known)
        desk.wish(DropRun(known.id))
    desk.note("keep", event.sentence, draft, dispatch.step)
    if event.hold is not None:
        holds.add(desk, draft, dispatch.step, Hold(event.hold, event.sentence))
    desk.show()


def _stay(desk: Desk, draft: Draft, dispatch: Dispatch, event: KeptBack) -> None:
    """Leave a dispatch where it is, beside what another file of its step has begun."""
    after = replace(dispatch, reason=event.sentence)
    if event.hold is not None and not draft.rollout.superseded_by and dispatch.id not in desk.facts.in_air:
        after = replace(after, status=Status.HELD, hold=event.hold)
        desk.wish(DropRun(dispatch.id))
        desk.note("hold", event.sentence, draft, dispatch.step)
    if after != dispatch:
        draft.put_dispatch(after)
        desk.show()


def _begun(desk: Desk, dispatch: Dispatch) -> bool:
    return dispatch.status is not Status.DISPATCHING or dispatch.run_id > 0 or dispatch.id in desk.facts.in_air
