"""`/atmos plan`: everything that is affected is planned again at the head, in place of the plan before it."""

from __future__ import annotations

from pathlib import Path

import aiohttp

from bot.sandbox import atmos
from bot.sandbox.state import Pull
from tests.rig import Rig, open_rig
from tests.stories.console import audited
from tests.stories.helping import CHAIN, ONE, PLAN_PATH, labels, model, wide
from tests.stories.saying import DONE, REFUSED, answers, say
from tests.stories.test_forks import forked


async def upload(rig: Rig, pull: Pull) -> None:
    """Have a pull request's affected stacks uploaded once more, with the key."""
    async with aiohttp.ClientSession() as session:
        status, answer = await atmos.upload(session, rig.url, rig.key, rig.scene.body(pull))
    assert status == 200, answer
    await rig.until_quiet()


async def test_everything_is_planned_again_and_the_plan_before_it_ends(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        await rig.restart()
        assert await say(rig, pull, "/atmos plan") == DONE
        assert answers(rig, pull) == [f"3 instances are planned again at {pull.head_sha[:7]}."]
        assert rig.dispatched("plan") == ["plan dev/vpc", "plan dev/database", "plan dev/api"] * 2
        assert set((await rig.statuses(pull)).values()) == {"succeeded"}
        assert "ended by `/atmos plan` by boss" in rig.comment(pull)
        assert audited(rig, "plan") == [("boss", "", f"everything again at {pull.head_sha[:7]}")]
        # What it planned counts as any plan for the merge.
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        assert rig.dispatched("apply") == ["apply dev/vpc", "apply dev/database", "apply dev/api"]


async def test_what_runs_of_the_plan_before_is_cancelled_also_when_it_is_said_twice(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        rig.hub.scenario.seconds = lambda file, _inputs: 10.0 if file == "atmos-pro.yaml" else 300.0
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(30)
        assert await say(rig, pull, "/atmos plan\n/atmos plan") == DONE
        assert [run.conclusion for run in rig.runs()] == ["cancelled", "success"]
        assert len(await rig.state(pull)) == 3


async def test_a_later_upload_of_the_same_changes_nothing_and_another_one_takes_over(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        assert await say(rig, pull, "/atmos plan\n/atmos replan api") == REFUSED  # it is not planned yet
        assert await say(rig, pull, "/atmos replan api") == DONE
        count = len(rig.dispatched("plan"))
        await upload(rig, pull)
        assert len(rig.dispatched("plan")) == count
        assert len(await rig.state(pull)) == 2
        rig.scene.model = model(ONE)
        await upload(rig, pull)
        assert await rig.statuses(pull) == {"dev/vpc": "succeeded"}


async def test_workflow_files_are_read_anew(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE), plan_ref="base") as rig:
        text = rig.repo.tip.tree[PLAN_PATH]
        rig.hub.push(rig.repo, "main", {PLAN_PATH: text.replace("stack:", "stak:")}, message="Err", author="lead")
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        assert await rig.statuses(pull) == {"dev/vpc": "failed"}
        assert await say(rig, pull, "/atmos retry") == REFUSED
        rig.faults.hooks("push", "lose", 1)
        rig.hub.push(rig.repo, "main", {PLAN_PATH: text}, message="Mend", author="lead")
        assert await say(rig, pull, "/atmos plan") == DONE
        assert await rig.statuses(pull) == {"dev/vpc": "succeeded"}


async def test_without_an_upload_of_the_head_it_says_what_to_do(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        rig.hub.programs["atmos-pro.yaml"] = _nothing
        rig.scene.push("feature", ["vpc"], note="more")
        await rig.until_quiet()
        assert await say(rig, pull, "/atmos plan") == REFUSED
        (told,) = answers(rig, pull)
        assert told == (
            f"Nothing was uploaded for {pull.head_sha[:7]} and `main` that could be planned again: run the affected "
            "workflow of the pull request again, or push."
        )
        assert rig.dispatched("plan") == ["plan dev/vpc"]


async def test_what_was_compared_with_another_base_branch_is_not_planned_again(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        rig.hub.push(rig.repo, "next", {}, message="Begin what is next", author="lead")
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        rig.hub.edit_base(pull, "next", by="dev")
        await rig.until_quiet()
        assert await say(rig, pull, "/atmos plan") == REFUSED
        assert answers(rig, pull)[0].startswith(f"Nothing was uploaded for {pull.head_sha[:7]} and `next` that could")
        assert rig.dispatched("plan") == ["plan dev/vpc"]


async def test_after_the_closing_and_the_merge_nothing_is_planned(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        rig.hub.programs["atmos-pro.yaml"] = _nothing
        rig.hub.close(pull, by="dev")
        await rig.until_quiet()
        assert await say(rig, pull, "/atmos plan") == REFUSED
        assert answers(rig, pull) == ["It is closed, and nothing of it is worked any more. Reopen it to begin again."]
        rig.hub.reopen(pull, by="dev")
        await rig.until_quiet()
        assert await say(rig, pull, "/atmos plan") == DONE  # nothing new was uploaded, and what was is still true
        assert rig.dispatched("plan") == ["plan dev/vpc", "plan dev/vpc"]
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        assert await say(rig, pull, "/atmos plan") == REFUSED
        assert answers(rig, pull)[0].startswith("It is merged: a plan now would not show what it changed.")
        assert len(rig.dispatched("plan")) == 2


async def test_the_breaker_and_a_pause_hold_it_as_any_plan(tmp_path: Path) -> None:
    needs = wide(3)
    async with open_rig(tmp_path, model=model(needs), breaker_plan=2) as rig:
        pull = rig.scene.open_pull(needs)
        await rig.until_quiet()
        await rig.approve(pull)
        await rig.until_quiet()
        assert set(rig.dispatched("plan")) == labels("plan", needs)
        assert await say(rig, pull, "/atmos plan") == DONE
        assert set((await rig.statuses(pull)).values()) == {"held"}
        assert await say(rig, pull, "/atmos pause\n/atmos plan") == DONE
        assert answers(rig, pull)[1].endswith("The pull request is paused: `/atmos unpause` lets it go on.")
        await rig.approve(pull)
        await rig.until_quiet()
        assert set((await rig.statuses(pull)).values()) == {"ready"}
        assert len(rig.dispatched("plan")) == 3
        assert await say(rig, pull, "/atmos unpause") == DONE
        assert set((await rig.statuses(pull)).values()) == {"succeeded"}


async def test_a_forks_is_not_planned(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        pull = forked(rig)
        await rig.until_quiet()
        assert await say(rig, pull, "/atmos plan") == REFUSED
        assert answers(rig, pull) == ["It comes from a fork, and nothing is started for forks."]
        assert await say(rig, pull, "/atmos retry") == REFUSED
        assert rig.dispatched() == []


async def _nothing(_program: object) -> str:
    return "failure"
