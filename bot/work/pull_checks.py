"""Bring the check run of a pull request up to date: on its head while it is open, on its merge after that.

The check run of a commit that is not worked any more is concluded once, and then left alone.
"""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import replace

from bot.domain import awaiting, concluding, rhythm
from bot.domain.commands.buttons import buttons
from bot.domain.lanes import lane_of_pull, pull_of_lane
from bot.domain.model import Pull, Repo
from bot.domain.rhythm import News
from bot.domain.rollout import Walk
from bot.domain.texts import commit
from bot.domain.view import PullCheckView, PullView
from bot.github.ensure import CheckRun
from bot.store import inbox, outbox, pulls, told
from bot.store.db import transaction
from bot.store.outbox import Wish
from bot.work import checking, gathering, links, pausing
from bot.work.parts import Parts
from renderers import pull_check
from renderers.words import clock

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
    works, settle = pull is not None and concluding.works_at(pull, sha), parts.timing.settle * _CALMER
    if pull is not None and works and pausing.too_early(parts, wish, _walks(parts, pull, sha), settle):
        return False
    view = view_of(parts, repo, pull, wish, sha) if pull is not None else None
    if view is None:
        _leave(parts, wish, for_good=not works)
        return False
    news = _news(view)
    if not view.ended and pausing.postponed(parts, wish, news, settle):
        return False
    view = replace(view, whole=gathering.whole(parts, view.whole))
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
    whole = gathering.at_hand(parts, repo, pull, silent=False)
    assert whole is not None  # noqa: S101 -- for the type checker
    runs, since = gathering.uploading(parts, pull), gathering.began(pull)
    failed = inbox.failed_uploads(parts.db, wish.lane, since)
    pending = inbox.has(parts.db, "upload", lane=wish.lane)
    awaited = concluding.awaits(runs, since=since, now=parts.now(), pending=pending)
    walks = tuple(walk for walk in whole.current if _is_at(walk.rollout.sha, pull, sha))
    if works and not (walks or failed or runs or whole.waiting or wish.remote) and not _is_due(pull, awaited=awaited):
        return None
    whole = gathering.with_keepers(parts, whole)
    if pull.open and not (pull.fork or awaited or runs or whole.waiting or whole.current or whole.notes):
        whole = replace(whole, waiting=_nothing_came(parts, repo, pull))
    return PullCheckView(
        whole=replace(whole, current=walks),
        sha=sha,
        conclusion=concluding.conclude_pull(
            pull,
            walks,
            parts.rules,
            whole.kept,
            sha=sha,
            awaited=awaited,
            unusable=bool(failed) and not walks,
            known=whole.found,
        ),
        ended="" if works else _ended(pull, sha),
        comment_url=_comment_url(parts, whole, wish.lane),
        comment_problem=told.get(parts.db, f"comment:{wish.lane}").problem,
    )


def _nothing_came(parts: Parts, repo: Repo, pull: Pull) -> str:
    now, since = parts.now(), gathering.began(pull)
    waited = awaiting.Waited(now - since, clock(since, now), links.home(parts, repo))
    return awaiting.nothing_came(pull, waited)


def _walks(parts: Parts, pull: Pull, sha: str) -> list[Walk]:
    """List the rollouts that count now at a commit, newest first."""
    found = parts.rollouts.of_lane(lane_of_pull(pull.repo_id, pull.number))
    return [walk for walk in found[::-1] if _is_at(walk.rollout.sha, pull, sha)]


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
    more = (view.whole.receipts, view.comment_problem, view.ended)
    news = rhythm.news_of(view.whole.current, view.whole.found, *more)
    return checking.concluded(replace(news, gist=f"{view.conclusion} {news.gist}"), view.conclusion)


def _check(parts: Parts, view: PullCheckView) -> CheckRun:
    """Write the check run. Slow for large rollouts: not for the loop's own thread."""
    whole = view.whole
    under_way = "in_progress" if whole.current else "queued"
    shown = () if view.ended else buttons(whole.current)
    return CheckRun(
        name=parts.check_name,
        external_id=lane_of_pull(whole.repo.id, whole.pull.number),
        title=pull_check.title(view),
        summary=pull_check.summary(view),
        status="completed" if view.conclusion else under_way,
        conclusion=view.conclusion,
        details_url=whole.page_url or view.comment_url,
        actions=checking.actions(shown, whole.as_of),
    )
