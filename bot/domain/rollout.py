"""A rollout's steps: which status each has, what it waits for, and what a change touches.

`Walk` is a rollout with its steps. Decisions are made on a `Draft` over it: the draft reads through to the walk
and keeps what changed apart, so that an event on a large rollout costs what it touches and no more.
"""

from __future__ import annotations

import heapq
from collections.abc import Container, Iterable
from dataclasses import dataclass, field, replace
from itertools import chain

from bot.domain.graph import Instance
from bot.domain.model import Dispatch, Rollout, Step
from bot.domain.standing import bars, failed, is_passed_over, is_pending, is_sent, own_status, passes, was_sent

__all__ = ["Draft", "Walk", "failed", "is_pending", "is_sent", "own_status", "passes", "was_sent"]


@dataclass(slots=True)
class Walk:
    """A rollout in memory: its facts, its steps, and the steps that may go but were not sent yet."""

    rollout: Rollout
    steps: list[Step]
    ready: set[int] = field(default_factory=set)
    by_dispatch: dict[str, int] = field(default_factory=dict)
    #: The steps that failed, timed out or were cancelled, and are not known to have succeeded since.
    failed: set[int] = field(default_factory=set)
    #: The steps that are passed over, but whose children must wait for what these depend on themselves.
    shut: set[int] = field(default_factory=set)
    #: The ready steps as a heap, longest remaining chain first. It may also hold steps that are ready no more.
    queue: list[tuple[int, int]] = field(default_factory=list)
    #: Where, among a step's parents, one was found that has not passed: a good place to look first the next time.
    hints: dict[int, int] = field(default_factory=dict, compare=False)
    #: The steps by the name of their instance; made when it is first asked for.
    names: dict[str, list[int]] = field(default_factory=dict, compare=False)

    @classmethod
    def of(cls, rollout: Rollout, steps: list[Step]) -> Walk:
        """Make a walk from stored facts; finds what is ready by looking at every step once."""
        walk = cls(rollout, steps, shut={step.index for step in steps if is_passed_over(step)})
        draft = Draft(walk)
        draft.spread(walk.shut)
        walk.shut = {index for index in walk.shut if draft.is_shut(index)}
        walk.ready = {step.index for step in steps if draft.may_go(step.index)}
        walk.queue = sorted((-steps[index].chain, index) for index in walk.ready)
        walk.by_dispatch = {dispatch.id: step.index for step in steps for dispatch in step.dispatches}
        walk.failed = {step.index for step in steps if failed(step)}
        return walk

    def apply(self, draft: Draft) -> None:
        """Take over what a draft changed. Call it only after the change is on disk."""
        self.rollout = draft.rollout
        for index, step in sorted(draft.changed.items()):
            if index == len(self.steps):
                self.steps.append(step)
                self.names.clear()
            else:
                for dispatch in self.steps[index].dispatches:
                    self.by_dispatch.pop(dispatch.id, None)
                self.steps[index] = step
            for dispatch in step.dispatches:
                self.by_dispatch[dispatch.id] = index
            (self.failed.add if failed(step) else self.failed.discard)(index)
        for index, shut in draft.shut.items():
            (self.shut.add if shut else self.shut.discard)(index)
        for index in draft.readied - self.ready:
            heapq.heappush(self.queue, (-self.steps[index].chain, index))
        self.ready |= draft.readied
        self.ready -= draft.unreadied

    def named(self, name: str) -> list[int]:
        """Find the steps with this name; two instances may share it, as both parts may contain `/`."""
        if not self.names:
            for step in self.steps:
                self.names.setdefault(str(step.instance), []).append(step.index)
        return self.names.get(name, [])


@dataclass(slots=True)
class Draft:
    """Changes to a walk, not yet made."""

    walk: Walk
    rollout: Rollout = field(init=False)
    changed: dict[int, Step] = field(default_factory=dict)
    touched: set[str] = field(default_factory=set)  # ids of dispatches that are new or changed
    removed: set[str] = field(default_factory=set)  # ids of dispatches that were taken back
    retired: dict[str, Dispatch] = field(default_factory=dict)  # by id: what is not its step's latest any more
    readied: set[int] = field(default_factory=set)
    unreadied: set[int] = field(default_factory=set)
    shut: dict[int, bool] = field(default_factory=dict)  # what of `Walk.shut` is otherwise now

    def __post_init__(self) -> None:
        self.rollout = self.walk.rollout

    def step(self, index: int) -> Step:
        """Read a step as it will be."""
        return self.changed.get(index) or self.walk.steps[index]

    def put(self, step: Step) -> None:
        """Change a step, and see what may go by that."""
        passed = self.passed(step.index)
        self.changed[step.index] = step
        self._refresh(step.index)
        if self.passed(step.index) is not passed:
            self.spread(step.children)

    def spread(self, indexes: Iterable[int]) -> None:
        """See which of these steps may go, and which behind those of them that are passed over."""
        todo = list(indexes)
        for index in todo:
            passed = self.passed(index)
            self._refresh(index)
            if self.passed(index) is not passed:
                todo += self.step(index).children

    def lay(self, step: Step) -> None:
        """Change a step's place in the order, or add a step. After the last one call `settle`."""
        self.changed[step.index] = step

    def settle(self) -> None:
        """See which of the changed steps may go."""
        self.spread(self.changed)

    def put_dispatch(self, dispatch: Dispatch) -> None:
        """Add a dispatch to its step, or change it. A step keeps the latest one of each workflow file."""
        step = self.step(dispatch.step)
        latest = {known.workflow: known for known in step.dispatches} | {dispatch.workflow: dispatch}
        self.touched.add(dispatch.id)
        self.put(replace(step, dispatches=tuple(latest[workflow] for workflow in sorted(latest))))

    def take_back(self, dispatch: Dispatch) -> None:
        """Forget a dispatch whose sending has not begun."""
        step = self.step(dispatch.step)
        self.removed.add(dispatch.id)
        self.touched.discard(dispatch.id)
        self.put(replace(step, dispatches=tuple(known for known in step.dispatches if known.id != dispatch.id)))

    def retire(self, index: int) -> None:
        """Put a step's dispatches, and what was decided of it, behind it, so that it can be sent again."""
        step = self.step(index)
        self.retired.update((dispatch.id, dispatch) for dispatch in step.dispatches)
        before = step.sent_before + is_sent(step)
        self.put(replace(step, dispatches=(), decided=None, sent_before=before, outdated=False))

    def now(self) -> Walk:
        """Read the whole rollout as it will be, to look at and not to keep. Costs every step."""
        count = max(len(self.walk.steps), max(self.changed, default=-1) + 1)
        return Walk(self.rollout, [self.step(index) for index in range(count)])

    def put_rollout(self, rollout: Rollout) -> None:
        """Change the rollout's own facts."""
        self.rollout = rollout

    def dispatch(self, dispatch_id: str) -> Dispatch | None:
        """Find the dispatch with this id, as it will be; None when it is not (or no longer) one of this rollout's."""
        index = self.walk.by_dispatch.get(dispatch_id)
        if index is None:
            return None
        return next((known for known in self.step(index).dispatches if known.id == dispatch_id), None)

    def passed(self, index: int) -> bool:
        """Tell whether this step lets its children go."""
        return passes(self.step(index)) and not self.is_shut(index)

    def is_shut(self, index: int) -> bool:
        """Tell whether a step is passed over, but something that it depends on has not passed."""
        return self.shut.get(index, index in self.walk.shut)

    def may_go(self, index: int) -> bool:
        """Tell whether nothing but what is shared keeps this step: it is neither sent nor held, and all parents passed.

        What is shared is the cap, the pace, the order of applies, locks and the like.
        """
        if self.rollout.superseded_by or self.step(index).holds or own_status(self.step(index)) is not None:
            return False
        step = self.step(index)
        first = self.walk.hints.get(index, 0)
        for place in chain(range(first, len(step.parents)), range(first)):
            parent = step.parents[place]
            if not self.passed(parent) or bars(self.step(parent), step):
                self.walk.hints[index] = place
                return False
        return True

    def is_ready(self, index: int) -> bool:
        """Tell whether a step is among those that may go."""
        return index in self.readied or (index in self.walk.ready and index not in self.unreadied)

    def next_ready(self, wanted: int, kept: Container[int] = ()) -> list[int]:
        """Name the ready steps that go first, without those `kept`: longest remaining chain, then the upload order."""
        new = (index for index in self.readied - self.walk.ready if index not in kept)
        fresh = [(-self.step(index).chain, index) for index in new]
        taken: list[tuple[int, int]] = []
        seen: set[tuple[int, int]] = set()
        while self.walk.queue and len(taken) < wanted:
            entry = heapq.heappop(self.walk.queue)
            # A step that was ready, was not, and is again stands in the queue twice.
            if entry[1] not in self.walk.ready or entry in seen:
                continue
            seen.add(entry)
            if entry[1] not in self.unreadied and entry[1] not in kept:
                taken.append(entry)
        # Nothing is taken out before it is on disk: what was looked at goes back.
        for entry in seen:
            heapq.heappush(self.walk.queue, entry)
        return [index for _, index in heapq.nsmallest(wanted, [*fresh, *taken])]

    def find(self, instance: Instance) -> int | None:
        """Find the step of an instance."""
        for index in self.walk.named(str(instance)):
            if self.walk.steps[index].instance == instance:
                return index
        new = (index for index in self.changed if index >= len(self.walk.steps))
        return next((index for index in new if self.changed[index].instance == instance), None)

    @property
    def failed(self) -> int | None:
        """A step that failed, timed out or was cancelled, and has not succeeded since; None where none did."""
        now = (index for index, step in self.changed.items() if failed(step))
        before = (index for index in self.walk.failed if index not in self.changed)
        return next(chain(now, before), None)

    @property
    def ready_count(self) -> int:
        """How many steps may go; costs what changed, not what is there."""
        gone = sum(1 for index in self.unreadied if index in self.walk.ready)
        new = sum(1 for index in self.readied if index not in self.walk.ready)
        return len(self.walk.ready) + new - gone

    @property
    def unsent(self) -> bool:
        """Whether something of it was not sent, whatever keeps it. Looks at every step."""
        return any(own_status(self.step(step.index)) is None for step in self.walk.steps)

    @property
    def dirty(self) -> bool:
        return bool(self.changed) or self.rollout is not self.walk.rollout

    def _refresh(self, index: int) -> None:
        step = self.step(index)
        shut = is_passed_over(step) and not all(self.passed(parent) for parent in step.parents)
        if shut is not self.is_shut(index):
            self.shut[index] = shut
        if self.may_go(index):
            self.readied.add(index)
            self.unreadied.discard(index)
        else:
            self.unreadied.add(index)
            self.readied.discard(index)
