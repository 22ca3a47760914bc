"""`/atmos status`: GitHub is asked now, and the comment says what it answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rig import open_rig
from tests.stories.helping import CHAIN, FOREVER, model
from tests.stories.saying import DONE, REFUSED, answers, say

#: Nothing is found by looking: what is known, is known because somebody asked.
NO_SWEEP = 1_000_000.0


@pytest.mark.parametrize("verb", ["plan", "apply"])
async def test_what_no_webhook_told_is_asked_for_now(tmp_path: Path, verb: str) -> None:
    async with open_rig(tmp_path, model=model(CHAIN), sweep_seconds=NO_SWEEP) as rig:
        pull = rig.scene.open_pull(["vpc"])
        if verb == "apply":
            await rig.until_quiet()
            rig.hub.merge(pull, by="lead")
        await rig.passes(3)
        assert rig.dispatched(verb) == [f"{verb} dev/vpc"]
        rig.faults.hooks("workflow_run", "lose", FOREVER)
        await rig.passes(600)
        assert rig.dispatched(verb) == [f"{verb} dev/vpc"]
        rig.faults.clear()
        assert await say(rig, pull, "/atmos status") == DONE
        assert "GitHub was asked about 1 run." in answers(rig, pull)
        assert rig.dispatched(verb) == [f"{verb} dev/{name}" for name in ("vpc", "database", "api")]
        # Once nothing is under way there is nothing to ask for.
        assert await say(rig, pull, "/atmos status") == DONE
        assert "GitHub was asked about 0 runs." in answers(rig, pull)


async def test_it_is_answered_on_a_pull_request_that_is_closed(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        rig.hub.close(pull, "dev")
        await rig.until_quiet()
        assert await say(rig, pull, "/atmos status") == DONE
        assert await say(rig, pull, "/atmos status now") == REFUSED
