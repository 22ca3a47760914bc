"""What a run on the server would do, by the rules that the service uses and what the database knows now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache

from bot.cli.simulation import assumed
from bot.domain import keeping, order, server_runs
from bot.domain.desk import Desk, Lane
from bot.domain.events import Facts, Rules, RunWanted
from bot.domain.lanes import lane_of_server_run
from bot.domain.locks import locked_by
from bot.domain.model import Commit, Hold, Repo, ServerRun, Step
from bot.domain.pro import Phase
from bot.domain.rollout import Walk
from bot.domain.texts import commit, same_commit
from bot.store import commits, pulls, rollouts, shared, uploads
from bot.store.db import Db
from renderers.words import clock


class Refused(Exception):  # noqa: N818 - it reads as what happened
    """It would be refused; the text says why, and what to do."""


@dataclass(frozen=True, slots=True)
class _Standing:
    """Where a commit stands in the order of a branch."""

    sha: str
    branch: str
    position: int
    known: bool  # False: it is taken for the newest commit


@dataclass(frozen=True, slots=True)
class Preview:
    """A rollout that was not started yet, and what keeps it."""

    repo: Repo
    wanted: ServerRun
    walk: Walk
    kept: dict[str, list[Step]]  # why some of it does not start at once
    whole: str  # why nothing of it starts now
    placed: bool  # it is known which newer commits were applied


def preview(db: Db, repo: Repo, wanted: ServerRun, rules: Rules, now: float) -> Preview:
    """Work out what would be started; raises Refused."""
    standing = _standing(db, repo, wanted.sha)
    facts = _facts(db, repo, wanted, standing, rules, now)
    lane = lane_of_server_run(repo.id, 0)
    told = Commit(lane, repo.id, standing.sha, standing.branch, (wanted.activity,), standing.branch, now)
    desk = Desk(Lane(lane, repo, None, ()), facts, now, str)
    server_runs.wanted(desk, RunWanted(wanted, replace(told, position=standing.position)))
    if not desk.new:
        raise Refused("; ".join(desk.reasons))
    (draft,) = desk.new
    if draft.rollout.phase is Phase.APPLY:
        order.follow(draft, facts.places)
    whole = keeping.keeping(draft, None, facts, now).whole
    walk = draft.now()
    kept = _kept(walk, facts, now)
    return Preview(repo, wanted, walk, kept, whole.sentence if whole else "", standing.known)


def _standing(db: Db, repo: Repo, sha: str) -> _Standing:
    """Find where a commit stands, as far as it was told; else it is taken for the newest of the default branch."""
    anchors = shared.anchors(db, repo.id)
    for branch, anchor in anchors.items():
        if same_commit(anchor.sha, sha):
            return _Standing(anchor.sha, branch, anchor.position, known=True)
    for pull in pulls.of_commit(db, repo.id, sha):
        if pull.position and same_commit(pull.merge_sha, sha):
            return _Standing(pull.merge_sha, pull.base_ref, pull.position, known=True)
    for one in commits.at(db, repo.id, sha):
        if one.position:
            return _Standing(one.sha, one.branch, one.position, known=True)
    branch = repo.default_branch
    return _Standing(sha, branch, order.position(anchors.get(branch), ahead=1, behind=0), known=not anchors)


def _facts(db: Db, repo: Repo, wanted: ServerRun, standing: _Standing, rules: Rules, now: float) -> Facts:
    load = cache(lambda rollout_id: rollouts.load(db, rollout_id))
    lane, known = lane_of_server_run(repo.id, 0), uploads.recall(db, repo.id)
    facts = shared.facts(db, repo.id, lane, (), rules=rules, now=now, get=load, instances=wanted.instances)
    graph = server_runs.graph_of(known, wanted.instances, destroys=wanted.destroys)
    return replace(
        facts,
        remembered=known,
        planned=shared.planned_at(db, repo.id, standing.sha, before=now),
        files=assumed(graph, wanted.activity, standing.sha),
        next_rollout=rollouts.next_id(db),
    )


def _kept(walk: Walk, facts: Facts, now: float) -> dict[str, list[Step]]:
    found: dict[str, list[Step]] = {}
    for step in walk.steps:
        if step.dropped or not step.calls:
            continue
        for hold in step.holds:
            found.setdefault(_held(hold), []).append(step)
        if (lock := facts.locks.get(str(step.instance))) is not None:
            found.setdefault(locked_by(lock, clock(lock.until, now)), []).append(step)
        place = order.first(walk.rollout, facts.places.get(step.instance, ()))
        if walk.rollout.phase is Phase.APPLY and place is not None:
            found.setdefault(f"goes after {place.name}", []).append(step)
    return found


def _held(hold: Hold) -> str:
    return f"held until somebody approves: {hold.sentence}"


def lines(shown: Preview) -> Iterable[str]:
    """Write what would be started, in which order, by which workflow, and what keeps it."""
    rollout, steps = shown.walk.rollout, shown.walk.steps
    what = "1 instance" if len(steps) == 1 else f"{len(steps):,} instances"
    yield f"{shown.repo.full_name} at {commit(rollout.sha)}, {rollout.activity}: {what}, in this order."
    waves: dict[int, int] = {}
    for step in steps:
        waves[step.index] = 1 + max((waves.get(parent, 0) for parent in step.parents), default=0)
    last = 0
    for step in sorted(steps, key=lambda one: (waves[one.index], one.index)):
        number = waves[step.index]
        yield f"{number if number != last else '':>5}  {_step(steps, step)}"
        last = number
    yield from rollout.notes
    if shown.whole:
        yield f"Nothing of it starts for now: {shown.whole}."
    for why, kept in shown.kept.items():
        yield f"{why[:1].upper()}{why[1:]}:"
        yield f"  {'all of it' if len(kept) == len(steps) else ', '.join(str(one.instance) for one in kept)}"
    if not shown.placed and rollout.phase is Phase.APPLY:
        yield (
            "Where this commit stands in its branch is looked up at GitHub first. To what a newer commit was applied "
            "it is not applied any more."
        )
    yield "Whether the workflow files are there and take these inputs is looked up when it starts."


def _step(steps: list[Step], step: Step) -> str:
    verb = "destroyed by " if step.destroys else ""
    files = ", ".join(call.workflow for call in step.calls)
    after = ", ".join(_near(steps[parent], step) for parent in step.parents)
    said = f"{step.instance}  {verb}{files}" if files else str(step.instance)
    said += f", after {after}" if after else ""
    for why in (step.dropped, step.problem, step.manual):
        said += f"  [{why}]" if why else ""
    return said


def _near(step: Step, beside: Step) -> str:
    """Name an instance shortly where it is in the same stack."""
    same = step.instance.stack == beside.instance.stack
    return step.instance.component if same else str(step.instance)
