"""What a merge removed is destroyed by name alone: in reverse order, at the commit from before the merge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.app import session_key
from bot.domain.facts import PullFacts
from bot.github import reads
from bot.sandbox import atmos, example
from bot.sandbox.atmos import Configured, Model
from bot.sandbox.atmos_api import Client
from bot.sandbox.pulls import Method
from bot.sandbox.runs import Program, Steps
from bot.sandbox.scene import AFFECTED
from bot.sandbox.state import Pull
from bot.web.sessions import Sessions
from tests.rig import Rig, label_of, open_rig
from tests.stories.helping import CHAIN, DIAMOND, Needs, line_of
from tests.stories.test_inventory import of_main

FILES = example.files() | {f".github/workflows/{example.DESTROY}": example.DESTROY_FILE}
NAMED = "held: it would be destroyed, which must be approved by its name"


def model(needs: Needs, *, kept: tuple[str, ...] = ()) -> Model:
    """Configure components in `dev` that can be destroyed, but for those `kept`."""
    return Model({("dev", component): configured(component, below, kept) for component, below in needs.items()})


def configured(component: str, below: tuple[str, ...], kept: tuple[str, ...] = ()) -> Configured:
    return Configured(
        settings={"pro": example.settings_pro(component, "dev", destroyed=component not in kept)},
        needs=tuple(("dev", need) for need in below),
        path=f"components/terraform/{component}",
    )


async def known(rig: Rig) -> None:
    """Have everything applied once, so that it is remembered."""
    pull = rig.scene.open_pull([key[1] for key in rig.scene.model.instances], branch="first")
    await rig.until_quiet()
    rig.hub.merge(pull, by="lead")
    await rig.until_quiet()
    assert len(rig.dispatched("apply")) == len(rig.scene.model.instances)


async def remove(
    rig: Rig, *names: str, touched: tuple[str, ...] = (), branch: str = "second", method: Method = "squash"
) -> Pull:
    """Have these removed by a pull request that touches others too, planned and merged."""
    pull = await removing(rig, *names, touched=touched, branch=branch)
    rig.hub.merge(pull, by="lead", method=method)
    await rig.until_quiet()
    return pull


async def removing(rig: Rig, *names: str, touched: tuple[str, ...] = (), branch: str = "second") -> Pull:
    rig.scene.removed = {("dev", name): rig.scene.model.instances["dev", name] for name in names}
    pull = rig.scene.open_pull(touched, branch=branch)
    await rig.until_quiet()
    return pull


async def reasons(rig: Rig, pull: Pull) -> dict[str, str]:
    return {step["component"]: step["reason"] or "" for step in (await rig.state(pull))[0]["steps"]}


async def statuses(rig: Rig, pull: Pull) -> dict[str, str]:
    return {name.removeprefix("dev/"): status for name, status in (await rig.statuses(pull)).items()}


def since_first(rig: Rig, needs: Mapping[str, Any]) -> list[str]:
    """List what was dispatched after everything was applied once."""
    return rig.dispatched()[2 * len(needs) :]


async def test_each_is_held_until_it_is_named_and_then_children_go_first(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN), files=FILES) as rig:
        await known(rig)
        before = rig.repo.tip.sha
        pull = await remove(rig, *CHAIN)
        assert since_first(rig, CHAIN) == []
        assert await reasons(rig, pull) == dict.fromkeys(CHAIN, NAMED)
        assert "`/atmos approve dev/api dev/database dev/vpc`" in rig.comment(pull)
        await rig.approve(pull, "dev/vpc", "dev/database")
        await rig.until_quiet()
        assert since_first(rig, CHAIN) == []
        assert await statuses(rig, pull) == {"vpc": "waiting", "database": "waiting", "api": "held"}
        await rig.approve(pull, "dev/api")
        await rig.until_quiet()
        assert since_first(rig, CHAIN) == ["destroy dev/api", "destroy dev/database", "destroy dev/vpc"]
        assert await statuses(rig, pull) == dict.fromkeys(CHAIN, "succeeded")
        sent = [run for run in rig.runs() if run.workflow.file == example.DESTROY]
        assert {run.inputs["sha"] for run in sent} == {before}
        assert {run.ref for run in sent} == {"refs/heads/main"}
        assert {run.inputs["github_environment"] for run in sent} == {"dev"}


@pytest.mark.parametrize("targets", [(), ("*/vpc",), ("dev",), ("vpc",), ("@held",), ("@all",)])
async def test_nothing_less_than_its_full_name_lets_it_go(tmp_path: Path, targets: tuple[str, ...]) -> None:
    async with open_rig(tmp_path, model=model({"vpc": ()}), files=FILES) as rig:
        await known(rig)
        pull = await remove(rig, "vpc")
        told = await rig.approve(pull, *targets, status=409)
        assert "it would be destroyed: name dev/vpc to approve that" in told["errorMessage"]
        await rig.until_quiet()
        assert rig.dispatched("destroy") == []


@pytest.mark.parametrize("method", ["merge", "squash", "rebase"])
async def test_it_is_the_commit_before_the_merge_however_it_was_merged(tmp_path: Path, method: Method) -> None:
    async with open_rig(tmp_path, model=model({"vpc": (), "dns": ()}), files=FILES) as rig:
        await known(rig)
        before = rig.repo.tip.sha
        rig.scene.removed = {("dev", "vpc"): rig.scene.model.instances["dev", "vpc"]}
        rig.scene.push("second", ["dns"], note="one")
        pull = rig.scene.open_pull(["dns"], branch="second")
        await rig.until_quiet()
        rig.hub.merge(pull, by="lead", method=method)
        await rig.until_quiet()
        if method == "merge":  # such an upload is compared with the branch's last commit but one, and proves nothing
            assert "no inventory of the merge agrees" in (await reasons(rig, pull))["vpc"]
            return
        assert (await reasons(rig, pull))["vpc"] == NAMED
        await rig.approve(pull, "dev/vpc")
        await rig.until_quiet()
        assert rig.run_of("destroy dev/vpc").inputs["sha"] == before


async def test_a_merge_commit_of_one_commit_has_its_commit_before(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model({"vpc": ()}), files=FILES) as rig:
        await known(rig)
        pull = await removing(rig, "vpc")
        before = rig.hub.push(rig.repo, "main", {"NOTES.md": "1\n"}, message="Write notes", author="ada")
        rig.hub.merge(pull, by="lead", method="merge")
        await rig.until_quiet()
        await rig.approve(pull, "dev/vpc")
        await rig.until_quiet()
        assert rig.run_of("destroy dev/vpc").inputs["sha"] == before


async def test_a_graph_of_applies_and_destroys_has_one_order(tmp_path: Path) -> None:
    # api loses its cache: api is applied without it, then the cache goes, and then what the cache needed is applied.
    async with open_rig(tmp_path, model=model({"vpc": (), "cache": ("vpc",), "api": ("cache",)}), files=FILES) as rig:
        await known(rig)
        pull = await remove(rig, "cache", touched=("vpc", "api"))
        assert since_first(rig, "123")[2:] == ["apply dev/api"]
        assert await statuses(rig, pull) == {"api": "succeeded", "cache": "held", "vpc": "waiting"}
        await rig.approve(pull, "dev/cache")
        await rig.until_quiet()
        assert since_first(rig, "123")[3:] == ["destroy dev/cache", "apply dev/vpc"]


async def test_a_destroy_that_failed_blocks_what_it_needed_until_it_is_run_again(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN), files=FILES) as rig:
        await known(rig)
        pull = await remove(rig, "database", "api", touched=("vpc",))
        rig.hub.scenario.fail(workflow=example.DESTROY, component="api")
        await rig.approve(pull, "dev/api", "dev/database")
        await rig.until_quiet()
        assert await statuses(rig, pull) == {"api": "failed", "database": "blocked", "vpc": "blocked"}
        rig.hub.rerun(rig.run_of("destroy dev/api").id)
        await rig.until_quiet()
        assert since_first(rig, CHAIN) == ["plan dev/vpc", "destroy dev/api", "destroy dev/database", "apply dev/vpc"]


async def test_without_a_workflow_it_is_left_for_people(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model({"vpc": (), "dns": ()}, kept=("vpc",)), files=FILES) as rig:
        await known(rig)
        pull = await remove(rig, "vpc", touched=("dns",))
        assert await statuses(rig, pull) == {"vpc": "manual", "dns": "succeeded"}
        assert (await reasons(rig, pull))["vpc"].startswith("It was removed from the configuration. Destroy it by hand")
        assert "`vpc`" in line_of(rig.comment(pull), "vpc")
        assert rig.dispatched("destroy") == []


async def test_what_was_never_seen_is_left_for_people(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model({"vpc": ()}), files=FILES) as rig:
        pull = await remove(rig, "vpc")
        assert await statuses(rig, pull) == {"vpc": "manual"}
        assert rig.dispatched() == []


async def test_what_was_only_planned_is_not_remembered(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model({"vpc": ()}), files=FILES) as rig:
        dropped = rig.scene.open_pull(["vpc"], branch="dropped")
        await rig.until_quiet()
        rig.hub.close(dropped, by="dev")
        pull = await remove(rig, "vpc")
        assert await statuses(rig, pull) == {"vpc": "manual"}


async def test_before_the_merge_it_is_told_and_nothing_runs(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN), files=FILES) as rig:
        await known(rig)
        pull = await removing(rig, "database", "api")
        told = await reasons(rig, pull)
        assert set(told) == {"database", "api"}
        assert all("After the merge it can be destroyed here" in reason for reason in told.values())
        assert since_first(rig, CHAIN) == []
        await rig.approve(pull, "dev/api", status=409)


async def test_a_closing_without_a_merge_destroys_nothing(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN), files=FILES) as rig:
        await known(rig)
        pull = await removing(rig, *CHAIN)
        rig.hub.close(pull, by="dev")
        await rig.until_quiet()
        assert since_first(rig, CHAIN) == []


async def test_what_something_outside_depends_on_is_left_for_people(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN), files=FILES) as rig:
        await known(rig)
        pull = await remove(rig, "vpc")
        assert await statuses(rig, pull) == {"vpc": "manual"}
        assert "`dev/database` is known to depend on it" in (await reasons(rig, pull))["vpc"]
        assert since_first(rig, CHAIN) == []


async def test_what_is_known_of_the_order_survives_uploads_that_do_not_list_it(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN), files=FILES) as rig:
        await known(rig)
        below = rig.scene.open_pull(["database"], branch="below")  # its upload says nothing of the vpc
        await rig.until_quiet()
        rig.hub.merge(below, by="lead")
        await rig.until_quiet()
        pull = await remove(rig, "vpc")
        assert "`dev/database` is known to depend on it" in (await reasons(rig, pull))["vpc"]


async def test_what_was_destroyed_before_holds_nothing_back(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN), files=FILES) as rig:
        await known(rig)
        first = await remove(rig, "api")
        await rig.approve(first, "dev/api")
        await rig.until_quiet()
        rig.scene.model = model({"vpc": (), "database": ("vpc",)})
        pull = await remove(rig, "database", branch="third")
        assert await reasons(rig, pull) == {"database": NAMED}
        await rig.approve(pull, "dev/database")
        await rig.until_quiet()
        assert rig.dispatched("destroy") == ["destroy dev/api", "destroy dev/database"]


async def test_what_was_removed_and_is_still_there_holds_back_what_it_needs(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN), files=FILES) as rig:
        await known(rig)
        await remove(rig, "api")  # nobody approves that
        rig.scene.model = model({"vpc": (), "database": ("vpc",)})
        pull = await remove(rig, "database", branch="third")
        assert "`dev/api` is known to depend on it" in (await reasons(rig, pull))["database"]


async def _upload_elsewhere(rig: Rig, pull: Pull, base_sha: str) -> None:
    """Replace what the pull request's workflow uploads by a comparison with another commit."""
    body = rig.scene.body

    def compared(one: Pull) -> dict[str, object]:
        return body(one) | {"base_sha": base_sha}

    rig.scene.body = compared  # type: ignore[method-assign]
    rig.hub.merge(pull, by="lead")
    await rig.until_quiet()


async def test_without_a_second_fact_it_is_left_for_people(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model({"vpc": ()}), files=FILES) as rig:
        start = rig.repo.tip.sha
        await known(rig)
        pull = await removing(rig, "vpc")
        await _upload_elsewhere(rig, pull, start)
        assert await statuses(rig, pull) == {"vpc": "manual"}
        assert "was not compared with what the merge changed" in (await reasons(rig, pull))["vpc"]
        assert rig.dispatched("destroy") == []


async def test_an_inventory_of_the_merge_is_a_second_fact(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model({"vpc": (), "dns": ()}), files=FILES) as rig:
        start = rig.repo.tip.sha
        await known(rig)
        pull = await removing(rig, "vpc")
        left = Model({("dev", "dns"): rig.scene.model.instances["dev", "dns"]})
        rig.hub.programs[AFFECTED] = _after(rig, rig.scene.describe_affected, pull, left)
        await _upload_elsewhere(rig, pull, start)
        assert await reasons(rig, pull) == {"vpc": NAMED}
        await rig.approve(pull, "dev/vpc")
        await rig.until_quiet()
        assert rig.run_of("destroy dev/vpc").inputs["sha"] == start


def _after(rig: Rig, then: Steps, pull: Pull, left: Model) -> Steps:
    """Have the inventory of a merge listed before its affected stacks are."""

    async def both(program: Program) -> str:
        claims = of_main(900, sha=pull.merge_commit_sha)
        token = Sessions(session_key(rig.settings.private_key), rig.clock).issue(rig.repo.id, claims)
        async with aiohttp.ClientSession() as session:
            listed = atmos.instances_body(left, repo=rig.repo.full_name)
            answer = await Client(session, rig.url, token=token).upload_instances([listed])
        assert answer.success, answer
        return await then(program)

    return both


async def test_a_reader_of_github_that_lags_behind_finds_the_second_fact(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_rig(tmp_path, model=model({"vpc": ()}), files=FILES) as rig:
        await known(rig)
        pull = await removing(rig, "vpc")
        read = reads.pull

        async def lagging(*args: Any) -> PullFacts:
            return replace(await read(*args), open=True, merged=False, merge_sha="", merged_at=0.0, updated_at=1.0)

        monkeypatch.setattr(reads, "pull", lagging)
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        assert await reasons(rig, pull) == {"vpc": NAMED}


async def test_the_stack_and_the_breaker_hold_it_as_well(tmp_path: Path) -> None:
    needs = {"vpc": (), "dns": ()}
    async with open_rig(tmp_path, model=model(needs), files=FILES, approve_stacks=("dev",), breaker_apply=2) as rig:
        await known_by_approval(rig)
        pull = await remove(rig, "vpc", "dns")
        await rig.approve(pull, "dev/vpc", by="dev")
        await rig.until_quiet()
        assert rig.dispatched("destroy") == []
        assert "somebody other than dev must approve" in (await reasons(rig, pull))["vpc"]
        await rig.approve(pull, "dev/vpc", by="ada")
        await rig.until_quiet()
        assert rig.dispatched("destroy") == ["destroy dev/vpc"]


async def known_by_approval(rig: Rig) -> None:
    pull = rig.scene.open_pull([key[1] for key in rig.scene.model.instances], branch="first")
    await rig.until_quiet()
    rig.hub.merge(pull, by="lead")
    await rig.until_quiet()
    await rig.approve(pull, by="ada")
    await rig.until_quiet()


async def test_it_waits_for_the_apply_of_an_earlier_merge(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model({"vpc": ()}), files=FILES) as rig:
        await known(rig)
        rig.hub.scenario.seconds = lambda file, _inputs: 900.0 if file == example.APPLY else 1.0
        earlier = rig.scene.open_pull(["vpc"], branch="earlier")
        await rig.passes(60)
        rig.hub.merge(earlier, by="lead")
        await rig.passes(60)
        gone = await removing_soon(rig, "vpc")
        await rig.approve(gone, "dev/vpc")
        await rig.passes(60)
        assert await statuses(rig, earlier) == {"vpc": "running"}
        assert await reasons(rig, gone) == {"vpc": "after #2"}
        await rig.until_quiet()
        assert [label_of(run) for run in rig.runs()][-2:] == ["apply dev/vpc", "destroy dev/vpc"]
        apply, destroy = rig.runs()[-2:]
        assert apply.latest.updated_at <= destroy.created_at


async def removing_soon(rig: Rig, name: str) -> Pull:
    """Have something removed by a pull request that is merged within minutes."""
    rig.scene.removed = {("dev", name): rig.scene.model.instances["dev", name]}
    pull = rig.scene.open_pull((), branch="gone")
    await rig.passes(60)
    rig.hub.merge(pull, by="lead")
    await rig.passes(60)
    return pull


async def test_what_comes_back_overtakes_its_destroy(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model({"vpc": ()}), files=FILES) as rig:
        await known(rig)
        gone = await remove(rig, "vpc")
        rig.scene.removed = {}
        back = rig.scene.open_pull(["vpc"], branch="back")
        await rig.until_quiet()
        rig.hub.merge(back, by="lead")
        await rig.until_quiet()
        assert rig.dispatched("apply") == ["apply dev/vpc"] * 2
        assert await statuses(rig, gone) == {"vpc": "superseded"}
        await rig.approve(gone, "dev/vpc", status=409)
        await rig.until_quiet()
        assert rig.dispatched("destroy") == []


async def test_a_file_that_is_missing_fails_it(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model({"vpc": ()})) as rig:
        await known(rig)
        pull = await remove(rig, "vpc")
        assert await statuses(rig, pull) == {"vpc": "failed"}
        assert f"`.github/workflows/{example.DESTROY}` does not exist" in (await reasons(rig, pull))["vpc"]


async def test_a_whole_diamond_goes_from_below(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(DIAMOND), files=FILES) as rig:
        await known(rig)
        pull = await remove(rig, *DIAMOND)
        await rig.approve(pull, *(f"dev/{name}" for name in DIAMOND))
        await rig.until_quiet()
        order = [label_of(run).rpartition("/")[2] for run in rig.runs() if run.workflow.file == example.DESTROY]
        assert sorted(order) == sorted(DIAMOND)
        for name, needs in DIAMOND.items():
            assert all(order.index(name) < order.index(need) for need in needs)


async def _half_told(rig: Rig, *, planned: bool = True) -> Pull:
    """Have a merge of which the first upload does not say yet that the cache is gone."""
    await known(rig)
    rig.scene.model = model({"vpc": ()})
    if not planned:
        rig.hub.scenario.fail(workflow=example.PLAN)
    pull = rig.scene.open_pull(["vpc"], branch="second")
    await rig.until_quiet()
    rig.hub.merge(pull, by="lead")
    await rig.until_quiet()
    rig.scene.removed = {("dev", "cache"): configured("cache", ("vpc",))}
    return pull


async def _tell_rest(rig: Rig, pull: Pull, *, only_gone: bool) -> None:
    body: dict[str, Any] = rig.scene.body(pull)
    if only_gone:
        body["stacks"] = [item for item in body["stacks"] if item.get("deleted")]
    async with aiohttp.ClientSession() as session:
        status, answer = await atmos.upload(session, rig.url, rig.key, body)
    assert status == 200, answer
    await rig.until_quiet()


@pytest.mark.parametrize("only_gone", [True, False])
async def test_what_is_told_after_its_parent_was_applied_is_left_for_people(tmp_path: Path, *, only_gone: bool) -> None:
    async with open_rig(tmp_path, model=model({"vpc": (), "cache": ("vpc",)}), files=FILES) as rig:
        pull = await _half_told(rig)
        await _tell_rest(rig, pull, only_gone=only_gone)
        assert await statuses(rig, pull) == {"vpc": "succeeded", "cache": "manual"}
        assert "`dev/vpc`, on which it depended, was applied before" in (await reasons(rig, pull))["cache"]


async def test_what_needs_something_that_was_told_late_is_left_for_people_too(tmp_path: Path) -> None:
    # The cache needed both; the vpc was applied already, so the cache stays, and with it what is shared.
    needs: Needs = {"vpc": (), "cache": ("shared", "vpc"), "shared": ()}
    async with open_rig(tmp_path, model=model(needs), files=FILES) as rig:
        pull = await _half_told(rig)
        rig.scene.removed["dev", "shared"] = configured("shared", ())
        await _tell_rest(rig, pull, only_gone=True)
        assert "`dev/cache`, which depended on it, is left for people" in (await reasons(rig, pull))["shared"]


@pytest.mark.parametrize("only_gone", [True, False])
async def test_what_is_told_in_time_goes_before_its_parent(tmp_path: Path, *, only_gone: bool) -> None:
    async with open_rig(tmp_path, model=model({"vpc": (), "cache": ("vpc",)}), files=FILES) as rig:
        pull = await _half_told(rig, planned=False)
        await _tell_rest(rig, pull, only_gone=only_gone)
        await rig.approve(pull, "dev/vpc")
        await rig.until_quiet()
        assert await statuses(rig, pull) == {"vpc": "waiting", "cache": "held"}
        held = [row["target"] for row in rig.db.rows("SELECT target FROM audit WHERE action = 'hold' ORDER BY id")]
        assert held[-1] == "dev/cache"
        await rig.approve(pull, "dev/cache")
        await rig.until_quiet()
        assert rig.dispatched()[-2:] == ["destroy dev/cache", "apply dev/vpc"]
