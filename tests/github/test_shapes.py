"""GitHub's objects, as they come and as they should not."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.domain.commands.words import Role
from bot.domain.facts import MergeGroupFacts, PullFacts, ReleaseFacts, RunFacts
from bot.domain.model import Repo
from bot.github import commit_shapes, shapes


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


PULL = {
    "url": "https://api.github.com/repos/acme/infra/pulls/42",
    "id": 279147437,
    "number": 42,
    "state": "open",
    "locked": False,
    "title": "Enlarge the network",
    "user": {"login": "ada", "id": 5, "type": "User"},
    "body": None,
    "created_at": "2026-11-20T08:00:00Z",
    "updated_at": "2026-11-20T08:30:00Z",
    "closed_at": None,
    "merged_at": None,
    "merge_commit_sha": "e" * 40,
    "draft": False,
    "head": {"label": "acme:net", "ref": "net", "sha": "a" * 40, "repo": {"id": 1, "name": "infra", "fork": False}},
    "base": {"label": "acme:main", "ref": "main", "sha": "b" * 40, "repo": {"id": 1, "name": "infra", "fork": False}},
    "merged": False,
    "mergeable": None,
}
RUN = {
    "id": 30433642,
    "name": "Plan",
    "head_branch": "net",
    "head_sha": "a" * 40,
    "path": ".github/workflows/atmos-plan.yaml@refs/heads/net",
    "display_title": "dev/vpc d-1",
    "run_number": 562,
    "run_attempt": 2,
    "event": "workflow_dispatch",
    "status": "completed",
    "conclusion": "failure",
    "workflow_id": 159038,
    "html_url": "https://github.com/acme/infra/actions/runs/30433642",
    "pull_requests": [],
    "created_at": "2026-11-20T08:00:00Z",
    "updated_at": "2026-11-20T08:30:00Z",
    "run_started_at": "2026-11-20T08:20:00Z",
}


def test_an_open_pull_request():
    assert shapes.pull_facts(PULL) == PullFacts(
        number=42,
        title="Enlarge the network",
        author="ada",
        head_ref="net",
        head_sha="a" * 40,
        base_ref="main",
        base_sha="b" * 40,
        fork=False,
        draft=False,
        open=True,
        merged=False,
        merge_sha="",
        merged_at=0.0,
        updated_at=at("2026-11-20T08:30:00"),
    )


def test_a_merged_pull_request_as_lists_tell_it():
    told = {name: value for name, value in PULL.items() if name != "merged"}
    facts = shapes.pull_facts(told | {"state": "closed", "merged_at": "2026-11-20T09:00:00Z"})
    assert (facts.open, facts.merged, facts.merge_sha) == (False, True, "e" * 40)
    assert facts.merged_at == at("2026-11-20T09:00:00")


def test_a_test_commit_is_no_merge():
    facts = shapes.pull_facts(PULL | {"state": "closed", "closed_at": "2026-11-20T09:00:00Z"})
    assert (facts.open, facts.merged, facts.merge_sha) == (False, False, "")


@pytest.mark.parametrize(
    ("head_repo", "fork"),
    [
        ({"id": 1, "fork": False}, False),
        ({"id": 1, "fork": True}, False),
        ({"id": 9, "fork": True}, True),
        (None, True),
    ],
)
def test_a_fork_is_a_head_in_another_repository_or_in_none(head_repo, fork):
    assert shapes.pull_facts(PULL | {"head": PULL["head"] | {"repo": head_repo}}).fork is fork


def test_an_author_who_left():
    assert shapes.pull_facts(PULL | {"user": None}).author == "ghost"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"number": "42"}, "GitHub's `number` is not a whole number."),
        ({"number": True}, "GitHub's `number` is not a whole number."),
        ({"title": 5}, "GitHub's `title` is not a text."),
        ({"draft": "no"}, "GitHub's `draft` is neither true nor false."),
        ({"head": []}, "GitHub's `head` is not an object."),
        ({"updated_at": "yesterday"}, "GitHub's `updated_at` is not a time."),
        ({"head": None}, "GitHub sent a pull request without its number, the commit of its head, or its base branch."),
    ],
)
def test_a_pull_request_that_cannot_be_one(change, sentence):
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - compared below
        shapes.pull_facts(PULL | change)
    assert str(caught.value) == sentence


@pytest.mark.parametrize("odd", [None, [], "text", 5])
def test_what_is_no_object_at_all(odd):
    for read in (shapes.pull_facts, shapes.run_facts, shapes.delivery, shapes.comment):
        with pytest.raises(ValueError, match="something else"):
            read(odd)


def test_a_run():
    assert shapes.run_facts(RUN) == RunFacts(
        run_id=30433642,
        workflow="atmos-plan.yaml",
        event="workflow_dispatch",
        status="completed",
        conclusion="failure",
        attempt=2,
        head_sha="a" * 40,
        head_branch="net",
        title="dev/vpc d-1",
        url="https://github.com/acme/infra/actions/runs/30433642",
        updated_at=at("2026-11-20T08:30:00"),
        started_at=at("2026-11-20T08:20:00"),
        created_at=at("2026-11-20T08:00:00"),
    )


def test_a_run_as_old_servers_tell_it():
    facts = shapes.run_facts({"id": 5, "status": "queued", "conclusion": None, "created_at": "2026-11-20T08:00:00Z"})
    assert (facts.attempt, facts.conclusion, facts.workflow, facts.title) == (1, "", "", "")
    assert facts.started_at == at("2026-11-20T08:00:00")


def test_a_run_without_an_id():
    with pytest.raises(ValueError, match="without its id"):
        shapes.run_facts({"status": "queued"})


def test_a_repository():
    told = {"id": 1, "name": "infra", "owner": {"login": "acme"}, "default_branch": "main", "private": True}
    assert shapes.repo(told, 100) == Repo(1, "acme", "infra", 100, "main")
    with pytest.raises(ValueError, match="its owner"):
        shapes.repo({"id": 1, "name": "infra"}, 100)


GROUP = {
    "action": "checks_requested",
    "merge_group": {
        "head_sha": "a" * 40,
        "head_ref": f"refs/heads/gh-readonly-queue/main/pr-104-{'b' * 40}",
        "base_sha": "b" * 40,
        "base_ref": "refs/heads/main",
        "head_commit": {"id": "a" * 40},
    },
}


def test_a_merge_group():
    assert commit_shapes.merge_group(GROUP) == MergeGroupFacts(
        number=104,
        head_sha="a" * 40,
        head_ref=f"gh-readonly-queue/main/pr-104-{'b' * 40}",
        base_sha="b" * 40,
        base_ref="main",
        action="checks_requested",
        reason="",
    )
    assert commit_shapes.merge_group(GROUP | {"action": "destroyed", "reason": "dequeued"}).reason == "dequeued"


@pytest.mark.parametrize(
    ("branch", "number"),
    [
        (f"gh-readonly-queue/release/2026/pr-7-{'b' * 40}", 7),
        (f"gh-readonly-queue/main/pr-1-{'c' * 40}/pr-8-{'b' * 64}", 8),
        (f"gh-readonly-queue/main/pr-{'9' * 30}-{'b' * 40}", 0),
        ("gh-readonly-queue/main/pr-7", 0),
        (f"other/main/pr-7-{'b' * 40}", 0),
    ],
)
def test_the_pull_request_of_a_merge_group_is_read_from_its_branch(branch, number):
    group = GROUP["merge_group"] | {"head_ref": f"refs/heads/{branch}"}
    found = commit_shapes.merge_group(GROUP | {"merge_group": group})
    assert (found.number, found.head_ref) == (number, branch)


@pytest.mark.parametrize("missing", ["head_sha", "head_ref", "base_ref"])
def test_a_merge_group_that_cannot_be_one(missing):
    with pytest.raises(ValueError, match="a merge group without"):
        commit_shapes.merge_group(GROUP | {"merge_group": GROUP["merge_group"] | {missing: None}})


def test_a_release():
    told = {"tag_name": "v1.2", "target_commitish": "main", "draft": False, "prerelease": True, "name": None}
    facts = commit_shapes.release({"action": "published", "release": told})
    assert facts == ReleaseFacts("published", "v1.2", "main", draft=False, prerelease=True)
    with pytest.raises(ValueError, match="without its tag"):
        commit_shapes.release({"action": "published", "release": {}})


def test_reviewers_are_people_and_teams():
    told = [
        {"type": "User", "reviewer": {"login": "alice"}},
        {"type": "Team", "reviewer": {"name": "The Ops", "slug": "ops"}},
        {"type": "Team", "reviewer": {"name": "Leads"}},
        {"type": "User", "reviewer": None},
    ]
    assert shapes.reviewers({"reviewers": told}) == ("alice", "team ops", "team Leads")
    with pytest.raises(ValueError, match="`reviewers` is not a list"):
        shapes.reviewers({"reviewers": {}})


def test_a_comparison_that_says_nothing():
    with pytest.raises(ValueError, match="how they stand"):
        shapes.compared({"ahead_by": 1})


def test_a_time_with_an_offset():
    assert shapes.moment({"at": "2026-11-20T10:00:00+02:00"}, "at") == at("2026-11-20T08:00:00")


def permission(permission, role_name, **user):
    """Make GitHub's answer about somebody's role in a repository; it has the user's flags in two places."""
    flags = {"pull": True, "triage": False, "push": False, "maintain": False, "admin": False}
    return {
        "permission": permission,
        "user": {"login": "ada", "id": 5, "type": "User", "permissions": flags, "role_name": role_name, **user},
        "role_name": role_name,
    }


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (permission("admin", "admin"), Role.MAINTAIN),
        (permission("write", "maintain"), Role.MAINTAIN),
        (permission("write", "write"), Role.WRITE),
        (permission("read", "triage"), Role.READ),
        (permission("read", "read"), Role.READ),
        (permission("none", ""), Role.NONE),
        # Roles that an organization made count as what they are based on.
        (permission("write", "release manager"), Role.WRITE),
        (permission("admin", "release manager"), Role.MAINTAIN),
        (permission("read", "auditor"), Role.READ),
        # No role that is new to us, or only named like one, gives more than GitHub says.
        (permission("read", "admin"), Role.READ),
        (permission("read", "maintain"), Role.READ),
        (permission("Admin", "Admin"), Role.NONE),
        (permission("security_manager", "security_manager"), Role.NONE),
        ({"permission": "write"}, Role.WRITE),
        ({"permission": None, "role_name": None}, Role.NONE),
        ({}, Role.NONE),
    ],
)
def test_what_a_person_may_do(told, expected):
    assert shapes.role(told) is expected


@pytest.mark.parametrize("told", [[], None, {"permission": 3}, {"permission": "write", "role_name": ["admin"]}])
def test_what_is_no_answer_about_a_role_is_an_error(told):
    with pytest.raises(ValueError, match="GitHub"):
        shapes.role(told)
