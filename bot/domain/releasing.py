"""How people let go what is held."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from bot.domain import pro
from bot.domain.desk import Desk
from bot.domain.effects import StartRun
from bot.domain.events import Approved, Wanted
from bot.domain.graph import Instance
from bot.domain.model import Approval, Dispatch, Hold, HoldKind, Pull, Release, Status
from bot.domain.pro import Phase
from bot.domain.rollout import Draft
from bot.domain.texts import commit


def approved(desk: Desk, event: Approved) -> None:
    """Let go what was held when somebody looked; what is held for another reason since then stays."""
    draft = next((one for one in desk.drafts if one.rollout.id == event.rollout_id), None)
    if draft is None:
        desk.say("the rollout counts no more, so nothing of it is let go")
        return
    desk.show()
    if draft.rollout.phase is Phase.PLAN and desk.pull is not None and not desk.pull.merged:
        _approve_before(desk, draft, event)
    for wanted in event.steps:
        index = draft.find(Instance(wanted.stack, wanted.component))
        if index is not None:
            _release(desk, draft, index, wanted, event.by)


def _approve_before(desk: Desk, draft: Draft, event: Approved) -> None:
    """Note that instances may be applied after the merge, though no plan of theirs succeeded."""
    pull = desk.pull
    if pull is None or pull.head_sha != draft.rollout.sha:
        desk.say("the head has moved, and an approval is for what was shown")
        return
    if is_author(event.by, pull) and not desk.facts.rules.self_approve:
        _refuse(desk, draft, event.by)
        return
    known = {(one.stack, one.component) for one in pull.approved}
    bare = (one for one in event.steps if not one.holds and not one.doubts)
    wanted = [one for one in bare if (one.stack, one.component) not in known]
    made = tuple(Approval(one.stack, one.component, event.by, desk.now) for one in wanted)
    desk.pull = replace(pull, approved=(*pull.approved, *made))
    for one in made:
        index = draft.find(Instance(one.stack, one.component))
        desk.note("approve", f"for the merge of {commit(pull.head_sha)}", draft, index, actor=event.by)
    if made:
        desk.say(f"{event.by} approved {len(made)} for after the merge")


def _release(desk: Desk, draft: Draft, index: int, wanted: Wanted, by: str) -> None:
    step = draft.step(index)
    if is_barred(draft.rollout.phase, by, desk.pull, self_approve=desk.facts.rules.self_approve):
        _refuse(desk, draft, by, index)
        return
    if wanted.doubts:
        _again(desk, draft, index, wanted.doubts, by)
    if not wanted.holds or step.heir is not None:  # what superseded it speaks for it
        return
    ended = tuple(hold for hold in step.holds if hold in wanted.holds and may_release(hold, wanted, by, desk.pull))
    if not ended:
        desk.say(f"{step.instance} has nothing that {by} can let go")
        return
    kept = tuple(hold for hold in step.holds if hold not in ended)
    draft.put(replace(step, holds=kept, released=(*step.released, *(Release(hold, by, desk.now) for hold in ended))))
    for hold in ended:
        desk.note("approve", hold.sentence, draft, index, actor=by)
    desk.say(f"{by} approved {step.instance}")


def _refuse(desk: Desk, draft: Draft, by: str, index: int | None = None) -> None:
    told = f"{by} is the author, and somebody else must approve what this merge holds"
    desk.note("refuse", told, draft, index, actor=by)
    desk.say(told)


def may_release(hold: Hold, wanted: Wanted, by: str, pull: Pull | None) -> bool:
    """Tell whether somebody may end a hold: what is destroyed is named in full, and a stack's approval is another's."""
    if hold.kind is HoldKind.DESTROY:
        return wanted.named
    if hold.kind is HoldKind.STACK and pull is not None:
        return not is_author(by, pull)
    return True


def is_author(by: str, pull: Pull | None) -> bool:
    """Tell whether somebody is the author of a pull request; logins are the same however they are capitalised."""
    return pull is not None and by.casefold() == pull.author.casefold()


def is_barred(phase: Phase, by: str, pull: Pull | None, *, self_approve: bool) -> bool:
    """Tell whether somebody may let go nothing of a rollout: it applies the own change, and another must approve it."""
    return phase is Phase.APPLY and not self_approve and is_author(by, pull)


def _again(desk: Desk, draft: Draft, index: int, doubts: Iterable[str], by: str) -> None:
    """Send what of a step is in doubt again, because somebody says that it did not run.

    It keeps the step's place: nothing else is applied there meanwhile, and its other files are not run once more.
    """
    step = draft.step(index)
    doubtful = [sent for sent in step.dispatches if sent.status is Status.HELD and sent.id in doubts]
    if not doubtful or draft.rollout.superseded_by:
        desk.say(f"the dispatch of {step.instance} is not in doubt any more")
        return
    for sent in doubtful:
        if sent.hold is not None:
            release = Release(Hold(sent.hold, sent.reason), by, desk.now)
            draft.put(replace(draft.step(index), released=(*draft.step(index).released, release)))
        fresh = desk.ids()
        inputs = dict(sent.inputs) | ({pro.DISPATCH_ID: fresh} if pro.DISPATCH_ID in dict(sent.inputs) else {})
        draft.put_dispatch(
            Dispatch(
                id=fresh,
                step=index,
                workflow=sent.workflow,
                inputs=tuple(sorted(inputs.items())),
                status=Status.DISPATCHING,
                created_at=desk.now,
            )
        )
        desk.wish(StartRun(fresh))
        desk.note("dispatch", f"{sent.workflow} as {fresh} for {draft.rollout.activity}", draft, index)
    desk.note("approve", "its dispatch was in doubt, and is sent again", draft, index, actor=by)
    desk.say(f"{by} has {step.instance} sent again")
