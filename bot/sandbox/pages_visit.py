"""One visit of a page: what its path names."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from bot.sandbox.hub import Hub
from bot.sandbox.runstate import Run
from bot.sandbox.state import Pull, Repo


class Missing(Exception):  # noqa: N818 - it reads as what it is
    """There is nothing at this path."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A request for a page, or a pressed button, by `person`."""

    hub: Hub
    person: str
    request: web.Request

    def part(self, name: str) -> str:
        """Return a part of the path."""
        return self.request.match_info[name]

    def number(self, name: str) -> int:
        """Return a number of the path; raises Missing."""
        text = self.part(name)
        if not (text.isascii() and text.isdecimal() and len(text) < 19):
            raise Missing
        return int(text)

    @property
    def repo(self) -> Repo:
        """Return the repository of the path; raises Missing."""
        found = self.hub.repos.get(f"{self.part('owner')}/{self.part('repo')}".lower())
        if found is None:
            raise Missing
        return found

    @property
    def pull(self) -> Pull:
        """Return the pull request of the path; raises Missing."""
        found = self.repo.pulls.get(self.number("number"))
        if found is None:
            raise Missing
        return found

    @property
    def run(self) -> Run:
        """Return the run of the path; raises Missing."""
        found = self.hub.runs.get(self.number("run"))
        if found is None or found.repo is not self.repo:
            raise Missing
        return found
