"""The merge queue and releases, as the webhooks and the API tell them."""

from collections.abc import Iterator
from typing import Any

import jwt
import pytest

from bot.sandbox import HubError, MergeGroup, Program, Pull, Run
from tests.sandbox.conftest import Rig

REPO = "/repos/acme/infra"
CHECK = """
name: check
on: {merge_group: {branches: [main]}, release: {types: [published]}}
permissions: {id-token: write}
jobs: {check: {steps: [{run: make}]}}
"""


@pytest.fixture
async def queue(rig: Rig) -> Rig:
    """Add a workflow for the queue and for releases."""
    rig.hub.push(rig.repo, "main", {".github/workflows/check.yaml": CHECK}, message="m", author="ada")
    await rig.after(100)
    rig.hooks.clear()
    return rig


def change(rig: Rig, branch: str) -> Pull:
    rig.hub.push(rig.repo, branch, {f"{branch}.txt": branch}, message=f"Add {branch}", author="ada")
    return rig.hub.open_pull(rig.repo, head=branch, title=f"Add {branch}", author="ada")


def groups(rig: Rig, action: str) -> Iterator[dict[str, Any]]:
    return (hook.payload for hook in rig.hooks if hook.name == f"merge_group.{action}")


def runs(rig: Rig, event: str) -> list[Run]:
    return [run for run in rig.hub.runs.values() if run.event == event]


def ours(names: list[str]) -> list[str]:
    return [name for name in names if not name.startswith("workflow")]


async def test_a_pull_request_goes_through_the_queue(queue: Rig) -> None:
    pull, tip = change(queue, "one"), queue.repo.tip.sha
    await queue.after(0)
    group: MergeGroup = queue.hub.enqueue(pull, by="bob")
    branch = f"gh-readonly-queue/main/pr-1-{tip}"
    assert ours(await queue.after(0)) == ["pull_request.enqueued", "push", "merge_group.checks_requested"]
    told = queue.last("merge_group.checks_requested")["merge_group"]
    assert told["head_ref"] == f"refs/heads/{branch}"
    assert (told["base_ref"], told["base_sha"], told["head_sha"]) == ("refs/heads/main", tip, group.head_sha)
    assert told["head_commit"]["message"] == "Merge pull request #1 from acme/one"
    made = await queue.get(f"{REPO}/commits/{group.head_sha}")
    assert [one["sha"] for one in made["parents"]] == [tip, pull.head_sha]
    assert (await queue.get(f"{REPO}/branches/{branch}"))["commit"]["sha"] == group.head_sha
    (run,) = runs(queue, "merge_group")
    assert (run.ref, run.head_branch, run.head_sha) == (f"refs/heads/{branch}", branch, group.head_sha)
    assert run.display_title == "Merge pull request #1 from acme/one"
    await queue.after(20)
    assert queue.hub.merge_group(group) == group.head_sha
    names = ours(await queue.after(0))
    assert names == ["merge_group.destroyed", "push", "push", "pull_request.closed", "push"]
    assert queue.last("merge_group.destroyed")["reason"] == "merged"
    closed = queue.last("pull_request.closed")["pull_request"]
    assert (closed["merged"], closed["merge_commit_sha"]) == (True, group.head_sha)
    assert (await queue.get(f"{REPO}/branches/main"))["commit"]["sha"] == group.head_sha
    assert (await queue.refused("GET", f"{REPO}/branches/{branch}"))[0] == 404
    assert await queue.refused("POST", f"{REPO}/actions/workflows/plan.yaml/dispatches", {"ref": branch}) == (
        422,
        f"No ref found for: {branch}",
    )


async def test_those_behind_stand_on_those_before_and_are_tried_anew_without_them(queue: Rig) -> None:
    one, two, three = (change(queue, name) for name in ("one", "two", "three"))
    first, second, third = (queue.hub.enqueue(pull, by="bob", method="squash") for pull in (one, two, three))
    assert (second.base_sha, third.base_sha) == (first.head_sha, second.head_sha)
    assert set(queue.repo.commits[third.head_sha].tree) >= {"one.txt", "two.txt", "three.txt"}
    with pytest.raises(HubError, match="waits for those before"):
        queue.hub.merge_group(second)
    with pytest.raises(HubError, match="in the queue already"):
        queue.hub.enqueue(one, by="bob")
    await queue.after(0)
    queue.hub.dequeue(two, by="bob")
    await queue.after(0)
    assert [told["reason"] for told in groups(queue, "destroyed")] == ["dequeued", "invalidated"]
    with pytest.raises(HubError, match="is over: invalidated"):
        queue.hub.merge_group(third)
    with pytest.raises(HubError, match="not in the queue"):
        queue.hub.dequeue(two, by="bob")
    again = list(groups(queue, "checks_requested"))[-1]["merge_group"]
    assert again["base_sha"] == first.head_sha
    assert again["head_ref"].endswith(f"/pr-3-{first.head_sha}")
    assert "two.txt" not in queue.repo.commits[again["head_sha"]].tree
    queue.hub.merge_group(first)
    queue.hub.merge_group(queue.hub.groups[0])
    assert (one.merged, two.merged, three.merged) == (True, False, True)
    assert queue.repo.tip.sha == again["head_sha"]
    assert two.state == "open"


async def test_a_push_beside_the_queue_has_it_tried_anew(queue: Rig) -> None:
    pull = change(queue, "one")
    queue.hub.enqueue(pull, by="bob")
    queue.hub.push(queue.repo, "main", {"hotfix": "x"}, message="Hotfix", author="bob")
    await queue.after(0)
    assert [told["reason"] for told in groups(queue, "destroyed")] == ["invalidated"]
    (group,) = queue.hub.groups
    assert group.base_sha == queue.repo.tip.sha
    queue.hub.push(queue.repo, "main", {"one.txt": "other"}, message="Conflict", author="bob")
    await queue.after(0)
    assert queue.hub.groups == []
    assert queue.last("pull_request.dequeued")["reason"] == "MERGE_CONFLICT"


@pytest.mark.parametrize("deed", ["push", "close", "draft"])
async def test_what_is_changed_leaves_the_queue(queue: Rig, deed: str) -> None:
    pull = change(queue, "one")
    queue.hub.enqueue(pull, by="bob")
    if deed == "push":
        queue.hub.push(queue.repo, "one", {"more": "x"}, message="More", author="ada")
    elif deed == "close":
        queue.hub.close(pull, "ada")
    else:
        queue.hub.convert_to_draft(pull, "ada")
    assert "pull_request.dequeued" in await queue.after(0)
    assert queue.last("merge_group.destroyed")["reason"] == "dequeued"
    assert not [name for name in queue.repo.branches if name.startswith("gh-readonly-queue")]


async def claims(rig: Rig, event: str) -> dict[str, Any]:
    (run,) = runs(rig, event)
    token = rig.hub.issuer.token(run, rig.url, "atmos-pro.com")
    return jwt.decode(token, options={"verify_signature": False})


async def test_the_identity_of_a_run_in_the_queue(queue: Rig) -> None:
    group = queue.hub.enqueue(change(queue, "one"), by="bob")
    told = await claims(queue, "merge_group")
    ref = f"refs/heads/{group.branch}"
    assert (told["event_name"], told["ref"], told["ref_type"], told["sha"]) == (
        "merge_group",
        ref,
        "branch",
        group.head_sha,
    )
    assert (told["head_ref"], told["base_ref"]) == ("", "")
    assert told["sub"].endswith(f":ref:{ref}")


async def test_a_release(queue: Rig) -> None:
    seen: list[Program] = []

    async def upload(program: Program) -> str:
        seen.append(program)
        return "success"

    queue.hub.programs["check.yaml"] = upload
    sha = queue.repo.tip.sha
    queue.hub.publish_release(queue.repo, "v1.0", by="bob", name="The first")
    assert ours(await queue.after(20)) == ["push", "release.published", "release.released"]
    told = queue.last("release.published")["release"]
    assert (told["tag_name"], told["target_commitish"], told["draft"], told["prerelease"]) == (
        "v1.0",
        "main",
        False,
        False,
    )
    (run,) = runs(queue, "release")
    assert (run.ref, run.head_branch, run.head_sha, run.display_title) == ("refs/tags/v1.0", "v1.0", sha, "The first")
    assert [(one.event["action"], one.pull) for one in seen] == [("published", None)]
    told = await claims(queue, "release")
    assert (told["event_name"], told["ref"], told["ref_type"]) == ("release", "refs/tags/v1.0", "tag")
    assert (await queue.get(f"{REPO}/commits/v1.0"))["sha"] == sha
    queue.hub.push(queue.repo, "main", {"later": "x"}, message="Later", author="ada")
    dispatched = await queue.dispatch(ref="v1.0")
    assert (dispatched.ref, dispatched.sha) == ("refs/tags/v1.0", sha)


async def test_a_prerelease_is_not_released(queue: Rig) -> None:
    sha = queue.repo.tip.sha
    queue.hub.push(queue.repo, "main", {"later": "x"}, message="Later", author="ada")
    queue.hub.tag(queue.repo, "v1.0-rc", sha)
    await queue.after(100)
    queue.hub.publish_release(queue.repo, "v1.0-rc", by="bob", prerelease=True)
    assert ours(await queue.after(0)) == ["release.published", "release.prereleased"]
    (run,) = runs(queue, "release")
    assert run.sha == sha
    with pytest.raises(HubError, match="already"):
        queue.hub.publish_release(queue.repo, "v1.0-rc", by="bob")
    with pytest.raises(HubError, match="no branch or commit nowhere"):
        queue.hub.publish_release(queue.repo, "v2", by="bob", target="nowhere")
