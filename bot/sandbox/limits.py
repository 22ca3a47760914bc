"""GitHub's limits: requests per hour, and the secondary ones where they are switched on."""

import re
from collections import deque
from collections.abc import Callable

from bot.sandbox.errors import ApiError
from bot.sandbox.faults import Faults

HOUR = 3600
CONTENT = re.compile(r"/(comments(/\d+)?|reactions|check-runs(/\d+)?)$")
SECONDARY = (
    "You have exceeded a secondary rate limit. Please wait a few minutes before you try again. "
    "If you reach out to GitHub Support for help, please include the request ID."
)


class Limits:
    """Count the requests of each installation."""

    def __init__(self, *, now: Callable[[], float], faults: Faults) -> None:
        self._now, self._faults = now, faults
        self._windows: dict[int, tuple[float, int]] = {}
        self._content: deque[float] = deque()
        self._points: deque[tuple[float, int]] = deque()

    @property
    def per_hour(self) -> int:
        """Return the primary limit."""
        return self._faults.requests_per_hour

    def window(self, installation: int) -> tuple[float, int]:
        """Return when the installation's hour ends and how many requests it has used."""
        ends, used = self._windows.get(installation, (0.0, 0))
        return (ends, used) if ends > self._now() else (self._now() + HOUR, 0)

    def headers(self, installation: int) -> dict[str, str]:
        """Return the headers that tell the primary limit."""
        ends, used = self.window(installation)
        return {
            "x-ratelimit-limit": str(self.per_hour),
            "x-ratelimit-remaining": str(max(0, self.per_hour - used)),
            "x-ratelimit-reset": str(int(ends)),
            "x-ratelimit-used": str(used),
            "x-ratelimit-resource": "core",
        }

    def count(self, installation: int) -> None:
        """Count one request against the primary limit. Raises ApiError 403."""
        ends, used = self.window(installation)
        if used >= self.per_hour:
            raise ApiError(403, f"API rate limit exceeded for installation ID {installation}.")
        self._windows[installation] = (ends, used + 1)

    def give_back(self, installation: int) -> None:
        """Take back the last count: an answer 304 costs nothing."""
        ends, used = self.window(installation)
        self._windows[installation] = (ends, used - 1)

    def check_secondary(self, method: str, path: str) -> None:
        """Count one request against the secondary limits. Raises ApiError 403 with `retry-after`."""
        now = self._now()
        if self._faults.points_per_minute is not None:
            while self._points and self._points[0][0] <= now - 60:
                self._points.popleft()
            self._points.append((now, 1 if method == "GET" else 5))
            if sum(points for _, points in self._points) > self._faults.points_per_minute:
                raise ApiError(403, SECONDARY, retry_after="60")
        if method in ("POST", "PATCH", "PUT") and CONTENT.search(path):
            self._check_content(now)

    def _check_content(self, now: float) -> None:
        while self._content and self._content[0] <= now - HOUR:
            self._content.popleft()
        last_minute = sum(1 for moment in self._content if moment > now - 60)
        for limit, used in (
            (self._faults.content_per_minute, last_minute),
            (self._faults.content_per_hour, len(self._content)),
        ):
            if limit is not None and used >= limit:
                raise ApiError(403, SECONDARY, retry_after="60")
        self._content.append(now)
