"""Bring the check run of a pull request up to date: on its head while it is open, on its merge after that.

The check run of a commit that is not worked any more is concluded once, and then left alone.
"""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import replace

from bot.domain import concluding, rhythm
from bot.domain.commands.buttons import buttons
from bot.domain.lanes import lane_of_pull, pull_of_lane
from bot.domain.model import Pull, Repo
from bot.domain.rhythm import News
from bot.domain.states import states
from bot.domain.texts import commit
from bot.domain.view import PullCheckView, PullView
from bot.github.ensure import CheckRun
from bot.store import inbox, outbox, pulls, told
from bot.store.db import transaction
from bot.store.outbox import Wish
from bot.work import checking, commenting, pausing
from bot.work.parts import Parts
from renderers import pull_check

#: A check run has a pause this many times as long as the comment: it tells the same, and counts against the same limit.
_CALMER = 5
#: A head that GitHub told nothing new of for so long, when it was first seen, gets no check run of its own accord.
_RECENT = 3600.0
#: That time passed is not news.
_NO_TIME = 4_102_444_800.0


async def ensure(parts: Parts, wish: Wish) -> bool:
    """Make, change, conclude or leave alone a check run; tells whether GitHub was written to."""
    repo, sha = parts.context.repo(wish.repo_id), wish.id.rpartition("@")[2]
    pull = pulls.get(parts.db, repo.id, pull_of_lane(wish.lane))
    view = view_of(parts, repo, pull, wish, sha) if pull is not None else None
    if view is None:
        _leave(parts, wish, for_good=pull is None or not concluding.works_at(pull, sha))
        return False
    news = _news(view)
    if not view.ended and pausing.postponed(parts, wish, news, parts.timing.settle * _CALMER):
        return False
    timeless = replace(view, whole=replace(view.whole, as_of=_NO_TIME, lasting={}))
    digest = hashlib.sha256(repr(await asyncio.to_thread(_check, parts, timeless)).encode()).hexdigest()
    wrote = digest != wish.hash
    if wrote:
        pausing.begin(parts, wish)
        run = await asyncio.to_thread(_check, parts, view)
        remote = await checking.write(parts, repo, sha, wish.remote, run)
        with transaction(parts.db):
            pausing.end(parts, wish, news, remote=remote, digest=digest)
    _leave(parts, wish, for_good=bool(view.ended))
    return wrote


def _leave(parts: Parts, wish: Wish, *, for_good: bool) -> None:
    with transaction(parts.db):
        outbox.fulfilled(parts.db, wish)
        if for_good:
            outbox.end(parts.db, wish)
            told.forget(parts.db, wish.key)


def view_of(parts: Parts, repo: Repo, pull: Pull, wish: Wish, sha: str) -> PullCheckView | None:
    """Gather what the check run of a commit shows; None while there is nothing to say, or where all was said."""
    works = concluding.works_at(pull, sha)
    if not works and (not (wish.remote or wish.attempts) or _is_concluded(parts, wish, merged=pull.merged)):
        return None
    whole = commenting.view_of(parts, repo, pull, silent=False)
    assert whole is not None  # noqa: S101 -- for the type checker
    runs = commenting.uploading(parts, pull)
    since = pull.merged_at if pull.merged else pull.head_since
    failed = inbox.failed_uploads(parts.db, wish.lane, since)
    awaited = concluding.awaits(
        runs, since=since, now=parts.now(), pending=inbox.has(parts.db, "upload", lane=wish.lane)
    )
    walks = tuple(walk for walk in whole.current if _is_at(walk.rollout.sha, pull, sha))
    if works and not (walks or failed or runs or whole.waiting or wish.remote) and not _is_due(pull, awaited=awaited):
        return None
    return PullCheckView(
        whole=replace(whole, current=walks),
        sha=sha,
        conclusion=concluding.conclude_pull(
            pull, walks, parts.rules, whole.kept, sha=sha, awaited=awaited, unusable=bool(failed) and not walks
        ),
        ended="" if works else _ended(pull, sha),
        comment_url=_comment_url(parts, whole, wish.lane),
        comment_problem=told.get(parts.db, f"comment:{wish.lane}").problem,
    )


def _is_at(its: str, pull: Pull, sha: str) -> bool:
    """Tell whether a rollout belongs to a commit's check run: after the merge, all that is not at the head."""
    if pull.merged and sha == pull.merge_sha:
        return its != pull.head_sha or pull.head_sha == pull.merge_sha
    return its == sha


def _is_due(pull: Pull, *, awaited: bool) -> bool:
    """Tell whether a check run says that nothing came: a rule of the branch may ask for one on the head.

    Nobody asks for one on a merge, nor on a head that has not moved since before it was first seen.
    """
    return pull.open and not awaited and pull.updated_at > pull.head_since - _RECENT


def _is_concluded(parts: Parts, wish: Wish, *, merged: bool) -> bool:
    """Tell whether a check run has its conclusion; a merged head's is written once more, with what the plan told."""
    return told.get(parts.db, wish.key).last.gist.partition(" ")[0] != "" and not merged


def _ended(pull: Pull, sha: str) -> str:
    if pull.merged:
        return f"it was merged as {commit(pull.merge_sha)}"
    if sha != pull.head_sha:
        return f"a push of {commit(pull.head_sha)} overtook it"
    return "the pull request was closed"


def _comment_url(parts: Parts, view: PullView, lane: str) -> str:
    known = outbox.get(parts.db, f"comment:{lane}")
    if known is None or not known.remote:
        return ""
    return f"{view.server_url}/{view.repo.full_name}/pull/{view.pull.number}#issuecomment-{known.remote}"


def _news(view: PullCheckView) -> News:
    """Tell what of it people should know at once. It begins with how the check run is concluded, if it is."""
    walks = view.whole.current
    found = [rhythm.gist(walk, states(walk)) for walk in walks]
    rest = hashlib.sha256(repr((found, view.whole.receipts, view.comment_problem, view.ended)).encode()).hexdigest()
    about = walks[0].rollout.id if walks else 0
    return News(about, max((len(walk.steps) for walk in walks), default=0), f"{view.conclusion} {rest}")


def _check(parts: Parts, view: PullCheckView) -> CheckRun:
    """Write the check run. Slow for large rollouts: not for the loop's own thread."""
    whole = view.whole
    state = f"{parts.public_url}/api/v1/rollouts?repo={whole.repo.full_name}&pull={whole.pull.number}"
    under_way = "in_progress" if whole.current else "queued"
    shown = () if view.ended else buttons(whole.current)
    return CheckRun(
        name=parts.check_name,
        external_id=lane_of_pull(whole.repo.id, whole.pull.number),
        title=pull_check.title(view),
        summary=pull_check.summary(view),
        status="completed" if view.conclusion else under_way,
        conclusion=view.conclusion,
        details_url=whole.page_url or view.comment_url or (state if parts.public_url else ""),
        actions=checking.actions(shown, whole.as_of),
    )
