"""Who did what, when and why: one row for each decision, which nothing changes later."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import bot
from bot.sandbox import example
from tests.rig import Rig, open_rig
from tests.stories.console import command
from tests.stories.helping import ONE, model
from tests.stories.test_locks import key, lock, run_of, unlock


def _exported(rig: Rig, *options: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in command(rig, "export", "audit", *options).splitlines()]


def _told(rows: list[dict[str, Any]]) -> list[tuple[str, str, str | None]]:
    return [(row["action"], row["actor"], row["instance"]) for row in rows]


async def test_each_decision_is_one_row_of_the_export(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE), approve_stacks=("dev",)) as rig:
        rig.hub.scenario.seconds = lambda file, _inputs: 60.0 if file == example.PLAN else 1.0
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(30)
        rig.scene.push("feature", ["vpc"], note="again")
        await rig.until_quiet()
        await lock(rig, "dev/vpc", message="Upgrading.")
        async with run_of(rig, "hubot", 124) as other:
            assert (await other.lock(key("dev/vpc"))).status == 409
        await unlock(rig, "dev/vpc")
        command(rig, "freeze", "acme/infra", "--reason", "an audit", "--by", "dora")
        rig.hub.merge(pull, by="boss")
        await rig.until_quiet()
        await rig.approve(pull)
        await rig.until_quiet()
        command(rig, "unfreeze", "acme/infra", "--by", "dora")
        rig.faults.add("POST", "/dispatches$", "status", 1, status=422)
        await rig.until_quiet()
        rows = _exported(rig)
        vpc, we, run = "dev/vpc", "switchyard", "octocat in run 123"
        assert _told(rows)[:4] == [
            ("dispatch", we, vpc),
            ("supersede", we, None),
            ("cancel", we, vpc),
            ("dispatch", we, vpc),
        ]
        approver = next(row["actor"] for row in rows if row["action"] == "approve")
        assert approver not in (we, "dev", "")
        assert _told(rows)[4:] == [
            ("lock", run, vpc),
            ("refuse", "hubot in run 124", vpc),
            ("unlock", run, vpc),
            ("freeze", "dora", None),
            ("hold", we, vpc),
            ("approve", approver, vpc),
            ("unfreeze", "dora", None),
            ("dispatch", we, vpc),
            ("refuse", we, vpc),
        ]
        assert all(row["cause"] and row["repository"] == "acme/infra" for row in rows)
        of_rollouts = [row for row in rows if row["rollout"]]
        assert {(row["rollout"], row["pull"]) for row in of_rollouts} == {(1, 1), (2, 1), (3, 1)}
        assert rows[0]["time"].startswith("2026-05-04T10:00:")
        assert rows[0].keys() == {"time", "actor", "action", "cause", "repository", "rollout", "pull", "instance"}


async def test_the_export_begins_when_it_is_told_to(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        command(rig, "freeze", "--reason", "first")
        rig.clock.at += 3 * 3600
        command(rig, "freeze", "acme/infra", "--reason", "second")
        for since, causes in (
            ("4h", ["first", "second"]),
            ("2h", ["second"]),
            ("2026-05-04", ["first", "second"]),
            ("2026-05-05", []),
            ("2026-05-04T14:30:00+02:00", ["second"]),
            ("1d", ["first", "second"]),
        ):
            assert [row["cause"] for row in _exported(rig, "--since", since)] == causes, since
        assert [row["cause"] for row in _exported(rig, "--repo", "acme/infra")] == ["second"]
        assert _exported(rig)[0]["repository"] is None, "it is about all"
        assert "'yesterday' is no time" in command(rig, "export", "audit", "--since", "yesterday", code=2)


def test_nothing_but_its_age_ends_a_row() -> None:
    code = {path.name: path.read_text() for path in Path(bot.__file__).parent.rglob("*.py")}
    changing = re.compile(r"(?:UPDATE|DELETE FROM|REPLACE INTO|DROP TABLE) audit\b[^\"]*", re.IGNORECASE)
    found = [(name, statement) for name, text in code.items() for statement in changing.findall(text)]
    assert found == [("audit.py", "DELETE FROM audit WHERE at <= ?")]
