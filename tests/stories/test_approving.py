"""What is held is let go by people, by the API: exactly what was held when they looked."""

from __future__ import annotations

from pathlib import Path

from bot.sandbox import example
from bot.store import meta
from bot.store.db import transaction
from tests.rig import Rig, open_rig
from tests.stories.console import audited
from tests.stories.helping import APPLY_PATH, PLAN_PATH, without_id
from tests.stories.small import model
from tests.stories.test_closing import triggers

ONE = model({"a": []})
TWO = model({"a": [], "b": ["a"]})


def fails(rig: Rig, *components: str) -> None:
    """Have plans of these fail."""
    for component in components:
        rig.hub.scenario.fail(workflow=example.PLAN, component=component)


async def test_what_no_plan_has_shown_is_held_until_it_is_approved(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=TWO) as rig:
        fails(rig, "a")
        pull = rig.scene.open_pull(["a", "b"])
        await rig.until_quiet()
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        assert await rig.statuses(pull) == {"dev/a": "held", "dev/b": "held"}  # b was never planned, behind a
        assert rig.dispatched("apply") == []

        told = await rig.approve(pull, "dev/a")
        assert [(one["component"], one["holds"]) for one in told["data"]["approved"]] == [
            ("a", [f"no plan of it succeeded at {pull.head_sha[:7]} before the merge"])
        ]
        await rig.until_quiet()
        assert rig.dispatched("apply") == ["apply dev/a"]
        assert await rig.statuses(pull) == {"dev/a": "succeeded", "dev/b": "held"}

        await rig.approve(pull, by="dora")
        await rig.until_quiet()
        assert rig.dispatched("apply") == ["apply dev/a", "apply dev/b"]
        assert [(actor, target.rpartition("/")[2]) for actor, target, _ in audited(rig, "approve")] == [
            ("lead", "a"),
            ("dora", "b"),
        ]


async def test_what_is_approved_before_the_merge_is_applied_after_it(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=ONE) as rig:
        fails(rig, "a")
        pull = rig.scene.open_pull(["a"])
        await rig.until_quiet()
        await rig.approve(pull)
        await rig.until_quiet()
        assert rig.dispatched() == ["plan dev/a"]

        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        assert rig.dispatched() == ["plan dev/a", "apply dev/a"]
        assert audited(rig, "approve") == [("lead", "dev/a", f"for the merge of {pull.head_sha[:7]}")]


async def test_a_push_in_between_ends_an_approval(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=ONE) as rig:
        fails(rig, "a", "a")
        pull = rig.scene.open_pull(["a"])
        await rig.until_quiet()
        await rig.approve(pull)
        await rig.until_quiet()
        rig.scene.push("feature", ["a"], note="once more")
        await rig.until_quiet()
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        assert rig.dispatched() == ["plan dev/a", "plan dev/a"]
        assert await rig.statuses(pull) == {"dev/a": "held"}


async def test_another_base_branch_ends_an_approval(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=ONE, files=triggers("opened, closed", "main, staging")) as rig:
        rig.hub.push(rig.repo, "staging", {"README.md": "# staging\n"}, message="Stage", author="lead")
        rig.scene.push("feature", ["a"])
        fails(rig, "a")
        pull = rig.hub.open_pull(rig.repo, head="feature", base="staging", title="Change a", author="dev")
        await rig.until_quiet()
        await rig.approve(pull)
        await rig.until_quiet()
        rig.hub.edit_base(pull, "main", by="dev")
        await rig.until_quiet()
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        assert rig.dispatched() == ["plan dev/a"]
        assert await rig.statuses(pull) == {"dev/a": "held"}


async def test_an_approval_that_comes_after_a_push_is_for_nothing(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=ONE) as rig:
        fails(rig, "a", "a")
        pull = rig.scene.open_pull(["a"])
        await rig.until_quiet()
        rig.scene.push("feature", ["a"], note="once more")
        await rig.sandbox.pump()  # its webhook is there, but not taken up
        await rig.approve(pull)
        await rig.until_quiet()
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        assert rig.dispatched("apply") == []
        assert await rig.statuses(pull) == {"dev/a": "held"}


async def test_what_is_held_since_the_approval_stays_held(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=ONE) as rig:
        fails(rig, "a")
        pull = rig.scene.open_pull(["a"])
        await rig.until_quiet()
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        await rig.approve(pull, "@all")
        rig.clock.at += 1
        with transaction(rig.db):
            meta.put(rig.db, meta.RESTORED_AT, rig.clock.at)
        await rig.until_quiet()
        assert await rig.statuses(pull) == {"dev/a": "held"}
        assert rig.dispatched("apply") == []

        (one,) = (await rig.approve(pull))["data"]["approved"]
        assert one["holds"] == ["the database was restored from a backup, and it may have been applied since that"]
        await rig.until_quiet()
        assert rig.dispatched("apply") == ["apply dev/a"]


async def test_a_plan_that_is_still_to_come_is_done_without_only_by_its_name(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=ONE) as rig:
        rig.hub.scenario.seconds = lambda file, _inputs: 600.0 if file == example.PLAN else 1.0
        pull = rig.scene.open_pull(["a"])
        await rig.passes(60)
        refused = await rig.approve(pull, status=409)
        assert refused["errorMessage"] == (
            "Nothing of rollout 1 is let go. dev/a: its plan is still to come: wait for it, or name dev/a to do "
            "without."
        )
        await rig.approve(pull, "dev/a")
        await rig.settle()
        rig.hub.merge(pull, by="lead")
        await rig.passes(60)
        assert rig.dispatched("apply") == ["apply dev/a"]


async def test_the_author_approves_no_stack_that_wants_somebody_else(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=ONE, approve_stacks=("d*",)) as rig:
        pull = rig.scene.open_pull(["a"], author="dev")
        await rig.until_quiet()
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        refused = await rig.approve(pull, by="Dev", status=409)
        assert refused["errorMessage"] == (
            "Nothing of rollout 2 is let go. dev/a: Dev is the author, and somebody other than dev must approve what "
            "is applied to stacks like d*."
        )
        await rig.until_quiet()
        assert rig.dispatched("apply") == []
        await rig.approve(pull, by="lead")
        await rig.until_quiet()
        assert rig.dispatched("apply") == ["apply dev/a"]


async def test_what_is_in_doubt_is_sent_again_only_by_its_name(tmp_path: Path) -> None:
    both = model({"a": [], "b": []})
    async with open_rig(tmp_path, model=both, files=without_id(APPLY_PATH)) as rig:
        pull = rig.scene.open_pull(["a", "b"])
        await rig.until_quiet()
        rig.faults.add("POST", "/dispatches$", "lost_answer", 2)
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        assert await rig.statuses(pull) == {"dev/a": "held", "dev/b": "held"}
        assert len(rig.dispatched("apply")) == 2  # and nobody can tell which is whose

        refused = await rig.approve(pull, status=409)
        assert refused["errorMessage"].startswith(
            "Nothing of rollout 2 is let go. dev/a: its dispatch is in doubt: see whether it ran, then name dev/a to "
            "have it sent again; dev/b: "
        )
        (one,) = (await rig.approve(pull, "dev/a"))["data"]["approved"]
        assert one["holds"] == ["its dispatch is in doubt, and is sent again"]
        await rig.until_quiet()
        assert await rig.statuses(pull) == {"dev/a": "succeeded", "dev/b": "held"}
        assert len(rig.dispatched("apply")) == 3
        assert audited(rig, "approve") == [("lead", "dev/a", "its dispatch was in doubt, and is sent again")]
        sent = [run.inputs["atmos_pro_run_id"] for run in rig.runs()]
        assert sorted(cause.split()[2] for _, _, cause in audited(rig, "dispatch")) == sorted(sent)


async def test_a_plan_in_doubt_is_sent_again_and_nothing_is_approved_for_the_merge(tmp_path: Path) -> None:
    both = model({"a": [], "b": []})
    async with open_rig(tmp_path, model=both, files=without_id(PLAN_PATH)) as rig:
        rig.faults.add("POST", "/dispatches$", "lost_answer", 2)
        fails(rig, "a", "a")
        pull = rig.scene.open_pull(["a", "b"])
        await rig.until_quiet()
        assert await rig.statuses(pull) == {"dev/a": "held", "dev/b": "held"}
        await rig.approve(pull, "dev/a")
        await rig.until_quiet()
        assert await rig.statuses(pull) == {"dev/a": "failed", "dev/b": "held"}
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        assert rig.dispatched("apply") == []
        assert (await rig.statuses(pull))["dev/a"] == "held"
