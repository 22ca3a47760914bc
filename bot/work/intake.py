"""Inputs through parse, gather, decide and commit: the oldest due row of each lane, lanes side by side."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from typing import Any

from bot.domain.commands.cancel import cancels
from bot.domain.decide import decide
from bot.domain.desk import Lane, Regather
from bot.domain.graph import UploadTooLarge
from bot.domain.lanes import pull_of_lane
from bot.domain.model import Repo
from bot.events import EVENTS
from bot.events.context import Finished, Gathered, InLane, Learned, Moved, Parked, Place, Spread, decode, repo_of
from bot.events.elsewhere import read_again
from bot.events.inventory import Listing
from bot.events.upload import BadUpload
from bot.github.failures import FailureKind, classify, is_ours
from bot.store import commits, inbox, left, outbox, pulls, repos
from bot.store.db import transaction
from bot.store.inbox import Row
from bot.store.wanted import UNCOVERED
from bot.work.facts import facts_for
from bot.work.listing import keep
from bot.work.parts import Parts
from bot.work.saving import save
from bot.work.tasks import Tasks
from bot.work.telling import tell, where
from bot.work.wishes import react, show

log = logging.getLogger(__name__)

#: As many lanes as are worked side by side.
_LANES = 8
#: A row is given up after this many failed attempts: with the waits below, after about five hours.
_ATTEMPTS = 60
_LONGEST_WAIT = 300.0


class Intake:
    """Takes inputs out of the inbox. Nobody else writes pull requests and rollouts."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._tasks = Tasks(_LANES)
        self._last = ""  # the lane that was started last

    async def step(self, wake: asyncio.Event | None = None) -> bool:
        """Place what is new, start what is due, and wait for some of it; False when nothing was there to do."""
        placed = self._place_all()
        for row in inbox.heads(self._parts.db, self._parts.now(), self._tasks.free, self._last, self._tasks):
            self._last = row.lane or ""
            self._tasks.start(self._last, self._handle(row))
        if not self._tasks.busy:
            return placed
        await self._tasks.wait(wake)
        return True

    async def stop(self, seconds: float) -> None:
        """Let what is being handled end."""
        await self._tasks.finish(seconds)

    def _place_all(self) -> bool:
        db = self._parts.db
        found = inbox.unplaced(db)
        if found:
            with transaction(db):
                for row in found:
                    self._place(row)
        return bool(found)

    def _place(self, row: Row) -> None:
        kind = EVENTS.get(row.kind)
        if kind is None and row.ours:
            left.leave(self._parts.db, row)
            return
        if kind is None or kind.place is None:
            self._settle(row, Finished(f"nothing is done with {row.kind}"))
            return
        try:
            payload = decode(row) if kind.json else {}
            self._learn(row, payload)
            self._settle(row, kind.place(payload, row, self._parts.db))
        except ValueError as error:
            self._bury(row, str(error))
        except Exception as error:  # one bad row must not keep all others out
            log.exception("input %d (%s) cannot be placed", row.id, row.kind)
            self._bury(row, _sentence(error))

    def _learn(self, row: Row, payload: dict[str, Any]) -> None:
        """Keep a repository that is new; have one that was told otherwise before read again."""
        repo = repo_of(payload) if payload else None
        if repo is None:
            return
        known = repos.get(self._parts.db, repo.id)
        if known is None:
            self._save_repo(repo)
        elif repo != known:  # one of them is older, and GitHub knows which
            self._read_repo(repo)
        if row.kind == "push":
            branch = str(payload.get("ref")).removeprefix("refs/heads/")
            self._parts.files.forget(repo.id, "" if branch == repo.default_branch else branch)

    def _save_repo(self, repo: Repo) -> None:
        """Keep a repository as it is now; who had its name before is gone, or has another name."""
        repos.save(self._parts.db, repo, self._parts.now())
        for namesake in repos.namesakes(self._parts.db, repo):
            self._read_repo(namesake)

    def _read_repo(self, repo: Repo) -> None:
        kind, lane, repo_id, body = read_again(repo.id, repo.installation)
        inbox.put_once(self._parts.db, kind, now=self._parts.now(), repo_id=repo_id, lane=lane, body=body)

    def _settle(self, row: Row, place: Place | Learned | Listing) -> None:
        db, now = self._parts.db, self._parts.now()
        match place:
            case Learned(repo=None):
                repos.uncovered(db, place.repo_id)
                inbox.finish(db, row.id, now=now, reason=UNCOVERED)
            case Learned(repo=Repo() as repo):
                self._save_repo(repo)
                inbox.finish(db, row.id, now=now, reason=f"it is {repo.full_name}")
            case Listing():
                reason = keep(db, place)
                inbox.finish(db, row.id, now=now, reason=reason)
                tell(db, row, reason)
            case InLane():
                inbox.place(db, row.id, lane=place.lane, repo_id=place.repo_id)
                if place.read:
                    react(self._parts, place.lane, place.repo_id, place.read, "eyes")
                if place.gone:
                    outbox.forget(db, f"comment:{place.lane}", place.gone)
            case Parked():
                inbox.park(db, row.id, place.key, repo_id=place.repo_id, reason=place.reason)
                tell(db, row, f"put aside for now: {place.reason}")
            case Finished():
                inbox.finish(db, row.id, now=now, reason=place.reason)
                tell(db, row, place.reason)
            case Spread():
                for kind, lane, repo_id, body in place.rows:
                    inbox.put(db, kind, body, now=now, repo_id=repo_id, lane=lane)
                inbox.finish(db, row.id, now=now, reason=place.reason)

    def _bury(self, row: Row, reason: str) -> None:
        """Give a row up. An upload's pull request, or its commit's check run, tells people."""
        db, now = self._parts.db, self._parts.now()
        log.error("input %d (%s) cannot be handled: %s", row.id, row.kind, reason)
        inbox.bury(db, row.id, now=now, reason=reason)
        if row.kind == "upload" and row.lane:
            show(self._parts, row.lane, row.repo_id or 0, due=now)

    async def _handle(self, row: Row) -> None:
        if row.kind not in EVENTS:
            with transaction(self._parts.db):
                left.leave(self._parts.db, row)
            return
        for _ in range(3):
            try:
                found = await self._gather(row)
            except Exception as error:  # whatever it is must not stop the other lanes
                self._failed(row, error)
                return
            if self._done(row, found):
                return
        with transaction(self._parts.db):
            inbox.later(self._parts.db, row.id, due=self._parts.now() + 1, reason="the world kept moving")

    def _done(self, row: Row, found: Gathered | Finished | Moved | Learned | Listing) -> bool:
        """End a row with what was gathered for it; False when that was about a world that is gone."""
        try:
            if isinstance(found, Gathered):
                self._commit(row, found)
            else:
                with transaction(self._parts.db):
                    self._settle(row, found.place if isinstance(found, Moved) else found)
        except Regather:
            return False
        except sqlite3.OperationalError as error:  # another process has the file
            with transaction(self._parts.db):
                inbox.later(self._parts.db, row.id, due=self._parts.now() + 1, reason=str(error))
        except Exception as error:  # the rules are pure: the next attempt would fail in the same way
            log.exception("input %d (%s) cannot be decided", row.id, row.kind)
            with transaction(self._parts.db):
                self._bury(row, _sentence(error))
        return True

    async def _gather(self, row: Row) -> Gathered | Finished | Moved | Learned | Listing:
        gather = EVENTS[row.kind].gather
        if gather is None:
            return Finished(f"nothing is done with {row.kind}")
        return await gather(row, self._parts.context)

    def _failed(self, row: Row, error: Exception) -> None:
        now = self._parts.now()
        failure = classify(error, now)
        log.warning("input %d (%s): %s", row.id, row.kind, failure.sentence, exc_info=is_ours(failure))
        with transaction(self._parts.db):
            if failure.kind is FailureKind.PAUSED:
                due = failure.retry_at or now + 60
                repo = repos.get(self._parts.db, row.repo_id or 0)
                if repo is not None:
                    self._parts.pace(repo.installation).pause(due)
                inbox.later(self._parts.db, row.id, due=due, reason=failure.sentence, counted=False)
            elif failure.kind is FailureKind.LATER and row.attempts < _ATTEMPTS and not isinstance(error, _FINAL):
                wait = min(_LONGEST_WAIT, 2.0**row.attempts)
                due = max(failure.retry_at or 0.0, now + wait)
                inbox.later(self._parts.db, row.id, due=due, reason=failure.sentence)
            else:
                self._bury(row, str(error) if isinstance(error, _FINAL) else failure.sentence)

    def _commit(self, row: Row, found: Gathered) -> None:
        """Decide, and write everything that follows in one transaction with the end of the row."""
        parts, now = self._parts, self._parts.now()
        repo = parts.context.repo(row.repo_id or 0)
        lane_key = row.lane or ""
        with transaction(parts.db):
            number = pull_of_lane(lane_key)
            dispatch_id = getattr(found.event, "dispatch_id", "")
            lane = Lane(
                key=lane_key,
                repo=repo,
                pull=pulls.get(parts.db, repo.id, number) if number else None,
                walks=parts.rollouts.of_lane(lane_key, dispatch_id=dispatch_id, open_too=cancels(found.event)),
                commit=commits.get(parts.db, lane_key),
            )
            decision = decide(lane, found.event, facts_for(parts, lane, found), now=now, ids=parts.ids)
            # First, for what is put may be another look of the same kind, which this row must not pass for.
            inbox.finish(parts.db, row.id, now=now, reason=decision.reason)
            save(parts, lane, found, decision)
        parts.rollouts.committed(decision.drafts)
        log.info("%s: %s: %s", where(repo, lane_key), row.kind, decision.reason)


#: Errors that speak for themselves, and that the next attempt would meet again.
_FINAL = (UploadTooLarge, BadUpload)


def _sentence(error: Exception) -> str:
    if isinstance(error, _FINAL):
        return str(error)
    return f"Switchyard failed with an error of its own ({type(error).__name__}); its log tells more, please report it."
