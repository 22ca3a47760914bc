"""How fast one installation may write: GitHub's limits on content and on dispatches, kept from our side."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

HALVED_SECONDS = 600.0
_ENOUGH = 1 - 1e-6  # a token that is only missing to rounding is there


class Kind(StrEnum):
    """What is written."""

    DISPATCH = "dispatch"
    CONTENT = "content"  # comments, checks, reactions


class Bucket:
    """A token bucket: `burst` tokens at most, `rate_per_second` new ones. `now` gives seconds since the epoch."""

    def __init__(self, rate_per_second: float, burst: float, now: Callable[[], float]) -> None:
        self._rate = rate_per_second
        self._burst = burst
        self._now = now
        self._tokens = burst
        self._at = now()
        self._halved_until = 0.0

    def missing(self) -> float:
        """Tell in how many seconds a token is there; 0.0 when one is."""
        self._refill()
        wanted = 1 - self._tokens
        if self._tokens >= _ENOUGH:
            return 0.0
        halved = max(self._halved_until - self._at, 0.0)
        if wanted <= halved * self._rate / 2:
            return wanted / (self._rate / 2)
        return halved + (wanted - halved * self._rate / 2) / self._rate

    def take(self) -> float:
        """Take a token and return 0.0, or take none and return the seconds until one is there."""
        missing = self.missing()
        if missing == 0.0:
            self._tokens -= 1
        return missing

    def give_back(self) -> None:
        """Put a token back that was taken and not used."""
        self._tokens = min(self._burst, self._tokens + 1)

    def halve(self, until: float) -> None:
        """Let tokens come half as fast until then."""
        self._refill()
        self._halved_until = max(self._halved_until, until)

    def _refill(self) -> None:
        now = self._now()
        passed = max(now - self._at, 0.0)
        halved = min(max(self._halved_until - self._at, 0.0), passed)
        self._tokens = min(self._burst, self._tokens + (passed - halved / 2) * self._rate)
        self._at = now


class Pace:
    """The pace of one installation; `now` gives seconds since the epoch.

    Dispatches go at the rate of the settings, content at most 60 times in any minute and 400 times in any hour.
    """

    def __init__(self, dispatches_per_second: float, now: Callable[[], float]) -> None:
        self._now = now
        self._paused_until = 0.0
        # What comes in a window is the burst and what grows in it: 10 + 50 a minute, 100 + 300 an hour.
        self._buckets = {
            Kind.DISPATCH: (Bucket(dispatches_per_second, max(1.0, dispatches_per_second), now),),
            Kind.CONTENT: (Bucket(50 / 60, 10, now), Bucket(300 / 3600, 100, now)),
        }

    @property
    def paused_until(self) -> float:
        """Until when everything rests, in seconds since the epoch; may lie in the past."""
        return self._paused_until

    def wait(self, kind: Kind) -> float:
        """Take leave to write once and return 0.0, or take none and return the seconds until asking again."""
        paused = self._paused_until - self._now()
        missing = max(paused, *(bucket.missing() for bucket in self._buckets[kind]))
        if missing > 0:
            return missing
        for bucket in self._buckets[kind]:
            bucket.take()
        return 0.0

    def give_back(self, kind: Kind) -> None:
        """Give leave back that was not used."""
        for bucket in self._buckets[kind]:
            bucket.give_back()

    def pause(self, until: float) -> None:
        """Rest until then, and write at half the pace for ten minutes after: GitHub said that it was too much."""
        self._paused_until = max(self._paused_until, until)
        for buckets in self._buckets.values():
            for bucket in buckets:
                bucket.halve(self._paused_until + HALVED_SECONDS)
