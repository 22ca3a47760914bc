"""What a failed call to GitHub means: try later, rest, forget the thing, or tell people."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import aiohttp
import gidgethub

from bot.domain.names import shown
from bot.domain.pro import ProProblem
from bot.github.line import BadAnswer, Resting, Uninstalled

LEAST_REST = 60.0  # seconds to rest where GitHub does not say how long
LONGEST_REST = 3600.0  # GitHub counts by the hour; anything longer is two clocks that disagree

_LIMITED = "GitHub's rate limit is reached; this goes on by itself as soon as GitHub allows it."
_LIMIT_WORDS = ("secondary rate limit", "abuse detection", "rate limit exceeded")


class FailureKind(StrEnum):
    """What to do about a failure."""

    LATER = "later"  # GitHub or the way to it is in trouble: try again
    PAUSED = "paused"  # we asked too much: the installation rests, and this counts as no attempt
    FORGET = "forget"  # the thing is gone
    DEAD = "dead"  # it will fail each time: people must look


@dataclass(frozen=True, slots=True)
class Failure:
    """A failed call, in terms of what follows from it."""

    kind: FailureKind
    sent: bool  # GitHub may have carried it out
    retry_at: float | None  # seconds since the epoch, where GitHub says when or a rest is due
    status: int  # HTTP status; 0 without an answer
    sentence: str  # for people


def classify(error: BaseException, now: float) -> Failure:
    """Tell what follows from an error that a call raised; `now` is in seconds since the epoch."""
    if isinstance(error, gidgethub.HTTPException):
        return _answered(error, now)
    if isinstance(error, Resting):
        return Failure(FailureKind.PAUSED, sent=False, retry_at=error.until, status=0, sentence=_LIMITED)
    if isinstance(error, (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)):
        return _later("GitHub could not be reached; this is tried again by itself.", sent=False)
    if isinstance(error, asyncio.TimeoutError):
        return _later("GitHub did not answer in time; this is tried again by itself.")
    if isinstance(error, (aiohttp.ClientError, ConnectionError)):
        return _later("The connection to GitHub broke off; this is tried again by itself.")
    if isinstance(error, Uninstalled):
        return _later(
            "The App is not installed there any more; install it again, or take its repository out.", sent=False
        )
    if isinstance(error, ProProblem):
        return Failure(FailureKind.DEAD, sent=False, retry_at=None, status=0, sentence=str(error))
    if isinstance(error, (BadAnswer, ValueError)):
        return _later("GitHub's answer could not be read; this is tried again by itself.")
    sentence = (
        f"Switchyard failed with an error of its own ({type(error).__name__}); its log tells more, please report it."
    )
    return Failure(FailureKind.DEAD, sent=True, retry_at=None, status=0, sentence=sentence)


def of_dispatch(failure: Failure, error: BaseException, workflow: str) -> str:
    """Say why GitHub did not start a workflow file, and what to do: in its own words where these are not enough."""
    if not isinstance(error, gidgethub.HTTPException) or failure.kind not in (FailureKind.FORGET, FailureKind.DEAD):
        return failure.sentence
    said, file = str(error).lower(), f"`.github/workflows/{shown(workflow)}`"
    if failure.status == 404:
        return (
            f"GitHub does not find {file} on the default branch any more (status 404), so it cannot be started. Put it "
            "back there, or look whether the App still has access to this repository, then retry."
        )
    if "disabled workflow" in said:
        return f"{file} is turned off at GitHub. Turn it on under Actions, at the workflow's menu “…”, then retry."
    if "actions has been disabled" in said:
        return (
            "GitHub starts nothing, because Actions is turned off for this repository or for its owner. Turn it on in "
            "the settings under Actions, General, or have the owner's billing looked at, then retry."
        )
    if "unexpected inputs" in said or "required input" in said:
        return (
            f"{file} does not take these inputs; GitHub says: {_told(error)}. Declare them under "
            "`on.workflow_dispatch.inputs`, or correct `settings.pro`, then retry."
        )
    return failure.sentence


def is_ours(failure: Failure) -> bool:
    """Tell a fault of our own code, whose traceback belongs into the log, from trouble that has its sentence."""
    return failure.kind is FailureKind.DEAD and failure.status == 0


def _later(sentence: str, *, sent: bool = True, retry_at: float | None = None, status: int = 0) -> Failure:
    return Failure(FailureKind.LATER, sent=sent, retry_at=retry_at, status=status, sentence=sentence)


def _answered(error: gidgethub.HTTPException, now: float) -> Failure:
    status = int(error.status_code)
    if status >= 500:
        sentence = f"GitHub is in trouble (status {status}); this is tried again by itself."
        return _later(sentence, retry_at=_after(error.headers, now), status=status)
    if status == 401:
        sentence = (
            "GitHub did not accept the App's credentials; this is tried again by itself. If it stays so, compare the "
            "App's id, its private key and this machine's clock."
        )
        return _later(sentence, sent=False, status=status)
    if _limited(status, error):
        return Failure(FailureKind.PAUSED, sent=False, retry_at=_rest(error, now), status=status, sentence=_LIMITED)
    kind = FailureKind.FORGET if status in (404, 410) else FailureKind.DEAD
    return Failure(kind, sent=False, retry_at=None, status=status, sentence=_sentence(status, error))


def _limited(status: int, error: gidgethub.HTTPException) -> bool:
    if status != 403:
        return status == 429
    headers = error.headers
    spent = headers.get("x-ratelimit-remaining") == "0"
    return spent or "retry-after" in headers or any(words in str(error).lower() for words in _LIMIT_WORDS)


def _rest(error: gidgethub.HTTPException, now: float) -> float:
    """When to go on: as GitHub says, else after a minute. The reset time only counts once nothing is left."""
    at = _after(error.headers, now)
    if at is None and error.headers.get("x-ratelimit-remaining") == "0":
        at = _number(error.headers, "x-ratelimit-reset")
    if at is None or at <= now:
        return now + LEAST_REST
    return min(at, now + LONGEST_REST)


def _after(headers: Mapping[str, str], now: float) -> float | None:
    seconds = _number(headers, "retry-after")
    return None if seconds is None else now + min(max(seconds, 1.0), LONGEST_REST)


def _number(headers: Mapping[str, str], name: str) -> float | None:
    value = headers.get(name, "").strip()
    return float(value) if value.isdecimal() and len(value) < 16 else None


def _sentence(status: int, error: gidgethub.HTTPException) -> str:
    if status == 403 and "locked" in str(error).lower():
        return f"The conversation is locked, and GitHub takes no comment there: {_told(error)}. Unlock it."
    advice = {
        403: "The App may lack a permission: give it the documented ones, and accept them for the installation.",
        404: "It is gone, or the App may not see it.",
        410: "It is gone.",
        422: "Correct what it names, then retry.",
    }.get(status, "Look at what it names, then retry.")
    return f"GitHub refused this with status {status}: {_told(error)}. {advice}"


def _told(error: gidgethub.HTTPException) -> str:
    return shown(" ".join(str(error).split()), 300).rstrip(".")
