"""`/atmos apply`: after the merge, what was skipped or cancelled is applied after all, under every rule."""

from __future__ import annotations

from pathlib import Path

from bot.sandbox import example
from tests.rig import open_rig
from tests.stories.console import audited, command
from tests.stories.helping import CHAIN, ONE, model
from tests.stories.saying import DONE, REFUSED, answers, say
from tests.stories.test_order import applies, change


async def test_before_the_merge_nothing_is_applied(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        assert await say(rig, pull, "/atmos apply vpc") == REFUSED
        assert answers(rig, pull) == [
            "It is not merged, and only what is merged is applied: the merge itself starts that."
        ]
        assert rig.dispatched("apply") == []


async def test_a_cancelled_run_is_made_again_and_its_children_follow(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        rig.hub.scenario.seconds = lambda file, _inputs: 60.0 if file == example.APPLY else 10.0
        merge = rig.hub.merge(pull, by="lead")
        await rig.passes(80)
        rig.hub.cancel_run(rig.run_of("apply dev/database").id)
        await rig.until_quiet()
        assert (await rig.statuses(pull))["dev/database"] == "cancelled"
        await rig.restart()
        assert await say(rig, pull, "/atmos apply database") == DONE
        assert answers(rig, pull) == ["dev/database goes again."]
        assert rig.dispatched("apply") == ["apply dev/vpc", *["apply dev/database"] * 2, "apply dev/api"]
        assert rig.run_of("apply dev/database").inputs["sha"] == merge
        assert audited(rig, "apply") == [("boss", "dev/database", "was cancelled")]
        assert await say(rig, pull, "/atmos apply database vpc") == REFUSED
        assert answers(rig, pull) == ["Nothing is applied: dev/vpc, dev/database (succeeded)."]


async def test_what_failed_is_for_a_retry(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        rig.hub.scenario.fail(component="vpc")
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        assert await say(rig, pull, "/atmos apply dev") == REFUSED
        assert answers(rig, pull) == [
            "Nothing is applied: dev/vpc (failed: `/atmos retry` has it go again); dev/database, dev/api (blocked by "
            "dev/vpc, and goes by itself once that has succeeded)."
        ]
        assert rig.dispatched("apply") == ["apply dev/vpc"]


async def test_a_run_that_was_run_again_meanwhile_is_left_alone(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE), sweep_seconds=1e6) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        rig.hub.merge(pull, by="lead")
        await rig.passes(5)
        rig.hub.cancel_run(rig.run_of("apply dev/vpc").id)
        await rig.until_quiet()
        rig.faults.hooks("workflow_(run|job)", "lose", 20)
        rig.hub.rerun(rig.run_of("apply dev/vpc").id, failed_only=False)
        await rig.until_quiet()
        rig.faults.clear()
        assert await say(rig, pull, "/atmos apply vpc") == REFUSED
        assert answers(rig, pull) == ["Nothing is applied: dev/vpc (succeeded)."]
        assert rig.dispatched("apply") == ["apply dev/vpc"]


async def test_a_cancelled_one_never_goes_over_a_newer_commit(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        first, second = change(rig, "vpc", "first"), change(rig, "vpc", "second")
        await rig.until_quiet()
        rig.hub.merge(first, by="lead")
        await rig.passes(5)
        rig.hub.cancel_run(rig.run_of("apply dev/vpc").id)
        await rig.until_quiet()
        rig.hub.merge(second, by="lead")
        await rig.until_quiet()
        assert await say(rig, first, "/atmos apply vpc") == REFUSED
        assert answers(rig, first) == [f"Nothing is applied: dev/vpc (superseded by #{second.number})."]
        assert [how for _, how in applies(rig, "vpc")] == ["cancelled", "success"]


async def test_what_was_skipped_is_applied_after_all_before_what_waits_for_it(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        rig.hub.scenario.seconds = lambda file, _inputs: 60.0 if file == example.APPLY else 10.0
        rig.hub.merge(pull, by="lead")
        await rig.passes(30)
        rig.hub.set_permission(rig.repo, "boss", "write")
        rig.hub.comment(pull, "boss", "/atmos skip database\n/atmos skip api\n/atmos apply database")
        await rig.until_quiet()
        assert answers(rig, pull)[2] == "dev/database goes again."
        assert rig.dispatched("apply") == ["apply dev/vpc", "apply dev/database"]
        assert await rig.statuses(pull) == {"dev/vpc": "succeeded", "dev/database": "succeeded", "dev/api": "skipped"}
        await rig.restart()
        assert await say(rig, pull, "/atmos apply vpc --downstream") == DONE
        assert answers(rig, pull) == ["dev/api goes again. Left as it is: dev/vpc (succeeded)."]
        assert rig.dispatched("apply")[2:] == ["apply dev/api"]
        assert audited(rig, "apply") == [("boss", "dev/database", "was skipped"), ("boss", "dev/api", "was skipped")]


async def test_downstream_brings_back_all_that_was_cancelled_in_order(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        command(rig, "freeze", "acme/infra", "--reason", "Friday.")
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        assert await say(rig, pull, "/atmos cancel @all\n/atmos apply vpc --downstream") == DONE
        assert set((await rig.statuses(pull)).values()) == {"ready", "waiting"}
        assert rig.dispatched("apply") == []
        command(rig, "unfreeze", "acme/infra")
        await rig.passes(120)
        await rig.until_quiet()
        assert rig.dispatched("apply") == ["apply dev/vpc", "apply dev/database", "apply dev/api"]


async def test_what_was_held_when_it_was_cancelled_is_held_still(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE), approve_stacks=("dev",)) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        assert await rig.statuses(pull) == {"dev/vpc": "held"}
        assert await say(rig, pull, "/atmos cancel vpc\n/atmos apply vpc") == DONE
        assert answers(rig, pull)[1] == ("dev/vpc goes again. Held as before: dev/vpc; `/atmos approve` lets it go.")
        assert await rig.statuses(pull) == {"dev/vpc": "held"}
        assert rig.dispatched("apply") == []


async def test_of_a_merge_without_its_upload_nothing_is_applied(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        rig.hub.programs["atmos-pro.yaml"] = _nothing
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        assert await say(rig, pull, "/atmos apply vpc") == REFUSED
        assert answers(rig, pull) == [
            "It is merged, and its apply has not begun: wait until the affected stacks of the merge are uploaded."
        ]
        assert rig.dispatched("apply") == []


async def _nothing(_program: object) -> str:
    return "failure"
