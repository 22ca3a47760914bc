"""Files of every version that there was, opened by this one; and files of versions that are still to come."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlite_utils import Database

from bot import __version__
from bot.cli import cli
from bot.store.db import Db, connect
from bot.store.migrations import Newer, migrate, migrations, unknown
from tests.store import newer, sampling
from tests.stories.helping import CHAIN, assert_sound, headline

ROOT = Path(__file__).parents[2]
VERSIONS = pytest.mark.parametrize("version", sampling.samples())


def schema(db: Database) -> dict[str, str]:
    """Read how everything in a file is made."""
    return {
        row[0]: " ".join(row[1].split())
        for row in db.conn.execute("SELECT name, sql FROM sqlite_master WHERE sql != ''")
    }


def rows(db: Database, columns: dict[str, list[str]]) -> dict[str, Counter[tuple[Any, ...]]]:
    """Read everything in a file, of these columns."""
    told = {table: ", ".join(names) for table, names in columns.items()}
    return {
        table: Counter(tuple(row) for row in db.conn.execute(f"SELECT {names} FROM {table}"))
        for table, names in told.items()
    }


def columns(db: Database) -> dict[str, list[str]]:
    return {table: [column.name for column in db[table].columns] for table in newer.tables(db)}


def loaded(version: int, path: Path) -> Db:
    """Make a file of a version, as it was."""
    sampling.load(sampling.samples()[version].read_text(), path, {})
    return connect(path)


def test_each_version_has_a_sample() -> None:
    assert list(sampling.samples()) == list(range(1, sampling.version() + 1)), (
        "python -m tests.store.sampling writes it"
    )


def test_the_newest_sample_is_of_this_version(tmp_path: Path) -> None:
    with closing(loaded(sampling.version(), tmp_path / "old.db")) as old, closing(connect(":memory:")) as fresh:
        migrate(fresh)
        wrong = "a released migration is never edited: add one. One that no release has: python -m tests.store.sampling"
        assert schema(old) == schema(fresh), wrong


@VERSIONS
def test_a_file_of_each_version_becomes_one_of_today_and_keeps_every_row(tmp_path: Path, version: int) -> None:
    with closing(loaded(version, tmp_path / "old.db")) as db, closing(connect(":memory:")) as fresh:
        its = columns(db)
        before = rows(db, its)
        assert [table for table, found in before.items() if not found] == [], "a sample has something everywhere"
        migrate(db)
        assert rows(db, its) == before
        migrate(fresh)
        assert {name: set(found) for name, found in columns(db).items()} == {
            name: set(found) for name, found in columns(fresh).items()
        }
        assert db.conn.execute("PRAGMA integrity_check").fetchone()[0] == "ok"


@VERSIONS
def test_what_an_older_process_writes_still_fits(tmp_path: Path, version: int) -> None:
    """It knows the columns of its own version only."""
    with closing(loaded(version, tmp_path / "old.db")) as db:
        its = columns(db)
        before = rows(db, its)
        migrate(db)
        with newer.newer():
            migrate(db)
        for table, names in its.items():
            db.conn.execute(f"DELETE FROM {table}")
            sql = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
            db.conn.executemany(sql, before[table].elements())
        assert rows(db, its) == before


@VERSIONS
async def test_the_rollouts_in_a_file_of_each_version_go_on_to_their_end(tmp_path: Path, version: int) -> None:
    """Also where a version that is to come has added to every table meanwhile, as it does during its deploy."""
    async with sampling.story(tmp_path) as (rig, first, second):
        await rig.running.aclose()
        path = tmp_path / "old.db"
        sampling.load(sampling.samples()[version].read_text(), path, sampling.names(rig))
        with newer.newer():
            await rig.restart(database=str(path))
        await rig.until_quiet()
        assert unknown(rig.db) == [newer.NAME]
        for pull in (first, second):
            assert headline(rig.comment(pull)).startswith("✅ Applied")
            assert set((await rig.statuses(pull)).values()) == {"succeeded"}
        applied = ["dev/vpc", "dev/database", "dev/api", "dev/database", "dev/api"]
        assert rig.dispatched("apply") == [f"apply {name}" for name in applied]
        assert rig.dispatched("plan")[-1] == "plan dev/api"
        assert_sound(rig.hub, CHAIN)
        assert rig.db.rows("SELECT * FROM inbox WHERE state = 'dead'") == []


def test_a_file_of_a_newer_version_is_not_touched(tmp_path: Path) -> None:
    with closing(loaded(1, tmp_path / "old.db")) as db:
        with newer.newer():
            migrate(db)
        before = schema(db)
        with pytest.raises(Newer, match=newer.NAME):
            migrate(db)
        assert schema(db) == before


COMMANDS = [("keys", "list"), ("freeze", "--list"), ("backup", "/nowhere/copy.db"), ("export", "audit")]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
async def test_a_command_says_what_to_do_with_a_file_of_a_newer_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.setenv("SWITCHYARD_DATABASE", str(tmp_path / "new.db"))
    with closing(connect(tmp_path / "new.db")) as db, newer.newer():
        migrate(db)
    done = CliRunner().invoke(cli, words)
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == (
        f"Error: Switchyard {__version__} could not use the database {tmp_path}/new.db: a newer Switchyard has changed "
        f"it ({newer.NAME}). Start that newer one again, or put back a backup from before the upgrade: "
        "switchyard restore FILE.\n"
    )


def test_an_older_version_puts_its_own_backup_in_the_place_of_a_newer_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The way back."""
    monkeypatch.setenv("SWITCHYARD_DATABASE", str(tmp_path / "now.db"))
    loaded(1, tmp_path / "now.db").close()
    assert CliRunner().invoke(cli, ["backup", str(tmp_path / "kept.db")]).exit_code == 0
    with closing(connect(tmp_path / "now.db")) as db, newer.newer():
        migrate(db)
    done = CliRunner().invoke(cli, ["restore", str(tmp_path / "kept.db")])
    assert (done.exit_code, done.stderr) == (0, "")
    with closing(connect(tmp_path / "now.db")) as db:
        assert unknown(db) == []


def broken(db: Database) -> None:
    newer.change(db)
    raise ZeroDivisionError


def test_a_migration_that_breaks_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(loaded(1, tmp_path / "old.db")) as db:
        before, its = schema(db), columns(db)
        kept = rows(db, its)
        monkeypatch.setattr(migrations, "_migrations", migrations._migrations[:])
        migrations(name=newer.NAME)(broken)
        with pytest.raises(ZeroDivisionError):
            migrate(db)
        assert (schema(db), rows(db, its)) == (before, kept)
        migrations._migrations.pop()
        newer.become()
        migrate(db)
        migrate(db)
        counted = {row["name"]: row["rows"] for row in db.rows("SELECT name, rows FROM made_up")}
        assert counted == {name: sum(found.values()) for name, found in kept.items()}


DIES = """
import os, sys
from bot.store.db import connect
from bot.store.migrations import Newer, migrate, migrations
from tests.store import newer

@migrations(name=newer.NAME)
def dies(db):
    db.conn.execute("PRAGMA cache_size = 1")  # so that it is written before it is committed
    newer.change(db)
    os.kill(os.getpid(), 9)

migrate(connect(sys.argv[1]))
"""


def test_a_process_that_is_killed_in_a_migration_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    with closing(loaded(1, tmp_path / "old.db")) as db:
        before, its = schema(db), columns(db)
        kept = rows(db, its)
    done = subprocess.run([sys.executable, "-c", DIES, str(tmp_path / "old.db")], cwd=ROOT, timeout=60)
    assert done.returncode == -9
    with closing(connect(tmp_path / "old.db")) as db:
        assert (schema(db), rows(db, its)) == (before, kept)
        assert unknown(db) == []
