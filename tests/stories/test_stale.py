"""Plans that others have overtaken: told on exactly those instances and what depends on them, or held."""

from __future__ import annotations

from pathlib import Path

from bot.sandbox import example
from bot.sandbox.state import Pull
from tests.rig import Rig, open_rig
from tests.stories.helping import FOREVER, Needs, line_of, model
from tests.stories.test_order import change

#: vpc before app before page; dns beside it.
TREE: Needs = {"vpc": (), "dns": (), "app": ("vpc",), "page": ("app", "dns")}
STALE = "planned before #{} was applied"


def rows(rig: Rig, pull: Pull, text: str, *components: str) -> list[str]:
    """Name the components whose rows say something, without what keeps GitHub from making links."""
    body = rig.comment(pull).replace("&#8203;", "")
    return [one for one in components or TREE if text in line_of(body, one)]


async def test_exactly_what_was_applied_elsewhere_and_what_depends_on_it_is_told(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(TREE)) as rig:
        ours = rig.scene.open_pull(["vpc", "dns"], branch="ours")
        theirs = change(rig, "app", "theirs")
        await rig.until_quiet()
        assert "planned before" not in rig.comment(ours)
        rig.hub.merge(theirs, by="lead")
        await rig.until_quiet()
        told = STALE.format(theirs.number)
        assert rows(rig, ours, told) == ["app", "page"]
        # What was applied is not stale for the one who applied it.
        assert "planned before" not in rig.comment(theirs)


async def test_what_depends_on_it_is_told_where_it_was_not_applied_itself(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(TREE)) as rig:
        ours, theirs = change(rig, "vpc", "ours"), change(rig, "app", "theirs")
        await rig.until_quiet()
        rig.hub.scenario.fail(component="page", workflow=example.APPLY)
        rig.hub.merge(theirs, by="lead")
        await rig.until_quiet()
        assert await rig.statuses(theirs) == {"dev/app": "succeeded", "dev/page": "failed"}
        assert rows(rig, ours, STALE.format(theirs.number), "vpc", "app", "page") == ["app", "page"]


async def test_a_new_plan_ends_it(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(TREE)) as rig:
        ours, theirs = change(rig, "vpc", "ours"), change(rig, "app", "theirs")
        await rig.until_quiet()
        rig.hub.merge(theirs, by="lead")
        await rig.until_quiet()
        assert rows(rig, ours, STALE.format(theirs.number), "vpc", "app", "page") == ["app", "page"]
        rig.hub.push(rig.repo, "ours", {"components/terraform/vpc/more.tf": "#\n"}, message="More", author="dev")
        await rig.until_quiet()
        assert "planned before" not in rig.comment(ours)


async def test_a_plan_that_is_run_again_ends_it_for_that_instance_only(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model({"vpc": (), "dns": ()})) as rig:
        ours = rig.scene.open_pull(["vpc", "dns"], branch="ours")
        await rig.until_quiet()
        theirs = [change(rig, component, f"their-{component}") for component in ("vpc", "dns")]
        await rig.until_quiet()
        for pull in theirs:
            rig.hub.merge(pull, by="lead")
            await rig.until_quiet()
        assert rows(rig, ours, "planned before #", "vpc", "dns") == ["vpc", "dns"]
        run = next(run for run in rig.runs() if run.inputs["component"] == "vpc")
        rig.hub.rerun(run.id, failed_only=False)
        await rig.until_quiet()
        assert rows(rig, ours, "planned before #", "vpc", "dns") == ["dns"]


async def test_an_apply_that_failed_makes_nothing_stale(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(TREE)) as rig:
        ours = rig.scene.open_pull(["vpc", "dns"], branch="ours")
        theirs = rig.scene.open_pull(["app", "dns"], branch="theirs")
        await rig.until_quiet()
        rig.hub.scenario.fail(component="app", workflow=example.APPLY)
        rig.hub.merge(theirs, by="lead")
        await rig.until_quiet()
        assert await rig.statuses(theirs) == {"dev/dns": "succeeded", "dev/app": "failed", "dev/page": "blocked"}
        assert rows(rig, ours, STALE.format(theirs.number)) == ["dns", "page"]


async def test_it_is_told_though_nothing_else_happens_to_the_pull_request(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model({"vpc": ()}), sweep_seconds=1e6) as rig:
        ours, theirs = change(rig, "vpc", "ours"), change(rig, "vpc", "theirs")
        await rig.until_quiet()
        rig.faults.hooks("pull_request", "lose", FOREVER)
        rig.hub.merge(theirs, by="lead")
        await rig.until_quiet()
        assert rows(rig, ours, STALE.format(theirs.number), "vpc") == ["vpc"]


async def test_by_the_setting_it_only_warns_and_is_applied_after_the_merge(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model({"vpc": ()})) as rig:
        ours, theirs = change(rig, "vpc", "ours"), change(rig, "vpc", "theirs")
        await rig.until_quiet()
        for pull in (theirs, ours):
            rig.hub.merge(pull, by="lead")
            await rig.until_quiet()
        assert await rig.statuses(ours) == {"dev/vpc": "succeeded"}


async def test_what_was_applied_long_ago_is_not_said_to_be_stale_by_what_came_after_it(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model({"vpc": ()})) as rig:
        ours, theirs = change(rig, "vpc", "ours"), change(rig, "vpc", "theirs")
        await rig.until_quiet()
        for pull in (ours, theirs):
            rig.hub.merge(pull, by="lead")
            await rig.until_quiet()
        rig.hub.rerun(rig.run_of("apply dev/vpc").id, failed_only=False)
        await rig.passes(3600)
        assert "planned before" not in rig.comment(ours)


async def test_by_the_setting_it_is_held_with_what_depends_on_it(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(TREE), stale="hold") as rig:
        ours = rig.scene.open_pull(["vpc", "dns"], branch="ours")
        theirs = change(rig, "app", "theirs")
        await rig.until_quiet()
        for pull in (theirs, ours):
            rig.hub.merge(pull, by="lead")
            await rig.until_quiet()
        assert await rig.statuses(ours) == {
            "dev/vpc": "succeeded",
            "dev/dns": "succeeded",
            "dev/app": "held",
            "dev/page": "held",
        }
        assert STALE.format(theirs.number) in rig.comment(ours).replace("&#8203;", "")
        await rig.approve(ours)
        await rig.until_quiet()
        assert set((await rig.statuses(ours)).values()) == {"succeeded"}


async def test_it_is_held_too_where_the_other_one_is_applied_only_after_the_merge(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model({"vpc": (), "app": ("vpc",)}), stale="hold", sweep_seconds=1e6) as rig:
        theirs, ours = change(rig, "vpc", "theirs"), change(rig, "vpc", "ours")
        await rig.until_quiet()
        rig.hub.scenario.seconds = lambda file, _inputs: 120.0 if file == example.APPLY else 10.0
        rig.hub.merge(theirs, by="lead")
        await rig.passes(20)
        rig.hub.merge(ours, by="lead")
        await rig.passes(60)
        assert await rig.statuses(ours) == {"dev/vpc": "ready", "dev/app": "waiting"}
        await rig.until_quiet()
        assert await rig.statuses(ours) == {"dev/vpc": "held", "dev/app": "held"}
        await rig.approve(ours)
        await rig.until_quiet()
        assert set((await rig.statuses(ours)).values()) == {"succeeded"}


async def test_what_is_held_after_its_merge_says_so_as_well(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model({"vpc": ()}), approve_stacks=("dev",), sweep_seconds=1e6) as rig:
        theirs, ours = change(rig, "vpc", "theirs"), change(rig, "vpc", "ours")
        await rig.until_quiet()
        for pull in (theirs, ours):
            rig.hub.merge(pull, by="lead")
            await rig.until_quiet()
        await rig.approve(theirs)
        await rig.until_quiet()
        assert await rig.statuses(ours) == {"dev/vpc": "held"}
        assert rows(rig, ours, STALE.format(theirs.number), "vpc") == ["vpc"]


async def test_pull_requests_that_are_through_are_not_touched_by_it(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model({"vpc": ()}), sweep_seconds=1e6) as rig:
        ours, theirs = change(rig, "vpc", "ours"), change(rig, "vpc", "theirs")
        await rig.until_quiet()
        rig.hub.merge(ours, by="lead")
        await rig.until_quiet()
        before = rig.comment(ours)
        rig.hub.merge(theirs, by="lead")
        await rig.until_quiet()
        assert rig.comment(ours) == before


async def test_an_approval_covers_what_was_applied_by_then(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model({"vpc": ()}), stale="hold", approve_stacks=("dev",)) as rig:
        pulls = [change(rig, "vpc", name) for name in ("one", "two", "three")]
        await rig.until_quiet()
        one, two, three = pulls
        for pull in (one, two):
            rig.hub.merge(pull, by="lead")
            await rig.until_quiet()
            await rig.approve(pull)
            await rig.until_quiet()
        assert await rig.statuses(two) == {"dev/vpc": "succeeded"}
        rig.hub.merge(three, by="lead")
        await rig.until_quiet()
        told = rig.comment(three).replace("&#8203;", "")
        assert STALE.format(two.number) in told
        await rig.approve(three)
        await rig.until_quiet()
        assert await rig.statuses(three) == {"dev/vpc": "succeeded"}
