"""Uploads and webhooks find each other, in whatever order they come."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.sandbox import atmos, example
from bot.sandbox.scene import AFFECTED
from bot.store import inbox
from tests.rig import Rig, open_rig
from tests.stories.small import DIAMOND, activities, model


async def send(rig: Rig, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    async with aiohttp.ClientSession() as session:
        return await atmos.upload(session, rig.url, rig.key, body)


def silence(rig: Rig) -> None:
    """Let the affected workflow do nothing: the story sends its uploads itself."""

    async def nothing(_program: object) -> str:
        return "success"

    rig.hub.programs[AFFECTED] = nothing


async def test_the_upload_comes_before_any_webhook(tmp_path: Path) -> None:
    async with open_rig(tmp_path, unplanned="allow", model=model(DIAMOND)) as rig:
        silence(rig)
        rig.faults.hooks("pull_request", "delay", 1, seconds=300)
        pull = rig.scene.open_pull(["a"])
        await send(rig, rig.scene.body(pull))
        await rig.passes(200)
        assert len(rig.dispatched("plan")) == 4
        await rig.until_quiet()
        assert len(rig.dispatched("plan")) == 4


async def test_an_upload_for_a_commit_without_a_pull_request_waits_for_it(tmp_path: Path) -> None:
    async with open_rig(tmp_path, unplanned="allow", model=model({"a": []})) as rig:
        silence(rig)
        sha = rig.scene.push("feature", ["a"])
        base = rig.repo.branches["main"]
        items = atmos.describe_affected(rig.scene.model, [("dev", "a")])
        body = atmos.upload_body(items, repo="acme/infra", head_sha=sha, base_sha=base)
        assert (await send(rig, body))[0] == 200
        await rig.until_quiet()
        assert rig.dispatched() == []
        rig.hub.open_pull(rig.repo, head="feature", title="Late", author="dev")
        await rig.until_quiet()
        assert rig.dispatched() == ["plan dev/a"]


async def test_an_upload_that_nothing_claims_expires_visibly(tmp_path: Path) -> None:
    async with open_rig(tmp_path, unplanned="allow", model=model({"a": []}), sweep_seconds=7200.0) as rig:
        body = atmos.upload_body([], repo="acme/infra", head_sha="ab" * 20, base_sha="cd" * 20)
        await send(rig, body)
        await rig.settle()
        assert inbox.depth(rig.db) == {"parked": 1}
        await rig.passes(27 * 3600)
        assert inbox.depth(rig.db) == {"dead": 1}


async def test_the_same_upload_twice_is_one_rollout(tmp_path: Path) -> None:
    async with open_rig(tmp_path, unplanned="allow", model=model(DIAMOND)) as rig:
        pull = rig.scene.open_pull(["a"])
        await rig.passes(5)
        assert (await send(rig, rig.scene.body(pull)))[0] == 200
        await rig.until_quiet()
        assert (await send(rig, rig.scene.body(pull)))[0] == 200
        await rig.until_quiet()
        assert len(await rig.state(pull)) == 1
        assert len(rig.dispatched()) == 4


async def test_another_upload_of_the_same_head_replaces_what_was_not_sent(tmp_path: Path) -> None:
    async with open_rig(tmp_path, unplanned="allow", model=model(DIAMOND), max_in_flight=1) as rig:
        pull = rig.scene.open_pull(["a"])
        await rig.passes(5)
        assert rig.dispatched() == ["plan dev/a"]
        bigger = rig.scene.body(pull)
        rig.scene.model = model({**DIAMOND, "e": ["d"]})
        bigger = rig.scene.body(pull)
        await send(rig, bigger)
        await rig.until_quiet()
        assert sorted(rig.dispatched()) == ["plan dev/a", "plan dev/b", "plan dev/c", "plan dev/d", "plan dev/e"]
        assert set((await rig.statuses(pull)).values()) == {"succeeded"}


async def test_an_upload_for_an_older_head_changes_nothing(tmp_path: Path) -> None:
    async with open_rig(tmp_path, unplanned="allow", model=model({"a": []})) as rig:
        silence(rig)
        pull = rig.scene.open_pull(["a"])
        late = rig.scene.body(pull)
        rig.scene.push("feature", ["a"], note="more")
        await rig.until_quiet()
        await send(rig, late)
        await rig.until_quiet()
        assert rig.dispatched() == []


async def test_there_and_back_again_is_a_new_rollout(tmp_path: Path) -> None:
    async with open_rig(tmp_path, unplanned="allow", model=model({"a": []})) as rig:
        pull = rig.scene.open_pull(["a"])
        await rig.until_quiet()
        first = pull.head_sha
        rig.scene.push("feature", ["a"], note="more")
        await rig.until_quiet()
        rig.repo.branches["feature"] = rig.repo.commits[first].parents[0]
        back = rig.hub.push(
            rig.repo,
            "feature",
            {"components/terraform/a/main.tf": 'output "name" { value = "a feature" }\n'},
            message="Change a",
            author="dev",
            force=True,
        )
        await rig.until_quiet()
        rollouts = await rig.state(pull)
        assert rollouts[0]["sha"] == back
        assert len(rollouts) == 3
        assert len(rig.dispatched("plan")) == 3


async def test_a_plan_upload_that_comes_after_the_merge_does_not_apply(tmp_path: Path) -> None:
    async with open_rig(tmp_path, unplanned="allow", model=model({"a": []})) as rig:
        silence(rig)
        pull = rig.scene.open_pull(["a"])
        await rig.until_quiet()
        held = rig.faults.add("GET", r"/pulls/1$", "status", times=2, status=502)
        await send(rig, rig.scene.body(pull))
        await rig.worker.intake.step()
        rig.clock.at += 1
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        assert held.times == 0
        assert rig.dispatched() == []
        await send(rig, rig.scene.body(pull))
        await rig.until_quiet()
        assert rig.dispatched() == ["apply dev/a"]


async def test_a_later_merged_upload_only_adds_what_is_missing(tmp_path: Path) -> None:
    async with open_rig(tmp_path, unplanned="allow", model=model({"a": [], "b": ["a"]})) as rig:
        pull = rig.scene.open_pull(["a"])
        await rig.until_quiet()
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        rig.scene.model = model({"a": [], "b": ["a"], "c": ["b"]})
        await send(rig, rig.scene.body(pull))
        await rig.until_quiet()
        assert rig.dispatched("apply") == ["apply dev/a", "apply dev/b", "apply dev/c"]
        assert len([rollout for rollout in await rig.state(pull) if rollout["phase"] == "apply"]) == 1


async def test_closing_ends_the_plan_and_reopening_starts_again(tmp_path: Path) -> None:
    async with open_rig(tmp_path, unplanned="allow", model=model({"a": [], "b": ["a"]})) as rig:
        rig.hub.scenario.seconds = lambda file, _inputs: 5.0 if file == AFFECTED else 100.0
        pull = rig.scene.open_pull(["a"])
        await rig.passes(30)
        rig.hub.close(pull, by="dev")
        await rig.until_quiet()
        assert rig.run_of("plan dev/a").conclusion == "cancelled"
        rig.hub.reopen(pull, by="dev")
        await rig.until_quiet()
        assert rig.dispatched() == ["plan dev/a", "plan dev/a", "plan dev/b"]
        assert await rig.statuses(pull) == {"dev/a": "succeeded", "dev/b": "succeeded"}


async def test_a_label_runs_what_a_stack_names_for_it(tmp_path: Path) -> None:
    preview = {
        "workflows": {example.APPLY: {"inputs": {"component": "a", "stack": "dev", "github_environment": "dev"}}}
    }
    pro = {"a": activities("a", labeled=preview)}
    async with open_rig(tmp_path, unplanned="allow", model=model({"a": [], "b": ["a"]}, pro=pro)) as rig:
        pull = rig.scene.open_pull(["a"])
        await rig.until_quiet()
        rig.hub.label(pull, "deploy", by="dev")
        await rig.until_quiet()
        assert rig.dispatched("apply") == ["apply dev/a"]
        assert rig.run_of("apply dev/a").inputs["sha"] == pull.head_sha
        assert [rollout["activity"] for rollout in await rig.state(pull)] == [
            "pull_request.labeled",
            "pull_request.opened",
        ]


async def test_the_plain_list_of_describe_affected_is_an_upload_too(tmp_path: Path) -> None:
    inputs = {"component": "a", "stack": "dev", "github_environment": "dev"}
    pro = {"a": activities("a", labeled={"workflows": {example.APPLY: {"inputs": inputs}}})}
    async with open_rig(tmp_path, unplanned="allow", model=model({"a": [], "b": ["a"]}, pro=pro)) as rig:
        silence(rig)
        pull = rig.scene.open_pull(["a"])
        items = atmos.describe_affected(rig.scene.model, [("dev", "a")])
        base = rig.repo.branches["main"]
        query = f"repo=Acme/Infra&head_sha={pull.head_sha}&base_sha={base}"
        headers = {"Authorization": f"Bearer {rig.key}"}
        async with aiohttp.ClientSession(headers=headers) as session:
            url = f"{rig.url}/api/v1/affected-stacks?{query}"
            async with session.post(url, data=atmos.encode(items)) as answer:
                assert answer.status == 200
        await rig.until_quiet()
        assert rig.dispatched() == ["plan dev/a", "plan dev/b"]
        rig.hub.label(pull, "deploy", by="dev")  # what is kept of it is read once more
        await rig.until_quiet()
        assert rig.dispatched("apply") == ["apply dev/a"]
        rig.hub.close(pull, by="dev")
        await rig.until_quiet()
        assert inbox.depth(rig.db) == {}


async def test_chunks_in_any_order_are_one_upload(tmp_path: Path) -> None:
    async with open_rig(tmp_path, unplanned="allow", max_in_flight=100) as rig:
        silence(rig)
        pull = rig.scene.open_pull(["vpc", "object-storage"])
        parts = atmos.chunks(rig.scene.body(pull), "batch-1", limit=20_000)
        assert len(parts) > 2
        for part in (*parts[1:], parts[1]):
            assert (await send(rig, part))[0] == 200
        await rig.until_quiet()
        assert rig.dispatched() == []
        await send(rig, parts[0])
        await rig.until_quiet()
        assert len(rig.dispatched("plan")) == 30


@pytest.mark.parametrize("count", [0, 1, 2_422, 10_000])
async def test_uploads_of_every_size_become_as_many_steps(tmp_path: Path, count: int) -> None:
    async with open_rig(
        tmp_path, unplanned="allow", model=model({"a": []}), max_in_flight=1, breaker_plan=100_000
    ) as rig:
        silence(rig)
        pull = rig.scene.open_pull(["a"])
        body = rig.scene.body(pull)
        (one,) = body["stacks"]
        body["stacks"] = [one | {"component": f"part-{number}"} for number in range(count)]
        parts = atmos.chunks(body, "batch-1", limit=500_000) if count else [body]
        assert (len(parts) > 1) == (count > 1)
        for part in parts:
            assert (await send(rig, part))[0] == 200
        await rig.settle()
        assert len(await rig.statuses(pull)) == count
        assert len(rig.dispatched("plan")) == min(count, 1)


async def test_of_two_pull_requests_with_one_head_the_merged_one_gets_its_apply(tmp_path: Path) -> None:
    async with open_rig(tmp_path, unplanned="allow", model=model({"a": []})) as rig:
        rig.hub.push(rig.repo, "release", {"NOTES.md": "1\n"}, message="Start a release", author="lead")
        pull = rig.scene.open_pull(["a"])
        await rig.until_quiet()
        rig.hub.open_pull(rig.repo, head="feature", base="release", title="To the release", author="dev")
        await rig.until_quiet()
        rig.hub.merge(pull, by="lead", delete_branch=False)
        await rig.until_quiet()
        assert rig.dispatched("apply") == ["apply dev/a"]
        assert rig.run_of("apply dev/a").inputs["sha"] == pull.merge_commit_sha


async def test_a_fork_with_the_same_head_takes_no_upload_away(tmp_path: Path) -> None:
    async with open_rig(tmp_path, unplanned="allow", model=model({"a": []})) as rig:
        pull = rig.scene.open_pull(["a"])
        await rig.until_quiet()
        fork = rig.hub.fork(rig.repo, "stranger")
        fork.branches["feature"] = pull.head_sha
        rig.hub.open_pull(rig.repo, head="feature", title="The same", author="stranger", fork=True)
        await rig.until_quiet()
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        assert rig.dispatched("apply") == ["apply dev/a"]


async def test_an_apply_that_could_not_be_sent_goes_on_after_the_fault_is_mended(tmp_path: Path) -> None:
    async with open_rig(tmp_path, unplanned="allow", model=model({"a": [], "b": ["a"]})) as rig:
        pull = rig.scene.open_pull(["a"])
        await rig.until_quiet()
        rig.hub.merge(pull, by="lead")
        await rig.passes(1)
        rig.repo.actions_enabled = False
        await rig.until_quiet()
        assert await rig.statuses(pull) == {"dev/a": "failed", "dev/b": "blocked"}
        rig.repo.actions_enabled = True
        await send(rig, rig.scene.body(pull))
        await rig.until_quiet()
        assert rig.dispatched("apply") == ["apply dev/a", "apply dev/b"]
        assert await rig.statuses(pull) == {"dev/a": "succeeded", "dev/b": "succeeded"}


async def test_an_apply_whose_file_was_mended_goes_on(tmp_path: Path) -> None:
    path = f".github/workflows/{example.APPLY}"
    broken = example.APPLY_FILE.replace("      sha: { type: string }\n", "")
    async with open_rig(
        tmp_path, unplanned="allow", model=model({"a": []}), files=example.files() | {path: broken}
    ) as rig:
        pull = rig.scene.open_pull(["a"])
        await rig.until_quiet()
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        assert await rig.statuses(pull) == {"dev/a": "failed"}
        rig.hub.push(rig.repo, "main", {path: example.APPLY_FILE}, message="Mend it", author="lead")
        await send(rig, rig.scene.body(pull))
        await rig.until_quiet()
        assert await rig.statuses(pull) == {"dev/a": "succeeded"}
