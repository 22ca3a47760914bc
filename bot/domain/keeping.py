"""What keeps a step that could go: the mode, a freeze, a pause, a failure, a lock, the order of applies."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.domain import locks, order
from bot.domain.events import Facts, Rules
from bot.domain.graph import Instance
from bot.domain.lanes import name_of_lane
from bot.domain.locks import Lock
from bot.domain.model import Pull
from bot.domain.pro import Phase
from bot.domain.rollout import Draft

#: More pushes than this within the time below, in seconds, and the plans wait for a quiet minute.
_PUSHES = 5
_WITHIN = 600.0
_QUIET = 60.0
#: As many pushes as are remembered of a pull request.
REMEMBERED = _PUSHES + 1


@dataclass(frozen=True, slots=True)
class Keeper:
    """What keeps a step: a sentence part, as in "waits: after #41"."""

    sentence: str
    until: float = 0.0  # when it ends by itself; 0 where nobody can say
    lane: str = ""  # the lane that it waits for
    lock: Lock | None = None
    stands: Instance | None = None  # what depends on it and must go first: nobody but people can end that

    @property
    def for_people(self) -> bool:
        """Whether only people end it, or may let it stand for long: a pause, a freeze, a lock and the like."""
        return self.lock is not None or self.stands is not None or not (self.until or self.lane)


@dataclass(slots=True)
class Keeping:
    """What keeps the steps of one rollout that could go: one thing for all, or something for some."""

    whole: Keeper | None = None
    steps: dict[int, Keeper] = field(default_factory=dict)

    def of(self, index: int) -> Keeper | None:
        """Tell what keeps a step that could go."""
        return self.whole or self.steps.get(index)

    def count(self, draft: Draft) -> int:
        """Count the steps that could go but for this."""
        return draft.ready_count if self.whole else sum(draft.is_ready(index) for index in self.steps)

    @property
    def keepers(self) -> list[Keeper]:
        """Each thing that keeps something."""
        return [self.whole] if self.whole else list(self.steps.values())


def keeping(draft: Draft, pull: Pull | None, facts: Facts, now: float) -> Keeping:
    """Find what keeps a rollout's steps that could go. Costs what is locked, shared or changed."""
    whole = _whole(draft, pull, facts, now)
    if whole is not None:
        return Keeping(whole)
    found = dict(_order(draft, facts)) if draft.rollout.phase is Phase.APPLY else {}
    for index, lock in locks.kept(draft, facts.locks).items():
        found[index] = Keeper("", until=lock.until, lock=lock)
    return Keeping(None, found)


def _whole(draft: Draft, pull: Pull | None, facts: Facts, now: float) -> Keeper | None:
    applies, rules = draft.rollout.phase is Phase.APPLY, facts.rules
    if (sentence := not_in_mode(rules.mode, draft.rollout.phase)) is not None:
        return Keeper(sentence)
    if applies and facts.frozen:
        return Keeper(facts.frozen)
    if pull is not None and pull.paused:
        return Keeper(paused(pull))
    if not applies and pull is not None and (until := cooling_until(pull)) > now:
        return Keeper(f"more than {_PUSHES} pushes in ten minutes: waits for a quiet minute", until=until)
    if (sentence := stopped(draft, rules)) is not None:
        return Keeper(sentence)
    return None


def paused(pull: Pull) -> str:
    """Say why nothing more of a paused pull request is sent."""
    return f"paused by {pull.paused}"


def stopped(draft: Draft, rules: Rules) -> str | None:
    """Say why nothing more of a rollout is sent after a failure; None where there was none, or the rest goes on."""
    failed = draft.failed if rules.fail_fast else None
    return f"stopped, because {draft.step(failed).instance} did not succeed" if failed is not None else None


def not_in_mode(mode: str, phase: Phase) -> str | None:
    """Say why nothing of a phase is sent in a mode; None where it is."""
    if mode == "observe":
        return "nothing is started in the mode “observe”"
    if mode == "plan" and phase is Phase.APPLY:
        return "nothing is applied in the mode “plan”"
    return None


def cooling_until(pull: Pull) -> float:
    """Tell until when a pull request with many pushes waits; 0 where it does not."""
    latest = pull.pushes[-REMEMBERED:]
    if len(latest) <= _PUSHES or latest[-1] - latest[0] > _WITHIN:
        return 0.0
    return latest[-1] + _QUIET


def _order(draft: Draft, facts: Facts) -> list[tuple[int, Keeper]]:
    found = []
    for instance, places in facts.places.items():
        index = draft.find(instance)
        if index is None or not draft.is_ready(index):
            continue
        place = order.first(draft.rollout, places)
        if place is not None:
            found.append((index, Keeper(f"after {place.name}", lane=place.lane)))
    for one in facts.expected:
        told = Keeper(f"after {one.name}, whose affected stacks are awaited", until=one.until, lane=one.lane)
        for instance in one.instances:
            index = draft.find(instance)
            if index is not None and draft.is_ready(index) and order.awaited(draft.rollout, instance, [one]):
                found.append((index, told))
    return found + _of_destroys(draft, facts)


def _of_destroys(draft: Draft, facts: Facts) -> list[tuple[int, Keeper]]:
    """Keep what depends on something while that is destroyed, and what is to be destroyed while that depends on it."""
    found = []
    for one in facts.destroying:
        told = Keeper(f"after the end of {one.instance}, which {name_of_lane(one.lane)} destroys", lane=one.lane)
        for instance in one.below if one.rollout_id != draft.rollout.id else ():
            index = draft.find(instance)
            if index is not None and draft.is_ready(index) and not draft.step(index).destroys:
                found.append((index, told))
    for instance, standing in facts.standing.items():
        index = draft.find(instance)
        if index is not None and draft.is_ready(index) and draft.step(index).destroys:
            by = f", last applied by {standing.name}" if standing.name else ""
            stands = f"to be applied by {standing.name}" if standing.to_come else f"there{by}"
            sentence = f"{standing.instance} is known to depend on it and is {stands}"
            found.append((index, Keeper(sentence, lane=standing.lane, stands=standing.instance)))
    return found
