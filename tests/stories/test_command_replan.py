"""`/atmos replan`: instances are planned once more, in their order; what is under way is left alone."""

from __future__ import annotations

from pathlib import Path

from tests.rig import open_rig
from tests.stories.console import audited
from tests.stories.helping import CHAIN, DIAMOND, ONE, model
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


async def test_two_commands_of_one_comment_are_done_in_their_order(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        assert await say(rig, pull, "/atmos replan api\n/atmos replan vpc\n/atmos replan api") == REFUSED
        assert answers(rig, pull) == [
            "dev/api goes again.",
            "dev/vpc goes again.",
            "Nothing is planned again: dev/api (ready, and goes by itself once nothing keeps it).",
        ]
        assert sorted(rig.dispatched("plan")[3:]) == ["plan dev/api", "plan dev/vpc"]


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
