"""What goes wrong at GitHub, told in words that say what happened and what to do, with one link to the docs."""

from __future__ import annotations

import re
from pathlib import Path

import aiohttp
import pytest

from bot.domain.troubles import Trouble, anchor
from bot.sandbox import atmos, example
from tests.rig import Rig, open_rig
from tests.stories.helping import CHAIN, PLAN_PATH, line_of, model, wide

DOCS = "https://docs.example/switchyard"
GROUP = "concurrency: terraform\n"


def read_on(text: str) -> str:
    """Find the line that leads to the docs."""
    (line,) = [line for line in text.splitlines() if "**Read on:**" in line]
    return line


def leads_to(trouble: Trouble) -> str:
    """Write what leads to the section about a trouble."""
    return f"[{trouble}]({DOCS}/troubleshooting.md#{anchor(trouble)})"


def with_group(group: str = GROUP) -> dict[str, str]:
    """Have every plan in one group."""
    tree = example.files()
    return {**tree, PLAN_PATH: tree[PLAN_PATH] + group}


async def _turn_off_actions(rig: Rig) -> None:
    rig.repo.actions_enabled = False


async def _turn_off_the_file(rig: Rig) -> None:
    rig.repo.workflows[PLAN_PATH].enabled = False


async def _remove_the_file(rig: Rig) -> None:
    rig.hub.push(rig.repo, "main", {PLAN_PATH: None}, message="Remove it", author="lead")


async def _change_its_inputs(rig: Rig) -> None:
    text = example.files()[PLAN_PATH].replace("      sha: { type: string }\n", "")
    rig.hub.push(rig.repo, "main", {PLAN_PATH: text}, message="Change it", author="lead")


@pytest.mark.parametrize(
    ("breaks", "told", "trouble"),
    [
        (_turn_off_actions, "Actions is turned off for this repository or for its owner. Turn it on", "ACTIONS_OFF"),
        (_turn_off_the_file, f"{example.PLAN}` is turned off at GitHub. Turn it on under Actions", "ACTIONS_OFF"),
        (
            _remove_the_file,
            "on the default branch any more (status 404), so it cannot be started. Put it back",
            "NO_FILE",
        ),
        (_change_its_inputs, "does not take these inputs; GitHub says: Unexpected inputs provided", "INPUTS"),
    ],
)
async def test_what_github_refuses_is_told_with_what_to_do(
    tmp_path: Path, breaks: object, told: str, trouble: str
) -> None:
    assert callable(breaks)
    async with open_rig(tmp_path, model=model(CHAIN), docs_url=DOCS, plan_ref="base") as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(5)
        await breaks(rig)
        await rig.passes(600)
        assert await rig.statuses(pull) == {"dev/vpc": "succeeded", "dev/database": "failed", "dev/api": "blocked"}
        assert told in line_of(rig.comment(pull), "database")
        assert read_on(rig.comment(pull)) == f"📖 **Read on:** {leads_to(Trouble[trouble])}."
        assert "No run was started: the table says what to change." in rig.comment(pull)


async def test_what_a_concurrency_group_cancelled_is_told_by_its_name(tmp_path: Path) -> None:
    needs = wide(4)
    async with open_rig(tmp_path, model=model(needs), files=with_group(), docs_url=DOCS) as rig:
        pull = rig.scene.open_pull(needs)
        await rig.until_quiet()
        statuses = await rig.statuses(pull)
        assert sorted(statuses.values()) == ["cancelled"] * 2 + ["succeeded"] * 2
        text = rig.comment(pull)
        for name, status in statuses.items():
            row = line_of(text, name.removeprefix("dev/"))
            told = f"before it began: `{example.PLAN}` has the `concurrency` group `terraform`" in row
            assert told is (status == "cancelled"), row
        assert read_on(text) == f"📖 **Read on:** {leads_to(Trouble.GROUP)}."
        assert "The table says why; `/atmos retry` runs it once more" in text
        assert "Read the run's summary" not in text


async def test_a_run_that_a_person_cancels_once_it_runs_is_not_laid_on_its_group(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN), files=with_group()) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(5)
        run = rig.run_of("plan dev/vpc")
        assert run.status == "in_progress"
        rig.hub.cancel_run(run.id)
        await rig.until_quiet()
        row = line_of(rig.comment(pull), "vpc")
        assert "the run was cancelled at GitHub" in row
        assert "concurrency" not in row
        assert "**Read on:**" not in rig.comment(pull)


async def test_a_push_that_cancels_what_waits_in_a_group_says_so_itself(tmp_path: Path) -> None:
    needs = wide(2)
    async with open_rig(tmp_path, model=model(needs), files=with_group()) as rig:
        pull = rig.scene.open_pull(needs)
        await rig.passes(5)
        assert {run.status for run in rig.runs()} == {"in_progress", "pending"}
        rig.scene.push("feature", list(needs), note="again")
        await rig.until_quiet()
        before = (await rig.state(pull))[1]
        reasons = [step["reason"] for step in before["steps"] if step["status"] == "cancelled"]
        assert len(reasons) == 2
        assert all(reason.startswith("Cancelled after a push") for reason in reasons)


async def test_each_trouble_is_linked_once_however_many_rows_tell_of_it(tmp_path: Path) -> None:
    needs = wide(5)
    files = example.files()
    del files[PLAN_PATH]
    async with open_rig(tmp_path, model=model(needs), files=files, docs_url=DOCS) as rig:
        pull = rig.scene.open_pull(needs)
        await rig.until_quiet()
        assert rig.comment(pull).count("does not exist on the branch") == 5
        assert rig.comment(pull).count(f"{DOCS}/") == 1
        assert leads_to(Trouble.NO_FILE) in read_on(rig.comment(pull))


async def test_without_an_address_of_the_docs_it_leads_to_a_page_that_is_served(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN), mode="observe") as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        found = re.search(r"\(https://switchyard\.example(/docs/[^)#]*)#([^)]*)\)", read_on(rig.comment(pull)))
        assert found is not None
        path, place = found.groups()
        async with aiohttp.ClientSession() as session, session.get(f"{rig.url}{path}") as answer:
            assert f'<h2 id="{place}">{Trouble.MODE}</h2>' in await answer.text()


async def test_where_nobody_reaches_us_the_section_is_named(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN), mode="observe", public_url="") as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        named = f"📖 **Read on:** “{Trouble.MODE}” in Switchyard's `docs/troubleshooting.md`."
        assert read_on(rig.comment(pull)) == named


@pytest.mark.parametrize(("docs", "at"), [(DOCS, DOCS), ("", "https://switchyard.example/docs")])
async def test_an_upload_for_another_repository_is_refused_with_a_link(tmp_path: Path, docs: str, at: str) -> None:
    async with open_rig(tmp_path, model=model(CHAIN), docs_url=docs) as rig:
        body = rig.scene.body(rig.scene.open_pull(["vpc"])) | {"repo_name": "other"}
        async with aiohttp.ClientSession() as session:
            status, answer = await atmos.upload(session, rig.url, rig.key, body)
        assert status == 403
        assert answer["errorMessage"].endswith(f" Read on: {at}/troubleshooting.md#{anchor(Trouble.OTHER_REPOSITORY)}")


async def test_where_no_run_uploads_it_is_told_since_when_and_why_that_may_be(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN), docs_url=DOCS, sweep_seconds=1e6) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        rig.repo.actions_enabled = False
        rig.scene.push("feature", ["vpc"], note="again")
        await rig.passes(700)
        text = rig.comment(pull)
        assert f"No run that uploads the affected stacks of {pull.head_sha[:7]} has appeared since 10:" in text
        assert "for more than ten minutes" in text
        assert "merge conflicts" in text
        assert read_on(text) == f"📖 **Read on:** {leads_to(Trouble.NO_UPLOAD)}."


async def test_where_the_run_ended_without_an_upload_its_log_is_linked(tmp_path: Path) -> None:
    async def no_upload(_program: object) -> str:
        return "failure"

    async with open_rig(tmp_path, model=model(CHAIN), docs_url=DOCS) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        rig.hub.programs["atmos-pro.yaml"] = no_upload
        rig.scene.push("feature", ["vpc"], note="again")
        await rig.until_quiet()
        affected = [run for run in rig.hub.runs.values() if run.workflow.file == "atmos-pro.yaml"][-1]
        link = f"{rig.hub.base_url}/acme/infra/actions/runs/{affected.id}"
        assert f"failed without uploading the affected stacks of {pull.head_sha[:7]}" in rig.comment(pull)
        assert f"]({link})" in rig.comment(pull)
        assert leads_to(Trouble.NO_UPLOAD) in read_on(rig.comment(pull))


async def test_a_rejected_approval_is_told_with_how_it_is_asked_for_again(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN), reviewers={"dev": ["alice"]}, docs_url=DOCS) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        rig.hub.merge(pull, by="dev")
        await rig.until_quiet()
        rig.hub.reject(rig.run_of("apply dev/vpc").id, "dev", "alice", "not before Monday")
        await rig.until_quiet()
        row = line_of(rig.comment(pull), "vpc")
        assert "alice rejected it for `dev`: “not before Monday”. A retry asks for it again." in row
        assert leads_to(Trouble.REJECTED) in read_on(rig.comment(pull))
