"""What `retry`, `apply` and `replan` share: instances that go again, and why others are left as they are."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, field, replace

from bot.domain import order
from bot.domain.commands.asked import Asked, Refused, above, below, listed, steered
from bot.domain.commands.words import Answer, Role
from bot.domain.desk import Desk
from bot.domain.extending import was_refused
from bot.domain.lanes import is_server_run
from bot.domain.model import OPEN, Status, Step
from bot.domain.pro import DELETED, Phase
from bot.domain.rollout import Draft, own_status
from bot.domain.states import State, states

FAILED = frozenset({Status.FAILED, Status.TIMED_OUT})
#: As many reasons are told; the rest is counted.
_TOLD = 4
_TO_COME = frozenset({*OPEN, Status.WAITING, Status.READY, Status.HELD})
_BY_ITSELF = "goes by itself once nothing keeps it"


def worked(desk: Desk, phase: Phase | None = None, *, having: Container[Status | None] = ()) -> Draft:
    """Find the rollout of which something is to go again: as `steered`, but the newest that has what it is about.

    Raises Refused where nothing may go again.
    """
    draft = _newest(desk, steered(desk, phase), having)
    pull, commit = desk.pull, desk.commit
    if commit is not None and commit.ended:
        raise Refused(f"Nothing more of it is done: {commit.ended}.")
    # What the closing itself starts is worked after it.
    if pull is not None and not pull.open and not pull.merged and draft.rollout.activity != "pull_request.closed":
        raise Refused("It is closed, and nothing of it is worked any more. Reopen it to begin again.")
    return draft


def _newest(desk: Desk, newest: Draft, having: Container[Status | None]) -> Draft:
    """Find the newest rollout with steps of such statuses; else the one that is given."""
    same = [
        one
        for one in desk.drafts
        if not one.rollout.superseded_by
        and one.rollout.phase is newest.rollout.phase
        and one.rollout.activity != DELETED
    ]
    found = (one for one in same if any(own_status(step) in having for step in one.now().steps))
    return max(found, key=lambda one: one.rollout.id, default=newest)


@dataclass(slots=True)
class Again:
    """Collects for one command what goes again, and why the rest does not."""

    desk: Desk
    asked: Asked
    draft: Draft
    found: list[State] = field(init=False)
    going: list[int] = field(default_factory=list)
    left: dict[str, list[int]] = field(default_factory=dict)
    _under_way: frozenset[int] = field(init=False)  # and all that this depends on

    def __post_init__(self) -> None:
        self.found = states(self.draft.now())
        busy = [index for index, state in enumerate(self.found) if state.status in OPEN]
        self._under_way = frozenset(above(self.draft, busy))

    def status(self, index: int) -> Status:
        """Tell what a step showed when the command began."""
        return self.found[index].status

    def leave(self, index: int, reason: str) -> None:
        """Leave a step as it is, for a reason that is put in brackets behind its name."""
        self.left.setdefault(reason, []).append(index)

    def take(self, index: int, *, in_full: bool) -> None:
        """Have a step go again whose status allows it, unless something else forbids it; `in_full` as `named` tells."""
        reason = self._forbids(self.draft.step(index), in_full=in_full)
        if reason:
            self.leave(index, reason)
            return
        self.going.append(index)

    def explain(self, index: int) -> None:
        """Leave a step as it is because of what it is doing."""
        self.leave(index, _standing(self.draft, self.draft.step(index), self.found[index]))

    def answer(self, nothing: str) -> Answer:
        """Have all that was taken go again, in its order; raises Refused with `nothing` and the reasons for none."""
        told = [f"{listed(self.draft, indexes)} ({reason})" for reason, indexes in self.left.items()]
        more = len(told) - _TOLD
        rest = "; ".join(told[:_TOLD]) + (f"; and more for {more:,} other reasons" if more > 0 else "")
        if not self.going:
            raise Refused(f"{nothing}: {rest}." if rest else f"{nothing}.")
        for index in self.going:
            self.draft.retire(index)
            self.desk.note(self.asked.command.name, f"was {self.status(index)}", self.draft, index, actor=self.asked.by)
        self._keep_order()
        goes = "goes" if len(self.going) == 1 else "go"
        said = [f"{listed(self.draft, self.going)} {goes} again."]
        if self.desk.pull is not None and self.desk.pull.paused:
            said.append("The pull request is paused: `/atmos unpause` lets it go on.")
        if held := [index for index in self.going if self.draft.step(index).holds]:
            how = "; `/atmos approve` lets it go" if self.draft.rollout.pull else ""
            said.append(f"Held as before: {listed(self.draft, held)}{how}.")
        if rest:
            said.append(f"Left as it is: {rest}.")
        return Answer(True, " ".join(said))

    def _keep_order(self) -> None:
        """Have what goes wait for what goes before it, also where all between the two has succeeded already."""
        early = [*self.going, *(index for index, state in enumerate(self.found) if state.status in _TO_COME)]
        late = [*self.going, *(step.index for step in self.draft.now().steps if own_status(step) is None)]
        behind_going = set(below(self.draft, self.going)).intersection(above(self.draft, late))
        before_going = set(above(self.draft, self.going)).intersection(below(self.draft, early))
        for index in sorted(behind_going | before_going):
            step = self.draft.step(index)
            if own_status(step) is Status.SUCCEEDED:
                self.draft.put(replace(step, outdated=True))

    def _forbids(self, step: Step, *, in_full: bool) -> str:
        """Say what forbids that a step goes again whatever its status is; empty where nothing does."""
        if unread := self.asked.event.unread.intersection(sent.id for sent in step.dispatches):
            return f"{len(unread):,} of its runs could not be read: too many at once, so say it again for them"
        if self.draft.rollout.phase is not Phase.APPLY:
            return ""
        if step.heir is not None:
            return step.dropped
        others = self.desk.facts.places.get(step.instance, ())
        newer = order.overtaker(self.draft.rollout, others, destroys=step.destroys)
        if newer is not None:
            return f"superseded by {newer.title}, which is newer"
        if self.draft.rollout.activity == DELETED:
            how = "`/atmos destroy`" if self.draft.rollout.pull else "`switchyard run --reverse` on the server"
            return f"what is destroyed must be shown anew, as what depends on it may have changed: {how} does that"
        if order.destroyed_since(self.desk.drafts, self.draft, step):
            return "destroyed since, or to be destroyed"
        if step.destroys and not (in_full and self.asked.role >= Role.MAINTAIN):
            return f"it would be destroyed: somebody with the role maintain or admin must name {step.instance} in full"
        if step.index in self._under_way:
            return "what depends on it is being applied: wait for the end of that"
        return ""


def _standing(draft: Draft, step: Step, state: State) -> str:
    """Say what a step is doing that does not go again by a command."""
    status = state.status
    if status is Status.HELD:
        if any(sent.status is Status.HELD and sent.hold is None for sent in step.dispatches):
            return f"in doubt: see whether it ran; if it did not, `/atmos approve {step.instance}` sends it again"
        return "held: `/atmos approve` lets it go"
    if status is Status.SUPERSEDED:
        return step.dropped or "superseded"
    if status is Status.BLOCKED and state.cause is not None:
        return f"blocked by {draft.step(state.cause).instance}, and goes by itself once that has succeeded"
    if status in OPEN:
        return f"{_words(status)}: wait for its end, or `/atmos cancel` it"
    if status is Status.SKIPPED and step.decided is not None:
        how = "apply" if draft.rollout.phase is Phase.APPLY else "replan"
        return f"skipped by {step.decided.by}: `/atmos {how}` has it go after all"
    if status in FAILED:
        return unsent(draft, step.index) or f"{_words(status)}: `/atmos retry` has it go again"
    if status in (Status.WAITING, Status.READY):
        return f"{_words(status)}, and {_BY_ITSELF}"
    return _words(status)


def unsent(draft: Draft, index: int) -> str:
    """Say why a step that failed never had a run, and what to do; empty where it had one, or may go again."""
    step = draft.step(index)
    told = next(sent.reason for sent in step.dispatches) if was_refused(step) else step.problem
    if not told or step.decided is not None or any(sent.run_id for sent in step.dispatches):
        return ""
    if is_server_run(draft.rollout.lane):
        return f"{told.rstrip('.')}: mend that, and start it anew with `switchyard run`"
    what = "mend that, and" if draft.rollout.phase is Phase.APPLY else "mend that and push, or"
    return f"{told.rstrip('.')}: {what} run the affected workflow again"


def _words(status: Status) -> str:
    told = {Status.MANUAL: "left for people", Status.APPROVAL: "waiting for an approval at GitHub"}
    return told.get(status, status.value.replace("_", " "))
