"""What an approval covers: what is held when it is given, and of that what these people may let go."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from bot.domain import holds, review, targets
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
class Chosen:
    """What is let go of a rollout, and what of that which was asked for is not."""

    approved: tuple[Wanted, ...]
    refused: tuple[Refused, ...]


def is_person(by: str) -> bool:
    """Tell whether a text may be recorded as who approves."""
    return _PERSON.fullmatch(by) is not None


def wanted(walk: Walk, pull: Pull | None, named: Iterable[str], by: str) -> Chosen:
    """Choose what somebody approves by these targets; without any, all that is held.

    What is destroyed and what is in doubt must be named in full. Raises targets.BadTarget.
    """
    if walk.rollout.superseded_by:
        return Chosen((), ())
    found = states(walk)
    open_plan = pull is not None and pull.open and not pull.merged
    ahead = frozenset(review.unreviewed(walk, pull)) if pull is not None and open_plan else frozenset()
    held = {step.instance: step.index for step in walk.steps if _is_held(step) or step.index in ahead}
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
        step = walk.steps[index]
        one, reasons = _one(step, found[index], Wanted(*instance, (), named=in_full), by, pull)
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
    reasons = "; ".join(str(one) for one in chosen.refused[:_TOLD])
    more = len(chosen.refused) - _TOLD
    rest = f"; and {more:,} more" if more > 0 else ""
    return f"Nothing of rollout {rollout.id} is let go. {reasons}{rest}."


def _is_held(step: Step) -> bool:
    return bool(step.holds and own_status(step) is None) or own_status(step) is Status.HELD


def _one(step: Step, state: State, asked: Wanted, by: str, pull: Pull | None) -> tuple[Wanted | None, list[str]]:
    """Choose of one step that is held; returns what is approved of it, and why the rest is not."""
    name = str(step.instance)
    if state.status is Status.HELD and not step.holds:
        doubts = tuple(sent.id for sent in step.dispatches if sent.status is Status.HELD)
        if doubts and not asked.named:
            return None, [f"its dispatch is in doubt: see whether it ran, then name {name} to have it sent again"]
        return replace(asked, doubts=doubts), []
    if not step.holds:
        if state.status in _TO_COME and not asked.named:
            return None, [f"its plan is still to come: wait for it, or name {name} to do without"]
        return asked, []
    if step.destroys and not asked.named:
        return None, [f"it would be destroyed: name {name} to approve that"]
    may = tuple(hold for hold in step.holds if holds.may_release(hold, asked, by, pull))
    reasons = [_why_not(hold, by) for hold in step.holds if hold not in may]
    return (replace(asked, holds=may) if may else None), reasons


def _why_not(hold: Hold, by: str) -> str:
    if hold.kind is HoldKind.STACK:
        return f"{by} is the author, and {hold.sentence}"
    return hold.sentence


def _refused(instance: Instance, reason: str) -> Refused:
    return Refused(instance.stack, instance.component, reason)
