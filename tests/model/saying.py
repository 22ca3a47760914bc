"""What people told the bot in comments, and what that allows and forbids."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import count

from bot.domain.graph import Instance
from tests.model.things import Offer, Pull, Said, Word

#: What people may do in the repository. Whoever may only read may say nothing to the bot.
ROLES = {"dora": "write", "lead": "maintain", "guest": "read"}
#: A command that comes later than this is not done any more, in seconds.
FRESH = 900.0
_OFFER = re.compile(r"`/atmos confirm (\w+)`.*? destroys at `(\w+)`, in this order: (.*)")
_NAME = re.compile(r"`([^/`]+)/([^`]+)`")
#: What sends a step once more.
AGAIN = frozenset({"retry", "plan", "replan", "apply"})


class Saying:
    """All commands, in the order in which they came."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._ids = count(500_001)
        self.all: dict[int, Said] = {}  # in the order in which they were said
        self.came: list[Said] = []
        self.offers: dict[str, Offer] = {}  # by code
        self.overruled: dict[Instance, float] = {}  # when somebody on the server last locked or unlocked it

    def say(self, pull: Pull, by: str, command: str, targets: tuple[Instance, ...] = (), flag: str = "") -> Said:
        """Write a comment."""
        said = Said(next(self._ids), pull, by, command, targets, flag, self._now())
        self.all[said.id] = said
        return said

    def press(self, pull: Pull, by: str, command: str) -> Said:
        """Press a button that does what a command does."""
        return Said(next(self._ids), pull, by, command, (), "", self._now(), pressed=True)

    def comes(self, said: Said) -> None:
        """Note that the webhook of what somebody said came, the first time."""
        if not said.arrived_at:
            said.arrived_at = self._now()
            said.shas = (said.pull.merge_sha or said.pull.head,)
            self.came.append(said)

    def read(self, pull: Pull, body: str) -> None:
        """Read in a comment what could be destroyed, and by which code."""
        for code, commit, names in _OFFER.findall(body) if "/atmos confirm" in body else ():
            if code not in self.offers:
                instances = tuple(Instance(*name) for name in _NAME.findall(names))
                self.offers[code] = Offer(code, pull, commit, instances, self._now())

    def confirmations(self, instance: Instance) -> Iterator[tuple[Said, Offer]]:
        """List who may have confirmed that an instance is destroyed, by whatever right, and what they had seen."""
        for said in self.came:
            if said.command == "confirm" and said.may_count and self._is_offered(said, instance):
                yield said, self.offers[said.flag]

    def moved(self, pull: Pull) -> None:
        """Note that a pull request has another commit: what was not heard yet may be about that."""
        for said in self.came:
            if said.pull is pull and not said.heard:
                said.shas = (*said.shas, pull.merge_sha or pull.head)

    def heard(self) -> None:
        """Note that all that came was taken in."""
        for said in self.came:
            said.heard = True

    def about(self, pull: Pull, instance: Instance, sha: str) -> list[Said]:
        """List what may have been done about an instance at a commit, in its order."""
        its = (said for said in self.came if said.pull is pull and said.may_count and may(said))
        return [said for said in its if sha in said.shas and said.covers(instance)]

    def again(self, pull: Pull, instance: Instance, sha: str) -> int:
        """Count how often a step may have been sent once more."""
        return sum(said.command in AGAIN for said in self.about(pull, instance, sha))

    def skipped(self, pull: Pull, instance: Instance, sha: str) -> bool:
        """Tell whether a step may have been passed over."""
        return any(said.command == "skip" for said in self.about(pull, instance, sha))

    def stopped(self, pull: Pull, instance: Instance, sha: str) -> str:
        """Name who cancelled or skipped a step for sure, of which nobody has said since that it may go.

        Once something is to be destroyed nobody can tell whether a skip means that or its apply.
        """
        found = ""
        sure: tuple[str, ...] = ("skip", "cancel")
        for said in self.about(pull, instance, sha):
            if said.command in AGAIN:
                found = ""
            elif said.command == "confirm" and self._is_offered(said, instance):
                found, sure = "", ("cancel",)
            elif said.command in sure and said.names(instance) and said.is_sure and said.shas == (sha,):
                found = f"{said.body} by {said.by}"
        return found

    def _is_offered(self, said: Said, instance: Instance) -> bool:
        offer = self.offers.get(said.flag)
        return offer is not None and instance in offer.instances

    def locked(self, instance: Instance) -> bool:
        """Tell whether an instance is locked for sure by what somebody said."""
        found = False
        for said in self.came:
            if instance in said.targets and said.command == "lock" and said.is_sure:
                found = said.arrived_at > self.overruled.get(instance, 0.0)
            elif instance in said.targets and said.command == "unlock" and said.may_count:
                found = False
        return found

    def paused(self, pull: Pull) -> bool:
        """Tell whether a pull request is paused for sure."""
        found = False
        for said in self.came:
            if said.pull is pull and said.command == "pause" and said.is_sure:
                found = True
            elif said.pull is pull and said.command == "unpause" and said.may_count:
                found = False
        return found

    def words(self, pull: Pull, instance: Instance, sha: str) -> list[Word]:
        """List the approvals of an instance at a commit."""
        approvals = (said for said in self.about(pull, instance, sha) if said.command == "approve")
        return [
            Word(said.by, said.arrived_at, instance in said.targets and ROLES[said.by] == "maintain")
            for said in approvals
        ]


def may(said: Said) -> bool:
    """Tell whether a person may say a command at all, and it came in time."""
    strong = said.command in ("destroy", "confirm")
    right = ROLES[said.by] == "maintain" if strong else ROLES[said.by] != "read"
    return right and (said.pressed or said.arrived_at <= said.at + FRESH)
