"""`/atmos skip`."""

from __future__ import annotations

from bot.domain.commands.aside import close, is_flying, is_in_doubt, set_aside
from bot.domain.commands.asked import Asked, Refused, below, listed, named
from bot.domain.commands.parts import to_one, together
from bot.domain.commands.words import Answer, Command, Flag, Spec
from bot.domain.desk import Desk
from bot.domain.graph import Instance
from bot.domain.model import Status, Step
from bot.domain.rollout import Draft, own_status
from bot.domain.states import State, states

CHILDREN = "--with-children"
SPEC = Spec(
    "skip",
    "Pass over instances: nothing of them is run, and what depends on them goes without.",
    targets="<target>…",
    flags=(Flag(CHILDREN, "passes over all that depends on them, too, through any distance, where it was not sent"),),
    more=(
        "What depends on them still waits for everything that they depend on themselves.",
        "What runs must be cancelled first. What is in doubt is skipped only by its full name.",
        "Where a destroy is skipped, so are the destroys after it: what it leaves standing needs them.",
        "What a plan skips was not reviewed, so it is held after the merge. There, `/atmos apply` takes a skip back.",
    ),
    example="plat-ue2-prod/vpc",
)
_ALREADY = "skipped already"


def do(desk: Desk, asked: Asked) -> Answer:
    """Pass over what is named."""
    parts = to_one(desk, asked.command, lambda draft: _passable(desk, draft))
    return together(parts, lambda draft, part: _pass_over(desk, asked, draft, part))


def _passable(desk: Desk, draft: Draft) -> frozenset[Instance]:
    """Name what can be passed over in a rollout, or was already."""
    steps = draft.now().steps
    return frozenset(
        step.instance for step in steps if _why_not(desk, draft, step.index, in_full=True) in ("", _ALREADY)
    )


def _pass_over(desk: Desk, asked: Asked, draft: Draft, part: Command) -> Answer:
    meant = named(draft, part)
    found = states(draft.now())
    skipped: list[int] = []
    left: dict[str, list[int]] = {}
    for index, in_full in meant.items():
        reason = _why_not(desk, draft, index, in_full=in_full)
        if reason:
            left.setdefault(reason, []).append(index)
        else:
            skipped.append(index)
    behind = [index for index in _behind(draft, asked, meant, skipped) if not _why_not(desk, draft, index)]
    for index in skipped + behind:
        _skip(desk, draft, index, asked, found[index])
    if not skipped + behind and set(left) != {_ALREADY}:
        raise Refused(_told(draft, left))
    return Answer(True, " ".join(part for part in (_done(draft, skipped, behind), _told(draft, left)) if part))


def _behind(draft: Draft, asked: Asked, meant: dict[int, bool], skipped: list[int]) -> list[int]:
    """List what is passed over with what is named: all behind it where that was said, and destroys behind destroys."""
    destroys = [index for index in skipped if draft.step(index).destroys]
    found = [index for index in below(draft, destroys) if draft.step(index).destroys]
    if CHILDREN in asked.command.flags:
        found += below(draft, [index for index in meant if index in skipped or _is_skipped(draft, index)])
    return [index for index in dict.fromkeys(found) if index not in meant and not draft.step(index).dispatches]


def _is_skipped(draft: Draft, index: int) -> bool:
    return own_status(draft.step(index)) is Status.SKIPPED


def _why_not(desk: Desk, draft: Draft, index: int, *, in_full: bool = False) -> str:
    step = draft.step(index)
    own = own_status(step)
    if own is Status.SKIPPED:
        return _ALREADY
    if own is Status.SUCCEEDED:
        return "it has succeeded"
    if own is Status.SUPERSEDED:
        return step.dropped
    if own is Status.MANUAL:
        return "it is left for people, and nothing waits for it"
    if any(is_flying(desk, sent) for sent in step.dispatches):
        return "it is under way: cancel it first"
    if any(map(is_in_doubt, step.dispatches)) and not in_full:
        return "it may have been sent: see whether it ran, then name it in full"
    if step.problem and _loops(draft, step):
        return "it is part of a cycle, so what is behind it has no order"
    return ""


def _loops(draft: Draft, step: Step) -> bool:
    return step.index in below(draft, step.children)


def _skip(desk: Desk, draft: Draft, index: int, asked: Asked, before: State) -> None:
    for sent in draft.step(index).dispatches:
        if is_in_doubt(sent):
            close(desk, draft, sent, asked.by, f"It may have been sent, and {asked.by} skipped it.")
    set_aside(desk, draft, index, Status.SKIPPED, asked.by)
    desk.note("skip", f"it was {before.status.value.replace('_', ' ')}", draft, index, actor=asked.by)


def _done(draft: Draft, skipped: list[int], behind: list[int]) -> str:
    if not skipped + behind:
        return ""
    more = f", and behind {'it' if len(skipped) == 1 else 'them'} {listed(draft, behind)}" if behind else ""
    return f"Skipped: {listed(draft, skipped)}{more}." if skipped else f"Skipped: {listed(draft, behind)}."


def _told(draft: Draft, left: dict[str, list[int]]) -> str:
    return " ".join(f"Not {listed(draft, indexes)}: {reason}." for reason, indexes in left.items())
