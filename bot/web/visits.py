"""Who may see the pages of who runs the service: a link that is good once and for minutes gives a cookie for hours.

Both are tokens that we sign, so nothing is stored but that a link was used. Their key is another than that of sessions.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass

import jwt
import msgspec

#: How long a link can be used, in seconds.
LINK_LASTS = 600.0
#: And how long the cookie is good that it gives.
VISIT_LASTS = 12 * 3600.0
_ALGORITHM = "HS256"
_ISSUER = "switchyard"
_LINK, _VISIT = "login", "visit"


@dataclass(frozen=True, slots=True)
class Pass:
    """What a link or a cookie says: who has it, and until when."""

    by: str
    id: str
    until: float


@dataclass(frozen=True, slots=True)
class Visits:
    """Makes and reads links and cookies. `key` is at least 32 secret bytes, the same for each process."""

    key: bytes
    now: Callable[[], float]

    def link(self, by: str) -> str:
        """Make the token of a link for somebody."""
        return self._issue(_LINK, by, LINK_LASTS)

    def open_link(self, token: str) -> Pass | None:
        """Read the token of a link; None where it is none of ours, or has ended. Whether it was used is not known."""
        return self._read(_LINK, token)

    def cookie(self, by: str) -> str:
        """Make the cookie of somebody who came by a link."""
        return self._issue(_VISIT, by, VISIT_LASTS)

    def open_cookie(self, cookie: str) -> Pass | None:
        """Read a cookie; None where it is none of ours, or has ended."""
        return self._read(_VISIT, cookie)

    def form(self, visit: Pass) -> str:
        """Write what each form of a visit's pages must bring back: no other site can know it."""
        return hmac.digest(self.key, f"form {visit.id}".encode(), "sha256").hex()

    def _issue(self, what: str, by: str, seconds: float) -> str:
        start = int(self.now())
        told = {"iss": _ISSUER, "aud": what, "sub": by, "iat": start, "exp": start + int(seconds)}
        return jwt.encode(told | {"jti": secrets.token_urlsafe(18)}, self.key, _ALGORITHM)

    def _read(self, what: str, token: str) -> Pass | None:
        # Time is ours, so that a test can move it.
        options = {"require": ["exp", "iss", "aud", "sub", "jti"], "verify_exp": False, "verify_iat": False}
        try:
            told = jwt.decode(token, self.key, [_ALGORITHM], issuer=_ISSUER, audience=what, options=options)  # type: ignore[arg-type]
            found = Pass(told["sub"], told["jti"], msgspec.convert(told["exp"], float, strict=False))
        except (jwt.InvalidTokenError, msgspec.ValidationError, UnicodeError):
            return None
        return found if found.until > self.now() else None
