"""Wishes out of the outbox: nothing is sent, everything is ensured. What is learnt comes back through the inbox."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from bot.github.failures import FailureKind, classify, is_ours
from bot.github.pace import Kind
from bot.store import outbox, repos
from bot.store.db import transaction
from bot.store.outbox import Wish
from bot.work import cancelling, checking, commenting, one_comment, pull_checks, reacting, running
from bot.work.parts import Parts
from bot.work.tasks import Tasks

log = logging.getLogger(__name__)

_AT_ONCE = 10
#: Enough that an installation whose pace is used up does not hide the wishes of others.
_LOOKED_AT = 500
_LONGEST_WAIT = 300.0

#: What fulfils each kind of wish, and which of GitHub's limits it counts against. False says that nothing was written.
_KINDS: dict[str, tuple[Callable[[Parts, Wish], Awaitable[bool | None]], Kind]] = {
    "run": (running.ensure, Kind.DISPATCH),
    "cancel": (cancelling.ensure, Kind.DISPATCH),
    "comment": (commenting.ensure, Kind.CONTENT),
    "check": (checking.ensure, Kind.CONTENT),
    "pull_check": (pull_checks.ensure, Kind.CONTENT),
    "react": (reacting.ensure, Kind.CONTENT),
}


class Deliver:
    """Fulfils wishes, as fast as each installation may be written to."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._tasks = Tasks(_AT_ONCE)
        #: When a wish that waits for its installation's pace may go, in seconds since the epoch; 0 for none.
        self.paced_until = 0.0

    async def step(self, wake: asyncio.Event | None = None) -> bool:
        """Start what is due and may go, and wait for some of it; False when there was nothing to do."""
        now, resting = self._parts.now(), self._parts.resting()
        self.paced_until = min((self._parts.pace(one).paused_until for one in resting), default=0.0)
        full: set[tuple[int, Kind]] = set()
        for wish in outbox.due(self._parts.db, now, _LOOKED_AT, resting=resting):
            if not self._tasks.free:
                break
            if wish.key not in self._tasks and self._may_go(wish, now, full):
                self._tasks.start(wish.key, self._fulfil(wish))
        if not self._tasks.busy:
            return False
        await self._tasks.wait(wake)
        return True

    async def stop(self, seconds: float) -> None:
        """Give what is in the air some time; what does not end is in doubt."""
        await self._tasks.finish(seconds)

    def _may_go(self, wish: Wish, now: float, full: set[tuple[int, Kind]]) -> bool:
        repo = repos.get(self._parts.db, wish.repo_id)
        if repo is None or not repo.installation:
            with transaction(self._parts.db):
                self._give_up(wish, "The App is not installed in this repository any more.")
            return False
        kind = _KINDS[wish.kind][1]
        # Two cannot have one name: nothing is sent by it until GitHub has told whose it is.
        if (repo.installation, kind) in full or repos.namesakes(self._parts.db, repo):
            return False
        wait = self._parts.pace(repo.installation).wait(kind)
        if wait:
            full.add((repo.installation, kind))
            self.paced_until = min(filter(None, (self.paced_until, now + wait)), default=0.0)
        return not wait

    async def _fulfil(self, wish: Wish) -> None:
        parts = self._parts
        ensure, kind = _KINDS[wish.kind]
        try:
            wrote = await ensure(parts, wish)
        except Exception as error:  # whatever it is must not stop the other wishes
            now = parts.now()
            failure = classify(error, now)
            log.warning("%s: %s", wish.key, failure.sentence, exc_info=is_ours(failure))
            repo = repos.get(parts.db, wish.repo_id)
            if failure.kind is FailureKind.PAUSED and repo is not None:
                parts.pace(repo.installation).pause(failure.retry_at or now + 60)
            with transaction(parts.db):
                if failure.kind is FailureKind.PAUSED:
                    due = failure.retry_at or now + 60
                    outbox.later(parts.db, wish.key, due=due, error=failure.sentence, attempts=wish.attempts)
                elif failure.kind is FailureKind.LATER:
                    due = max(failure.retry_at or 0.0, now + min(_LONGEST_WAIT, 2.0 ** min(wish.attempts, 9)))
                    outbox.later(parts.db, wish.key, due=due, error=failure.sentence)
                else:
                    self._give_up(wish, failure.sentence)
        else:
            if wrote is False:
                self._give_back(wish, kind)
            self._note_limit(wish)

    def _give_back(self, wish: Wish, kind: Kind) -> None:
        """Give the leave back of which no use was made: to look what there is to write takes none."""
        repo = repos.get(self._parts.db, wish.repo_id)
        if repo is not None:
            self._parts.pace(repo.installation).give_back(kind)

    def _give_up(self, wish: Wish, sentence: str) -> None:
        """End a wish for good. Whoever waits for a run is told, and the check run tells of the comment."""
        if wish.kind == "run":
            running.give_up(self._parts, wish, sentence)
        else:
            outbox.bury(self._parts.db, wish.key, sentence, now=self._parts.now())
            if wish.kind == "comment":
                one_comment.note_problem(self._parts, wish, sentence)

    def _note_limit(self, wish: Wish) -> None:
        repo = repos.get(self._parts.db, wish.repo_id)
        left = self._parts.installation(repo.installation).remaining if repo and repo.installation else None
        if repo is not None and left is not None:
            self._parts.metrics.rate_limit_left(repo.installation, left)
