"""What webhooks missed: asks GitHub about runs that should have moved, pull requests that may have changed, deliveries
that failed. What GitHub answers enters by the inbox like everything else.
"""

from __future__ import annotations

import logging
from collections import Counter
from http import HTTPStatus

import gidgethub
import msgspec

from bot.domain import run_news
from bot.domain.commands.obey import FRESH
from bot.domain.facts import PullFacts, RunFacts
from bot.domain.lanes import lane_of_pull
from bot.domain.model import Dispatch, Pull, Repo
from bot.events import check_run
from bot.events.elsewhere import read_again
from bot.events.workflow_run import RunRead
from bot.github import ensure, reads
from bot.github.failures import FailureKind, classify, is_ours
from bot.github.line import Uninstalled
from bot.store import (
    audit,
    chunks,
    commands,
    durations,
    graphs,
    inbox,
    left,
    locks,
    meta,
    outbox,
    places,
    pulls,
    repos,
    rollouts,
)
from bot.store.db import transaction
from bot.store.rollouts import Placed
from bot.work import sweep_uploading
from bot.work.parts import Parts

log = logging.getLogger(__name__)

_RUNS_AT_ONCE = 50
#: GitHub keeps its log of deliveries for three days; what failed longer ago was seen by an earlier sweep.
_LOG_KEPT = 3 * 86_400.0
_REDELIVERIES = 3
_PARKED = 86_400.0
#: A comment that GitHub refused is tried again after this long, but not for ever: its pull request may be locked.
_REFUSED = 3600.0
_REFUSED_FOR_GOOD = 7 * 86_400.0
_OVERLAP = 120.0
#: A repository without open pull requests is read this often: a hundred of them must fit into GitHub's hourly limit.
_QUIET = 900.0
#: Every so many readings all that is open is listed, in case a change was not among the latest.
_ALL_OPEN = 10
#: Where applies stand that ended is kept this long, so that what was planned before them is told.
_PLACES_KEPT = 90 * 86_400.0
#: Longer than GitHub can deliver a comment once more, in seconds: what was done is known until then.
_COMMANDS_KEPT = 90 * 86_400.0
#: A delivery may appear in the log this late.
_LATE = 300.0


class Sweep:
    """Looks after everything once in a while, one thing after the other."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self.due = 0.0
        #: How often the pull requests of each repository were read since the process began.
        self._readings: Counter[int] = Counter()

    async def step(self) -> bool:
        """Sweep when it is time to; False when it is not."""
        parts = self._parts
        if parts.now() < self.due:
            return False
        self.due = parts.now() + parts.timing.sweep
        await self._guarded("runs", self._runs)
        await self._guarded("runs that upload", sweep_uploading.look, parts)
        for repo in repos.everyone(parts.db):
            if repo.installation not in parts.resting():
                await self._guarded(f"pull requests of {repo.full_name}", self._read, repo)
        await self._guarded("deliveries", self._deliveries)
        self._tidy()
        return True

    async def _guarded(self, what: str, chore: object, *args: object) -> None:
        """Do one chore; what goes wrong with it is told and tried again at the next sweep."""
        assert callable(chore)  # noqa: S101 -- for the type checker: bound methods of this class
        try:
            await chore(*args)
        except Exception as error:
            failure = classify(error, self._parts.now())
            log.warning("sweep of %s: %s", what, failure.sentence, exc_info=is_ours(failure))

    async def _runs(self) -> None:
        """Ask about runs without news since the last sweep; each is asked about again after twice as long."""
        parts, now = self._parts, self._parts.now()
        found = rollouts.overdue(
            parts.db, silent_since=parts.timing.sweep, now=now, limit=_RUNS_AT_ONCE, resting=parts.resting()
        )
        for placed in found:
            repo = repos.get(parts.db, placed.repo_id)
            if repo is None or not repo.installation or repo.installation in parts.resting():
                continue
            try:
                run, known = await self._ask(repo, placed)
            except Exception as error:  # no answer says nothing of the run
                failure = classify(error, parts.now())
                log.warning("run %d: %s", placed.dispatch.run_id, failure.sentence)
                if failure.kind is FailureKind.PAUSED:
                    parts.pace(repo.installation).pause(failure.retry_at or now + 60)
                    continue
                run, known = None, False
            with transaction(parts.db):
                rollouts.asked(parts.db, placed.dispatch.id, now, known=known)
                if run is not None and _is_news(placed.dispatch, run):
                    body = msgspec.json.encode(RunRead(placed.dispatch.id, run))
                    inbox.put(parts.db, "run_read", body, now=now, repo_id=repo.id, lane=placed.lane)

    async def _ask(self, repo: Repo, placed: Placed) -> tuple[RunFacts | None, bool]:
        """Ask GitHub for a run; returns what is to be believed of it, and whether GitHub knows it."""
        try:
            return await reads.run(self._parts.installation(repo.installation), repo, placed.dispatch.run_id), True
        except gidgethub.HTTPException as error:
            if classify(error, self._parts.now()).kind is not FailureKind.FORGET:
                raise
            return await self._gone(repo, placed), False

    async def _gone(self, repo: Repo, placed: Placed) -> RunFacts | None:
        """Tell the end of a run that GitHub does not know, where it may be believed; None while it may come back.

        A new run is found late, and what the App may not see looks the same.
        """
        try:
            seen = await reads.repository_by_name(self._parts.github, repo.owner, repo.name)
        except gidgethub.HTTPException as error:
            if error.status_code != HTTPStatus.NOT_FOUND:
                raise
            seen = None
        if seen is None or (seen.id, seen.installation) != (repo.id, repo.installation):
            self._look_at(repo)
            return None
        now = self._parts.now()
        return _unknown(placed.dispatch, now) if now - placed.news_at > self._parts.timing.run_timeout else None

    async def _read(self, repo: Repo) -> None:
        """Read a repository's pull requests; where it or its installation is gone, have that looked into."""
        try:
            await self._pulls(repo)
        except Uninstalled:
            self._look_at(repo)
        except gidgethub.HTTPException as error:
            if classify(error, self._parts.now()).kind is FailureKind.FORGET:
                self._look_at(repo)
            raise

    def _look_at(self, repo: Repo) -> None:
        """Have it found out whether an installation still covers a repository."""
        kind, lane, repo_id, body = read_again(repo.id, repo.installation)
        with transaction(self._parts.db):
            inbox.put_once(self._parts.db, kind, now=self._parts.now(), repo_id=repo_id, lane=lane, body=body)

    async def _pulls(self, repo: Repo) -> None:
        try:
            await self._read_pulls(repo)
        except Exception as error:
            failure = classify(error, self._parts.now())
            if failure.kind is FailureKind.PAUSED:
                self._parts.pace(repo.installation).pause(failure.retry_at or self._parts.now() + 60)
            raise

    async def _read_pulls(self, repo: Repo) -> None:
        parts, now = self._parts, self._parts.now()
        gh = parts.installation(repo.installation)
        since = repos.pulls_read_at(parts.db, repo.id)
        known = {pull.number for pull in pulls.believed_open(parts.db, repo.id)}
        if since and not known and now < since + _OVERLAP + _QUIET:
            return
        if (await reads.repository(gh, repo.id)).full_name != repo.full_name:
            self._look_at(repo)  # its name may be another's by now
            return
        # The first look after an installation is at what is open; nobody wants the news of all years.
        all_open = not since or self._readings[repo.id] % _ALL_OPEN == _ALL_OPEN - 1
        found = await (reads.open_pulls(gh, repo) if all_open else reads.pulls_updated_since(gh, repo, since))
        seen = {facts.number: facts for facts in found}
        for number in known - seen.keys() if all_open else ():
            seen[number] = await reads.pull(gh, repo, number)
        changed = [facts for facts in seen.values() if _differs(pulls.get(parts.db, repo.id, facts.number), facts)]
        with transaction(parts.db):
            for facts in changed:
                lane = lane_of_pull(repo.id, facts.number)
                inbox.put_once(parts.db, "pull_read", now=now, repo_id=repo.id, lane=lane)
            repos.note_pulls_read(parts.db, repo.id, now - _OVERLAP)
        self._readings[repo.id] += 1

    async def _deliveries(self) -> None:
        parts, now = self._parts, self._parts.now()
        since = max(meta.get(parts.db, "deliveries_since"), now - _LOG_KEPT)
        found = await reads.deliveries(parts.github, since=since)
        for delivery in reads.never_arrived(found):
            if delivery.event in check_run.WEBHOOKS and delivery.delivered_at < now - FRESH:
                continue  # who pressed that button so long ago has looked again since
            with transaction(parts.db):
                wanted = meta.redelivered(parts.db, delivery.guid, now, _REDELIVERIES)
            if wanted:
                log.info("webhook %s (%s) did not arrive: it is sent again", delivery.guid, delivery.event)
                await ensure.redeliver(parts.github, delivery.id)
        with transaction(parts.db):
            # A second and a third try are deliveries of their own, which the next sweeps see.
            meta.put(parts.db, "deliveries_since", now - _LATE)

    def _tidy(self) -> None:
        db, now = self._parts.db, self._parts.now()
        with transaction(db):
            left.give_up(db, now - _PARKED, now)
            for row in inbox.expire_parked(db, now - _PARKED, now):
                log.warning("input %d (%s) is given up: for a day nothing came that it waited for", row.id, row.kind)
            inbox.unpark_known(db)
            inbox.prune(db, now)
            outbox.reopen_comments(db, died_before=now - _REFUSED, wished_after=now - _REFUSED_FOR_GOOD)
            outbox.prune(db)
            chunks.prune(db, now)
            graphs.prune(db, now)
            meta.prune(db, now)
            locks.prune(db, now)
            audit.prune(db, now)
            places.prune(db, now - _PLACES_KEPT)
            durations.prune(db, now - _PLACES_KEPT)
            commands.prune(db, now - _COMMANDS_KEPT)
            inbox.nudge_waiting(db, now=now)


def _is_news(known: Dispatch, run: RunFacts) -> bool:
    """Tell whether GitHub's answer says anything that is not known yet."""
    told = (run.attempt, run.conclusion, run.updated_at)
    if told != (known.attempt, known.conclusion, known.run_updated_at):
        return True
    return run.status != "completed" and run_news.open_status(run.status) is not known.status


def _unknown(known: Dispatch, now: float) -> RunFacts:
    """Make the end of a run that GitHub has not known for very long: somebody deleted it."""
    return RunFacts(
        run_id=known.run_id,
        workflow=known.workflow,
        event="workflow_dispatch",
        status="completed",
        conclusion=run_news.UNKNOWN,
        attempt=known.attempt,
        head_sha="",
        head_branch="",
        title="",
        url=known.run_url,
        updated_at=now,
        started_at=known.started_at,
        created_at=known.created_at,
    )


def _differs(known: Pull | None, facts: PullFacts) -> bool:
    """Tell whether GitHub's picture of a pull request is news."""
    if known is None:
        return facts.open
    return any(
        getattr(known, name) != getattr(facts, name) for name in ("head_sha", "open", "merged", "base_ref", "draft")
    )
