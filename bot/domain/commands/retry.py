"""`/atmos retry`."""

from __future__ import annotations

from bot.domain import targets
from bot.domain.commands.again import FAILED, Again, unsent, worked
from bot.domain.commands.asked import Asked, named
from bot.domain.commands.words import Answer, Spec
from bot.domain.desk import Desk
from bot.domain.model import OPEN, Status
from bot.domain.rollout import own_status

SPEC = Spec(
    "retry",
    "Go on where it stopped: send what failed, timed out or was cancelled once more, at the same commit.",
    targets="[<target>…]",
    more=(
        "What it blocked goes on by itself afterwards.",
        "GitHub is asked first how each run ended, so that one that has succeeded meanwhile is left alone.",
        "An instance with several workflow files has all of them run again.",
    ),
    example="plat-ue2-prod",
)
_AGAIN = FAILED | {Status.CANCELLED}


def do(desk: Desk, asked: Asked) -> Answer:
    """Send again what did not succeed."""
    again = Again(desk, asked, worked(desk, having=_AGAIN))
    turned = _turned(again)
    wanted = named(again.draft, asked.command, default=targets.FAILED)
    if not asked.command.targets:
        wanted |= dict.fromkeys(turned, False)
    for index, in_full in wanted.items():
        if index in turned:
            again.leave(index, turned[index])
        elif again.status(index) not in _AGAIN:
            again.explain(index)
        elif reason := unsent(again.draft, index):
            again.leave(index, reason)
        else:
            again.take(index, in_full=in_full)
    return again.answer("Nothing goes again" if wanted else "Nothing failed or was cancelled, so nothing goes again")


def _turned(again: Again) -> dict[int, str]:
    """Find what was known to have failed, and is not so any more by what GitHub has just told of it."""
    found, known = {}, again.draft.walk.steps
    for index, step in again.draft.changed.items():
        if index < len(known) and own_status(known[index]) in _AGAIN:
            own = own_status(step)
            if own is Status.SUCCEEDED:
                found[index] = "has succeeded meanwhile"
            elif own in OPEN:
                found[index] = "was run again at GitHub, and is under way"
    return found
