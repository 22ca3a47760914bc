"""`/atmos lock` and `/atmos unlock`: the same locks as the CLI's, whose holder is a person."""

from __future__ import annotations

from pathlib import Path

from bot.sandbox import example
from tests.rig import open_rig
from tests.stories.console import audited
from tests.stories.helping import CHAIN, ONE, labels, line_of, model, wide
from tests.stories.test_command_skip import may, say
from tests.stories.test_locks import NO_SWEEP, key, lock, run_of, unlock

#: A year after the story begins.
LATEST = "2027-05-04T10:00"


async def test_a_lock_keeps_what_was_not_sent_until_it_is_unlocked(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN), sweep_seconds=NO_SWEEP) as rig:
        may(rig)
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(3)
        told = await say(rig, pull, "/atmos lock dev/database moving | the *network*")
        assert told.startswith("rocket ")
        assert f"Locked until `/atmos unlock`, or {LATEST}" in told
        assert "latest: dev/database. What runs goes on." in told
        await rig.passes(600)
        assert rig.dispatched() == ["plan dev/vpc"]
        shown = line_of(rig.comment(pull), "database")
        assert "locked by boss until" in shown
        assert "moving \\| the \\*network\\*" in shown
        await rig.restart()
        await rig.passes(86_400)
        assert rig.dispatched() == ["plan dev/vpc"]
        told = await say(rig, pull, "/atmos unlock dev/database")
        assert "Unlocked: dev/database was locked by boss until" in told
        await rig.passes(600)
        assert set(rig.dispatched()) == labels("plan", CHAIN)
        (row,) = audited(rig, "lock")
        assert row[:2] == ("boss", "dev/database")
        assert row[2].startswith(f"until {LATEST}")
        assert row[2].endswith(": moving | the *network*")
        assert audited(rig, "unlock") == [("boss", "dev/database", "its own")]


async def test_the_next_command_and_what_is_sent_see_it_at_once(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(wide(3)), sweep_seconds=NO_SWEEP) as rig:
        may(rig)
        pull = rig.scene.open_pull(wide(3))
        rig.hub.comment(pull, "boss", "/atmos pause")
        await rig.passes(30)
        assert rig.dispatched() == []
        told = await say(rig, pull, "/atmos lock dev", "/atmos unlock dev/part-01", "/atmos unpause")
        assert "dev/part-00, dev/part-01, dev/part-02" in told
        await rig.passes(600)
        assert rig.dispatched() == ["plan dev/part-01"]


async def test_it_is_one_lock_with_the_cli_s(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN), sweep_seconds=NO_SWEEP) as rig:
        may(rig)
        await lock(rig, "dev/api", message="Upgrading.")
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(3)
        told = await say(rig, pull, "/atmos lock dev/*")
        assert told.startswith("confused ")
        assert "dev/api is locked by octocat in run 123 until 2026-05-04T11:00:00Z: Upgrading. Wait until then" in told
        assert "`/atmos unlock dev/api`" in told
        told = await say(rig, pull, "/atmos unlock dev/api", "/atmos lock dev/api mine now")
        assert "Unlocked: dev/api was locked by octocat in run 123" in told
        async with run_of(rig) as client:
            refused = await client.lock(key("dev/api"), ttl=60)
            assert refused.status == 409
            assert "dev/api is locked by boss until" in refused.message
        (ended,) = audited(rig, "unlock")
        assert ended[:2] == ("boss", "dev/api")
        assert ended[2].startswith("it was locked by octocat in run 123")
        await unlock(rig, "dev/api")
        await rig.passes(600)
        assert set(rig.dispatched()) == labels("plan", CHAIN)
        assert audited(rig, "unlock")[1][2].startswith("it was locked by boss until")


async def test_said_twice_it_is_the_same_lock_and_said_by_another_it_is_refused(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE), sweep_seconds=NO_SWEEP) as rig:
        may(rig)
        rig.hub.set_permission(rig.repo, "lead", "write")
        await lock(rig, "dev/vpc")
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(3)
        await unlock(rig, "dev/vpc")
        rig.hub.scenario.seconds = lambda _file, _inputs: 60.0
        await say(rig, pull, "/atmos lock dev/vpc one", "/atmos lock dev/vpc two", seconds=60)
        assert [row[2].rpartition(": ")[2] for row in audited(rig, "lock")][1:] == ["one", "two"]
        said = rig.hub.comment(pull, "lead", "/atmos lock dev/vpc three")
        await rig.passes(5)
        assert "confused" in {sign for _, _, sign in said.reactions}
        assert "dev/vpc is locked by boss until" in rig.comment(pull)
        said = rig.hub.comment(pull, "lead", "/atmos unlock dev/vpc\n/atmos unlock dev/vpc")
        await rig.passes(5)
        assert "`dev/vpc` is not locked." in rig.comment(pull)
        assert audited(rig, "unlock")[-1][0] == "lead"


async def test_it_keeps_the_applies_of_other_pull_requests_and_outlives_its_own(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN), sweep_seconds=NO_SWEEP, unplanned="allow") as rig:
        may(rig)
        first = rig.scene.open_pull(["api"], branch="first")
        second = rig.scene.open_pull(["vpc"], branch="second")
        await rig.until_quiet()
        await say(rig, first, "/atmos lock api frozen for the audit")
        rig.hub.close(first, "dev")
        rig.hub.merge(second, by="lead")
        await rig.passes(600)
        assert rig.dispatched("apply") == ["apply dev/vpc", "apply dev/database"]
        assert "frozen for the audit" in line_of(rig.comment(second), "api")
        told = await say(rig, first, "/atmos lock dev/api", "/atmos unlock vpc", "/atmos unlock dev/api")
        assert "It is closed, and nothing of it is worked any more." in told
        assert "Unlocked: dev/api was locked by boss" in told
        await rig.passes(600)
        assert set(rig.dispatched("apply")) == labels("apply", CHAIN)


async def test_what_runs_goes_on_and_what_was_raised_is_kept(tmp_path: Path) -> None:
    needs = wide(4)
    async with open_rig(tmp_path, model=model(needs), dispatches_per_second=0.1, sweep_seconds=NO_SWEEP) as rig:
        may(rig)
        rig.hub.scenario.seconds = lambda file, _inputs: 300.0 if file == example.PLAN else 1.0
        pull = rig.scene.open_pull(needs)
        while not rig.dispatched():
            await rig.passes(0.5)
        rig.hub.comment(pull, "boss", "/atmos lock dev")
        await rig.passes(3600)
        went = rig.dispatched()
        assert 1 <= len(went) < 4
        assert {run.conclusion for run in rig.runs()} == {"success"}
        await say(rig, pull, "/atmos unlock dev")
        await rig.passes(3600)
        assert set(rig.dispatched()) == labels("plan", needs)


async def test_there_are_only_so_many_at_once_and_in_all(tmp_path: Path) -> None:
    needs = wide(99) | {"more": (), "most": ()}
    async with open_rig(tmp_path, model=model(needs), sweep_seconds=NO_SWEEP) as rig:
        may(rig)
        pull = rig.scene.open_pull(needs)
        rig.hub.comment(pull, "boss", "/atmos pause")
        await rig.passes(30)
        told = await say(rig, pull, "/atmos lock dev")
        assert "That is 101 instances, and at most 100 are locked at once. Name fewer." in told
        assert audited(rig, "lock") == []
        with rig.db.conn:
            rig.db.conn.executemany(
                "INSERT INTO locks (repo_id, name, id, holder, owner, message, created_at, updated_at, expires_at) "
                "VALUES (?, ?, ?, 'run:1', 'a run', '', 0, 0, ?)",
                [(rig.repo.id, f"prod/{number}", f"lock-{number}", rig.clock() + 9e6) for number in range(999)],
            )
        told = await say(rig, pull, "/atmos lock dev/more", "/atmos lock dev/most")
        assert "has 1,000 locks already" in told
        assert [row[1] for row in audited(rig, "lock")] == ["dev/more"]
