"""`/atmos replan`."""

from __future__ import annotations

from bot.domain.commands.again import FAILED, Again, unsent, worked
from bot.domain.commands.asked import Asked, Refused, above, below, named
from bot.domain.commands.words import Answer, Flag, Spec
from bot.domain.desk import Desk
from bot.domain.model import Status
from bot.domain.pro import Phase

_DOWNSTREAM, _UPSTREAM = "--downstream", "--upstream"
SPEC = Spec(
    "replan",
    "Before the merge: plan instances once more at the same commit, in their order.",
    targets="<target>…",
    flags=(
        Flag(_DOWNSTREAM, "and all that depends on them"),
        Flag(_UPSTREAM, "and all that they depend on"),
    ),
    apart=True,
    more=("A plan that is under way is left alone. Until the new plan has succeeded the instance is not reviewed.",),
    example="plat-ue2-prod/vpc --downstream",
)
_AGAIN = FAILED | {Status.SUCCEEDED, Status.CANCELLED, Status.SKIPPED}


def do(desk: Desk, asked: Asked) -> Answer:
    """Plan instances once more."""
    if desk.pull is not None and desk.pull.merged:
        told = "It is merged: a plan now would not show what it changed."
        raise Refused(f"{told} What is applied goes on by `/atmos retry`.")
    again = Again(desk, asked, worked(desk, Phase.PLAN))
    wanted = named(again.draft, asked.command)
    steps = list(wanted)
    if _DOWNSTREAM in asked.command.flags:
        steps = below(again.draft, steps)
    elif _UPSTREAM in asked.command.flags:
        steps = above(again.draft, steps)
    for index in steps:
        if again.status(index) not in _AGAIN:
            again.explain(index)
        elif reason := unsent(again.draft, index):
            again.leave(index, reason)
        else:
            again.take(index, in_full=wanted.get(index, False))
    return again.answer("Nothing is planned again")
