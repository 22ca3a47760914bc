"""A backup is made while the service runs; one that is restored is not believed without looking."""

from __future__ import annotations

import gc
import sqlite3
import stat
from collections import Counter
from pathlib import Path

from bot.sandbox import example
from bot.sandbox.state import Pull
from bot.work.lock import WorkerLock
from tests.rig import Rig, open_rig
from tests.stories.console import command
from tests.stories.helping import APPLY_PATH, CHAIN, ONE, assert_sound, headline, labels, model, wide, without_id

HELD = "the database was restored from a backup"
SLOW = 100.0


async def _merged(rig: Rig, *paths: str) -> Pull:
    """Have a pull request planned and merged, whose applies take their time."""
    pull = rig.scene.open_pull(paths or ("vpc",))
    await rig.until_quiet()
    rig.hub.scenario.seconds = lambda file, _inputs: SLOW if file == example.APPLY else 1.0
    rig.hub.merge(pull, by="lead")
    return pull


def _files(folder: Path, pattern: str) -> list[Path]:
    return [*folder.glob(pattern)]


async def _restore(rig: Rig, backup: Path) -> str:
    await rig.running.aclose()
    gc.collect()  # the web side's threads are gone, and what they had open goes with them, as with a process
    told = command(rig, "restore", str(backup))
    await rig.restart()
    return told


async def test_what_went_on_after_the_backup_is_held_and_goes_on_when_it_is_approved(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        pull = await _merged(rig)
        await rig.passes(60)
        assert rig.dispatched("apply") == ["apply dev/vpc"]
        command(rig, "backup", str(tmp_path / "kept.db"))
        await rig.passes(SLOW + 30)
        assert rig.dispatched("apply") == ["apply dev/vpc", "apply dev/database"]
        await _restore(rig, tmp_path / "kept.db")
        await rig.passes(3 * SLOW)
        assert rig.dispatched("apply") == ["apply dev/vpc", "apply dev/database"], "nothing is sent twice"
        assert await rig.statuses(pull) == {"dev/vpc": "succeeded", "dev/database": "held", "dev/api": "held"}
        assert HELD in rig.comment(pull)
        await rig.approve(pull)
        await rig.until_quiet()
        assert set((await rig.statuses(pull)).values()) == {"succeeded"}
        assert rig.dispatched("apply")[2:] == ["apply dev/database", "apply dev/api"]
        assert headline(rig.comment(pull)).startswith("✅ Applied")


async def test_what_was_being_sent_is_looked_for_before_anything_else(tmp_path: Path) -> None:
    needs = wide(3)
    async with open_rig(tmp_path, model=model(needs), dispatches_per_second=1.0) as rig:
        pull = rig.scene.open_pull(needs)
        await rig.until_quiet()
        rig.hub.scenario.seconds = lambda _file, _inputs: SLOW
        rig.hub.merge(pull, by="lead")
        for _ in range(60):
            if not rig.dispatched("apply"):
                await rig.passes(0.5)
        statuses = Counter((await rig.statuses(pull)).values())
        assert statuses["dispatching"] == 2
        command(rig, "backup", str(tmp_path / "kept.db"))
        await rig.passes(1)
        sent = rig.dispatched("apply")
        assert len(sent) == 2
        await _restore(rig, tmp_path / "kept.db")
        await rig.until_quiet()
        assert rig.dispatched("apply") == sent
        assert Counter((await rig.statuses(pull)).values()) == {"succeeded": 2, "held": 1}
        await rig.approve(pull)
        await rig.until_quiet()
        assert set((await rig.statuses(pull)).values()) == {"succeeded"}
        assert_sound(rig.hub, needs)


async def test_where_titles_carry_no_id_nobody_guesses_which_run_is_whose(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE), files=without_id(APPLY_PATH)) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        rig.faults.add("GET", f"/contents/{APPLY_PATH}", "status", 1, status=503)
        rig.faults.add("GET", "/actions/workflows/", "status", 3, status=503)
        rig.hub.merge(pull, by="lead")
        for _ in range(100):
            if (await rig.statuses(pull)).get("dev/vpc") != "dispatching":
                await rig.passes(0.2)
        assert rig.dispatched("apply") == []
        command(rig, "backup", str(tmp_path / "kept.db"))
        await rig.until_quiet()
        assert rig.dispatched("apply") == ["apply dev/vpc"]
        await _restore(rig, tmp_path / "kept.db")
        await rig.until_quiet()
        assert rig.dispatched("apply") == ["apply dev/vpc"]
        assert await rig.statuses(pull) == {"dev/vpc": "held"}
        assert f"/actions/runs/{rig.run_of('apply dev/vpc').id}" in rig.comment(pull)


async def test_an_upload_that_was_not_worked_at_the_backup_starts_a_held_apply(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        rig.hub.merge(pull, by="lead")
        while not rig.db.row("SELECT 1 FROM inbox WHERE kind = 'upload' AND state = 'new'"):
            assert rig.clock.at < 1_777_900_000.0
            await rig.sandbox.pump()
            rig.clock.at += 0.5
        command(rig, "backup", str(tmp_path / "kept.db"))
        await rig.until_quiet()
        assert rig.dispatched("apply") == ["apply dev/vpc"]
        await _restore(rig, tmp_path / "kept.db")
        await rig.passes(600)
        assert rig.dispatched("apply") == ["apply dev/vpc"]
        assert await rig.statuses(pull) == {"dev/vpc": "held"}


async def test_what_was_approved_after_one_restore_is_held_again_by_the_next(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        pull = await _merged(rig)
        await rig.passes(60)
        command(rig, "backup", str(tmp_path / "one.db"))
        await _restore(rig, tmp_path / "one.db")
        await rig.settle()
        await rig.approve(pull)
        await rig.settle()
        assert (await rig.statuses(pull))["dev/api"] == "waiting"
        command(rig, "backup", str(tmp_path / "two.db"))
        await rig.passes(1)
        await _restore(rig, tmp_path / "two.db")
        await rig.passes(3 * SLOW)
        assert rig.dispatched("apply") == ["apply dev/vpc"]
        assert await rig.statuses(pull) == {"dev/vpc": "succeeded", "dev/database": "held", "dev/api": "held"}


async def test_the_old_database_is_kept_and_what_is_new_is_not_held(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        first = await _merged(rig)
        await rig.until_quiet()
        command(rig, "backup", str(tmp_path / "kept.db"))
        assert stat.S_IMODE((tmp_path / "kept.db").stat().st_mode) == 0o600
        rig.clock.at += 60
        told = await _restore(rig, tmp_path / "kept.db")
        (old,) = _files(tmp_path, "switchyard.db.2026*Z")
        assert str(old) in told
        assert sqlite3.connect(old).execute("SELECT count(*) FROM rollouts").fetchone() == (2,)
        assert set((await rig.statuses(first)).values()) == {"succeeded"}
        second = rig.scene.open_pull(["vpc"], branch="second")
        await rig.until_quiet()
        rig.hub.merge(second, by="lead")
        await rig.until_quiet()
        assert await rig.statuses(second) == {"dev/vpc": "succeeded"}
        assert labels("apply", ONE) == set(rig.dispatched("apply"))


async def test_what_cannot_be_backed_up_or_restored_is_told(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        kept, other = tmp_path / "kept.db", tmp_path / "other.db"
        command(rig, "backup", str(kept))
        assert "is there already, and is not overwritten" in command(rig, "backup", str(kept), code=1)
        assert "No such file or directory" in command(rig, "backup", str(tmp_path / "none" / "kept.db"), code=1)
        assert "Another process uses" in command(rig, "restore", str(kept), code=1), "it serves, but does not work"
        lock = WorkerLock(rig.settings.database)
        assert lock.take()
        assert "A process works on" in command(rig, "restore", str(kept), code=1)
        lock.release()
        await rig.running.aclose()
        gc.collect()
        other.write_bytes(b"no database at all" * 100)
        assert "cannot be read as a database" in command(rig, "restore", str(other), code=1)
        other.unlink()
        sqlite3.connect(other).execute("CREATE TABLE one (two)")
        assert "is no database of Switchyard's" in command(rig, "restore", str(other), code=1)
        assert "is the database itself" in command(rig, "restore", rig.settings.database, code=1)
        newer = sqlite3.connect(kept)
        newer.execute("INSERT INTO _sqlite_migrations VALUES (99, 'switchyard', 'm099_later', '')")
        newer.commit()
        newer.close()
        assert "was written by a newer Switchyard, which made m099_later" in command(rig, "restore", str(kept), code=1)
        assert _files(tmp_path, "*restoring*") == []
        await rig.restart()
        assert (await rig.state(rig.scene.open_pull(["vpc"]))) == []
