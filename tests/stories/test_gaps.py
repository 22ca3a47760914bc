"""What happens between two steps of the bot's loops."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.sandbox import example
from bot.store import outbox, repos
from tests.rig import Rig, open_rig
from tests.stories.console import audited
from tests.stories.small import DIAMOND, model


async def wished(rig: Rig) -> None:
    """Let things happen until a dispatch is wished, but not sent."""
    while not [wish for wish in outbox.due(rig.db, rig.clock.at, 99) if wish.kind == "run"]:
        due = rig.sandbox.next_due()
        rig.clock.at = max(rig.clock.at, due or 0.0)
        await rig.sandbox.pump()
        await rig.worker.intake.step()


async def test_a_push_that_is_handled_before_the_news_of_a_sent_dispatch_cancels_its_run(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model({"a": []})) as rig:
        rig.hub.scenario.seconds = lambda file, _inputs: 600.0 if file == example.PLAN else 1.0
        pull = rig.scene.open_pull(["a"])
        await wished(rig)
        old = pull.head_sha
        rig.scene.push("feature", ["a"], note="more")
        await rig.sandbox.pump()  # the push lies in the inbox
        await rig.worker.deliver.step()  # the dispatch is sent, and that it was lies behind the push
        await rig.until_quiet()
        ends = {run.inputs["sha"]: run.conclusion for run in rig.runs()}
        assert ends == {old: "cancelled", pull.head_sha: "success"}


async def test_a_workflow_file_that_changed_on_the_default_branch_is_read_again(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model({"a": []}), plan_ref="base") as rig:
        rig.scene.open_pull(["a"])
        await rig.until_quiet()
        text = example.PLAN_FILE.replace("      stack: { type: string, required: true }\n", "")
        file = {f".github/workflows/{example.PLAN}": text}
        rig.hub.push(rig.repo, "main", file, message="Forget an input", author="lead")
        pull = rig.scene.open_pull(["a"], branch="other")
        await rig.until_quiet()
        assert "`stack`, which `atmos-terraform-plan.yaml` does not declare" in rig.comment(pull)
        assert all("does not declare" in cause for _, _, cause in audited(rig, "refuse"))
        assert {instance for _, instance, _ in audited(rig, "refuse")} == set(await rig.statuses(pull))
        assert len(rig.dispatched()) == 1


async def test_a_push_alone_ends_the_plan_of_the_older_head(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(DIAMOND), sweep_seconds=1e6) as rig:
        rig.hub.scenario.seconds = lambda file, _inputs: 600.0 if file == example.PLAN else 1.0
        pull = rig.scene.open_pull(["a"])
        await rig.passes(60)
        rig.faults.hooks("pull_request.synchronize", "lose")
        rig.hub.programs.clear()
        rig.scene.push("feature", ["a"], note="more")
        await rig.passes(5)
        assert rig.run_of("plan dev/a").conclusion == "cancelled"
        assert (await rig.state(pull))[0]["status"] == "superseded"


async def test_a_renamed_repository_keeps_its_key_and_an_old_webhook_does_not_undo_it(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model({"a": []})) as rig:
        pull = rig.scene.open_pull(["a"])
        await rig.until_quiet()
        rig.faults.hooks("push", "delay", 1, seconds=900)
        rig.scene.push("feature", ["a"], note="the last under the old name")
        await rig.passes(60)
        rig.hub.rename(rig.repo, "platform", by="lead")
        rig.hub.label(pull, "renamed", by="lead")
        await rig.until_quiet()
        await rig.passes(1000)
        known = repos.get(rig.db, rig.repo.id)
        assert known is not None
        assert known.full_name == "acme/platform"
        rig.scene.push("feature", ["a"], note="under the new name")
        await rig.until_quiet()
        assert rig.scene.answers[-1][0] == 200
        assert set((await rig.statuses(pull)).values()) == {"succeeded"}


async def test_a_repository_that_was_taken_out_is_left_alone_until_it_comes_back(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model({"a": []})) as rig:
        pull = rig.scene.open_pull(["a"])
        await rig.until_quiet()
        installation = rig.hub.installation_of(rig.repo)
        assert installation is not None

        async def told(action: str, key: str) -> int:
            body = {"action": action, "installation": {"id": installation.id}, key: [{"id": rig.repo.id}]}
            rig.sandbox.hooks.enqueue(
                "installation_repositories", body, installation_id=installation.id, repository_id=None, at=rig.clock.at
            )
            await rig.until_quiet()
            known = repos.get(rig.db, rig.repo.id)
            return known.installation if known else -1

        name = rig.repo.full_name.lower()
        del installation.repos[name]
        assert await told("removed", "repositories_removed") == 0
        assert await told("removed", "repositories_removed") == 0
        installation.repos[name] = rig.repo
        assert await told("added", "repositories_added") == installation.id
        # An older webhook of the taking out comes late: GitHub is asked, and knows better.
        assert await told("removed", "repositories_removed") == installation.id
        rig.scene.push("feature", ["a"], note="again")
        await rig.until_quiet()
        assert set((await rig.statuses(pull)).values()) == {"succeeded"}


async def test_a_run_in_a_repository_that_was_taken_out_has_not_ended(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model({"a": []})) as rig:
        rig.hub.scenario.seconds = lambda file, _inputs: 1e6 if file == example.PLAN else 1.0
        rig.repo.private = True
        pull = rig.scene.open_pull(["a"])
        await rig.passes(30)
        installation = rig.hub.installation_of(rig.repo)
        assert installation is not None
        del installation.repos[rig.repo.full_name.lower()]
        await rig.passes(4000)
        assert await rig.statuses(pull) == {"dev/a": "running"}


@pytest.mark.parametrize("lost", [False, True], ids=["told", "webhook lost"])
async def test_an_uninstalled_app_leaves_the_repository_alone(tmp_path: Path, *, lost: bool) -> None:
    async with open_rig(tmp_path, model=model({"a": []})) as rig:
        rig.hub.scenario.seconds = lambda file, _inputs: 1e6 if file == example.PLAN else 1.0
        pull = rig.scene.open_pull(["a"])
        await rig.passes(30)
        if lost:
            rig.faults.hooks("installation", "lose")
        rig.hub.uninstall("acme")
        await rig.passes(4000)
        known = repos.get(rig.db, rig.repo.id)
        assert known is not None
        assert known.installation == 0
        # That the App may not see the run any more does not mean that it has ended.
        assert await rig.statuses(pull) == {"dev/a": "running"}
