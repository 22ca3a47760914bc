"""`/atmos cancel`."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from bot.domain.commands.aside import drop, is_flying, is_in_doubt, is_unsent, set_aside
from bot.domain.commands.asked import Asked, Refused, chosen, current, listed, newest_first
from bot.domain.commands.parts import Parts, to_all, together
from bot.domain.commands.words import Answer, Command, Flag, Role, Spec, names
from bot.domain.desk import Desk
from bot.domain.effects import CancelRun
from bot.domain.events import Commanded, Event
from bot.domain.model import Status
from bot.domain.pro import Phase
from bot.domain.rollout import Draft, own_status

FORCE = "--force"
SPEC = Spec(
    "cancel",
    "Send nothing more of what is named, or of all, and cancel the plans that run.",
    targets="[<target>…]",
    flags=(Flag(FORCE, "cancels running applies, too; needs the role maintain or admin"),),
    more=(
        "An apply that is cut off may be half done, and its Terraform state may stay locked: look at its run, unlock "
        "the state where it must be, and go on with `/atmos retry`.",
        "After the merge that is also what the plan before it still runs.",
        "What depends on something cancelled is blocked. What ends before GitHub cancels it has ended as it did.",
        "With `SWITCHYARD_FAILURE_MODE=fail-fast` a run that was cancelled stops the rest, as any that did not "
        "succeed; what was cancelled before it was sent does not.",
        "Only `/atmos retry` and `/atmos apply` take it back.",
    ),
    example="plat-ue2-prod",
)

#: Without a pull request there are only buttons.
_AT_GITHUB = (
    "No button cancels that. If it must be, cancel its run at GitHub: that can leave behind what is half applied, and "
    "a locked Terraform state."
)


@dataclass(slots=True)
class _Told:
    """What became of each step."""

    dropped: list[int] = field(default_factory=list)
    stopped: list[int] = field(default_factory=list)
    doubtful: list[int] = field(default_factory=list)
    left: list[int] = field(default_factory=list)


def cancels(event: Event) -> bool:
    """Tell whether somebody says this, so that rollouts that were ended and still have runs must be read, too."""
    return isinstance(event, Commanded) and SPEC.name in names(event.lines)


def do(desk: Desk, asked: Asked) -> Answer:
    """Drop what is pending of what is named, and cancel what runs of it as far as that may be."""
    force = FORCE in asked.command.flags
    if force and asked.role < Role.MAINTAIN:
        raise Refused(
            f"{asked.by} may not: `{FORCE}` needs the role maintain or admin in this repository. Without it all but "
            "running applies is cancelled."
        )
    answer = together(
        _parts(desk, asked.command), lambda draft, part: _cancel_of(desk, asked.by, draft, part, force=force)
    )
    if not answer.sentence:
        current(desk)  # where there is none, that is what to say
    return Answer(True, answer.sentence or "Nothing of it is waiting or under way.")


def _parts(desk: Desk, command: Command) -> Parts:
    """Have it go over all rollouts, also over those that were ended and still have runs."""
    drafts = newest_first(desk.drafts) or current(desk)
    return to_all(drafts, command) or [(drafts[0], command)]


def _cancel_of(desk: Desk, by: str, draft: Draft, part: Command, *, force: bool) -> Answer | None:
    """Cancel what there is of one rollout."""
    told = _Told()
    may_stop = force or draft.rollout.phase is Phase.PLAN
    for index in chosen(draft, part):
        _cancel(desk, draft, index, by, told, may_stop=may_stop)
    sentence = _sentence(draft, told)
    return Answer(bool(told.dropped or told.stopped or told.doubtful), sentence) if sentence else None


def _cancel(desk: Desk, draft: Draft, index: int, by: str, told: _Told, *, may_stop: bool) -> None:
    step = draft.step(index)
    flying = [sent for sent in step.dispatches if is_flying(desk, sent)]
    doubtful = [sent for sent in step.dispatches if is_in_doubt(sent)]
    unsent = own_status(step) is None and not draft.rollout.superseded_by
    if unsent or any(is_unsent(desk, sent) for sent in step.dispatches):
        (drop if flying or doubtful else set_aside)(desk, draft, index, Status.CANCELLED, by)
        told.dropped.append(index)
        desk.note("cancel", "it was not sent", draft, index, actor=by)
    if not may_stop:
        told.left += [index] if flying or doubtful else []
        return
    new = [sent for sent in (*flying, *doubtful) if not sent.cancel_by]
    for sent in new:
        draft.put_dispatch(replace(sent, cancel_wanted=True, cancel_by=by))
        if sent.run_id:
            desk.wish(CancelRun(sent.id))
    if new:
        (told.stopped if flying else told.doubtful).append(index)
        desk.note("cancel", "it was under way" if flying else "its dispatch is in doubt", draft, index, actor=by)


def _sentence(draft: Draft, told: _Told) -> str:
    parts = []
    if told.dropped:
        parts.append(f"Not sent any more: {listed(draft, told.dropped)}.")
    if told.stopped:
        parts.append(f"Being cancelled: {listed(draft, told.stopped)}.")
        if draft.rollout.phase is Phase.APPLY:
            parts.append(
                "That can leave behind what is half applied, and a locked Terraform state: look at the run, unlock the "
                "state with `terraform force-unlock` where it must be, then go on with `/atmos retry`."
            )
    if told.doubtful:
        parts.append(f"Cancelled if it turns out to have been sent: {listed(draft, told.doubtful)}.")
    if told.left:
        how = f"With `{FORCE}` that is cancelled, too." if draft.rollout.pull else _AT_GITHUB
        parts.append(f"Left to its end, because it may be changing things: {listed(draft, told.left)}. {how}")
    return " ".join(parts)
