"""What `skip` and `cancel` share: a step is set aside, and what of it was raised but not sent is taken back."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.desk import Desk
from bot.domain.effects import DropRun
from bot.domain.model import OPEN, Decided, Dispatch, Status
from bot.domain.rollout import Draft


def is_unsent(desk: Desk, sent: Dispatch) -> bool:
    """Tell whether a dispatch was raised, or held by a person's gate, and nothing of it can have reached GitHub."""
    if sent.status is Status.HELD:
        return sent.hold is not None
    return sent.status is Status.DISPATCHING and not sent.run_id and sent.id not in desk.facts.in_air


def is_flying(desk: Desk, sent: Dispatch) -> bool:
    """Tell whether a dispatch has a run that is not over, or is being sent."""
    return sent.status in OPEN and not is_unsent(desk, sent)


def is_in_doubt(sent: Dispatch) -> bool:
    """Tell whether nobody knows if a dispatch has a run."""
    return sent.status is Status.HELD and sent.hold is None


def set_aside(desk: Desk, draft: Draft, index: int, status: Status, by: str) -> None:
    """Have a step, of which nothing flies, stand as somebody decided."""
    drop(desk, draft, index, status, by)
    draft.put(replace(draft.step(index), decided=Decided(status, by, desk.now)))


def drop(desk: Desk, draft: Draft, index: int, status: Status, by: str) -> None:
    """Send no more of a step: what was raised is taken back, and stays to be seen beside what another file has sent."""
    dispatches = draft.step(index).dispatches
    unsent = [sent for sent in dispatches if is_unsent(desk, sent)]
    for sent in unsent:
        if sent.status is Status.DISPATCHING:
            desk.wish(DropRun(sent.id))
        if len(unsent) == len(dispatches):
            draft.take_back(sent)
        else:
            close(desk, draft, sent, by, f"It was {status} by {by}, and not sent.")


def close(desk: Desk, draft: Draft, sent: Dispatch, by: str, reason: str) -> None:
    """End a dispatch of which no run is known."""
    ended = replace(sent, status=Status.CANCELLED, reason=reason, finished_at=desk.now)
    draft.put_dispatch(replace(ended, cancel_by=by))
