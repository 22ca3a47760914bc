"""The environment of an apply is known before it is sent: GitHub would make a missing one, open to everybody."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.sandbox import example
from bot.sandbox.state import Pull
from tests.rig import Rig, open_rig
from tests.stories.helping import APPLY_PATH, CHAIN, FOREVER, ONE, model, requests, wide

_NAMED = "environment: ${{ inputs.github_environment }}"


def naming(text: str) -> dict[str, str]:
    """Write the example's files, with another environment in the apply's."""
    tree = example.files()
    assert _NAMED in tree[APPLY_PATH]
    tree[APPLY_PATH] = tree[APPLY_PATH].replace(_NAMED, f"environment: {text}")
    return tree


async def merged(rig: Rig, *components: str) -> Pull:
    """Have a planned pull request merged, and let happen what can."""
    pull = rig.scene.open_pull(components or ("vpc",))
    await rig.until_quiet()
    rig.hub.merge(pull, by="lead")
    await rig.until_quiet()
    return pull


async def test_a_missing_one_is_held_and_an_approval_lets_it_go(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        del rig.repo.environments["dev"]
        pull = await merged(rig)
        assert rig.dispatched("apply") == []
        assert list(rig.repo.environments) == []  # GitHub was given no cause to make it
        assert (await rig.statuses(pull))["dev/vpc"] == "held"
        assert "no environment `dev`" in rig.comment(pull)
        assert "without protection" in rig.comment(pull)
        await rig.approve(pull)
        await rig.until_quiet()
        assert rig.dispatched("apply") == ["apply dev/vpc"]
        # By the first one GitHub has made it, which is believed to be missing for some minutes.
        assert (await rig.statuses(pull))["dev/vpc"] == "succeeded"


async def test_one_that_is_made_meanwhile_is_seen_after_some_minutes(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(wide(2))) as rig:
        del rig.repo.environments["dev"]
        first = await merged(rig, "part-00")
        assert await rig.statuses(first) == {"dev/part-00": "held"}
        rig.hub.add_environment(rig.repo, "dev", reviewers=[])
        await rig.passes(360)
        second = rig.scene.open_pull(["part-01"], branch="second")
        await rig.until_quiet()
        rig.hub.merge(second, by="lead")
        await rig.until_quiet()
        assert await rig.statuses(second) == {"dev/part-01": "succeeded"}
        # What was held stays so until somebody says so.
        assert await rig.statuses(first) == {"dev/part-00": "held"}
        await rig.approve(first, "dev/part-00")
        await rig.until_quiet()
        assert await rig.statuses(first) == {"dev/part-00": "succeeded"}


async def test_capital_letters_do_not_matter_to_github(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        del rig.repo.environments["dev"]
        rig.hub.add_environment(rig.repo, "DEV", reviewers=[])
        assert await rig.statuses(await merged(rig)) == {"dev/vpc": "succeeded"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("${{ inputs.nothing }}", "names no environment"),
        ("${{ vars.ENVIRONMENT }}", "nobody can tell which environment"),
        ("prod", "no environment `prod`"),
        ("${{ inputs.nothing || 'prod' }}", "no environment `prod`"),
        ("${{ inputs.stack }}-${{ inputs.component }}", "no environment `dev-vpc`"),
    ],
)
async def test_an_empty_one_and_one_that_nobody_can_tell_are_held(tmp_path: Path, text: str, told: str) -> None:
    async with open_rig(tmp_path, model=model(ONE), files=naming(text)) as rig:
        pull = await merged(rig)
        assert rig.dispatched("apply") == []
        assert await rig.statuses(pull) == {"dev/vpc": "held"}
        assert told in rig.comment(pull)
        await rig.approve(pull)
        await rig.until_quiet()
        assert rig.dispatched("apply") == ["apply dev/vpc"]


async def test_a_file_without_an_environment_has_nothing_to_protect(tmp_path: Path) -> None:
    tree = naming("dev")
    tree[APPLY_PATH] = tree[APPLY_PATH].replace("    environment: dev\n", "")
    async with open_rig(tmp_path, model=model(ONE), files=tree) as rig:
        assert await rig.statuses(await merged(rig)) == {"dev/vpc": "succeeded"}
        assert requests(rig, "GET", "/environments") == []


async def test_many_applies_ask_for_the_environments_once(tmp_path: Path) -> None:
    needs = wide(8)
    async with open_rig(tmp_path, model=model(needs)) as rig:
        await merged(rig, *needs)
        assert len(rig.dispatched("apply")) == 8
        assert len(requests(rig, "GET", "/environments")) == 1


async def test_nothing_is_sent_while_github_does_not_tell_its_environments(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        fault = rig.faults.add("GET", "/environments$", "status", FOREVER, status=503)
        rig.hub.merge(pull, by="lead")
        await rig.passes(120)
        assert rig.dispatched("apply") == []
        fault.times = 0
        await rig.until_quiet()
        assert rig.dispatched("apply") == ["apply dev/vpc"]
        assert await rig.statuses(pull) == {"dev/vpc": "succeeded"}


async def test_nothing_is_sent_to_a_file_that_cannot_be_read_any_more(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        fault = rig.faults.add("GET", "/environments$", "status", FOREVER, status=503)
        rig.hub.merge(pull, by="lead")
        await rig.passes(120)
        grown = example.APPLY_FILE + "#" * 300_000
        rig.hub.push(rig.repo, "main", {APPLY_PATH: grown}, message="Let it grow", author="lead")
        await rig.passes(10)
        fault.times = 0
        await rig.until_quiet()
        assert rig.dispatched("apply") == []
        assert await rig.statuses(pull) == {"dev/vpc": "held"}
        assert "is larger than 256 kB, so it is not read; shorten it" in rig.comment(pull)
        await rig.approve(pull)
        await rig.until_quiet()
        assert rig.dispatched("apply") == ["apply dev/vpc"]


async def test_an_approval_covers_the_environment_that_it_was_given_for_and_no_other(tmp_path: Path) -> None:
    tree = naming("first")
    job = tree[APPLY_PATH].partition("jobs:\n")[2]
    assert job.startswith("  apply:\n")
    tree[APPLY_PATH] += job.replace("  apply:\n", "  check:\n", 1).replace("first", "second")
    async with open_rig(tmp_path, model=model(ONE), files=tree) as rig:
        pull = await merged(rig)
        for name in ("first", "second"):
            assert rig.dispatched("apply") == []
            assert f"no environment `{name}`" in rig.comment(pull)
            await rig.approve(pull)
            await rig.until_quiet()
        assert rig.dispatched("apply") == ["apply dev/vpc"]
