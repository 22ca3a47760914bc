"""A stand-in for the Atmos CLI: its calls to the server, with the exchange of identity tokens and the repeats."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any
from urllib.parse import quote, quote_plus

import aiohttp
from yarl import URL

from bot.sandbox.atmos import USER_AGENT, Json, encode
from bot.sandbox.atmos_answers import Answer, check_lock, decode, session_of
from bot.sandbox.ids import rfc3339

AUDIENCE = "atmos-pro.com"
WAITS = (1.0, 2.0, 4.0)  # seconds before the second, third and fourth attempt
_TIMEOUT = aiohttp.ClientTimeout(total=30.0)
_EXCHANGE = "auth/github-oidc"
_EXCHANGE_TIMEOUT = aiohttp.ClientTimeout(total=30.0, connect=10.0, sock_read=15.0)

#: Gives an identity token for an audience.
Identity = Callable[[str], Awaitable[str]]
Sleep = Callable[[float], Awaitable[None]]


class Client:
    """One command of the CLI at `base_url`: with a static `token`, or by the exchange of a run's `identity`.

    Each call answers the last that the server said; where an exchange was refused, it is that refusal. All raise
    BadAnswer for what the CLI could not read, and aiohttp.ClientError or TimeoutError where there was no answer.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        base_url: str,
        *,
        token: str = "",
        workspace_id: str = "",
        identity: Identity | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        if not token and identity is None:
            raise ValueError("The CLI needs a token or an identity.")
        self._session, self._api, self._sleep = session, f"{base_url}/api/v1", sleep
        self._token, self._workspace_id = token, workspace_id
        self._identity = None if token else identity

    async def exchange(self) -> Answer:
        """Exchange a new identity token for a session, which the calls after it use. It is never repeated."""
        if self._identity is None:
            raise ValueError("With a static token the CLI exchanges nothing.")
        body = {"token": await self._identity(AUDIENCE), "workspaceId": self._workspace_id}
        answer = await self._send("POST", _EXCHANGE, body)
        if answer.success:
            self._token = session_of(answer)
        return answer

    async def upload(self, body: Json) -> Answer:
        """Upload affected stacks, or one chunk of them."""
        return await self._repeated("POST", "affected-stacks", body)

    async def upload_instances(self, bodies: Iterable[Json]) -> Answer:
        """Upload an inventory in its chunks, one after the other; the first that fails is the last."""
        answer = None
        for body in bodies:
            answer = await self._repeated("POST", "instances", body)
            if not answer.success:
                break
        if answer is None:
            raise ValueError("Without instances the CLI makes no call.")
        return answer

    async def upload_status(
        self, owner: str, repo: str, stack: str, component: str, *, command: str, exit_code: int, last_run: float
    ) -> Answer:
        """Tell how a plan or an apply ended, at `last_run` in seconds since 1970. Of the component the CLI tells
        only what is behind the last slash.
        """
        query = f"stack={quote_plus(stack)}&component={quote_plus(component.rpartition('/')[2])}"
        path = f"repos/{quote(owner, safe='')}/{quote(repo, safe='')}/instances?{query}"
        body = {"command": command, "exit_code": exit_code, "last_run": rfc3339(last_run)}
        return await self._repeated("PATCH", path, body)

    async def lock(self, key: str, *, ttl: int = 30, message: str = "Locked by Atmos") -> Answer:
        """Lock an instance, `owner/repo/stack/component`, for `ttl` seconds. It is never repeated."""
        answer = await self._once("POST", "locks", {"key": key, "ttl": ttl, "lockMessage": message})
        check_lock(answer)
        return answer

    async def unlock(self, key: str) -> Answer:
        """Unlock an instance. It is never repeated."""
        answer = await self._once("DELETE", "locks", {"key": key})
        check_lock(answer)
        return answer

    async def _once(self, method: str, path: str, body: Json) -> Answer:
        refused = await self._sign_in()
        return refused or await self._send(method, path, body)

    async def _repeated(self, method: str, path: str, body: Json) -> Answer:
        """Send it up to four times."""
        if refused := await self._sign_in():
            return refused
        for wait in WAITS:
            try:
                answer = await self._send(method, path, body)
            except (aiohttp.ClientError, TimeoutError):
                await self._sleep(wait)
                continue
            if answer.status != 401 and answer.status < 500:
                return answer
            await self._sleep(wait)
            if answer.status == 401 and self._identity is not None:
                exchanged = await self.exchange()
                if not exchanged.success:
                    return exchanged
        return await self._send(method, path, body)

    async def _sign_in(self) -> Answer | None:
        """Get a session if one is needed; return the refusal if there is one."""
        if self._token:
            return None
        answer = await self.exchange()
        return None if answer.success else answer

    async def _send(self, method: str, path: str, body: Any) -> Answer:
        headers = {"Content-Type": "application/json", "User-Agent": USER_AGENT, "Accept-Encoding": "gzip"}
        timeout = _EXCHANGE_TIMEOUT
        if path != _EXCHANGE:
            headers["Authorization"], timeout = f"Bearer {self._token}", _TIMEOUT
        url = URL(f"{self._api}/{path}", encoded=True)
        async with self._session.request(
            method, url, data=encode(body), headers=headers, timeout=timeout, allow_redirects=False
        ) as response:
            return decode(response.status, await response.read())
