"""Uploads of affected stacks."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import gidgethub

from bot.domain import destroys
from bot.domain.claims import Claims
from bot.domain.events import UploadCame
from bot.domain.facts import PullFacts
from bot.domain.heads import HEAD_ACTIONS, applies_on
from bot.domain.joins import Candidate, choose, merged_by, works_on_merge
from bot.domain.lanes import lane_of_commit, lane_of_pull, pull_of_lane
from bot.domain.model import Repo
from bot.domain.pro import MERGED, WorkflowFile
from bot.domain.texts import commit, same_commit
from bot.events.commits import gather_upload, lane_of_claims
from bot.events.context import Context, Finished, Gathered, InLane, Moved, Parked, Place
from bot.events.merges import remembered, removal_of, spot_of
from bot.events.packing import Header, unpack
from bot.events.pull_request import files_for, read_upload
from bot.events.upload import BadUpload, with_places
from bot.github import reads
from bot.store import chunks, commits, pulls, rollouts
from bot.store.db import Db
from bot.store.inbox import Row


def place(_payload: dict[str, Any], row: Row, db: Db) -> Place:
    """Find the pull request by what the run's claims say, else by the commit; where that is not plain, ask GitHub."""
    repo_id = row.repo_id or 0
    header, _ = unpack(row.body)
    claims = header.claims
    if lane := lane_of_claims(repo_id, claims):
        return InLane(lane, repo_id)
    if claims is not None and claims.pull:
        return InLane(lane_of_pull(repo_id, claims.pull), repo_id)
    sha = header.head_sha
    if claims is not None and works_on_merge(claims):
        sha = claims.sha
        # Of two merges at once the run of the first may name the commit of the second: the branch tells them apart.
        merged = (pull for pull in pulls.of_commit(db, repo_id, sha) if pull.merge_sha == sha)
        found = [pull for pull in merged if pull.head_ref == claims.head_ref]
    else:
        if claims is None and (tried := [one for one in commits.of_sha(db, repo_id, sha) if not one.ended]):
            return InLane(tried[0].lane, repo_id)
        found = pulls.of_commit(db, repo_id, sha)
    if len(found) == 1:
        return InLane(lane_of_pull(repo_id, found[0].number), repo_id)
    return InLane(lane_of_commit(repo_id, sha), repo_id)


def parked_key(repo_id: int, sha: str) -> str:
    """Name what an upload without a pull request waits for."""
    return f"commit:{repo_id}:{sha}"


async def gather(row: Row, ctx: Context) -> Gathered | Finished | Moved:
    """Read the upload, its pull request as it is now, and the workflow files that it names."""
    repo = ctx.repo(row.repo_id or 0)
    header, body = unpack(row.body)
    lane = row.lane or ""
    bodies = [with_places(body, header.query)]  # as it is kept: what reuses it knows no query
    if header.batch_id:
        bodies = chunks.bodies(ctx.db, repo_id=repo.id, credential=header.credential, batch_id=header.batch_id)
    tried = commits.get(ctx.db, lane)
    if tried is not None and (header.claims is not None or not await _is_wanted(ctx, repo, header.head_sha)):
        return await gather_upload(ctx, repo, tried, bodies, row.at, header.claims)
    number = pull_of_lane(lane)
    if not number:
        return Moved(await _elsewhere(ctx, repo, header, row.at))
    claims = header.claims
    now = await _pull(ctx, repo, number, claims)
    merged = now.merged or _known_merged(ctx, repo, number)  # GitHub's readers lag behind
    if claims is not None and works_on_merge(claims) and not merged:
        return Moved(_unmerged(repo, claims.sha))
    upload = await asyncio.to_thread(read_upload, bodies, row.at)
    upload = replace(upload, claims=claims)
    files: dict[str, Any] = {}
    removal = None
    if merged:
        removal = await removal_of(ctx, repo, now, upload)
        files = dict(await files_for(ctx, repo, upload, MERGED, now.base_ref))
        gone = destroys.workflows_of(upload.graph, remembered(ctx, repo, upload.graph)) if removal else frozenset()
        files |= await ctx.files.read(ctx.github.installation(repo.installation), repo, gone, now.base_ref)
    elif now.open and not now.fork:
        ref = now.base_ref if ctx.rules.plan_ref == "base" else now.head_sha
        for action in sorted(HEAD_ACTIONS):
            files |= await files_for(ctx, repo, upload, f"pull_request.{action}", ref)
    uploaders = await _uploaders(ctx, repo, lane, now, claims)
    spot = await spot_of(ctx, repo, now)
    return Gathered(UploadCame(upload, now, spot, removal), files, tuple(bodies), uploaders)


async def _elsewhere(ctx: Context, repo: Repo, header: Header, received_at: float) -> Place:
    """Ask GitHub which pull request an upload belongs to; it waits where there is none yet."""
    claims = header.claims
    if claims is not None and lane_of_claims(repo.id, claims):
        return Parked(parked_key(repo.id, claims.sha), repo.id, f"nothing was told of {commit(claims.sha)} yet")
    candidates = await _candidates(ctx, repo, header.head_sha)
    if claims is not None and works_on_merge(claims):
        candidates += await _candidates(ctx, repo, claims.sha)
        number = merged_by((candidate.pull for candidate in candidates), claims, header.head_sha)
        return InLane(lane_of_pull(repo.id, number), repo.id) if number else _unmerged(repo, claims.sha)
    if candidates:
        number = choose(candidates, base_sha=header.base_sha, received_at=received_at, claims=claims)
        return InLane(lane_of_pull(repo.id, number), repo.id)
    reason = f"no pull request has the commit {commit(header.head_sha)}"
    return Parked(parked_key(repo.id, header.head_sha), repo.id, reason)


async def _is_wanted(ctx: Context, repo: Repo, sha: str) -> bool:
    """Tell whether a pull request waits for the upload of a commit that is tried or released as well."""
    found = await _candidates(ctx, repo, sha)
    return any((one.pull.merged and not one.applied) or (one.pull.open and not one.planned) for one in found)


def _unmerged(repo: Repo, sha: str) -> Parked:
    """Let the upload of a merge that is not known yet wait for it."""
    return Parked(parked_key(repo.id, sha), repo.id, f"no pull request is known to be merged as {commit(sha)}")


def _known_merged(ctx: Context, repo: Repo, number: int) -> bool:
    known = pulls.get(ctx.db, repo.id, number)
    return known is not None and known.merged


async def _pull(ctx: Context, repo: Repo, number: int, claims: Claims | None) -> PullFacts:
    """Read the pull request; raises BadUpload where a run names one that is not there."""
    try:
        return await reads.pull(ctx.github.installation(repo.installation), repo, number)
    except gidgethub.HTTPException as error:
        if claims is None or error.status_code != 404:
            raise
        raise BadUpload(f"Its run works on pull request #{number}, but GitHub knows no such pull request.") from None


async def _uploaders(ctx: Context, repo: Repo, lane: str, now: PullFacts, claims: Claims | None) -> tuple[str, ...]:
    """Name the workflow that uploads: as the claims say, else the only one of this head that runs or says so."""
    if claims is not None and claims.workflow_file:
        return (claims.workflow_file,)
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
