"""What a label applies yields to all that its pull request does later: nothing older is sent over it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.sandbox import example
from tests.rig import Rig, label_of, open_rig
from tests.stories.helping import ONE
from tests.stories.saying import REFUSED, answers, say
from tests.stories.small import activities
from tests.stories.small import model as small

WAYS = ["apply vpc", "retry vpc", "retry"]


@asynccontextmanager
async def stage(tmp_path: Path) -> AsyncIterator[Rig]:
    """Set a stage on which a label applies, too."""
    pro = {"vpc": activities("vpc", labeled=activities("vpc")["pull_request"]["merged"])}
    async with open_rig(tmp_path, model=small(ONE, pro=pro)) as rig:
        yield rig


def applied(rig: Rig) -> list[str]:
    """List the commits of all applies that were sent."""
    return [run.inputs["sha"] for run in rig.runs() if label_of(run).startswith("apply")]


@pytest.mark.parametrize("words", WAYS)
async def test_what_was_cancelled_never_goes_over_the_merge(tmp_path: Path, words: str) -> None:
    async with stage(tmp_path) as rig:
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
        assert applied(rig) == [pull.head_sha, merge]


@pytest.mark.parametrize("words", WAYS[:2])
async def test_nor_where_the_merge_is_held(tmp_path: Path, words: str) -> None:
    async with stage(tmp_path) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        rig.hub.label(pull, "deploy", by="dev")
        await rig.passes(5)
        rig.hub.cancel_run(rig.run_of("apply dev/vpc").id)
        await rig.until_quiet()
        rig.hub.scenario.fail(workflow=example.PLAN, component="vpc")
        await say(rig, pull, "/atmos replan vpc")
        rig.scene.push("main", note="newer", author="lead")
        merge = rig.hub.merge(pull, by="lead", delete_branch=False)
        await rig.until_quiet()
        assert await say(rig, pull, f"/atmos {words}") == REFUSED, answers(rig, pull)
        assert applied(rig) == [pull.head_sha]
        await say(rig, pull, "/atmos approve")
        assert applied(rig) == [pull.head_sha, merge]


@pytest.mark.parametrize("how", ["skip", "cancel"])
async def test_nor_what_people_had_put_aside(tmp_path: Path, how: str) -> None:
    async with stage(tmp_path) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        await say(rig, pull, "/atmos pause")
        rig.hub.label(pull, "deploy", by="dev")
        await rig.until_quiet()
        await say(rig, pull, f"/atmos {how} dev/vpc")
        await say(rig, pull, "/atmos unpause")
        rig.scene.push("main", note="newer", author="lead")
        merge = rig.hub.merge(pull, by="lead", delete_branch=False)
        await rig.until_quiet()
        assert await say(rig, pull, "/atmos apply dev/vpc") == REFUSED, answers(rig, pull)
        assert applied(rig) == [merge]


async def test_what_waited_is_dropped_by_the_merge(tmp_path: Path) -> None:
    async with stage(tmp_path) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        await say(rig, pull, "/atmos pause")
        rig.hub.label(pull, "deploy", by="dev")
        await rig.until_quiet()
        rig.scene.push("main", note="newer", author="lead")
        merge = rig.hub.merge(pull, by="lead", delete_branch=False)
        await rig.until_quiet()
        await say(rig, pull, "/atmos unpause")
        assert applied(rig) == [merge]
        assert f"superseded by #{pull.number}" in rig.comment(pull).replace("&#8203;", "")


@pytest.mark.parametrize("words", ["retry", "retry dev/vpc"])
async def test_what_failed_never_goes_over_a_later_label(tmp_path: Path, words: str) -> None:
    async with stage(tmp_path) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        rig.hub.scenario.fail(workflow=example.APPLY, component="vpc")
        rig.hub.label(pull, "deploy", by="dev")
        await rig.until_quiet()
        first = pull.head_sha
        rig.scene.push("feature", ["vpc"], note="fixed")
        await rig.until_quiet()
        rig.hub.label(pull, "deploy2", by="dev")
        await rig.until_quiet()
        assert applied(rig) == [first, pull.head_sha]
        assert await say(rig, pull, f"/atmos {words}") == REFUSED, answers(rig, pull)
        assert applied(rig) == [first, pull.head_sha]
