"""One instance, one apply at a time, in merge order; never an older commit over a newer one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from bot.domain.graph import Instance
from bot.domain.locks import Lock
from bot.domain.model import OPEN, Heir, Rollout, Status, Step
from bot.domain.rollout import Draft, Walk, is_pending, own_status, passes, was_sent
from bot.domain.standing import bars, is_passed_over

#: Positions of one history of a base branch lie within so many; one that was rewritten begins a new stretch.
STRETCH = 1_000_000_000
#: What goes no further by itself: something newer may supersede it.
_YIELDS = frozenset({None, Status.FAILED, Status.TIMED_OUT, Status.CANCELLED, Status.MANUAL})


@dataclass(frozen=True, slots=True)
class Anchor:
    """The latest commit of a base branch whose position is known."""

    sha: str
    position: int


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a commit stands in the order of its base branch, counted from an anchor (none: it is the first)."""

    position: int
    anchor: Anchor | None


@dataclass(frozen=True, slots=True)
class Place:
    """What one rollout does to an instance."""

    rollout_id: int
    lane: str
    name: str  # for people: "#41", "release v1"
    branch: str
    position: int
    status: Status | None  # the step's own; None where it was not sent
    sent: bool  # a run of it exists, or may exist
    goes: bool  # it was not sent, but goes by itself: nothing but time, order and cap keeps it
    at: float  # when it ended; 0 while it has not
    destroys: bool = False

    @property
    def busy(self) -> bool:
        """Whether the instance is being changed, or may be."""
        return self.sent and (self.status in OPEN or self.status is Status.HELD)

    @property
    def title(self) -> str:
        """Name for people what was done, as in "after …"."""
        return f"the destroy by {self.name}" if self.destroys else self.name


@dataclass(frozen=True, slots=True)
class Expected:
    """A merge whose affected stacks are on their way, and what its plan was about."""

    lane: str
    name: str
    branch: str
    position: int
    instances: frozenset[Instance]
    until: float  # when nobody waits for it any more


@dataclass(frozen=True, slots=True)
class Standing:
    """Something that is known to depend on what is to be destroyed, and is there; by whose run it is, where known."""

    instance: Instance
    lane: str
    name: str
    to_come: bool = False  # a newer rollout is to apply it


@dataclass(frozen=True, slots=True)
class Destroying:
    """An instance that is being destroyed, and what must not be applied meanwhile: what depends on it."""

    rollout_id: int
    lane: str
    instance: Instance
    below: frozenset[Instance]


def position(anchor: Anchor | None, *, ahead: int, behind: int) -> int:
    """Give a commit its place, from how many commits it is ahead of the anchor and behind it.

    Where it is both, the branch was rewritten: what comes from now on is newer than all before. See `lost`, too.
    """
    if anchor is None:
        return STRETCH
    if ahead and behind:
        return (anchor.position // STRETCH + 1) * STRETCH
    return anchor.position + ahead - behind


def lost(anchor: Anchor) -> int:
    """Give a place to a commit that a rewritten branch has lost, and of which is heard only now: before all of now."""
    return anchor.position // STRETCH * STRETCH - 1


def _later(one: Place, rollout: Rollout, *, destroys: bool) -> bool:
    """Tell whether a place is of a newer commit; of one commit the later of an apply and a destroy is the newer.

    What a label or the like applies has no place among merges, but what its own pull request does later is newer.
    """
    if not rollout.position:
        return one.lane == rollout.lane and one.rollout_id > rollout.id
    if one.branch != rollout.branch:
        return False
    turned = one.destroys is not destroys and one.position == rollout.position and one.rollout_id > rollout.id
    return one.position > rollout.position or turned


def earlier(one: Place | Expected, rollout: Rollout) -> bool:
    """Tell whether a place is of an older commit of the rollout's branch."""
    return one.branch == rollout.branch and 0 < one.position < rollout.position


def overtaker(rollout: Rollout, places: Iterable[Place], *, destroys: bool = False) -> Place | None:
    """Find the newest commit that was sent for an instance after which this rollout's is too old.

    `destroys` tells whether this rollout destroys the instance. What was destroyed at a commit is not applied again
    by an older rollout of that commit, nor the other way round. What a label applies yields also to what was not sent.
    """
    sent = (place for place in places if place.sent or not rollout.position)
    later = (place for place in sent if _later(place, rollout, destroys=destroys))
    return max(later, key=lambda place: (place.position, place.rollout_id), default=None)


def overtakes(rollout: Rollout, place: Place, *, destroys: bool) -> bool:
    """Tell whether a place is too old once this rollout's step of the same instance is sent."""
    if earlier(place, rollout):
        return True
    same = place.branch == rollout.branch and place.position == rollout.position > 0
    return same and place.destroys is not destroys and place.rollout_id < rollout.id


def first(rollout: Rollout, places: Iterable[Place]) -> Place | None:
    """Find what an apply must let go first: whatever is being applied there, then what was merged before and will go.

    What is held, locked, failed or blocked does not go by itself, and lets newer ones pass.
    """
    others = [place for place in places if place.rollout_id != rollout.id]
    busy = next((place for place in others if place.busy), None)
    before = (place for place in others if place.goes and earlier(place, rollout))
    return busy or min(before, key=lambda place: place.position, default=None)


def awaited(rollout: Rollout, instance: Instance, expected: Iterable[Expected]) -> Expected | None:
    """Find an earlier merge that had planned an instance and whose affected stacks are on their way."""
    return next((one for one in expected if earlier(one, rollout) and instance in one.instances), None)


def in_use(instance: Instance, places: Iterable[Place], expected: Iterable[Expected]) -> str:
    """Name who is on an instance now, goes by itself, or has merged it and not told what of it; empty for nobody."""
    busy = next((place.name for place in places if place.busy or place.goes), "")
    return busy or next((one.name for one in expected if instance in one.instances), "")


def follow(draft: Draft, places: Mapping[Instance, tuple[Place, ...]]) -> list[int]:
    """Drop what a newer commit has overtaken, and take over what becomes of that; returns what is newly dropped."""
    dropped = []
    for instance, others in places.items():
        index = draft.find(instance)
        if index is None:
            continue
        step = draft.step(index)
        newer = overtaker(draft.rollout, others, destroys=step.destroys)
        if newer is None:
            continue
        if own_status(step) not in _YIELDS and (own_status(step) is not Status.SUPERSEDED or step.heir is None):
            continue
        heir = Heir(newer.name, newer.lane, newer.rollout_id, newer.status, newer.destroys)
        if step.heir is None:
            dropped.append(index)
        if heir != step.heir:
            draft.put(replace(step, dropped=f"superseded by {newer.title}", heir=heir))
    return dropped


def bring_back(draft: Draft, places: Mapping[Instance, tuple[Place, ...]]) -> list[int]:
    """Undo what was superseded by a newer commit that was kept back before it was sent; returns what that is."""
    back = []
    for instance, others in places.items():
        index = draft.find(instance)
        step = draft.step(index) if index is not None else None
        heir = step.heir if step is not None else None
        if index is None or step is None or heir is None:
            continue
        if overtaker(draft.rollout, others, destroys=step.destroys) is not None:
            continue
        if any(place.rollout_id == heir.rollout_id and not place.sent for place in others):
            draft.put(replace(step, dropped="", heir=None))
            back.append(index)
    return back


def goes(
    walk: Walk, index: int, locks: Mapping[str, Lock], *, fail_fast: bool, known: dict[int, bool] | None = None
) -> bool:
    """Tell whether a step that was not sent goes by itself: neither it nor anything it waits for needs a person.

    `known` keeps what was found out of a walk's steps, so that asking about all of them looks at each once.
    """
    if fail_fast and walk.failed:
        return False
    known = {} if known is None else known
    todo, opened = [index], set()
    while todo:
        step = walk.steps[todo[-1]]
        before = step.parents if own_status(step) is None or is_passed_over(step) else ()
        new = [parent for parent in before if parent not in known]
        if step.index in known or step.index in opened or not new or not _moves(step, locks):
            todo.pop()
            passing = _moves(step, locks) and all(known.get(parent, False) for parent in before)
            barred = passing and step.destroys and any(bars(walk.steps[parent], step) for parent in before)
            known.setdefault(step.index, passing and not barred)
        else:
            opened.add(step.index)
            todo += new
    return known[index]


def _moves(step: Step, locks: Mapping[str, Lock]) -> bool:
    own = own_status(step)
    if own is None:
        return not step.holds and str(step.instance) not in locks
    return passes(step) or own in OPEN or is_pending(step)


def destroyed_since(drafts: Iterable[Draft], draft: Draft, step: Step) -> bool:
    """Tell whether a later rollout of the same lane destroys what a step applies: it has, may have, or is to."""
    for later in drafts:
        index = later.find(step.instance) if later.rollout.id > draft.rollout.id else None
        other = later.step(index) if index is not None else None
        if other is not None and other.destroys and (was_sent(other) or own_status(other) is None):
            return True
    return False
