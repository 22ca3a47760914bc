"""What GitHub vouches for about a run decides what its upload means; a key's upload goes by commit and time."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.app import session_key
from bot.domain.claims import Claims
from bot.domain.facts import PullFacts
from bot.github import reads
from bot.sandbox import atmos, example
from bot.sandbox.scene import AFFECTED
from bot.sandbox.state import Pull
from bot.store import inbox, pulls
from bot.web.sessions import Sessions
from tests.rig import Rig, open_rig
from tests.stories.helping import requests
from tests.stories.small import activities, model
from tests.stories.test_joins import silence

ONE = model({"a": []})
CHAIN = model({"a": [], "b": ["a"]})
BY = pytest.mark.parametrize("by", ["claims", "key"])
#: Nothing that is missed is found by looking: a story that is about webhooks lasts no hour.
NO_SWEEP = 1_000_000.0

_run_ids = itertools.count(900_000)


def of_plan(pull: Pull, **changes: Any) -> Claims:
    """Make the claims of a run that works on a pull request's test merge."""
    usual = Claims(
        run_id=next(_run_ids),
        attempt=1,
        event="pull_request",
        ref=f"refs/pull/{pull.number}/merge",
        head_ref=pull.head,
        base_ref=pull.base,
        sha="7e" * 20,
        actor="dev",
        environment="",
        workflow="Affected stacks",
        workflow_file=AFFECTED,
    )
    return replace(usual, **changes)


def of_merge(pull: Pull, **changes: Any) -> Claims:
    """Make the claims of a run that a merge started."""
    return of_plan(pull, ref=f"refs/heads/{pull.base}", sha=pull.merge_commit_sha or "", **changes)


async def send(rig: Rig, claims: Claims | None, body: dict[str, Any]) -> str:
    """Upload with the session of a run, or (None) with the key; returns what became of it."""
    sessions = Sessions(session_key(rig.settings.private_key), rig.clock)
    token = sessions.issue(rig.repo.id, claims) if claims else rig.key
    async with aiohttp.ClientSession() as session:
        status, answer = await atmos.upload(session, rig.url, token, body)
    assert status == 200, answer
    return str(answer["data"]["part"])


def why(rig: Rig) -> str:
    """Read what became of the last upload."""
    row = rig.db.row("SELECT reason FROM inbox WHERE kind = 'upload' ORDER BY id DESC LIMIT 1")
    return str(row["reason"]) if row else ""


class Arrivals:
    """A pull request that is opened and merged, of which webhooks and uploads arrive when the story says so."""

    def __init__(self, rig: Rig, by: str) -> None:
        self.rig, self.by = rig, by
        for action in ("opened", "closed"):
            rig.faults.hooks(rf"^pull_request\.{action}$", "lose", 1)
        self.pull = rig.scene.open_pull(["a"])
        self.body = rig.scene.body(self.pull)
        self.planned_first = False

    async def bring(self, what: str) -> None:
        """Let one thing arrive; what comes of a merge comes after GitHub merged."""
        self.rig.clock.at += 1
        if what in ("merge webhook", "merged upload") and not self.pull.merged:
            self.rig.hub.merge(self.pull, by="lead", delete_branch=False)
            await self.rig.settle()
            self.rig.clock.at += 1
        if what.endswith("webhook"):
            action = "opened" if what == "opened webhook" else "closed"
            (lost,) = [one for one in self.rig.hub.hooks.log if (one.event, one.action) == ("pull_request", action)]
            assert lost.failed
            self.rig.hub.hooks.redeliver(lost)
        else:
            self.planned_first |= what == "plan upload" and not self.pull.merged
            claims = of_plan(self.pull) if what == "plan upload" else of_merge(self.pull)
            await send(self.rig, claims if self.by == "claims" else None, self.body)
        await self.rig.settle()


@BY
@pytest.mark.parametrize(
    "order", list(itertools.permutations(["opened webhook", "plan upload", "merge webhook", "merged upload"]))
)
async def test_in_every_order_of_arrival_a_merge_is_applied_once(
    tmp_path: Path, by: str, order: tuple[str, ...]
) -> None:
    async with open_rig(tmp_path, unplanned="allow", model=ONE, sweep_seconds=NO_SWEEP) as rig:
        silence(rig)
        await rig.settle()
        story = Arrivals(rig, by)
        await rig.settle()
        for place, what in enumerate(order):
            plans = rig.dispatched("plan")
            await story.bring(what)
            if story.pull.merged:
                assert rig.dispatched("plan") == plans, "a plan began after the merge"
            if by == "claims" and "merged upload" not in order[: place + 1]:
                assert rig.dispatched("apply") == []
        await rig.until_quiet()
        assert rig.dispatched("plan") == (["plan dev/a"] if story.planned_first else [])
        assert rig.dispatched("apply") == ["apply dev/a"]
        run = rig.run_of("apply dev/a")
        assert (run.inputs["sha"], run.ref) == (story.pull.merge_commit_sha, "refs/heads/main")
        assert (await rig.state(story.pull))[0]["activity"] == "pull_request.merged"


@BY
async def test_a_plan_upload_that_comes_after_the_merge(tmp_path: Path, by: str) -> None:
    """By claims it is nothing. A key says nothing of the run: what comes after the merge is taken for the merge's."""
    async with open_rig(tmp_path, unplanned="allow", model=ONE) as rig:
        silence(rig)
        pull = rig.scene.open_pull(["a"])
        await rig.until_quiet()
        body, claims = rig.scene.body(pull), of_plan(pull)
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        rig.clock.at += 1
        await send(rig, claims if by == "claims" else None, body)
        await rig.until_quiet()
        if by == "claims":
            assert rig.dispatched() == []
            assert (
                why(rig) == "#1 was merged, and its run on refs/pull/1/merge can only report for the plan before that"
            )
            await send(rig, of_merge(pull), body)
            await rig.until_quiet()
        assert rig.dispatched() == ["apply dev/a"]


async def test_a_late_plan_upload_adds_nothing_to_an_apply(tmp_path: Path) -> None:
    async with open_rig(tmp_path, unplanned="allow", model=ONE) as rig:
        silence(rig)
        pull = rig.scene.open_pull(["a"])
        rig.hub.merge(pull, by="lead")
        await send(rig, of_merge(pull), rig.scene.body(pull))
        await rig.until_quiet()
        rig.scene.model = CHAIN
        more = rig.scene.body(pull)
        await send(rig, of_plan(pull), more)
        await rig.until_quiet()
        assert rig.dispatched() == ["apply dev/a"]
        await send(rig, of_merge(pull), more)
        await rig.until_quiet()
        assert rig.dispatched() == ["apply dev/a", "apply dev/b"]


async def test_the_upload_of_a_merge_that_github_does_not_show_yet_waits_for_its_webhook(tmp_path: Path) -> None:
    async with open_rig(tmp_path, unplanned="allow", model=ONE, sweep_seconds=NO_SWEEP) as rig:
        silence(rig)
        await rig.settle()
        story = Arrivals(rig, "claims")
        rig.faults.add("GET", "/commits/", "status", times=2, status=422)
        await story.bring("merged upload")
        assert inbox.depth(rig.db)["parked"] >= 1
        assert why(rig) == f"no pull request is known to be merged as {str(story.pull.merge_commit_sha)[:7]}"
        assert rig.dispatched() == []
        await story.bring("merge webhook")
        await rig.until_quiet()
        assert rig.dispatched() == ["apply dev/a"]


async def test_a_reader_of_github_that_lags_behind_makes_no_plan_of_a_merge(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_rig(tmp_path, unplanned="allow", model=ONE, sweep_seconds=NO_SWEEP) as rig:
        silence(rig)
        await rig.settle()
        story = Arrivals(rig, "claims")
        await rig.settle()
        await story.bring("opened webhook")
        pictures: list[PullFacts] = []

        async def lagging(*args: Any) -> PullFacts:
            pictures.append(await read(*args))
            shown = pictures[-1]
            # Found by its head and by its merge it is merged, and read in its lane it is not.
            return replace(shown, open=True, merged=False, merge_sha="", merged_at=0.0) if len(pictures) == 3 else shown

        read = reads.pull
        monkeypatch.setattr(reads, "pull", lagging)
        await story.bring("merged upload")
        assert rig.dispatched() == []
        assert why(rig).startswith("no pull request is known to be merged as ")
        await story.bring("merge webhook")
        await rig.until_quiet()
        assert rig.dispatched() == ["apply dev/a"]


async def test_a_merge_that_was_told_is_applied_though_github_s_reader_does_not_show_it_yet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_rig(tmp_path, unplanned="allow", model=ONE, sweep_seconds=NO_SWEEP) as rig:
        silence(rig)
        pull = rig.scene.open_pull(["a"])
        await rig.until_quiet()
        body = rig.scene.body(pull)
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        read = reads.pull

        async def lagging(*args: Any) -> PullFacts:
            return replace(await read(*args), open=True, merged=False, merge_sha="", merged_at=0.0, updated_at=1.0)

        monkeypatch.setattr(reads, "pull", lagging)
        await send(rig, of_merge(pull), body)
        await rig.settle()
        assert why(rig).startswith("pull_request.merged at ")
        assert rig.dispatched() == ["apply dev/a"]


async def test_a_key_s_upload_is_not_kept_for_a_merge_that_is_never_applied(tmp_path: Path) -> None:
    async with open_rig(tmp_path, unplanned="allow", model=ONE) as rig:
        silence(rig)
        rig.hub.push(rig.repo, "release", {"NOTES.md": "1\n"}, message="Start a release", author="lead")
        applied = rig.scene.open_pull(["a"])
        never = rig.hub.open_pull(rig.repo, head="feature", base="release", title="To the release", author="dev")
        await rig.until_quiet()
        body = rig.scene.body(applied) | {"base_sha": "ab" * 20}  # of neither base
        for pull in (applied, never):
            rig.hub.merge(pull, by="lead", delete_branch=False)
        await rig.until_quiet()
        rig.clock.at += 1
        await send(rig, None, body)
        await rig.until_quiet()
        assert rig.dispatched() == ["apply dev/a"]


async def test_a_merge_whose_commit_github_names_otherwise_is_known_by_its_head(tmp_path: Path) -> None:
    async with open_rig(tmp_path, unplanned="allow", model=ONE) as rig:
        silence(rig)
        pull = rig.scene.open_pull(["a"])
        await rig.until_quiet()
        body = rig.scene.body(pull)
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        await send(rig, replace(of_merge(pull), sha=rig.scene.push("main", note="the next merge")), body)
        await rig.until_quiet()
        assert rig.dispatched() == ["apply dev/a"]
        assert rig.run_of("apply dev/a").inputs["sha"] == pull.merge_commit_sha


async def test_of_two_merges_at_once_a_run_that_names_the_other_ones_commit_still_reports_its_own(
    tmp_path: Path,
) -> None:
    """The commit of a run is the base's newest when it starts, and a second merge may have come by then."""
    async with open_rig(tmp_path, unplanned="allow", model=model({"a": [], "c": []})) as rig:
        silence(rig)
        first, second = rig.scene.open_pull(["a"]), rig.scene.open_pull(["c"], branch="other")
        bodies = [rig.scene.body(first), rig.scene.body(second)]
        await rig.until_quiet()
        for pull in (first, second):
            rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        for pull, body in zip((first, second), bodies, strict=True):
            await send(rig, replace(of_merge(pull), sha=second.merge_commit_sha or ""), body)
            await rig.until_quiet()
        assert sorted(rig.dispatched()) == ["apply dev/a", "apply dev/c"]
        assert rig.run_of("apply dev/a").inputs["sha"] == first.merge_commit_sha
        assert rig.run_of("apply dev/c").inputs["sha"] == second.merge_commit_sha


async def test_a_run_of_a_pull_request_that_is_not_there(tmp_path: Path) -> None:
    async with open_rig(tmp_path, unplanned="allow", model=ONE, sweep_seconds=NO_SWEEP) as rig:
        silence(rig)
        pull = rig.scene.open_pull(["a"])
        await rig.until_quiet()
        await send(rig, of_plan(pull, ref="refs/pull/99/merge"), rig.scene.body(pull))
        await rig.passes(6 * 3600)
        assert rig.dispatched() == []
        assert len(requests(rig, "GET", "/pulls/99")) == 1
        assert why(rig) == "Its run works on pull request #99, but GitHub knows no such pull request."
        assert inbox.depth(rig.db) == {"dead": 1}


async def test_an_upload_of_a_merge_queue_that_nobody_told_of_waits_for_its_webhook(tmp_path: Path) -> None:
    async with open_rig(tmp_path, unplanned="allow", model=ONE) as rig:
        silence(rig)
        pull = rig.scene.open_pull(["a"])
        await rig.until_quiet()
        ref = "refs/heads/gh-readonly-queue/main/pr-1-abc"
        await send(rig, of_plan(pull, event="merge_group", ref=ref, head_ref="", base_ref=""), rig.scene.body(pull))
        await rig.until_quiet()
        assert rig.dispatched() == []
        assert why(rig).startswith("nothing was told of ")


async def test_what_one_attempt_says_twice_is_known_and_what_the_next_says_is_no_news(tmp_path: Path) -> None:
    async with open_rig(tmp_path, unplanned="allow", model=ONE) as rig:
        silence(rig)
        pull = rig.scene.open_pull(["a"])
        claims, body = of_plan(pull), rig.scene.body(pull)
        said = [await send(rig, claims, body), await send(rig, claims, body)]
        await rig.until_quiet()
        said += [await send(rig, claims, body), await send(rig, replace(claims, attempt=2), body)]
        await rig.until_quiet()
        assert said == ["complete", "known", "known", "complete"]
        assert rig.dispatched() == ["plan dev/a"]
        assert why(rig) == "the same upload is being worked already"


@BY
async def test_two_workflows_of_one_head_that_upload_the_same(tmp_path: Path, by: str) -> None:
    async with open_rig(tmp_path, unplanned="allow", model=CHAIN) as rig:
        silence(rig)
        pull = rig.scene.open_pull(["a"])
        await rig.until_quiet()
        for name in (AFFECTED, "affected-again.yaml"):
            await send(rig, of_plan(pull, workflow_file=name) if by == "claims" else None, rig.scene.body(pull))
            await rig.until_quiet()
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        for name in (AFFECTED, "affected-again.yaml"):
            await send(rig, of_merge(pull, workflow_file=name) if by == "claims" else None, rig.scene.body(pull))
            await rig.until_quiet()
        assert rig.dispatched() == ["plan dev/a", "plan dev/b", "apply dev/a", "apply dev/b"]


@BY
async def test_two_workflows_of_one_head_that_upload_other_instances(tmp_path: Path, by: str) -> None:
    """Of a plan the later upload counts; an apply is of both."""
    async with open_rig(tmp_path, unplanned="allow", model=ONE) as rig:
        silence(rig)
        pull = rig.scene.open_pull(["a"])
        first = rig.scene.body(pull)
        rig.scene.model = model({"c": []})
        path = {"components/terraform/c/main.tf": 'output "name" { value = "c" }\n'}
        rig.hub.push(rig.repo, "feature", path, message="Change c", author="dev")
        second = rig.scene.body(pull)
        first["head_sha"] = second["head_sha"]
        await rig.until_quiet()
        for name, body in ((AFFECTED, first), ("network.yaml", second)):
            await send(rig, of_plan(pull, workflow_file=name) if by == "claims" else None, body)
            await rig.until_quiet()
        assert await rig.statuses(pull) == {"dev/c": "succeeded"}
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        for name, body in ((AFFECTED, first), ("network.yaml", second)):
            await send(rig, of_merge(pull, workflow_file=name) if by == "claims" else None, body)
            await rig.until_quiet()
        assert await rig.statuses(pull) == {"dev/a": "succeeded", "dev/c": "succeeded"}
        assert sorted(rig.dispatched("apply")) == ["apply dev/a", "apply dev/c"]


async def test_the_claims_name_the_workflow_that_uploads(tmp_path: Path) -> None:
    """Two run for the head while the upload comes; of these the one that the claims name is waited for later."""
    other = ".github/workflows/lint-it.yaml"
    files = example.files() | {other: example.files()[f".github/workflows/{AFFECTED}"]}
    async with open_rig(tmp_path, unplanned="allow", model=ONE, files=files) as rig:
        rig.hub.scenario.seconds = lambda _file, _inputs: 100.0
        silence(rig)
        pull = rig.scene.open_pull(["a"])
        await rig.passes(10)
        await send(rig, of_plan(pull, workflow_file="lint-it.yaml"), rig.scene.body(pull))
        await rig.until_quiet()
        assert pulls.uploaders(rig.db, rig.repo.id) == {"lint-it.yaml"}
        rig.scene.push("feature", ["a"], note="more")
        await rig.until_quiet()
        assert "`lint-it.yaml` ended without uploading the affected stacks" in rig.comment(pull)


@BY
async def test_labels_between(tmp_path: Path, by: str) -> None:
    inputs = {"component": "a", "stack": "dev", "github_environment": "dev"}
    pro = {"a": activities("a", labeled={"workflows": {example.APPLY: {"inputs": inputs}}})}
    async with open_rig(tmp_path, unplanned="allow", model=model({"a": []}, pro=pro)) as rig:
        silence(rig)
        pull = rig.scene.open_pull(["a"])
        rig.hub.label(pull, "early", by="dev")
        await rig.until_quiet()
        assert rig.dispatched() == []
        body = rig.scene.body(pull)
        await send(rig, of_plan(pull) if by == "claims" else None, body)
        await rig.until_quiet()
        rig.hub.label(pull, "now", by="dev")
        await rig.until_quiet()
        assert rig.dispatched() == ["plan dev/a", "apply dev/a"]
        rig.hub.merge(pull, by="lead")
        rig.hub.label(pull, "late", by="dev")
        await rig.until_quiet()
        await send(rig, of_merge(pull) if by == "claims" else None, body)
        await rig.until_quiet()
        found = [(rollout["activity"], rollout["sha"]) for rollout in await rig.state(pull)]
        assert found == [
            ("pull_request.merged", pull.merge_commit_sha),
            ("pull_request.labeled", pull.head_sha),
            ("pull_request.opened", pull.head_sha),
        ]


async def test_a_late_upload_of_an_older_head_is_not_what_a_label_reuses(tmp_path: Path) -> None:
    inputs = {"component": "a", "stack": "dev", "github_environment": "dev"}
    pro = {"a": activities("a", labeled={"workflows": {example.APPLY: {"inputs": inputs}}})}
    async with open_rig(tmp_path, unplanned="allow", model=model({"a": []}, pro=pro)) as rig:
        silence(rig)
        pull = rig.scene.open_pull(["a"])
        run, late = of_plan(pull), rig.scene.body(pull)
        await rig.until_quiet()
        await send(rig, run, late)
        await rig.until_quiet()
        rig.scene.push("feature", ["a"], note="more")
        await rig.until_quiet()
        await send(rig, of_plan(pull), rig.scene.body(pull))
        await rig.until_quiet()
        for attempt in (2, 3):
            await send(rig, replace(run, attempt=attempt), late)
            await rig.until_quiet()
        rig.hub.label(pull, "deploy", by="dev")
        await rig.until_quiet()
        assert rig.dispatched("apply") == ["apply dev/a"]
        assert rig.run_of("apply dev/a").inputs["sha"] == pull.head_sha


@BY
async def test_closing_and_reopening(tmp_path: Path, by: str) -> None:
    async with open_rig(tmp_path, unplanned="allow", model=ONE) as rig:
        silence(rig)
        pull = rig.scene.open_pull(["a"])
        body, first = rig.scene.body(pull), of_plan(pull)
        await send(rig, first if by == "claims" else None, body)
        await rig.until_quiet()
        rig.hub.close(pull, by="dev")
        await rig.until_quiet()
        await send(rig, replace(first, attempt=2) if by == "claims" else None, body)
        await rig.until_quiet()
        assert why(rig) == "the upload is older than the end of #1"
        rig.hub.reopen(pull, by="dev")
        await rig.until_quiet()
        assert rig.dispatched() == ["plan dev/a"]
        await send(rig, of_plan(pull) if by == "claims" else None, body)
        await rig.until_quiet()
        assert rig.dispatched() == ["plan dev/a", "plan dev/a"]
        assert (await rig.state(pull))[0]["activity"] == "pull_request.reopened"


@BY
async def test_a_force_push_there_and_back(tmp_path: Path, by: str) -> None:
    async with open_rig(tmp_path, unplanned="allow", model=ONE) as rig:
        silence(rig)
        pull = rig.scene.open_pull(["a"])
        there, body, run = pull.head_sha, rig.scene.body(pull), of_plan(pull)
        await send(rig, run if by == "claims" else None, body)
        await rig.until_quiet()
        away = rig.scene.push("feature", ["a"], note="more")
        await rig.until_quiet()
        await send(rig, replace(run, attempt=2) if by == "claims" else None, body)
        await rig.until_quiet()
        assert (
            why(rig)
            == {
                "claims": f"the upload is for {there[:7]}, but the head is {away[:7]} by now",
                "key": f"no pull request has the commit {there[:7]}",  # as far as a commit can tell
            }[by]
        )
        rig.clock.at += 1
        rig.repo.branches["feature"] = pull.head_sha = there
        rig.hub.emit_pull(pull, "synchronize", rig.hub.user("dev"), before=away, after=there)
        await rig.until_quiet()
        await send(rig, of_plan(pull) if by == "claims" else None, body)
        await rig.until_quiet()
        assert rig.dispatched() == ["plan dev/a", "plan dev/a"]
        rollouts = await rig.state(pull)
        assert [(rollout["activity"], rollout["sha"]) for rollout in rollouts] == [
            ("pull_request.synchronize", there),
            ("pull_request.opened", there),
        ]


async def test_of_two_pull_requests_with_one_head_the_claims_decide(tmp_path: Path) -> None:
    async with open_rig(tmp_path, unplanned="allow", model=ONE, apply_branches=("release",)) as rig:
        silence(rig)
        rig.hub.push(rig.repo, "release", {"NOTES.md": "1\n"}, message="Start a release", author="lead")
        first = rig.scene.open_pull(["a"])
        second = rig.hub.open_pull(rig.repo, head="feature", base="release", title="To the release", author="dev")
        await rig.until_quiet()
        for pull in (second, first):
            await send(rig, of_plan(pull), rig.scene.body(first))
            await rig.until_quiet()
            assert len(await rig.state(pull)) == 1
        for pull in (first, second):
            rig.hub.merge(pull, by="lead", delete_branch=False)
        await rig.until_quiet()
        for pull in (first, second):
            await send(rig, of_merge(pull), rig.scene.body(first))
            await rig.until_quiet()
            assert rig.run_of("apply dev/a").inputs["sha"] == pull.merge_commit_sha
        assert rig.dispatched() == ["plan dev/a", "plan dev/a", "apply dev/a", "apply dev/a"]


async def test_of_two_pull_requests_with_one_head_pull_request_target_names_the_base(tmp_path: Path) -> None:
    async with open_rig(tmp_path, unplanned="allow", model=ONE) as rig:
        silence(rig)
        rig.hub.push(rig.repo, "release", {"NOTES.md": "1\n"}, message="Start a release", author="lead")
        first = rig.scene.open_pull(["a"])
        second = rig.hub.open_pull(rig.repo, head="feature", base="release", title="To the release", author="dev")
        await rig.until_quiet()
        target = of_plan(first, event="pull_request_target", ref="refs/heads/main")
        await send(rig, target, rig.scene.body(first))
        await rig.until_quiet()
        assert (len(await rig.state(first)), await rig.state(second)) == (1, [])
        rig.hub.merge(first, by="lead", delete_branch=False)
        await rig.until_quiet()
        rig.clock.at += 1
        await send(rig, of_plan(second, event="pull_request_target", ref="refs/heads/main"), rig.scene.body(first))
        await rig.until_quiet()
        assert len(await rig.state(second)) == 1
        assert rig.dispatched("apply") == []
        await send(rig, replace(target, run_id=1), rig.scene.body(first))
        await rig.until_quiet()
        assert rig.dispatched("apply") == ["apply dev/a"]


async def test_a_run_on_another_branch_plans_but_never_applies(tmp_path: Path) -> None:
    async with open_rig(tmp_path, unplanned="allow", model=ONE) as rig:
        silence(rig)
        pull = rig.scene.open_pull(["a"])
        by_hand = of_plan(pull, event="workflow_dispatch", ref="refs/heads/feature", head_ref="", base_ref="")
        body = rig.scene.body(pull)
        await send(rig, by_hand, body)
        await rig.until_quiet()
        assert rig.dispatched() == ["plan dev/a"]
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        rig.clock.at += 1
        await send(rig, replace(by_hand, run_id=1), body)
        await rig.until_quiet()
        assert rig.dispatched("apply") == []
        assert why(rig).startswith("#1 was merged, and its run on refs/heads/feature can only report for the plan")
        await send(rig, replace(by_hand, run_id=2, ref="refs/heads/main"), body)
        await rig.until_quiet()
        assert rig.dispatched("apply") == ["apply dev/a"]
