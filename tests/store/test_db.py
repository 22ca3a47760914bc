"""Transactions of several threads and connections on one file."""

from __future__ import annotations

import sqlite3
import threading
from concurrent.futures import Future
from pathlib import Path

import pytest

from bot.store.db import Db, connect, transaction
from bot.store.migrations import migrate
from bot.store.writer import Writer


def test_readers_that_write_do_not_lose_each_others_writes(tmp_path: Path, db: Db) -> None:
    path = tmp_path / "test.db"
    with transaction(db):
        db.write("INSERT INTO meta VALUES ('n', '0')")

    def count() -> None:
        mine = connect(path)
        for _ in range(50):
            with transaction(mine):
                row = mine.row("SELECT value FROM meta")
                assert row is not None
                mine.write("UPDATE meta SET value = ?", str(int(row["value"]) + 1))
        mine.close()

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert db.rows("SELECT value FROM meta")[0]["value"] == "200"


def test_a_transaction_that_breaks_leaves_nothing(db: Db) -> None:
    def broken() -> None:
        with transaction(db):
            db.write("INSERT INTO meta VALUES ('a', '1')")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken()
    assert db.rows("SELECT * FROM meta") == []


def test_a_commit_that_fails_leaves_nothing_and_the_next_transaction_goes(db: Db) -> None:
    db.conn.execute("CREATE TABLE above (id INTEGER PRIMARY KEY)")
    db.conn.execute("CREATE TABLE below (id REFERENCES above DEFERRABLE INITIALLY DEFERRED)")
    with pytest.raises(sqlite3.IntegrityError), transaction(db):
        db.write("INSERT INTO below VALUES (1)")  # only the commit looks whether it is above
    with transaction(db):
        db.write("INSERT INTO above VALUES (2)")
    assert db.rows("SELECT * FROM below") == []
    assert [row["id"] for row in db.rows("SELECT id FROM above")] == [2]


def test_migrations_may_run_again(db: Db) -> None:
    migrate(db)
    migrate(db)
    assert db.rows("SELECT * FROM inbox") == []


def test_a_new_file_and_what_lies_beside_it_can_be_read_by_its_owner_alone(tmp_path: Path, db: Db) -> None:
    with transaction(db):
        db.write("INSERT INTO meta VALUES ('n', '0')")
    modes = {path.name: oct(path.stat().st_mode & 0o777) for path in tmp_path.iterdir()}
    assert modes == {"test.db": "0o600", "test.db-shm": "0o600", "test.db-wal": "0o600"}


def test_a_file_that_is_there_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "shared.db"
    path.touch()
    path.chmod(0o640)
    connect(path).close()
    assert oct(path.stat().st_mode & 0o777) == "0o640"


def test_a_link_to_nowhere_makes_the_file_it_names(tmp_path: Path) -> None:
    (tmp_path / "link.db").symlink_to(tmp_path / "real.db")
    db = connect(tmp_path / "link.db")
    migrate(db)
    db.close()
    assert oct((tmp_path / "real.db").stat().st_mode & 0o777) == "0o600"


def test_a_database_in_memory_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    connect(":memory:").close()
    assert list(tmp_path.iterdir()) == []


def test_one_failing_write_of_a_batch_spoils_no_other(tmp_path: Path, db: Db) -> None:
    writer = Writer(tmp_path / "test.db", lambda: None)
    gate, failures = threading.Event(), []

    def slow(_db: Db) -> None:
        gate.wait()

    def put(key: str) -> None:
        try:
            writer.run(lambda db: db.write("INSERT INTO meta VALUES (?, '')", key))
        except sqlite3.IntegrityError as error:
            failures.append(str(error))

    threads = [threading.Thread(target=writer.run, args=(slow,))]
    threads += [threading.Thread(target=put, args=(key,)) for key in ("a", "b", "a", "c")]
    for thread in threads:
        thread.start()
    gate.set()
    for thread in threads:
        thread.join()
    writer.close()
    assert len(failures) == 1
    assert [row["key"] for row in db.rows("SELECT key FROM meta ORDER BY key")] == ["a", "b", "c"]


@pytest.mark.parametrize(("late", "written"), [(False, ["now"]), (True, ["gone", "now"])])
def test_a_write_that_nobody_waits_for_any_more_is_not_made(
    tmp_path: Path, db: Db, late: bool, written: list[str]
) -> None:
    writer = Writer(tmp_path / "test.db", lambda: None)

    def put(key: str, timeout: float, *, late: bool = False) -> None:
        writer.run(lambda db: db.write("INSERT INTO meta VALUES (?, '')", key), timeout, late=late)

    db.conn.execute("BEGIN IMMEDIATE")
    with pytest.raises(TimeoutError):
        put("gone", 0.01, late=late)
    db.conn.execute("ROLLBACK")
    put("now", 30.0)
    writer.close()
    assert [row["key"] for row in db.rows("SELECT key FROM meta ORDER BY key")] == written


def test_a_write_that_has_begun_is_waited_for(tmp_path: Path, db: Db, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, impatient = threading.Event(), threading.Event()

    class Impatient(Future[int]):
        def result(self, timeout: float | None = None) -> int:
            begun.wait(30)
            if not impatient.is_set():
                impatient.set()
                raise TimeoutError
            return super().result(timeout)

    def slow(db: Db) -> int:
        begun.set()
        impatient.wait(30)
        return db.write("INSERT INTO meta VALUES ('a', '')")

    monkeypatch.setattr("bot.store.writer.Future", Impatient)
    writer = Writer(tmp_path / "test.db", lambda: None)
    assert writer.run(slow) == 1
    writer.close()
    assert [row["key"] for row in db.rows("SELECT key FROM meta")] == ["a"]


def test_a_file_that_stays_busy_fails_those_that_wait_and_no_other(
    tmp_path: Path, db: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.store.db.BUSY_TIMEOUT", 100)
    writer = Writer(tmp_path / "test.db", lambda: None)
    db.conn.execute("BEGIN IMMEDIATE")
    with pytest.raises(TimeoutError):
        writer.run(lambda db: db.write("INSERT INTO meta VALUES ('gone', '')"), 0.01)
    with pytest.raises(sqlite3.OperationalError):
        writer.run(lambda db: db.write("INSERT INTO meta VALUES ('busy', '')"))
    db.conn.execute("ROLLBACK")
    writer.run(lambda db: db.write("INSERT INTO meta VALUES ('now', '')"))
    writer.close()
    assert [row["key"] for row in db.rows("SELECT key FROM meta")] == ["now"]


@pytest.mark.parametrize(("table", "large"), [("chunks", "body"), ("graphs", "dark"), ("inbox", "body")])
def test_keys_are_compared_without_reading_what_is_large(db: Db, table: str, large: str) -> None:
    # In a table without rowids a comparison of keys reads the whole row: a batch of 400 MB took a minute to come in.
    assert db.rows(f"SELECT rowid FROM {table}") == []
    assert [column.name for column in db[table].columns][-1] == large
