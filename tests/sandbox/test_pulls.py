"""Repositories, pull requests, comments and checks."""

import pytest

from bot.sandbox import HubError
from tests.sandbox.conftest import PLAN, Rig, decoded

REPO = "/repos/acme/infra"


async def test_files_at_a_ref(rig: Rig) -> None:
    sha = rig.hub.push(rig.repo, "feature/x", {"README.md": "new\n"}, message="m", author="ada")
    for ref in ("feature/x", sha, sha[:8], "refs/heads/feature/x"):
        assert decoded((await rig.get(f"{REPO}/contents/README.md?ref={ref}"))["content"]) == "new\n"
    raw = await rig.call(
        "GET", f"{REPO}/contents/.github/workflows/plan.yaml", Accept="application/vnd.github.raw+json"
    )
    assert await raw.text() == PLAN
    names = [entry["name"] for entry in await rig.get(f"{REPO}/contents/.github/workflows")]
    assert names == ["affected.yaml", "apply.yaml", "plan.yaml"]
    assert (await rig.refused("GET", f"{REPO}/contents/README.md?ref=gone"))[0] == 404
    assert (await rig.get(f"{REPO}/git/ref/heads/feature/x"))["object"]["sha"] == sha
    assert (await rig.get(f"{REPO}/branches/feature/x"))["commit"]["sha"] == sha


async def test_push_moves_the_pull_request(rig: Rig) -> None:
    pull = rig.pull()
    await rig.after(0)
    before = pull.head_sha
    sha = rig.hub.push(rig.repo, "feature", {"b.txt": "b"}, message="More", author="ada")
    assert [name for name in await rig.after(0) if "workflow" not in name] == ["push", "pull_request.synchronize"]
    payload = rig.last("pull_request.synchronize")
    assert (payload["before"], payload["after"]) == (before, sha)
    assert payload["pull_request"]["head"]["sha"] == sha
    assert rig.last("push")["commits"][0]["added"] == ["b.txt"]
    listed = await rig.get(f"{REPO}/pulls/{pull.number}/files")
    assert [file["filename"] for file in listed] == ["a.txt", "b.txt"]


async def test_forced_push(rig: Rig) -> None:
    pull = rig.pull()
    old = pull.head_sha
    new = rig.hub.push(rig.repo, "feature", {"c.txt": "c"}, message="Again", author="ada", force=True)
    await rig.after(0)
    assert rig.last("push")["forced"]
    comparison = await rig.get(f"{REPO}/compare/{old}...{new}")
    assert (comparison["status"], comparison["merge_base_commit"]["sha"]) == ("diverged", rig.repo.tip.sha)


@pytest.mark.parametrize(("method", "parents"), [("squash", 1), ("merge", 2), ("rebase", 1)])
async def test_merge(rig: Rig, method: str, parents: int) -> None:
    pull = rig.pull()
    rig.hub.push(rig.repo, "feature", {"b.txt": "b"}, message="More", author="ada")
    await rig.after(0)
    tested = (await rig.get(f"{REPO}/pulls/1"))["merge_commit_sha"]
    sha = rig.hub.merge(pull, by="bob", method=method)
    names = [name for name in await rig.after(0) if "workflow" not in name]
    assert names == ["push", "pull_request.closed", "push"]
    payload = rig.last("pull_request.closed")["pull_request"]
    assert (payload["merged"], payload["merge_commit_sha"], payload["merged_by"]["login"]) == (True, sha, "bob")
    assert sha not in (tested, pull.head_sha)
    assert rig.last("push")["deleted"]
    assert len((await rig.get(f"{REPO}/commits/{sha}"))["parents"]) == parents
    assert decoded((await rig.get(f"{REPO}/contents/b.txt"))["content"]) == "b"
    for commit in (sha, pull.head_sha):
        assert [one["number"] for one in await rig.get(f"{REPO}/commits/{commit}/pulls")] == [1]
    assert (await rig.refused("GET", f"{REPO}/branches/feature"))[0] == 404


async def test_conflict(rig: Rig) -> None:
    pull = rig.pull()
    rig.hub.push(rig.repo, "main", {"a.txt": "other"}, message="Theirs", author="bob")
    shown = await rig.get(f"{REPO}/pulls/1")
    assert (shown["mergeable"], shown["merge_commit_sha"]) == (False, None)
    with pytest.raises(HubError, match="conflicts"):
        rig.hub.merge(pull, by="bob")


async def test_closed_without_merge_keeps_the_test_commit(rig: Rig) -> None:
    pull = rig.pull()
    rig.hub.close(pull, "ada")
    await rig.after(0)
    payload = rig.last("pull_request.closed")["pull_request"]
    assert payload["merged"] is False
    assert payload["merge_commit_sha"]
    rig.hub.reopen(pull, "ada")
    assert "pull_request.reopened" in await rig.after(0)


async def test_a_branch_that_was_rewritten_cannot_be_reopened(rig: Rig) -> None:
    pull = rig.pull()
    rig.hub.close(pull, "ada")
    more = rig.hub.push(rig.repo, "feature", {"b.txt": "b"}, message="More", author="ada")
    rig.hub.reopen(pull, "ada")
    assert pull.head_sha == more
    rig.hub.close(pull, "ada")
    rig.hub.push(rig.repo, "feature", {"c.txt": "c"}, message="Again", author="ada", force=True)
    with pytest.raises(HubError, match="rewritten"):
        rig.hub.reopen(pull, "ada")
    rig.hub.delete_branch(rig.repo, "feature", by="ada")
    with pytest.raises(HubError, match="cannot be reopened"):
        rig.hub.reopen(pull, "ada")
    await rig.after(0)
    assert rig.last("pull_request.reopened")["pull_request"]["head"]["sha"] == more


async def test_deletion_of_a_head_branch_closes_its_pull_request(rig: Rig) -> None:
    pull = rig.pull()
    await rig.after(0)
    rig.hub.delete_branch(rig.repo, "feature", by="ada")
    assert [name for name in await rig.after(0) if "workflow" not in name] == ["pull_request.closed", "push"]
    closed = rig.last("pull_request.closed")["pull_request"]
    assert (closed["merged"], closed["head"]["sha"]) == (False, pull.head_sha)
    assert rig.last("push")["deleted"]


async def test_commits_and_how_they_compare(rig: Rig) -> None:
    base = rig.repo.tip.sha
    head = rig.pull().head_sha
    for ends, status, ahead, behind in (
        (f"{base}...{head}", "ahead", 1, 0),
        ("feature...main", "behind", 0, 1),
        (f"main...{base}", "identical", 0, 0),
    ):
        told = await rig.get(f"{REPO}/compare/{ends}")
        assert (told["status"], told["ahead_by"], told["behind_by"]) == (status, ahead, behind)
        assert (told["total_commits"], told["merge_base_commit"]["sha"]) == (ahead, base)
    for ends in (f"main...{'0' * 40}", "gone...main", "main"):
        assert (await rig.refused("GET", f"{REPO}/compare/{ends}"))[0] == 404
    assert (await rig.refused("GET", f"{REPO}/commits/{'0' * 40}"))[0] == 422


async def test_deeds_of_people(rig: Rig) -> None:
    pull = rig.pull(draft=True)
    rig.hub.push(rig.repo, "release", {}, message="m", author="ada")
    await rig.after(0)
    rig.hub.ready_for_review(pull, "ada")
    rig.hub.label(pull, "no-apply", "bob")
    rig.hub.edit_base(pull, "release", "ada")
    names = await rig.after(0)
    assert names == ["pull_request.ready_for_review", "pull_request.labeled", "pull_request.edited"]
    rig.hub.convert_to_draft(pull, "ada")
    assert await rig.after(0) == ["pull_request.converted_to_draft"]
    assert rig.last("pull_request.converted_to_draft")["pull_request"]["draft"]
    assert rig.last("pull_request.edited")["changes"]["base"]["ref"]["from"] == "main"
    assert rig.last("pull_request.labeled")["pull_request"]["labels"][0]["name"] == "no-apply"


async def test_merging_moves_what_was_built_on_the_branch(rig: Rig) -> None:
    lower = rig.pull("lower")
    upper = rig.pull("upper", base="lower")
    rig.hub.merge(lower, by="bob")
    assert (upper.base, upper.state) == ("main", "open")


async def test_fork(rig: Rig) -> None:
    fork = rig.hub.fork(rig.repo, "eve")
    rig.hub.push(fork, "evil", {"x": "y"}, message="m", author="eve")
    pull = rig.hub.open_pull(rig.repo, head="evil", title="Please", author="eve", fork=True)
    names = await rig.after(0)
    assert "push" not in names
    head = rig.last("pull_request.opened")["pull_request"]["head"]
    assert (head["repo"]["full_name"], head["repo"]["fork"]) == ("eve/infra", True)
    rig.hub.push(fork, "evil", {"x": "z"}, message="m", author="eve")
    assert "pull_request.synchronize" in await rig.after(0)
    assert pull.head_sha == fork.branches["evil"]


async def test_pull_list_has_no_merged_field(rig: Rig) -> None:
    rig.hub.merge(rig.pull("one"), by="bob")
    rig.clock.time += 10
    rig.pull("two")
    closed = (await rig.get(f"{REPO}/pulls?state=closed"))[0]
    assert closed["merged_at"]
    assert "merged" not in closed
    assert [one["number"] for one in await rig.get(f"{REPO}/pulls?state=all&sort=updated&direction=desc")] == [2, 1]


async def test_bot_comment(rig: Rig) -> None:
    pull = rig.pull()
    await rig.after(0)
    made = await rig.post(f"{REPO}/issues/1/comments", {"body": "hello"})
    assert (made["user"]["login"], made["user"]["type"]) == ("switchyard[bot]", "Bot")
    assert made["performed_via_github_app"]["slug"] == "switchyard"
    rig.clock.time += 1
    changed = await rig.call("PATCH", f"{REPO}/issues/comments/{made['id']}", {"body": "bye"})
    assert (await changed.json())["body"] == "bye"
    assert await rig.after(0) == ["issue_comment.created", "issue_comment.edited"]
    assert rig.last("issue_comment.edited")["sender"]["type"] == "Bot"
    assert [body for _, body in rig.hub.comments_on(pull)[0].edits] == ["hello", "bye"]
    assert (await rig.call("DELETE", f"{REPO}/issues/comments/{made['id']}")).status == 204
    assert (await rig.refused("PATCH", f"{REPO}/issues/comments/{made['id']}", {"body": "x"}))[0] == 404


async def test_comments_come_in_pages(rig: Rig) -> None:
    pull = rig.pull()
    for number in range(5):
        rig.hub.comment(pull, "bob", f"number {number}")
    seen, address = [], f"{REPO}/issues/1/comments?per_page=2"
    while address:
        answer = await rig.call("GET", address)
        seen += [one["body"] for one in await answer.json()]
        address = str(answer.links["next"]["url"]) if "next" in answer.links else ""
    assert seen == [f"number {number}" for number in range(5)]


async def test_comment_limits(rig: Rig) -> None:
    pull = rig.pull()
    await rig.post(f"{REPO}/issues/1/comments", {"body": "é" * 65_536})
    status, message = await rig.refused("POST", f"{REPO}/issues/1/comments", {"body": "x" * 65_537})
    assert status == 422
    assert "Body is too long (maximum is 65536 characters)" in message
    rig.hub.lock(pull, "bob")
    assert (await rig.refused("POST", f"{REPO}/issues/1/comments", {"body": "x"}))[0] == 403


async def test_reactions(rig: Rig) -> None:
    comment = rig.hub.comment(rig.pull(), "bob", "/plan")
    path = f"{REPO}/issues/comments/{comment.id}/reactions"
    await rig.post(path, {"content": "eyes"}, status=201)
    await rig.post(path, {"content": "eyes"}, status=200)
    assert [one["content"] for one in await rig.get(path)] == ["eyes"]


async def test_check_run(rig: Rig) -> None:
    pull = rig.pull()
    await rig.after(0)
    body = {"name": "switchyard", "head_sha": pull.head_sha, "external_id": "7", "status": "in_progress"}
    made = await rig.post(f"{REPO}/check-runs", body)
    done = {"conclusion": "success", "output": {"title": "All", "summary": "well"}}
    assert (await rig.call("PATCH", f"{REPO}/check-runs/{made['id']}", done)).status == 200
    assert await rig.after(0) == ["check_run.created", "check_run.completed"]
    listed = await rig.get(f"{REPO}/commits/{pull.head_sha}/check-runs?check_name=switchyard")
    one = listed["check_runs"][0]
    assert (one["external_id"], one["status"], one["conclusion"]) == ("7", "completed", "success")
    too_long = {"output": {"title": "t", "summary": "x" * 65_536}}
    assert (await rig.refused("PATCH", f"{REPO}/check-runs/{made['id']}", too_long))[0] == 422


async def test_permissions(rig: Rig) -> None:
    rig.hub.set_permission(rig.repo, "bob", "maintain")
    rig.hub.user("eve")
    bob = await rig.get(f"{REPO}/collaborators/bob/permission")
    assert (bob["permission"], bob["role_name"]) == ("write", "maintain")
    assert (await rig.get(f"{REPO}/collaborators/eve/permission"))["permission"] == "read"
    assert (await rig.refused("GET", f"{REPO}/collaborators/nobody/permission"))[0] == 404


async def test_renamed_repository_keeps_its_id(rig: Rig) -> None:
    number = (await rig.get(REPO))["id"]
    rig.hub.rename(rig.repo, "platform", by="acme")
    assert await rig.after(0) == ["repository.renamed"]
    assert (await rig.get(f"/repositories/{number}"))["full_name"] == "acme/platform"
    assert (await rig.get(f"{REPO}/branches/main?x=1"))["name"] == "main"  # sent on
    assert (await rig.get(f"{REPO}/installation", app=True))["account"]["login"] == "acme"
    rig.hub.add_repo("acme/infra", private=True)
    assert (await rig.get(REPO))["id"] != number


async def test_a_repository_that_moved_to_another_account(rig: Rig) -> None:
    repo, number = rig.repo, rig.repo.id
    await rig.get(REPO)  # with a token of the account that it leaves
    repo.private = True
    rig.hub.transfer(repo, "other", by="acme")
    assert await rig.after(0) == ["installation_repositories.removed", "installation.created", "repository.transferred"]
    told = rig.last("repository.transferred")
    assert told["changes"]["owner"]["from"]["organization"]["login"] == "acme"
    assert (told["repository"]["id"], told["repository"]["full_name"]) == (number, "other/infra")
    removed = rig.last("installation_repositories.removed")
    assert [one["full_name"] for one in removed["repositories_removed"]] == ["acme/infra"]
    assert removed["installation"]["id"] != told["installation"]["id"]
    assert (await rig.refused("GET", REPO))[0] == 404
    assert (await rig.get("/repos/other/infra/installation", app=True))["id"] == told["installation"]["id"]
    rig.hub.transfer(repo, "strangers", by="other", installed=False)
    assert await rig.after(0) == ["installation_repositories.removed"]
    assert (await rig.refused("GET", "/repos/strangers/infra/installation", app=True))[0] == 404
