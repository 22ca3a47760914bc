"""`/atmos apply`."""

from __future__ import annotations

from bot.domain.commands.again import Again, worked
from bot.domain.commands.asked import Asked, Refused, below, named
from bot.domain.commands.words import Answer, Flag, Spec
from bot.domain.desk import Desk
from bot.domain.model import Status
from bot.domain.pro import Phase

_DOWNSTREAM = "--downstream"
SPEC = Spec(
    "apply",
    "After the merge: apply what was skipped or cancelled after all, in its order.",
    targets="<target>…",
    flags=(Flag(_DOWNSTREAM, "and of all that depends on them what was skipped or cancelled"),),
    more=(
        "It goes past no hold, no lock, no freeze and no other apply. What failed goes again by `/atmos retry`.",
        "Before the merge nothing is applied: the merge itself starts that.",
    ),
    example="plat-ue2-prod/vpc",
)
_AGAIN = frozenset({Status.SKIPPED, Status.CANCELLED})


def do(desk: Desk, asked: Asked) -> Answer:
    """Send what was passed over."""
    if desk.pull is not None and not desk.pull.merged and not desk.pull.fork:
        raise Refused("It is not merged, and only what is merged is applied: the merge itself starts that.")
    again = Again(desk, asked, worked(desk, Phase.APPLY, having=_AGAIN))
    wanted = named(again.draft, asked.command)
    for index, in_full in wanted.items():
        if again.status(index) in _AGAIN:
            again.take(index, in_full=in_full)
        else:
            again.explain(index)
    if _DOWNSTREAM in asked.command.flags:
        for index in below(again.draft, wanted):
            if index not in wanted and again.status(index) in _AGAIN:
                again.take(index, in_full=False)
    return again.answer("Nothing is applied")
