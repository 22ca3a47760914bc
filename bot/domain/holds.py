"""What is held until a person lets it go."""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import replace
from fnmatch import fnmatchcase
from math import inf

from bot.domain.desk import Desk
from bot.domain.events import Facts, Overrun
from bot.domain.graph import Instance
from bot.domain.lanes import is_server_run
from bot.domain.model import Approval, Hold, HoldKind, Pull, Release, Rollout, Status, Step
from bot.domain.order import Place
from bot.domain.pro import DELETED, Phase
from bot.domain.rollout import Draft, is_sent, own_status
from bot.domain.texts import commit

_DESTROY = Hold(HoldKind.DESTROY, "it would be destroyed, which must be approved by its name")
#: What may have been applied after the backup was made.
RESTORED = Hold(HoldKind.RESTORED, "the database was restored from a backup, and it may have been applied since that")
#: What people may send again once it has ended, and may have had sent since that backup.
_AGAIN = frozenset(
    {
        Status.QUEUED,
        Status.RUNNING,
        Status.APPROVAL,
        Status.FAILED,
        Status.TIMED_OUT,
        Status.CANCELLED,
        Status.SKIPPED,
    }
)


def of_new(steps: Iterable[Step], rollout: Rollout, pull: Pull | None, facts: Facts) -> list[Step]:
    """Give the steps of a new rollout their holds."""
    made = of_steps(steps, rollout, pull, facts, rollout.created_at)
    hold = breaker(made, rollout.phase, facts)
    if hold is None:
        return made
    hold = replace(hold, since=rollout.created_at)
    return [replace(step, holds=(*step.holds, hold)) if step.calls else step for step in made]


def of_steps(steps: Iterable[Step], rollout: Rollout, pull: Pull | None, facts: Facts, now: float) -> list[Step]:
    """Give steps the holds that each has for itself; those without anything to send get none."""
    made = (_held(step, rollout, pull, facts) if step.calls else step for step in steps)
    return [replace(step, holds=tuple(replace(hold, since=now) for hold in step.holds)) for step in made]


def breaker(steps: Iterable[Step], phase: Phase, facts: Facts) -> Hold | None:
    """Hold the whole of a rollout that would start more runs than is usual; None where it would not."""
    applies = phase is Phase.APPLY
    most = facts.rules.breaker_apply if applies else facts.rules.breaker_plan
    runs = sum(len(step.calls) for step in steps)
    if runs <= most:
        return None
    told = "1 run" if runs == 1 else f"{runs:,} runs"
    name = "SWITCHYARD_BREAKER_APPLY" if applies else "SWITCHYARD_BREAKER_PLAN"
    return Hold(HoldKind.BREAKER, f"all of it would start {told}, more than the {most:,} of {name}")


def note(desk: Desk, draft: Draft, steps: Iterable[Step]) -> None:
    """Note for the audit what new steps are held for, and why others never can be sent."""
    for step in steps:
        if step.problem:
            desk.note("refuse", step.problem, draft, step.index)
        for hold in step.holds:
            desk.note("hold", hold.sentence, draft, step.index)


def _held(step: Step, rollout: Rollout, pull: Pull | None, facts: Facts) -> Step:
    if rollout.phase is not Phase.APPLY:
        return step
    since = facts.planned.get(step.instance, 0.0)
    # What a merge removed waits for an approval; what a person wants destroyed was confirmed before it began.
    held: list[Hold] = [_DESTROY] if step.destroys and rollout.activity != DELETED else []
    released: tuple[Release, ...] = ()
    if (hold := _unreviewed(step, rollout, pull, facts)) is not None:
        approval = next((one for one in pull.approved if _is_for(one, step.instance)), None) if pull else None
        if approval is None:
            held.append(hold)
        else:
            released = (Release(hold, approval.by, approval.at),)
    if (pattern := _matches(step.instance.stack, facts.rules.approve_stacks)) is not None:
        who = f"somebody other than {pull.author}" if pull else "somebody"
        held.append(Hold(HoldKind.STACK, f"{who} must approve what is applied to stacks like {pattern}"))
    return replace(step, holds=tuple(held), released=released, planned_at=since)


def _unreviewed(step: Step, rollout: Rollout, pull: Pull | None, facts: Facts) -> Hold | None:
    if facts.rules.unplanned == "allow" or step.destroys or step.instance in facts.planned:
        return None
    if pull is None:
        return _unreviewed_commit(step, rollout)
    if not step.paired:
        return None
    when = "before the merge" if pull.merged else "before"
    return Hold(HoldKind.UNREVIEWED, f"no plan of it succeeded at {commit(pull.head_sha)} {when}")


def _unreviewed_commit(step: Step, rollout: Rollout) -> Hold | None:
    if not rollout.position:
        return Hold(HoldKind.UNREVIEWED, "its commit is on no branch that is applied")
    if not is_server_run(rollout.lane) or not step.paired:
        return None  # what is on an applied branch was reviewed when it was merged
    return Hold(HoldKind.UNREVIEWED, f"no plan of it succeeded at {commit(rollout.sha)}")


def _is_for(approval: Approval, instance: Instance) -> bool:
    return (approval.stack, approval.component) == instance


def _matches(stack: str, patterns: Iterable[str]) -> str | None:
    return next((pattern for pattern in patterns if fnmatchcase(stack, pattern)), None)


def end_reviewed(desk: Desk) -> None:
    """Let go what was held as unreviewed, where late news says that its plan had succeeded before the merge."""
    if desk.pull is None or not desk.pull.merged:
        return
    applies = [draft for draft in desk.drafts if draft.rollout.phase is Phase.APPLY]
    merged = (Phase.PLAN, desk.pull.head_sha, desk.pull.base_ref)
    for plan in desk.drafts:
        if (plan.rollout.phase, plan.rollout.sha, plan.rollout.branch) != merged:
            continue
        for step in plan.changed.values():
            began = succeeded_since(step, desk.pull.merged_at)
            if began is not None:
                for draft in applies:
                    _end_unreviewed(desk, draft, step.instance, began)


def succeeded_since(step: Step, before: float) -> float | None:
    """Tell when a plan began that had succeeded by `before`; None where none had."""
    ended = max((sent.finished_at for sent in step.dispatches), default=0.0)
    if not step.dispatches or own_status(step) is not Status.SUCCEEDED or ended > before:
        return None
    return min(sent.started_at or sent.created_at for sent in step.dispatches)


def _end_unreviewed(desk: Desk, draft: Draft, instance: Instance, began: float) -> None:
    index = draft.find(instance)
    step = draft.step(index) if index is not None else None
    if index is None or step is None or all(hold.kind is not HoldKind.UNREVIEWED for hold in step.holds):
        return
    kept = tuple(hold for hold in step.holds if hold.kind is not HoldKind.UNREVIEWED)
    draft.put(replace(step, holds=kept, planned_at=began))
    desk.note("release", "its plan had succeeded before the merge", draft, index)
    desk.say(f"{instance} was reviewed after all")
    desk.show()


def refresh(desk: Desk, draft: Draft) -> None:
    """Hold what must be held since something happened elsewhere: a restored backup, an apply by others."""
    if draft.rollout.phase is not Phase.APPLY:
        return
    restored = desk.facts.restored_at
    if draft.rollout.restored_at < restored:
        draft.put_rollout(replace(draft.rollout, restored_at=restored))
        for index in range(len(draft.walk.steps)):
            _forget(draft, index, RESTORED, before=inf)  # whatever was said after an earlier restore
            add(desk, draft, index, RESTORED, also=_AGAIN)
    if desk.facts.rules.stale == "hold":
        for instance, places in desk.facts.places.items():
            found = draft.find(instance)
            place = stale_by(draft.step(found), places, draft.rollout.lane) if found is not None else None
            if found is not None and place is not None:
                hold = Hold(HoldKind.STALE, f"planned before {place.name} was applied")
                for below in _descendants(draft, found):
                    _forget(draft, below, hold, before=place.at)  # it was applied once more since
                    add(desk, draft, below, hold)


def _forget(draft: Draft, index: int, hold: Hold, *, before: float) -> None:
    """Forget that somebody let a step go before then: it does not cover what happened later."""
    step = draft.step(index)
    released = tuple(one for one in step.released if one.hold != hold or one.at >= before)
    if own_status(step) is None and released != step.released:
        draft.put(replace(step, released=released))


def stale_by(step: Step, places: Iterable[Place], lane: str) -> Place | None:
    """Find the latest apply by another lane since a step was planned; None where there was none, or no plan."""
    since = step.planned_at
    later = (one for one in places if since and one.lane != lane and one.status is Status.SUCCEEDED and one.at > since)
    return max(later, key=lambda one: one.at, default=None)


def _descendants(draft: Draft, index: int) -> list[int]:
    """List a step and all that depends on it, through any distance."""
    found = [index]
    seen = {index}
    for one in found:
        new = [child for child in draft.step(one).children if child not in seen]
        seen.update(new)
        found += new
    return found


def add(desk: Desk, draft: Draft, index: int, hold: Hold, *, also: Container[Status] = ()) -> None:
    """Hold a step that was not sent, or is in a status of `also`, unless that very hold is on it or was released."""
    step = draft.step(index)
    own = own_status(step)
    known = (*step.holds, *(release.hold for release in step.released))
    if (own is None or own in also) and step.calls and hold not in known:
        draft.put(replace(step, holds=(*step.holds, replace(hold, since=desk.now))))
        desk.note("hold", hold.sentence, draft, index)
        desk.show()


def overrun(desk: Desk, event: Overrun) -> None:
    """Offer a newer commit again over which an older one is applied by a re-run."""
    draft = next((one for one in desk.drafts if one.rollout.id == event.rollout_id), None)
    index = draft.find(event.instance) if draft is not None else None
    if draft is None or index is None or not is_sent(draft.step(index)):
        desk.say("there is nothing to apply again")
        return
    own = own_status(draft.step(index))
    if own is not Status.SUCCEEDED:
        desk.say(f"{event.instance} is {own}, so it is not offered again")
        return
    draft.retire(index)
    step = draft.step(index)
    hold = Hold(HoldKind.OVERRUN, event.sentence, desk.now)
    # The same may happen twice, and then an earlier approval says nothing.
    released = tuple(one for one in step.released if one.hold != hold)
    draft.put(replace(step, holds=(*step.holds, hold), released=released))
    desk.note("hold", hold.sentence, draft, index)
    desk.say(f"{event.instance} is offered again")
    desk.show()
