"""What a repository configures: whose list is kept as its inventory, and what every other list tells."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.app import session_key
from bot.domain.claims import Claims
from bot.domain.graph import Instance
from bot.sandbox.atmos import chunks, instances_body
from bot.sandbox.atmos_api import Client
from bot.store import inventory
from bot.web.sessions import Sessions
from tests.rig import Rig, open_rig
from tests.stories.helping import CHAIN, ONE, Needs, model, wide

DAY = 86_400.0
VPC = Instance("dev", "vpc")


def of_main(run_id: int, **changes: Any) -> Claims:
    """Make the claims of a run on the default branch."""
    usual: dict[str, Any] = {
        "attempt": 1,
        "event": "push",
        "ref": "refs/heads/main",
        "head_ref": "",
        "base_ref": "",
        "sha": f"{run_id:040x}",
        "actor": "dev",
        "environment": "",
        "workflow": "Inventory",
        "workflow_file": "inventory.yaml",
    }
    return Claims(run_id=run_id, **(usual | changes))


def listing(rig: Rig, needs: Needs, *stacks: str) -> dict[str, Any]:
    """Make what the CLI sends for components in some stacks."""
    return instances_body(model(needs, *stacks), repo=rig.repo.full_name)


async def send(rig: Rig, by: Claims | None, *bodies: dict[str, Any]) -> dict[str, Any]:
    """Send with the session of a run or (None) with the key, and let it be worked; returns the last answer's data."""
    token = Sessions(session_key(rig.settings.private_key), rig.clock).issue(rig.repo.id, by) if by else rig.key
    async with aiohttp.ClientSession() as session:
        answer = await Client(session, rig.url, token=token).upload_instances(bodies)
    assert answer.success, answer
    await rig.settle()
    return answer.data


def why(rig: Rig) -> str:
    """Read what became of the last inventory."""
    row = rig.db.row("SELECT state, reason FROM inbox WHERE kind = 'inventory' ORDER BY id DESC LIMIT 1")
    assert row is not None
    assert row["state"] == "done"
    return str(row["reason"])


def listed(rig: Rig) -> dict[str, float]:
    """Tell when each component of `dev` was last listed."""
    rows = rig.db.rows("SELECT component, listed_at FROM instances WHERE stack = 'dev'")
    return {row["component"]: row["listed_at"] for row in rows}


async def test_the_last_run_on_the_default_branch_tells_the_inventory(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        assert inventory.has(rig.db, rig.repo.id, VPC) is None
        data = await send(rig, of_main(10), listing(rig, CHAIN))
        assert data == {"repository": rig.repo.full_name, "part": "complete", "kept": "inventory"}
        assert why(rig) == "3 instances in the inventory of `main` at 0000000"
        first = rig.clock()
        assert inventory.of(rig.db, rig.repo.id) == (f"{10:040x}", first, 3)
        rig.clock.at += 60
        await send(rig, of_main(12), listing(rig, {"api": (), "cache": ()}))
        assert inventory.of(rig.db, rig.repo.id) == (f"{12:040x}", rig.clock(), 2)
        assert inventory.has(rig.db, rig.repo.id, VPC) is False
        assert inventory.has(rig.db, rig.repo.id, Instance("dev", "cache")) is True
        assert inventory.has(rig.db, rig.repo.id, Instance("prod", "cache")) is False
        assert listed(rig) == {"vpc": first, "database": first, "api": rig.clock(), "cache": rig.clock()}


async def test_a_late_run_does_not_take_the_place_of_a_newer_one(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        await send(rig, of_main(12), listing(rig, {"api": ()}))
        kept = inventory.of(rig.db, rig.repo.id)
        rig.clock.at += 60
        for attempt in (1, 2):
            await send(rig, of_main(10, attempt=attempt), listing(rig, ONE))
            assert why(rig) == "1 instance last seen now; a newer run's inventory stays"
            assert inventory.of(rig.db, rig.repo.id) == kept
        assert inventory.has(rig.db, rig.repo.id, VPC) is False
        assert listed(rig) == {"api": rig.clock() - 60, "vpc": rig.clock()}


@pytest.mark.parametrize(
    ("by", "reason"),
    [
        (None, "a key sent it, so nobody vouches for its branch"),
        (of_main(12, ref="refs/heads/feature"), "the run that sent it does not work on `main`"),
        (of_main(12, ref="refs/pull/3/merge", event="pull_request"), "the run that sent it does not work on `main`"),
        (of_main(12, event="pull_request_target"), "the run that sent it does not work on `main`"),
    ],
    ids=["key", "branch", "pull request", "pull request's code on main"],
)
async def test_others_tell_only_what_they_saw(tmp_path: Path, by: Claims | None, reason: str) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        await send(rig, of_main(10), listing(rig, ONE))
        kept = inventory.of(rig.db, rig.repo.id)
        rig.clock.at += 60
        assert (await send(rig, by, listing(rig, CHAIN)))["kept"] == "last seen"
        assert why(rig) == f"3 instances last seen now; the inventory stays as it was: {reason}"
        assert inventory.of(rig.db, rig.repo.id) == kept
        assert inventory.has(rig.db, rig.repo.id, Instance("dev", "api")) is False
        assert listed(rig) == dict.fromkeys(CHAIN, rig.clock())


async def test_an_empty_inventory_does_not_say_that_everything_is_gone(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        await send(rig, of_main(10), listing(rig, ONE))
        await send(rig, of_main(11), listing(rig, {}))
        assert "it is empty, which would say that everything is gone" in why(rig)
        assert inventory.has(rig.db, rig.repo.id, VPC) is True


async def test_what_one_run_lists_stack_by_stack_adds_up(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        await send(rig, of_main(10), listing(rig, {"old": ()}))
        for stack in ("dev", "prod"):
            await send(rig, of_main(11), listing(rig, CHAIN, stack))
        assert (inventory.of(rig.db, rig.repo.id) or ())[2] == 6
        assert inventory.has(rig.db, rig.repo.id, VPC) is True
        assert inventory.has(rig.db, rig.repo.id, Instance("dev", "old")) is False


async def test_repeats_change_nothing(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        await send(rig, of_main(10), listing(rig, CHAIN))
        before = list(map(tuple, rig.db.rows("SELECT * FROM inventories JOIN instances USING (repo_id)")))
        rig.clock.at += 7
        data = await send(rig, of_main(10), listing(rig, CHAIN), listing(rig, CHAIN))
        assert (data["part"], data["kept"]) == ("known", "inventory")
        assert list(map(tuple, rig.db.rows("SELECT * FROM inventories JOIN instances USING (repo_id)"))) == before


async def test_what_an_upload_said_of_an_instance_is_better_and_stays(tmp_path: Path) -> None:
    def known(component: str) -> tuple[Any, Any]:
        sql = "SELECT pro, parents FROM instances WHERE stack = 'dev' AND component = ?"
        row = rig.db.row(sql, component)
        assert row is not None
        return json.loads(row["pro"]), json.loads(row["parents"])

    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        pull = rig.scene.open_pull(["database"])
        await rig.until_quiet()
        rig.hub.merge(pull, by="lead")  # what is not merged may never be
        await rig.until_quiet()
        uploaded = known("api")
        body = listing(rig, CHAIN)
        for said in ("first", "second"):
            for instance in body["instances"]:
                instance["settings"] = {"pro": {"enabled": False, "said": said}}
            await send(rig, None, body)
            assert known("api") == uploaded
            assert uploaded[1] == [["dev", "database"]]
            assert known("vpc") == ({"enabled": False, "said": said}, [])


@pytest.mark.parametrize("size", [1, 2_422, 10_000])
async def test_parts_in_any_order_are_one_inventory(tmp_path: Path, size: int) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        needs = {f"part-{number}": () for number in range(size)}
        parts = chunks(listing(rig, needs), "a batch", limit=max(3_000, size * 100))
        assert (len(parts) > 5) == (size > 1)
        sent: Sequence[dict[str, Any]] = random.Random(size).sample(parts * 2, len(parts) * 2)
        await send(rig, of_main(10), *sent)
        assert inventory.of(rig.db, rig.repo.id) == (f"{10:040x}", rig.clock(), size)
        assert len(listed(rig)) == size


async def test_a_half_batch_is_forgotten_after_a_day(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE), sweep_seconds=3_600.0) as rig:
        parts = chunks(listing(rig, wide(20)), "a batch", limit=3_000)
        assert (await send(rig, None, *parts[:-1]))["part"] == "taken"
        await rig.passes(DAY + 3_601)
        assert (await send(rig, None, parts[-1]))["part"] == "taken"
        assert listed(rig) == {}
        assert (await send(rig, None, *parts[:-1]))["part"] == "complete"
        assert len(listed(rig)) == 20


@pytest.mark.parametrize("gone", ["min", "max"])
async def test_a_batch_of_which_a_part_is_gone_says_to_send_it_again(tmp_path: Path, gone: str) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        parts = chunks(listing(rig, wide(20)), "a batch", limit=3_000)
        token = rig.key
        async with aiohttp.ClientSession() as session:
            assert (await Client(session, rig.url, token=token).upload_instances(parts)).success
        rig.db.conn.execute(f"DELETE FROM chunks WHERE batch_index = (SELECT {gone}(batch_index) FROM chunks)")
        await rig.settle()
        (row,) = rig.db.rows("SELECT state, reason FROM inbox WHERE kind = 'inventory'")
        assert tuple(row) == ("dead", "The batch of the inventory is not complete any more; upload it again.")
