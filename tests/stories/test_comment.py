"""When the comment appears, when it stays silent, and what it says when something is wrong."""

from __future__ import annotations

import re
from pathlib import Path

import aiohttp
import pytest

from bot.sandbox import atmos, example
from bot.sandbox.scene import AFFECTED
from renderers import picture
from renderers.engine import CannotDraw
from renderers.picture import Picture
from tests.rig import Rig, open_rig
from tests.stories.helping import headline
from tests.stories.small import DIAMOND, model

PLAN = f".github/workflows/{example.PLAN}"


async def no_upload(_program: object) -> str:
    return "success"


async def failing(_program: object) -> str:
    return "failure"


async def test_silence_on_a_pull_request_that_never_uploads(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model({"a": []})) as rig:
        rig.hub.programs[AFFECTED] = no_upload
        pull = rig.scene.open_pull([])
        await rig.until_quiet()
        await rig.passes(1800)
        rig.hub.merge(pull, by="dev")
        await rig.until_quiet()
        assert rig.comments(pull) == []


async def test_it_waits_aloud_once_the_workflow_is_known_to_upload(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model({"a": []})) as rig:
        rig.scene.open_pull(["a"], branch="first")
        await rig.until_quiet()
        describe = rig.hub.programs[AFFECTED]
        rig.hub.programs[AFFECTED] = no_upload
        pull = rig.scene.open_pull(["a"], branch="second")
        await rig.passes(6)
        assert "Waiting for the affected stacks" in rig.comment(pull)
        await rig.until_quiet()
        assert "`atmos-pro.yaml` ended without uploading the affected stacks" in rig.comment(pull)
        rig.hub.programs[AFFECTED] = failing
        rig.scene.push("second", ["a"], note="again")
        await rig.until_quiet()
        assert "`atmos-pro.yaml` failed without uploading the affected stacks" in rig.comment(pull)
        assert headline(rig.comment(pull)) == "❌ No affected stacks came: read the log of atmos-pro.yaml"
        rig.hub.programs[AFFECTED] = describe
        rig.scene.push("second", ["a"], note="and again")
        await rig.until_quiet()
        assert "Planned: 1 instance" in rig.comment(pull)
        assert len(rig.comments(pull)) == 1


async def test_after_ten_minutes_without_a_run_it_says_where_to_look(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model({"a": []}), sweep_seconds=1e6) as rig:
        pull = rig.scene.open_pull(["a"])
        await rig.until_quiet()
        rig.faults.hooks("workflow_run", "lose", 3)
        describe, rig.hub.programs[AFFECTED] = rig.hub.programs[AFFECTED], no_upload
        rig.scene.push("feature", ["a"], note="again")
        await rig.passes(590)
        assert f"Waiting for the affected stacks of {pull.head_sha[:7]}" in rig.comment(pull)
        await rig.passes(20)
        assert f"No run that uploads the affected stacks of {pull.head_sha[:7]} has appeared" in rig.comment(pull)
        rig.hub.programs[AFFECTED] = describe
        rig.scene.push("feature", ["a"], note="and again")
        await rig.passes(60)
        assert "Planned: 1 instance" in rig.comment(pull)
        (comment,) = rig.comments(pull)
        edits = len(comment.edits)
        await rig.passes(1800)
        assert len(comment.edits) == edits


async def test_beside_another_long_workflow_the_one_that_uploads_is_known_by_its_file(tmp_path: Path) -> None:
    lint = ".github/workflows/a-lint.yaml"
    text = "on: pull_request\njobs: {lint: {runs-on: ubuntu-latest, steps: [{run: make lint}]}}\n"
    async with open_rig(tmp_path, model=model({"a": []}), files=example.files() | {lint: text}) as rig:
        rig.hub.scenario.seconds = lambda file, _inputs: 120.0 if file == "a-lint.yaml" else 1.0
        rig.scene.open_pull(["a"], branch="first")
        await rig.until_quiet()
        rig.hub.programs[AFFECTED] = failing
        pull = rig.scene.open_pull(["a"], branch="second")
        await rig.passes(300)
        assert "`atmos-pro.yaml` failed without uploading the affected stacks" in rig.comment(pull)


async def test_it_waits_aloud_for_the_merges_upload(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model({"a": []})) as rig:
        pull = rig.scene.open_pull(["a"])
        await rig.until_quiet()
        rig.hub.programs[AFFECTED] = failing
        rig.hub.merge(pull, by="dev")
        await rig.passes(6)
        assert "Waiting for the affected stacks of the merge" in rig.comment(pull)
        await rig.until_quiet()
        assert "failed without uploading the affected stacks of the merge" in rig.comment(pull)


async def test_nothing_affected_is_said_with_the_usual_reason(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model({"a": []})) as rig:
        pull = rig.scene.open_pull([])
        await rig.until_quiet()
        assert "nothing is affected" in rig.comment(pull)
        assert "fetch-depth: 0" in rig.comment(pull)


async def test_it_is_edited_in_place_and_only_when_something_changed(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(DIAMOND)) as rig:
        pull = rig.scene.open_pull(["a"])
        await rig.until_quiet()
        (comment,) = rig.comments(pull)
        edits = len(comment.edits)
        await rig.passes(3600)
        assert len(comment.edits) == edits


async def test_the_picture_is_there_before_the_comment_names_it(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(DIAMOND)) as rig:
        pull = rig.scene.open_pull(["a"])
        await rig.until_quiet()
        (url,) = re.findall(r'src="https://switchyard.example(/graphs/[^"]+-light\.svg)"', rig.comment(pull))
        async with aiohttp.ClientSession() as session, session.get(rig.url + url) as answer:
            picture = await answer.text()
            assert answer.status == 200
            assert answer.content_type == "image/svg+xml"
            assert "immutable" in answer.headers["Cache-Control"]
        assert picture.count("succeeded") >= 4


async def test_without_an_address_of_its_own_it_draws_with_mermaid(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(DIAMOND), public_url="") as rig:
        pull = rig.scene.open_pull(["a"])
        await rig.until_quiet()
        assert "```mermaid" in rig.comment(pull)


async def test_dark_pages_have_a_picture_of_their_own(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(DIAMOND)) as rig:
        pull = rig.scene.open_pull(["a"])
        await rig.until_quiet()
        text = rig.comment(pull)
        (dark,) = re.findall(r'srcset="https://switchyard.example(/graphs/[^"]+-dark\.svg)"', text)
        pictures = []
        async with aiohttp.ClientSession() as session:
            for address in (dark, dark.replace("-dark", "-light")):
                async with session.get(rig.url + address) as answer:
                    assert answer.status == 200
                    pictures.append(await answer.text())
        plain = [re.sub("#[0-9a-f]{6}", "", picture) for picture in pictures]
        assert pictures[0] != pictures[1]
        assert plain[0] == plain[1]


@pytest.mark.parametrize("error", [CannotDraw("It took too long."), ZeroDivisionError("A mistake of ours.")])
async def test_a_picture_that_fails_costs_the_picture_and_not_the_comment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    def fails(*_: object) -> Picture:
        raise error

    monkeypatch.setattr(picture, "picture", fails)
    async with open_rig(tmp_path, model=model(DIAMOND)) as rig:
        pull = rig.scene.open_pull(["a"])
        await rig.until_quiet()
        assert "```mermaid" in rig.comment(pull)
        assert "4 of 4" in rig.comment(pull) or "all 4 instances" in rig.comment(pull)
    assert "has no picture" in caplog.text


async def broken(rig: Rig, file: str, text: str | None) -> None:
    rig.hub.push(rig.repo, "main", {file: text}, message="Change a workflow", author="lead")
    await rig.until_quiet()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "does not exist on the branch"),
        ("on: push\njobs: {}\n", "has no `workflow_dispatch` trigger"),
        (
            "on: {workflow_dispatch: {inputs: {sha: {}, stack: {}}}}\njobs: {}\n",
            "which `atmos-terraform-plan.yaml` does not",
        ),
        ("on: [workflow_dispatch\n", "atmos-terraform-plan.yaml"),
    ],
    ids=["missing", "not-dispatchable", "undeclared-input", "not-yaml"],
)
async def test_what_is_wrong_with_a_workflow_file_is_said_and_nothing_is_sent(
    tmp_path: Path, text: str | None, said: str
) -> None:
    async with open_rig(tmp_path, model=model({"a": [], "b": ["a"]})) as rig:
        await broken(rig, PLAN, text)
        pull = rig.scene.open_pull(["a"])
        await rig.until_quiet()
        assert rig.dispatched() == []
        assert said in rig.comment(pull)
        assert set((await rig.statuses(pull)).values()) <= {"failed", "blocked"}


async def test_an_apply_that_takes_no_sha_is_refused(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model({"a": []})) as rig:
        text = example.APPLY_FILE.replace("      sha: { type: string }\n", "")
        await broken(rig, f".github/workflows/{example.APPLY}", text)
        pull = rig.scene.open_pull(["a"])
        await rig.until_quiet()
        rig.hub.merge(pull, by="dev")
        await rig.until_quiet()
        assert rig.dispatched("apply") == []
        assert "does not declare the input `sha`" in rig.comment(pull)


async def test_a_plan_that_takes_no_sha_must_run_on_the_right_commit(tmp_path: Path) -> None:
    text = example.PLAN_FILE.replace("      sha: { type: string }\n", "")
    needs = {"a": [], "b": ["a"]}
    async with open_rig(tmp_path, model=model(needs), files=example.files() | {PLAN: text}, sweep_seconds=1e6) as rig:
        rig.hub.scenario.seconds = lambda file, _inputs: 60.0 if file == example.PLAN else 1.0
        pull = rig.scene.open_pull(["a"])
        await rig.passes(20)
        rig.hub.programs[AFFECTED] = no_upload
        for event in ("push", "pull_request"):
            rig.faults.hooks(event, "lose")
        first = pull.head_sha
        rig.scene.push("feature", ["a"], note="more")
        await rig.until_quiet()
        assert await rig.statuses(pull) == {"dev/a": "succeeded", "dev/b": "failed"}
        assert f"It ran on {pull.head_sha[:7]}, not on {first[:7]}" in rig.comment(pull)


async def test_a_bad_name_refuses_that_instance_and_not_the_upload(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model({"a": [], "b c;rm": []})) as rig:
        pull = rig.scene.open_pull(["a", "b c;rm"])
        await rig.until_quiet()
        assert rig.dispatched() == ["plan dev/a"]
        assert (await rig.statuses(pull))["dev/b c;rm"] == "failed"


async def test_an_upload_that_is_too_large_is_refused_aloud(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model({"a": []})) as rig:
        rig.hub.programs[AFFECTED] = no_upload
        pull = rig.scene.open_pull(["a"])
        await rig.until_quiet()
        body = rig.scene.body(pull)
        body["stacks"] = [{"component": f"c{number}", "stack": "dev"} for number in range(20_001)]
        async with aiohttp.ClientSession() as session:
            assert (await atmos.upload(session, rig.url, rig.key, body))[0] == 200
        await rig.until_quiet()
        assert "The upload names more than 20000 instances" in rig.comment(pull)


async def test_a_fork_is_never_dispatched_and_its_comment_says_why(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model({"a": []})) as rig:
        fork = rig.hub.fork(rig.repo, "stranger")
        rig.hub.push(fork, "feature", {"components/terraform/a/main.tf": "# mine\n"}, message="Mine", author="stranger")
        pull = rig.hub.open_pull(rig.repo, head="feature", title="Mine", author="stranger", fork=True)
        await rig.until_quiet()
        assert rig.scene.answers
        rig.hub.merge(pull, by="dev")
        await rig.until_quiet()
        assert rig.dispatched() == []
        (told,) = rig.comments(pull)
        assert "Nothing is started for a fork" in told.body
        assert told.body.count("comes from a fork, and forks are never dispatched") == 1


@pytest.mark.parametrize("status", [403, 404])
async def test_an_approval_is_told_although_github_does_not_say_whose(tmp_path: Path, status: int) -> None:
    async with open_rig(tmp_path, model=model({"a": []}), reviewers={"dev": ["lead"]}) as rig:
        pull = rig.scene.open_pull(["a"])
        await rig.until_quiet()
        rig.faults.add("GET", "/pending_deployments$", "status", 100, status=status)
        rig.hub.merge(pull, by="dev")
        await rig.passes(30)
        assert await rig.statuses(pull) == {"dev/a": "approval"}
        rig.hub.approve(rig.run_of("apply dev/a").id, "dev", "lead")
        await rig.until_quiet()
        assert await rig.statuses(pull) == {"dev/a": "succeeded"}
