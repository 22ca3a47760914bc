"""`/atmos lock`."""

from __future__ import annotations

from bot.domain.commands.asked import Asked, Refused, chosen, listed
from bot.domain.commands.parts import to_one
from bot.domain.commands.words import Answer, Spec
from bot.domain.desk import Desk
from bot.domain.locks import LONGEST_SECONDS, Lock, end_of, renewed, why_not
from bot.domain.texts import rfc3339

#: As many instances are locked at once.
MOST = 100
SPEC = Spec(
    "lock",
    "Have instances not dispatched, by any pull request, until they are unlocked.",
    targets="<target>",
    text="[reason]",
    more=(
        "What runs goes on. It is the same lock as that of `atmos pro lock`, and ends after a year at the latest.",
        f"At most {MOST} instances at once. What somebody else has locked is refused, with whose lock it is.",
    ),
    example="plat-ue2-prod/vpc the network is being moved",
)


def do(desk: Desk, asked: Asked) -> Answer:
    """Lock what is named, or nothing of it where one has another's lock."""
    ((draft, command),) = to_one(desk, asked.command)
    indexes = chosen(draft, command)
    if len(indexes) > MOST:
        raise Refused(f"That is {len(indexes):,} instances, and at most {MOST} are locked at once. Name fewer.")
    made: dict[str, Lock] = {}
    for index in indexes:
        lock = _lock(desk, asked, str(draft.step(index).instance))
        before = desk.facts.locks.get(lock.name)
        count = len({*desk.facts.locks, *made})
        unlock = f"/atmos unlock {lock.name}"
        if reason := why_not(lock, before, count=count, repo=desk.lane.repo.full_name, unlock=unlock):
            raise Refused(reason)
        made[lock.name] = renewed(lock, before)
    for lock in made.values():
        desk.lock(lock)
    until = rfc3339(end_of(desk.now, LONGEST_SECONDS))
    return Answer(
        True, f"Locked until `/atmos unlock`, or {until} at the latest: {listed(draft, indexes)}. What runs goes on."
    )


def holder(login: str) -> str:
    """Name a person as who has a lock."""
    return f"login:{login}"


def _lock(desk: Desk, asked: Asked, name: str) -> Lock:
    until = end_of(desk.now, LONGEST_SECONDS)
    return Lock(name, f"lock-{desk.ids()}", asked.by, asked.command.text, until, holder(asked.by), desk.now)
