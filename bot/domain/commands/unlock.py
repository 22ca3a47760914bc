"""`/atmos unlock`."""

from __future__ import annotations

from bot.domain.commands.asked import Asked, Refused, chosen
from bot.domain.commands.lock import holder
from bot.domain.commands.parts import to_one
from bot.domain.commands.words import Answer, Spec
from bot.domain.desk import Desk
from bot.domain.locks import Unlock, locked_by
from bot.domain.names import shown
from bot.domain.texts import rfc3339

SPEC = Spec(
    "unlock",
    "End the locks on instances, whoever has them.",
    targets="<target>",
    more=(
        "That somebody else's lock was ended is noted.",
        "The full name of what is locked can be given in any pull request of the repository.",
    ),
    example="plat-ue2-prod/vpc",
)
#: As many are named with whose lock it was.
_TOLD = 3


def do(desk: Desk, asked: Asked) -> Answer:
    """Unlock what is named."""
    (target,) = asked.command.targets
    held = [desk.facts.locks[name] for name in _meant(desk, asked, target) if name in desk.facts.locks]
    if not held:
        raise Refused(f"`{shown(target)}` is not locked.")
    for lock in held:
        desk.lock(Unlock(lock.name, asked.by, holder(asked.by)))
    told = [f"{lock.name} was {locked_by(lock, rfc3339(lock.until)).rstrip('.')}" for lock in held[:_TOLD]]
    more = f"; and {len(held) - _TOLD:,} more" if len(held) > _TOLD else ""
    return Answer(True, f"Unlocked: {'; '.join(told)}{more}.")


def _meant(desk: Desk, asked: Asked, target: str) -> list[str]:
    """Name what a target means: a lock by its whole name, else instances of the rollout."""
    if target in desk.facts.locks:
        return [target]
    ((draft, command),) = to_one(desk, asked.command)
    return list(dict.fromkeys(str(draft.step(index).instance) for index in chosen(draft, command)))
