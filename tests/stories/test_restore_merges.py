"""What was merged before a backup was restored may have been applied since that was made, whoever uploads it again."""

from __future__ import annotations

import gc
from pathlib import Path

from tests.rig import open_rig
from tests.stories.console import command
from tests.stories.helping import ONE, model


async def test_a_merge_from_before_the_restore_is_held_also_when_it_is_uploaded_afterwards(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        command(rig, "backup", str(tmp_path / "kept.db"))
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        assert rig.dispatched("apply") == ["apply dev/vpc"]
        rig.clock.at += 60
        await rig.running.aclose()
        gc.collect()
        command(rig, "restore", str(tmp_path / "kept.db"))
        await rig.restart()
        rig.clock.at += 60
        affected = [run for run in rig.hub.runs.values() if run.event == "pull_request"][-1]
        rig.hub.rerun(affected.id, failed_only=False, by="lead")
        await rig.passes(900)
        assert await rig.statuses(pull) == {"dev/vpc": "held"}
        assert rig.dispatched("apply") == ["apply dev/vpc"]
        assert "the database was restored from a backup" in rig.comment(pull)
