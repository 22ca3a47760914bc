"""Who speaks to GitHub: the App itself, and each of its installations, with the credentials that each needs.

gidgethub builds the requests and takes the answers apart; `Line` carries them.
"""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Callable, Mapping
from contextlib import suppress
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import cast

import aiohttp
import gidgethub
import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from gidgethub.aiohttp import GitHubAPI

from bot import __version__
from bot.github import shapes
from bot.github.line import BadAnswer, Line, Resting, Uninstalled

API_VERSION = "2022-11-28"
USER_AGENT = f"atmos-switchyard/{__version__}"

_RENEW_BEFORE = 300.0  # seconds that a token must still be good for
_LEAST_KEPT = 60.0  # seconds that a token is used at least, whatever it says
_JWT_BEHIND = 60  # seconds: GitHub's clock may be behind ours
_JWT_AHEAD = 540  # seconds: GitHub takes at most 600
_JWT_KEPT = 420.0  # seconds until a new one is made


class Caller(GitHubAPI):
    """gidgethub's client over our line. A 401 is answered once with a new credential.

    `remaining` is what GitHub last said is left of the hour's requests; None before the first answer.
    """

    def __init__(self, line: Line, now: Callable[[], float]) -> None:
        super().__init__(line.session, USER_AGENT, base_url=line.api_url)
        self.remaining: int | None = None
        #: By how many seconds our clock was ahead of GitHub's at the last answer; None before the first.
        self.ahead: float | None = None
        #: Where GraphQL is asked: on GitHub Enterprise Server beside the API's own address, not under it.
        self.graphql_url = f"{line.api_url.removesuffix('/v3')}/graphql"
        self._line = line
        self._now = now

    async def _request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes = b""
    ) -> tuple[int, Mapping[str, str], bytes]:
        credential = await self._credential()
        answer = await self._ask(credential, method, url, headers, body)
        if answer[0] == 401:
            self._forget(credential)
            answer = await self._ask(await self._credential(), method, url, headers, body)
        return answer

    async def _ask(
        self, credential: str, method: str, url: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, Mapping[str, str], bytes]:
        ours = {"authorization": f"Bearer {credential}", "x-github-api-version": API_VERSION}
        answer = await self._line.exchange(method, url, {**headers, **ours}, body)
        left = answer[1].get("x-ratelimit-remaining", "")
        if left.isdecimal():
            self.remaining = int(left)
        with suppress(KeyError, ValueError):  # whatever stands between may leave it out, or spoil it
            self.ahead = self._now() - parsedate_to_datetime(answer[1]["date"]).timestamp()
        return answer

    @abstractmethod
    async def _credential(self) -> str:
        """Give what the next request proves itself with."""

    @abstractmethod
    def _forget(self, credential: str) -> None:
        """Stop using a credential that GitHub refused."""


class App(Caller):
    """The App itself, which proves with its private key who it is."""

    def __init__(self, line: Line, now: Callable[[], float], *, app_id: int, private_key: str) -> None:
        super().__init__(line, now)
        self._issuer = str(app_id)
        self._private_key = _read(private_key)
        self._proof = ""
        self._made_at = 0.0

    async def token_of(self, installation_id: int) -> tuple[str, float]:
        """Fetch a token for an installation, and when it expires. Raises as every call does."""
        token, expires_at = "", 0.0
        try:
            told = await self.post(f"/app/installations/{installation_id}/access_tokens", data=b"")
            token, expires_at = shapes.text(told, "token"), shapes.moment(told, "expires_at")
        except ValueError:
            pass  # it may quote the answer, and with it the token
        except gidgethub.HTTPException as error:
            if error.status_code == 404:  # not the 404 of what the token was wanted for
                raise Uninstalled(f"There is no installation {installation_id} of the App.") from None
            raise
        if not token:
            raise BadAnswer("GitHub answered a request for an installation's token without a readable token.")
        return token, expires_at

    async def _credential(self) -> str:
        now = self._now()
        if not self._proof or not 0 <= now - self._made_at < _JWT_KEPT:
            claims = {"iat": int(now) - _JWT_BEHIND, "exp": int(now) + _JWT_AHEAD, "iss": self._issuer}
            self._proof = jwt.encode(claims, self._private_key, algorithm="RS256")
            self._made_at = now
        return self._proof

    def _forget(self, credential: str) -> None:
        if credential == self._proof:
            self._proof = ""


@lru_cache(maxsize=1)
def _read(private_key: str) -> RSAPrivateKey:
    """Read and check the App's key; that takes tens of milliseconds, so once for all who start with the same one."""
    return cast(RSAPrivateKey, serialization.load_pem_private_key(private_key.encode(), password=None))


class Installation(Caller):
    """One installation of the App: what may be done in its repositories."""

    def __init__(
        self, line: Line, now: Callable[[], float], *, app: App, installation_id: int, rests: Callable[[int], float]
    ) -> None:
        super().__init__(line, now)
        self.id = installation_id
        self._rests = rests
        self._app = app
        self._token = ""
        self._good_until = 0.0
        self._fetching: asyncio.Task[str] | None = None

    async def _request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes = b""
    ) -> tuple[int, Mapping[str, str], bytes]:
        until = self._rests(self.id)
        if until > self._now():
            raise Resting(until)
        return await super()._request(method, url, headers, body)

    async def _credential(self) -> str:
        if self._token and self._now() < self._good_until:
            return self._token
        if self._fetching is None:
            self._fetching = asyncio.create_task(self._fetch())
            self._fetching.add_done_callback(self._fetched)
        # Whoever is cancelled while waiting must not take the token from the others.
        return await asyncio.shield(self._fetching)

    async def _fetch(self) -> str:
        token, expires_at = await self._app.token_of(self.id)
        # Where GitHub's clock is far behind ours every token looks expired, and is still good.
        self._good_until = max(expires_at - _RENEW_BEFORE, self._now() + _LEAST_KEPT)
        self._token = token
        return token

    def _fetched(self, task: asyncio.Task[str]) -> None:
        self._fetching = None
        if not task.cancelled():
            task.exception()  # all who waited have it; perhaps nobody was left

    def _forget(self, credential: str) -> None:
        if credential == self._token:
            self._token = ""


class GitHub:
    """The way to GitHub: one per process."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        app_id: int,
        private_key: str,
        api_url: str,
        now: Callable[[], float],
        on_request: Callable[[str, int], None] = lambda _method, _status: None,
        timeout: float = 20.0,
    ) -> None:
        """Take what every call needs.

        `private_key` is PEM text (`keys.load_private_key`), `api_url` may have a path, `now` gives seconds since the
        epoch, `on_request` gets the method and status of every request (0: no answer), `timeout` is in seconds.
        """
        self.app_id = app_id
        #: Until when an installation rests, in seconds since the epoch; whoever keeps the pace sets it.
        self.rests: Callable[[int], float] = lambda _installation_id: 0.0
        self._now = now
        self._line = Line(session, api_url, on_request, timeout)
        self._app = App(self._line, now, app_id=app_id, private_key=private_key)
        self._installations: dict[int, Installation] = {}

    def as_app(self) -> App:
        """Speak as the App itself: about deliveries of webhooks, and where it is installed."""
        return self._app

    def installation(self, installation_id: int) -> Installation:
        """Speak as one installation: about its repositories."""
        known = self._installations.get(installation_id)
        if known is None:
            known = Installation(
                self._line,
                self._now,
                app=self._app,
                installation_id=installation_id,
                rests=lambda known: self.rests(known),  # noqa: PLW0108 -- it is set later
            )
            self._installations[installation_id] = known
        return known
