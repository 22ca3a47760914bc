"""The log tells what became of each report of the CLI: who wonders why nothing happened looks there."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from tests.rig import open_rig
from tests.stories.small import model
from tests.stories.test_claims import of_plan, send
from tests.stories.test_joins import silence
from tests.stories.test_statuses import claims_of, tell


def lines(caplog: pytest.LogCaptureFixture, kind: str) -> list[str]:
    return [text for text in caplog.messages if f": {kind}: " in text]


async def test_of_a_status_that_is_shown_nowhere(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with open_rig(tmp_path, model=model({"a": []})) as rig:
        rig.scene.open_pull(["a"])
        await rig.until_quiet()
        run = rig.run_of("plan dev/a")
        await tell(rig, "a", 2, by=claims_of(run))
        await tell(rig, "a", 2, by=claims_of(run, run_id=5, event="push"))
        assert lines(caplog, "instance_status") == [
            "acme/infra#1: instance_status: dev/a: plan ended with exit code 2",
            "acme/infra: instance_status: run 5 is none of ours",
        ]


async def test_of_uploads_that_start_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with open_rig(tmp_path, model=model({"a": []})) as rig:
        silence(rig)
        pull = rig.scene.open_pull(["a"])
        await rig.until_quiet()
        await send(rig, of_plan(pull, event="merge_group"), rig.scene.body(pull))
        await send(rig, None, rig.scene.body(pull) | {"head_sha": "5a" * 20})
        await rig.settle()
        assert lines(caplog, "upload") == [
            f"acme/infra@{'7e' * 20}: upload: put aside for now: nothing was told of 7e7e7e7 yet",
            f"acme/infra@{'5a' * 20}: upload: put aside for now: no pull request has the commit 5a5a5a5",
        ]
