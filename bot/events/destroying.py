"""What must be read before anything is destroyed because somebody says so."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from bot.domain import destroying
from bot.domain.events import Commanded, Upload
from bot.domain.facts import PullFacts
from bot.domain.lanes import lane_of_pull
from bot.domain.model import Repo
from bot.domain.texts import same_commit
from bot.events.context import Context, Gathered
from bot.events.pull_request import read_upload
from bot.store import rollouts, uploads


async def with_destroys(ctx: Context, repo: Repo, event: Commanded, now: PullFacts) -> Gathered:
    """Add what the merge's upload said, and the workflow files by which what is known of it would be destroyed."""
    lane = lane_of_pull(repo.id, now.number)
    upload = await _of_merge(ctx, lane, now)
    instances = {step.instance for walk in rollouts.of_lane(ctx.db, lane) for step in walk.steps}
    remembered = uploads.recall(ctx.db, repo.id, instances, below=True)
    graph = destroying.known(remembered, upload.graph if upload is not None else None)
    gh = ctx.github.installation(repo.installation)
    files = await ctx.files.read(gh, repo, destroying.workflows_of(graph), now.base_ref)
    return Gathered(replace(event, upload=upload), files)


async def _of_merge(ctx: Context, lane: str, now: PullFacts) -> Upload | None:
    """Read what was uploaded last for a merge; None where nothing is kept of that: what is remembered must do then."""
    kept = uploads.last(ctx.db, lane)
    if kept is None:
        return None
    head_sha, received_at, bodies = kept
    if received_at < now.merged_at and not same_commit(head_sha, now.merge_sha):
        return None
    return await asyncio.to_thread(read_upload, bodies, received_at)
