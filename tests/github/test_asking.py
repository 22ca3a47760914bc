"""What is asked for the sake of safety, of the small GitHub on a real socket."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import aiohttp
import gidgethub
import pytest
from cryptography.hazmat.primitives import serialization

from bot.domain.facts import Compared, Gate, MergeGroupFacts, Rejection, ReleaseFacts
from bot.domain.model import Repo
from bot.github import commit_shapes, ensure, reads
from bot.github.client import GitHub, Installation
from bot.github.ensure import CheckRun
from bot.github.shapes import Check
from bot.sandbox import Run, Sandbox, example
from tests.github.conftest import NOON


class Clock:
    """Time that only moves when it is told to."""

    at = NOON

    def __call__(self) -> float:
        return self.at


@dataclass
class Stage:
    """The small GitHub with the example repository, and our way to it."""

    sandbox: Sandbox
    gh: Installation
    repo: Repo
    clock: Clock

    @property
    def hub(self):
        return self.sandbox.hub

    @property
    def infra(self):
        return self.hub.repo("acme/infra")

    async def after(self, seconds: float) -> None:
        self.clock.at += seconds
        await self.sandbox.pump()

    def push(self, branch: str, path: str, **more: bool) -> str:
        return self.hub.push(self.infra, branch, {path: branch}, message="Change", author="ada", **more)

    def dispatch(self, environment: str = "prod") -> Run:
        inputs = {"component": "vpc", "stack": "plat-ue2-prod", "github_environment": environment}
        return self.hub.dispatch(self.infra, example.APPLY, "main", inputs, self.hub.bot)


@pytest.fixture
async def stage(session: aiohttp.ClientSession, pem: str) -> AsyncIterator[Stage]:
    public = serialization.load_pem_private_key(pem.encode(), password=None).public_key()
    key = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
    clock = Clock()
    sandbox = Sandbox(now=clock, app_id=7, app_public_key=key, webhook_secret="it is a secret")
    infra = sandbox.hub.add_repo("acme/infra", files=example.files())
    number = sandbox.hub.installation_of(infra).id
    repo = Repo(id=infra.id, owner="acme", name="infra", installation=number, default_branch="main")
    url = await sandbox.start()
    github = GitHub(session, app_id=7, private_key=pem, api_url=url, now=clock, timeout=5)
    yield Stage(sandbox, github.installation(number), repo, clock)
    await sandbox.stop()


async def test_commits_are_compared(stage: Stage) -> None:
    first = stage.infra.tip.sha
    topic = stage.push("feature/x", "a")
    topic_again = stage.push("feature/x", "b")
    assert await reads.compare(stage.gh, stage.repo, first, topic_again) == Compared("ahead", 2, 0, first)
    assert await reads.compare(stage.gh, stage.repo, topic, "main") == Compared("behind", 0, 1, first)
    assert await reads.compare(stage.gh, stage.repo, "main", first) == Compared("identical", 0, 0, first)
    stage.push("main", "c")
    assert await reads.compare(stage.gh, stage.repo, "main", "feature/x") == Compared("diverged", 2, 1, first)
    assert await reads.compare(stage.gh, stage.repo, "main", "0" * 40) is None
    assert await reads.compare(stage.gh, stage.repo, "gone", "main") is None


@pytest.mark.parametrize("method", ["squash", "merge", "rebase"])
async def test_the_parents_of_a_merge(stage: Stage, method: str) -> None:
    tip = stage.push("main", "base")
    stage.push("feature", "a")
    stage.push("feature", "b")
    pull = stage.hub.open_pull(stage.infra, head="feature", title="Change", author="ada")
    moved = stage.push("main", "other")
    merged = stage.hub.merge(pull, by="bob", method=method)
    parents = await reads.commit_parents(stage.gh, stage.repo, merged)
    if method == "rebase":  # two commits, the first of which stands on the base
        assert parents != (moved,)
        assert await reads.commit_parents(stage.gh, stage.repo, *parents) == (moved,)
    else:
        assert parents == ((moved, pull.head_sha) if method == "merge" else (moved,))
    assert await reads.commit_parents(stage.gh, stage.repo, moved) == (tip,)


async def test_the_first_commit_has_no_parents_and_an_unknown_one_is_an_error(stage: Stage) -> None:
    assert await reads.commit_parents(stage.gh, stage.repo, stage.infra.tip.sha) == ()
    with pytest.raises(gidgethub.HTTPException):
        await reads.commit_parents(stage.gh, stage.repo, "0" * 40)


async def test_the_commit_of_a_branch_and_of_a_tag(stage: Stage) -> None:
    sha = stage.push("feature/x", "a")
    stage.hub.tag(stage.infra, "v1.0/rc", sha)
    stage.push("feature/x", "b")
    assert await reads.commit_of(stage.gh, stage.repo, "feature/x") == stage.infra.branches["feature/x"]
    assert await reads.commit_of(stage.gh, stage.repo, "v1.0/rc") == sha


async def test_environments_on_many_pages(stage: Stage) -> None:
    assert await reads.environments(stage.gh, stage.repo) == frozenset()
    for number in range(101):
        stage.hub.add_environment(stage.infra, f"Env-{number}")
    assert await reads.environments(stage.gh, stage.repo) == {f"env-{number}" for number in range(101)}


async def test_what_a_run_waits_for_and_who_refused(stage: Stage) -> None:
    stage.hub.add_team("acme/ops", ["eve"])
    stage.hub.add_environment(stage.infra, "prod", reviewers=["bob", "acme/ops"])
    run = stage.dispatch()
    await stage.after(0)
    assert await reads.pending(stage.gh, stage.repo, run.id) == Gate((), ())
    await stage.after(2)
    assert await reads.pending(stage.gh, stage.repo, run.id) == Gate(("prod",), ("bob", "team ops"))
    assert await reads.rejection(stage.gh, stage.repo, run.id) is None
    assert not await reads.jobs_started(stage.gh, stage.repo, run.id)
    stage.hub.approve(run.id, "prod", "eve", "fine")
    assert await reads.rejection(stage.gh, stage.repo, run.id) is None
    await stage.after(2)
    assert await reads.jobs_started(stage.gh, stage.repo, run.id)
    other = stage.dispatch()
    await stage.after(2)
    stage.hub.reject(other.id, "prod", "bob", "not on a Friday")
    told = Rejection("bob", "not on a Friday", ("prod",))
    assert await reads.rejection(stage.gh, stage.repo, other.id) == told


async def test_the_webhooks_of_queue_and_release_are_read_as_they_are_sent(stage: Stage) -> None:
    stage.sandbox.webhook_url = f"{stage.hub.base_url}/nowhere"  # what was sent is in the log of deliveries
    stage.push("feature", "a")
    pull = stage.hub.open_pull(stage.infra, head="feature", title="Change", author="ada")
    group = stage.hub.enqueue(pull, by="bob")
    stage.hub.dequeue(pull, by="bob")
    stage.hub.publish_release(stage.infra, "v1", by="bob", prerelease=True)
    await stage.after(0)
    bodies = [(one.event, json.loads(one.body)) for one in stage.sandbox.hooks.log]
    queued, destroyed = [commit_shapes.merge_group(body) for event, body in bodies if event == "merge_group"]
    told = MergeGroupFacts(1, group.head_sha, group.branch, group.base_sha, "main", "checks_requested", "")
    assert queued == told
    assert destroyed == replace(told, action="destroyed", reason="dequeued")
    released = [commit_shapes.release(body) for event, body in bodies if event == "release"]
    assert released[0] == ReleaseFacts("published", "v1", "main", draft=False, prerelease=True)


async def test_our_check_run_is_found_created_and_changed(stage: Stage) -> None:
    sha = stage.infra.tip.sha
    begun = CheckRun("switchyard", "group-1", "Plan", "2 of 3", "in_progress", details_url="https://switchyard.example")
    assert await ensure.find_check(stage.gh, stage.repo, sha, "switchyard", "group-1", 7) is None
    number = await ensure.create_check(stage.gh, stage.repo, sha, begun)
    other = await ensure.create_check(stage.gh, stage.repo, sha, replace(begun, external_id="group-2"))
    shown = stage.infra.checks[number]
    assert (shown.output["title"], shown.details_url) == ("Plan", "https://switchyard.example")
    found = await ensure.find_check(stage.gh, stage.repo, sha, "switchyard", "group-1", 7)
    assert found == Check(number, "in_progress", "")
    done = replace(begun, summary="x" * 70_000, status="completed", conclusion="success")
    assert await ensure.update_check(stage.gh, stage.repo, number, done)
    found = await ensure.find_check(stage.gh, stage.repo, sha, "switchyard", "group-1", 7)
    assert found == Check(number, "completed", "success")
    assert len(shown.output["summary"]) == 65_535
    assert stage.infra.checks[other].status == "in_progress"
    assert await ensure.find_check(stage.gh, stage.repo, sha, "switchyard", "group-1", 8) is None
    del stage.infra.checks[number]
    assert not await ensure.update_check(stage.gh, stage.repo, number, done)
