"""What news of a run means for its step and for others. News comes late, twice and in any order."""

from __future__ import annotations

from dataclasses import replace

from bot.domain import order
from bot.domain.desk import Desk
from bot.domain.effects import NudgeDestroys, OfferAgain, RunKnown, ShowStale
from bot.domain.events import NotSent, RunReported, Sent
from bot.domain.facts import Rejection
from bot.domain.lanes import name_of_lane
from bot.domain.model import OPEN, Dispatch, Status, Step
from bot.domain.names import shown
from bot.domain.order import Place
from bot.domain.pro import Phase
from bot.domain.rollout import Draft
from bot.domain.run_news import is_news, told_by

#: As much of what a person said as a sentence carries, in characters.
_LONGEST = 120


def reported(desk: Desk, event: RunReported) -> None:
    """Take over what GitHub says of a run of ours."""
    found = desk.find(event.dispatch_id) or _taken_up(desk, event)
    if found is None:
        return
    draft, dispatch = found
    run = event.run
    if dispatch.run_id and dispatch.run_id != run.run_id:
        desk.say(f"dispatch {dispatch.id} has another run already")
        return
    if not is_news(dispatch, run, asked=event.asked):
        desk.say("nothing new")
        return
    if not dispatch.run_id:
        desk.wish(RunKnown(dispatch.id))
    after = _gated(told_by(draft, dispatch, run), event)
    place = _out_of_order(desk, draft, dispatch) if _is_again(dispatch, after, event) else None
    if place is not None:
        after = _warned(draft, after, place, started=event.started)
    if after == dispatch:
        desk.say("nothing new")
        return
    draft.put_dispatch(after)
    if place is not None:
        _contain(desk, draft, after)
    else:
        _cancel_unwanted(desk, draft, dispatch, after)
    if after.conclusion and not (dispatch.conclusion and dispatch.attempt == after.attempt):
        _ended(desk, draft, after)
    instance = draft.step(dispatch.step).instance
    if after.status is Status.SUCCEEDED and draft.rollout.phase is Phase.APPLY:
        desk.wish(ShowStale(instance))
        if draft.step(dispatch.step).destroys:
            desk.wish(NudgeDestroys())
    desk.say(f"{instance} is {after.status}")
    desk.show()


def _taken_up(desk: Desk, event: RunReported) -> tuple[Draft, Dispatch] | None:
    """Find a dispatch that its step had put behind it, and whose run moves again: it is the step's own once more.

    Not while another one of the step is on its way; then people are told.
    """
    behind = event.retired
    draft = next((one for one in desk.drafts if behind is not None and one.rollout.id == behind.rollout_id), None)
    if behind is None or draft is None:
        desk.say("the run belongs to a rollout that is gone")
        return None
    step = draft.step(behind.dispatch.step)
    same = [sent for sent in step.dispatches if sent.workflow == behind.dispatch.workflow]
    if event.run.status == "completed" and any(event.run.updated_at < sent.created_at for sent in same):
        desk.say(f"{step.instance}: an earlier run of it had ended before it was sent again")
        return None
    busy = next((sent for sent in same if sent.status in OPEN or sent.status is Status.HELD), None)
    if busy is None:
        return draft, behind.dispatch
    warning = f"An earlier run of it goes on beside this one: {event.run.url}"
    if event.run.status != "completed" and busy.warning != warning:
        draft.put_dispatch(replace(busy, warning=warning))
        desk.note("refuse", warning, draft, step.index)
        desk.show()
    desk.say(f"{step.instance}: {warning}")
    return None


def _is_again(dispatch: Dispatch, after: Dispatch, event: RunReported) -> bool:
    """Tell whether a dispatch is run again; or was, was to be cancelled before it starts, and has started."""
    if event.retired is not None or 0 < dispatch.attempt < after.attempt:
        return True
    stopped = dispatch.cancel_wanted and bool(dispatch.warning) and not dispatch.cancel_by
    return stopped and event.started and (after.status is Status.RUNNING or bool(after.conclusion))


def _gated(after: Dispatch, event: RunReported) -> Dispatch:
    """Say what a run waits for where it waits for people, and who refused it where they did."""
    if after.status is Status.APPROVAL and event.gate is not None:
        known = after.gate is not None and after.gate.environments == event.gate.environments
        before = after.gate.since if known and after.gate else event.run.updated_at
        return replace(after, gate=replace(event.gate, since=event.gate.since or before))
    if after.conclusion and event.rejection is not None:
        return replace(after, status=Status.FAILED, reason=_rejected(event.rejection))
    return after


def _rejected(told: Rejection) -> str:
    said = f": “{shown(told.comment, _LONGEST)}”" if told.comment else ""
    where = ", ".join(f"`{name}`" for name in told.environments)
    return f"{told.by} rejected it for {where or 'its environment'}{said}. A retry asks for it again."


def _out_of_order(desk: Desk, draft: Draft, dispatch: Dispatch) -> Place | None:
    """Find what forbids that an apply is run again: a newer commit was sent there, or another run is on it now."""
    if draft.rollout.phase is not Phase.APPLY:
        return None
    step = draft.step(dispatch.step)
    others = [place for place in desk.facts.places.get(step.instance, ()) if place.rollout_id != draft.rollout.id]
    newer = order.overtaker(draft.rollout, others, destroys=step.destroys)
    return newer or next((place for place in others if place.busy), None)


def _warned(draft: Draft, after: Dispatch, place: Place, *, started: bool) -> Dispatch:
    newer = order.overtaker(draft.rollout, [place], destroys=draft.step(after.step).destroys) is not None
    if place.destroys:
        what = f"after {place.name} destroyed it" if newer and not place.busy else f"while {place.name} destroys it"
    else:
        what = f"over the newer {place.name}" if newer else f"while {place.name} is being applied"
    if after.status in OPEN and not started:
        return replace(after, cancel_wanted=True, warning=f"It was run again {what}: it is cancelled before it starts.")
    return replace(after, cancel_wanted=False, warning=f"It was run again at GitHub {what}.")


def _contain(desk: Desk, draft: Draft, after: Dispatch) -> None:
    """Cancel a re-run that must not be while it has not started; else have the newer commit offered again."""
    step = draft.step(after.step)
    desk.say(f"{step.instance}: {after.warning}")
    if after.cancel_wanted:
        desk.cancel(draft, after)
        return
    desk.note("refuse", after.warning, draft, after.step)
    _offer_again(desk, draft, step)


def _offer_again(desk: Desk, draft: Draft, step: Step) -> None:
    newer = order.overtaker(draft.rollout, desk.facts.places.get(step.instance, ()), destroys=step.destroys)
    if newer is not None:
        done = "destroyed" if step.destroys else "applied"
        sentence = f"the older {name_of_lane(draft.rollout.lane)} was {done} over it by a re-run at GitHub"
        desk.wish(OfferAgain(newer.lane, newer.rollout_id, step.instance, sentence))


def _ended(desk: Desk, draft: Draft, after: Dispatch) -> None:
    """Clear up behind a run that was made at GitHub, past what was held or newer here."""
    step = draft.step(after.step)
    if after.warning and not after.cancel_wanted:
        _offer_again(desk, draft, step)  # the newer one may have been on its way itself till now
    if step.holds and after.cancel_wanted and after.warning and not after.cancel_by:
        draft.retire(step.index)  # it was cancelled before it started: what was held is so still
        draft.put(replace(draft.step(step.index), decided=step.decided))
    elif step.holds and after.status is Status.SUCCEEDED:
        draft.put(replace(step, holds=()))


def _cancel_unwanted(desk: Desk, draft: Draft, before: Dispatch, after: Dispatch) -> None:
    """Cancel a run that became known only when it was no longer wanted."""
    if after.cancel_wanted and after.status in OPEN and not before.run_id:
        desk.cancel(draft, after)


def sent(desk: Desk, event: Sent) -> None:
    """Take over that GitHub accepted a dispatch."""
    found = desk.find(event.dispatch_id)
    if found is None:
        desk.say("the dispatch belongs to a rollout that is gone")
        return
    draft, dispatch = found
    if dispatch.run_id or not event.run_id:
        desk.say(f"dispatch {dispatch.id} was accepted")
        return
    after = replace(dispatch, run_id=event.run_id, run_url=event.run_url, status=Status.QUEUED, reason="")
    draft.put_dispatch(after)
    _cancel_unwanted(desk, draft, dispatch, after)
    desk.say(f"{draft.step(dispatch.step).instance} has run {event.run_id}")
    desk.show()


def not_sent(desk: Desk, event: NotSent) -> None:
    """Take over that a dispatch cannot be sent, or that nobody can tell whether it was."""
    found = desk.find(event.dispatch_id)
    if found is None or found[1].run_id:
        desk.say("the dispatch has its run, or is gone")
        return
    draft, dispatch = found
    unwanted = draft.rollout.superseded_by or dispatch.cancel_by
    overtaken = Status.CANCELLED if unwanted else Status.FAILED
    status = Status.HELD if event.held else overtaken
    draft.put_dispatch(replace(dispatch, status=status, reason=event.sentence, finished_at=desk.now))
    desk.note("hold" if event.held else "refuse", event.sentence, draft, dispatch.step)
    desk.say(f"{draft.step(dispatch.step).instance} is {status}: {event.sentence}")
    desk.show()
