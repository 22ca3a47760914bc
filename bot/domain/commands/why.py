"""`/atmos why`."""

from __future__ import annotations

from bot.domain.commands.asked import Asked, Refused, chosen
from bot.domain.commands.parts import to_one
from bot.domain.commands.words import Answer, Spec
from bot.domain.desk import Desk

#: As many are explained at once.
MOST = 5
SPEC = Spec(
    "why",
    "Say of an instance why it is affected, what it waits for, and which rule keeps it.",
    targets="<target>…",
    more=(f"At most {MOST} instances at once. The answer is kept up to date with the comment.",),
    example="plat-ue2-prod/vpc",
)


def do(desk: Desk, asked: Asked) -> Answer:
    """See that the targets mean something: what is said of them is found anew whenever it is shown."""
    count = sum(len(chosen(draft, part)) for draft, part in to_one(desk, asked.command))
    if count > MOST:
        raise Refused(f"That is {count:,} instances, and at most {MOST} are explained at once. Name fewer.")
    return Answer(True, "")
