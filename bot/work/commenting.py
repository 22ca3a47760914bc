"""Bring a pull request's one comment up to date: rendered whole from what is stored, at the moment of sending."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from dataclasses import replace

from bot.domain import rhythm
from bot.domain.model import Pull, Repo
from bot.domain.rhythm import News
from bot.domain.view import PullView
from bot.store import outbox, pulls
from bot.store.db import transaction
from bot.store.outbox import Wish
from bot.work import gathering, one_comment, pausing
from bot.work.parts import Parts
from bot.work.picturing import Graphic, graphic
from bot.work.sight import Sight
from renderers import comment

log = logging.getLogger(__name__)

_NO_TIME = 4_102_444_800.0


async def ensure(parts: Parts, wish: Wish) -> bool:
    """Make, edit or leave alone the comment of a pull request; tells whether GitHub was written to."""
    repo = parts.context.repo(wish.repo_id)
    number = int(wish.id.rpartition("#")[2])
    pull = pulls.get(parts.db, repo.id, number)
    if pausing.too_early(parts, wish, parts.rollouts.of_lane(wish.lane)[::-1], parts.timing.settle):
        return False
    view = gathering.at_hand(parts, repo, pull) if pull else None
    if view is None or one_comment.is_unwanted(parts, wish.key):
        with transaction(parts.db):
            outbox.fulfilled(parts.db, wish)
        return False
    news = _news(view)
    if pausing.postponed(parts, wish, news, parts.timing.settle):
        return False
    view = gathering.whole(parts, gathering.with_keepers(parts, view))
    drawn = await graphic(parts, view)
    # That time passed is not news: the same state at another minute is the same comment.
    timeless = await asyncio.to_thread(_body, replace(view, as_of=_NO_TIME, lasting={}), drawn)
    digest = hashlib.sha256(timeless.encode()).hexdigest()
    if digest == wish.hash:
        parts.metrics.comment_edit(made=False)
        with transaction(parts.db):
            outbox.fulfilled(parts.db, wish)
        return False
    pausing.begin(parts, wish)
    body = await asyncio.to_thread(_body, view, drawn)
    remote = await one_comment.write(parts, repo, number, wish, body)
    parts.metrics.comment_edit(made=True)
    with transaction(parts.db):
        pausing.end(parts, wish, news, remote=remote, digest=digest)
        one_comment.note(parts, wish, remote)
    return True


def _news(view: PullView) -> News:
    """Tell what of a comment people should know at once."""
    groups = [(one.commit.sha, one.commit.ended, one.conclusion) for one in view.groups]
    more = (groups, view.waiting, view.notes, view.frozen, view.mode, view.receipts)
    return rhythm.news_of(view.current, view.found, *more)


def _body(view: PullView, drawn: Graphic) -> str:
    """Write the comment. Slow for large rollouts: not for the loop's own thread."""
    return comment.comment(
        view, picture_url=drawn.light, picture_dark=drawn.dark, mermaid=drawn.mermaid, tree=drawn.tree
    )


def view_of(parts: Sight, repo: Repo, pull: Pull) -> PullView | None:
    """Gather what the comment shows; None while there is nothing to say."""
    view = gathering.at_hand(parts, repo, pull)
    return gathering.whole(parts, gathering.with_keepers(parts, view)) if view is not None else None
