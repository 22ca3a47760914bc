"""What an approval covers: what is held when it is given, and of that what these people may let go."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import inf

from bot.domain import releasing, review, targets
from bot.domain.events import Wanted
from bot.domain.graph import Instance
from bot.domain.model import Hold, HoldKind, Pull, Status, Step
from bot.domain.rollout import Walk, own_status
from bot.domain.states import State, states

#: Who approves, for the record: a login of GitHub's, or a user of the server. As JSON Schema has it.
PERSON = r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}(?:\[bot\])?$"
_PERSON = re.compile(PERSON.replace("$", r"\Z"))
#: As many reasons as a sentence carries.
_TOLD = 3
#: These may still be planned with success, so that nobody need approve them unreviewed.
_TO_COME = frozenset({Status.WAITING, Status.READY, Status.DISPATCHING, Status.QUEUED, Status.RUNNING, Status.APPROVAL})


@dataclass(frozen=True, slots=True)
class Refused:
    """One instance that is not let go, or not for everything; why, as a part of a sentence."""

    stack: str
    component: str
    reason: str

    def __str__(self) -> str:
        return f"{self.stack}/{self.component}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Limits:
    """What an approval does not cover, whatever it names."""

    self_approve: bool = True  # the author may let go what the own merge holds
    destroys: bool = True  # whoever approves may have things destroyed
    said: float = inf  # when it was given: what is held since then nobody had seen


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is let go of a rollout, and what of that which was asked for is not."""

    approved: tuple[Wanted, ...]
    refused: tuple[Refused, ...]


def is_person(by: str) -> bool:
    """Tell whether a text may be recorded as who approves."""
    return _PERSON.fullmatch(by) is not None


def wanted(walk: Walk, pull: Pull | None, named: Iterable[str], by: str, limits: Limits | None = None) -> Chosen:
    """Choose what somebody approves by these targets; without any, all that is held.

    What is destroyed and what is in doubt must be named in full. Raises targets.BadTarget.
    """
    if walk.rollout.superseded_by:
        return Chosen((), ())
    found = states(walk)
    open_plan = pull is not None and pull.open and not pull.merged
    ahead = frozenset(review.unreviewed(walk, pull)) if pull is not None and open_plan else frozenset()
    held = {step.instance: step.index for step in walk.steps if _is_held(step) or step.index in ahead}
    who = _Who(walk, pull, by, limits or Limits(), found)
    asked = tuple(named) or (targets.HELD,)
    chosen = targets.select(asked, [step.instance for step in walk.steps], {targets.HELD: held})
    approved: list[Wanted] = []
    refused: list[Refused] = []
    for instance, in_full in chosen.items():
        index = held.get(instance)
        if index is None:
            if in_full:
                refused.append(_refused(instance, "it is not held"))
            continue
        one, reasons = _one(walk.steps[index], Wanted(*instance, (), named=in_full), who)
        approved += [one] if one else []
        refused += [_refused(instance, reason) for reason in reasons]
    return Chosen(tuple(approved), tuple(refused))


def told(one: Wanted) -> list[str]:
    """Say what is let go of one instance, a part of a sentence each."""
    if one.doubts:
        return ["its dispatch is in doubt, and is sent again"]
    return [hold.sentence for hold in one.holds] or ["no plan of it succeeded, and it may be applied after the merge"]


def why_nothing(walk: Walk, chosen: Chosen) -> str:
    """Say why nothing of a rollout is let go, in a sentence or two."""
    rollout = walk.rollout
    if rollout.superseded_by:
        return (
            f"Rollout {rollout.id} was ended by {rollout.superseded_by}. Approve what came after it, if anything did."
        )
    if not chosen.refused:
        return f"Nothing of that is held in rollout {rollout.id}, so there is nothing to approve."
    return f"Nothing of rollout {rollout.id} is let go. {why_kept(chosen)}."


def why_kept(chosen: Chosen) -> str:
    """Say why some of it is not let go, as a part of a sentence; of many reasons the first."""
    reasons = "; ".join(str(one) for one in chosen.refused[:_TOLD])
    more = len(chosen.refused) - _TOLD
    return reasons + (f"; and {more:,} more" if more > 0 else "")


def _is_held(step: Step) -> bool:
    return bool(step.holds and own_status(step) is None) or own_status(step) is Status.HELD


@dataclass(frozen=True, slots=True)
class _Who:
    """Who approves something of a rollout, and what that cannot cover."""

    walk: Walk
    pull: Pull | None
    by: str
    limits: Limits
    found: list[State]

    def saw(self, at: float) -> bool:
        """Tell whether what is so since then was so when they spoke. GitHub tells whole seconds only."""
        return int(at) <= self.limits.said

    def naming(self, step: Step) -> str:
        """Say how a step is named in full: without a pull request there is no comment to do it in."""
        if self.walk.rollout.pull:
            return f"name {step.instance}"
        return f"say `switchyard approve OWNER/REPO --rollout {self.walk.rollout.id} {step.instance}` on the server"

    def by_button(self, asked: Wanted) -> bool:
        """Tell whether nothing could be named, so that no role helps."""
        return not self.walk.rollout.pull and not asked.named


def _one(step: Step, asked: Wanted, who: _Who) -> tuple[Wanted | None, list[str]]:
    """Choose of one step that is held; returns what is approved of it, and why the rest is not."""
    if releasing.is_barred(who.walk.rollout.phase, who.by, who.pull, self_approve=who.limits.self_approve):
        return None, [_by_another(who)]
    if step.holds:
        return _of_holds(step, asked, who)
    if who.found[step.index].status is Status.HELD:
        return _in_doubt(step, asked, who)
    return _before_merge(step, asked, who)


def _of_holds(step: Step, asked: Wanted, who: _Who) -> tuple[Wanted | None, list[str]]:
    if step.destroys and not (who.limits.destroys or who.by_button(asked)):
        return None, ["it would be destroyed, and only somebody with the role maintain or admin can approve that"]
    if step.destroys and not asked.named:
        return None, [f"it would be destroyed: {who.naming(step)} to approve that"]
    reasons = {hold: _why_not(hold, asked, who) for hold in step.holds}
    may = tuple(hold for hold, reason in reasons.items() if not reason)
    return (replace(asked, holds=may) if may else None), [reason for reason in reasons.values() if reason]


def _why_not(hold: Hold, asked: Wanted, who: _Who) -> str:
    if not who.saw(hold.since):
        return f"{hold.sentence}, but only since that was said: look at it, and say it again"
    if releasing.may_release(hold, asked, who.by, who.pull):
        return ""
    return f"{who.by} is the author, and {hold.sentence}" if hold.kind is HoldKind.STACK else hold.sentence


def _in_doubt(step: Step, asked: Wanted, who: _Who) -> tuple[Wanted | None, list[str]]:
    doubtful = [sent for sent in step.dispatches if sent.status is Status.HELD]
    if step.destroys and not (who.limits.destroys or who.by_button(asked)):
        return None, ["it may be destroyed, and only somebody with the role maintain or admin can have that sent again"]
    if not asked.named:
        return None, [f"its dispatch is in doubt: see whether it ran, then {who.naming(step)} to have it sent again"]
    if not all(who.saw(sent.finished_at) for sent in doubtful):
        return None, ["its dispatch is in doubt, but only since that was said: see whether it ran, and say it again"]
    return replace(asked, doubts=tuple(sent.id for sent in doubtful)), []


def _before_merge(step: Step, asked: Wanted, who: _Who) -> tuple[Wanted | None, list[str]]:
    """Choose what has no plan that succeeded, to be applied after the merge all the same."""
    if not who.limits.self_approve and releasing.is_author(who.by, who.pull):
        return None, [_by_another(who)]
    if who.pull is not None and not who.saw(who.pull.head_since):
        return None, ["the head moved after that was said: look at its plan, and say it again"]
    state = who.found[step.index]
    if state.status in _TO_COME and not asked.named:
        return None, [f"its plan is still to come: wait for it, or name {step.instance} to do without"]
    failed = step if state.cause is None else who.walk.steps[state.cause]
    if not asked.named and not all(who.saw(sent.finished_at) for sent in failed.dispatches):
        return None, ["its plan ended only after that was said: look at it, and say it again"]
    return asked, []


def _by_another(who: _Who) -> str:
    return f"{who.by} is the author, and somebody else must approve what this merge holds"


def _refused(instance: Instance, reason: str) -> Refused:
    return Refused(instance.stack, instance.component, reason)
