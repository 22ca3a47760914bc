"""One instance, one apply at a time, in merge order; never an older commit over a newer one."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from bot.sandbox import example
from bot.sandbox.runs import Program
from bot.sandbox.scene import AFFECTED
from bot.sandbox.state import Pull
from tests.rig import Rig, label_of, open_rig
from tests.stories.console import audited
from tests.stories.helping import FOREVER, Needs, line_of, model

#: Two roots, and one instance that both lead to.
FORK: Needs = {"vpc": (), "dns": (), "app": ("vpc", "dns")}
#: One root, and what depends on it.
PAIR: Needs = {"vpc": (), "app": ("vpc",)}


def change(rig: Rig, component: str, branch: str) -> Pull:
    """Open a pull request that touches a component without a conflict with others that do."""
    path = f"components/terraform/{component}/{branch}.tf"
    rig.hub.push(rig.repo, branch, {path: f"# {branch}\n"}, message=f"Change {component}", author="dev")
    return rig.hub.open_pull(rig.repo, head=branch, title=f"Change {component}", author="dev")


def row(rig: Rig, pull: Pull, component: str) -> str:
    """Read a component's row of a comment, without what keeps GitHub from making links."""
    return line_of(rig.comment(pull), component).replace("&#8203;", "")


def applies(rig: Rig, component: str) -> list[tuple[str, str]]:
    """List what was applied to a component: the commit's title, and how it ended."""
    found = [run for run in rig.runs() if label_of(run) == f"apply dev/{component}"]
    return [(rig.repo.commits[run.inputs["sha"]].message, run.conclusion or run.status) for run in found]


def takes(rig: Rig, **seconds: float) -> None:
    """Say how long applies of components take; a plan takes ten seconds."""
    rig.hub.scenario.seconds = lambda file, inputs: (
        seconds.get(inputs.get("component", ""), 10.0) if file == example.APPLY else 10.0
    )


def upload_at_the_end(rig: Rig, seconds: float) -> None:
    """Let the affected runs that start from now on upload after so long."""
    rig.hub.programs.pop(AFFECTED, None)
    rig.hub.endings[AFFECTED] = rig.scene.describe_affected
    rig.hub.scenario.seconds = lambda file, _inputs: seconds if file == AFFECTED else 10.0


async def uploads_nothing(_program: Program) -> str:
    """End an affected run before it has uploaded."""
    return "failure"


def rewrite(rig: Rig) -> None:
    """Replace the last commit of the default branch by another."""
    rig.hub.push(rig.repo, "main", {"README.md": "# anew\n"}, message="Anew", author="lead", force=True)


async def planned(rig: Rig, *pulls: Pull) -> None:
    """Let the plans of pull requests end well."""
    await rig.until_quiet()
    for pull in pulls:
        assert set((await rig.statuses(pull)).values()) == {"succeeded"}


def overlap(rig: Rig, component: str) -> bool:
    """Tell whether two applies of a component ran at the same time."""
    runs = [run for run in rig.runs() if label_of(run) == f"apply dev/{component}"]
    return any(after.created_at < before.latest.updated_at for before, after in pairwise(runs))


async def test_the_later_merge_waits_and_says_for_whom(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(FORK)) as rig:
        first, second = change(rig, "vpc", "first"), change(rig, "dns", "second")
        await planned(rig, first, second)
        takes(rig, vpc=120.0)
        rig.hub.merge(first, by="lead")
        await rig.passes(5)
        rig.hub.merge(second, by="lead")
        await rig.passes(60)
        # What only the second one has goes on; `app` is the first one's, who waits for its `vpc`.
        assert await rig.statuses(second) == {"dev/dns": "succeeded", "dev/app": "ready"}
        assert f"after #{first.number}" in row(rig, second, "app")
        await rig.until_quiet()
        assert applies(rig, "app") == [("Change vpc (#1)", "success"), ("Change dns (#2)", "success")]
        assert not overlap(rig, "app")
        assert "after #" not in rig.comment(second)
        assert set((await rig.statuses(second)).values()) == {"succeeded"}


async def test_what_is_being_applied_is_waited_for_and_the_waiting_ends_by_itself(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model({"vpc": ()}), sweep_seconds=1e6) as rig:
        first, second, third = (change(rig, "vpc", name) for name in ("first", "second", "third"))
        await planned(rig, first, second, third)
        takes(rig, vpc=60.0)
        for pull in (first, second, third):
            rig.hub.merge(pull, by="lead")
            await rig.passes(20)
        assert f"after #{first.number}" in row(rig, second, "vpc")
        await rig.until_quiet()
        assert [title for title, _ in applies(rig, "vpc")] == [f"Change vpc (#{n})" for n in (1, 2, 3)]
        assert not overlap(rig, "vpc")


async def test_merges_of_the_same_second_go_in_the_order_of_the_branch(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model({"vpc": ()})) as rig:
        pulls = [change(rig, "vpc", name) for name in ("one", "two", "three")]
        await planned(rig, *pulls)
        groups = [rig.hub.enqueue(pull, by="lead") for pull in reversed(pulls)]
        rig.faults.hooks("pull_request.closed", "swap", 1)
        for group in groups:
            rig.hub.merge_group(group)
        await rig.until_quiet()
        done = [run.inputs["sha"] for run in rig.runs() if label_of(run) == "apply dev/vpc"]
        assert done[-1] == groups[-1].head_sha == rig.repo.tip.sha
        places = [[group.head_sha for group in groups].index(sha) for sha in done]
        assert places == sorted(places)
        assert not overlap(rig, "vpc")


async def test_the_affected_stacks_of_an_earlier_merge_are_waited_for(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(FORK)) as rig:
        first, second = change(rig, "vpc", "first"), change(rig, "dns", "second")
        await planned(rig, first, second)
        upload_at_the_end(rig, 60.0)
        rig.hub.merge(first, by="lead")
        await rig.passes(5)
        upload_at_the_end(rig, 5.0)
        rig.hub.merge(second, by="lead")
        await rig.passes(40)
        # Nobody else has `dns`; `app` was planned by the first one as well.
        assert await rig.statuses(second) == {"dev/dns": "succeeded", "dev/app": "ready"}
        told = row(rig, second, "app")
        assert f"after #{first.number}" in told
        assert "affected stacks" in told
        await rig.until_quiet()
        assert [title for title, _ in applies(rig, "app")] == ["Change vpc (#1)", "Change dns (#2)"]


async def test_an_affected_run_that_fails_is_waited_for_no_longer(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(FORK), sweep_seconds=1e6) as rig:
        first, second = change(rig, "vpc", "first"), change(rig, "dns", "second")
        await planned(rig, first, second)
        upload_at_the_end(rig, 400.0)
        rig.hub.merge(first, by="lead")
        await rig.passes(5)
        upload_at_the_end(rig, 5.0)
        rig.hub.merge(second, by="lead")
        await rig.passes(60)
        assert applies(rig, "app") == []
        (run,) = [one for one in rig.hub.runs.values() if one.pull is first and one.conclusion is None]
        rig.hub.fail_run(run.id)
        await rig.passes(5)
        assert [title for title, _ in applies(rig, "app")] == ["Change dns (#2)"]


async def test_an_affected_run_that_goes_on_and_on_is_waited_for_ten_minutes_at_most(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(FORK)) as rig:
        first, second = change(rig, "vpc", "first"), change(rig, "dns", "second")
        await planned(rig, first, second)
        upload_at_the_end(rig, 3000.0)
        merged = rig.clock.at
        rig.hub.merge(first, by="lead")
        await rig.passes(5)
        upload_at_the_end(rig, 5.0)
        rig.hub.merge(second, by="lead")
        await rig.until_quiet()
        (app,) = [run for run in rig.runs() if label_of(run) == "apply dev/app" and run.conclusion == "success"][:1]
        assert 599 <= app.created_at - merged <= 660  # GitHub's times are whole seconds
        # What comes after all is too old for `app`, and right for `vpc`.
        assert [title for title, _ in applies(rig, "app")] == ["Change dns (#2)"]
        assert applies(rig, "vpc") == [("Change vpc (#1)", "success")]
        assert await rig.statuses(first) == {"dev/vpc": "succeeded", "dev/app": "superseded"}
        assert f"superseded by #{second.number}" in row(rig, first, "app")


async def test_no_one_waits_for_a_merge_that_had_not_planned_the_instance(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model({"vpc": (), "dns": ()})) as rig:
        first, second = change(rig, "vpc", "first"), change(rig, "dns", "second")
        await planned(rig, first, second)
        upload_at_the_end(rig, 300.0)
        rig.hub.merge(first, by="lead")
        await rig.passes(5)
        upload_at_the_end(rig, 5.0)
        rig.hub.merge(second, by="lead")
        await rig.passes(60)
        assert applies(rig, "dns") == [("Change dns (#2)", "success")]


async def test_other_workflows_of_a_merge_are_not_waited_for(tmp_path: Path) -> None:
    files = example.files()
    files[".github/workflows/e2e.yaml"] = (
        "name: End to end\non:\n  pull_request:\n    types: [closed]\njobs:\n  e2e:\n    runs-on: ubuntu-latest\n"
        "    steps:\n      - run: make e2e\n"
    )
    async with open_rig(tmp_path, model=model(FORK), files=files) as rig:
        first, second = change(rig, "vpc", "first"), change(rig, "dns", "second")
        await planned(rig, first, second)
        rig.hub.scenario.seconds = lambda file, _inputs: 900.0 if file == "e2e.yaml" else 5.0
        rig.hub.programs[AFFECTED] = uploads_nothing  # the first one's affected run ends without an upload
        rig.hub.merge(first, by="lead")
        await rig.passes(20)
        rig.hub.programs[AFFECTED] = rig.scene.describe_affected
        rig.hub.merge(second, by="lead")
        await rig.passes(60)
        assert applies(rig, "app") == [("Change dns (#2)", "success")]


async def test_an_upload_that_comes_too_late_is_superseded_and_its_children_follow(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(PAIR)) as rig:
        first = change(rig, "vpc", "first")
        await planned(rig, first)
        rig.hub.scenario.fail(component="app", workflow=example.PLAN)
        second = change(rig, "vpc", "second")
        await rig.until_quiet()
        rig.faults.hooks("workflow_run", "lose", 3)  # nobody knows that the first one's affected run has started
        upload_at_the_end(rig, 100.0)
        rig.hub.merge(first, by="lead")
        await rig.passes(5)
        upload_at_the_end(rig, 5.0)
        rig.hub.scenario.fail(component="vpc", workflow=example.APPLY)
        rig.hub.merge(second, by="lead")
        await rig.until_quiet()
        # The second one's `vpc` went first and failed: the first one's `app` stands and falls with it.
        assert [title for title, _ in applies(rig, "vpc")] == ["Change vpc (#2)"]
        assert await rig.statuses(first) == {"dev/vpc": "superseded", "dev/app": "blocked"}
        assert ("switchyard", "dev/vpc", "superseded by #2") in audited(rig, "supersede")
        rig.hub.rerun(rig.run_of("apply dev/vpc").id)
        await rig.until_quiet()
        assert await rig.statuses(first) == {"dev/vpc": "superseded", "dev/app": "succeeded"}
        assert [title for title, _ in applies(rig, "app")] == ["Change vpc (#1)"]


async def test_a_held_one_lets_newer_ones_pass_and_is_then_superseded(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(PAIR)) as rig:
        rig.hub.scenario.fail(component="vpc", workflow=example.PLAN)
        first = change(rig, "vpc", "first")
        await rig.until_quiet()
        second = change(rig, "vpc", "second")
        await planned(rig, second)
        rig.hub.merge(first, by="lead")
        await rig.until_quiet()
        assert (await rig.statuses(first))["dev/vpc"] == "held"
        takes(rig, vpc=60.0)
        rig.hub.merge(second, by="lead")
        await rig.passes(20)
        assert (await rig.statuses(first))["dev/vpc"] == "superseded"
        told = row(rig, first, "vpc")
        assert f"superseded by #{second.number}" in told
        await rig.until_quiet()
        assert [title for title, _ in applies(rig, "vpc")] == ["Change vpc (#2)"]


@pytest.mark.parametrize("conclusion", ["failure", "cancelled", "timed_out"])
async def test_one_that_did_not_succeed_lets_newer_ones_pass_and_follows_their_outcome(
    tmp_path: Path, conclusion: str
) -> None:
    async with open_rig(tmp_path, model=model(PAIR)) as rig:
        first, second = change(rig, "vpc", "first"), change(rig, "vpc", "second")
        await planned(rig, first, second)
        rig.hub.scenario.conclusion = lambda file, inputs, _attempt: (
            conclusion if file == example.APPLY and inputs["component"] == "vpc" else "success"
        )
        rig.hub.merge(first, by="lead")
        await rig.until_quiet()
        assert (await rig.statuses(first))["dev/app"] == "blocked"
        rig.hub.scenario.conclusion = lambda *_: "success"
        rig.hub.merge(second, by="lead")
        await rig.until_quiet()
        # Its own `app` is older than the second one's, which was sent in the order of the merges.
        assert [title for title, _ in applies(rig, "vpc")] == ["Change vpc (#1)", "Change vpc (#2)"]
        assert (await rig.statuses(first))["dev/vpc"] == "superseded"
        assert f"superseded by #{second.number}" in row(rig, first, "vpc")
        assert "blocked" not in (await rig.statuses(first)).values()
        titles = [title for title, _ in applies(rig, "app")]
        assert titles in (["Change vpc (#2)"], ["Change vpc (#1)", "Change vpc (#2)"])
        assert not overlap(rig, "app")


async def test_what_waits_below_something_held_lets_newer_ones_pass(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(FORK)) as rig:
        rig.hub.scenario.fail(component="vpc", workflow=example.PLAN)
        first = change(rig, "vpc", "first")
        await rig.until_quiet()
        second = change(rig, "dns", "second")
        await planned(rig, second)
        rig.hub.merge(first, by="lead")
        await rig.until_quiet()
        assert await rig.statuses(first) == {"dev/vpc": "held", "dev/app": "held"}
        rig.hub.merge(second, by="lead")
        await rig.until_quiet()
        assert applies(rig, "app") == [("Change dns (#2)", "success")]
        await rig.approve(first, "@all")
        await rig.until_quiet()
        assert await rig.statuses(first) == {"dev/vpc": "succeeded", "dev/app": "superseded"}
        assert applies(rig, "app") == [("Change dns (#2)", "success")]


async def test_one_that_waits_for_people_at_github_is_waited_for(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model({"vpc": ()}), reviewers={"dev": ["ops"]}) as rig:
        first, second = change(rig, "vpc", "first"), change(rig, "vpc", "second")
        await planned(rig, first, second)
        rig.hub.merge(first, by="lead")
        await rig.until_quiet()
        rig.hub.merge(second, by="lead")
        await rig.until_quiet()
        assert await rig.statuses(first) == {"dev/vpc": "approval"}
        assert f"after #{first.number}" in row(rig, second, "vpc")
        rig.hub.approve(rig.run_of("apply dev/vpc").id, "dev", "ops")
        await rig.until_quiet()
        assert [end for _, end in applies(rig, "vpc")] == ["success", "waiting"]
        rig.hub.approve(rig.run_of("apply dev/vpc").id, "dev", "ops")
        await rig.until_quiet()
        assert applies(rig, "vpc") == [("Change vpc (#1)", "success"), ("Change vpc (#2)", "success")]


async def test_one_in_doubt_is_waited_for(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model({"vpc": ()})) as rig:
        first, second = change(rig, "vpc", "first"), change(rig, "vpc", "second")
        await planned(rig, first, second)
        rig.faults.hooks("workflow_run", "lose", 4)
        rig.faults.add("POST", "/dispatches$", "lost_answer")
        rig.hub.merge(first, by="lead")
        await rig.passes(8)
        rig.hub.merge(second, by="lead")
        await rig.until_quiet()
        assert [title for title, _ in applies(rig, "vpc")] == ["Change vpc (#1)", "Change vpc (#2)"]
        assert not overlap(rig, "vpc")


async def test_a_branch_that_was_rewritten_begins_anew(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model({"vpc": ()})) as rig:
        first, second = change(rig, "vpc", "first"), change(rig, "vpc", "second")
        await planned(rig, first, second)
        takes(rig, vpc=100.0)
        rig.hub.merge(first, by="lead")
        await rig.passes(30)
        rewrite(rig)
        rig.hub.merge(second, by="lead")
        await rig.passes(30)
        # It is newer than all that was before, and what is on its way is let end.
        assert f"after #{first.number}" in row(rig, second, "vpc")
        await rig.until_quiet()
        assert [title for title, _ in applies(rig, "vpc")] == ["Change vpc (#1)", "Change vpc (#2)"]


async def test_a_merge_that_a_rewritten_branch_has_lost_is_older_than_what_came_after(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model({"vpc": ()}), sweep_seconds=1e6) as rig:
        zero, first, second = (change(rig, "vpc", name) for name in ("zero", "first", "second"))
        await planned(rig, zero, first, second)
        rig.hub.merge(zero, by="lead")
        await rig.until_quiet()
        # The news of the first one's merge, and its upload, come when the branch was rewritten.
        rig.faults.hooks("pull_request.closed", "delay", 1, seconds=200.0)
        rig.faults.hooks("workflow_run", "delay", 3, seconds=200.0)
        upload_at_the_end(rig, 250.0)
        rig.hub.merge(first, by="lead", delete_branch=False)
        await rig.passes(5)
        upload_at_the_end(rig, 5.0)
        rewrite(rig)
        rig.hub.merge(second, by="lead")
        await rig.until_quiet()
        assert [title for title, _ in applies(rig, "vpc")] == ["Change vpc (#1)", "Change vpc (#3)"]
        assert await rig.statuses(first) == {"dev/vpc": "superseded"}


async def test_nothing_is_lost_between_the_lanes_when_every_webhook_comes_late_and_twice(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(FORK)) as rig:
        pulls = [change(rig, "vpc", "a"), change(rig, "dns", "b"), change(rig, "app", "c"), change(rig, "vpc", "d")]
        await planned(rig, *pulls)
        rig.faults.hooks("workflow_run", "swap", FOREVER)
        rig.faults.hooks("workflow_job", "double", FOREVER)
        rig.faults.hooks("pull_request", "double", FOREVER)
        for pull in pulls:
            rig.hub.merge(pull, by="lead")
            await rig.passes(7)
        await rig.passes(1200)
        for component in FORK:
            done = [title for title, _ in applies(rig, component)]
            assert done == sorted(done, key=lambda title: title.rpartition("#")[2])
            assert not overlap(rig, component)
        for pull in pulls:
            assert set((await rig.statuses(pull)).values()) <= {"succeeded", "superseded"}
        assert applies(rig, "app")[-1] == ("Change vpc (#4)", "success")
