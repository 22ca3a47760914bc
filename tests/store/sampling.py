"""Samples of the database, one of each version: SQL that can be read, of a story that was stopped in its middle.

`python -m tests.store.sampling` writes that of this version. A sample of a version that was released stays as it is.
The ids and commits of the story stand at the top, so that it can go on in a small GitHub that counts differently.
"""

from __future__ import annotations

import asyncio
import re
import sqlite3
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path

from bot.sandbox.state import Pull
from bot.store.db import connect
from bot.store.migrations import migrate, migrations
from tests.rig import MORNING, Rig, label_of, open_rig
from tests.stories.helping import CHAIN, model

FOLDER = Path(__file__).parent / "samples"
SLOW = 100.0
_NAMED = re.compile(r"^-- (.+): (\S+)$", re.MULTILINE)
_SAMPLE = re.compile(r"v(\d+)\.sql")
_MADE_UP = {"INTEGER": "7", "REAL": "7.0", "TEXT": "'made up'", "BLOB": "CAST('made up' AS BLOB)"}


def samples() -> dict[int, Path]:
    """Find the samples by their version, which is how many migrations it has."""
    found = {int(named[1]): path for path in FOLDER.iterdir() if (named := _SAMPLE.fullmatch(path.name))}
    return dict(sorted(found.items()))


def version() -> int:
    """Count the migrations of this program."""
    with closing(connect(":memory:")) as db:
        migrate(db)
        return len(migrations.applied(db))


@asynccontextmanager
async def story(folder: Path) -> AsyncIterator[tuple[Rig, Pull, Pull]]:
    """Play until one pull request is being applied, one that is merged waits for it, and one waits to be planned."""
    async with open_rig(folder, model=model(CHAIN), statuses=True, max_in_flight=1) as rig:
        first = rig.scene.open_pull(["vpc"], branch="first")
        second = rig.scene.open_pull(["database"], branch="second")
        await rig.until_quiet()
        rig.hub.scenario.seconds = lambda _file, _inputs: SLOW
        rig.hub.merge(first, by="lead")
        await rig.passes(SLOW / 2)
        rig.hub.set_permission(rig.repo, "lead", "write")
        rig.hub.comment(first, "lead", "/atmos status")
        rig.hub.merge(second, by="lead")
        rig.scene.open_pull(["api"], branch="third")
        await rig.passes(SLOW)
        assert rig.dispatched("apply") == ["apply dev/vpc", "apply dev/database"]
        yield rig, first, second


def names(rig: Rig) -> dict[str, str]:
    """Name the ids and commits of a story that its small GitHub knows as well."""
    found, commits = {}, {}
    for pull in rig.repo.pulls.values():
        commits |= {pull.head_sha: f"head of #{pull.number}", pull.merge_commit_sha or "": f"merge of #{pull.number}"}
        found |= {f"comment on #{pull.number}": str(comment.id) for comment in rig.comments(pull)}
    for run in rig.runs():
        label = f"{label_of(run)} at {commits[run.inputs['sha']]}"
        found |= {f"run {label}": str(run.id), f"dispatch {label}": run.inputs["atmos_pro_run_id"]}
    return {name: sha for sha, name in commits.items() if sha} | found


def sample(conn: sqlite3.Connection, named: dict[str, str]) -> Iterator[str]:
    """Write a database as SQL; what is text in a blob is written as text."""
    for name, value in named.items():
        yield f"-- {name}: {value}"
    made = conn.execute("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid").fetchall()
    yield from (f"{sql};" for _, _, sql in made)
    for kind, table, _ in made:
        if kind != "table":
            continue
        columns = [column[1] for column in conn.execute(f"PRAGMA table_info({table})")]
        told = ", ".join(f"quote({column}), {column}" for column in columns)
        for row in conn.execute(f"SELECT {told} FROM {table} ORDER BY {', '.join(columns)}"):
            values = ", ".join(_value(*row[at : at + 2]) for at in range(0, len(row), 2))
            yield f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({values});"


def _value(quoted: str, value: object) -> str:
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, bytes):
        with suppress(UnicodeDecodeError):
            text = value.decode().replace("'", "''")
            return f"CAST('{text}' AS BLOB)" if text.replace("\n", "").isprintable() else quoted
    return quoted


def load(text: str, path: Path, named: dict[str, str]) -> None:
    """Make a database of a sample, whose ids and commits become those of a story that is played now."""
    was = dict(_NAMED.findall(text))
    now = {old: named.get(name, old) for name, old in was.items()}
    known = re.compile("|".join(rf"\b{re.escape(old)}\b" for old in sorted(now, key=len, reverse=True)))
    with closing(sqlite3.connect(path)) as conn:
        conn.executescript("BEGIN;" + known.sub(lambda found: now[found[0]], text) + "COMMIT;")


def _tidy(conn: sqlite3.Connection) -> None:
    """Leave out what is large and tells nothing, as the service does later; what is empty gets a made-up row."""
    conn.execute("DELETE FROM inbox WHERE state = 'done' AND id <= (SELECT max(id) FROM inbox) - 9")
    conn.execute("UPDATE inbox SET body = NULL WHERE state = 'done'")
    conn.execute("DELETE FROM graphs WHERE rowid NOT IN (SELECT max(rowid) FROM graphs)")
    conn.execute("UPDATE graphs SET light = CAST('<svg/>' AS BLOB), dark = CAST('<svg/>' AS BLOB)")
    conn.execute("UPDATE _sqlite_migrations SET applied_at = datetime(?, 'unixepoch')", (MORNING,))
    tables = [name for (name,) in conn.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    for table in tables:
        if conn.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,):
            types = [column[2] for column in conn.execute(f"PRAGMA table_info({table})")]
            conn.execute(f"INSERT INTO {table} VALUES ({', '.join(_MADE_UP[one] for one in types)})")
    conn.commit()


async def make(folder: str) -> str:
    """Play the story, and write its database as a sample."""
    async with story(Path(folder)) as (rig, _, _):
        named = names(rig)
    with closing(sqlite3.connect(rig.settings.database)) as conn:
        _tidy(conn)
        return "".join(f"{line}\n" for line in sample(conn, named))


if __name__ == "__main__":
    written = FOLDER / f"v{version()}.sql"
    with tempfile.TemporaryDirectory() as folder:
        written.write_text(asyncio.run(make(folder)))
    sys.stdout.write(f"{written} holds {written.stat().st_size:,} bytes.\n")
