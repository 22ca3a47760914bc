"""What must be true when GitHub takes a dispatch in a world where people have things destroyed."""

from __future__ import annotations

from collections.abc import Iterator

from bot.domain.graph import Instance
from tests.model import repository
from tests.model.hub import Hub
from tests.model.saying import FRESH, ROLES
from tests.model.things import Offer, Run, Said


def confirmed(hub: Hub, run: Run) -> str:
    """People destroy nothing without a code that was shown for it and said by a maintainer within 15 minutes, once."""
    if not run.confirmed:
        return ""
    codes = {offer.code for said, offer in _confirmations(hub, run) if _counts(said, offer)}
    same = [one for one in hub.dispatched if one.confirmed and one.target == run.target]
    times = sum(one.instance == run.instance for one in same)
    return f"{run.title} is the destroy number {times}, for {len(codes)} codes" if times > len(codes) else ""


def _confirmations(hub: Hub, run: Run) -> Iterator[tuple[Said, Offer]]:
    """List who may have confirmed a destroy, by whatever right, and what they had seen."""
    for said, offer in hub.saying.confirmations(run.instance):
        if offer.pull.merge_sha == run.target:
            yield said, offer


def _counts(said: Said, offer: Offer) -> bool:
    shown = said.pull is offer.pull and offer.pull.merge_sha.startswith(offer.commit)
    return shown and ROLES[said.by] == "maintain" and said.arrived_at <= offer.at + FRESH


def children_first(hub: Hub, run: Run) -> str:
    """Nothing is destroyed while something that depends on it is there."""
    for child, needs in repository.NEEDS.items():
        if run.destroys and run.instance in needs and not _is_gone(hub, child, run):
            return f"{run.title} is destroyed, and {child} is there"
    return ""


def needs_stay(hub: Hub, run: Run) -> str:
    """Nothing is applied while what it depends on is being destroyed."""
    for parent in repository.NEEDS[run.instance] if run.applies and not run.destroys else ():
        last = _last(hub, parent, run)
        if last is not None and last.destroys and not last.over and last.attempt == 1:
            return f"{run.title} went while {parent} was being destroyed"
    return ""


def _is_gone(hub: Hub, instance: Instance, run: Run) -> bool:
    """Tell whether what was done to an instance last destroyed it, as far as that is known to the bot."""
    last = _last(hub, instance, run)
    return last is not None and last.destroys and last.succeeded()


def _last(hub: Hub, instance: Instance, run: Run) -> Run | None:
    """Find what was done last to an instance. What people did once more at GitHub does not count: they know."""
    done = (one for one in hub.dispatched if one is not run and one.instance == instance and one.applies)
    return max(done, key=lambda one: one.id, default=None)


def stays_destroyed(hub: Hub, run: Run) -> str:
    """What was destroyed at a commit is not applied there any more."""
    if not run.applies or run.destroys:
        return ""
    gone = (one for one in hub.dispatched if one.confirmed and one.target == run.target)
    return f"{run.title} went after it was destroyed" if any(one.instance == run.instance for one in gone) else ""
