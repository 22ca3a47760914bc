"""What a label applied before the merge goes never again over the merge."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rig import open_rig
from tests.stories.helping import ONE
from tests.stories.saying import REFUSED, answers, say
from tests.stories.small import activities
from tests.stories.small import model as small


@pytest.mark.parametrize("words", ["apply vpc", "retry vpc", "retry"])
async def test_what_a_label_applied_before_the_merge_never_goes_over_the_merge(tmp_path: Path, words: str) -> None:
    pro = {"vpc": activities("vpc", labeled=activities("vpc")["pull_request"]["merged"])}
    async with open_rig(tmp_path, model=small(ONE, pro=pro)) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        rig.hub.label(pull, "deploy", by="dev")
        await rig.passes(5)
        rig.hub.cancel_run(rig.run_of("apply dev/vpc").id)
        await rig.until_quiet()
        rig.scene.push("main", note="newer", author="lead")
        merge = rig.hub.merge(pull, by="lead", delete_branch=False)
        await rig.until_quiet()
        assert await say(rig, pull, f"/atmos {words}") == REFUSED, answers(rig, pull)
        assert rig.runs()[-1].inputs["sha"] == merge
        assert len(rig.dispatched("apply")) == 2
