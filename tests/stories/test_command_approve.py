"""`/atmos approve`: what is held is let go from the pull request, by who may, and only as it was when they said so."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.sandbox import example
from bot.sandbox.state import Comment, Pull
from bot.store import meta
from bot.store.db import transaction
from tests.rig import Rig, open_rig
from tests.stories import test_destroy
from tests.stories.console import audited, command
from tests.stories.helping import APPLY_PATH, CHAIN, model, wide, without_id
from tests.stories.test_closing import triggers
from tests.stories.test_order import change

ONE = {"vpc": ()}
TWO = {"vpc": (), "database": ("vpc",)}


def signs(comment: Comment) -> set[str]:
    return {sign for _, _, sign in comment.reactions}


async def says(rig: Rig, pull: Pull, by: str, text: str, role: str = "write") -> Comment:
    """Have somebody say something, and let happen what comes of it."""
    rig.hub.set_permission(rig.repo, by, role)
    said = rig.hub.comment(pull, by, text)
    await rig.until_quiet()
    return said


async def planned(rig: Rig, *components: str, fails: tuple[str, ...] = (), author: str = "dev") -> Pull:
    for component in fails:
        rig.hub.scenario.fail(workflow=example.PLAN, component=component)
    pull = rig.scene.open_pull(components, author=author)
    await rig.until_quiet()
    return pull


async def merged(rig: Rig, *components: str, fails: tuple[str, ...] = (), author: str = "dev") -> Pull:
    pull = await planned(rig, *components, fails=fails, author=author)
    rig.hub.merge(pull, by="lead")
    await rig.until_quiet()
    return pull


async def test_what_is_held_goes_when_it_is_named_and_then_all_of_it(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(TWO)) as rig:
        pull = await merged(rig, "vpc", "database", fails=("vpc",))
        assert rig.dispatched("apply") == []
        said = await says(rig, pull, "boss", "/atmos approve dev/vpc")
        assert signs(said) == {"eyes", "rocket"}
        assert rig.dispatched("apply") == ["apply dev/vpc"]
        assert (f"Let go: dev/vpc (no plan of it succeeded at {pull.head_sha[:7]} before the merge).") in rig.comment(
            pull
        )
        assert await rig.statuses(pull) == {"dev/vpc": "succeeded", "dev/database": "held"}

        await says(rig, pull, "dora", "/atmos approve")
        assert rig.dispatched("apply") == ["apply dev/vpc", "apply dev/database"]
        assert [(by, which) for by, which, _ in audited(rig, "approve")] == [
            ("boss", "dev/vpc"),
            ("dora", "dev/database"),
        ]
        again = await says(rig, pull, "dora", "/atmos approve")
        assert signs(again) == {"eyes", "confused"}
        assert "Nothing of that is held, so there is nothing to approve." in rig.comment(pull)
        assert len(rig.dispatched("apply")) == 2


async def test_before_the_merge_it_counts_for_this_head(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(TWO)) as rig:
        pull = await planned(rig, "vpc", "database", fails=("vpc", "vpc"))
        said = await says(rig, pull, "boss", "/atmos approve")
        assert signs(said) == {"eyes", "rocket"}
        assert "no plan of it succeeded, and it may be applied after the merge" in rig.comment(pull)
        rig.scene.push("feature", ["vpc"], note="once more")
        await rig.until_quiet()
        assert "2 would be held" in rig.comment(pull)  # a push ends an approval
        await says(rig, pull, "boss", "/atmos approve dev/vpc")
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        assert rig.dispatched("apply") == ["apply dev/vpc"]
        assert await rig.statuses(pull) == {"dev/vpc": "succeeded", "dev/database": "held"}


async def test_what_is_destroyed_goes_by_its_full_name_alone(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=test_destroy.model(ONE), files=test_destroy.FILES) as rig:
        await test_destroy.known(rig)
        pull = await test_destroy.remove(rig, "vpc")
        for target in ("", " vpc", " dev", " @all", " @held", " */vpc"):
            said = await says(rig, pull, "boss", f"/atmos approve{target}", role="admin")
            assert signs(said) == {"eyes", "confused"}
            assert "it would be destroyed: name dev/vpc to approve that" in rig.comment(pull)
        assert rig.dispatched("destroy") == []
        assert len(audited(rig, "approve")) == 0
        await says(rig, pull, "boss", "/atmos approve dev/vpc", role="admin")
        assert rig.dispatched("destroy") == ["destroy dev/vpc"]


@pytest.mark.parametrize("author", ["dev", "Dev"])
async def test_the_author_approves_no_stack_that_wants_somebody_else(tmp_path: Path, author: str) -> None:
    async with open_rig(tmp_path, model=model(ONE), approve_stacks=("d*",)) as rig:
        pull = await merged(rig, "vpc", author=author)
        said = await says(rig, pull, author, "/atmos approve dev/vpc", role="admin")
        assert signs(said) == {"eyes", "confused"}
        assert f"{author} is the author, and somebody other than {author} must approve" in rig.comment(pull)
        assert rig.dispatched("apply") == []
        await says(rig, pull, "boss", "/atmos approve")
        assert rig.dispatched("apply") == ["apply dev/vpc"]


async def test_what_the_author_may_let_go_goes_and_the_rest_is_told(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE), approve_stacks=("dev",)) as rig:
        pull = await merged(rig, "vpc", fails=("vpc",))
        said = await says(rig, pull, "dev", "/atmos approve")
        assert signs(said) == {"eyes", "rocket"}
        told = rig.comment(pull)
        assert "Let go: dev/vpc (no plan of it succeeded" in told
        assert "Not let go: dev/vpc: dev is the author, and somebody other than dev must approve" in told
        assert rig.dispatched("apply") == []
        assert ("dev", "dev/vpc") in [(by, which) for by, which, _ in audited(rig, "refuse")]


async def test_by_default_the_author_may_approve_what_the_own_merge_holds(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        pull = await merged(rig, "vpc", fails=("vpc",))
        await says(rig, pull, "dev", "/atmos approve")
        assert rig.dispatched("apply") == ["apply dev/vpc"]


async def test_by_the_setting_only_somebody_else_may_approve_what_a_merge_holds(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE), self_approve=False) as rig:
        pull = await planned(rig, "vpc", fails=("vpc",))
        said = await says(rig, pull, "dev", "/atmos approve dev/vpc", role="admin")  # before the merge, too
        assert signs(said) == {"eyes", "confused"}
        rig.hub.merge(pull, by="dev")
        await rig.until_quiet()
        refusal = "dev is the author, and somebody else must approve what this merge holds"
        await says(rig, pull, "dev", "/atmos approve", role="admin")
        assert refusal in rig.comment(pull)
        assert refusal in (await rig.approve(pull, by="dev", status=409))["errorMessage"]
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("SWITCHYARD_SELF_APPROVE", "false")
            assert refusal in command(rig, "approve", "acme/infra#1", "--by", "dev", "--yes", code=1)
        await rig.until_quiet()
        assert rig.dispatched("apply") == []
        await says(rig, pull, "boss", "/atmos approve")
        assert rig.dispatched("apply") == ["apply dev/vpc"]


async def test_by_the_setting_the_author_still_lets_go_a_plan(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(wide(2)), breaker_plan=1, self_approve=False) as rig:
        pull = await planned(rig, "part-00", "part-01")
        assert rig.dispatched() == []
        await says(rig, pull, "dev", "/atmos approve")
        assert len(rig.dispatched("plan")) == 2


async def test_a_plan_and_an_apply_of_unusual_size(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(wide(3)), breaker_plan=2, breaker_apply=2) as rig:
        pull = await planned(rig, *wide(3))
        said = await says(rig, pull, "boss", "/atmos approve")
        assert signs(said) == {"eyes", "rocket"}
        assert "Let go: dev/part-00, dev/part-01, dev/part-02 (all of it would start 3 runs" in rig.comment(pull)
        assert len(rig.dispatched("plan")) == 3
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        assert rig.dispatched("apply") == []
        await says(rig, pull, "boss", "/atmos approve part-00 part-01")
        assert sorted(rig.dispatched("apply")) == ["apply dev/part-00", "apply dev/part-01"]


async def test_an_environment_that_github_would_make(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        del rig.repo.environments["dev"]
        pull = await merged(rig, "vpc")
        assert rig.dispatched("apply") == []
        await says(rig, pull, "boss", "/atmos approve @held")
        assert "no environment `dev`" in rig.comment(pull)
        assert rig.dispatched("apply") == ["apply dev/vpc"]


async def test_what_is_in_doubt_is_sent_again_only_by_its_name(tmp_path: Path) -> None:
    both = model({"vpc": (), "dns": ()})
    async with open_rig(tmp_path, model=both, files=without_id(APPLY_PATH)) as rig:
        pull = await planned(rig, "vpc", "dns")
        rig.faults.add("POST", "/dispatches$", "lost_answer", 2)
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        assert await rig.statuses(pull) == {"dev/dns": "held", "dev/vpc": "held"}
        said = await says(rig, pull, "boss", "/atmos approve")
        assert signs(said) == {"eyes", "confused"}
        assert "its dispatch is in doubt: see whether it ran, then name dev/vpc to have it sent" in rig.comment(pull)
        assert len(rig.dispatched("apply")) == 2
        await says(rig, pull, "boss", "/atmos approve dev/vpc")
        assert rig.dispatched("apply").count("apply dev/vpc") == 2
        assert await rig.statuses(pull) == {"dev/dns": "held", "dev/vpc": "succeeded"}


async def test_what_others_were_applied_to_since_its_plan(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE), stale="hold") as rig:
        late, early = change(rig, "vpc", "late"), change(rig, "vpc", "early")
        await rig.until_quiet()
        for pull in (early, late):
            rig.hub.merge(pull, by="lead")
            await rig.until_quiet()
        assert await rig.statuses(late) == {"dev/vpc": "held"}
        await says(rig, late, "boss", "/atmos approve vpc")
        assert await rig.statuses(late) == {"dev/vpc": "succeeded"}
        assert "Let go: dev/vpc (planned before #2 was applied)." in rig.comment(late).replace("&#8203;", "")


async def test_what_came_after_it_was_said_is_not_covered(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        pull = await merged(rig, "vpc", fails=("vpc",))
        rig.hub.set_permission(rig.repo, "boss", "write")
        rig.faults.add("GET", "/permission$", "status", 4)  # GitHub does not tell for a while who may
        rig.hub.comment(pull, "boss", "/atmos approve")
        await rig.settle()
        rig.clock.at += 2
        with transaction(rig.db):
            meta.put(rig.db, meta.RESTORED_AT, rig.clock.at)
        rig.hub.label(pull, "any", by="dev")  # news of GitHub's does not wait for what people say
        await rig.until_quiet()
        assert rig.dispatched("apply") == []
        told = rig.comment(pull)
        assert "Let go: dev/vpc (no plan of it succeeded" in told
        assert "but only since that was said: look at it, and say it again" in told
        await says(rig, pull, "boss", "/atmos approve")
        assert rig.dispatched("apply") == ["apply dev/vpc"]


async def test_a_push_in_between_leaves_nothing_to_approve(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        pull = await planned(rig, "vpc", fails=("vpc", "vpc"))
        rig.hub.set_permission(rig.repo, "boss", "write")
        rig.faults.add("GET", "/permission$", "status", 7)
        said = rig.hub.comment(pull, "boss", "/atmos approve dev/vpc")
        await rig.settle()
        rig.clock.at += 5
        rig.scene.push("feature", ["vpc"], note="once more")
        await rig.until_quiet()
        assert signs(said) == {"eyes", "confused"}
        assert "wait until the affected stacks of this commit are uploaded" in rig.comment(pull)
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        assert rig.dispatched("apply") == []


async def test_on_a_closed_one_and_before_anything_is_known_there_is_nothing_to_approve(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN), files=triggers("opened")) as rig:
        pull = await planned(rig, "vpc", fails=("vpc",))
        rig.hub.close(pull, by="dev")
        await rig.until_quiet()
        said = await says(rig, pull, "boss", "/atmos approve")
        assert signs(said) == {"eyes", "confused"}
        assert "It is closed, and nothing of it is worked any more." in rig.comment(pull)


@pytest.mark.parametrize(
    ("target", "told"),
    [
        ("nothing-like-it", "names nothing here"),
        ("dev/../vpc", "names nothing here"),
        ("@everything", "is not known"),
        ("--force", "is no option of it"),
    ],
)
async def test_what_means_nothing_lets_nothing_go(tmp_path: Path, target: str, told: str) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        pull = await merged(rig, "vpc", fails=("vpc",))
        said = await says(rig, pull, "boss", f"/atmos approve dev/vpc {target}")
        assert signs(said) == {"eyes", "confused"}
        assert told in rig.comment(pull)
        assert rig.dispatched("apply") == []
