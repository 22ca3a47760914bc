"""What is asked of a handler: one command of one person, and which rollouts it steers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from bot.domain import targets
from bot.domain.commands.words import Answer, Command, Role
from bot.domain.desk import Desk
from bot.domain.events import Commanded
from bot.domain.graph import Instance
from bot.domain.model import Status, Step
from bot.domain.pro import DELETED, Phase
from bot.domain.rollout import Draft
from bot.domain.states import State, states


class Refused(Exception):  # noqa: N818 -- it reads as what it is
    """A command cannot be done; the message tells people why, and what to do."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One command, who says it, and with what right."""

    by: str
    role: Role
    command: Command
    event: Commanded


Do = Callable[[Desk, Asked], Answer]


def steered(desk: Desk, phase: Phase | None = None) -> Draft:
    """Find the rollout that a command is about: the newest one that counts, of a phase where one is named.

    What `/atmos destroy` began makes room for the apply again once it is through. Raises Refused where there is none.
    """
    drafts = [draft for draft in desk.drafts if not draft.rollout.superseded_by]
    wanted = [draft for draft in drafts if phase in (None, draft.rollout.phase)]
    newest = max(wanted, key=lambda draft: (not _is_destroyed(draft), draft.rollout.id), default=None)
    if newest is None:
        raise Refused(_nothing(desk))
    merged = desk.pull is not None and desk.pull.merged
    if merged and phase is None and newest.rollout.phase is Phase.PLAN:
        raise Refused(_nothing(desk))
    return newest


def current(desk: Desk) -> list[Draft]:
    """List the rollouts that commands are about, newest first; after the merge no plans. Raises Refused without any."""
    merged = desk.pull is not None and desk.pull.merged
    found = [
        draft
        for draft in desk.drafts
        if not draft.rollout.superseded_by and not (merged and draft.rollout.phase is Phase.PLAN)
    ]
    if not found:
        raise Refused(_nothing(desk))
    return newest_first(found)


def newest_first(drafts: Iterable[Draft]) -> list[Draft]:
    """Put rollouts in the order in which commands look at them."""
    return sorted(drafts, key=lambda draft: -draft.rollout.id)


def _is_destroyed(draft: Draft) -> bool:
    """Tell whether a rollout was to destroy things, and has."""
    count = len(draft.walk.steps)
    return draft.rollout.activity == DELETED and all(draft.passed(index) for index in range(count))


def _nothing(desk: Desk) -> str:
    pull = desk.pull
    if desk.commit is not None and desk.commit.ended:
        return f"Nothing of this commit is worked any more: {desk.commit.ended}."
    if pull is not None and pull.fork:
        return "It comes from a fork, and nothing is started for forks."
    if pull is not None and pull.merged:
        return "It is merged, and its apply has not begun: wait until the affected stacks of the merge are uploaded."
    if pull is not None and not pull.open:
        return "It is closed, and nothing of it is worked any more. Reopen it to begin again."
    return "Nothing is known to be affected yet: wait until the affected stacks of this commit are uploaded."


def chosen(draft: Draft, command: Command, *, default: str = targets.ALL) -> list[int]:
    """Find the steps that a command names; raises Refused where a target means nothing, or more than one thing."""
    return list(named(draft, command, default=default))


def named(draft: Draft, command: Command, *, default: str = targets.ALL) -> dict[int, bool]:
    """Find the steps that a command names: True for those that are named in full. Raises Refused as `chosen`."""
    walk = draft.now()
    found = states(walk)
    asked = command.targets or (default,)
    try:
        meant = targets.select(asked, [step.instance for step in walk.steps], groups(walk.steps, found))
    except targets.BadTarget as problem:
        raise Refused(str(problem)) from None
    if command.targets and not meant:
        raise Refused(f"Nothing here is {' or '.join(_EMPTY[one] for one in dict.fromkeys(command.targets))} now.")
    where = {step.instance: step.index for step in walk.steps}
    return {where[instance]: full for instance, full in meant.items()}


def groups(steps: Sequence[Step], found: Sequence[State]) -> dict[str, frozenset[Instance]]:
    """Name the instances that `@failed`, `@blocked` and `@held` stand for."""
    return {
        group: frozenset(one.instance for one, state in zip(steps, found, strict=True) if state.status in statuses)
        for group, statuses in _GROUPS.items()
    }


_GROUPS = {
    targets.FAILED: frozenset({Status.FAILED, Status.TIMED_OUT, Status.CANCELLED}),
    targets.BLOCKED: frozenset({Status.BLOCKED}),
    targets.HELD: frozenset({Status.HELD}),
}
#: Other targets name something, or are refused.
_EMPTY = {
    targets.FAILED: "failed or cancelled",
    targets.BLOCKED: "blocked",
    targets.HELD: "held",
    targets.ALL: "affected",
}
_TOLD = 3


def listed(draft: Draft, indexes: Iterable[int]) -> str:
    """Name some steps for people; of many only the first, and how many more there are."""
    names = [str(draft.step(index).instance) for index in indexes]
    more = len(names) - _TOLD
    return ", ".join(names[:_TOLD]) + (f" and {more:,} more" if more > 0 else "")


def below(draft: Draft, indexes: Iterable[int]) -> list[int]:
    """List steps and all that depends on them, through any distance."""
    return _reached(indexes, lambda index: draft.step(index).children)


def above(draft: Draft, indexes: Iterable[int]) -> list[int]:
    """List steps and all that they depend on, through any distance."""
    return _reached(indexes, lambda index: draft.step(index).parents)


def _reached(indexes: Iterable[int], next_to: Callable[[int], tuple[int, ...]]) -> list[int]:
    found = list(dict.fromkeys(indexes))
    seen = set(found)
    for index in found:
        new = [other for other in next_to(index) if other not in seen]
        seen.update(new)
        found += new
    return found
