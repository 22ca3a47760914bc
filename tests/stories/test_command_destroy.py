"""`/atmos destroy` shows what it would be; `/atmos confirm` does it, once, and only as it was shown."""

from __future__ import annotations

import gc
import re
from pathlib import Path

import pytest

from bot.sandbox import example
from bot.sandbox.runs import Run
from bot.sandbox.state import Pull
from tests.rig import Rig, open_rig
from tests.stories.console import audited, command
from tests.stories.helping import CHAIN, DIAMOND, headline
from tests.stories.test_destroy import FILES, model, remove, statuses

ALL = ("dev/api", "dev/database", "dev/vpc")


async def _merged(rig: Rig, *paths: str, branch: str = "first") -> Pull:
    """Have a pull request planned and applied; boss may destroy, dora may write."""
    rig.hub.set_permission(rig.repo, "boss", "maintain")
    rig.hub.set_permission(rig.repo, "root", "admin")
    rig.hub.set_permission(rig.repo, "dora", "write")
    pull = rig.scene.open_pull(paths or [key[1] for key in rig.scene.model.instances], branch=branch)
    await rig.until_quiet()
    rig.hub.merge(pull, by="lead")
    await rig.until_quiet()
    return pull


async def _say(rig: Rig, pull: Pull, words: str, by: str = "boss") -> str:
    """Say a command, and read what is answered to it."""
    rig.hub.comment(pull, by, f"/atmos {words}")
    await rig.until_quiet()
    return _answer(rig, pull)


def _answer(rig: Rig, pull: Pull) -> str:
    """Read the line of the last command."""
    said = rig.comment(pull).partition("**Last commands**\n")[2]
    return said.split("\n")[0]


def _code(answer: str) -> str:
    found = re.search(r"`/atmos confirm ([A-Z2-9]{8})`", answer)
    assert found is not None, answer
    return found[1]


async def _shown(rig: Rig, pull: Pull, words: str = "destroy dev/vpc --downstream") -> str:
    """Have something shown, and read its code."""
    return _code(await _say(rig, pull, words))


def _destroys(rig: Rig) -> list[Run]:
    return [run for run in rig.runs() if run.workflow.file == example.DESTROY]


async def test_it_is_shown_first_and_then_children_go_before_parents(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN), files=FILES) as rig:
        pull = await _merged(rig)
        answer = await _say(rig, pull, "destroy vpc --downstream")
        assert answer.startswith("- ✅ `/atmos destroy vpc --downstream` by boss")
        assert "Nothing is destroyed yet." in answer
        assert (
            f"destroys at `{pull.merge_commit_sha[:7]}`, in this order: "
            "`dev/api` (applied), `dev/database` (applied), `dev/vpc` (applied)." in answer
        )
        assert rig.dispatched("destroy") == []
        answer = await _say(rig, pull, f"confirm {_code(answer)}", by="root")
        assert f"3 instances are to be destroyed at `{pull.merge_commit_sha[:7]}`" in answer
        assert rig.dispatched("destroy") == ["destroy dev/api", "destroy dev/database", "destroy dev/vpc"]
        ended = [run.latest.updated_at for run in _destroys(rig)]
        assert all(end <= run.created_at for end, run in zip(ended, _destroys(rig)[1:], strict=False))
        assert {run.inputs["sha"] for run in _destroys(rig)} == {pull.merge_commit_sha}
        assert {run.ref for run in _destroys(rig)} == {"refs/heads/main"}
        assert {run.inputs["github_environment"] for run in _destroys(rig)} == {"dev"}
        assert await statuses(rig, pull) == dict.fromkeys(CHAIN, "succeeded")
        assert headline(rig.comment(pull)).startswith("✅ Destroyed: all 3 instances")
        assert len(rig.comments(pull)) == 1


async def test_who_said_what_is_in_the_audit(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model({"vpc": ()}), files=FILES) as rig:
        pull = await _merged(rig)
        code = await _shown(rig, pull)
        await _say(rig, pull, f"confirm {code}", by="root")
        assert audited(rig, "destroy") == [("boss", "dev/vpc", "shown, and not confirmed yet")]
        assert audited(rig, "confirm") == [("root", "dev/vpc", "shown to boss")]


async def test_a_diamond_goes_from_below_and_what_is_beside_it_stays(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(DIAMOND), files=FILES) as rig:
        pull = await _merged(rig)
        await _say(rig, pull, f"confirm {await _shown(rig, pull)}")
        order = [run.inputs["component"] for run in _destroys(rig)]
        assert sorted(order) == ["api", "cache", "database", "vpc"]
        assert (order[0], order[-1]) == ("api", "vpc")


async def test_without_what_depends_on_it_it_is_refused(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN), files=FILES) as rig:
        pull = await _merged(rig)
        answer = await _say(rig, pull, "destroy dev/vpc")
        assert answer.startswith("- 🚫 `/atmos destroy dev/vpc`")
        assert "`dev/database` is known to depend on `dev/vpc` and would stay." in answer
        answer = await _say(rig, pull, "destroy dev/vpc dev/database")
        assert "`dev/api` is known to depend on `dev/database` and would stay." in answer
        assert "confirm" not in answer


async def test_what_only_memory_knows_to_depend_on_it_is_seen_too(tmp_path: Path) -> None:
    # The second upload says nothing of the database and the api, as nothing tells it that they need the vpc.
    async with open_rig(tmp_path, model=model(CHAIN), files=FILES) as rig:
        await _merged(rig)
        rig.scene.model = model({"vpc": ()})
        pull = await _merged(rig, "vpc", branch="second")
        answer = await _say(rig, pull, "destroy dev/vpc")
        assert "`dev/database` is known to depend on `dev/vpc` and would stay." in answer
        answer = await _say(rig, pull, "destroy dev/vpc --downstream")
        assert "`dev/api` (of an earlier merge), `dev/database` (of an earlier merge), `dev/vpc` (applied)." in answer
        await _say(rig, pull, f"confirm {_code(answer)}")
        assert rig.dispatched("destroy") == ["destroy dev/api", "destroy dev/database", "destroy dev/vpc"]


async def test_what_was_destroyed_keeps_nothing_and_is_not_destroyed_again(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN), files=FILES) as rig:
        pull = await _merged(rig)
        await _say(rig, pull, f"confirm {await _shown(rig, pull, 'destroy dev/api')}")
        assert "All of that is destroyed already." in await _say(rig, pull, "destroy dev/api")
        answer = await _say(rig, pull, "destroy dev/vpc --downstream")
        assert "in this order: `dev/database` (applied), `dev/vpc` (applied)." in answer
        await _say(rig, pull, f"confirm {_code(answer)}")
        assert rig.dispatched("destroy") == ["destroy dev/api", "destroy dev/database", "destroy dev/vpc"]


@pytest.mark.parametrize("by", ["dora", "stranger"])
async def test_who_may_only_write_destroys_and_confirms_nothing(tmp_path: Path, by: str) -> None:
    async with open_rig(tmp_path, model=model({"vpc": ()}), files=FILES) as rig:
        pull = await _merged(rig)
        answer = await _say(rig, pull, "destroy dev/vpc", by=by)
        assert f"{by} may not: it needs the role maintain or admin" in answer
        code = await _shown(rig, pull)
        answer = await _say(rig, pull, f"confirm {code}", by=by)
        assert f"{by} may not: it needs the role maintain or admin" in answer
        assert rig.dispatched("destroy") == []
        await _say(rig, pull, f"confirm {code}")
        assert rig.dispatched("destroy") == ["destroy dev/vpc"]


async def test_the_author_confirms_nothing_where_another_must_approve(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model({"vpc": ()}), files=FILES, self_approve=False) as rig:
        pull = await _merged(rig)
        rig.hub.set_permission(rig.repo, pull.author.login, "admin")
        code = await _shown(rig, pull)
        assert "is the author, and somebody else must confirm it." in await _say(
            rig, pull, f"confirm {code}", by=pull.author.login
        )
        assert rig.dispatched("destroy") == []
        await _say(rig, pull, f"confirm {code}")
        assert rig.dispatched("destroy") == ["destroy dev/vpc"]


@pytest.mark.parametrize(("waited", "sent"), [(880.0, True), (920.0, False)])
async def test_a_code_is_good_for_fifteen_minutes(tmp_path: Path, waited: float, *, sent: bool) -> None:
    async with open_rig(tmp_path, model=model({"vpc": ()}), files=FILES) as rig:
        pull = await _merged(rig)
        code = await _shown(rig, pull)
        await rig.passes(waited)
        answer = await _say(rig, pull, f"confirm {code}")
        assert (rig.dispatched("destroy") == ["destroy dev/vpc"]) is sent
        assert ("The code was good for 15 minutes, which are over." in answer) is not sent


async def test_a_code_is_good_once(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model({"vpc": ()}), files=FILES) as rig:
        pull = await _merged(rig)
        code = await _shown(rig, pull)
        rig.hub.comment(pull, "boss", f"/atmos confirm {code.lower()}\n/atmos confirm {code}")
        await rig.until_quiet()
        assert "No such code waits here: it was used" in rig.comment(pull)
        assert "No such code waits here: it was used" in await _say(rig, pull, f"confirm {code}")
        assert rig.dispatched("destroy") == ["destroy dev/vpc"]


async def test_a_newer_code_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model({"vpc": (), "dns": ()}), files=FILES) as rig:
        pull = await _merged(rig)
        first = await _shown(rig, pull, "destroy dev/vpc")
        second = await _shown(rig, pull, "destroy dev/dns")
        assert "No such code waits here" in await _say(rig, pull, f"confirm {first}")
        await _say(rig, pull, f"confirm {second}")
        assert rig.dispatched("destroy") == ["destroy dev/dns"]


async def test_a_code_that_is_unknown_or_of_another_pull_request_is_nothing(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model({"vpc": (), "dns": ()}), files=FILES) as rig:
        pull = await _merged(rig, "vpc")
        other = await _merged(rig, "dns", branch="second")
        assert "No such code waits here" in await _say(rig, pull, "confirm ABCD2345")
        code = await _shown(rig, pull, "destroy dev/vpc")
        assert "is of another pull request" in await _say(rig, other, f"confirm {code}")
        assert "No such code waits here" in await _say(rig, pull, "confirm ABCD2345")
        assert rig.dispatched("destroy") == []
        await _say(rig, pull, f"confirm {code}")
        assert rig.dispatched("destroy") == ["destroy dev/vpc"]


async def test_what_has_changed_since_it_was_shown_is_not_destroyed(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN), files=FILES) as rig:
        rig.hub.scenario.fail(workflow=example.APPLY, component="api")
        pull = await _merged(rig)
        answer = await _say(rig, pull, "destroy dev/api")
        assert "`dev/api` (failed)" in answer
        rig.hub.rerun(rig.run_of("apply dev/api").id)
        await rig.until_quiet()
        changed = await _say(rig, pull, f"confirm {_code(answer)}")
        assert "`dev/api` is applied by now, and was failed when it was shown. Nothing is destroyed." in changed
        assert "No such code waits here" in await _say(rig, pull, f"confirm {_code(answer)}")
        assert rig.dispatched("destroy") == []


async def test_what_began_to_depend_on_it_since_keeps_it(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model({"vpc": ()}), files=FILES) as rig:
        pull = await _merged(rig)
        rig.scene.model = model({"vpc": (), "database": ("vpc",)})
        rig.hub.scenario.fail(workflow=example.PLAN, component="vpc")  # so that the merge holds both
        newer = rig.scene.open_pull(["vpc", "database"], branch="second")
        await rig.until_quiet()
        code = await _shown(rig, pull)
        rig.hub.merge(newer, by="lead")
        await rig.until_quiet()
        answer = await _say(rig, pull, f"confirm {code}")
        assert "`dev/database` is known to depend on `dev/vpc` and would stay." in answer
        assert rig.dispatched("destroy") == []


async def test_what_a_newer_merge_applied_is_not_destroyed_by_an_older_one(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model({"vpc": ()}), files=FILES) as rig:
        pull = await _merged(rig)
        newer = rig.scene.open_pull(["vpc"], branch="second")
        await rig.until_quiet()
        code = await _shown(rig, pull)
        rig.hub.merge(newer, by="lead")
        await rig.until_quiet()
        told = f"`dev/vpc` was applied by #{newer.number} since, which is newer."
        assert told.replace("#", "#&#8203;") in await _say(rig, pull, f"confirm {code}")
        assert rig.dispatched("destroy") == []


async def test_what_names_no_workflow_is_refused(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN, kept=("api",)), files=FILES) as rig:
        pull = await _merged(rig)
        answer = await _say(rig, pull, "destroy dev/vpc --downstream")
        assert "`dev/api` names no workflow for `pull_request.deleted` in `settings.pro`." in answer
        assert rig.dispatched("destroy") == []


async def test_a_workflow_file_that_is_missing_is_told_before_anything_is_confirmed(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model({"vpc": ()})) as rig:
        pull = await _merged(rig)
        answer = await _say(rig, pull, "destroy dev/vpc")
        assert f"`dev/vpc` cannot be destroyed here. `.github/workflows/{example.DESTROY}` does not exist" in answer


async def test_before_the_merge_it_is_refused(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN), files=FILES) as rig:
        await _merged(rig)
        pull = rig.scene.open_pull(["vpc"], branch="second")
        await rig.until_quiet()
        assert "It is not merged yet" in await _say(rig, pull, "destroy dev/vpc --downstream")
        rig.hub.close(pull, by="dev")
        await rig.until_quiet()
        assert "It is closed without a merge" in await _say(rig, pull, "destroy dev/vpc --downstream")
        assert rig.dispatched("destroy") == []


async def test_until_the_apply_of_the_merge_has_begun_it_is_refused(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model({"vpc": ()}), files=FILES) as rig:
        rig.hub.set_permission(rig.repo, "boss", "maintain")
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        rig.hub.merge(pull, by="lead")
        rig.hub.comment(pull, "boss", "/atmos destroy dev/vpc")
        await rig.until_quiet()
        assert "Its apply has not begun" in rig.comment(pull)


async def test_while_it_may_still_be_applied_it_is_refused(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN), files=FILES) as rig:
        rig.hub.scenario.fail(workflow=example.APPLY, component="database")
        pull = await _merged(rig)
        answer = await _say(rig, pull, "destroy dev/database --downstream")
        assert "`dev/api` is blocked, so it may still be applied here." in answer


async def test_what_the_merge_removed_is_approved_instead(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model({"vpc": (), "dns": ()}), files=FILES) as rig:
        await _merged(rig)
        pull = await remove(rig, "vpc", touched=("dns",))
        answer = await _say(rig, pull, "destroy dev/vpc")
        assert "`dev/vpc` was removed by the merge: `/atmos approve dev/vpc` lets it be destroyed." in answer


async def test_it_is_confirmed_after_a_restart(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN), files=FILES) as rig:
        pull = await _merged(rig)
        code = await _shown(rig, pull)
        await rig.restart()
        await _say(rig, pull, f"confirm {code}")
        assert rig.dispatched("destroy") == [f"destroy {name}" for name in ALL]


async def test_a_freeze_keeps_it(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN), files=FILES) as rig:
        pull = await _merged(rig)
        code = await _shown(rig, pull)
        command(rig, "freeze", "acme/infra", "--reason", "an audit", "--by", "dora")
        await _say(rig, pull, f"confirm {code}")
        await rig.passes(600)
        assert rig.dispatched("destroy") == []
        assert "frozen by dora: an audit" in rig.comment(pull)
        command(rig, "unfreeze", "acme/infra")
        await rig.until_quiet()
        assert rig.dispatched("destroy") == [f"destroy {name}" for name in ALL]


async def test_after_a_restored_backup_it_is_held(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model({"vpc": ()}), files=FILES) as rig:
        pull = await _merged(rig)
        code = await _shown(rig, pull)
        command(rig, "backup", str(tmp_path / "kept.db"))
        await rig.running.aclose()
        gc.collect()  # what the web side's threads had open goes with them, as with a process
        command(rig, "restore", str(tmp_path / "kept.db"))
        await rig.restart()
        await _say(rig, pull, f"confirm {code}")
        assert await statuses(rig, pull) == {"vpc": "held"}
        assert "the database was restored from a backup" in rig.comment(pull)
        assert rig.dispatched("destroy") == []
        await rig.approve(pull, "dev/vpc")
        await rig.until_quiet()
        assert rig.dispatched("destroy") == ["destroy dev/vpc"]


async def test_while_it_goes_on_and_after_it_commands_find_what_only_the_apply_has(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model({"vpc": (), "dns": ()}), files=FILES) as rig:
        pull = await _merged(rig)
        code = await _shown(rig, pull, "destroy dev/vpc")
        rig.hub.scenario.seconds = lambda file, _inputs: 100.0 if file == example.DESTROY else 1.0
        rig.hub.comment(pull, "boss", f"/atmos confirm {code}")
        await rig.passes(50)
        assert rig.dispatched("destroy") == ["destroy dev/vpc"]
        rig.hub.comment(pull, "boss", "/atmos lock dev/dns")
        await rig.passes(10)
        assert _answer(rig, pull).startswith("- ✅ `/atmos lock dev/dns`")
        await rig.until_quiet()
        assert (await _say(rig, pull, "unlock dev/dns")).startswith("- ✅ `/atmos unlock dev/dns`")


async def test_a_destroy_that_fails_blocks_what_it_needed(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN), files=FILES) as rig:
        pull = await _merged(rig)
        rig.hub.scenario.fail(workflow=example.DESTROY, component="database")
        await _say(rig, pull, f"confirm {await _shown(rig, pull)}")
        assert await statuses(rig, pull) == {"api": "succeeded", "database": "failed", "vpc": "blocked"}
        answer = await _say(rig, pull, "destroy dev/vpc --downstream")
        assert "`dev/vpc` is blocked, so it may still be destroyed here." in answer


async def test_a_stack_that_wants_another_person_takes_the_confirmation_of_one(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model({"vpc": ()}), files=FILES) as rig:
        pull = await _merged(rig)
        await rig.restart(approve_stacks=("dev",))
        rig.hub.set_permission(rig.repo, pull.author.login, "admin")
        await _say(rig, pull, f"confirm {await _shown(rig, pull)}", by=pull.author.login)
        assert await statuses(rig, pull) == {"vpc": "held"}
        assert rig.dispatched("destroy") == []
        await rig.approve(pull, "dev/vpc", by="ada")
        await rig.until_quiet()
        assert rig.dispatched("destroy") == ["destroy dev/vpc"]


async def test_what_a_newer_merge_brought_back_keeps_what_it_needs(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN), files=FILES) as rig:
        pull = await _merged(rig)
        code = await _shown(rig, pull)
        await _say(rig, pull, "pause")
        await _say(rig, pull, f"confirm {code}")
        newer = await _merged(rig, "api", branch="second")
        assert rig.dispatched("apply")[3:] == ["apply dev/api"], "it does not wait for what is paused"
        await _say(rig, pull, "unpause")
        assert await statuses(rig, pull) == {"api": "superseded", "database": "blocked", "vpc": "blocked"}
        assert rig.dispatched("destroy") == []
        await _say(rig, newer, f"confirm {await _shown(rig, newer, 'destroy dev/api')}")
        assert rig.dispatched("destroy") == ["destroy dev/api"]


@pytest.mark.parametrize("how", ["cancelled", "failed"])
async def test_what_was_not_destroyed_after_all_goes_again_only_by_being_shown_again(tmp_path: Path, how: str) -> None:
    async with open_rig(tmp_path, model=model({"vpc": ()}), files=FILES) as rig:
        pull = await _merged(rig)
        code = await _shown(rig, pull, "destroy dev/vpc")
        if how == "cancelled":
            await _say(rig, pull, "pause")
            await _say(rig, pull, f"confirm {code}")
            await _say(rig, pull, "cancel dev/vpc")
            await _say(rig, pull, "unpause")
        else:
            rig.hub.scenario.conclusion = lambda file, *_: "failure" if file == example.DESTROY else "success"
            await _say(rig, pull, f"confirm {code}")
        before = rig.dispatched("destroy")
        for words in ("apply dev/vpc", "retry dev/vpc"):
            answer = await _say(rig, pull, words)
            assert answer.startswith(f"- 🚫 `/atmos {words}`")
        assert "must be shown anew" in answer
        assert rig.dispatched("destroy") == before
        await _say(rig, pull, f"confirm {await _shown(rig, pull, 'destroy dev/vpc')}")
        assert rig.dispatched("destroy") == [*before, "destroy dev/vpc"]


async def test_what_was_destroyed_is_not_applied_because_its_stacks_are_uploaded_again(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model({"vpc": (), "dns": ()}), files=FILES) as rig:
        rig.faults.add("POST", "apply.*/dispatches$", "status", 1, status=422)
        pull = await _merged(rig)
        failed = next(name for name, status in (await statuses(rig, pull)).items() if status == "failed")
        await _say(rig, pull, f"confirm {await _shown(rig, pull, f'destroy dev/{failed}')}")
        assert rig.dispatched("destroy") == [f"destroy dev/{failed}"]
        before = rig.dispatched("apply")
        affected = [run for run in rig.hub.runs.values() if run.event != "workflow_dispatch"]
        rig.hub.rerun(affected[-1].id, failed_only=False)
        await rig.until_quiet()
        assert rig.dispatched("apply") == before
