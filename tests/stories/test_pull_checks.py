"""The check run of a pull request: on its head, then on its merge, and never left hanging."""

from __future__ import annotations

from pathlib import Path

import aiohttp
import pytest

from bot.sandbox import atmos, example
from bot.sandbox.scene import AFFECTED
from tests.rig import open_rig
from tests.stories.checking import check, checks, summary
from tests.stories.helping import CHAIN, FOREVER, ONE, headline, model


async def no_upload(_program: object) -> str:
    return "success"


async def test_it_goes_along_with_the_plan(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        rig.hub.scenario.seconds = lambda file, _inputs: 100.0 if file == example.PLAN else 1.0
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(60)
        one = check(rig, pull.head_sha)
        assert (one.name, one.status, one.conclusion) == ("atmos", "in_progress", None)
        assert one.output["title"].startswith("Planning: 0 of 3 succeeded")
        await rig.passes(120)
        assert one.output["title"].startswith("Planning: 1 of 3 succeeded")
        await rig.until_quiet()
        assert (one.status, one.conclusion) == ("completed", "success")
        assert one.output["title"] == "Planned: all 3 instances"
        assert "`database`" in summary(one)
        (comment,) = rig.comments(pull)
        assert f"/pull/{pull.number}#issuecomment-{comment.id})" in summary(one)


async def test_its_details_are_the_page_of_the_pull_request(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        assert check(rig, pull.head_sha).details_url.startswith("https://switchyard.example/p/")


async def test_without_an_address_its_details_are_the_comment(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE), public_url="") as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        (comment,) = rig.comments(pull)
        assert check(rig, pull.head_sha).details_url.endswith(f"/pull/{pull.number}#issuecomment-{comment.id}")


async def test_its_name_is_a_setting(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE), check_name="stacks") as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        assert check(rig, pull.head_sha).name == "stacks"


async def test_a_failure_names_what_failed(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        rig.hub.scenario.fail(component="database", times=1)
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        one = check(rig, pull.head_sha)
        assert one.conclusion == "failure"
        assert "**Failed:**" in summary(one)
        assert "`database`" in summary(one)
        assert [button["label"] for button in one.actions] == ["Retry"]


@pytest.mark.parametrize("how", ["the button", "re-run", "re-run all"])
async def test_its_buttons_do_what_the_commands_do(tmp_path: Path, how: str) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        rig.hub.set_permission(rig.repo, "boss", "write")
        rig.hub.scenario.fail(component="database", times=1)
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        one = check(rig, pull.head_sha)
        if how == "the button":
            rig.hub.request_action(one, "retry", by="boss")
        elif how == "re-run":
            rig.hub.rerequest(one, by="boss")
        else:
            rig.hub.rerequest_all(one, by="boss")
        await rig.until_quiet()
        assert (one.conclusion, one.actions) == ("success", [])
        assert f"✅ `{'Retry' if how == 'the button' else 'Re-run'}` by boss" in summary(one)
        assert "by boss" in rig.comment(pull)


async def test_what_is_held_wants_action(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN), breaker_plan=2) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        one = check(rig, pull.head_sha)
        assert one.conclusion == "action_required"
        assert "SWITCHYARD_BREAKER_PLAN" in summary(one)


async def test_what_waits_for_approval_at_github_wants_action_and_goes_on_after_it(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN), reviewers={"dev": ["lead"]}) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        rig.hub.merge(pull, by="dev")
        await rig.passes(120)
        assert pull.merge_commit_sha is not None
        one = check(rig, pull.merge_commit_sha)
        assert one.conclusion == "action_required"
        assert one.output["title"].startswith("Apply waits for approval")
        rig.hub.approve(rig.run_of("apply dev/vpc").id, "dev", "lead")
        await rig.passes(120)
        assert one.conclusion == "action_required"  # the next one waits
        for component in ("database", "api"):
            rig.hub.approve(rig.run_of(f"apply dev/{component}").id, "dev", "lead")
            await rig.passes(120)
        await rig.until_quiet()
        assert (one.conclusion, one.output["title"]) == ("success", "Applied: all 3 instances")


async def test_nothing_affected_is_neutral(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        pull = rig.scene.open_pull([], title="Change the words")
        await rig.until_quiet()
        one = check(rig, pull.head_sha)
        assert (one.conclusion, one.output["title"]) == ("neutral", "Plan: nothing is affected")


async def test_where_nothing_is_uploaded_it_is_neutral_after_ten_minutes_and_the_comment_stays_away(
    tmp_path: Path,
) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        rig.hub.programs[AFFECTED] = no_upload
        pull = rig.scene.open_pull([], title="Change the words")
        await rig.passes(590)
        assert checks(rig, pull.head_sha) == []
        await rig.passes(20)
        one = check(rig, pull.head_sha)
        assert (one.conclusion, one.output["title"]) == ("neutral", "No affected stacks were uploaded")
        text = summary(one)
        assert f"No run that uploads the affected stacks of {pull.head_sha[:7]} has appeared since 10:00 UTC" in text
        assert (
            "at merge conflicts (with one, GitHub starts no pull-request workflow), and whether Actions is turned"
            in text
        )
        assert "[No upload came](https://switchyard.example/docs/troubleshooting.md#no-upload-came)" in text
        first = pull.head_sha
        rig.scene.push("feature", [], note="again")
        await rig.passes(620)
        assert [check(rig, sha).conclusion for sha in (first, pull.head_sha)] == ["neutral", "neutral"]
        assert rig.comments(pull) == []


async def test_a_run_that_ends_without_an_upload_makes_it_neutral_at_once(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        rig.scene.open_pull(["vpc"], branch="first")
        await rig.until_quiet()
        rig.hub.programs[AFFECTED] = no_upload
        pull = rig.scene.open_pull(["vpc"], branch="second")
        await rig.passes(60)
        one = check(rig, pull.head_sha)
        assert one.conclusion == "neutral"
        assert "ended without uploading" in summary(one)


async def test_an_open_pull_request_from_before_the_app_came_gets_none_until_something_happens(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        rig.hub.programs[AFFECTED] = no_upload
        lost = rig.faults.hooks(".", "lose", FOREVER)
        pull = rig.scene.open_pull(["vpc"])
        rig.clock.at += 7200
        await rig.passes(3600)
        assert checks(rig, pull.head_sha) == []
        lost.times = 0
        rig.scene.push("feature", ["vpc"], note="more")
        await rig.passes(700)
        assert check(rig, pull.head_sha).conclusion == "neutral"


async def test_a_push_ends_the_check_of_the_older_head(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        rig.hub.scenario.seconds = lambda file, _inputs: 100.0 if file == example.PLAN else 1.0
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(60)
        first = pull.head_sha
        assert check(rig, first).status == "in_progress"
        rig.scene.push("feature", ["vpc"], note="more")
        await rig.passes(5)
        old = check(rig, first)
        assert old.conclusion == "cancelled"
        assert old.output["title"] == f"Ended: a push of {pull.head_sha[:7]} overtook it"
        await rig.until_quiet()
        assert check(rig, pull.head_sha).conclusion == "success"
        assert (old.conclusion, old.actions) == ("cancelled", [])


async def test_a_push_leaves_what_is_concluded_alone(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        first = pull.head_sha
        rig.scene.push("feature", ["vpc"], note="more")
        await rig.until_quiet()
        assert (check(rig, first).conclusion, check(rig, first).output["title"]) == ("success", "Planned: 1 instance")


async def test_a_head_that_comes_back_has_its_check_run_back(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        rig.hub.scenario.seconds = lambda file, _inputs: 100.0 if file == example.PLAN else 1.0
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(30)
        rig.hub.close(pull, by="dev")
        await rig.until_quiet()
        one = check(rig, pull.head_sha)
        assert (one.conclusion, one.output["title"]) == ("cancelled", "Ended: the pull request was closed")
        rig.hub.reopen(pull, by="dev")
        await rig.until_quiet()
        assert check(rig, pull.head_sha) is one
        assert one.conclusion == "success"


async def test_the_merge_concludes_the_head_with_its_plan_and_the_apply_has_the_merge_commit(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        rig.hub.scenario.seconds = lambda file, _inputs: 100.0 if file == example.APPLY else 1.0
        rig.hub.merge(pull, by="dev")
        await rig.passes(60)
        assert pull.merge_commit_sha is not None
        head, merge = check(rig, pull.head_sha), check(rig, pull.merge_commit_sha)
        assert (head.conclusion, head.output["title"]) == ("success", "Planned: all 3 instances")
        assert (merge.name, merge.status) == ("atmos", "in_progress")
        assert merge.output["title"].startswith("Applying: 0 of 3 succeeded")
        await rig.until_quiet()
        assert (merge.conclusion, merge.output["title"]) == ("success", "Applied: all 3 instances")
        assert head.output["title"] == "Planned: all 3 instances"


async def test_a_merge_before_the_plan_is_through_leaves_no_check_hanging(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN), unplanned="allow") as rig:
        rig.hub.scenario.seconds = lambda file, _inputs: 100.0 if file == example.PLAN else 1.0
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(60)
        rig.hub.merge(pull, by="dev")
        await rig.until_quiet()
        assert pull.merge_commit_sha is not None
        assert check(rig, pull.head_sha).conclusion == "neutral"
        assert check(rig, pull.merge_commit_sha).conclusion == "success"


async def test_a_merge_of_what_uploads_nothing_gets_no_check_run(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        rig.hub.programs[AFFECTED] = no_upload
        pull = rig.scene.open_pull([], title="Change the words")
        await rig.passes(700)
        rig.hub.merge(pull, by="dev")
        await rig.passes(1800)
        assert pull.merge_commit_sha is not None
        assert check(rig, pull.head_sha).conclusion == "neutral"
        assert checks(rig, pull.merge_commit_sha) == []


async def test_an_upload_that_cannot_be_used_is_a_failure(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        rig.hub.programs[AFFECTED] = no_upload
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        body = rig.scene.body(pull)
        body["stacks"] = [{"component": f"c{number}", "stack": "dev"} for number in range(20_001)]
        async with aiohttp.ClientSession() as session:
            assert (await atmos.upload(session, rig.url, rig.key, body))[0] == 200
        await rig.until_quiet()
        one = check(rig, pull.head_sha)
        assert (one.conclusion, one.output["title"]) == ("failure", "An upload could not be used")
        assert "The upload names more than 20000 instances" in summary(one)


async def test_a_fork_is_neutral(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        fork = rig.hub.fork(rig.repo, "stranger")
        change = {"components/terraform/vpc/main.tf": "# mine\n"}
        rig.hub.push(fork, "feature", change, message="Mine", author="stranger")
        pull = rig.hub.open_pull(rig.repo, head="feature", title="Mine", author="stranger", fork=True)
        await rig.until_quiet()
        one = check(rig, pull.head_sha)
        assert (one.conclusion, one.output["title"]) == ("neutral", "Nothing is started for a fork")


async def test_a_mode_that_starts_nothing_is_neutral(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE), mode="observe") as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        assert check(rig, pull.head_sha).conclusion == "neutral"
        assert "Mode “observe”" in summary(check(rig, pull.head_sha))


async def test_one_that_may_have_been_made_is_not_made_twice(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        rig.faults.add("POST", "/check-runs$", "lost_answer")
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        assert check(rig, pull.head_sha).conclusion == "success"


async def test_without_the_permission_all_goes_on_and_little_is_tried(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        rig.faults.add("*", "/check-runs", "status", FOREVER, status=403)
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        assert headline(rig.comment(pull)).startswith("✅ Planned: all 3 instances")
        tried = [one for one in rig.sandbox.requests if "/check-runs" in one.path]
        assert 0 < len(tried) <= 5
