"""How a command is divided among the rollouts that it is about, where several count, such as an apply and a destroy."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.domain import targets
from bot.domain.commands.asked import Refused, current, groups
from bot.domain.commands.words import Answer, Command
from bot.domain.desk import Desk
from bot.domain.graph import Instance
from bot.domain.model import Step
from bot.domain.pro import DELETED, Phase
from bot.domain.rollout import Draft
from bot.domain.states import State, states

#: Each rollout that a command is about, with the command as it is for that one.
Parts = list[tuple[Draft, Command]]


@dataclass(frozen=True, slots=True)
class Reach:
    """What a command can name in one rollout."""

    steps: Sequence[Step]
    found: Sequence[State]
    able: Container[Instance] = ()  # where the command can do something


def to_one(desk: Desk, command: Command, able: Callable[[Draft], Container[Instance]] = lambda _: ()) -> Parts:
    """Give each target to one rollout, as `divide` tells; raises Refused where one means nothing, or two things."""
    drafts = current(desk)
    if len(drafts) == 1:
        return [(drafts[0], command)]
    try:
        divided = divide(command.targets, [_reach(draft, able(draft)) for draft in drafts])
    except targets.BadTarget as problem:
        raise Refused(str(problem)) from None
    return [(draft, replace(command, targets=its)) for draft, its in zip(drafts, divided, strict=True) if its]


def to_all(drafts: Sequence[Draft], command: Command) -> Parts:
    """Give each target to all rollouts that it names something in; without targets all get the command.

    Raises Refused where a target means nothing, or two things.
    """
    try:
        naming = _naming(command.targets, [_reach(draft) for draft in drafts])
    except targets.BadTarget as problem:
        raise Refused(str(problem)) from None
    if not command.targets:
        return [(draft, command) for draft in drafts]
    divided = [tuple(target for target, its in naming.items() if at in its) for at in range(len(drafts))]
    return [(draft, replace(command, targets=its)) for draft, its in zip(drafts, divided, strict=True) if its]


def divide(wanted: Iterable[str], reaches: Sequence[Reach]) -> list[tuple[str, ...]]:
    """Tell for each rollout, newest first, which targets are about it.

    Each is about one: the newest that names it and in which the command can do something, else the newest that names
    it. Raises targets.BadTarget.
    """
    parts: list[list[str]] = [[] for _ in reaches]
    for target, naming in _naming(wanted, reaches).items():
        able = (at for at, meant in naming.items() if any(one in reaches[at].able for one in meant))
        parts[next(able, next(iter(naming), 0))].append(target)
    return [tuple(part) for part in parts]


def _reach(draft: Draft, able: Container[Instance] = ()) -> Reach:
    walk = draft.now()
    return Reach(walk.steps, states(walk), able)


def _naming(wanted: Iterable[str], reaches: Sequence[Reach]) -> dict[str, Mapping[int, Sequence[Instance]]]:
    """Tell for each target in which rollouts it names something, and what.

    What it means is read from all of them together: what fits well in one is no loose fit in another.
    """
    there = list(dict.fromkeys(step.instance for one in reaches for step in one.steps))
    places = [frozenset(step.instance for step in one.steps) for one in reaches]
    grouped = [groups(one.steps, one.found) for one in reaches]
    every = {name: frozenset().union(*(one[name] for one in grouped)) for name in groups((), ())}
    found: dict[str, Mapping[int, Sequence[Instance]]] = {}
    for target in dict.fromkeys(wanted):
        meant = targets.select((target,), there, every)
        own = [group.get(target, place) for place, group in zip(places, grouped, strict=True)]
        its = {at: [one for one in meant if one in where] for at, where in enumerate(own)}
        found[target] = {at: instances for at, instances in its.items() if instances}
    return found


def together(parts: Parts, do: Callable[[Draft, Command], Answer | None]) -> Answer:
    """Do the parts of a command; None where there is nothing to say of one. Raises Refused where all are refused."""
    tried = [(draft, _try(do, draft, part)) for draft, part in parts]
    answers = [(draft, answer) for draft, answer in tried if answer is not None]
    said = " ".join(
        f"{_kind(draft)}: {answer.sentence}" if len(answers) > 1 else answer.sentence for draft, answer in answers
    )
    if answers and not any(answer.done for _, answer in answers):
        raise Refused(said)
    return Answer(True, said)


def _try(do: Callable[[Draft, Command], Answer | None], draft: Draft, part: Command) -> Answer | None:
    try:
        return do(draft, part)
    except Refused as refused:
        return Answer(False, str(refused))


def _kind(draft: Draft) -> str:
    if draft.rollout.phase is Phase.PLAN:
        return "Plan"
    return "Destroy" if draft.rollout.activity == DELETED else "Apply"
