"""One HTTP exchange with GitHub: time limits, renamed repositories, and nothing secret in any error."""

from __future__ import annotations

import http
import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urljoin

import aiohttp
import gidgethub
from yarl import URL

CONNECT_SECONDS = 10.0
MOST_HOPS = 3

_STATUSES = frozenset(int(status) for status in http.HTTPStatus)


class Uninstalled(Exception):  # noqa: N818 - it reads as what happened
    """GitHub knows no such installation of the App (any more)."""


class BadAnswer(gidgethub.GitHubException):
    """GitHub's answer could not be read, or does not hold what it must hold."""


class Resting(gidgethub.GitHubException):
    """Nothing was sent: the installation rests until `until`, in seconds since the epoch."""

    def __init__(self, until: float) -> None:
        super().__init__("The installation rests.")
        self.until = until


class Line:
    """The way to one GitHub, whoever asks."""

    def __init__(
        self, session: aiohttp.ClientSession, api_url: str, on_request: Callable[[str, int], None], timeout: float
    ) -> None:
        self.session = session
        self.api_url = api_url.rstrip("/")
        self._origin = URL(api_url).origin()
        self._on_request = on_request
        # Without a limit of its own, a connection that never comes about looks like a request that was sent.
        self._timeout = aiohttp.ClientTimeout(total=timeout, sock_connect=min(CONNECT_SECONDS, timeout / 2))

    async def exchange(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        """Send one request and read its answer: status, headers in lower case, body.

        Follows where GitHub says that a renamed repository went. Raises aiohttp's errors and BadAnswer.
        """
        for _ in range(MOST_HOPS):
            status, answered, content = await self._once(method, self._checked(url), headers, body)
            # A write that followed a 301 or 302 would turn into a read, and look as if it had been done.
            follow = status in (307, 308) or (status in (301, 302) and method == "GET")
            if not follow or "location" not in answered:
                break
            url = urljoin(url, answered["location"])
        if status >= 400:
            return status, {**answered, "content-type": "application/json"}, _readable(status, content)
        return status, answered, content

    def _checked(self, url: str) -> URL:
        """Refuse to carry a token to another host, or a name that climbs out of its place in the path."""
        target = URL(url, encoded=True)
        if target.origin() != self._origin or not {".", ".."}.isdisjoint(target.raw_path.split("/")):
            raise BadAnswer("A link or a name led away from GitHub's API, so it was not followed.")
        return target

    async def _once(
        self, method: str, url: URL, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        status = 0
        try:
            async with self.session.request(
                method, url, headers=headers, data=body or None, timeout=self._timeout, allow_redirects=False
            ) as response:
                content = await response.read()
                status = response.status
                return status, {name.lower(): value for name, value in response.headers.items()}, content
        except aiohttp.ClientResponseError:
            pass  # it holds our request's headers, so it must not get out, not even as the context of another error
        finally:
            self._on_request(method, status)
        raise BadAnswer("GitHub's answer was not HTTP that could be read.")


def _readable(status: int, content: bytes) -> bytes:
    """Keep the body of an error where gidgethub can take it apart, else make a plain one."""
    if status not in _STATUSES:
        raise BadAnswer(f"GitHub answered with the unknown status {status}.")
    try:
        told = json.loads(content)
    except ValueError:
        told = None
    if isinstance(told, dict) and isinstance(told.get("message"), str) and _known(told.get("errors")):
        return content
    return json.dumps({"message": http.HTTPStatus(status).phrase}).encode()


def _known(errors: Any) -> bool:
    if isinstance(errors, list):
        return all(isinstance(error, (str, dict)) for error in errors)
    return errors is None or isinstance(errors, str)
