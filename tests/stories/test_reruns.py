"""Applies that are run again in GitHub's UI: the newest is followed, an older one is stopped where it still can be."""

from __future__ import annotations

from pathlib import Path

from bot.sandbox import Run, example
from bot.sandbox.state import Pull
from tests.rig import Rig, label_of, open_rig
from tests.stories.console import audited
from tests.stories.helping import FOREVER, ONE, line_of, model, requests
from tests.stories.test_order import PAIR, change


def runs_of(rig: Rig, pull: Pull, component: str = "vpc") -> list[Run]:
    """List the applies of a component for a pull request, oldest first."""
    label = f"apply dev/{component}"
    return [run for run in rig.runs() if label_of(run) == label and run.inputs["sha"] == pull.merge_commit_sha]


async def row(rig: Rig, pull: Pull, component: str = "vpc") -> str:
    """Read a component's row of a comment once that is up to date, without what keeps GitHub from making links."""
    return line_of(rig.comment(pull), component).replace("&#8203;", "")


async def two_applied(rig: Rig) -> tuple[Pull, Pull]:
    """Have two pull requests applied to the same instances, one after the other."""
    pulls = change(rig, "vpc", "first"), change(rig, "vpc", "second")
    await rig.until_quiet()
    for pull in pulls:
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        assert set((await rig.statuses(pull)).values()) == {"succeeded"}
    return pulls


def slowly(rig: Rig, *, queue: float = 2.0, seconds: float = 60.0) -> None:
    """Let runs wait in the queue, and applies take their time."""
    rig.hub.scenario.queue_seconds = queue
    rig.hub.scenario.seconds = lambda file, _inputs: seconds if file == example.APPLY else 10.0


async def test_an_older_one_is_cancelled_before_it_starts(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        first, second = await two_applied(rig)
        slowly(rig, queue=60.0)
        (run,) = runs_of(rig, first)
        rig.hub.rerun(run.id, failed_only=False)
        await rig.until_quiet()
        assert (run.attempt, run.conclusion) == (2, "cancelled")
        assert run.latest.jobs[0].started_at is None
        assert f"superseded by #{second.number}" in await row(rig, first)
        assert "run again over the newer #2: it is cancelled before it starts" in rig.comment(first).replace(
            "&#8203;", ""
        )
        warned = "It was run again over the newer #2: it is cancelled before it starts."
        assert audited(rig, "cancel") == [("switchyard", "dev/vpc", warned)]
        # The newer one was not touched, so it is not offered again.
        assert await rig.statuses(second) == {"dev/vpc": "succeeded"}


async def test_an_older_one_that_waits_for_people_is_cancelled(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE), reviewers={"dev": ["ops"]}) as rig:
        pulls = change(rig, "vpc", "first"), change(rig, "vpc", "second")
        await rig.until_quiet()
        for pull in pulls:
            rig.hub.merge(pull, by="lead")
            await rig.until_quiet()
            rig.hub.approve(runs_of(rig, pull)[0].id, "dev", "ops")
            await rig.until_quiet()
        first, second = pulls
        (run,) = runs_of(rig, first)
        rig.faults.hooks("workflow_job.queued", "lose", 1)
        rig.hub.rerun(run.id, failed_only=False)
        await rig.until_quiet()
        assert (run.attempt, run.conclusion) == (2, "cancelled")
        assert await rig.statuses(second) == {"dev/vpc": "succeeded"}


async def test_an_older_one_that_has_started_is_followed_and_the_newer_one_is_offered_again(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        first, second = await two_applied(rig)
        slowly(rig)
        rig.faults.hooks("workflow_job", "lose", 1)  # that it is queued is never told
        (run,) = runs_of(rig, first)
        rig.hub.rerun(run.id, failed_only=False)
        await rig.passes(30)
        assert await rig.statuses(first) == {"dev/vpc": "running"}
        assert f"run again at GitHub over the newer #{second.number}" in await row(rig, first)
        assert await rig.statuses(second) == {"dev/vpc": "held"}
        assert f"the older #{first.number} was applied over it" in rig.comment(second).replace("&#8203;", "")
        refused = ("switchyard", "dev/vpc", f"It was run again at GitHub over the newer #{second.number}.")
        assert refused in audited(rig, "refuse")
        (offered,) = audited(rig, "hold")
        assert offered[1:] == ("dev/vpc", f"the older #{first.number} was applied over it by a re-run at GitHub")
        # What is approved meanwhile waits for the end of what runs.
        await rig.approve(second)
        await rig.passes(10)
        assert f"after #{first.number}" in await row(rig, second)
        await rig.until_quiet()
        assert run.conclusion == "success"
        again = runs_of(rig, second)
        assert [one.conclusion for one in again] == ["success", "success"]
        assert again[-1].created_at >= run.latest.updated_at
        assert await rig.statuses(second) == {"dev/vpc": "succeeded"}
        assert rig.runs()[-1].inputs["sha"] == rig.repo.tip.sha


async def test_one_whose_job_starts_just_before_the_cancel_is_left_to_its_end(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        first, second = await two_applied(rig)
        slowly(rig, queue=5.0)
        rig.faults.add("POST", "/cancel$", "status", FOREVER, status=502)
        rig.faults.hooks("workflow_run.in_progress", "lose", 1)
        (run,) = runs_of(rig, first)
        rig.hub.rerun(run.id, failed_only=False)
        await rig.passes(30)
        assert await rig.statuses(first) == {"dev/vpc": "running"}
        await rig.until_quiet()
        started = run.latest.jobs[0].started_at
        assert started is not None
        assert max(asked.time for asked in rig.sandbox.requests if asked.path.endswith("/cancel")) < started
        assert (run.attempt, run.conclusion) == (2, "success")
        assert f"run again at GitHub over the newer #{second.number}" in await row(rig, first)
        assert await rig.statuses(second) == {"dev/vpc": "held"}
        await rig.approve(second)
        await rig.until_quiet()
        assert rig.runs()[-1].inputs["sha"] == rig.repo.tip.sha


async def test_a_failed_one_is_cancelled_too_once_something_newer_was_sent(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(PAIR)) as rig:
        first, second = change(rig, "vpc", "first"), change(rig, "vpc", "second")
        await rig.until_quiet()
        rig.hub.scenario.fail(component="vpc", workflow=example.APPLY)
        rig.hub.merge(first, by="lead")
        await rig.until_quiet()
        rig.hub.merge(second, by="lead")
        await rig.until_quiet()
        slowly(rig, queue=60.0)
        (run,) = runs_of(rig, first)
        rig.hub.rerun(run.id)
        await rig.until_quiet()
        assert run.conclusion == "cancelled"
        assert (await rig.statuses(first))["dev/vpc"] == "superseded"
        assert set((await rig.statuses(second)).values()) == {"succeeded"}


async def test_the_newest_is_simply_followed(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        first, second = await two_applied(rig)
        slowly(rig, queue=20.0)
        (run,) = runs_of(rig, second)
        rig.hub.rerun(run.id, failed_only=False)
        await rig.passes(30)
        assert await rig.statuses(second) == {"dev/vpc": "running"}
        await rig.until_quiet()
        assert (run.attempt, run.conclusion) == (2, "success")
        assert "run again" not in rig.comment(second)
        assert await rig.statuses(first) == {"dev/vpc": "succeeded"}
        assert requests(rig, "POST", "/cancel") == []


async def test_a_re_run_that_succeeds_lets_the_rest_go_on_and_what_waits_behind_it_waits(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(PAIR)) as rig:
        first, second = change(rig, "vpc", "first"), change(rig, "vpc", "second")
        await rig.until_quiet()
        rig.hub.scenario.fail(component="vpc", workflow=example.APPLY)
        rig.hub.merge(first, by="lead")
        await rig.until_quiet()
        slowly(rig)
        rig.hub.rerun(runs_of(rig, first)[0].id)
        await rig.passes(5)
        rig.hub.merge(second, by="lead")
        await rig.passes(20)
        assert f"after #{first.number}" in await row(rig, second)
        await rig.until_quiet()
        for pull in (first, second):
            assert set((await rig.statuses(pull)).values()) == {"succeeded"}
        assert runs_of(rig, second)[0].created_at >= runs_of(rig, first)[0].latest.updated_at
        assert runs_of(rig, second, "app")[0].created_at >= runs_of(rig, first, "app")[0].latest.updated_at


async def test_on_an_instance_that_is_busy_even_the_newest_is_cancelled(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        first, second = change(rig, "vpc", "first"), change(rig, "vpc", "second")
        await rig.until_quiet()
        rig.hub.merge(first, by="lead")
        await rig.until_quiet()
        rig.hub.scenario.fail(component="vpc", workflow=example.APPLY)
        rig.hub.merge(second, by="lead")
        await rig.until_quiet()
        slowly(rig, seconds=300.0)
        rig.faults.hooks("workflow_job", "lose", 1)
        rig.hub.rerun(runs_of(rig, first)[0].id, failed_only=False)
        await rig.passes(10)
        slowly(rig, queue=60.0)
        (run,) = runs_of(rig, second)
        rig.hub.rerun(run.id)
        await rig.passes(30)
        assert (run.attempt, run.conclusion) == (2, "cancelled")
        assert f"run again while #{first.number} is being applied" in await row(rig, second)
        await rig.until_quiet()
        rig.hub.rerun(run.id)
        await rig.until_quiet()
        assert (run.attempt, run.conclusion) == (3, "success")
        assert await rig.statuses(second) == {"dev/vpc": "succeeded"}
        assert "run again" not in rig.comment(second)


async def test_what_is_offered_again_may_be_run_again_at_github_as_well(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        first, second = await two_applied(rig)
        slowly(rig)
        rig.faults.hooks("workflow_job", "lose", 1)
        rig.hub.rerun(runs_of(rig, first)[0].id, failed_only=False)
        await rig.until_quiet()
        assert await rig.statuses(second) == {"dev/vpc": "held"}
        (run,) = runs_of(rig, second)
        rig.hub.rerun(run.id, failed_only=False)
        await rig.passes(20)
        assert await rig.statuses(second) == {"dev/vpc": "running"}
        await rig.until_quiet()
        assert run.conclusion == "success"
        assert await rig.statuses(second) == {"dev/vpc": "succeeded"}
        assert "held" not in rig.comment(second)
        assert runs_of(rig, second) == [run]
        await rig.restart()
        assert await rig.statuses(second) == {"dev/vpc": "succeeded"}


async def test_what_is_offered_again_stays_so_where_its_re_run_is_cancelled(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        first, second = await two_applied(rig)
        slowly(rig, seconds=300.0)
        rig.faults.hooks("workflow_job", "lose", 1)
        rig.hub.rerun(runs_of(rig, first)[0].id, failed_only=False)
        await rig.passes(20)
        slowly(rig, queue=60.0)
        (run,) = runs_of(rig, second)
        rig.hub.rerun(run.id, failed_only=False)
        await rig.until_quiet()
        assert (run.attempt, run.conclusion) == (2, "cancelled")
        assert await rig.statuses(second) == {"dev/vpc": "held"}
        await rig.approve(second)
        await rig.until_quiet()
        assert await rig.statuses(second) == {"dev/vpc": "succeeded"}
        assert rig.runs()[-1].inputs["sha"] == rig.repo.tip.sha


async def test_an_earlier_run_beside_a_newer_one_of_the_same_step_is_told(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        first, second = await two_applied(rig)
        slowly(rig)
        rig.faults.hooks("workflow_job", "lose", 1)
        rig.hub.rerun(runs_of(rig, first)[0].id, failed_only=False)
        await rig.until_quiet()
        await rig.approve(second)
        await rig.passes(20)
        old, new = runs_of(rig, second)
        rig.hub.rerun(old.id, failed_only=False)
        await rig.passes(20)
        assert new.conclusion is None
        told = await row(rig, second)
        assert "An earlier run of it goes on beside this one" in told
        assert f"/actions/runs/{old.id}" in told
        await rig.until_quiet()
        assert await rig.statuses(second) == {"dev/vpc": "succeeded"}


async def test_a_plan_that_is_run_again_is_no_matter_of_order(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        first, second = change(rig, "vpc", "first"), change(rig, "vpc", "second")
        await rig.until_quiet()
        rig.hub.merge(first, by="lead")
        await rig.until_quiet()
        run = rig.run_of("plan dev/vpc")
        rig.hub.rerun(run.id, failed_only=False)
        await rig.until_quiet()
        assert (run.attempt, run.conclusion) == (2, "success")
        assert "run again" not in rig.comment(second)
