"""How a plan or an apply ended (`instance_status`), as the CLI tells it.

The call names an instance but no run, commit or pull request, and of a component with slashes only the last part. A
session says which run it is: the status is its dispatch's, and one of a run that is none of ours is nobody's, for it
ran elsewhere, whatever its instance is called. Only a key, which says nothing, is matched by names.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from bot.domain.claims import Claims
from bot.domain.events import StatusReported
from bot.domain.graph import Instance
from bot.domain.model import Dispatch
from bot.domain.pro import Phase
from bot.events.context import Context, Finished, Gathered, InLane, Moved, Parked, Place
from bot.store import named, rollouts
from bot.store.db import Db
from bot.store.inbox import Row
from bot.store.named import Named
from bot.store.rollouts import Placed

#: The kind of input. GitHub has a webhook called `status`, about commits.
KIND = "instance_status"
#: The clock of the machine that ran it may differ by this much, in seconds.
_SKEW = 60.0
#: How long ago the last news of a run may be, in seconds, for a status without a run to be its.
_RECENT = 3600.0


class Told(msgspec.Struct, frozen=True):
    """A status as it lies in the inbox."""

    stack: str
    component: str  # or only its last part
    command: Literal["plan", "apply"]
    exit_code: int
    at: float  # when it ended
    claims: Claims | None = None  # of the run that told it; None for a key


_told = msgspec.json.Decoder(Told)


def place(_payload: dict[str, Any], row: Row, db: Db) -> Place:
    """Find the dispatch that it is about."""
    found = _find(db, row, _told.decode(row.body))
    return InLane(found.lane, found.repo_id) if isinstance(found, Placed) else found


async def gather(row: Row, ctx: Context) -> Gathered | Moved:
    """Find the dispatch again, as things are by now."""
    told = _told.decode(row.body)
    found = _find(ctx.db, row, told)
    if not isinstance(found, Placed):
        return Moved(found)
    if found.lane != row.lane:
        return Moved(InLane(found.lane, found.repo_id))
    attempt = told.claims.attempt if told.claims else 0
    return Gathered(StatusReported(found.dispatch.id, told.command, told.exit_code, told.at, attempt))


def _find(db: Db, row: Row, told: Told) -> Placed | Parked | Finished:
    repo_id = row.repo_id or 0
    if told.claims is None:
        return _by_names(db, repo_id, told, row.at)
    return _by_run(db, repo_id, told, told.claims)


def _by_run(db: Db, repo_id: int, told: Told, claims: Claims) -> Placed | Parked | Finished:
    placed = rollouts.find_run(db, claims.run_id)
    if placed is not None and placed.repo_id == repo_id:
        instance = named.instance(db, placed)
        if instance is not None and _fits(instance, told):
            return placed
        return Finished(f"run {claims.run_id} was started for {instance}, not for {told.stack}/{told.component}")
    if claims.event == "workflow_dispatch" and rollouts.expects(db, repo_id, claims.workflow_file):
        # The answer to our dispatch, which names the run, may be on its way still.
        return Parked(f"run:{claims.run_id}", repo_id, "it may be of a run of ours whose start is not confirmed yet")
    return Finished(f"run {claims.run_id} is none of ours")


def _fits(instance: Instance, told: Told) -> bool:
    last = instance.component.rpartition("/")[2]
    return instance.stack == told.stack and told.component in (instance.component, last)


def _by_names(db: Db, repo_id: int, told: Told, received_at: float) -> Placed | Finished:
    """Find the only dispatch that can be meant, one in flight before one that has ended."""
    phase = Phase.PLAN if told.command == "plan" else Phase.APPLY
    asked = db, repo_id, told.stack, told.component, phase
    meant = _meant(named.in_flight(*asked), told) or _meant(named.heard_of(*asked, since=received_at - _RECENT), told)
    if len(meant) == 1:
        return meant[0].placed
    what = f"{phase} of {told.stack}/{told.component}"
    if not meant:
        return Finished(f"no {what} was under way then")
    return Finished(
        f"{len(meant)} runs may have told how a {what} ended, and a key does not say which it was; a workflow that has "
        "`id-token: write` and no key does"
    )


def _meant(found: list[Named], told: Told) -> list[Named]:
    """Leave those that were going on then; of these those of exactly this name, and those that count, where any are."""
    going = [one for one in found if _went_on(one.placed.dispatch, told.at)]
    exact = [one for one in going if one.component == told.component] or going
    return [one for one in exact if one.current] or exact


def _went_on(sent: Dispatch, at: float) -> bool:
    """Tell whether the run of a dispatch may have been going on at a time."""
    return sent.created_at - _SKEW <= at and (not sent.finished_at or at <= sent.finished_at + _SKEW)
