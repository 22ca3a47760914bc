"""Releases: an apply without a pull request, in the order of its branch, told by the API and the check run."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.sandbox import Program, example
from bot.sandbox.atmos import Model
from bot.sandbox.scene import AFFECTED
from bot.sandbox.state import Check
from tests.rig import Rig, label_of, open_rig
from tests.stories.helping import CHAIN, ONE, Needs, model

CHAINED = ["apply dev/vpc", "apply dev/database", "apply dev/api"]


def released(needs: Needs, *activities: str) -> Model:
    """Configure components whose releases apply, for these activities."""
    made = model(needs)

    def named(settings: dict[str, Any]) -> dict[str, Any]:
        pro = settings["pro"]
        return {"pro": pro | {"release": dict.fromkeys(activities, pro["pull_request"]["merged"])}}

    return Model({key: replace(one, settings=named(dict(one.settings))) for key, one in made.instances.items()})


@asynccontextmanager
async def release_rig(tmp_path: Path, needs: Needs = CHAIN, *activities: str, **changes: Any) -> AsyncIterator[Rig]:
    files = example.files("merge_group", "release")
    given = released(needs, *(activities or ("published",)))
    async with open_rig(tmp_path, files=files, model=given, **changes) as rig:
        yield rig


async def merged(rig: Rig, branch: str = "feature") -> str:
    """Have a change of the network planned, merged and applied; returns the merge's commit."""
    pull = rig.scene.open_pull(["vpc"], branch=branch)
    await rig.until_quiet()
    sha = rig.hub.merge(pull, by="lead")
    await rig.until_quiet()
    return sha


async def of_commit(rig: Rig, sha: str) -> list[dict[str, Any]]:
    """Read the rollouts at a commit that belong to no pull request, by the API."""
    url = f"{rig.url}/api/v1/rollouts?repo={rig.repo.full_name}&sha={sha}"
    headers = {"Authorization": f"Bearer {rig.key}"}
    async with aiohttp.ClientSession(headers=headers) as session, session.get(url) as response:
        answer = await response.json()
        assert response.status == 200, answer
    return [one for one in answer["data"]["rollouts"] if one["activity"].startswith("release.")]


async def statuses(rig: Rig, sha: str) -> dict[str, str]:
    (one,) = await of_commit(rig, sha)
    return {step["component"]: step["status"] for step in one["steps"]}


async def approve(rig: Rig, rollout_id: int) -> None:
    """Let go what is held of a rollout, by the API."""
    headers = {"Authorization": f"Bearer {rig.make_key('swy_lead', allow=('approve',))}"}
    url = f"{rig.url}/api/v1/rollouts/{rollout_id}/approve"
    async with aiohttp.ClientSession(headers=headers) as session, session.post(url, json={"by": "lead"}) as response:
        assert response.status == 200, await response.text()


def check(rig: Rig, sha: str) -> Check:
    """Find the release's own check run: a commit that a pull request was merged as has one of that, too."""
    (one,) = [check for check in rig.repo.checks.values() if check.head_sha == sha and "^" in check.external_id]
    return one


def on_tag(rig: Rig, tag: str) -> list[str]:
    return [label_of(run) for run in rig.runs() if run.ref == f"refs/tags/{tag}"]


@pytest.mark.parametrize("oidc", [False, True], ids=["key", "oidc"])
async def test_a_release_of_what_was_merged_is_applied_in_order(tmp_path: Path, oidc: bool) -> None:
    async with release_rig(tmp_path, oidc=oidc) as rig:
        sha = await merged(rig)
        assert rig.dispatched("apply") == CHAINED
        rig.hub.publish_release(rig.repo, "v1", by="lead")
        await rig.until_quiet()
        assert on_tag(rig, "v1") == CHAINED
        assert {run.inputs["sha"] for run in rig.runs() if run.ref == "refs/tags/v1"} == {sha}
        assert await statuses(rig, sha) == {"vpc": "succeeded", "database": "succeeded", "api": "succeeded"}
        one = check(rig, sha)
        assert (one.name, one.status, one.conclusion) == ("atmos", "completed", "success")
        assert one.output["title"] == "Applied: all 3 instances"
        assert "Release `v1`" in one.output["summary"]
        assert "in the order of `main`" in one.output["summary"]
        last = max(run.id for run in rig.runs() if run.ref == "refs/tags/v1")
        assert one.details_url.endswith(f"/actions/runs/{last}")


@pytest.mark.parametrize("oidc", [False, True], ids=["key", "oidc"])
async def test_an_upload_that_comes_before_its_webhook_waits_for_it(tmp_path: Path, oidc: bool) -> None:
    async with release_rig(tmp_path, oidc=oidc) as rig:
        sha = rig.scene.push("main", ["vpc"], author="lead")
        await rig.until_quiet()
        rig.faults.hooks("release", "delay", 2, seconds=300.0)
        rig.hub.publish_release(rig.repo, "v1", by="lead")
        await rig.passes(290)
        assert rig.scene.answers[-1].success
        assert on_tag(rig, "v1") == []
        await rig.until_quiet()
        assert on_tag(rig, "v1") == CHAINED
        assert check(rig, sha).conclusion == "success"


async def test_lost_webhooks_are_asked_for_again(tmp_path: Path) -> None:
    async with release_rig(tmp_path) as rig:
        rig.scene.push("main", ["vpc"], author="lead")
        await rig.until_quiet()
        rig.faults.hooks("release", "lose", 2)
        rig.hub.publish_release(rig.repo, "v1", by="lead")
        await rig.passes(900)
        assert on_tag(rig, "v1") == CHAINED


async def test_published_and_released_each_start_what_is_named_for_them(tmp_path: Path) -> None:
    async with release_rig(tmp_path, ONE, "published", "released") as rig:
        sha = await merged(rig)
        rig.hub.publish_release(rig.repo, "v1", by="lead")
        await rig.until_quiet()
        assert sorted(one["activity"] for one in await of_commit(rig, sha)) == ["release.published", "release.released"]
        runs = [run for run in rig.runs() if run.ref == "refs/tags/v1"]
        assert [label_of(run) for run in runs] == ["apply dev/vpc", "apply dev/vpc"]
        assert runs[0].latest.updated_at <= runs[1].created_at  # never at the same time
        assert check(rig, sha).conclusion == "success"


async def test_what_is_told_of_after_the_upload_starts_from_the_same_one(tmp_path: Path) -> None:
    async with release_rig(tmp_path, ONE, "released") as rig:
        sha = await merged(rig)
        rig.faults.hooks("release.released", "delay", 1, seconds=300.0)
        rig.hub.publish_release(rig.repo, "v1", by="lead")
        await rig.passes(290)
        assert on_tag(rig, "v1") == []
        assert len(rig.scene.answers) == 3
        await rig.until_quiet()
        assert on_tag(rig, "v1") == ["apply dev/vpc"]
        assert len(rig.scene.answers) == 3
        assert check(rig, sha).conclusion == "success"


async def test_a_prerelease_is_published_but_not_released(tmp_path: Path) -> None:
    async with release_rig(tmp_path, ONE, "released") as rig:
        sha = await merged(rig)
        rig.hub.publish_release(rig.repo, "v1-rc", by="lead", prerelease=True)
        await rig.until_quiet()
        assert on_tag(rig, "v1-rc") == []
        assert check(rig, sha).conclusion == "neutral"


async def test_a_release_of_a_commit_on_no_applied_branch_is_held(tmp_path: Path) -> None:
    async with release_rig(tmp_path) as rig:
        await merged(rig)
        sha = rig.scene.push("experiment", ["vpc"], note="new")
        rig.hub.publish_release(rig.repo, "v2-test", by="dev", target="experiment")
        await rig.until_quiet()
        assert on_tag(rig, "v2-test") == []
        assert set((await statuses(rig, sha)).values()) == {"held"}
        one = check(rig, sha)
        assert (one.status, one.conclusion) == ("completed", "action_required")
        assert "its commit is on no branch that is applied" in one.output["summary"]
        (rollout,) = await of_commit(rig, sha)
        command = f"`switchyard approve acme/infra --rollout {rollout['id']} TARGET` on the server"
        assert command in one.output["summary"]
        await approve(rig, rollout["id"])
        await rig.until_quiet()
        assert on_tag(rig, "v2-test") == CHAINED
        assert check(rig, sha).conclusion == "success"


async def test_a_release_of_an_applied_release_branch_stands_in_its_order(tmp_path: Path) -> None:
    async with release_rig(tmp_path, ONE, apply_branches=("stable-*",)) as rig:
        sha = rig.scene.push("stable-1", ["vpc"], note="old", author="lead")
        rig.hub.publish_release(rig.repo, "v1.1", by="lead", target="stable-1")
        await rig.until_quiet()
        assert on_tag(rig, "v1.1") == ["apply dev/vpc"]
        assert "in the order of `stable-1`" in check(rig, sha).output["summary"]


async def test_an_older_release_never_goes_over_a_newer_merge(tmp_path: Path) -> None:
    async with release_rig(tmp_path) as rig:
        old = await merged(rig, "first")
        await merged(rig, "second")
        rig.hub.publish_release(rig.repo, "v1", by="lead", target=old)
        await rig.until_quiet()
        assert on_tag(rig, "v1") == []
        assert set((await statuses(rig, old)).values()) == {"superseded"}
        one = check(rig, old)
        assert (one.status, one.conclusion) == ("completed", "neutral")
        assert "superseded by #&#8203;2" in one.output["summary"]


async def test_a_merge_waits_for_the_release_of_an_older_commit_that_is_being_applied(tmp_path: Path) -> None:
    async with release_rig(tmp_path, ONE) as rig:
        await merged(rig, "first")
        second = rig.scene.open_pull(["vpc"], branch="second")
        await rig.until_quiet()
        rig.hub.scenario.seconds = lambda file, _inputs: 600.0 if file == example.APPLY else 1.0
        rig.hub.publish_release(rig.repo, "v1", by="lead")
        await rig.passes(120)
        assert on_tag(rig, "v1") == ["apply dev/vpc"]
        rig.hub.merge(second, by="lead")
        await rig.passes(120)
        assert "after release v1" in rig.comment(second)
        await rig.until_quiet()
        release, merge = [run for run in rig.runs() if label_of(run) == "apply dev/vpc"][-2:]
        assert release.latest.updated_at <= merge.created_at
        assert (release.ref, merge.ref) == ("refs/tags/v1", "refs/heads/main")


async def test_a_released_commit_beside_the_latest_merge_is_older_than_that(tmp_path: Path) -> None:
    async def fails(_program: Program) -> str:
        return "failure"

    async with release_rig(tmp_path, oidc=True, sweep_seconds=1e6) as rig:
        side = rig.scene.push("side", ["api"])
        await merged(rig, "first")
        pull = rig.hub.open_pull(rig.repo, head="side", title="Side", author="dev")
        await rig.until_quiet()
        rig.faults.hooks("pull_request.closed", "delay", 1, seconds=3000.0)
        uploads = rig.hub.programs[AFFECTED]
        rig.hub.programs[AFFECTED] = fails
        rig.hub.merge(pull, by="lead", method="merge", delete_branch=False)
        await rig.passes(100)
        rig.hub.programs[AFFECTED] = uploads
        rig.hub.publish_release(rig.repo, "v0", by="lead", target=side)
        await rig.passes(300)
        assert on_tag(rig, "v0") == []
        assert set((await statuses(rig, side)).values()) == {"superseded"}


async def test_a_tag_that_is_gone_is_told_and_nothing_is_sent(tmp_path: Path) -> None:
    async with release_rig(tmp_path) as rig:
        sha = await merged(rig)
        rig.hub.scenario.seconds = lambda file, _inputs: 100.0 if file == example.APPLY else 1.0
        rig.hub.publish_release(rig.repo, "v1", by="lead")
        await rig.passes(60)
        del rig.repo.tags["v1"]
        await rig.until_quiet()
        assert on_tag(rig, "v1") == ["apply dev/vpc"]
        assert await statuses(rig, sha) == {"vpc": "succeeded", "database": "failed", "api": "blocked"}
        assert check(rig, sha).conclusion == "failure"
        assert "No ref found" in check(rig, sha).output["summary"]


async def test_a_tag_may_look_like_anything(tmp_path: Path) -> None:
    async with release_rig(tmp_path, ONE) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        before = rig.comment(pull)
        for tag in (f"@acme/infra#{pull.number}", f"#{pull.number}"):
            sha = rig.scene.push("main", ["vpc"], note=tag, author="lead")
            rig.hub.publish_release(rig.repo, tag, by="lead")
            await rig.until_quiet()
            assert on_tag(rig, tag) == ["apply dev/vpc"]
            assert check(rig, sha).conclusion == "success"
        assert rig.comment(pull) == before


async def test_a_frozen_or_planning_repository_applies_no_release(tmp_path: Path) -> None:
    async with release_rig(tmp_path, ONE, mode="plan") as rig:
        sha = rig.scene.push("main", ["vpc"], author="lead")
        rig.hub.publish_release(rig.repo, "v1", by="lead")
        await rig.until_quiet()
        assert on_tag(rig, "v1") == []
        assert check(rig, sha).conclusion == "neutral"
        assert "Mode “plan”" in check(rig, sha).output["summary"]
