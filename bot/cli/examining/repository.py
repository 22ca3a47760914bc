"""Look at a repository: the installation, Actions, workflow files, environments, uploads and keys."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from bot.cli.examining.at_github import lacking
from bot.cli.examining.guard import looked, unseen, why
from bot.cli.examining.here import Stored
from bot.domain.checkup import at_github, machine, repositories, workflows
from bot.domain.checkup.facts import AppFacts, RepositoryFacts
from bot.domain.checkup.findings import Finding
from bot.domain.model import Repo
from bot.domain.pro import Files, ProProblem, WorkflowFile
from bot.github import checkup, reads
from bot.github.client import GitHub, Installation
from bot.settings import Settings

#: So many files are read before the first upload says which ones matter.
_MOST_FILES = 20


@dataclass(frozen=True, slots=True)
class Looker:
    """Looks at repositories, each for itself."""

    github: GitHub
    settings: Settings
    app: AppFacts
    now: float
    patience: float

    async def look(self, owner: str, name: str, stored: Stored | None) -> list[Finding]:
        """Look at one; what the database has of it is told whatever GitHub says."""
        where, there = f"{owner}/{name}", list[tuple[Installation, Repo]]()

        async def installed() -> list[Finding]:
            facts = await checkup.installation(self.github, owner, name)
            lacks = lacking(facts.permissions, facts.events) if facts else []
            lacks = at_github.unaccepted(lacking(self.app.permissions, self.app.events), lacks)
            if facts is not None and not facts.suspended:
                gh = self.github.installation(facts.id)
                there.append((gh, await checkup.repository(gh, owner, name)))
            return at_github.installation(where, facts, lacks, self.app.install_page)

        found = await looked("repository", installed(), self.patience, where)
        for gh, repo in there:
            for part in await asyncio.gather(
                looked("limit", self._limit(gh, where), self.patience, where),
                looked("actions", self._actions(gh, repo), self.patience, where),
                looked("workflow", self._files(gh, repo, stored), self.patience, where),
            ):
                found += part
        return [*found, *self._stored(where, stored)]

    def _stored(self, where: str, stored: Stored | None) -> list[Finding]:
        """Tell what the database has."""
        last = repositories.upload(where, stored.last if stored else None, self.now)
        return [last, *machine.keys(stored.keys if stored else [], where, self.now)]

    async def _limit(self, gh: Installation, where: str) -> list[Finding]:
        left, most = await checkup.requests_left(gh)
        return [at_github.limit(left, most, where)]

    async def _actions(self, gh: Installation, repo: Repo) -> list[Finding]:
        enabled, last = await asyncio.gather(checkup.actions_enabled(gh, repo), checkup.last_run(gh, repo))
        return [repositories.actions(self._facts(repo), enabled=enabled, last_run=last, now=self.now)]

    async def _files(self, gh: Installation, repo: Repo, stored: Stored | None) -> list[Finding]:
        """Look at the workflow files that stacks name, or at all of a few where nothing was uploaded yet."""
        wants = stored.wants if stored else []
        on, protects = await asyncio.gather(
            checkup.workflow_states(gh, repo), checkup.environments(gh, repo), return_exceptions=True
        )
        if isinstance(on, BaseException):
            raise on
        names = {want.call.workflow for want in wants if want.call} | (stored.uploaders if stored else frozenset())
        if not wants:
            names |= set(sorted(on)[:_MOST_FILES])
        read = await asyncio.gather(*(self._file(gh, repo, name) for name in sorted(names)))
        off = frozenset(name for name, active in on.items() if not active)
        untold = protects if isinstance(protects, Exception) else None
        facts = self._facts(repo, dict(read), off, protects if isinstance(protects, dict) else {})
        uploaded = bool(stored and stored.last)
        found = repositories.uploader(facts, self.settings.workspace_id, uploaded=uploaded)
        # Of ten thousand instances this takes seconds, for which the other looks must not wait.
        found += await asyncio.to_thread(workflows.workflows, facts, wants)
        if untold is not None:
            return [*found, unseen("environment", why(untold), facts.name)]
        return [*found, *await asyncio.to_thread(repositories.environments, facts, wants)]

    async def _file(self, gh: Installation, repo: Repo, name: str) -> tuple[str, WorkflowFile | ProProblem | None]:
        try:
            return name, await reads.workflow_file(gh, repo, name, repo.default_branch, on_default_branch=True)
        except ProProblem as problem:
            return name, problem

    def _facts(
        self,
        repo: Repo,
        files: Files | None = None,
        off: frozenset[str] = frozenset(),
        protects: Mapping[str, bool] | None = None,
    ) -> RepositoryFacts:
        page = f"{self.settings.server_url}/{repo.full_name}"
        return RepositoryFacts(repo.full_name, page, repo.default_branch, files or {}, off, protects or {})
