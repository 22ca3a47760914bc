"""What becomes of plans and applies when a pull request is closed, reopened, drafted, rewritten or turned elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.sandbox import example
from tests.rig import Rig, label_of, open_rig
from tests.stories.console import audited
from tests.stories.helping import CHAIN, DIAMOND, FOREVER, ONE, assert_sound, headline, labels, line_of, model
from tests.stories.small import activities
from tests.stories.small import model as small_model

HOUR = 3600.0
AFFECTED_PATH = ".github/workflows/atmos-pro.yaml"


def slow(rig: Rig, file: str, seconds: float = 300.0) -> None:
    """Have the runs of one file take long."""
    rig.hub.scenario.seconds = lambda one, _inputs: seconds if one == file else 10.0


def triggers(types: str, branches: str = "main") -> dict[str, str]:
    """Write the example's files, with other triggers of the workflow that uploads."""
    tree = example.files()
    text = tree[AFFECTED_PATH].replace("types: [opened, synchronize, reopened, closed]", f"types: [{types}]")
    tree[AFFECTED_PATH] = text.replace("branches: [main]", f"branches: [{branches}]")
    return tree


# Closing.


async def test_closing_drops_what_was_not_sent_and_cancels_what_runs(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        slow(rig, example.PLAN)
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(30)
        rig.hub.close(pull, "dev")
        await rig.passes(HOUR)
        assert [(label_of(run), run.conclusion) for run in rig.runs()] == [("plan dev/vpc", "cancelled")]
        assert "closing" in rig.comment(pull)
        assert (await rig.state(pull))[0]["status"] == "superseded"


@pytest.mark.parametrize("fault", ["lost_answer", "status"])
async def test_closing_cancels_a_dispatch_in_doubt_once_it_is_found(tmp_path: Path, fault: str) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        slow(rig, example.PLAN)
        rig.faults.add("POST", "/dispatches$", "lost_answer" if fault == "lost_answer" else "status")
        rig.faults.hooks("workflow_run", "lose", FOREVER)
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(4)
        rig.hub.close(pull, "dev")
        await rig.passes(HOUR)
        # What arrived is cancelled; what did not is not sent again.
        assert [run.conclusion for run in rig.runs()] == (["cancelled"] if fault == "lost_answer" else [])


async def test_closing_leaves_a_running_apply_alone_and_drops_the_rest_of_it(tmp_path: Path) -> None:
    merged = {component: activities(component)["pull_request"]["merged"] for component in CHAIN}
    pro = {component: activities(component, labeled=merged[component]) for component in CHAIN}
    async with open_rig(tmp_path, model=small_model(CHAIN, pro=pro)) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        slow(rig, example.APPLY)
        rig.hub.label(pull, "deploy", by="dev")
        await rig.passes(60)
        assert rig.dispatched("apply") == ["apply dev/vpc"]
        rig.hub.close(pull, "dev")
        await rig.passes(HOUR)
        assert rig.dispatched("apply") == ["apply dev/vpc"]
        assert rig.run_of("apply dev/vpc").conclusion == "success"
        assert "closing" in rig.comment(pull)


async def test_reopening_starts_again(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        slow(rig, example.PLAN)
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(30)
        rig.hub.close(pull, "dev")
        await rig.passes(60)
        rig.hub.reopen(pull, "dev")
        await rig.until_quiet()
        ends = [(label_of(run), run.conclusion) for run in rig.runs()]
        assert ends == [("plan dev/vpc", "cancelled"), *((f"plan dev/{name}", "success") for name in CHAIN)]
        assert headline(rig.comment(pull)).startswith("✅ Planned")
        assert (await rig.state(pull))[0]["activity"] == "pull_request.reopened"


async def test_closing_and_reopening_at_once_starts_again_whatever_came_first(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        slow(rig, example.PLAN, 60.0)
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(30)
        rig.faults.hooks("pull_request.closed", "delay", 1, seconds=40)
        rig.hub.close(pull, "dev")
        rig.hub.reopen(pull, "dev")
        await rig.until_quiet()
        assert headline(rig.comment(pull)).startswith("✅ Planned")
        assert set((await rig.statuses(pull)).values()) == {"succeeded"}


async def test_reopened_where_nothing_uploads_again_says_so_until_somebody_has_it_uploaded(tmp_path: Path) -> None:
    files = triggers("opened, synchronize")
    async with open_rig(tmp_path, model=model(CHAIN), files=files) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        rig.hub.close(pull, "dev")
        await rig.passes(60)
        rig.hub.reopen(pull, "dev")
        await rig.passes(60)
        assert f"Waiting for the affected stacks of {pull.head_sha[:7]}" in rig.comment(pull)
        await rig.passes(700)
        assert "has appeared since 10:" in rig.comment(pull)
        affected = next(run for run in rig.hub.runs.values() if run.event == "pull_request")
        rig.hub.rerun(affected.id, failed_only=False, by="dev")
        await rig.until_quiet()
        assert rig.dispatched() == [f"plan dev/{name}" for name in CHAIN] * 2
        assert headline(rig.comment(pull)).startswith("✅ Planned")


# Pushes.


async def test_a_force_push_plans_the_new_head_alone(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        slow(rig, example.PLAN)
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(30)
        old = pull.head_sha
        files = {"components/terraform/database/main.tf": "# rewritten\n"}
        rig.hub.push(rig.repo, "feature", files, message="Rewrite", author="dev", force=True)
        await rig.until_quiet()
        assert [run.conclusion for run in rig.runs() if run.inputs["sha"] == old] == ["cancelled"]
        assert [label_of(run) for run in rig.runs() if run.inputs["sha"] == pull.head_sha] == [
            "plan dev/database",
            "plan dev/api",
        ]
        assert headline(rig.comment(pull)).startswith("✅ Planned")


async def test_a_force_push_back_to_an_older_head_plans_it_anew(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        first = pull.head_sha
        rig.scene.push("feature", ["vpc"], note="worse")
        await rig.until_quiet()
        rig.hub._move(rig.repo, "feature", first, rig.hub.user("dev"), forced=True)
        await rig.until_quiet()
        assert [run.inputs["sha"] == first for run in rig.runs()] == [True, False, True]
        assert headline(rig.comment(pull)).startswith("✅ Planned")
        assert first[:7] in rig.comment(pull)


# The base branch.


async def test_another_base_branch_ends_the_plan_that_was_made_for_the_old_one(tmp_path: Path) -> None:
    files = triggers("opened, synchronize, reopened, closed, edited", "main, staging")
    async with open_rig(tmp_path, model=model(CHAIN), files=files) as rig:
        rig.hub.push(rig.repo, "staging", {"README.md": "# staging\n"}, message="Stage", author="lead")
        slow(rig, example.PLAN)
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(30)
        rig.hub.edit_base(pull, "staging", by="dev")
        await rig.until_quiet()
        ends = [(label_of(run), run.conclusion) for run in rig.runs()]
        assert ends == [("plan dev/vpc", "cancelled"), *((f"plan dev/{name}", "success") for name in CHAIN)]
        assert headline(rig.comment(pull)).startswith("✅ Planned")
        assert "`staging` is not the default branch" in rig.comment(pull)


async def test_another_base_branch_drops_what_a_label_had_applied_for_the_old_one(tmp_path: Path) -> None:
    merged = {component: activities(component)["pull_request"]["merged"] for component in CHAIN}
    pro = {component: activities(component, labeled=merged[component]) for component in CHAIN}
    async with open_rig(tmp_path, model=small_model(CHAIN, pro=pro)) as rig:
        rig.hub.push(rig.repo, "staging", {"README.md": "# staging\n"}, message="Stage", author="lead")
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        slow(rig, example.APPLY)
        rig.hub.label(pull, "deploy", by="dev")
        await rig.passes(60)
        rig.hub.edit_base(pull, "staging", by="dev")
        await rig.passes(HOUR)
        assert rig.dispatched("apply") == ["apply dev/vpc"]
        assert rig.run_of("apply dev/vpc").conclusion == "success"
        ended = "the change of the base branch from `main` to `staging`"
        assert ("switchyard", "", ended) in audited(rig, "supersede")


async def test_what_was_planned_for_another_base_branch_is_no_review(tmp_path: Path) -> None:
    files = triggers("opened, synchronize, reopened, closed", "main, staging")
    async with open_rig(tmp_path, model=model(CHAIN), files=files) as rig:
        rig.hub.push(rig.repo, "staging", {"README.md": "# staging\n"}, message="Stage", author="lead")
        rig.scene.push("feature", ["vpc"])
        pull = rig.hub.open_pull(rig.repo, head="feature", base="staging", title="Change vpc", author="dev")
        await rig.until_quiet()
        await rig.passes(120)
        assert set((await rig.statuses(pull)).values()) == {"succeeded"}
        rig.hub.edit_base(pull, "main", by="dev")
        await rig.passes(60)
        assert "base branch" in rig.comment(pull)
        assert f"Waiting for the affected stacks of {pull.head_sha[:7]}" in rig.comment(pull)
        rig.hub.merge(pull, by="lead")
        await rig.passes(HOUR)
        assert rig.dispatched("apply") == []
        assert set((await rig.statuses(pull)).values()) == {"held"}
        assert f"no plan of it succeeded at {pull.head_sha[:7]}" in line_of(rig.comment(pull), "vpc")


async def test_a_pull_request_on_a_branch_that_was_merged_is_planned_for_where_that_went(tmp_path: Path) -> None:
    files = triggers("opened, synchronize, reopened, closed, edited", "main, below")
    async with open_rig(tmp_path, model=model(CHAIN), files=files) as rig:
        below = rig.scene.open_pull(["vpc"], branch="below")
        rig.scene.push("feature", ["api"])
        above = rig.hub.open_pull(rig.repo, head="feature", base="below", title="Change api", author="dev")
        await rig.until_quiet()
        rig.hub.merge(below, by="lead", method="merge")
        await rig.until_quiet()
        assert above.base == "main"
        assert headline(rig.comment(above)).startswith("✅ Planned")
        rig.hub.merge(above, by="lead")
        await rig.until_quiet()
        assert headline(rig.comment(above)).startswith("✅ Applied")


async def test_an_upload_that_was_made_for_the_old_base_branch_is_no_plan_for_the_new_one(tmp_path: Path) -> None:
    files = triggers("opened, synchronize, reopened, closed", "main, staging")
    async with open_rig(tmp_path, model=model(CHAIN), files=files) as rig:
        rig.hub.push(rig.repo, "staging", {"README.md": "# staging\n"}, message="Stage", author="lead")
        slow(rig, example.PLAN)
        rig.scene.push("feature", ["vpc"])
        pull = rig.hub.open_pull(rig.repo, head="feature", base="staging", title="Change vpc", author="dev")
        await rig.passes(30)
        # The news of the new base comes late, and the same upload comes again before it.
        rig.faults.hooks("pull_request.edited", "delay", 1, seconds=50)
        rig.hub.edit_base(pull, "main", by="dev")
        affected = next(run for run in rig.hub.runs.values() if run.event == "pull_request")
        rig.hub.rerun(affected.id, failed_only=False, by="dev")
        await rig.passes(700)
        assert [run.conclusion for run in rig.runs()] == ["cancelled"]
        # The run that uploads has ended, and what it told was not for this base branch.
        assert headline(rig.comment(pull)) == "❌ No affected stacks came: read the log of atmos-pro.yaml"


# Drafts.


async def test_a_draft_is_planned_like_any_other_and_goes_on_when_it_becomes_one(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        rig.scene.push("feature", ["vpc"])
        pull = rig.hub.open_pull(rig.repo, head="feature", title="Change vpc", author="dev", draft=True)
        await rig.passes(10)
        rig.hub.ready_for_review(pull, by="dev")
        await rig.passes(5)
        rig.hub.convert_to_draft(pull, by="dev")
        await rig.until_quiet()
        assert rig.dispatched() == [f"plan dev/{name}" for name in CHAIN]
        assert headline(rig.comment(pull)).startswith("✅ Planned")


async def test_being_made_ready_before_the_upload_loses_no_plan(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        rig.scene.push("feature", ["vpc"])
        pull = rig.hub.open_pull(rig.repo, head="feature", title="Change vpc", author="dev", draft=True)
        rig.hub.ready_for_review(pull, by="dev")
        await rig.until_quiet()
        # No stack names a workflow for `ready_for_review`.
        assert rig.dispatched() == [f"plan dev/{name}" for name in CHAIN]


async def test_being_made_ready_starts_what_names_a_workflow_for_it(tmp_path: Path) -> None:
    plan = activities("a")["pull_request"]["opened"]
    pro = {"a": activities("a", ready_for_review=plan)}
    files = triggers("opened, synchronize, ready_for_review, closed")
    async with open_rig(tmp_path, model=small_model({"a": []}, pro=pro), files=files) as rig:
        rig.scene.push("feature", ["a"])
        rig.hub.push(rig.repo, "feature", {"components/terraform/a/main.tf": "# a\n"}, message="Change", author="dev")
        pull = rig.hub.open_pull(rig.repo, head="feature", title="Change a", author="dev", draft=True)
        await rig.until_quiet()
        rig.hub.ready_for_review(pull, by="dev")
        await rig.until_quiet()
        assert rig.dispatched() == ["plan dev/a"]
        assert headline(rig.comment(pull)).startswith("✅ Planned")


# Branches that are gone.


async def test_a_deleted_head_branch_closes_and_nothing_is_sent_to_it(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(DIAMOND)) as rig:
        slow(rig, example.PLAN)
        pull = rig.scene.open_pull(["vpc", "storage"])
        await rig.passes(30)
        sent = len(rig.sandbox.requests)
        rig.hub.delete_branch(rig.repo, "feature", by="dev")
        await rig.passes(HOUR)
        assert {run.conclusion for run in rig.runs()} == {"cancelled"}
        assert not [one for one in rig.sandbox.requests[sent:] if one.path.endswith("/dispatches")]
        assert (await rig.state(pull))[0]["status"] == "superseded"


async def test_a_base_branch_that_is_gone_after_the_merge_is_told(tmp_path: Path) -> None:
    files = triggers("opened, synchronize, reopened, closed", "main, staging")
    async with open_rig(tmp_path, model=model(CHAIN), files=files, apply_branches=("staging",)) as rig:
        rig.hub.push(rig.repo, "staging", {"README.md": "# staging\n"}, message="Stage", author="lead")
        rig.scene.push("feature", ["vpc"])
        pull = rig.hub.open_pull(rig.repo, head="feature", base="staging", title="Change vpc", author="dev")
        await rig.until_quiet()
        slow(rig, example.APPLY, 60.0)
        rig.hub.merge(pull, by="lead")
        await rig.passes(40)
        assert rig.dispatched("apply") == ["apply dev/vpc"]
        rig.hub.delete_branch(rig.repo, "staging", by="lead")
        await rig.passes(HOUR)
        assert rig.dispatched("apply") == ["apply dev/vpc"]
        assert await rig.statuses(pull) == {"dev/vpc": "succeeded", "dev/database": "failed", "dev/api": "blocked"}
        assert "No ref found" in line_of(rig.comment(pull), "database")


async def test_the_merged_head_branch_is_not_needed_any_more(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        rig.hub.merge(pull, by="lead", delete_branch=True)
        await rig.until_quiet()
        assert "feature" not in rig.repo.branches
        assert set(rig.dispatched("apply")) == labels("apply", CHAIN)
        assert_sound(rig.hub, CHAIN)
