"""Bring the check run of a commit up to date: rendered whole from what is stored, at the moment of sending."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable
from dataclasses import replace

from bot.domain import awaiting, concluding, rhythm
from bot.domain.commands.buttons import Button, buttons
from bot.domain.model import Commit, Repo
from bot.domain.rhythm import News, Stage
from bot.domain.rollout import Walk
from bot.domain.states import states
from bot.domain.view import CommitView
from bot.github import ensure as github
from bot.github.ensure import Action, CheckRun
from bot.store import commands, commits, inbox, outbox, pulls, shared
from bot.store.db import transaction
from bot.store.outbox import Wish
from bot.work import links, pausing
from bot.work.parts import Parts
from bot.work.sight import Sight
from renderers import check
from renderers.words import clock

_RECEIPTS = 10
#: That time passed is not news.
_NO_TIME = 4_102_444_800.0


async def ensure(parts: Parts, wish: Wish) -> bool:
    """Make, change or leave alone a commit's check run; tells whether GitHub was written to."""
    repo = parts.context.repo(wish.repo_id)
    commit = commits.get(parts.db, wish.id)
    if commit is None:
        with transaction(parts.db):
            outbox.fulfilled(parts.db, wish)
        return False
    walks = [walk for walk in parts.rollouts.of_lane(wish.lane)[::-1] if walk.rollout.sha == commit.sha]
    if pausing.too_early(parts, wish, walks, parts.timing.settle):
        return False
    view = view_of(parts, repo, commit)
    news = _news(view)
    if pausing.postponed(parts, wish, news, parts.timing.settle):
        return False
    timeless = await asyncio.to_thread(_check, parts, replace(view, as_of=_NO_TIME))
    digest = hashlib.sha256(repr(timeless).encode()).hexdigest()
    if digest == wish.hash:
        with transaction(parts.db):
            outbox.fulfilled(parts.db, wish)
        return False
    pausing.begin(parts, wish)
    remote = await write(parts, repo, commit.sha, wish.remote, await asyncio.to_thread(_check, parts, view))
    with transaction(parts.db):
        pausing.end(parts, wish, news, remote=remote, digest=digest)
    return True


def _news(view: CommitView) -> News:
    """Tell what of it people, and the merge queue, should know at once."""
    more = (view.commit.sha, view.commit.ended, view.conclusion, view.problem, view.receipts)
    return concluded(rhythm.news_of(view.current, view.found, *more), view.conclusion)


def concluded(news: News, conclusion: str) -> News:
    """Have a conclusion told soon that people, a merge queue or a rule of the branch wait for."""
    return replace(news, stage=Stage.OVER) if conclusion not in ("", concluding.PEOPLE) else news


def _check(parts: Parts, view: CommitView) -> CheckRun:
    """Write the check run. Slow for large rollouts: not for the loop's own thread."""
    commit = view.commit
    under_way = "in_progress" if view.current else "queued"
    shown = () if commit.ended and not commit.merged else buttons(view.current)
    return CheckRun(
        name=parts.check_name,
        external_id=commit.lane,
        title=check.title(view),
        summary=check.summary(view),
        status="completed" if view.conclusion else under_way,
        conclusion=view.conclusion,
        details_url=check.details_url(view),
        actions=actions(shown, view.as_of),
    )


def actions(shown: Iterable[Button], as_of: float) -> tuple[Action, ...]:
    """Put buttons on a check run that is written at this time."""
    return tuple(Action(one.label, one.does, one.identifier(as_of)) for one in shown)


async def write(parts: Parts, repo: Repo, sha: str, known: int, run: CheckRun) -> int:
    """Change our check run, or make it where there is none; returns its id."""
    gh = parts.installation(repo.installation)
    if known and await github.update_check(gh, repo, known, run):
        return known
    found = await github.find_check(gh, repo, sha, run.name, run.external_id, parts.github.app_id)
    if found is not None and await github.update_check(gh, repo, found.id, run):
        return found.id
    return await github.create_check(gh, repo, sha, run)


def view_of(parts: Sight, repo: Repo, commit: Commit) -> CommitView:
    """Gather what the check run of a commit shows."""
    lane, now = commit.lane, parts.now()
    walks = [walk for walk in parts.rollouts.of_lane(lane) if walk.rollout.sha == commit.sha]
    current = sorted(walks, key=lambda walk: -walk.rollout.id)
    failed = inbox.failed_uploads(parts.db, lane, commit.since) if not current else []
    runs = [run for run in pulls.uploading_runs(parts.db, repo.id, lane, 0.0) if run.head_sha == commit.sha]
    pending = inbox.has(parts.db, "upload", lane=lane)
    awaited = concluding.awaits(runs, since=commit.since, now=now, pending=pending)
    waited = awaiting.Waited(now - commit.since, clock(commit.since, now), links.home(parts, repo))
    found = {walk.rollout.id: states(walk) for walk in current}
    seen = shared.look(parts.db, repo.id, lane, current, None, rules=parts.rules, now=now, get=parts.rollouts.get)
    return CommitView(
        repo=repo,
        commit=commit,
        # A picture of this moment: the text is written in another thread, while the steps go on changing.
        current=tuple(Walk(walk.rollout, list(walk.steps)) for walk in current),
        found=found,
        conclusion=concluding.conclude(
            commit, current, parts.rules, seen.kept, awaited=awaited, unusable=bool(failed), known=found
        ),
        as_of=now,
        server_url=parts.server_url,
        problem=f"An upload could not be used. {failed[0]}" if failed else "",
        waiting=awaiting.awaited_at(commit, runs, waited) if not (current or pending) else "",
        page_url=links.page_url(parts, repo, commit.pull) if commit.pull else "",
        kept=seen.kept,
        stale=seen.stale,
        frozen=seen.frozen,
        mode=parts.rules.mode,
        receipts=tuple(commands.last(parts.db, lane, _RECEIPTS)),
        docs_url=parts.docs_url,
    )


def groups_of(parts: Sight, repo: Repo, number: int) -> tuple[CommitView, ...]:
    """Gather what the merge queue tries of a pull request; where that is over, what it tried last."""
    found = commits.of_pull(parts.db, repo.id, number)
    going = [one for one in found if not one.ended] or found[:1]
    return tuple(view_of(parts, repo, one) for one in going)
