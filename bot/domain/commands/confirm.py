"""`/atmos confirm`: what was shown is destroyed, if it still stands as it was shown."""

from __future__ import annotations

from dataclasses import replace

from bot.domain import releasing, uploads
from bot.domain.commands.asked import Asked, Refused
from bot.domain.commands.destroy import GOOD_FOR, Shown, graph_of, merged, prepare
from bot.domain.commands.words import Answer, Role, Spec
from bot.domain.desk import Desk
from bot.domain.events import Upload, Wanted
from bot.domain.graph import Instance
from bot.domain.model import HoldKind, Pull, Release, Unconfirmed
from bot.domain.pro import DELETED, Phase
from bot.domain.rollout import Draft
from bot.domain.texts import commit

_AGAIN = "Nothing is destroyed. Say `/atmos destroy` again to see how it stands."
SPEC = Spec(
    "confirm",
    "Destroy what `/atmos destroy` has shown, by the code that came with it.",
    text="<code>",
    role=Role.MAINTAIN,
    more=(
        f"A code is good once, for {GOOD_FOR / 60:.0f} minutes, on its own pull request, and only while all that was "
        "shown stands as it did.",
        "It starts a rollout of its own, which a freeze, locks, the order and the other rules keep like any other.",
    ),
    example="K7QMWX2P",
)


def do(desk: Desk, asked: Asked) -> Answer:
    """Start what was shown."""
    waits = desk.pull.unconfirmed if desk.pull is not None else None
    if desk.pull is None or waits is None or asked.command.text.upper() != waits.code:
        raise Refused(
            "No such code waits here: it was used, was replaced by a newer one, or is of another pull request. Say "
            "`/atmos destroy` to get one."
        )
    if releasing.is_barred(Phase.APPLY, asked.by, desk.pull, self_approve=desk.facts.rules.self_approve):
        raise Refused(f"{asked.by} is the author, and somebody else must confirm it.")
    desk.pull = replace(desk.pull, unconfirmed=None)
    if desk.now - waits.at > GOOD_FOR:
        raise Refused(f"The code was good for {GOOD_FOR / 60:.0f} minutes, which are over. {_AGAIN}")
    pull, merge = merged(desk)
    if merge.rollout.sha != waits.sha:
        raise Refused(
            f"It was shown at `{commit(waits.sha)}`, and the merge is `{commit(merge.rollout.sha)}`. {_AGAIN}"
        )
    graph = graph_of(desk, asked.event.upload)
    shown = prepare(desk, merge, graph, [Instance(stack, component) for stack, component, _ in waits.steps])
    _compare(waits, shown)
    draft = _start(desk, pull, shown, waits)
    for step in draft.walk.steps:
        desk.note("confirm", f"shown to {waits.by}", draft, step.index, actor=asked.by)
        _release(desk, draft, step.index, asked.by)
    what = "1 instance is" if len(waits.steps) == 1 else f"{len(waits.steps):,} instances are"
    return Answer(True, f"{what} to be destroyed at `{commit(waits.sha)}`, in the order that was shown.")


def _compare(waits: Unconfirmed, shown: Shown) -> None:
    """See that all stands as it was shown."""
    stood = {(stack, component): state for stack, component, state in waits.steps}
    for stack, component, state in shown.steps:
        before = stood[stack, component]
        if state != before:
            raise Refused(f"`{stack}/{component}` is {state} by now, and was {before} when it was shown. {_AGAIN}")
    if shown.steps != waits.steps:
        raise Refused(f"The order is another by now. {_AGAIN}")


def _start(desk: Desk, pull: Pull, shown: Shown, waits: Unconfirmed) -> Draft:
    merge = shown.merge.rollout
    return uploads.start(
        desk,
        Upload(pull.head_sha, merge.base_sha, f"destroy {waits.code}", waits.at, shown.graph),
        shown.layout,
        activity=DELETED,
        sha=merge.sha,
        ref=merge.ref,
        branch=merge.branch,
        position=merge.position,
    )


def _release(desk: Desk, draft: Draft, index: int, by: str) -> None:
    """Let the confirmation be the approval that a stack wants, where the same person could give that."""
    step = draft.step(index)
    wanted = Wanted(*step.instance, step.holds, named=True)
    stack = [hold for hold in step.holds if hold.kind is HoldKind.STACK]
    ended = tuple(hold for hold in stack if releasing.may_release(hold, wanted, by, desk.pull))
    if ended:
        kept = tuple(hold for hold in step.holds if hold not in ended)
        released = (*step.released, *(Release(hold, by, desk.now) for hold in ended))
        draft.put(replace(step, holds=kept, released=released))
