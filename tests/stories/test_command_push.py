"""Commands after a push: they are about the new head, and nothing of the old one is begun any more."""

from __future__ import annotations

from pathlib import Path

from bot.sandbox import example
from bot.sandbox.state import Pull
from tests.rig import Rig, label_of, open_rig
from tests.stories.console import audited
from tests.stories.helping import CHAIN, FOREVER, ONE, labels, model
from tests.stories.saying import DONE, REFUSED, answers, say
from tests.stories.test_order import upload_at_the_end, uploads_nothing

UNKNOWN = "Nothing is known to be affected yet: wait until the affected stacks of this commit are uploaded."


async def _pushed(rig: Rig) -> Pull:
    """Have a push whose affected stacks nobody uploads, after a head that was planned."""
    pull = rig.scene.open_pull(["vpc"])
    await rig.until_quiet()
    rig.hub.programs["atmos-pro.yaml"] = uploads_nothing
    rig.scene.push("feature", ["vpc"], note="more")
    await rig.until_quiet()
    return pull


async def _tell(rig: Rig, pull: Pull, text: str) -> list[str]:
    """Have something said and let some time pass: with a lock it is quiet only after a year; returns the answers."""
    rig.hub.set_permission(rig.repo, "boss", "write")
    rig.hub.comment(pull, "boss", text)
    await rig.passes(120)
    return answers(rig, pull)


def _planned_at(rig: Rig, sha: str) -> list[str]:
    return [label_of(run) for run in rig.runs() if run.inputs["sha"] == sha]


async def test_without_an_upload_of_the_new_head_nothing_is_steered(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        pull = await _pushed(rig)
        for words in ("replan vpc", "replan @all", "replan api --upstream", "retry", "approve", "cancel", "why api"):
            assert await say(rig, pull, f"/atmos {words}") == REFUSED
            assert answers(rig, pull)[0] == UNKNOWN
        assert rig.dispatched() == ["plan dev/vpc", "plan dev/database", "plan dev/api"]


async def test_without_an_upload_only_what_is_locked_already_is_known_by_its_full_name(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        assert await say(rig, pull, "/atmos lock dev/api until Monday") == DONE
        rig.hub.programs["atmos-pro.yaml"] = uploads_nothing
        rig.scene.push("feature", ["vpc"], note="more")
        await rig.until_quiet()
        for words in ("lock dev/vpc", "unlock dev/vpc", "unlock api"):
            assert await say(rig, pull, f"/atmos {words}") == REFUSED
            assert answers(rig, pull)[0] == UNKNOWN
        assert [row[1] for row in audited(rig, "lock")] == ["dev/api"]
        assert await say(rig, pull, "/atmos unlock dev/api") == DONE
        assert answers(rig, pull)[0].startswith("Unlocked: dev/api was locked by boss until ")
        assert len(rig.dispatched()) == 3


async def test_a_lock_from_before_the_push_keeps_the_plans_of_the_new_head(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        await _tell(rig, pull, "/atmos lock dev/database")
        upload_at_the_end(rig, 120.0)
        rig.scene.push("feature", ["vpc"], note="more")
        await rig.passes(60)
        assert _planned_at(rig, pull.head_sha) == []
        await rig.passes(600)
        assert _planned_at(rig, pull.head_sha) == ["plan dev/vpc"]
        await _tell(rig, pull, "/atmos unlock dev/database")
        assert set(_planned_at(rig, pull.head_sha)) == labels("plan", CHAIN)


async def test_what_was_to_be_planned_again_is_not_begun_after_a_push(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        old = pull.head_sha
        await _tell(rig, pull, "/atmos lock api")
        await _tell(rig, pull, "/atmos pause")
        (told,) = await _tell(rig, pull, "/atmos replan database --downstream")
        assert told.startswith("dev/database, dev/api go again.")
        rig.hub.programs["atmos-pro.yaml"] = uploads_nothing
        rig.scene.push("feature", ["vpc"], note="more")
        await rig.passes(120)
        assert await _tell(rig, pull, "/atmos unpause") == ["It goes on."]
        (told,) = await _tell(rig, pull, "/atmos unlock dev/api")
        assert told.startswith("Unlocked: dev/api was locked by boss")
        assert _planned_at(rig, old) == ["plan dev/vpc", "plan dev/database", "plan dev/api"]
        assert _planned_at(rig, pull.head_sha) == []


async def test_what_is_said_before_the_push_is_heard_is_not_done_for_the_old_head(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        rig.faults.hooks("pull_request.synchronize", "lose", FOREVER)
        rig.hub.programs["atmos-pro.yaml"] = uploads_nothing
        for words in ("replan vpc", "plan"):
            rig.scene.push("feature", ["vpc"], note=words)
            assert await say(rig, pull, f"/atmos {words}") == REFUSED
        assert rig.dispatched() == ["plan dev/vpc"]


async def test_a_plan_that_runs_again_by_a_command_is_cancelled_by_a_push(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        rig.hub.scenario.seconds = lambda file, _inputs: 300.0 if file == example.PLAN else 10.0
        rig.hub.set_permission(rig.repo, "boss", "write")
        rig.hub.comment(pull, "boss", "/atmos replan vpc")
        await rig.passes(30)
        rig.hub.programs["atmos-pro.yaml"] = uploads_nothing
        rig.scene.push("feature", ["vpc"], note="more")
        await rig.until_quiet()
        assert [run.conclusion for run in rig.runs()] == ["success", "cancelled"]
