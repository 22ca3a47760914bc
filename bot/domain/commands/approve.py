"""`/atmos approve`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from bot.domain import approving, releasing, targets
from bot.domain.approving import Chosen, Limits
from bot.domain.commands.asked import Asked, Refused, current, listed
from bot.domain.commands.parts import Parts, to_one, together
from bot.domain.commands.words import Answer, Command, Role, Spec
from bot.domain.desk import Desk
from bot.domain.events import Approved
from bot.domain.graph import Instance
from bot.domain.rollout import Draft

#: As many reasons as an answer tells.
_TOLD = 3
SPEC = Spec(
    "approve",
    "Let go what is held: all of it, or what is named. Before the merge: what no plan has shown, for this head.",
    targets="[<target>…]",
    more=(
        "What would be destroyed goes only by its full name, and needs the role maintain or admin. What may have been "
        "sent already goes only by its full name, too: see first whether it ran.",
        "It covers what was held when it was said, and nothing that came since.",
    ),
    example="plat-ue2-prod/vpc",
)


def do(desk: Desk, asked: Asked) -> Answer:
    """Let go what was held when it was said, as far as this person may."""

    def held(draft: Draft) -> frozenset[Instance]:
        return _held(_chosen(desk, asked, draft, ()))

    named = tuple(target for target in asked.command.targets if target != targets.HELD)
    parts = to_one(desk, replace(asked.command, targets=named), held) if named else []
    if len(named) < len(asked.command.targets) or not named:
        parts = _with_all_held(parts, [draft for draft in current(desk) if held(draft)], asked.command)
    if not parts:
        raise Refused(_nothing(Chosen((), ())))
    return together(parts, lambda draft, part: _let_go(desk, asked, draft, part))


def _with_all_held(parts: Parts, drafts: Iterable[Draft], command: Command) -> Parts:
    """Add `@held`, or the command without targets, to what is named of each rollout that holds something."""
    own = {draft.rollout.id: part.targets for draft, part in parts}
    every = command.targets and (targets.HELD,)
    all_held = {draft.rollout.id: draft for draft in drafts}
    rest = [one for one in parts if one[0].rollout.id not in all_held]
    return [
        (draft, replace(command, targets=(*own.get(draft.rollout.id, ()), *every))) for draft in all_held.values()
    ] + rest


def _chosen(desk: Desk, asked: Asked, draft: Draft, named: Iterable[str]) -> Chosen:
    limits = Limits(
        self_approve=desk.facts.rules.self_approve,
        destroys=asked.role >= Role.MAINTAIN,
        said=asked.event.at,
    )
    return approving.wanted(draft.now(), desk.pull, named, asked.by, limits)


def _held(chosen: Chosen) -> frozenset[Instance]:
    approved = frozenset(Instance(one.stack, one.component) for one in chosen.approved)
    return approved | {Instance(one.stack, one.component) for one in chosen.refused}


def _let_go(desk: Desk, asked: Asked, draft: Draft, part: Command) -> Answer:
    """Let go what is held of one rollout."""
    try:
        chosen = _chosen(desk, asked, draft, part.targets)
    except targets.BadTarget as problem:
        raise Refused(str(problem)) from None
    for one in chosen.refused:
        index = draft.find(Instance(one.stack, one.component))
        desk.note("refuse", one.reason, draft, index, actor=asked.by)
    if not chosen.approved:
        raise Refused(_nothing(chosen))
    releasing.approved(desk, Approved(draft.rollout.id, asked.by, chosen.approved))
    return Answer(True, _told(draft, chosen))


def _nothing(chosen: Chosen) -> str:
    if not chosen.refused:
        return "Nothing of that is held, so there is nothing to approve."
    return f"Nothing is let go. {approving.why_kept(chosen)}."


def _told(draft: Draft, chosen: Chosen) -> str:
    """Say what is let go, with its reasons, and why the rest is not."""
    groups: dict[str, list[int]] = {}
    for one in chosen.approved:
        index = draft.find(Instance(one.stack, one.component))
        if index is not None:
            groups.setdefault("; ".join(approving.told(one)), []).append(index)
    parts = [f"{listed(draft, indexes)} ({why})" for why, indexes in list(groups.items())[:_TOLD]]
    more = len(groups) - _TOLD
    said = f"Let go: {', '.join(parts)}" + (f", and more for {more:,} other reasons" if more > 0 else "")
    return f"{said}. Not let go: {approving.why_kept(chosen)}." if chosen.refused else f"{said}."
