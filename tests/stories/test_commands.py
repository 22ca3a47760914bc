"""What people tell the bot in a comment: it is done once, in its order, and answered in the one comment."""

from __future__ import annotations

from pathlib import Path

from bot.domain.commands.table import SPECS
from tests.rig import open_rig
from tests.stories.helping import CHAIN, model
from tests.stories.saying import DONE, REFUSED, answers, say

PAUSED = "⏸️ **Nothing more is started:** paused by boss."


async def test_a_pause_keeps_what_was_not_sent_until_it_ends(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        rig.hub.set_permission(rig.repo, "boss", "write")
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(3)
        said = rig.hub.comment(pull, "boss", "Wait a moment.\n\n/atmos pause\n")
        await rig.until_quiet()
        assert rig.dispatched("plan") == ["plan dev/vpc"]
        assert {sign for _, _, sign in said.reactions} == DONE
        assert PAUSED in rig.comment(pull)
        assert "✅ `/atmos pause` by boss" in rig.comment(pull)
        rig.hub.comment(pull, "boss", "/atmos unpause\n/atmos why dev/vpc")
        await rig.until_quiet()
        assert rig.dispatched("plan") == ["plan dev/vpc", "plan dev/database", "plan dev/api"]
        assert "✅ `vpc` in `dev` [**succeeded**]" in rig.comment(pull)


async def test_a_pause_said_before_the_merge_keeps_its_apply_and_outlives_a_restart(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        assert await say(rig, pull, "/atmos pause") == DONE
        rig.hub.merge(pull, by="lead")
        await rig.restart()
        await rig.until_quiet()
        assert rig.dispatched("apply") == []
        assert PAUSED in rig.comment(pull)
        # Said twice it is the same pause, and whose it was is told.
        assert await say(rig, pull, "/atmos pause", by="ann") == DONE
        assert answers(rig, pull) == ["It was paused by boss already."]
        assert await say(rig, pull, "/atmos unpause", by="ann") == DONE
        assert rig.dispatched("apply") == ["apply dev/vpc", "apply dev/database", "apply dev/api"]
        assert await say(rig, pull, "/atmos unpause") == REFUSED
        assert answers(rig, pull) == ["It is not paused."]


async def test_a_pause_holds_for_the_heads_that_come_and_over_a_closing(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        assert await say(rig, pull, "/atmos pause") == DONE
        before = rig.dispatched("plan")
        rig.scene.push("feature", ["vpc"], note="again")
        await rig.until_quiet()
        rig.hub.close(pull, "dev")
        await rig.until_quiet()
        rig.hub.reopen(pull, "dev")
        await rig.until_quiet()
        assert rig.dispatched("plan") == before
        assert await say(rig, pull, "/atmos unpause") == DONE
        assert len(rig.dispatched("plan")) == len(before) + 3


async def test_help_lists_every_command_and_tells_one(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        assert await say(rig, pull, "/atmos help") == DONE
        assert [name for name in SPECS if f"/atmos {name}" not in rig.comment(pull)] == []
        assert await say(rig, pull, "/atmos help retry") == DONE
        assert SPECS["retry"].does in rig.comment(pull)


async def test_each_of_twenty_commands_in_a_comment_has_its_answer(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        names = [f"nothing-{number:02}" for number in range(20)]
        assert await say(rig, pull, "\n".join(f"/atmos retry {name}" for name in names)) == REFUSED
        assert [name for name in names if f"`/atmos retry {name}`" not in rig.comment(pull)] == []
