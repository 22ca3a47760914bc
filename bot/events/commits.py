"""The webhooks `merge_group` and `release`, and what the runs that they start upload."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import gidgethub

from bot.domain.claims import Claims
from bot.domain.events import CommitEnded, CommitTold, CommitUploaded, Upload
from bot.domain.facts import MergeGroupFacts, RunFacts
from bot.domain.heads import applies_on
from bot.domain.lanes import is_release, lane_of_commit, lane_of_release
from bot.domain.model import Commit, Repo
from bot.domain.order import Spot
from bot.domain.pro import Files
from bot.domain.texts import commit, same_commit
from bot.events.context import Context, Finished, Gathered, InLane, Place, decode, repo_of
from bot.events.merges import is_on, spot_on
from bot.events.pull_request import files_for, read_upload
from bot.github import commit_shapes, reads
from bot.github.line import BadAnswer
from bot.store import commits, inbox, pulls, uploads
from bot.store.db import Db
from bot.store.inbox import Row

CHECKS_REQUESTED = "merge_group.checks_requested"
_PUBLISHING = ("published", "released")
_ENDED = {
    "merged": "the pull request was merged",
    "invalidated": "the queue tries the pull request anew, as what it stands on has changed",
    "dequeued": "the pull request left the queue",
}
_FORK = "the pull request comes from a fork, or stands on one that does, and forks are never dispatched"
#: A tag that GitHub does not show after so many attempts is gone.
_ATTEMPTS = 5


def place_merge_group(payload: dict[str, Any], _row: Row, _db: Db) -> Place:
    """Find the lane of the commit that a merge queue made."""
    repo = repo_of(payload)
    if repo is None:
        return Finished("no installation of ours")
    group = commit_shapes.merge_group(payload)
    return InLane(lane_of_commit(repo.id, group.head_sha), repo.id)


async def gather_merge_group(row: Row, ctx: Context) -> Gathered | Finished:
    """Read what is tried for which pull request; a try that has ended goes on only where its branch is there."""
    payload = decode(row)
    repo, group = repo_of(payload) or ctx.repo(row.repo_id or 0), commit_shapes.merge_group(payload)
    lane = lane_of_commit(repo.id, group.head_sha)
    told = Commit(
        lane, repo.id, group.head_sha, group.head_ref, (CHECKS_REQUESTED,), group.base_ref, row.at, pull=group.number
    )
    if group.action == "destroyed":
        ended = _ENDED.get(group.reason, "the queue is done with it")
        return Gathered(CommitEnded(replace(told, ended=ended, merged=group.reason == "merged")))
    if group.action != "checks_requested":
        return Finished(f"merge_group: {group.action}")
    known = commits.get(ctx.db, lane)
    if known is not None and known.ended and not await _stands(ctx, repo, group):
        return Finished("the queue is done with it")
    if await _has_fork(ctx, repo, group):
        return Gathered(CommitTold(replace(told, fork=True, ended=_FORK)))
    return await _with_upload(ctx, repo, CommitTold(told))


async def _stands(ctx: Context, repo: Repo, group: MergeGroupFacts) -> bool:
    """Tell whether the queue's branch is there and stands at this try."""
    try:
        return await reads.commit_of(ctx.github.installation(repo.installation), repo, group.head_ref) == group.head_sha
    except gidgethub.HTTPException as error:
        if error.status_code not in (404, 422):
            raise
        return False


async def _has_fork(ctx: Context, repo: Repo, group: MergeGroupFacts) -> bool:
    """Tell whether a try holds a fork's commits: its own pull request's, or those of the try that it stands on."""
    if inbox.has(ctx.db, "merge_group", lane=lane_of_commit(repo.id, group.base_sha)):
        raise BadAnswer(f"What it stands on, {commit(group.base_sha)}, is to be looked at first.")
    if any(one.fork for one in commits.of_sha(ctx.db, repo.id, group.base_sha)):
        return True
    known = pulls.get(ctx.db, repo.id, group.number)
    if known is not None or not group.number:
        return known is not None and known.fork
    return (await reads.pull(ctx.github.installation(repo.installation), repo, group.number)).fork


def place_release(payload: dict[str, Any], _row: Row, _db: Db) -> Place:
    """Find the lane of a release; only one that is published starts anything."""
    repo = repo_of(payload)
    if repo is None:
        return Finished("no installation of ours")
    told = commit_shapes.release(payload)
    if told.draft or told.action not in _PUBLISHING:
        return Finished(f"release: {told.action}")
    return InLane(lane_of_release(repo.id, told.tag), repo.id)


async def gather_release(row: Row, ctx: Context) -> Gathered | Finished:
    """Read which commit a release is about, and where that stands in the order of an applied branch."""
    payload = decode(row)
    repo, told = repo_of(payload) or ctx.repo(row.repo_id or 0), commit_shapes.release(payload)
    sha = await _tagged(ctx, repo, told.tag, last=row.attempts >= _ATTEMPTS)
    if not sha:
        return Finished(f"there is no tag {told.tag} any more")
    branch, spot = await _standing(ctx, repo, sha, told.target)
    lane, activity = lane_of_release(repo.id, told.tag), f"release.{told.action}"
    now = Commit(lane, repo.id, sha, f"refs/tags/{told.tag}", (activity,), branch, row.at)
    return await _with_upload(ctx, repo, CommitTold(now, spot))


async def _tagged(ctx: Context, repo: Repo, tag: str, *, last: bool) -> str:
    """Read the commit of a tag; empty where it is gone. Right after it was made GitHub may not show it yet."""
    try:
        return await reads.commit_of(ctx.github.installation(repo.installation), repo, f"tags/{tag}")
    except gidgethub.HTTPException as error:
        if error.status_code not in (404, 422):
            raise
        if last:
            return ""
        raise BadAnswer(f"GitHub does not show the tag {tag} yet.") from None


async def _standing(ctx: Context, repo: Repo, sha: str, target: str) -> tuple[str, Spot | None]:
    """Find an applied branch that a released commit is on, and its place there."""
    gh = ctx.github.installation(repo.installation)
    for branch in dict.fromkeys((repo.default_branch, target)):
        if not branch or not applies_on(branch, repo.default_branch, ctx.rules.apply_branches):
            continue
        if await is_on(gh, repo, sha, branch):
            return branch, await spot_on(ctx, repo, branch, sha)
    return "", None


async def _with_upload(ctx: Context, repo: Repo, event: CommitTold) -> Gathered:
    """Add the last upload of this very commit, where there is one, and the workflow files that it names."""
    now = event.commit
    kept = uploads.last(ctx.db, now.lane)
    if kept is None or not same_commit(kept[0], now.sha):
        return Gathered(event)
    upload = await asyncio.to_thread(read_upload, kept[2], kept[1])
    return Gathered(replace(event, upload=upload), await _files(ctx, repo, now, upload))


async def gather_upload(
    ctx: Context, repo: Repo, now: Commit, bodies: list[bytes], at: float, claims: Claims | None
) -> Gathered:
    """Read the upload of a commit without a pull request, and the workflow files that it names."""
    upload = replace(await asyncio.to_thread(read_upload, bodies, at), claims=claims)
    names = (claims.workflow_file,) if claims is not None and claims.workflow_file else None
    running = pulls.running_workflows(ctx.db, now.lane, now.sha)
    uploaders = names or (tuple(running) if len(running) == 1 else ())
    return Gathered(CommitUploaded(upload), await _files(ctx, repo, now, upload), tuple(bodies), uploaders)


async def _files(ctx: Context, repo: Repo, now: Commit, upload: Upload) -> Files:
    """Read the files as they are where they run: at the commit, or on the branch that a group is to be merged into."""
    ref = now.branch if not is_release(now.lane) and ctx.rules.plan_ref == "base" else now.sha
    files: dict[str, Any] = {}
    for activity in now.activities:
        files |= await files_for(ctx, repo, upload, activity, ref)
    return files


def lane_of_claims(repo_id: int, claims: Claims | None) -> str:
    """Name the lane of the commit that a run is for; empty for a run of anything but a merge queue or a release."""
    if claims is not None and claims.event == "merge_group":
        return lane_of_commit(repo_id, claims.sha)
    if claims is not None and claims.event == "release" and claims.tag:
        return lane_of_release(repo_id, claims.tag)
    return ""


def lane_of_run(repo_id: int, run: RunFacts) -> str:
    """Name the lane of the commit that a run is for, as a webhook tells it."""
    if run.event == "merge_group":
        return lane_of_commit(repo_id, run.head_sha)
    return lane_of_release(repo_id, run.head_branch) if run.event == "release" else ""
