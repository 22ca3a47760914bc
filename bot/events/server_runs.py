"""What people start on the server: `switchyard run` leaves it here, and GitHub is asked about its commit."""

from __future__ import annotations

from functools import partial
from typing import Any

import gidgethub
import msgspec

from bot.domain import destroys, layout
from bot.domain.events import RunWanted
from bot.domain.heads import applies_on
from bot.domain.lanes import is_server_run, lane_of_server_run, name_of_lane
from bot.domain.model import Commit, Repo, ServerRun, Status
from bot.domain.pro import DELETED, Phase, phase
from bot.domain.server_runs import FRESH, graph_of
from bot.domain.states import count, states, unfinished
from bot.domain.texts import same_commit
from bot.events.context import Context, Finished, Gathered
from bot.events.merges import is_on, spot_on
from bot.github import reads
from bot.store import inbox, meta, places, rollouts, shared, uploads
from bot.store.db import Db
from bot.store.inbox import Row

KIND = "run_wanted"


def put(db: Db, repo_id: int, wanted: ServerRun, guid: str) -> str:
    """Hand what somebody wants to a lane of its own; returns the lane."""
    lane = lane_of_server_run(repo_id, meta.count(db, meta.SERVER_RUNS))
    inbox.put(db, KIND, msgspec.json.encode(wanted), now=wanted.at, guid=guid, repo_id=repo_id, lane=lane)
    return lane


async def gather(row: Row, ctx: Context) -> Gathered | Finished:
    """Find the commit and its place in an applied branch, and read the workflow files there."""
    wanted = msgspec.json.decode(row.body, type=ServerRun)
    repo = ctx.repo(row.repo_id or 0)
    if ctx.now() - wanted.at > FRESH:
        return Gathered(RunWanted(wanted, None))
    sha = await _whole(ctx, repo, wanted.sha)
    if not sha:
        told = f"GitHub knows no commit {wanted.sha} in {repo.full_name}, or several that begin so. Give its whole id."
        return Gathered(RunWanted(wanted, None, refused=told))
    branch = await _branch(ctx, repo, sha)
    if not branch:
        told = (
            f"The commit {wanted.sha} is neither on {repo.default_branch} nor on another branch to which a merge was "
            "applied here. Merge it first, or name a commit that is."
        )
        return Gathered(RunWanted(wanted, None, refused=told))
    now = Commit(row.lane or "", repo.id, sha, branch, (wanted.activity,), branch, row.at, by=wanted.by)
    event = RunWanted(wanted, now, await spot_on(ctx, repo, branch, sha))
    return Gathered(event, await _files(ctx, repo, wanted, branch))


async def _whole(ctx: Context, repo: Repo, sha: str) -> str:
    """Find the whole id of a commit; empty where there is none, or the id is that of several."""
    try:
        found = await reads.commit_of(ctx.github.installation(repo.installation), repo, sha)
    except gidgethub.HTTPException as error:
        if error.status_code not in (404, 409, 422):
            raise
        return ""
    return found if found.startswith(sha) else ""  # else it is the name of a branch


async def _branch(ctx: Context, repo: Repo, sha: str) -> str:
    """Find an applied branch that has a commit: the default branch, or another one with merges that are known."""
    gh = ctx.github.installation(repo.installation)
    for branch in dict.fromkeys((repo.default_branch, *sorted(shared.anchors(ctx.db, repo.id)))):
        if applies_on(branch, repo.default_branch, ctx.rules.apply_branches) and await is_on(gh, repo, sha, branch):
            return branch
    return ""


async def _files(ctx: Context, repo: Repo, wanted: ServerRun, branch: str) -> dict[str, Any]:
    known = uploads.recall(ctx.db, repo.id)
    instances = [one for one in wanted.instances if one in known]
    graph = graph_of(known, instances, destroys=wanted.destroys)
    names = destroys.workflows_of(graph, known) | layout.workflows_of(graph, wanted.activity)
    return dict(await ctx.files.read(ctx.github.installation(repo.installation), repo, names, branch))


def in_the_way(db: Db, repo_id: int, wanted: ServerRun) -> str:
    """Say which earlier run does the same, or the opposite, and is not through; empty where none does.

    Call it in the transaction that puts it.
    """
    for lane, other in _waiting(db, repo_id):
        if other.destroys != wanted.destroys and not set(wanted.instances).isdisjoint(other.instances):
            return f"{name_of_lane(lane)} is to do the opposite. Wait for that."
    if lane := _twin(db, repo_id, wanted):
        return f"{name_of_lane(lane)} does the same, and is not through yet."
    if wanted.destroys or phase(wanted.activity) is not Phase.APPLY:
        return ""  # whether a destroy may begin is decided when it does
    for walk in places.unfinished(db, repo_id, DELETED, get=partial(rollouts.load, db)):
        gone = {step.instance for step in walk.steps}.intersection(wanted.instances)
        if gone and unfinished(count(states(walk))):
            return f"{name_of_lane(walk.rollout.lane)} destroys `{min(gone)}`. Wait for that."
    return ""


def _waiting(db: Db, repo_id: int) -> list[tuple[str, ServerRun]]:
    rows = inbox.waiting(db, KIND, repo_id=repo_id)
    return [(row.lane or "", msgspec.json.decode(row.body, type=ServerRun)) for row in rows]


def _twin(db: Db, repo_id: int, wanted: ServerRun) -> str:
    for lane, other in _waiting(db, repo_id):
        if (other.activity, other.shown) == (wanted.activity, wanted.shown) and same_commit(other.sha, wanted.sha):
            return lane
    for walk in rollouts.of_sha(db, repo_id, wanted.sha):
        if not is_server_run(walk.rollout.lane) or walk.rollout.superseded_by:
            continue
        found = count(states(walk))
        same = (walk.rollout.activity, walk.rollout.content) == (wanted.activity, wanted.shown)
        if same and unfinished(found) + found[Status.HELD]:
            return walk.rollout.lane
    return ""
