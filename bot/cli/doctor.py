"""Look at an installation, and say what is wrong with it and what to do. Nothing is changed."""

from __future__ import annotations

import asyncio
import shutil
import sys
import time
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp
import click

from bot.app import docs_url, instance
from bot.cli.database import owner_and_name
from bot.cli.examining import address, at_github, here, told
from bot.cli.examining.guard import looked, unseen
from bot.cli.examining.here import Kept
from bot.cli.examining.repository import Looker
from bot.domain.checkup import machine
from bot.domain.checkup.findings import Finding, Grade
from bot.domain.checkup.kinds_github import REPOSITORY_MANY, REPOSITORY_NONE
from bot.github.client import GitHub
from bot.settings import Settings, is_dyno

#: How long one look may take, in seconds.
PATIENCE = 10.0
_OF_PATIENCE = 0.8  # of that, what one request may take, so that it says itself why it failed
#: So many repositories are looked at without being named: each costs about a dozen requests.
_MOST_REPOSITORIES = 5
_PIPED = 100  # characters in a line where there is no terminal
_OF_GITHUB = ("GITHUB_APP_ID", "GITHUB_APP_PRIVATE_KEY", "GITHUB_API_URL")


_Look = Coroutine[Any, Any, list[Finding]]


@click.command(name="doctor")
@click.option("--repo", "named", metavar="OWNER/REPO", multiple=True, help="Look at this repository; may be repeated.")
@click.option("--json", "for_programs", is_flag=True, help="Write JSON; docs/doctor.md describes it.")
def command(named: Sequence[str], *, for_programs: bool) -> None:
    """Look at this installation: ok, a warning or a fault, and what to do.

    Run it where the service runs, with its settings; the service may go on meanwhile. Nothing is changed, here or at
    GitHub. Ends with 1 where there is a fault.
    """
    for one in named:
        owner_and_name(one)
    settings, problems = Settings.as_far_as_right()
    doctor = Doctor(settings, problems, mounts=here.mounts(), heroku=is_dyno())
    findings = asyncio.run(doctor.examine(named))
    pages = (settings.docs_url, docs_url(settings))
    if for_programs:
        click.echo(told.as_json(findings, *pages))
    else:
        click.echo(told.as_text(findings, _width(), *pages))
    sys.exit(1 if any(one.kind.grade is Grade.FAULT for one in findings) else 0)


def _width() -> int:
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else _PIPED


@dataclass(frozen=True, slots=True)
class Doctor:
    """Looks at all there is. `problems` are the settings that are wrong, `mounts` what Linux tells of its disks."""

    settings: Settings
    problems: Sequence[str]
    mounts: str
    now: Callable[[], float] = time.time
    patience: float = PATIENCE
    heroku: bool = False

    async def examine(self, named: Sequence[str] = ()) -> list[Finding]:
        """Look at everything, each thing for itself, and at the repositories that are named or known."""
        kept, stored = await self._database()
        parts = await asyncio.gather(
            looked("process", asyncio.to_thread(here.process, self.settings.database), self.patience),
            looked("drawing", asyncio.to_thread(here.drawing), self.patience),
            looked("address", self._address(), self.patience),
            self._github(kept, named),
        )
        found = [*machine.settings(self.problems, self.settings.mode), *stored]
        return told.arranged([*found, *(one for part in parts for one in part)])

    def _is_wrong(self, *names: str) -> list[str]:
        wrong = {problem.partition(" ")[0] for problem in self.problems}
        return [name for name in names if name in wrong]

    async def _database(self) -> tuple[Kept | None, list[Finding]]:
        """Read the database once, for all that needs it."""
        if self._is_wrong("SWITCHYARD_DATABASE"):
            return None, [unseen("database", "SWITCHYARD_DATABASE is not right.")]
        read: list[Kept] = []

        async def look() -> Iterable[Finding]:
            path = self.settings.database
            read.append(await asyncio.to_thread(here.database, path, self.mounts, heroku=self.heroku))
            return machine.database(read[0].facts)

        found = await looked("database", look(), self.patience)
        return (read[0] if read else None), found

    async def _address(self) -> list[Finding]:
        settings = self.settings
        if self._is_wrong("PUBLIC_URL"):
            return [unseen("address", "PUBLIC_URL is not right.")]
        if not settings.public_url:
            return machine.address(None)
        ours = "" if self._is_wrong("GITHUB_APP_PRIVATE_KEY", "SWITCHYARD_DATABASE") else instance(settings)
        return machine.address(await address.ask(settings.public_url, ours, self.patience * _OF_PATIENCE))

    async def _github(self, kept: Kept | None, named: Sequence[str]) -> list[Finding]:
        settings = self.settings
        if wrong := self._is_wrong(*_OF_GITHUB):
            return [unseen("key", f"GitHub was not asked: {', '.join(wrong)} must be right first.")]
        async with aiohttp.ClientSession() as session:
            github = GitHub(
                session,
                app_id=settings.app_id,
                private_key=settings.private_key,
                api_url=settings.api_url,
                now=self.now,
                timeout=self.patience * _OF_PATIENCE,
            )
            known = await at_github.identity(github, settings, self.patience)
            if known.app is None:
                reason = "GitHub must tell who the App is first, then its webhook and repositories are looked at."
                return [*known.findings, unseen("app", reason)]
            # Two looks of a repository come after the other, so that all of it takes half a minute at most.
            looker = Looker(github, settings, known.app, self.now(), self.patience / 2)
            parts = await asyncio.gather(
                at_github.app(github, settings, known.app, self.now(), self.patience),
                *self._repositories(looker, kept, named),
            )
        return [*known.findings, *(one for part in parts for one in part)]

    def _repositories(self, looker: Looker, kept: Kept | None, named: Sequence[str]) -> list[_Look]:
        stored = dict(kept.repositories) if kept else {}
        if named:
            pairs = [owner_and_name(one) for one in dict.fromkeys(named)]
            return [looker.look(owner, name, stored.get(f"{owner}/{name}".lower())) for owner, name in pairs]
        some = list(stored.values())[:_MOST_REPOSITORIES]
        looks = [looker.look(one.repo.owner, one.repo.name, one) for one in some]
        if not stored:
            return [_say(Finding(REPOSITORY_NONE, "Nothing came from a repository yet."))]
        if len(some) < len(stored):
            told_of = f"{len(stored):,} repositories are known, and {len(some)} were looked at."
            looks.append(_say(Finding(REPOSITORY_MANY, told_of)))
        return looks


async def _say(finding: Finding) -> list[Finding]:
    return [finding]
