"""Which repositories may speak to us: those in which the App is installed.

What is known answers at once. What is not is asked of GitHub by the worker, while the web thread waits.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.domain.model import Repo
from bot.github.oidc import Identity
from bot.store import repos, wanted
from bot.store.writer import Writer
from bot.web.answers import Refusal
from bot.web.reading import Reader

#: The CLI gives up after 15 seconds; the answer is looked for in steps of so many seconds, so many times.
_STEP = 0.05
_STEPS = 100
_WRITE = 1.0
#: That the App is not installed is believed for so long, in seconds, of so many repositories.
_BELIEVED = 60.0
_MOST = 10_000
#: As many threads wait at once, so that strangers cannot occupy them all.
_WAITING = 4


@dataclass(frozen=True, slots=True)
class Covering:
    """Finds the repository of a run."""

    reader: Reader
    writer: Writer
    now: Callable[[], float]
    #: By repository and owner: until when they are refused, and why.
    _refused: dict[tuple[int, int], tuple[float, str]] = field(default_factory=dict)
    _places: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(_WAITING))

    def find(self, identity: Identity) -> Repo:
        """Find the repository of a run; raises Refusal: 403 where the App is not installed, 503 for "again later"."""
        if (repo := self._known(identity)) is not None:
            return repo
        asker = (identity.repository_id, identity.owner_id)
        until, believed = self._refused.get(asker, (0.0, ""))
        if until > self.now():
            raise Refusal(403, believed)
        reason = self._ask(identity)
        if (repo := self._known(identity)) is not None:
            return repo
        if (why := self._why(identity, reason)) is None:
            raise _later(identity)
        if len(self._refused) >= _MOST:
            self._refused.clear()
        self._refused[asker] = (self.now() + _BELIEVED, why)
        raise Refusal(403, why)

    def _known(self, identity: Identity) -> Repo | None:
        """Read the repository, where it is covered and still belongs to whom the token says."""
        repo = repos.get(self.reader.db(), identity.repository_id)
        return repo if repo is not None and repo.installation and repo.owner_id == identity.owner_id else None

    def _why(self, identity: Identity, reason: str) -> str | None:
        """Tell why GitHub's answer lets nobody in; None where there was no answer."""
        if reason == wanted.UNCOVERED:
            return (
                f"The Switchyard App is not installed in {identity.repository}. Install it there, or give it access to "
                "this repository, and run the command again after a minute."
            )
        repo = repos.get(self.reader.db(), identity.repository_id)
        if repo is None or repo.owner_id in (0, identity.owner_id):
            return None
        return (
            f"The identity token is from {identity.repository} under an owner that it does not belong to any more. "
            "Start the workflow again after the transfer."
        )

    def _ask(self, identity: Identity) -> str:
        """Have the worker ask GitHub and wait; returns how that ended."""
        if not self._places.acquire(blocking=False):
            raise _later(identity)
        try:
            row_id = self.writer.run(
                lambda db: wanted.put(db, identity.repository_id, identity.repository, self.now()), _WRITE
            )
            pause = threading.Event()
            for _ in range(_STEPS):
                reason = wanted.ended(self.reader.db(), row_id)
                if reason is not None:
                    return reason
                pause.wait(_STEP)
        finally:
            self._places.release()
        raise _later(identity)


def _later(identity: Identity) -> Refusal:
    return Refusal(
        503,
        f"Switchyard could not find out whether its App is installed in {identity.repository}. Run the command again "
        "in a minute; if it stays so, Switchyard's log says why.",
    )
