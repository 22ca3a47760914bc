"""The webhook `pull_request`, and pull requests that were read again (`pull_read`)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from bot.domain import layout
from bot.domain.events import Commanded, PullChanged, Upload
from bot.domain.facts import PullFacts
from bot.domain.graph import build
from bot.domain.heads import HEAD_ACTIONS
from bot.domain.lanes import lane_of_pull, pull_of_lane
from bot.domain.model import Repo
from bot.domain.pro import Files, Phase, ProProblem, WorkflowFile
from bot.domain.texts import same_commit
from bot.events.context import Context, Finished, Gathered, InLane, Place, decode, repo_of
from bot.events.merges import spot_of
from bot.events.upload import content_key, merge, parse_upload
from bot.github import reads, shapes
from bot.store import rollouts, uploads
from bot.store.db import Db
from bot.store.inbox import Row

#: Actions that no stack can name: they are too frequent, or mean something else here.
_UNNAMED = HEAD_ACTIONS | {"", "edited", "enqueued", "dequeued"}


def place(payload: dict[str, Any], _row: Row, _db: Db) -> Place:
    """Find the lane."""
    repo = repo_of(payload)
    number = shapes.number(shapes.part(payload, "pull_request"), "number")
    if repo is None or not number:
        return Finished("no pull request of an installation of ours")
    shapes.pull_facts(shapes.part(payload, "pull_request"))  # what is no pull request is refused at the door
    return InLane(lane_of_pull(repo.id, number), repo.id)


async def gather(row: Row, ctx: Context) -> Gathered | Finished:
    """Read the pull request again: webhooks come late and in any order, GitHub's own answer does not."""
    payload = decode(row)
    repo = repo_of(payload) or ctx.repo(row.repo_id or 0)
    told = shapes.pull_facts(shapes.part(payload, "pull_request"))
    now = await _latest(ctx, repo, told)
    spot = await spot_of(ctx, repo, now)
    event = PullChanged(shapes.text(payload, "action"), told.head_sha, told.updated_at, now, spot=spot)
    if event.action in _UNNAMED or now.merged or now.fork:
        return Gathered(event)
    upload = await _last_upload(ctx, repo, now)
    if upload is None:
        return Gathered(event)
    ref = now.head_ref if now.open else now.base_ref
    files = await files_for(ctx, repo, upload, f"pull_request.{event.action}", ref)
    return Gathered(replace(event, upload=upload), files)


async def gather_read(row: Row, ctx: Context) -> Gathered | Finished:
    """Read a pull request because something may have been missed."""
    repo = ctx.repo(row.repo_id or 0)
    number = pull_of_lane(row.lane or "")
    now = await reads.pull(ctx.github.installation(repo.installation), repo, number)
    return Gathered(PullChanged("", now.head_sha, 0.0, now, spot=await spot_of(ctx, repo, now)))


async def with_upload(ctx: Context, repo: Repo, event: Commanded) -> Gathered:
    """Add the last upload of the head, with the workflow files that its plans name."""
    now = event.now
    upload = await _last_upload(ctx, repo, now) if now is not None else None
    if now is None or upload is None or not _was_planned(ctx, repo, now, upload):
        return Gathered(event)
    ref = now.base_ref if ctx.rules.plan_ref == "base" else now.head_ref
    ctx.files.forget(repo.id, ref)  # one may have been mended a moment ago
    files: dict[str, WorkflowFile | ProProblem | None] = {}
    for action in sorted(HEAD_ACTIONS):
        files.update(await files_for(ctx, repo, upload, f"pull_request.{action}", ref))
    return Gathered(replace(event, upload=upload), files)


def _was_planned(ctx: Context, repo: Repo, now: PullFacts, upload: Upload) -> bool:
    """Tell whether an upload was planned for the base branch of now: what was compared with another is none of it."""
    numbers = reversed(rollouts.ids_of_lane(ctx.db, lane_of_pull(repo.id, now.number)))
    known = (rollouts.facts(ctx.db, number) for number in numbers)
    plans = (one for one in known if one is not None and one.phase is Phase.PLAN and one.content == upload.content)
    last = next(plans, None)
    return last is not None and last.branch == now.base_ref


async def _latest(ctx: Context, repo: Repo, told: PullFacts) -> PullFacts:
    """Take the later of what the webhook said and what GitHub says now: its readers lag behind its writers."""
    read = await reads.pull(ctx.github.installation(repo.installation), repo, told.number)
    if told.merged and not read.merged:
        return told
    return read if read.updated_at >= told.updated_at else told


async def _last_upload(ctx: Context, repo: Repo, now: PullFacts) -> Upload | None:
    kept = uploads.last(ctx.db, lane_of_pull(repo.id, now.number))
    if kept is None or not same_commit(kept[0], now.head_sha):
        return None
    return await asyncio.to_thread(read_upload, kept[2], kept[1])


def read_upload(bodies: list[bytes], received_at: float) -> Upload:
    """Parse an upload's bodies and make its graph. Slow for large ones: not for the loop's own thread."""
    parsed = merge([parse_upload(body, {}) for body in bodies])
    graph = build(parsed.entries)
    return Upload(parsed.head_sha, parsed.base_sha, content_key(parsed, graph), received_at, graph)


async def files_for(ctx: Context, repo: Repo, upload: Upload, activity: str, ref: str) -> Files:
    """Read the workflow files that an activity names, at the ref they would run on."""
    names = layout.workflows_of(upload.graph, activity)
    return await ctx.files.read(ctx.github.installation(repo.installation), repo, names, ref)
