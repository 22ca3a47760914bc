"""The desk where one decision is made: the lane's state to read, and what is decided so far."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from bot.domain.effects import CancelRun, DropRun, Effect, ShowComment
from bot.domain.events import Facts
from bot.domain.model import IN_FLIGHT, OPEN, Dispatch, Pull, Repo, Status
from bot.domain.rollout import Draft, Walk


class Regather(Exception):  # noqa: N818 -- it says what to do
    """The world moved between gathering and deciding: gather again."""


@dataclass(frozen=True, slots=True)
class Lane:
    """What is known of a lane: its pull request, and the rollouts that count now (newest last)."""

    key: str
    repo: Repo
    pull: Pull | None
    walks: tuple[Walk, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """What changes, what is wished, and why in one sentence. Only what changed is named."""

    reason: str
    pull: Pull | None  # None where it stays as it is
    drafts: tuple[Draft, ...]  # changed rollouts, new ones among them
    new: tuple[Draft, ...]
    effects: tuple[Effect, ...]


@dataclass(slots=True)
class Desk:
    """Collects one decision."""

    lane: Lane
    facts: Facts
    now: float
    ids: Callable[[], str]
    pull: Pull | None = field(init=False)
    drafts: list[Draft] = field(init=False)
    new: list[Draft] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.pull = self.lane.pull
        self.drafts = [Draft(walk) for walk in self.lane.walks]

    def say(self, reason: str) -> None:
        """Note why, for people."""
        self.reasons.append(reason)

    def wish(self, effect: Effect) -> None:
        """Wish something done outside."""
        if effect not in self.effects:
            self.effects.append(effect)

    def show(self) -> None:
        """Wish the comment brought up to date, where there is a pull request."""
        if self.pull is not None:
            self.wish(ShowComment(self.pull.number))

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
                self.wish(CancelRun(dispatch.id))

    def decision(self) -> Decision:
        """Close the desk."""
        new = tuple(self.new)
        changed = tuple(draft for draft in self.drafts if draft.dirty or draft in new)
        pull = self.pull if self.pull != self.lane.pull else None
        return Decision("; ".join(self.reasons) or "nothing to do", pull, changed, new, tuple(self.effects))


def flight(draft: Draft) -> int:
    """How many more (or fewer) dispatches hold a place under the cap than before."""
    after = sum(d.status in IN_FLIGHT for step in draft.changed.values() for d in step.dispatches)
    steps = draft.walk.steps
    old = (steps[index] for index in draft.changed if index < len(steps))
    return after - sum(d.status in IN_FLIGHT for step in old for d in step.dispatches)
