"""`/atmos replan`: instances are planned once more, in their order; what is under way is left alone."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from tests.rig import Rig, label_of, open_rig
from tests.stories.console import audited
from tests.stories.helping import CHAIN, DIAMOND, ONE, line_of, model
from tests.stories.saying import DONE, REFUSED, answers, say


async def test_targets_are_planned_again_and_nothing_else(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        assert await say(rig, pull, "/atmos replan database") == DONE
        assert answers(rig, pull) == ["dev/database goes again."]
        assert rig.dispatched("plan")[3:] == ["plan dev/database"]
        assert audited(rig, "replan") == [("boss", "dev/database", "was succeeded")]
        assert len({run.inputs["sha"] for run in rig.runs()}) == 1


async def test_downstream_and_upstream_go_in_their_order_parents_first(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        assert await say(rig, pull, "/atmos replan database --downstream") == DONE
        assert rig.dispatched("plan")[3:] == ["plan dev/database", "plan dev/api"]
        await rig.restart()
        assert await say(rig, pull, "/atmos replan database --upstream") == DONE
        assert rig.dispatched("plan")[5:] == ["plan dev/vpc", "plan dev/database"]
        assert set((await rig.statuses(pull)).values()) == {"succeeded"}
        assert await say(rig, pull, "/atmos replan api --downstream --upstream") == REFUSED
        assert len(rig.dispatched("plan")) == 7


def in_turn(rig: Rig, since: int) -> list[str]:
    """Name the plans from a number on; each began when the one before had ended."""
    runs = rig.runs()[since:]
    for one, other in pairwise(runs):
        assert one.latest.updated_at <= other.created_at, f"{label_of(other)} did not wait for {label_of(one)}"
    return [label_of(run) for run in runs]


@pytest.mark.parametrize("words", ["replan vpc api", "replan api vpc", "replan vpc\n/atmos replan api"])
async def test_they_go_in_order_also_where_what_stands_between_is_planned_already(tmp_path: Path, words: str) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        assert await say(rig, pull, f"/atmos {words}") == DONE
        assert in_turn(rig, 3) == ["plan dev/vpc", "plan dev/api"]
        assert set((await rig.statuses(pull)).values()) == {"succeeded"}


async def test_two_commands_of_one_comment_are_done_in_their_order(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        assert await say(rig, pull, "/atmos replan api\n/atmos replan vpc\n/atmos replan api") == REFUSED
        assert answers(rig, pull) == [
            "dev/api goes again.",
            "dev/vpc goes again.",
            "Nothing is planned again: dev/api (waiting, and goes by itself once nothing keeps it).",
        ]
        assert in_turn(rig, 3) == ["plan dev/vpc", "plan dev/api"]


async def test_what_waits_behind_a_plan_says_so_and_is_blocked_by_its_failure(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        rig.hub.scenario.fail(component="vpc")
        rig.hub.scenario.seconds = lambda _file, _inputs: 100.0
        rig.hub.set_permission(rig.repo, "boss", "write")
        rig.hub.comment(pull, "boss", "/atmos replan vpc api")
        await rig.passes(30)
        await rig.restart()
        await rig.passes(30)
        assert "waits for `vpc`" in line_of(rig.comment(pull), "api")
        await rig.until_quiet()
        assert await rig.statuses(pull) == {"dev/vpc": "failed", "dev/database": "succeeded", "dev/api": "blocked"}
        assert "`vpc` failed" in line_of(rig.comment(pull), "api")
        assert await say(rig, pull, "/atmos retry") == DONE
        assert in_turn(rig, 4) == ["plan dev/vpc", "plan dev/api"]
        assert set((await rig.statuses(pull)).values()) == {"succeeded"}


async def test_what_is_under_way_or_waits_is_left_alone(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(DIAMOND)) as rig:
        rig.hub.scenario.seconds = lambda _file, inputs: 600.0 if inputs.get("component") == "database" else 10.0
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(60)
        rig.hub.set_permission(rig.repo, "boss", "write")
        rig.hub.comment(pull, "boss", "/atmos replan vpc --downstream")
        await rig.passes(5)
        (told,) = answers(rig, pull)
        assert told == (
            "dev/vpc, dev/cache go again. Left as it is: dev/database (running: wait for its end, or `/atmos cancel` "
            "it); dev/api (waiting, and goes by itself once nothing keeps it)."
        )
        await rig.until_quiet()
        assert set((await rig.statuses(pull)).values()) == {"succeeded"}
        assert rig.dispatched("plan").count("plan dev/database") == 1
        assert rig.dispatched("plan")[-1] == "plan dev/api"


async def test_a_failed_one_is_planned_again_and_what_it_blocked_goes_on(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        rig.hub.scenario.fail(component="vpc")
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        assert await say(rig, pull, "/atmos replan @failed") == DONE
        assert set((await rig.statuses(pull)).values()) == {"succeeded"}


async def test_after_the_merge_or_the_closing_nothing_is_planned(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        rig.hub.close(pull, by="dev")
        await rig.until_quiet()
        assert await say(rig, pull, "/atmos replan vpc") == REFUSED
        assert answers(rig, pull) == ["It is closed, and nothing of it is worked any more. Reopen it to begin again."]
        rig.hub.reopen(pull, by="dev")
        await rig.until_quiet()
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        planned = rig.dispatched("plan")
        assert await say(rig, pull, "/atmos replan vpc") == REFUSED
        assert answers(rig, pull)[0].startswith("It is merged: a plan now would not show what it changed.")
        assert rig.dispatched("plan") == planned


async def test_what_is_planned_again_when_it_is_merged_is_held_as_unreviewed(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        rig.hub.scenario.fail(component="vpc")
        assert await say(rig, pull, "/atmos replan vpc") == DONE
        assert await rig.statuses(pull) == {"dev/vpc": "failed"}
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        assert await rig.statuses(pull) == {"dev/vpc": "held"}
        assert rig.dispatched("apply") == []


async def test_it_keeps_its_order_when_the_same_stacks_are_uploaded_again(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        rig.hub.scenario.seconds = lambda _file, inputs: 900.0 if inputs.get("component") == "vpc" else 10.0
        rig.hub.set_permission(rig.repo, "boss", "write")
        rig.hub.comment(pull, "boss", "/atmos replan vpc api")
        await rig.passes(60)
        uploading = max((run for run in rig.hub.runs.values() if run.event == "pull_request"), key=lambda run: run.id)
        rig.hub.rerun(uploading.id, failed_only=False)
        await rig.passes(200)
        assert rig.dispatched("plan")[3:] == ["plan dev/vpc"]
        await rig.until_quiet()
        assert rig.dispatched("plan")[3:] == ["plan dev/vpc", "plan dev/api"]
