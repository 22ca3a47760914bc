"""Uploads of affected stacks."""

from __future__ import annotations

import asyncio
from typing import Any

from bot.domain.events import UploadCame
from bot.domain.facts import PullFacts
from bot.domain.heads import HEAD_ACTIONS, applies_on
from bot.domain.joins import Candidate, choose
from bot.domain.model import Repo, lane_of_commit, lane_of_pull
from bot.domain.pro import WorkflowFile
from bot.domain.texts import same_commit
from bot.domain.uploads import MERGED
from bot.events.context import Context, Finished, Gathered, InLane, Moved, Parked, Place
from bot.events.packing import unpack
from bot.events.pull_request import files_for, read_upload
from bot.github import reads
from bot.store import chunks, pulls, rollouts
from bot.store.db import Db
from bot.store.inbox import Row


def place(_payload: dict[str, Any], row: Row, db: Db) -> Place:
    """Find the pull request by the commit; where that is not plain, GitHub is asked."""
    repo_id = row.repo_id or 0
    header, _ = unpack(row.body)
    found = pulls.of_commit(db, repo_id, header.head_sha)
    if len(found) == 1:
        return InLane(lane_of_pull(repo_id, found[0].number), repo_id)
    return InLane(lane_of_commit(repo_id, header.head_sha), repo_id)


def parked_key(repo_id: int, sha: str) -> str:
    """Name what an upload without a pull request waits for."""
    return f"commit:{repo_id}:{sha}"


async def gather(row: Row, ctx: Context) -> Gathered | Finished | Moved:
    """Read the upload, its pull request as it is now, and the workflow files that it names."""
    repo = ctx.repo(row.repo_id or 0)
    gh = ctx.github.installation(repo.installation)
    header, body = unpack(row.body)
    if "#" not in (row.lane or ""):
        candidates = await _candidates(ctx, repo, header.head_sha)
        if candidates:
            number = choose(candidates, base_sha=header.base_sha, received_at=row.at)
            return Moved(InLane(lane_of_pull(repo.id, number), repo.id))
        reason = f"no pull request has the commit {header.head_sha[:7]}"
        return Moved(Parked(parked_key(repo.id, header.head_sha), repo.id, reason))
    bodies = [body]
    if header.batch_id:
        bodies = chunks.bodies(ctx.db, repo_id=repo.id, credential=header.credential, batch_id=header.batch_id)
    number = int((row.lane or "").rpartition("#")[2])
    now = await reads.pull(gh, repo, number)
    upload = await asyncio.to_thread(read_upload, bodies, header.query, row.at)
    files: dict[str, Any] = {}
    if now.merged:
        files = dict(await files_for(ctx, repo, upload, MERGED, now.base_ref))
    elif now.open and not now.fork:
        ref = now.base_ref if ctx.rules.plan_ref == "base" else now.head_sha
        for action in sorted(HEAD_ACTIONS):
            files |= await files_for(ctx, repo, upload, f"pull_request.{action}", ref)
    return Gathered(UploadCame(upload, now), files, tuple(bodies), await _uploaders(ctx, repo, row.lane or "", now))


async def _uploaders(ctx: Context, repo: Repo, lane: str, now: PullFacts) -> tuple[str, ...]:
    """Name the workflow that uploads: the only one of this head that runs, else those that say so in their files."""
    running = pulls.running_workflows(ctx.db, lane, now.head_sha)
    known = pulls.uploaders(ctx.db, repo.id).intersection(running)
    if known or len(running) < 2:
        return tuple(sorted(known)) or tuple(running)
    files = await ctx.files.read(ctx.github.installation(repo.installation), repo, running, now.head_sha)
    return tuple(name for name, file in files.items() if isinstance(file, WorkflowFile) and file.uploads)


async def _candidates(ctx: Context, repo: Repo, sha: str) -> list[Candidate]:
    """Read every pull request that has a commit, as it is now, and whether it waits for an upload."""
    gh = ctx.github.installation(repo.installation)
    numbers = {pull.number for pull in pulls.of_commit(ctx.db, repo.id, sha)}
    numbers.update(await reads.pulls_of_commit(gh, repo, sha))
    found = []
    for number in sorted(numbers):
        now = await reads.pull(gh, repo, number)
        known = pulls.get(ctx.db, repo.id, number)
        current = rollouts.current(ctx.db, lane_of_pull(repo.id, number))
        heads = {rollout.sha for rollout in current if known is not None and rollout.epoch == known.epoch}
        applied = any(rollout.activity == MERGED and rollout.sha == now.merge_sha for rollout in current)
        never = not applies_on(now.base_ref, repo.default_branch, ctx.rules.apply_branches)
        if same_commit(sha, now.head_sha) or same_commit(sha, now.merge_sha):
            found.append(Candidate(now, planned=now.head_sha in heads, applied=applied or never))
    return found
