"""A pull request is planned, merged and applied in dependency order, with one living comment."""

from __future__ import annotations

from pathlib import Path

from bot.sandbox import example
from tests.rig import Rig, label_of, open_rig
from tests.stories.small import DIAMOND, model


def order_kept(rig: Rig, verb: str) -> bool:
    """Tell whether each run started after the ones it needs had succeeded, and none started twice."""
    labels = rig.dispatched(verb)
    ended = {label_of(run): run.latest.updated_at for run in rig.runs() if run.conclusion == "success"}
    for run in rig.runs():
        verb_, _, key = label_of(run).partition(" ")
        if verb_ != verb:
            continue
        stack, _, component = key.partition("/")
        for need in rig.scene.model.instances[(stack, component)].needs:
            parent = f"{verb} {need[0]}/{need[1]}"
            if parent in labels and not ended[parent] <= run.created_at:
                return False
    return len(labels) == len(set(labels))


async def test_plan_merge_apply_of_the_example(tmp_path: Path) -> None:
    async with open_rig(tmp_path, max_in_flight=100) as rig:
        pull = rig.scene.open_pull(["vpc", "object-storage"])
        await rig.until_quiet()
        assert len(rig.dispatched("plan")) == 30
        assert order_kept(rig, "plan")
        assert "Planned: all 30 instances" in rig.comment(pull)
        assert {run.inputs["sha"] for run in rig.runs()} == {pull.head_sha}
        assert {run.head_branch for run in rig.runs()} == {"feature"}

        merge = rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        assert len(rig.dispatched("apply")) == 30
        assert order_kept(rig, "apply")
        applies = [run for run in rig.runs() if label_of(run).startswith("apply")]
        assert {run.inputs["sha"] for run in applies} == {merge}
        assert {run.head_branch for run in applies} == {"main"}
        assert {run.inputs["github_environment"] for run in applies} == {"dev", "staging", "prod"}
        assert "Applied: all 30 instances" in rig.comment(pull)
        assert len(rig.comments(pull)) == 1


async def test_the_merged_upload_is_byte_for_byte_the_plans_and_starts_the_apply(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(DIAMOND)) as rig:
        pull = rig.scene.open_pull(["a"])
        await rig.until_quiet()
        planned = rig.scene.body(pull)
        rig.hub.merge(pull, by="lead", method="squash")
        assert rig.scene.body(pull) == planned
        await rig.until_quiet()
        assert rig.dispatched() == [
            *("plan dev/a", "plan dev/b", "plan dev/c", "plan dev/d"),
            *("apply dev/a", "apply dev/b", "apply dev/c", "apply dev/d"),
        ]


async def test_a_failure_blocks_what_depends_on_it_and_a_rerun_opens_the_way(tmp_path: Path) -> None:
    needs = {**DIAMOND, "x": [], "y": ["x"]}
    async with open_rig(tmp_path, model=model(needs)) as rig:
        rig.hub.scenario.fail(component="b")
        pull = rig.scene.open_pull(["a", "x"])
        await rig.until_quiet()
        assert await rig.statuses(pull) == {
            "dev/a": "succeeded",
            "dev/b": "failed",
            "dev/c": "succeeded",
            "dev/d": "blocked",
            "dev/x": "succeeded",
            "dev/y": "succeeded",
        }
        assert "`b` failed" in rig.comment(pull)
        rig.hub.rerun(rig.run_of("plan dev/b").id)
        await rig.until_quiet()
        assert set((await rig.statuses(pull)).values()) == {"succeeded"}
        assert rig.dispatched()[-1] == "plan dev/d"
        assert "Planned: all 6 instances" in rig.comment(pull)


async def test_a_rerun_that_fails_blocks_again_what_was_not_sent(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model({"a": [], "b": ["a"]}), max_in_flight=1) as rig:
        rig.hub.scenario.fail(component="a", times=2)
        pull = rig.scene.open_pull(["a"])
        await rig.until_quiet()
        rig.hub.rerun(rig.run_of("plan dev/a").id)
        await rig.until_quiet()
        assert await rig.statuses(pull) == {"dev/a": "failed", "dev/b": "blocked"}
        assert "attempt\u00a02" in rig.comment(pull)


async def test_a_gated_environment_waits_for_people_and_the_rest_goes_on(tmp_path: Path) -> None:
    async with open_rig(
        tmp_path, model=model({"a": [], "b": ["a"]}, stack="x-prod"), reviewers={"prod": ["lead"]}, max_in_flight=1
    ) as rig:
        other = rig.scene.open_pull(["b"], branch="other")
        pull = rig.scene.open_pull(["a"])
        await rig.until_quiet()
        rig.hub.merge(pull, by="dev")
        await rig.until_quiet()
        assert await rig.statuses(pull) == {"x-prod/a": "approval", "x-prod/b": "waiting"}
        assert "waits for [`prod`](" in rig.comment(pull)
        assert rig.run_of("apply x-prod/a").pending == ["prod"]
        # The only place under the cap is free again: another pull request's plan goes.
        rig.scene.push("other", ["b"], note="again")
        await rig.until_quiet()
        assert set((await rig.statuses(other)).values()) == {"succeeded"}
        for component in "ab":
            rig.hub.approve(rig.run_of(f"apply x-prod/{component}").id, "prod", "lead")
            await rig.until_quiet()
        assert await rig.statuses(pull) == {"x-prod/a": "succeeded", "x-prod/b": "succeeded"}


async def test_a_push_supersedes_the_plan_of_the_older_head(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(DIAMOND)) as rig:
        rig.hub.scenario.seconds = lambda _file, _inputs: 100.0
        pull = rig.scene.open_pull(["a"])
        await rig.passes(50)
        rig.scene.push("feature", ["a"], note="more")
        await rig.until_quiet()
        old, new = (await rig.state(pull))[::-1]
        assert old["status"] == "superseded"
        assert {run.conclusion for run in rig.runs() if run.inputs["sha"] == old["sha"]} == {"cancelled"}
        assert new["sha"] == pull.head_sha
        assert {step["status"] for step in new["steps"]} == {"succeeded"}
        assert len([run for run in rig.runs() if run.inputs["sha"] == pull.head_sha]) == 4
        assert "ended by a push" in rig.comment(pull)


async def test_a_removed_instance_is_left_for_people(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model({"a": [], "b": ["a"]})) as rig:
        rig.scene.removed = {("dev", "b"): rig.scene.model.instances[("dev", "b")]}
        pull = rig.scene.open_pull(["a"])
        await rig.until_quiet()
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        assert await rig.statuses(pull) == {"dev/a": "succeeded", "dev/b": "manual"}
        assert rig.dispatched("apply") == ["apply dev/a"]
        assert "It was removed from the configuration" in rig.comment(pull)


async def test_nothing_is_applied_on_other_branches_and_the_comment_says_why(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model({"a": []})) as rig:
        rig.hub.push(rig.repo, "release", {}, message="Start a release", author="lead")
        rig.scene.push("feature", ["a"])
        text = example.AFFECTED_FILE.replace("branches: [main]", "branches: [main, release]")
        rig.hub.push(rig.repo, "feature", {".github/workflows/atmos-pro.yaml": text}, message="Watch it", author="dev")
        pull = rig.hub.open_pull(rig.repo, head="feature", base="release", title="To the release", author="dev")
        await rig.until_quiet()
        assert "Nothing will be applied: `release` is not the default branch" in rig.comment(pull)
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        assert rig.dispatched("apply") == []
        assert "Nothing was applied: `release` is not the default branch" in rig.comment(pull)


async def test_branches_that_the_settings_name_are_applied(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model({"a": []}), apply_branches=("release-*",)) as rig:
        rig.hub.push(rig.repo, "release-1", {}, message="Start a release", author="lead")
        rig.scene.push("feature", ["a"])
        text = example.AFFECTED_FILE.replace("branches: [main]", "branches: ['release-*']")
        rig.hub.push(rig.repo, "feature", {".github/workflows/atmos-pro.yaml": text}, message="Watch it", author="dev")
        pull = rig.hub.open_pull(rig.repo, head="feature", base="release-1", title="To the release", author="dev")
        await rig.until_quiet()
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        assert rig.dispatched("apply") == ["apply dev/a"]
        assert rig.run_of("apply dev/a").head_branch == "release-1"
