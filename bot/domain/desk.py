"""The desk where one decision is made: the lane's state to read, and what is decided so far."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from bot.domain.commands.words import Receipt
from bot.domain.effects import CancelRun, DropRun, Effect, ShowCheck, ShowComment
from bot.domain.events import Facts
from bot.domain.locks import Lock, Unlock
from bot.domain.model import IN_FLIGHT, OPEN, Commit, Dispatch, Pull, Repo, Status
from bot.domain.rollout import Draft, Walk


class Regather(Exception):  # noqa: N818 -- it says what to do
    """The world moved between gathering and deciding: gather again."""


@dataclass(frozen=True, slots=True)
class Lane:
    """What is known of a lane: its pull request or commit, and the rollouts that count now (newest last)."""

    key: str
    repo: Repo
    pull: Pull | None
    walks: tuple[Walk, ...]
    commit: Commit | None = None  # of a merge queue or a release


#: Who does what the rules say by themselves.
SWITCHYARD = "switchyard"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the audit: who did what to which step of which rollout, and why."""

    actor: str
    action: str
    cause: str
    rollout_id: int = 0
    instance: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """What changes, what is wished, and why in one sentence. Only what changed is named."""

    reason: str
    pull: Pull | None  # None where it stays as it is
    drafts: tuple[Draft, ...]  # changed rollouts, new ones among them
    new: tuple[Draft, ...]
    effects: tuple[Effect, ...]
    audit: tuple[Entry, ...] = ()
    kept: Mapping[int, int] = field(default_factory=dict)  # by rollout: how many steps could go, but are kept
    behind: frozenset[str] = frozenset()  # the lanes that this one waits for
    commit: Commit | None = None  # as the pull request
    receipts: tuple[Receipt, ...] = ()
    locks: tuple[Lock | Unlock, ...] = ()  # what is locked and unlocked, in this order


@dataclass(slots=True)
class Desk:
    """Collects one decision."""

    lane: Lane
    facts: Facts
    now: float
    ids: Callable[[], str]
    pull: Pull | None = field(init=False)
    commit: Commit | None = field(init=False)
    drafts: list[Draft] = field(init=False)
    new: list[Draft] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    audit: list[Entry] = field(default_factory=list)
    kept: dict[int, int] = field(default_factory=dict)
    behind: set[str] = field(default_factory=set)
    receipts: list[Receipt] = field(default_factory=list)
    locks: list[Lock | Unlock] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.pull = self.lane.pull
        self.commit = self.lane.commit
        self.drafts = [Draft(walk) for walk in self.lane.walks]

    def say(self, reason: str) -> None:
        """Note why, for people."""
        self.reasons.append(reason)

    def wish(self, effect: Effect) -> None:
        """Wish something done outside."""
        if effect not in self.effects:
            self.effects.append(effect)

    def note(
        self, action: str, cause: str, draft: Draft | None = None, index: int | None = None, *, actor: str = SWITCHYARD
    ) -> None:
        """Note for the audit what is done, to a step or to a whole rollout."""
        instance = str(draft.step(index).instance) if draft is not None and index is not None else ""
        self.audit.append(Entry(actor, action, cause, draft.rollout.id if draft is not None else 0, instance))

    def show(self) -> None:
        """Wish the comment brought up to date, and the check run where there is no pull request."""
        number = self.pull.number if self.pull is not None else self.commit.pull if self.commit is not None else 0
        if number:
            self.wish(ShowComment(number))
        if self.commit is not None:
            self.wish(ShowCheck())

    def lock(self, change: Lock | Unlock) -> None:
        """Lock or unlock an instance; what is decided from here on sees it."""
        self.locks.append(change)
        kept = {name: lock for name, lock in self.facts.locks.items() if name != change.name}
        self.facts = replace(self.facts, locks=kept | ({change.name: change} if isinstance(change, Lock) else {}))

    def find(self, dispatch_id: str) -> tuple[Draft, Dispatch] | None:
        """Find a dispatch among the lane's rollouts."""
        for draft in self.drafts:
            dispatch = draft.dispatch(dispatch_id)
            if dispatch is not None:
                return draft, dispatch
        return None

    def supersede(self, draft: Draft, by: str, *, cancel: bool) -> None:
        """End a rollout early: nothing more of it is sent. With `cancel` its runs are cancelled too."""
        if not draft.rollout.superseded_by:
            draft.put_rollout(replace(draft.rollout, superseded_by=by))
            self.note("supersede", by, draft)
        for index in list(draft.walk.by_dispatch.values()):
            for dispatch in draft.step(index).dispatches:
                # One without a run may still turn out to have one, even where it was given up.
                if dispatch.status in OPEN or not dispatch.run_id:
                    self._withdraw(draft, dispatch, cancel=cancel)
        draft.unreadied |= draft.walk.ready
        draft.readied.clear()

    def _withdraw(self, draft: Draft, dispatch: Dispatch, *, cancel: bool) -> None:
        if dispatch.status is Status.DISPATCHING and not dispatch.run_id and dispatch.id not in self.facts.in_air:
            draft.take_back(dispatch)
            self.wish(DropRun(dispatch.id))
        elif cancel:
            # A run that is not known yet is cancelled once it is.
            draft.put_dispatch(replace(dispatch, cancel_wanted=True))
            if dispatch.run_id:
                self.cancel(draft, dispatch)

    def cancel(self, draft: Draft, dispatch: Dispatch) -> None:
        """Have the run of a dispatch cancelled."""
        self.wish(CancelRun(dispatch.id))
        by = dispatch.cancel_by and f"wanted by {dispatch.cancel_by}"
        self.note("cancel", by or draft.rollout.superseded_by or dispatch.warning, draft, dispatch.step)

    def decision(self) -> Decision:
        """Close the desk."""
        new = tuple(self.new)
        changed = tuple(draft for draft in self.drafts if draft.dirty or draft in new)
        pull = self.pull if self.pull != self.lane.pull else None
        return Decision(
            "; ".join(self.reasons) or "nothing to do",
            pull,
            changed,
            new,
            tuple(self.effects),
            tuple(self.audit),
            self.kept,
            frozenset(self.behind - {self.lane.key}),
            self.commit if self.commit != self.lane.commit else None,
            tuple(self.receipts),
            tuple(self.locks),
        )


def flight(draft: Draft) -> int:
    """How many more (or fewer) dispatches hold a place under the cap than before."""
    after = sum(d.status in IN_FLIGHT for step in draft.changed.values() for d in step.dispatches)
    steps = draft.walk.steps
    old = (steps[index] for index in draft.changed if index < len(steps))
    return after - sum(d.status in IN_FLIGHT for step in old for d in step.dispatches)
