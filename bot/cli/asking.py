"""Ask GitHub one thing from the command line."""

from __future__ import annotations

import time

import aiohttp

from bot.domain.model import Repo
from bot.github import failures, reads
from bot.github.client import GitHub
from bot.settings import Settings


class Unanswered(Exception):  # noqa: N818 - it reads as what happened
    """GitHub could not tell; the text says why and what to do, in one line."""


async def repository(settings: Settings, owner: str, name: str) -> Repo:
    """Read a repository by its name; raises Unanswered."""
    async with aiohttp.ClientSession() as session:
        github = GitHub(
            session, app_id=settings.app_id, private_key=settings.private_key, api_url=settings.api_url, now=time.time
        )
        try:
            return await reads.repository_by_name(github, owner, name)
        except Exception as error:
            failure = failures.classify(error, time.time())
            if failure.kind is failures.FailureKind.FORGET:
                raise Unanswered(
                    f"The App is not installed on {owner}/{name}, or there is no such repository; install it first."
                ) from None
            # The sentence speaks of trying again by itself, which nobody does here.
            sentence = failure.sentence.partition(";")[0].rstrip(".")
            raise Unanswered(
                f"GitHub could not be asked for {owner}/{name}. {sentence}. Run this again later."
            ) from None
