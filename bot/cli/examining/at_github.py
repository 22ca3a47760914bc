"""Look at the App as GitHub has it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

import aiohttp
import gidgethub

from bot.cli.examining.guard import looked, unseen, why
from bot.domain.checkup import at_github, machine
from bot.domain.checkup.facts import AppFacts
from bot.domain.checkup.findings import Finding
from bot.github import checkup
from bot.github.client import GitHub
from bot.github.needs import differences
from bot.settings import Settings
from bot.web.hooks import PATH


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the App; None where GitHub did not tell."""

    app: AppFacts | None
    findings: list[Finding]


async def identity(github: GitHub, settings: Settings, patience: float) -> Known:
    """Ask GitHub who we are: that tells of the key, and of the clock."""
    found: list[AppFacts] = []

    async def key() -> list[Finding]:
        try:
            found.append(await checkup.app(github, settings.server_url))
        except gidgethub.HTTPException as error:
            if error.status_code in (401, 404):
                return [at_github.key_refused(settings.app_id, settings.api_url)]
            raise
        except (aiohttp.ClientConnectionError, TimeoutError) as error:
            return [at_github.unreached(settings.api_url, why(error))]
        return [at_github.key(found[0])]

    told = await looked("key", key(), patience)
    ahead = github.as_app().ahead
    clock = machine.clock(ahead) if ahead is not None else unseen("clock", "GitHub did not tell the time.")
    return Known(found[0] if found else None, [clock, *told])


async def app(github: GitHub, settings: Settings, known: AppFacts, now: float, patience: float) -> list[Finding]:
    """Look at what the App may do, at its webhook, and at what was delivered."""

    async def webhook() -> list[Finding]:
        return at_github.webhook(await checkup.hook(github), settings.public_url, PATH, known.settings_page)

    async def deliveries() -> list[Finding]:
        return at_github.deliveries(await checkup.deliveries(github), f"{known.settings_page}/advanced", now)

    found = await asyncio.gather(looked("webhook", webhook(), patience), looked("deliveries", deliveries(), patience))
    return [*at_github.app(known, lacking(known.permissions, known.events)), *found[0], *found[1]]


def lacking(permissions: Mapping[str, str], events: frozenset[str]) -> list[tuple[str, bool]]:
    """Compare what an App or an installation has with what is needed."""
    return [(one.sentence, one.fault) for one in differences(permissions, events)]
