"""The public keys of an issuer of identity tokens: read when they are needed, kept, and never asked for too often."""

from __future__ import annotations

import http.client
import logging
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.algorithms import RSAAlgorithm

log = logging.getLogger(__name__)

#: Keys are read again after this long, in seconds, …
_FRESH = 3600.0
#: … and where that fails the old ones count on for so long.
_KEPT = 86_400.0
#: Tokens that name unknown keys cost anybody nothing, so they have the keys read at most this often, in seconds.
_AGAIN = 30.0
_AGAIN_AFTER_FAILURE = 5.0
#: Each of the two answers may take this long, in seconds: whoever waits for a session waits 15.
_PATIENCE = 2.5
#: Whoever needs what another thread reads waits until this long after it began, and this long at least: that a name is
#: looked up has no limit, and the web side's threads must not all stand still for one that nobody finds.
_WAIT = 6.0
_LEAST_WAIT = 1.0
_LARGEST = 512 * 1024
_MOST_KEYS = 100
_LEAST_BITS = 2048

Fetch = Callable[[str], bytes]


class Unanswered(Exception):  # noqa: N818 - it reads as what happened
    """The issuer's keys could not be read; the text is a sentence that says what to do."""


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: Any, **_more: Any) -> None:
        return None


def fetch(url: str) -> bytes:
    """Read a small document over HTTP; follows no redirect. Raises OSError, HTTPException or ValueError."""
    # As for GitHub's API, no proxy of the environment is used.
    opener = urllib.request.build_opener(_NoRedirects, urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=_PATIENCE) as answer:
            body: bytes = answer.read(_LARGEST + 1)
    except urllib.error.HTTPError as error:
        error.close()
        raise OSError(f"it answered with status {error.code}") from None
    if len(body) > _LARGEST:
        raise ValueError("its answer is too large")
    return body


class KeySet:
    """The keys of one issuer, for many threads: one reads, and whoever must have the result waits for it."""

    def __init__(self, issuer: str, now: Callable[[], float], fetch: Fetch = fetch) -> None:
        self._issuer = issuer
        self._now = now
        self._fetch = fetch
        self._reading = threading.Lock()
        self._began = float("-inf")  # the latest reading, by the clock that nobody sets
        self._keys: dict[str, RSAPublicKey] = {}
        self._read_at = float("-inf")
        self._next_try = float("-inf")
        self._failed = False

    def find(self, kid: str) -> RSAPublicKey | None:
        """Give the key of this id, or None where the issuer has none such; raises Unanswered."""
        found = self._keys.get(kid)
        age = self._now() - self._read_at
        if found is not None and age < _FRESH:
            return found
        # Whoever has an old key need not wait while another thread looks for new ones.
        must_wait = found is None or age >= _KEPT
        taken = self._reading.acquire(timeout=self._wait() if must_wait else 0.0)
        if taken:
            try:
                if self._now() >= self._next_try:
                    self._read()
            finally:
                self._reading.release()
        found = self._keys.get(kid)
        if self._now() - self._read_at >= _KEPT or (found is None and (self._failed or not taken)):
            raise Unanswered(
                f"Switchyard could not read the keys of {self._issuer}, which signs identity tokens. Try again in a "
                "moment; if it stays so, compare SWITCHYARD_OIDC_ISSUER and GITHUB_API_URL, and see its log."
            )
        return found

    def _wait(self) -> float:
        return max(_LEAST_WAIT, self._began + _WAIT - time.monotonic())

    def _read(self) -> None:
        """Read the keys again. Where that fails, the old ones stay."""
        self._began = time.monotonic()
        try:
            self._keys = self._read_keys()
        except (OSError, http.client.HTTPException, ValueError, RecursionError) as error:
            log.warning("the keys of %s cannot be read: %s", self._issuer, error)
            self._failed, self._next_try = True, self._now() + _AGAIN_AFTER_FAILURE
            return
        self._failed, self._read_at = False, self._now()
        self._next_try = self._read_at + _AGAIN

    def _read_keys(self) -> dict[str, RSAPublicKey]:
        told = msgspec.json.decode(self._fetch(f"{self._issuer}/.well-known/openid-configuration"), type=_Discovery)
        if told.issuer != self._issuer:
            raise ValueError(f"it calls itself {told.issuer!r}; SWITCHYARD_OIDC_ISSUER must be the same text")
        secure = told.jwks_uri.startswith("https://")
        if not secure and not (self._issuer.startswith("http://") and told.jwks_uri.startswith("http://")):
            raise ValueError(f"its keys are at {told.jwks_uri!r}, which is not https")
        listed = msgspec.json.decode(self._fetch(told.jwks_uri), type=_Listed)
        found = {key.kid: public for key in listed.keys[:_MOST_KEYS] if (public := _public(key)) is not None}
        if not found:
            raise ValueError("it has no RSA key")
        return found


class _Discovery(msgspec.Struct):
    issuer: str
    jwks_uri: str


class _Key(msgspec.Struct):
    kid: str = ""
    kty: str = ""
    use: str = "sig"
    alg: str = "RS256"
    n: str = ""
    e: str = ""


class _Listed(msgspec.Struct):
    keys: list[_Key]


def _public(key: _Key) -> RSAPublicKey | None:
    """Make a key that checks signatures; None for one of another kind, which is no fault."""
    if (key.kty, key.use, key.alg) != ("RSA", "sig", "RS256") or not key.kid:
        return None
    try:
        made = RSAAlgorithm.from_jwk({"kty": "RSA", "n": key.n, "e": key.e})
    except (jwt.InvalidKeyError, ValueError):
        return None
    return made if isinstance(made, RSAPublicKey) and made.key_size >= _LEAST_BITS else None
