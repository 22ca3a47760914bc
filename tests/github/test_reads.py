"""What is read, over a real socket."""

from __future__ import annotations

import base64
from urllib.parse import urlencode

import gidgethub
import pytest
from aiohttp import web

from bot.domain.commands.words import Role
from bot.domain.facts import Gate, Rejection
from bot.domain.model import Repo
from bot.domain.pro import ProProblem
from bot.github import reads

HOME = "/repos/acme/infra"
FILE = f"{HOME}/contents/.github/workflows/plan.yaml"
DISPATCHABLE = b"on: workflow_dispatch\n"


def pull(number, **more):
    return {
        "number": number,
        "state": "open",
        "title": f"Change {number}",
        "user": {"login": "ada"},
        "head": {"ref": f"b{number}", "sha": "a" * 40, "repo": {"id": 1}},
        "base": {"ref": "main", "sha": "b" * 40, "repo": {"id": 1}},
        "updated_at": f"2026-11-20T08:{number:02}:00Z",
        **more,
    }


def run(number, **more):
    return {"id": number, "path": ".github/workflows/plan.yaml", "status": "queued", "run_attempt": 1, **more}


def pages(wire, path, *answers):
    """Spread a list over pages that link to each other."""

    def answer(asked):
        at = int(asked.query.get("page", "1"))
        query = urlencode({**asked.query, "page": str(at + 1)})
        link = {"Link": f'<{wire.url}{path}?{query}>; rel="next"'} if at < len(answers) else {}
        return web.json_response(answers[at - 1], headers=link)

    wire.on("GET", path, answer)


@pytest.fixture
def gh(github):
    return github.installation(100)


async def test_a_pull_request(wire, gh, repo):
    wire.on("GET", f"{HOME}/pulls/42", web.json_response(pull(42)))
    assert (await reads.pull(gh, repo, 42)).title == "Change 42"


async def test_the_pull_requests_of_a_commit(wire, gh, repo):
    pages(wire, f"{HOME}/commits/abc/pulls", [pull(1)], [pull(2, state="closed")])
    assert await reads.pulls_of_commit(gh, repo, "abc") == [1, 2]


async def test_a_commit_that_github_does_not_know_has_none(wire, gh, repo):
    unknown = web.json_response({"message": "No commit found for SHA: abc"}, status=422)
    wire.on("GET", f"{HOME}/commits/abc/pulls", unknown)
    assert await reads.pulls_of_commit(gh, repo, "abc") == []
    with pytest.raises(gidgethub.BadRequest):
        await reads.pulls_of_commit(gh, repo, "def")


async def test_all_open_pull_requests(wire, gh, repo):
    pages(wire, f"{HOME}/pulls", [pull(3), pull(2)], [pull(2), pull(1)])
    assert [facts.number for facts in await reads.open_pulls(gh, repo)] == [3, 2, 1]
    assert wire.asked[-1].query["state"] == "open"


async def test_pull_requests_that_changed_since(wire, gh, repo):
    pages(wire, f"{HOME}/pulls", [pull(9), pull(7)], [pull(7), pull(5), pull(3)], [pull(1)])
    since = (await reads.pulls_updated_since(gh, repo, 0))[-2].updated_at  # that of number 3
    assert [facts.number for facts in await reads.pulls_updated_since(gh, repo, since)] == [9, 7, 5, 3]
    asked = wire.asked[-1].query
    assert (asked["state"], asked["sort"], asked["direction"]) == ("all", "updated", "desc")


async def test_a_run(wire, gh, repo):
    wire.on("GET", f"{HOME}/actions/runs/5", web.json_response(run(5, status="waiting")))
    assert (await reads.run(gh, repo, 5)).status == "waiting"


@pytest.mark.parametrize(
    ("second", "started"),
    [
        ({"status": "in_progress"}, True),
        ({"status": "completed", "conclusion": "failure"}, True),
        ({"status": "completed", "conclusion": "skipped"}, False),
        ({"status": "completed", "conclusion": "cancelled", "runner_name": "GitHub Actions 1"}, True),
        ({"status": "completed", "conclusion": "cancelled", "runner_name": None}, False),
        ({"status": "waiting", "conclusion": None}, False),
        ({"status": "queued"}, False),
    ],
)
async def test_whether_a_job_has_started(wire, gh, repo, second, started):
    skipped = {"status": "completed", "conclusion": "skipped"}
    pages(wire, f"{HOME}/actions/runs/5/jobs", {"jobs": [skipped, {"status": "waiting"}]}, {"jobs": [second]})
    assert await reads.jobs_started(gh, repo, 5) is started
    assert "filter" not in wire.asked[-1].query  # GitHub lists the latest attempt's


async def test_the_last_of_several_refusals(wire, gh, repo):
    def review(state, login, comment, *environments):
        named = [{"name": name} for name in environments]
        return {"state": state, "user": login and {"login": login}, "comment": comment, "environments": named}

    told = [
        review("rejected", "ada", "no", "prod"),
        review("rejected", None, "", "prod", "dev"),
        review("approved", "bob", "yes", "prod"),
    ]
    wire.on("GET", f"{HOME}/actions/runs/5/approvals", web.json_response(told))
    assert await reads.rejection(gh, repo, 5) == Rejection("ghost", "", ("dev", "prod"))


async def test_several_environments_share_their_reviewers(wire, gh, repo):
    def waits(name, *logins):
        people = [{"type": "User", "reviewer": {"login": login}} for login in logins]
        return {"environment": {"name": name}, "reviewers": people}

    told = [waits("prod", "bob", "ada"), waits("dev", "ada", "eve")]
    wire.on("GET", f"{HOME}/actions/runs/5/pending_deployments", web.json_response(told))
    assert await reads.pending(gh, repo, 5) == Gate(("dev", "prod"), ("bob", "ada", "eve"))
    assert (await reads.pending(gh, repo, 5)).environments == ("dev", "prod")


async def test_only_a_404_says_that_commits_cannot_be_compared(wire, gh, repo):
    wire.on("GET", f"{HOME}/compare/a...b", web.json_response({"message": "No"}, status=403))
    with pytest.raises(gidgethub.BadRequest):
        await reads.compare(gh, repo, "a", "b")
    assert await reads.compare(gh, repo, "a", "c") is None


async def test_one_page_of_the_runs_of_a_file(wire, gh, repo):
    path = f"{HOME}/actions/workflows/plan.yaml/runs"
    pages(wire, path, {"total_count": 3, "workflow_runs": [run(9), run(8)]}, {"workflow_runs": [run(7)]})
    assert [facts.run_id for facts in await reads.runs_of_file(gh, repo, "plan.yaml", per_page=2)] == [9, 8]


async def test_all_runs_of_a_file_since_a_moment(wire, gh, repo):
    path = f"{HOME}/actions/workflows/plan.yaml/runs"
    pages(wire, path, {"workflow_runs": [run(9), run(8)]}, {"workflow_runs": [run(7)]})
    found = await reads.runs_of_file(gh, repo, "plan.yaml", created_after=1_790_000_000.9)
    assert [facts.run_id for facts in found] == [9, 8, 7]
    assert wire.asked[-1].query["created"] == ">=2026-09-21T14:13:20Z"


def stored(content, size=None):
    return {
        "type": "file",
        "encoding": "base64",
        "size": len(content) if size is None else size,
        "content": base64.encodebytes(content).decode(),
    }


async def test_a_workflow_file_at_a_ref(wire, gh, repo):
    there = {"feature/x+1": DISPATCHABLE, "main": b"on: push"}
    wire.on("GET", FILE, lambda asked: web.json_response(stored(there[asked.query["ref"]])))
    found = await reads.workflow_file(gh, repo, "plan.yaml", "feature/x+1")
    assert (found.dispatchable, found.on_default_branch) == (True, True)


async def test_a_workflow_file_that_only_the_branch_has(wire, gh, repo):
    def answer(asked):
        if asked.query["ref"] == "net":
            return web.json_response(stored(DISPATCHABLE))
        return web.json_response({"message": "Not Found"}, status=404)

    wire.on("GET", FILE, answer)
    assert not (await reads.workflow_file(gh, repo, "plan.yaml", "net")).on_default_branch
    assert (await reads.workflow_file(gh, repo, "plan.yaml", "net", on_default_branch=True)).on_default_branch
    assert await reads.workflow_file(gh, repo, "plan.yaml", "main") is None


async def test_what_is_no_file_is_not_there(wire, gh, repo):
    wire.on("GET", FILE, web.json_response([{"type": "file"}]), web.json_response({"type": "submodule"}))
    assert await reads.workflow_file(gh, repo, "plan.yaml", "main") is None
    assert await reads.workflow_file(gh, repo, "plan.yaml", "main") is None


async def test_a_workflow_file_that_is_too_large_or_broken_is_told(wire, gh, repo):
    wire.on("GET", FILE, web.json_response(stored(b"", size=2_000_000)), web.json_response(stored(b"on: [")))
    with pytest.raises(ProProblem, match="larger than 256 kB"):
        await reads.workflow_file(gh, repo, "plan.yaml", "main")
    with pytest.raises(ProProblem, match="not YAML"):
        await reads.workflow_file(gh, repo, "plan.yaml", "main")


async def test_a_name_stays_one_part_of_the_path(wire, gh, repo):
    assert await reads.workflow_file(gh, repo, "../../x?y", "main") is None
    assert wire.asked[-1].path == f"{HOME}/contents/.github/workflows/..%2F..%2Fx%3Fy"


INFRA = {"id": 1, "name": "infra", "owner": {"login": "acme"}, "default_branch": "main"}


async def test_a_repository_by_its_id(wire, gh):
    wire.on("GET", "/repositories/1", web.json_response(INFRA))
    assert await reads.repository(gh, 1) == Repo(1, "acme", "infra", 100, "main")


async def test_a_repository_by_its_name_finds_its_installation(wire, github):
    wire.on("GET", "/repos/Acme/Infra/installation", web.json_response({"id": 321}))
    wire.on("GET", "/repos/Acme/Infra", web.json_response(INFRA))
    assert await reads.repository_by_name(github, "Acme", "Infra") == Repo(1, "acme", "infra", 321, "main")


async def test_a_repository_without_the_app_is_an_error(github):
    with pytest.raises(gidgethub.BadRequest, match="Not Found"):
        await reads.repository_by_name(github, "acme", "other")


def attempt(number, guid, status_code):
    return {
        "id": number,
        "guid": guid,
        "status_code": status_code,
        "delivered_at": f"2026-11-20T08:{number:02}:00Z",
        "event": "workflow_run",
        "action": "completed",
        "repository_id": 1,
        "installation_id": 100,
    }


async def test_deliveries_back_to_a_known_one_or_a_moment(wire, github):
    listed = [attempt(9, "c", 202), attempt(8, "b", 502)], [attempt(7, "a", 0), attempt(6, "z", 202)]
    pages(wire, "/app/hook/deliveries", *listed)
    found = await reads.deliveries(github, since=0)
    assert [known.id for known in found] == [9, 8, 7, 6]
    assert [known.id for known in await reads.deliveries(github, since=0, after_id=7)] == [9, 8]
    assert [known.id for known in await reads.deliveries(github, since=found[2].delivered_at)] == [9, 8, 7]


async def test_what_never_arrived(wire, github):
    listed = [attempt(9, "a", 202), attempt(8, "b", 502), attempt(7, "b", 0), attempt(6, "a", 502), attempt(5, "c", 0)]
    pages(wire, "/app/hook/deliveries", listed)
    missing = reads.never_arrived(await reads.deliveries(github, since=0))
    assert [(known.id, known.guid) for known in missing] == [(8, "b"), (5, "c")]


async def test_the_role_of_somebody_is_asked_for_by_login(wire, gh, repo):
    wire.on("GET", f"{HOME}/collaborators/ada/permission", web.json_response({"permission": "write"}))
    assert await reads.role(gh, repo, "ada") is Role.WRITE


async def test_who_has_nothing_to_do_with_a_repository_has_no_role(wire, gh, repo):
    gone = {"message": "Not Found", "documentation_url": "https://docs.github.com/rest", "status": "404"}
    wire.on("GET", f"{HOME}/collaborators/eve/permission", web.json_response(gone, status=404))
    assert await reads.role(gh, repo, "eve") is Role.NONE


@pytest.mark.parametrize("status", [401, 403, 500, 503])
async def test_where_a_role_cannot_be_read_nobody_is_taken_for_anybody(wire, gh, repo, status):
    wire.on("GET", f"{HOME}/collaborators/ada/permission", web.json_response({"message": "No."}, status=status))
    with pytest.raises(gidgethub.HTTPException):
        await reads.role(gh, repo, "ada")


async def test_a_login_is_no_path(wire, gh, repo):
    wire.on("GET", f"{HOME}/collaborators/ada%2F..%2Fboss/permission", web.json_response({"permission": "read"}))
    assert await reads.role(gh, repo, "ada/../boss") is Role.READ
