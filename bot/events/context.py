"""What gathering may use, and what comes of placing an input."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from bot.domain.events import Event, Rules
from bot.domain.model import Repo
from bot.domain.pro import Files, ProProblem, WorkflowFile
from bot.github import reads, shapes
from bot.github.client import GitHub, Installation
from bot.store import repos
from bot.store.db import Db
from bot.store.inbox import Row

#: How long a workflow file's content is believed, in seconds. A push to the default branch ends it at once.
_FRESH = 300.0
_MOST_FILES = 2_000


@dataclass(frozen=True, slots=True)
class InLane:
    """The input belongs to a lane."""

    lane: str
    repo_id: int
    read: int = 0  # the comment that it came of, to show there that it was read
    gone: int = 0  # the comment of ours that somebody deleted


@dataclass(frozen=True, slots=True)
class Parked:
    """The input waits until its key becomes known."""

    key: str
    repo_id: int
    reason: str


@dataclass(frozen=True, slots=True)
class Finished:
    """There is nothing to do with the input in any lane."""

    reason: str


@dataclass(frozen=True, slots=True)
class Spread:
    """The input concerns several lanes: each gets an input of its own."""

    reason: str
    rows: tuple[tuple[str, str, int, bytes], ...]  # kind, lane, repository, body


Place = InLane | Parked | Finished | Spread


@dataclass(slots=True)
class WorkflowFiles:
    """Workflow files as GitHub has them, kept for a while: one upload names the same two files hundreds of times."""

    now: Callable[[], float]
    _kept: dict[tuple[int, str, str], tuple[float, WorkflowFile | ProProblem | None]] = field(default_factory=dict)

    async def read(self, gh: Installation, repo: Repo, names: Iterable[str], ref: str) -> Files:
        """Read workflow files at a ref; what is wrong with one stands in its place."""
        return {name: await self.one(gh, repo, name, ref) for name in sorted(names)}

    async def one(self, gh: Installation, repo: Repo, name: str, ref: str) -> WorkflowFile | ProProblem | None:
        """Read one workflow file at a ref."""
        key = (repo.id, name, ref)
        known = self._kept.get(key)
        if known is not None and self.now() - known[0] < _FRESH:
            return known[1]
        found: WorkflowFile | ProProblem | None
        try:
            found = await reads.workflow_file(gh, repo, name, ref)
        except ProProblem as problem:
            found = problem
        if len(self._kept) >= _MOST_FILES:
            self._kept.clear()
        self._kept[key] = (self.now(), found)
        return found

    def forget(self, repo_id: int, branch: str = "") -> None:
        """Forget a repository's files because its default branch moved, or only those of another branch that did."""
        for key in [key for key in self._kept if key[0] == repo_id and branch in ("", key[2])]:
            del self._kept[key]


@dataclass(slots=True)
class Environments:
    """The environments that repositories have, kept for a while: many applies ask for the same few."""

    now: Callable[[], float]
    _kept: dict[int, tuple[float, frozenset[str]]] = field(default_factory=dict)
    _asking: defaultdict[int, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))

    async def has(self, gh: Installation, repo: Repo, name: str) -> bool:
        """Tell whether a repository has an environment of this name, however it is capitalised."""
        async with self._asking[repo.id]:  # the applies of one decision ask at the same moment
            known = self._kept.get(repo.id)
            if known is None or self.now() - known[0] >= _FRESH:
                known = (self.now(), await reads.environments(gh, repo))
                self._kept[repo.id] = known
        return name.casefold() in known[1]


@dataclass(frozen=True, slots=True)
class Context:
    """What gathering may use. It reads the database and GitHub, and writes neither."""

    db: Db
    github: GitHub
    files: WorkflowFiles
    rules: Rules
    now: Callable[[], float]

    def repo(self, repo_id: int) -> Repo:
        """Read a repository that an input was placed for."""
        repo = repos.get(self.db, repo_id)
        if repo is None:
            raise ValueError(f"The repository with the id {repo_id} is not known.")
        return repo


@dataclass(frozen=True, slots=True)
class Gathered:
    """An event and the facts about workflow files that its decision needs."""

    event: Event
    files: Files = field(default_factory=dict)
    bodies: tuple[bytes, ...] = ()  # of an upload, to be kept
    uploaders: tuple[str, ...] = ()  # the workflows that an upload may have come from


@dataclass(frozen=True, slots=True)
class Moved:
    """While gathering it turned out that the input belongs elsewhere."""

    place: Place


@dataclass(frozen=True, slots=True)
class Learned:
    """What GitHub says of a repository: how it is now, or (None) that no installation of ours covers it."""

    repo_id: int
    repo: Repo | None


def decode(row: Row) -> dict[str, Any]:
    """Decode a JSON object; raises ValueError with a sentence."""
    try:
        payload = msgspec.json.decode(row.body)
    except (msgspec.DecodeError, RecursionError):
        raise ValueError("The body is not JSON.") from None
    if not isinstance(payload, dict):
        raise ValueError("The body is not a JSON object.")
    return payload


def repo_of(payload: dict[str, Any]) -> Repo | None:
    """Read the repository that a webhook is about; None without one, or without an installation of ours."""
    installation = shapes.number(shapes.part(payload, "installation"), "id")
    told = shapes.part(payload, "repository")
    return shapes.repo(told, installation) if told and installation else None
