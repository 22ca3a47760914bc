"""`/atmos retry`: it goes on where it stopped, and nothing else is sent once more."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rig import open_rig
from tests.stories.console import audited, command
from tests.stories.helping import CHAIN, DIAMOND, FOREVER, ONE, model, requests, wide
from tests.stories.saying import DONE, REFUSED, answers, say
from tests.stories.test_locks import lock, unlock
from tests.stories.test_order import PAIR, applies, change


async def test_a_failed_chain_goes_on_where_it_stopped(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        rig.hub.scenario.fail(component="database")
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        assert (await rig.statuses(pull))["dev/api"] == "blocked"
        await rig.restart()
        assert await say(rig, pull, "/atmos retry") == DONE
        assert answers(rig, pull) == ["dev/database goes again."]
        assert rig.dispatched("plan") == ["plan dev/vpc", "plan dev/database", "plan dev/database", "plan dev/api"]
        assert len({run.inputs["sha"] for run in rig.runs()}) == 1
        assert set((await rig.statuses(pull)).values()) == {"succeeded"}
        assert audited(rig, "retry") == [("boss", "dev/database", "was failed")]
        rows = [line for line in rig.comment(pull).splitlines() if "2nd\u00a0run" in line]
        assert len(rows) == 1
        assert "`database`" in rows[0]


async def test_an_apply_goes_on_where_it_stopped(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(DIAMOND)) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        rig.hub.scenario.fail(component="database")
        rig.hub.scenario.fail(component="cache")
        merge = rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        # Of one target the other is left, and `api` still waits for that.
        assert await say(rig, pull, "/atmos retry database") == DONE
        assert (await rig.statuses(pull))["dev/api"] == "blocked"
        assert rig.dispatched("apply").count("apply dev/cache") == 1
        await rig.restart()
        assert await say(rig, pull, "/atmos retry @failed") == DONE
        assert set((await rig.statuses(pull)).values()) == {"succeeded"}
        again = ["apply dev/database", "apply dev/cache", "apply dev/api"]
        assert rig.dispatched("apply")[-3:] == again
        assert {run.inputs["sha"] for run in rig.runs()[-3:]} == {merge}


async def test_said_twice_it_is_done_once(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        rig.hub.scenario.fail(component="vpc")
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        assert await say(rig, pull, "/atmos retry vpc\n/atmos retry") == REFUSED
        assert answers(rig, pull) == ["dev/vpc goes again.", "Nothing failed or was cancelled, so nothing goes again."]
        assert rig.dispatched("plan") == ["plan dev/vpc", "plan dev/vpc", "plan dev/database", "plan dev/api"]
        rig.hub.scenario.seconds = lambda _file, _inputs: 100.0
        assert await say(rig, pull, "/atmos retry vpc") == REFUSED
        assert answers(rig, pull) == ["Nothing goes again: dev/vpc (succeeded)."]
        assert len(rig.dispatched("plan")) == 4


async def test_what_is_under_way_waits_or_is_blocked_is_left_alone(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(DIAMOND)) as rig:
        rig.hub.scenario.seconds = lambda _file, inputs: 600.0 if inputs.get("component") == "database" else 10.0
        rig.hub.scenario.fail(component="cache")
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(60)
        rig.hub.set_permission(rig.repo, "boss", "write")
        rig.hub.comment(pull, "boss", "/atmos retry api database\n/atmos retry dev")
        await rig.passes(5)
        assert answers(rig, pull) == [
            "Nothing goes again: dev/database (running: wait for its end, or `/atmos cancel` it); dev/api (blocked by "
            "dev/cache, and goes by itself once that has succeeded).",
            "dev/cache goes again. Left as it is: dev/vpc (succeeded); dev/database (running: wait for its end, or "
            "`/atmos cancel` it); dev/api (blocked by dev/cache, and goes by itself once that has succeeded).",
        ]
        await rig.until_quiet()
        assert rig.dispatched("plan").count("plan dev/cache") == 2
        assert set((await rig.statuses(pull)).values()) == {"succeeded"}


async def test_what_was_run_again_at_github_meanwhile_is_left_alone(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(PAIR), sweep_seconds=1e6) as rig:
        rig.hub.scenario.fail(component="vpc")
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        rig.faults.hooks("workflow_(run|job)", "lose", 6)
        rig.hub.rerun(rig.run_of("plan dev/vpc").id)
        await rig.until_quiet()
        assert await rig.statuses(pull) == {"dev/vpc": "failed", "dev/app": "blocked"}
        rig.faults.clear()
        assert await say(rig, pull, "/atmos retry") == REFUSED
        assert answers(rig, pull) == ["Nothing goes again: dev/vpc (has succeeded meanwhile)."]
        assert rig.dispatched("plan") == ["plan dev/vpc", "plan dev/app"]


async def test_what_is_run_again_at_github_now_is_followed(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(PAIR), sweep_seconds=1e6) as rig:
        rig.hub.scenario.fail(component="vpc")
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        rig.faults.hooks("workflow_(run|job)", "lose", 3)
        rig.hub.scenario.seconds = lambda _file, _inputs: 60.0
        rig.hub.rerun(rig.run_of("plan dev/vpc").id)
        await rig.passes(10)
        rig.faults.clear()
        assert await say(rig, pull, "/atmos retry vpc") == REFUSED
        assert answers(rig, pull) == ["Nothing goes again: dev/vpc (was run again at GitHub, and is under way)."]
        assert rig.dispatched("plan") == ["plan dev/vpc", "plan dev/app"]


@pytest.mark.parametrize("paused", [True, False])
async def test_late_news_of_what_was_read_before_the_retry_does_not_undo_it(tmp_path: Path, *, paused: bool) -> None:
    async with open_rig(tmp_path, model=model(ONE), sweep_seconds=1e6) as rig:
        rig.hub.scenario.fail(component="vpc", times=2)
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        rig.faults.hooks("workflow_job|workflow_run.in_progress", "lose", 4)
        rig.faults.hooks("workflow_run.completed", "delay", 1, seconds=600)
        rig.hub.rerun(rig.run_of("plan dev/vpc").id)
        await rig.passes(60)
        # The second attempt failed too: that is read now, and told again long afterwards.
        rig.hub.set_permission(rig.repo, "boss", "write")
        rig.hub.comment(pull, "boss", "/atmos pause\n/atmos retry" if paused else "/atmos retry")
        await rig.passes(60)
        before = {"dev/vpc": "ready" if paused else "succeeded"}
        assert await rig.statuses(pull) == before
        await rig.passes(900)
        assert await rig.statuses(pull) == before
        assert await say(rig, pull, "/atmos unpause") == (DONE if paused else REFUSED)
        assert await rig.statuses(pull) == {"dev/vpc": "succeeded"}
        assert rig.dispatched("plan") == ["plan dev/vpc", "plan dev/vpc"]


async def test_a_run_that_github_knows_no_more_counts_as_it_is_known(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        rig.hub.scenario.fail(component="vpc")
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        rig.hub.delete_run(rig.run_of("plan dev/vpc").id)
        assert await say(rig, pull, "/atmos retry") == DONE
        assert await rig.statuses(pull) == {"dev/vpc": "succeeded"}


async def test_at_most_a_hundred_runs_are_read_at_once_and_the_named_ones_first(tmp_path: Path) -> None:
    needs = {f"part-{number:03}": () for number in range(102)}
    async with open_rig(tmp_path, model=model(needs), max_in_flight=200) as rig:
        rig.hub.scenario.conclusion = lambda _file, inputs, _attempt: "failure" if "component" in inputs else "success"
        pull = rig.scene.open_pull(needs)
        await rig.until_quiet()
        rig.hub.scenario.conclusion = lambda _file, _inputs, _attempt: "success"
        assert await say(rig, pull, "/atmos retry part-101") == DONE
        assert answers(rig, pull) == ["dev/part-101 goes again."]
        since = len(rig.sandbox.requests)
        assert await say(rig, pull, "/atmos retry") == DONE
        assert len({path for path in requests(rig, "GET", "/actions/runs/", since=since) if path[-1].isdigit()}) == 100
        (told,) = answers(rig, pull)
        assert "and 97 more go again. Left as it is: dev/part-100 (1 of its runs could not be read: too many" in told
        assert (await rig.statuses(pull))["dev/part-100"] == "failed"
        assert await say(rig, pull, "/atmos retry") == DONE
        assert set((await rig.statuses(pull)).values()) == {"succeeded"}


async def test_what_never_could_be_sent_says_what_to_do(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(PAIR)) as rig:
        rig.faults.add("POST", "/dispatches$", "status", FOREVER, status=422)
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        assert await say(rig, pull, "/atmos retry") == REFUSED
        (told,) = answers(rig, pull)
        assert told.startswith("Nothing goes again: dev/vpc (")
        assert told.endswith(": mend that and push, or run the affected workflow again).")


async def test_what_is_in_doubt_is_for_people_to_approve(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        rig.faults.add("POST", "/dispatches$", "lost_answer", FOREVER)
        rig.faults.hooks("workflow_run", "lose", FOREVER)
        rig.faults.add("GET", "/runs$", "status", FOREVER, status=404)
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        assert await rig.statuses(pull) == {"dev/vpc": "held"}
        assert await say(rig, pull, "/atmos retry vpc") == REFUSED
        (told,) = answers(rig, pull)
        assert "in doubt: see whether it ran; if it did not, `/atmos approve dev/vpc` sends it again" in told
        assert len(rig.dispatched("plan")) == 1


async def test_of_a_superseded_closed_or_merged_one_without_its_upload_nothing_goes(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        rig.hub.scenario.fail(component="vpc", times=2)
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        rig.hub.programs["atmos-pro.yaml"] = _nothing
        rig.scene.push("feature", ["vpc"], note="more")
        await rig.until_quiet()
        assert await say(rig, pull, "/atmos retry") == REFUSED
        assert answers(rig, pull) == [
            "Nothing is known to be affected yet: wait until the affected stacks of this commit are uploaded."
        ]
        rig.hub.close(pull, by="dev")
        await rig.until_quiet()
        assert await say(rig, pull, "/atmos retry") == REFUSED
        assert answers(rig, pull) == ["It is closed, and nothing of it is worked any more. Reopen it to begin again."]
        rig.hub.reopen(pull, by="dev")
        await rig.until_quiet()
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        assert await say(rig, pull, "/atmos retry") == REFUSED
        assert answers(rig, pull) == [
            "It is merged, and its apply has not begun: wait until the affected stacks of the merge are uploaded."
        ]
        assert rig.dispatched() == ["plan dev/vpc"]


async def _nothing(_program: object) -> str:
    return "failure"


async def test_an_older_apply_never_goes_over_a_newer_commit(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        first, second = change(rig, "vpc", "first"), change(rig, "vpc", "second")
        await rig.until_quiet()
        rig.hub.scenario.fail(component="vpc")
        rig.hub.merge(first, by="lead")
        await rig.until_quiet()
        rig.hub.merge(second, by="lead")
        await rig.until_quiet()
        assert await say(rig, first, "/atmos retry vpc") == REFUSED
        assert answers(rig, first) == [f"Nothing goes again: dev/vpc (superseded by #{second.number})."]
        assert [how for _, how in applies(rig, "vpc")] == ["failure", "success"]


async def test_a_retry_in_the_very_moment_of_a_newer_apply_does_not_go_over_it(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        first, second = change(rig, "vpc", "first"), change(rig, "vpc", "second")
        await rig.until_quiet()
        rig.hub.scenario.fail(component="vpc")
        rig.hub.merge(first, by="lead")
        await rig.until_quiet()
        rig.hub.set_permission(rig.repo, "boss", "write")
        rig.hub.merge(second, by="lead")
        await rig.passes(1)
        rig.hub.comment(first, "boss", "/atmos retry")
        await rig.until_quiet()
        done = applies(rig, "vpc")
        newest = [how for title, how in done if title.endswith("(#2)")]
        assert newest[-1] == "success"
        assert done[-1][0].endswith("(#2)")
        assert (await rig.statuses(first))["dev/vpc"] in ("superseded", "succeeded")


@pytest.mark.parametrize("keeper", ["lock", "freeze", "pause"])
async def test_a_retried_apply_is_kept_by_what_keeps_any(tmp_path: Path, keeper: str) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        rig.hub.scenario.fail(component="vpc")
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        if keeper == "pause":
            await say(rig, pull, "/atmos pause")
        elif keeper == "lock":
            await lock(rig, "dev/vpc")
        else:
            command(rig, "freeze", "acme/infra", "--reason", "Friday.")
        rig.hub.set_permission(rig.repo, "boss", "write")
        rig.hub.comment(pull, "boss", "/atmos retry")
        await rig.passes(60)
        assert answers(rig, pull)[0].startswith("dev/vpc goes again.")
        assert await rig.statuses(pull) == {"dev/vpc": "ready"}
        assert len(rig.dispatched("apply")) == 1
        await rig.restart()
        if keeper == "pause":
            assert "`/atmos unpause` lets it go on" in answers(rig, pull)[0]
            await say(rig, pull, "/atmos unpause")
        elif keeper == "lock":
            await unlock(rig, "dev/vpc")
        else:
            command(rig, "unfreeze", "acme/infra")
            await rig.passes(120)
        await rig.until_quiet()
        assert await rig.statuses(pull) == {"dev/vpc": "succeeded"}
        assert len(rig.dispatched("apply")) == 2


async def test_the_cap_counts_what_is_retried(tmp_path: Path) -> None:
    needs = wide(3)
    async with open_rig(tmp_path, model=model(needs), max_in_flight=1) as rig:
        for name in needs:
            rig.hub.scenario.fail(component=name)
        pull = rig.scene.open_pull(needs)
        await rig.until_quiet()
        rig.hub.set_permission(rig.repo, "boss", "write")
        rig.hub.comment(pull, "boss", "/atmos retry @all")
        await rig.passes(6)
        assert sorted((await rig.statuses(pull)).values()) == ["ready", "ready", "running"]
        await rig.until_quiet()
        assert set((await rig.statuses(pull)).values()) == {"succeeded"}


async def test_failing_fast_a_retry_lets_the_rest_go_on(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(DIAMOND), failure_mode="fail-fast", max_in_flight=1) as rig:
        rig.hub.scenario.fail(component="vpc")
        pull = rig.scene.open_pull(["vpc", "storage"])
        await rig.until_quiet()
        assert rig.dispatched("plan") == ["plan dev/vpc"]
        assert await say(rig, pull, "/atmos retry") == DONE
        assert set((await rig.statuses(pull)).values()) == {"succeeded"}


async def test_without_write_access_nothing_goes(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        rig.hub.scenario.fail(component="vpc")
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        assert await say(rig, pull, "/atmos retry", by="guest", role="read") == REFUSED
        assert answers(rig, pull) == ["guest may not: it needs write access to this repository."]
        assert rig.dispatched("plan") == ["plan dev/vpc"]
