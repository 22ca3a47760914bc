"""`/atmos confirm` where there is nothing to confirm: before the merge, after a closing, or once more at once."""

from __future__ import annotations

from pathlib import Path

from tests.rig import open_rig
from tests.stories.helping import ONE
from tests.stories.saying import DONE, REFUSED, answers, say
from tests.stories.test_command_destroy import _merged, _shown
from tests.stories.test_destroy import FILES, model


async def test_what_is_not_merged_confirms_no_code_and_uses_none_up(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE), files=FILES) as rig:
        pull = await _merged(rig)
        other = rig.scene.open_pull(["vpc"], branch="second")
        await rig.until_quiet()
        code = await _shown(rig, pull)
        for state in ("not merged yet", "closed without a merge"):
            text = f"/atmos destroy dev/vpc\n/atmos confirm AAAAAAAA\n/atmos confirm {code}"
            assert await say(rig, other, text, role="maintain") == REFUSED
            first, *rest = answers(rig, other)[:3]
            assert first == f"It is {state}, and only what a merge has applied is destroyed, at the merge commit."
            assert [told.startswith("No such code waits here") for told in rest] == [True, True]
            if other.state == "open":
                rig.hub.close(other, by="dev")
                await rig.until_quiet()
        assert rig.dispatched("destroy") == []
        assert await say(rig, pull, f"/atmos confirm {code}", role="maintain") == DONE
        assert rig.dispatched("destroy") == ["destroy dev/vpc"]


async def test_two_who_confirm_at_once_destroy_once(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE), files=FILES) as rig:
        pull = await _merged(rig)
        code = await _shown(rig, pull)
        said = [rig.hub.comment(pull, by, f"/atmos confirm {code}") for by in ("boss", "root")]
        await rig.until_quiet()
        assert [{sign for _, _, sign in one.reactions} for one in said] == [DONE, REFUSED]
        assert rig.dispatched("destroy") == ["destroy dev/vpc"]
        assert f"🚫 `/atmos confirm {code}` by root" in rig.comment(pull)
        assert answers(rig, pull)[0].startswith("No such code waits here: it was used")
