"""Each look for itself: one that fails or takes too long says so, and the others go on."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Awaitable, Iterable

import aiohttp

from bot.domain.checkup.findings import Finding
from bot.domain.checkup.kinds import UNSEEN
from bot.github import failures


class Untold(Exception):  # noqa: N818 - it reads as what happened
    """Something could not be looked at; the text says why, as a sentence."""


async def looked(check: str, looking: Awaitable[Iterable[Finding]], patience: float, where: str = "") -> list[Finding]:
    """Wait for a look for some seconds; whatever goes wrong becomes what is found."""
    try:
        async with asyncio.timeout(patience):
            return list(await looking)
    except TimeoutError:
        return [unseen(check, f"It took longer than {patience:g} seconds.", where)]
    except Exception as error:
        return [unseen(check, why(error), where)]


def unseen(check: str, reason: str, where: str = "") -> Finding:
    """Say that something could not be looked at, and why."""
    return Finding(UNSEEN, f"It could not be looked at. {reason}", where, of=check)


def why(error: Exception) -> str:
    """Say why a look failed, without what people must not see."""
    if isinstance(error, Untold):
        return str(error)
    if isinstance(error, sqlite3.Error):
        return f"SQLite says: {error}."
    if isinstance(error, OSError) and not isinstance(error, aiohttp.ClientError) and error.strerror:
        return f"{error.strerror}."
    # The sentence speaks of trying again by itself, which nobody does here.
    return failures.classify(error, time.time()).sentence.partition(";")[0].rstrip(".") + "."
