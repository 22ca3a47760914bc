"""What people tell the bot in a comment: it is done once, in its order, and answered in the one comment."""

from __future__ import annotations

from pathlib import Path

from tests.rig import open_rig
from tests.stories.helping import CHAIN, model


async def test_a_pause_keeps_what_was_not_sent_until_it_ends(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        rig.hub.set_permission(rig.repo, "boss", "write")
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(3)
        said = rig.hub.comment(pull, "boss", "Wait a moment.\n\n/atmos pause\n")
        await rig.until_quiet()
        assert rig.dispatched("plan") == ["plan dev/vpc"]
        assert [sign for _, _, sign in said.reactions] == ["eyes", "rocket"]
        assert "⏸️ **Nothing more is started:** paused by boss." in rig.comment(pull)
        assert "✅ `/atmos pause` by boss" in rig.comment(pull)
        rig.hub.comment(pull, "boss", "/atmos unpause\n/atmos why dev/vpc")
        await rig.until_quiet()
        assert rig.dispatched("plan") == ["plan dev/vpc", "plan dev/database", "plan dev/api"]
        assert "✅ `vpc` in `dev` [**succeeded**]" in rig.comment(pull)
