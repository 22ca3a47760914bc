"""Look at this machine: the database and its disk, who works on it, Graphviz."""

from __future__ import annotations

import re
import sqlite3
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from bot.domain.checkup import machine, workflows
from bot.domain.checkup.facts import DatabaseFacts, Disk, KeyFacts, UploadFacts, Wanted
from bot.domain.checkup.findings import Finding
from bot.domain.graph import Instance
from bot.domain.model import Repo
from bot.events.pull_request import read_upload
from bot.store import checkup, pulls, repos, uploads
from bot.store.db import Db, looking
from bot.work.lock import is_taken
from renderers.engine import CannotDraw, draw, engine_name

_VERSION = re.compile(r"version (\S+)")
_TRY = "digraph { a -> b }"
_DOT_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Stored:
    """What the database has of a repository."""

    repo: Repo
    keys: list[KeyFacts]
    last: UploadFacts | None
    uploaders: frozenset[str]
    wants: list[Wanted]


@dataclass(frozen=True, slots=True)
class Kept:
    """What the database has; `repositories` is empty where it cannot be read."""

    facts: DatabaseFacts
    repositories: Mapping[str, Stored] = field(default_factory=dict)  # by name in lower case


def database(path: str, mounts: str, *, heroku: bool = False) -> Kept:
    """Read what the doctor needs of the database, beside whoever works on it."""
    file = Path(path).resolve()
    on = disk(file, mounts, heroku=heroku)
    if not file.exists():
        return Kept(DatabaseFacts(str(file), there=False, disk=on))
    try:
        with looking(file) as db:
            facts = checkup.file_facts(db, str(file), on)
            # Older files lack tables, and newer ones may mean something else by them.
            known = [] if facts.pending or facts.unknown else repos.everyone(db)
            return Kept(facts, {repo.full_name.lower(): _stored(db, repo) for repo in known})
    except sqlite3.Error as error:
        return Kept(DatabaseFacts(str(file), disk=on, trouble=str(error)))


def _stored(db: Db, repo: Repo) -> Stored:
    last = checkup.last_upload(db, repo)
    settings = {instance: one.pro for instance, one in uploads.recall(db, repo.id).items() if not one.removed}
    if last is not None:  # what a merge told is remembered, and what an open pull request tells may be newer
        settings |= _uploaded(db, last.lane)
    return Stored(
        repo,
        checkup.live_keys(db, repo.id),
        last,
        pulls.uploaders(db, repo.id),
        workflows.wanted(settings),
    )


def _uploaded(db: Db, lane: str) -> dict[Instance, Mapping[str, Any] | None]:
    """Read what the last upload of a lane says of its instances; nothing where it cannot be read."""
    kept = uploads.last(db, lane)
    try:
        upload = read_upload(kept[2], kept[1]) if kept else None
    except ValueError:
        return {}
    nodes = upload.graph.nodes.values() if upload else ()
    return {node.instance: node.pro for node in nodes if not node.deleted and not node.problem}


def disk(file: Path, mounts: str, *, heroku: bool = False) -> Disk:
    """Find which disk a file is on, in what Linux tells of its mounts."""
    found = Disk(heroku=heroku)
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        parts = before.split()
        if len(parts) < 5 or not after:
            continue
        root, place = (re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), part) for part in parts[3:5])
        # A later mount on the same place hides the earlier one.
        if file.is_relative_to(place) and len(place) >= len(found.place):
            found = Disk(after.split()[0], place, root, heroku)
    return found


def mounts() -> str:
    """Read what Linux tells of its mounts; empty elsewhere."""
    try:
        return Path("/proc/self/mountinfo").read_text()
    except OSError:
        return ""


def process(path: str) -> list[Finding]:
    """Look whether a process works on the database."""
    return [machine.process(str(Path(path).resolve()), works=is_taken(path))]


def drawing() -> list[Finding]:
    """Have Graphviz draw something."""
    engine = engine_name() or ""
    trouble = ""
    if engine:
        try:
            draw(_TRY, timeout=_DOT_SECONDS)
        except CannotDraw as error:
            trouble = str(error)
    return [machine.drawing(engine, _engine_version(engine), trouble)]


def _engine_version(engine: str) -> str:
    try:
        if engine != "dot":
            return version(engine) if engine else ""
        done = subprocess.run(["dot", "-V"], capture_output=True, text=True, timeout=_DOT_SECONDS, check=False)  # noqa: S607
    except (OSError, subprocess.TimeoutExpired, PackageNotFoundError):
        return ""
    found = _VERSION.search(done.stderr)
    return found[1] if found else ""
