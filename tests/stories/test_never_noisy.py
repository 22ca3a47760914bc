"""One comment for the life of a pull request, edited no more than needed, whatever people and GitHub do to it."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Literal

import pytest

from bot.sandbox import example
from tests.rig import open_rig
from tests.stories.checking import check, summary
from tests.stories.helping import CHAIN, FOREVER, ONE, headline, model, requests, wide

CONTENT = "/(comments|check-runs)"


async def test_one_comment_for_the_life_of_a_pull_request(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        (comment,) = rig.comments(pull)
        rig.scene.push("feature", ["vpc"], note="more")
        await rig.until_quiet()
        rig.hub.close(pull, by="dev")
        await rig.until_quiet()
        rig.hub.reopen(pull, by="dev")
        await rig.until_quiet()
        rig.hub.merge(pull, by="dev")
        await rig.until_quiet()
        assert rig.comments(pull) == [comment]
        assert headline(comment.body).startswith("✅ Applied: all 3 instances")


async def test_the_pause_grows_with_the_size_and_the_last_edit_is_true(tmp_path: Path) -> None:
    needs = wide(90)
    async with open_rig(tmp_path, model=model(needs), max_in_flight=5, breaker_plan=500) as rig:
        rig.hub.scenario.seconds = lambda file, _inputs: 120.0 if file == example.PLAN else 1.0
        pull = rig.scene.open_pull(list(needs))
        await rig.until_quiet()
        (comment,) = rig.comments(pull)
        assert len(comment.edits) <= 45  # of some hundreds of changes
        assert headline(comment.body).startswith("✅ Planned: all 90 instances")
        assert len(requests(rig, "PATCH", "/check-runs/")) <= 30


async def test_a_failure_is_told_at_once_also_within_a_long_pause(tmp_path: Path) -> None:
    needs = wide(60)
    async with open_rig(tmp_path, model=model(needs), max_in_flight=2) as rig:
        rig.hub.scenario.seconds = lambda file, _inputs: 60.0 if file == example.PLAN else 1.0
        rig.hub.scenario.fail(component="part-40", times=1)
        pull = rig.scene.open_pull(list(needs))
        while not any(run.conclusion == "failure" for run in rig.runs()):
            await rig.passes(1)
        await rig.passes(8)
        assert headline(rig.comment(pull)).startswith("❌")


@pytest.mark.parametrize("limit", ["secondary", "too_many", "rate_limited"])
async def test_limits_are_waited_out(tmp_path: Path, limit: Literal["secondary", "too_many", "rate_limited"]) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        rig.faults.add("*", CONTENT, limit, 3, retry_after=120, reset_in=120)
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        assert headline(rig.comment(pull)).startswith("✅ Planned: all 3 instances")
        assert check(rig, pull.head_sha).conclusion == "success"
        refused = [one.time for one in rig.sandbox.requests if one.status in (403, 429)]
        # What was in the air at the same moment is refused, too.
        assert all(later - earlier < 1 or later - earlier >= 119 for earlier, later in pairwise(refused))


async def test_trouble_at_github_is_waited_out_and_not_hammered(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        trouble = rig.faults.add("*", CONTENT, "status", FOREVER, status=502)
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(1800)
        tried = [one for one in rig.sandbox.requests if one.status == 502]
        assert 5 < len(tried) < 50
        trouble.times = 0
        await rig.passes(300)
        assert headline(rig.comment(pull)).startswith("✅ Planned: all 3 instances")
        assert check(rig, pull.head_sha).conclusion == "success"


async def test_deleted_by_a_person_it_is_made_again_once(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        (first,) = rig.comments(pull)
        rig.hub.delete_comment(first, by="dev")
        await rig.until_quiet()
        (second,) = rig.comments(pull)
        assert second.id != first.id
        assert second.body.splitlines()[1:3] == first.body.splitlines()[1:3]
        assert f"#issuecomment-{second.id})" in summary(check(rig, pull.head_sha))

        rig.hub.delete_comment(second, by="dev")
        await rig.until_quiet()
        assert rig.comments(pull) == []
        assert "Somebody deleted it, and deleted it again" in summary(check(rig, pull.head_sha))

        rig.hub.merge(pull, by="dev")
        await rig.until_quiet()
        assert rig.comments(pull) == []
        assert pull.merge_commit_sha is not None
        merge = check(rig, pull.merge_commit_sha)
        assert merge.conclusion == "success"
        assert "deleted it again" in summary(merge)


async def test_a_deletion_that_no_webhook_told_is_found_at_the_next_edit(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        for times in (1, 2):
            rig.faults.hooks("issue_comment.deleted", "lose")
            (comment,) = rig.comments(pull)
            rig.hub.delete_comment(comment, by="dev")
            rig.scene.push("feature", ["vpc"], note=f"more {times}")
            await rig.passes(600)
            assert len(rig.comments(pull)) == 2 - times
        assert "deleted it again" in summary(check(rig, pull.head_sha))


@pytest.mark.parametrize("may_fold", [True, False])
async def test_of_two_by_accident_the_older_is_kept_and_the_other_leads_to_it(tmp_path: Path, may_fold: bool) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        rig.hub.may_fold = may_fold
        # GitHub made it, but said nothing, and its list lags behind.
        rig.faults.add("POST", "/issues/1/comments$", "lost_answer")
        pull = rig.scene.open_pull(["vpc"])
        while not rig.comments(pull):
            await rig.passes(1)
        (first,) = rig.comments(pull)
        body, first.body = first.body, "not listed yet"
        while len(rig.comments(pull)) < 2:
            await rig.passes(1)
        first.body = body
        await rig.until_quiet()
        kept, other = rig.comments(pull)
        assert headline(kept.body).startswith("✅ Planned: all 3 instances")
        link = f"[The first comment]({rig.settings.server_url}/{rig.repo.full_name}/pull/1#issuecomment-{kept.id})"
        assert other.body == f"This was written twice by accident. {link} is the one that is kept up to date.\n"
        assert other.folded is may_fold
        edits = len(other.edits)
        rig.scene.push("feature", ["vpc"], note="more")
        await rig.until_quiet()
        assert len(other.edits) == edits


async def test_in_a_locked_conversation_the_check_run_tells_it_and_the_comment_follows(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        pull = rig.scene.open_pull(["vpc"])
        rig.hub.lock(pull, by="lead")
        await rig.until_quiet()
        one = check(rig, pull.head_sha)
        assert rig.comments(pull) == []
        assert one.conclusion == "success"
        assert "The comment could not be written. The conversation is locked" in summary(one)
        assert len(requests(rig, "POST", "/comments")) <= 8
        pull.locked = False
        await rig.passes(2 * 3600)
        assert headline(rig.comment(pull)).startswith("✅ Planned: all 3 instances")
        assert "could not be written" not in summary(one)


async def test_without_the_right_to_comment_the_check_run_tells_it(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        rig.faults.add("*", "/issues/.*comments", "status", FOREVER, status=403)
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        one = check(rig, pull.head_sha)
        assert one.conclusion == "success"
        assert "The App may lack a permission" in summary(one)


async def test_looking_whether_there_is_news_uses_up_nothing_of_the_budget(tmp_path: Path) -> None:
    needs = wide(40)
    async with open_rig(tmp_path, model=model(needs), max_in_flight=40) as rig:
        rig.faults.content_per_minute = 61
        rig.faults.content_per_hour = 401
        for number in range(8):
            rig.scene.open_pull([f"part-{number:02}"], branch=f"change-{number}")
        await rig.until_quiet()
        assert not [one for one in rig.sandbox.requests if one.status in (403, 429)]
        for pull in rig.repo.pulls.values():
            assert headline(rig.comment(pull)).startswith("✅ Planned")
