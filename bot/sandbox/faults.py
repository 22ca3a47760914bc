"""What goes wrong on demand: answers of the API, webhooks, secondary limits."""

import asyncio
import re
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["status", "secondary", "too_many", "rate_limited", "lost_answer", "dead_connection", "hold"]
HookKind = Literal["lose", "double", "swap", "delay"]


@dataclass(slots=True, eq=False)
class Fault:
    """A fault of the API that waits for its requests; also the handle of `hold`."""

    method: str
    path: re.Pattern[str]
    kind: Kind
    times: int
    status: int
    retry_after: int
    reset_in: float
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    released: asyncio.Event = field(default_factory=asyncio.Event)

    def release(self) -> None:
        """Let the requests that are held go on."""
        self.released.set()


@dataclass(slots=True, eq=False)
class HookFault:
    """A fault of webhooks that waits for its deliveries."""

    event: re.Pattern[str]
    kind: HookKind
    times: int
    seconds: float


class Faults:
    """Faults in the order they were added; each request and each delivery takes the first that fits.

    `requests_per_hour` is the primary limit of an installation. `content_per_minute`,
    `content_per_hour` and `points_per_minute` are GitHub's secondary limits, off while they are None.
    """

    def __init__(self) -> None:
        self.requests_per_hour = 5000
        self.content_per_minute: int | None = None
        self.content_per_hour: int | None = None
        self.points_per_minute: int | None = None
        self._api: list[Fault] = []
        self._hooks: list[HookFault] = []

    def add(
        self,
        method: str,
        path_regex: str,
        kind: Kind,
        times: int = 1,
        *,
        status: int = 502,
        retry_after: int = 60,
        reset_in: float = 3600,
    ) -> Fault:
        """Spoil the next `times` requests of a method (`*`: any) whose path contains the pattern.

        `status` answers with that status, `secondary` 403 and `too_many` 429 with `retry-after`,
        `rate_limited` 403 with nothing remaining until `reset_in` seconds from now. `lost_answer`
        carries the request out and closes without an answer, `dead_connection` closes before.
        `hold` waits for `release()` of the handle (its `reached` is set when a request is there).
        """
        fault = Fault(method, re.compile(path_regex), kind, times, status, retry_after, reset_in)
        self._api.append(fault)
        return fault

    def hooks(self, event_regex: str, kind: HookKind, times: int = 1, *, seconds: float = 0.0) -> HookFault:
        """Spoil the next `times` webhooks whose `event.action` contains the pattern, from the next change on.

        `lose` records a failed delivery that never arrives, `double` sends it twice, `swap` sends it
        after the webhook that follows it, `delay` sends it `seconds` later.
        """
        fault = HookFault(re.compile(event_regex), kind, times, seconds)
        self._hooks.append(fault)
        return fault

    def clear(self) -> None:
        """Forget all faults and release what is held; limits stay."""
        for fault in self._api:
            fault.release()
        self._api.clear()
        self._hooks.clear()

    def for_request(self, method: str, path: str) -> Fault | None:
        """Take the fault of a request."""
        for fault in self._api:
            if fault.times > 0 and fault.method in ("*", method) and fault.path.search(path):
                fault.times -= 1
                fault.reached.set()
                return fault
        return None

    def for_hook(self, event: str) -> HookFault | None:
        """Take the fault of a webhook, `event.action`."""
        for fault in self._hooks:
            if fault.times > 0 and fault.event.search(event):
                fault.times -= 1
                return fault
        return None
