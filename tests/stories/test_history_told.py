"""What came before is told in a fold, as it ended."""

from __future__ import annotations

from pathlib import Path

from bot.sandbox import example
from tests.rig import open_rig
from tests.stories.helping import CHAIN, model


async def test_earlier_rollouts_tell_how_they_ended(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN), public_url="https://switchyard.example") as rig:
        rig.hub.scenario.fail(workflow=example.PLAN, component="database", times=1)
        pull = rig.scene.open_pull([*CHAIN])
        await rig.until_quiet()
        failed = rig.run_of("plan dev/database")
        for number in range(12):
            rig.scene.push("feature", ["vpc"], note=f"push {number}")
            await rig.until_quiet()
        text = rig.comment(pull)
        assert "<summary>12 earlier rollouts (the latest 10 are shown)</summary>" in text
        _, _, fold = text.partition("12 earlier rollouts")
        lines = [line for line in fold.splitlines() if line.startswith("- ")]
        assert len(lines) == 10
        assert all(
            line.startswith("- ✅ ") and ": [3 of 3 succeeded](https://switchyard.example/p/" in line for line in lines
        )
        assert failed.latest.conclusion == "failure"


async def test_one_with_a_failure_says_so_and_leads_to_its_run(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        rig.hub.scenario.fail(workflow=example.PLAN, component="database", times=1)
        pull = rig.scene.open_pull([*CHAIN])
        await rig.until_quiet()
        failed = rig.run_of("plan dev/database")
        rig.scene.push("feature", ["vpc"], note="again")
        await rig.until_quiet()
        (line,) = [line for line in rig.comment(pull).splitlines() if "ended by a push of" in line]
        assert line.startswith("- ❌ ")
        assert "[1 of 3 succeeded, 1 failed, 1 superseded](http://" in line
        assert f"/actions/runs/{failed.id})" in line


async def test_what_could_not_be_started_counts_as_failed_there_too(tmp_path: Path) -> None:
    files = example.files()
    del files[f".github/workflows/{example.PLAN}"]
    async with open_rig(tmp_path, model=model(CHAIN), files=files) as rig:
        pull = rig.scene.open_pull([*CHAIN])
        await rig.until_quiet()
        rig.scene.push("feature", ["vpc"], note="again")
        await rig.until_quiet()
        (line,) = [line for line in rig.comment(pull).splitlines() if "ended by a push of" in line]
        assert line.startswith("- ❌ ")
        assert "0 of 3 succeeded, 3 failed" in line


async def test_one_that_a_push_overtook_did_not_fail(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        rig.hub.scenario.seconds = lambda file, _inputs: 100.0 if file == example.PLAN else 1.0
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(30)
        rig.scene.push("feature", ["vpc"], note="again")
        await rig.until_quiet()
        (line,) = [line for line in rig.comment(pull).splitlines() if "ended by a push of" in line]
        assert line.startswith("- ↩️ ")
        assert ": [0 of 3 succeeded, 1 cancelled, 2 superseded](https://switchyard.example/p/" in line, (
            "its runs say less"
        )
