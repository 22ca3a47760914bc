"""A repository that is renamed, transferred, or deleted and made anew, in the middle of an apply."""

from __future__ import annotations

from pathlib import Path

import aiohttp
import pytest

from bot.sandbox import atmos_api, example
from bot.sandbox.state import Pull
from tests.rig import Rig, open_rig
from tests.stories.helping import CHAIN, FOREVER, assert_sound, dispatched_runs, headline, model, wide

HOUR = 3600.0
ALL = ["apply dev/vpc", "apply dev/database", "apply dev/api"]


async def applying(rig: Rig) -> Pull:
    """Merge a pull request, and wait until the first of its applies runs."""
    pull = rig.scene.open_pull(["vpc"])
    await rig.until_quiet()
    rig.hub.scenario.seconds = lambda file, _inputs: 300.0 if file == example.APPLY else 10.0
    rig.hub.merge(pull, by="lead")
    await rig.passes(60)
    assert rig.dispatched("apply") == ALL[:1]
    return pull


@pytest.mark.parametrize("told", [True, False], ids=["told", "not told"])
async def test_a_renamed_repository_goes_on(tmp_path: Path, *, told: bool) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        pull = await applying(rig)
        if not told:
            rig.faults.hooks("", "lose", FOREVER)
        rig.hub.rename(rig.repo, "platform", by="lead")
        await rig.passes(HOUR)
        assert rig.dispatched("apply") == ALL
        assert headline(rig.comment(pull)).startswith("✅ Applied")
        assert_sound(rig.hub, CHAIN)


async def test_who_takes_the_name_of_a_renamed_repository_gets_nothing_of_its(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        pull = await applying(rig)
        rig.faults.hooks("repository.renamed", "lose", FOREVER)
        rig.hub.rename(rig.repo, "platform", by="lead")
        heir = rig.hub.add_repo("acme/infra", files=example.files())
        await rig.passes(HOUR)
        assert [run.repo for run in dispatched_runs(rig.hub) if run.repo is heir] == []
        assert rig.dispatched("apply") == ALL
        assert headline(rig.comment(pull)).startswith("✅ Applied")


@pytest.mark.parametrize("told", [True, False], ids=["told", "not told"])
async def test_a_repository_that_went_to_another_account_goes_on_there(tmp_path: Path, *, told: bool) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        rig.repo.private = True
        pull = await applying(rig)
        if not told:
            rig.faults.hooks("", "lose", FOREVER)
        rig.hub.transfer(rig.repo, "umbrella", by="lead")
        await rig.passes(HOUR)
        assert rig.dispatched("apply") == ALL
        assert headline(rig.comment(pull)).startswith("✅ Applied")
        assert_sound(rig.hub, CHAIN)


async def test_what_went_where_the_app_is_not_is_left_alone(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        rig.repo.private = True
        await applying(rig)
        rig.hub.transfer(rig.repo, "stranger", by="lead", installed=False)
        await rig.passes(HOUR)
        assert rig.dispatched("apply") == ALL[:1]


@pytest.mark.parametrize("how", ["told", "not told", "GitHub does not answer"])
async def test_what_lies_in_the_outbox_is_not_sent_to_another_repository_of_that_name(tmp_path: Path, how: str) -> None:
    needs = wide(5)
    async with open_rig(tmp_path, model=model(needs), dispatches_per_second=0.01) as rig:
        rig.scene.open_pull(needs)
        await rig.passes(30)
        assert 0 < len(rig.dispatched()) < len(needs)
        if how == "not told":
            rig.faults.hooks("repository", "lose", FOREVER)
        rig.hub.delete_repo(rig.repo, by="lead")
        heir = rig.hub.add_repo("acme/infra", files=example.files())
        rig.hub.push(heir, "feature", {"README.md": "# anew\n"}, message="Begin", author="lead")
        if how == "GitHub does not answer":
            rig.faults.add("GET", "^/repositories/", "status", FOREVER)
        await rig.passes(HOUR)
        assert [run for run in dispatched_runs(rig.hub) if run.repo is heir] == []


@pytest.mark.parametrize("told", [True, False], ids=["told", "not told"])
async def test_a_new_repository_under_an_old_name_inherits_nothing(tmp_path: Path, *, told: bool) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        await applying(rig)
        old, key = rig.repo, rig.key
        if not told:
            rig.faults.hooks("repository", "lose", FOREVER)
        rig.hub.delete_repo(old, by="lead")
        heir = rig.hub.add_repo("acme/infra", files=example.files())
        await rig.passes(HOUR)
        assert [run for run in dispatched_runs(rig.hub) if run.repo is heir] == []
        rig.repo = rig.scene.repo = heir
        async with aiohttp.ClientSession() as session:
            client = atmos_api.Client(session, rig.url, token=key, sleep=rig.scene.sleep)
            rig.scene.push("feature", ["vpc"])
            pull = rig.hub.open_pull(heir, head="feature", title="Change vpc", author="dev")
            await rig.until_quiet()
            answer = await client.upload(rig.scene.body(pull))
        assert not answer.success
        assert rig.comments(pull) == []
        assert [run for run in dispatched_runs(rig.hub) if run.repo is heir] == []
        # With a key of its own it begins anew.
        rig.scene.token = rig.key = rig.make_key("swy_new")
        rig.scene.push("feature", ["vpc"], note="again")
        rig.hub.scenario.seconds = lambda _file, _inputs: 10.0
        await rig.until_quiet()
        assert headline(rig.comment(pull)).startswith("✅ Planned")
        assert {run.inputs["sha"] for run in dispatched_runs(rig.hub) if run.repo is heir} == {pull.head_sha}
