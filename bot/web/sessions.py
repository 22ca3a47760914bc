"""Sessions: what a workflow run gets for its identity token, and shows with each call for an hour.

A session is a token that we sign, so nothing is stored for it. It carries what GitHub vouched for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass

import jwt
import msgspec

from bot.domain.claims import Claims

#: How long a session lasts, in seconds. The CLI takes none that ends within five minutes.
LASTS = 3600.0
#: No API key looks like this.
_ALGORITHM = "HS256"
_ISSUER = "switchyard"


@dataclass(frozen=True, slots=True)
class Session:
    """Whose session it is."""

    repo_id: int
    claims: Claims
    repository: str = ""  # owner/name, as GitHub called it; empty where that was not told


class BadSession(Exception):  # noqa: N818 - it reads as what it is
    """A token is no session of ours, or it has ended; the text is a sentence."""


@dataclass(frozen=True, slots=True)
class Sessions:
    """Issues and reads sessions. `key` is at least 32 secret bytes, the same for each process on one database."""

    key: bytes
    now: Callable[[], float]

    def issue(self, repo_id: int, claims: Claims, repository: str = "") -> str:
        """Make the token of a session."""
        start = int(self.now())
        payload = {"iss": _ISSUER, "iat": start, "exp": start + int(LASTS), "repo": repo_id, "run": asdict(claims)}
        payload["name"] = repository
        return jwt.encode(payload, self.key, _ALGORITHM)

    def read(self, token: str) -> Session:
        """Read a session; raises BadSession."""
        # Time is ours, so that a test can move it.
        options = {"require": ["exp", "iss"], "verify_exp": False, "verify_iat": False, "verify_nbf": False}
        try:
            told = jwt.decode(token, self.key, [_ALGORITHM], issuer=_ISSUER, options=options)  # type: ignore[arg-type]
            claims = msgspec.convert(told["run"], Claims)
            named = msgspec.convert(told["name"], str)
            session = Session(msgspec.convert(told["repo"], int), claims, named)
            ends = msgspec.convert(told["exp"], int)
        except (jwt.InvalidTokenError, msgspec.ValidationError, KeyError):
            raise BadSession("It is no session of this Switchyard.") from None
        if ends <= self.now():
            raise BadSession("The session has ended.")
        return session


def looks_like_one(token: str) -> bool:
    """Tell a session from an API key, which has no dots."""
    return token.count(".") == 2
