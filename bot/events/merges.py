"""What must be read of a merge: where it stands in its base branch, and what was there before it."""

from __future__ import annotations

from collections.abc import Mapping

import gidgethub

from bot.domain import destroys, order
from bot.domain.events import Remembered, Removal, Upload
from bot.domain.facts import PullFacts
from bot.domain.graph import Graph, Instance
from bot.domain.heads import applies_on
from bot.domain.model import Repo
from bot.domain.order import Spot
from bot.domain.texts import same_commit
from bot.events.context import Context
from bot.github import reads
from bot.github.client import Installation
from bot.github.line import BadAnswer
from bot.store import inventory, pulls, shared, uploads


async def spot_of(ctx: Context, repo: Repo, now: PullFacts) -> Spot | None:
    """Tell where a merge stands in its base branch; None where it is known, or does not matter."""
    known = pulls.get(ctx.db, repo.id, now.number)
    if not now.merged or (known is not None and known.position):
        return None
    if not applies_on(now.base_ref, repo.default_branch, ctx.rules.apply_branches):
        return None
    return await spot_on(ctx, repo, now.base_ref, now.merge_sha)


async def spot_on(ctx: Context, repo: Repo, branch: str, sha: str) -> Spot:
    """Tell where a commit stands in a branch, by GitHub's history and not by when we heard of it."""
    gh = ctx.github.installation(repo.installation)
    anchor = shared.anchors(ctx.db, repo.id).get(branch)
    if anchor is None:
        return Spot(order.position(None, ahead=0, behind=0), None)
    compared = await reads.compare(gh, repo, anchor.sha, sha)
    if compared is not None:
        ahead, behind = compared.ahead_by, compared.behind_by
    else:
        await _parents(ctx, repo, sha)  # it may only not be readable yet
        ahead, behind = 1, 1  # the anchor is gone: the branch was rewritten
    if ahead and behind and await is_on(gh, repo, anchor.sha, branch):
        return Spot(order.lost(anchor), anchor)
    return Spot(order.position(anchor, ahead=ahead, behind=behind), anchor)


async def is_on(gh: Installation, repo: Repo, sha: str, branch: str) -> bool:
    """Tell whether a branch still has a commit."""
    compared = await reads.compare(gh, repo, sha, branch)
    return compared is not None and not compared.behind_by


async def _parents(ctx: Context, repo: Repo, sha: str) -> tuple[str, ...]:
    try:
        return await reads.commit_parents(ctx.github.installation(repo.installation), repo, sha)
    except gidgethub.HTTPException as error:
        if error.status_code not in (404, 422):
            raise
        raise BadAnswer(f"GitHub does not show the commit {sha} yet.") from None


def remembered(ctx: Context, repo: Repo, graph: Graph) -> Mapping[Instance, Remembered]:
    """Read what is remembered of the instances that an upload says are deleted."""
    return uploads.recall(ctx.db, repo.id, destroys.removed(graph))


async def removal_of(ctx: Context, repo: Repo, now: PullFacts, upload: Upload) -> Removal | None:
    """Find the second fact about what a merge removed; None where it removed nothing."""
    gone = destroys.removed(upload.graph)
    if not gone:
        return None
    known = pulls.get(ctx.db, repo.id, now.number)
    merge_sha = known.merge_sha if known is not None and known.merged else now.merge_sha  # GitHub's readers lag behind
    parents = await _parents(ctx, repo, merge_sha)
    first = parents[0] if parents else ""
    agrees = same_commit(upload.base_sha, first)
    if not agrees and first:
        gh = ctx.github.installation(repo.installation)
        compared = await reads.compare(gh, repo, first, now.head_sha)
        agrees = compared is not None and same_commit(upload.base_sha, compared.merge_base)
    kept = inventory.of(ctx.db, repo.id)
    lacks = kept is not None and same_commit(kept.sha, merge_sha)
    listed = frozenset(one for one in gone if lacks and not inventory.has(ctx.db, repo.id, one))
    # A squash or a true merge has the base as its first parent. Of several rebased commits only the upload knows it.
    before = first if len(parents) > 1 or same_commit(upload.base_sha, first) else upload.base_sha
    return Removal(before, agrees, listed)
