"""Clients that send webhooks as fast as they are answered: run as a process of their own, beside the server.

`python -m benchmarks.clients PORT CLIENTS SECONDS SECRET` prints one JSON object: how many were answered, in how
many seconds, and how long each answer took. Connections are kept, as GitHub and the proxies before a service do;
requests are made before the clock starts, so that a client costs little of the machine that it shares with the server.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import secrets
import sys
from time import perf_counter

from benchmarks.payloads import workflow_run

#: Enough different bodies that nothing is served from a cache, and few enough to make quickly.
_BODIES = 500


def requests(count: int, secret: str) -> list[tuple[bytes, bytes]]:
    """Write requests around the delivery's id, which each sending gets anew."""
    made = []
    for number in range(count):
        body = workflow_run(19_000_000_000 + number)
        signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        head = (
            f"POST /webhooks/github HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"User-Agent: GitHub-Hookshot/044aadd\r\nX-GitHub-Event: workflow_run\r\n"
            f"X-Hub-Signature-256: sha256={signature}\r\n"
            f"Content-Length: {len(body)}\r\nX-GitHub-Delivery: "
        )
        made.append((head.encode(), b"\r\n\r\n" + body))
    return made


class Client(asyncio.Protocol):
    """One connection: sends the next request when the last is answered."""

    def __init__(self, made: list[tuple[bytes, bytes]], first: int, until: float, took: list[float]) -> None:
        self._made, self._next, self._until, self._took = made, first, until, took
        self._session = secrets.token_hex(8)
        self._answer = b""
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._send()

    def data_received(self, data: bytes) -> None:
        """Take an answer, or a piece of one."""
        self._answer += data
        head, complete, body = self._answer.partition(b"\r\n\r\n")
        if not complete or len(body) < _length(head):
            return
        now = perf_counter()
        self._took.append(now - self._sent_at)
        if not head.startswith(b"HTTP/1.1 202 "):
            self._stop(RuntimeError(f"The server refused: {self._answer!r}"))
        elif now < self._until:
            self._send()
        else:
            self._stop(None)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell that the server hung up."""
        self._stop(exc or RuntimeError("The server closed the connection."))

    def _send(self) -> None:
        head, tail = self._made[self._next % len(self._made)]
        self._next += 1
        self._answer = b""
        self._sent_at = perf_counter()
        self._transport.write(head + f"{self._session}-{self._next}".encode() + tail)

    def _stop(self, error: Exception | None) -> None:
        if not self.over.done():
            if error is None:
                self.over.set_result(None)
            else:
                self.over.set_exception(error)
        self._transport.close()


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    return 0


async def load(port: int, clients: int, seconds: float, secret: str) -> dict[str, object]:
    """Send for some seconds; returns what is printed."""
    made = requests(_BODIES, secret)
    took: list[float] = []
    start = perf_counter()
    ways = []
    for number in range(clients):
        first = number * len(made) // clients
        _, client = await asyncio.get_running_loop().create_connection(
            lambda first=first: Client(made, first, start + seconds, took),  # type: ignore[misc]
            "127.0.0.1",
            port,
        )
        ways.append(client)
    await asyncio.gather(*(client.over for client in ways))
    return {"seconds": perf_counter() - start, "took": took}


if __name__ == "__main__":
    arguments = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), sys.argv[4]
    print(json.dumps(asyncio.run(load(*arguments))))
