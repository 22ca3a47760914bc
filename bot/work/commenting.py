"""Bring a pull request's one comment up to date: rendered whole from what is stored, at the moment of sending."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from dataclasses import replace

from bot.domain import awaiting, heads, review, rhythm
from bot.domain.commands import parsing
from bot.domain.facts import RunFacts
from bot.domain.lanes import lane_of_pull
from bot.domain.model import Pull, Repo
from bot.domain.rhythm import News
from bot.domain.rollout import Walk
from bot.domain.states import states
from bot.domain.view import Past, PullView
from bot.store import commands, durations, inbox, outbox, past, pulls, shared, uploads
from bot.store.db import transaction
from bot.store.outbox import Wish
from bot.work import checking, one_comment, pausing
from bot.work.parts import Parts
from bot.work.picturing import Graphic, graphic
from bot.work.sight import Sight
from renderers import comment
from renderers.words import clock

log = logging.getLogger(__name__)

_HISTORY = 10
_RECEIPTS = parsing.MOST  # all of one comment
_NO_TIME = 4_102_444_800.0


async def ensure(parts: Parts, wish: Wish) -> bool:
    """Make, edit or leave alone the comment of a pull request; tells whether GitHub was written to."""
    repo = parts.context.repo(wish.repo_id)
    number = int(wish.id.rpartition("#")[2])
    pull = pulls.get(parts.db, repo.id, number)
    view = view_of(parts, repo, pull) if pull else None
    if view is None or one_comment.is_unwanted(parts, wish.key):
        with transaction(parts.db):
            outbox.fulfilled(parts.db, wish)
        return False
    news = _news(view)
    if pausing.postponed(parts, wish, news, parts.timing.settle):
        return False
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
    found = [rhythm.gist(walk, states(walk)) for walk in view.current]
    groups = [(one.commit.sha, one.commit.ended, one.conclusion) for one in view.groups]
    told = (found, groups, view.waiting, view.notes, view.frozen, view.mode, view.receipts)
    gist = hashlib.sha256(repr(told).encode()).hexdigest()
    about = view.current[0].rollout.id if view.current else 0
    return News(about, max((len(walk.steps) for walk in view.current), default=0), gist)


def _body(view: PullView, drawn: Graphic) -> str:
    """Write the comment. Slow for large rollouts: not for the loop's own thread."""
    return comment.comment(
        view, picture_url=drawn.light, picture_dark=drawn.dark, mermaid=drawn.mermaid, tree=drawn.tree
    )


def view_of(parts: Sight, repo: Repo, pull: Pull, *, silent: bool = True) -> PullView | None:
    """Gather what the comment shows; None while there is nothing to say, where it may be `silent`."""
    lane = lane_of_pull(repo.id, pull.number)
    current = sorted(parts.rollouts.of_lane(lane), key=lambda walk: -walk.rollout.id)
    ended = past.of_lane(parts.db, lane, _HISTORY)
    last = parts.rollouts.get(ended[0].rollout.id) if ended and not current else None
    if last is not None:
        current, ended = [last], ended[1:]
    since = pull.merged_at if pull.merged else pull.head_since
    runs = uploading(parts, pull)
    applies = heads.applies_on(pull.base_ref, repo.default_branch, parts.rules.apply_branches)
    known = bool(current) or (pull.fork and uploads.last(parts.db, lane) is not None)
    waited = awaiting.Waited(parts.now() - since, clock(since, parts.now()), f"{parts.server_url}/{repo.full_name}/")
    waiting = awaiting.awaited(pull, current, runs, waited, known=known, applies=applies)
    failed = tuple(f"An upload could not be used. {why}" for why in inbox.failed_uploads(parts.db, lane, since)[:1])
    receipts = tuple(commands.last(parts.db, lane, _RECEIPTS))
    if silent and not (current or waiting or failed or receipts):
        return None
    seen = shared.look(
        parts.db, repo.id, lane, current, pull, rules=parts.rules, now=parts.now(), get=parts.rollouts.get
    )
    merges = applies and pull.open and parts.rules.unplanned == "hold"
    return PullView(
        repo=repo,
        pull=pull,
        # A picture of this moment: the text is written in another thread, while the steps go on changing.
        current=tuple(Walk(walk.rollout, list(walk.steps)) for walk in current),
        past=tuple(_past(one) for one in ended),
        earlier=past.how_many(parts.db, lane) - (last is not None),
        waiting=waiting,
        notes=(*failed, *awaiting.remarks(pull, repo, applies=applies)),
        as_of=parts.now(),
        server_url=parts.server_url,
        kept=seen.kept,
        stale=seen.stale,
        unreviewed={walk.rollout.id: review.unreviewed(walk, pull) for walk in current} if merges else {},
        frozen=seen.frozen,
        mode=parts.rules.mode,
        receipts=receipts,
        groups=checking.groups_of(parts, repo, pull.number),
        page_url=page_url(parts, repo, pull.number),
        docs_url=parts.docs_url,
        # Only of the first is it told how long it still takes.
        lasting={walk.rollout.id: durations.of(parts.db, walk) for walk in current[:1]},
        slots=parts.rules.max_in_flight,
        applies=applies,
        stuck=awaiting.stuck(pull, runs, waited, unusable=bool(failed), waiting=waiting),
    )


def uploading(parts: Sight, pull: Pull) -> list[RunFacts]:
    """Read the runs that may upload for the head of a pull request, or for its merge; newest first."""
    since, merged_at = (pull.merged_at, pull.merged_at) if pull.merged else (pull.head_since, 0.0)
    found = pulls.uploading_runs(parts.db, pull.repo_id, lane_of_pull(pull.repo_id, pull.number), since - 60.0)
    return [run for run in found if run.head_sha in (pull.head_sha, pull.merge_sha) and run.created_at >= merged_at]


def page_url(parts: Sight, repo: Repo, number: int) -> str:
    """Tell where the page of a pull request is; empty where people cannot reach us."""
    token = pulls.token(parts.db, repo.id, number)
    return f"{parts.public_url}/p/{token}" if parts.public_url and token else ""


def _past(one: past.Ended) -> Past:
    rollout = one.rollout
    told = (rollout.activity, rollout.sha, rollout.created_at, one.counts, rollout.superseded_by)
    return Past(*told, run_url=one.run_url, rollout_id=rollout.id)
