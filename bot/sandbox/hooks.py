"""Webhooks: signed, sent in order by real HTTP, logged, never retried by themselves."""

import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import aiohttp

from bot.sandbox.faults import Faults
from bot.sandbox.ids import Ids
from bot.sandbox.timeline import Timeline

BIGGEST = 25 * 1024 * 1024
ANSWER_SECONDS = 10
KEPT_SECONDS = 3 * 24 * 3600


@dataclass(slots=True, eq=False)
class Delivery:
    """One try to deliver one webhook; a redelivery is another with the same GUID."""

    id: int
    guid: str
    event: str
    action: str | None
    body: bytes
    installation_id: int | None
    repository_id: int | None
    redelivery: bool = False
    lost: bool = False
    delivered_at: float = 0.0
    duration: float = 0.0
    status: str = "pending"
    status_code: int = 0
    answer: str = ""

    @property
    def failed(self) -> bool:
        """Tell whether GitHub counts it as a failure."""
        return self.status_code >= 400


class Hooks:
    """The webhook of the app and the log of its deliveries, oldest first. While it is not `active` nothing is sent."""

    def __init__(
        self, *, now: Callable[[], float], ids: Ids, timeline: Timeline, faults: Faults, secret: str, app_id: int
    ) -> None:
        self.url: str | None = None
        self.active = True
        self.content_type = "json"
        self.secret, self.app_id = secret, app_id
        self.log: list[Delivery] = []
        self._now, self._ids, self._timeline, self._faults = now, ids, timeline, faults
        self._held: Delivery | None = None
        self._session: aiohttp.ClientSession | None = None

    def enqueue(
        self, event: str, payload: dict[str, Any], *, installation_id: int | None, repository_id: int | None, at: float
    ) -> None:
        """Put a webhook on its way, spoiled by the fault that waits for it, if any."""
        body = json.dumps(payload).encode()
        if len(body) > BIGGEST or not self.active:
            return
        delivery = Delivery(
            self._ids.next("delivery"),
            self._ids.guid(),
            event,
            payload.get("action"),
            body,
            installation_id,
            repository_id,
        )
        self._put(delivery, at)

    def redeliver(self, delivery: Delivery) -> None:
        """Send a webhook again, under the GUID that it has."""
        self._put(replace(delivery, id=self._ids.next("delivery"), redelivery=True, lost=False), self._now())

    def listed(self) -> list[Delivery]:
        """Return what the delivery log still shows, newest first."""
        oldest = self._now() - KEPT_SECONDS
        return [delivery for delivery in reversed(self.log) if delivery.delivered_at >= oldest]

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _put(self, delivery: Delivery, at: float) -> None:
        fault = self._faults.for_hook(f"{delivery.event}.{delivery.action}" if delivery.action else delivery.event)
        kind = fault.kind if fault else None
        if kind == "swap" and self._held is None:
            self._held = delivery
            return
        delivery.lost = kind == "lose"
        self._schedule(delivery, at + (fault.seconds if fault else 0.0))
        if kind == "double":
            self._schedule(replace(delivery, id=self._ids.next("delivery")), at)
        if self._held is not None:
            self._schedule(self._held, at)
            self._held = None

    def _schedule(self, delivery: Delivery, at: float) -> None:
        async def send(_due: float) -> None:
            await self._send(delivery)

        self._timeline.at(at, send)

    async def _send(self, delivery: Delivery) -> None:
        if self.url is None:
            return
        delivery.delivered_at = self._now()
        self.log.append(delivery)
        if delivery.lost:
            delivery.status, delivery.status_code = "timed out", 504
            return
        await self._post(delivery, self.url)

    async def _post(self, delivery: Delivery, url: str) -> None:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(force_close=True), timeout=aiohttp.ClientTimeout(total=ANSWER_SECONDS)
            )
        try:
            async with self._session.post(
                url, data=delivery.body, headers=self._headers(delivery), allow_redirects=False
            ) as answer:
                delivery.answer = (await answer.read()).decode(errors="replace")[:1000]
                delivery.status_code = answer.status
                delivery.status = "OK" if answer.status < 400 else f"Invalid HTTP Response: {answer.status}"
        except TimeoutError:
            delivery.status, delivery.status_code = "timed out", 504
        except aiohttp.ClientError:
            delivery.status, delivery.status_code = "failed to connect to host", 502
        delivery.duration = max(0.0, self._now() - delivery.delivered_at)

    def _headers(self, delivery: Delivery) -> dict[str, str]:
        signature = hmac.new(self.secret.encode(), delivery.body, hashlib.sha256).hexdigest()
        return {
            "Accept": "*/*",
            "Content-Type": "application/json",
            "User-Agent": "GitHub-Hookshot/5a4d0b1",
            "X-GitHub-Delivery": delivery.guid,
            "X-GitHub-Event": delivery.event,
            "X-GitHub-Hook-ID": "480000001",
            "X-GitHub-Hook-Installation-Target-ID": str(self.app_id),
            "X-GitHub-Hook-Installation-Target-Type": "integration",
            "X-Hub-Signature-256": f"sha256={signature}",
        }
