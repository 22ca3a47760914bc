"""Prove that a token comes from a workflow run: GitHub signs it for the run, and it tells what the run is."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jwt

from bot.domain.claims import Claims
from bot.domain.names import shown
from bot.github.jwks import Fetch, KeySet, fetch

#: How far GitHub's clock and ours may be apart, in seconds.
LEEWAY = 90.0
#: Longer than any token of GitHub's, in characters.
LONGEST = 16_384

#: Whatever a token's header says, only this counts.
_ALGORITHM = "RS256"
_REPOSITORY = re.compile(r"[A-Za-z0-9._-]{1,100}/[A-Za-z0-9._-]{1,100}")
_WORKFLOW = re.compile(r"([^/@]+/[^/@]+)/\.github/workflows/([^/@]+)@.*", re.DOTALL)
_LONGEST_ID = 200
_DIGITS = 18


class BadToken(Exception):  # noqa: N818 - it reads as what it is
    """An identity token is not taken; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A workflow run that GitHub vouches for, and the repository that it belongs to."""

    repository_id: int
    owner_id: int
    repository: str  # owner/name
    jti: str  # the same for no other token
    until: float  # the token counts until then, in seconds since the epoch, leeway included
    claims: Claims


class Issuer:
    """Who signs identity tokens. `url` has no slash at its end; `now` gives seconds since the epoch."""

    def __init__(self, url: str, now: Callable[[], float], fetch: Fetch = fetch) -> None:
        self.url = url
        self._now = now
        self._keys = KeySet(url, now, fetch)

    def verify(self, token: str, audiences: Sequence[str]) -> Identity:
        """Find out which run a token was signed for; raises BadToken and jwks.Unanswered.

        Nothing of it is ever repeated in an error but whom it is from and for.
        """
        header, unproven = _opened(token)
        if header.get("alg") != _ALGORITHM:
            raise BadToken(f"The identity token is not signed with {_ALGORITHM}, as GitHub's are. {_SEND_GITHUBS}")
        # Asked first, for this mistake would look like an unknown key. It is asked again below by what was proven.
        self._check_issuer(unproven)
        kid = header.get("kid")
        if not isinstance(kid, str) or not kid:
            raise BadToken(f"The identity token does not name the key that it is signed with. {_SEND_GITHUBS}")
        key = self._keys.find(kid)
        if key is None:
            raise BadToken(
                f"The identity token is signed with a key that {self.url} does not list. If the key is new, run the "
                f"command again in half a minute; else: {_SEND_GITHUBS}"
            )
        try:
            told = jwt.decode(token, key, [_ALGORITHM], options=_ONLY_SIGNATURE)  # type: ignore[arg-type]
        except (jwt.PyJWTError, ValueError, RecursionError):
            raise BadToken(f"The identity token's signature is wrong. {_SEND_GITHUBS}") from None
        self._check_issuer(told)
        _check_audience(told.get("aud"), audiences)
        return _identity(told, self._check_time(told))

    def _check_issuer(self, told: Mapping[str, Any]) -> None:
        if told.get("iss") != self.url:
            raise BadToken(
                f"The identity token is from {shown(_text(told, 'iss'), 100) or 'nobody'}, but this Switchyard takes "
                f"those of {self.url}. Whoever runs it must set GITHUB_API_URL or SWITCHYARD_OIDC_ISSUER to fit."
            )

    def _check_time(self, told: Mapping[str, Any]) -> float:
        """Tell until when the token counts."""
        now = self._now()
        until = _time(told, "exp") + LEEWAY
        if until <= now:
            raise BadToken(
                f"The identity token expired {_span(now - until + LEEWAY)} ago. Run the command again, which gets a "
                "new one; if it stays so, the clock of Switchyard's machine is fast."
            )
        begins = max((_time(told, name) for name in ("nbf", "iat") if name in told), default=now)
        if begins - LEEWAY > now:
            raise BadToken(
                f"The identity token counts only in {_span(begins - now)}: the clock of Switchyard's machine is slow. "
                "Whoever runs it must set it right."
            )
        return until


_SEND_GITHUBS = "Send the token that GitHub Actions gave to this run, whole and unchanged."
#: Times are compared with a clock that is passed in, and the rest in words of our own.
_ONLY_SIGNATURE = {f"verify_{name}": False for name in ("exp", "nbf", "iat", "aud", "iss", "sub", "jti")}


def _opened(token: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Take a token apart, whoever it is from."""
    try:
        if len(token) <= LONGEST and token.isascii():
            opened = jwt.decode_complete(token, options={"verify_signature": False})
            return opened["header"], opened["payload"]
    except (jwt.PyJWTError, ValueError, RecursionError):
        pass
    raise BadToken(f"What was sent is no identity token. {_SEND_GITHUBS}")


def _check_audience(told: object, audiences: Sequence[str]) -> None:
    named = told if isinstance(told, list) else [told]
    if not any(isinstance(one, str) and one in audiences for one in named):
        texts = ", ".join(one for one in named if isinstance(one, str))
        raise BadToken(
            f"The identity token is for the audience {shown(texts, 100) or 'of nobody'}, but Switchyard takes those "
            f"for {' or '.join(audiences)}. Ask GitHub for one with that audience."
        )


def _identity(told: Mapping[str, Any], until: float) -> Identity:
    repository, jti = _text(told, "repository"), _text(told, "jti")
    if not _REPOSITORY.fullmatch(repository):
        raise _lacks("repository")
    if not jti or len(jti) > _LONGEST_ID:
        raise _lacks("jti")
    claims = Claims(
        run_id=_id(told, "run_id"),
        attempt=_id(told, "run_attempt"),
        event=_text(told, "event_name"),
        ref=_text(told, "ref"),
        head_ref=_text(told, "head_ref"),
        base_ref=_text(told, "base_ref"),
        sha=_text(told, "sha"),
        actor=_text(told, "actor"),
        environment=_text(told, "environment"),
        workflow=_text(told, "workflow"),
        workflow_file=_file(_text(told, "workflow_ref"), repository),
    )
    ids = (_id(told, "repository_id"), _id(told, "repository_owner_id"))
    return Identity(*ids, repository, jti, until, claims)


def _file(workflow_ref: str, repository: str) -> str:
    """Read the name of a workflow file; empty for one of another repository, which a ruleset may demand."""
    found = _WORKFLOW.fullmatch(workflow_ref)
    return found[2] if found and found[1].lower() == repository.lower() else ""


def _text(told: Mapping[str, Any], name: str) -> str:
    value = told.get(name)
    return str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else ""


def _id(told: Mapping[str, Any], name: str) -> int:
    """Read a number, which GitHub writes as a text."""
    text = _text(told, name)
    if not (text.isascii() and text.isdecimal() and len(text) <= _DIGITS and int(text)):
        raise _lacks(name)
    return int(text)


def _time(told: Mapping[str, Any], name: str) -> float:
    value = told.get(name)
    try:
        at = float(value) if isinstance(value, (int, float, str)) and not isinstance(value, bool) else math.nan
    except (ValueError, OverflowError):
        at = math.nan
    if not math.isfinite(at):
        raise _lacks(name)
    return at


def _lacks(name: str) -> BadToken:
    return BadToken(f"The identity token has no `{name}` that can be used. {_SEND_GITHUBS}")


def _span(seconds: float) -> str:
    return f"{seconds / 60:,.0f} minutes" if seconds >= 120 else f"{seconds:.0f} seconds"
