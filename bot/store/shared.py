"""The facts that decisions and views need beside a lane's own rollouts: what is shared in a repository."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.domain import holds, review
from bot.domain.events import Facts, Rules
from bot.domain.facts import PullFacts
from bot.domain.graph import Instance
from bot.domain.keeping import Keeping, keeping
from bot.domain.lanes import lane_of_pull, name_of_lane
from bot.domain.model import Pull, Rollout
from bot.domain.order import Anchor, Expected, Standing
from bot.domain.pro import MERGED, Phase
from bot.domain.rollout import Draft, Walk
from bot.store import destroys, freezes, locks, meta, places, pulls, rollouts, waiting
from bot.store.db import Db
from bot.store.destroys import Get

#: For how long after a merge its affected stacks are waited for by later ones, in seconds.
_PATIENCE = 600.0


def facts(
    db: Db,
    repo_id: int,
    lane: str,
    walks: Sequence[Walk],
    *,
    rules: Rules,
    now: float,
    get: Get,
    instances: Iterable[Instance] = (),
) -> Facts:
    """Read what a lane's rollouts share with others. `instances` are looked at beside those that they wait to apply."""
    held = locks.holding(db, repo_id, now)
    applies = [walk.rollout for walk in walks if walk.rollout.phase is Phase.APPLY]
    wanted = set(instances)
    for rollout in applies:
        if places.have_rivals(db, repo_id, rollout):
            wanted.update(places.unsettled(db, rollout.id))
    return Facts(
        rules=rules,
        in_flight=rollouts.in_flight(db, repo_id),
        queues=waiting.others(db, repo_id, lane),
        locks=held,
        frozen=freezes.on(db, repo_id),
        restored_at=meta.get(db, meta.RESTORED_AT),
        places=places.of(db, repo_id, wanted, get=get, locks=held, fail_fast=rules.fail_fast) if wanted else {},
        expected=_expected(db, repo_id, lane, applies, now, get),
        standing=_standing(db, repo_id, walks),
        destroying=destroys.under_way(db, repo_id, get),
        anchors=anchors(db, repo_id),
    )


def _standing(db: Db, repo_id: int, walks: Iterable[Walk]) -> dict[Instance, Standing]:
    found: dict[Instance, Standing] = {}
    for walk in walks:
        if walk.rollout.phase is Phase.APPLY and not walk.rollout.superseded_by:
            found |= destroys.in_the_way(db, repo_id, walk)
    return found


@dataclass(frozen=True, slots=True)
class Look:
    """What is shared, as it shows on a lane's rollouts. Each is by rollout."""

    kept: dict[int, Keeping]
    stale: dict[int, dict[int, str]]
    frozen: str


def look(
    db: Db, repo_id: int, lane: str, walks: Sequence[Walk], pull: Pull | None, *, rules: Rules, now: float, get: Get
) -> Look:
    """Read what keeps the steps of a lane's rollouts, and what was applied to them since they were planned."""
    current = [walk for walk in walks if not walk.rollout.superseded_by]
    rivalled = (walk for walk in current if places.have_rivals(db, repo_id, walk.rollout))
    instances = {step.instance for walk in rivalled for step in walk.steps}
    told = facts(db, repo_id, lane, walks, rules=rules, now=now, get=get, instances=instances)
    return Look(
        {walk.rollout.id: keeping(Draft(walk), pull, told, now) for walk in current},
        {walk.rollout.id: found for walk in walks if (found := review.stale(walk, told.places))},
        told.frozen,
    )


def anchors(db: Db, repo_id: int) -> dict[str, Anchor]:
    """Read the latest commit of each base branch whose position is known."""
    rows = db.rows("SELECT * FROM branches WHERE repo_id = ?", repo_id)
    return {row["name"]: Anchor(row["sha"], row["position"]) for row in rows}


def save_anchor(db: Db, repo_id: int, branch: str, anchor: Anchor) -> None:
    """Keep a commit as the latest of its base branch, unless a later one is known."""
    db.write(
        "INSERT INTO branches (repo_id, name, sha, position) VALUES (?, ?, ?, ?) ON CONFLICT (repo_id, name) "
        "DO UPDATE SET sha = excluded.sha, position = excluded.position WHERE excluded.position > position",
        *(repo_id, branch, anchor.sha, anchor.position),
    )


def _expected(
    db: Db, repo_id: int, lane: str, applies: Sequence[Rollout], now: float, get: Get
) -> tuple[Expected, ...]:
    """Find the merges whose affected run has started and not ended, and which no rollout applies yet."""
    latest = max((rollout.position for rollout in applies), default=0)
    found = []
    for pull in pulls.merged_since(db, repo_id, now - _PATIENCE) if latest else ():
        its = lane_of_pull(repo_id, pull.number)
        if its == lane or not 0 < pull.position < latest or pull.merged_at + _PATIENCE <= now:
            continue
        current = [walk for one in rollouts.ids_of_lane(db, its) if (walk := get(one)) is not None]
        if any(walk.rollout.activity == MERGED for walk in current):
            continue
        if not pulls.awaits_merged_upload(db, repo_id, its, pull.merged_at):
            continue
        planned = {step.instance for walk in current if _shows(walk, pull.head_sha) for step in walk.steps}
        until = pull.merged_at + _PATIENCE
        found.append(Expected(its, name_of_lane(its), pull.base_ref, pull.position, frozenset(planned), until))
    return tuple(found)


def _shows(walk: Walk, head_sha: str) -> bool:
    return walk.rollout.phase is Phase.PLAN and walk.rollout.sha == head_sha


def planned(db: Db, lane: str, pull: Pull | PullFacts, *, before: float, get: Get) -> dict[Instance, float]:
    """Tell which instances a plan of a head, for this base branch, has shown with success by then, and since when."""
    walks = (walk for one in rollouts.ids_of_lane(db, lane) if (walk := get(one)) is not None)
    return _shown(
        (walk for walk in walks if _shows(walk, pull.head_sha) and walk.rollout.branch == pull.base_ref), before
    )


def planned_at(db: Db, repo_id: int, sha: str, *, before: float) -> dict[Instance, float]:
    """Tell which instances any plan at a commit (7 or more digits) has shown with success by then, and since when."""
    return _shown((walk for walk in rollouts.of_sha(db, repo_id, sha) if walk.rollout.phase is Phase.PLAN), before)


def _shown(walks: Iterable[Walk], before: float) -> dict[Instance, float]:
    found: dict[Instance, float] = {}
    for walk in walks:
        for step in walk.steps:
            if (began := holds.succeeded_since(step, before)) is not None:
                found[step.instance] = max(found.get(step.instance, 0.0), began)
    return found
