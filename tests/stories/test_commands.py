"""What people tell the bot in a comment: it is done once, in its order, and answered in the one comment."""

from __future__ import annotations

from pathlib import Path

from bot.domain.commands.table import SPECS
from bot.sandbox import example
from tests.rig import open_rig
from tests.stories.helping import CHAIN, ONE, model
from tests.stories.saying import DONE, REFUSED, answers, say
from tests.stories.test_forks import FORK, forked, nothing_was_sent

PAUSED = "⏸️ **Nothing more is started:** paused by boss."


async def test_a_pause_keeps_what_was_not_sent_until_it_ends(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        rig.hub.set_permission(rig.repo, "boss", "write")
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(3)
        said = rig.hub.comment(pull, "boss", "Wait a moment.\n\n/atmos pause\n")
        await rig.until_quiet()
        assert rig.dispatched("plan") == ["plan dev/vpc"]
        assert {sign for _, _, sign in said.reactions} == DONE
        assert PAUSED in rig.comment(pull)
        assert "✅ `/atmos pause` by boss" in rig.comment(pull)
        rig.hub.comment(pull, "boss", "/atmos unpause\n/atmos why dev/vpc")
        await rig.until_quiet()
        assert rig.dispatched("plan") == ["plan dev/vpc", "plan dev/database", "plan dev/api"]
        assert "✅ `vpc` in `dev` [**succeeded**]" in rig.comment(pull)


async def test_a_pause_said_before_the_merge_keeps_its_apply_and_outlives_a_restart(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        assert await say(rig, pull, "/atmos pause") == DONE
        rig.hub.merge(pull, by="lead")
        await rig.restart()
        await rig.until_quiet()
        assert rig.dispatched("apply") == []
        assert PAUSED in rig.comment(pull)
        # Said twice it is the same pause, and whose it was is told.
        assert await say(rig, pull, "/atmos pause", by="ann") == DONE
        assert answers(rig, pull) == ["It was paused by boss already."]
        assert await say(rig, pull, "/atmos unpause", by="ann") == DONE
        assert rig.dispatched("apply") == ["apply dev/vpc", "apply dev/database", "apply dev/api"]
        assert await say(rig, pull, "/atmos unpause") == REFUSED
        assert answers(rig, pull) == ["It is not paused."]


async def test_a_pause_holds_for_the_heads_that_come_and_over_a_closing(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        assert await say(rig, pull, "/atmos pause") == DONE
        before = rig.dispatched("plan")
        rig.scene.push("feature", ["vpc"], note="again")
        await rig.until_quiet()
        rig.hub.close(pull, "dev")
        await rig.until_quiet()
        rig.hub.reopen(pull, "dev")
        await rig.until_quiet()
        assert rig.dispatched("plan") == before
        assert await say(rig, pull, "/atmos unpause") == DONE
        assert len(rig.dispatched("plan")) == len(before) + 3


async def test_help_lists_every_command_and_tells_one(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        assert await say(rig, pull, "/atmos help") == DONE
        assert [name for name in SPECS if f"/atmos {name}" not in rig.comment(pull)] == []
        assert await say(rig, pull, "/atmos help retry") == DONE
        assert SPECS["retry"].does in rig.comment(pull)


async def test_each_of_twenty_commands_in_a_comment_has_its_answer(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        names = [f"nothing-{number:02}" for number in range(20)]
        assert await say(rig, pull, "\n".join(f"/atmos retry {name}" for name in names)) == REFUSED
        assert [name for name in names if f"`/atmos retry {name}`" not in rig.comment(pull)] == []


async def test_why_said_twice_is_answered_twice_and_both_are_kept_up_to_date(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        rig.hub.scenario.seconds = lambda file, _inputs: 300.0 if file == example.PLAN else 1.0
        rig.hub.set_permission(rig.repo, "boss", "write")
        rig.hub.set_permission(rig.repo, "ann", "write")
        pull = rig.scene.open_pull(["vpc"])
        await rig.passes(30)
        said = [rig.hub.comment(pull, by, "/atmos why vpc") for by in ("boss", "ann", "boss")]
        await rig.passes(30)
        text = rig.comment(pull)
        assert text.count("`vpc` in `dev` [**is running**]") == 3
        await rig.until_quiet()
        text = rig.comment(pull)
        assert text.count("`vpc` in `dev` [**succeeded**]") == 3
        assert "**is running**" not in text
        assert [text.count(f"`/atmos why vpc` by {by}") for by in ("boss", "ann")] == [2, 1]
        assert [{sign for _, _, sign in one.reactions} for one in said] == [DONE] * 3


async def test_two_who_say_the_same_at_once_have_it_done_once(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        rig.hub.scenario.fail(component="vpc")
        for by in ("boss", "ann"):
            rig.hub.set_permission(rig.repo, by, "write")
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        under_way = "dev/vpc (dispatching: wait for its end, or `/atmos cancel` it)."
        for words, told in (("retry vpc", "Nothing goes again"), ("replan vpc", "Nothing is planned again")):
            before = len(rig.dispatched())
            said = [rig.hub.comment(pull, by, f"/atmos {words}") for by in ("boss", "ann")]
            await rig.until_quiet()
            assert [{sign for _, _, sign in one.reactions} for one in said] == [DONE, REFUSED]
            assert rig.dispatched()[before:] == ["plan dev/vpc"]
            assert answers(rig, pull) == [f"{told}: {under_way}"]
            assert f"✅ `/atmos {words}` by boss" in rig.comment(pull)


async def test_commands_on_a_fork_s_pull_request_start_nothing_and_say_why(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        pull = forked(rig)
        await rig.until_quiet()
        words = ["plan", "replan vpc", "retry", "apply vpc", "approve", "skip vpc", "cancel", "lock vpc", "why vpc"]
        for one in words:
            assert await say(rig, pull, f"/atmos {one}", role="admin") == REFUSED
            assert answers(rig, pull)[0] == "It comes from a fork, and nothing is started for forks."
        assert await say(rig, pull, "/atmos destroy vpc\n/atmos confirm AAAAAAAA", role="admin") == REFUSED
        assert await say(rig, pull, "/atmos pause\n/atmos unpause\n/atmos status", role="admin") == DONE
        # Who opened it may not write here, and is told so and nothing else.
        assert await say(rig, pull, "/atmos plan", by="stranger", role="read") == REFUSED
        assert answers(rig, pull) == ["stranger may not: it needs write access to this repository."]
        rig.hub.merge(pull, by="lead")
        await rig.until_quiet()
        for one in ("apply vpc", "retry", "destroy vpc"):
            assert await say(rig, pull, f"/atmos {one}", role="admin") == REFUSED
            assert answers(rig, pull)[0] == "It comes from a fork, and nothing is started for forks."
        assert nothing_was_sent(rig)
        assert FORK in rig.comment(pull)
        assert len(rig.comments(pull)) == 1


async def test_a_draft_is_steered_as_any_pull_request(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        rig.hub.scenario.fail(component="database")
        rig.scene.push("feature", ["vpc"])
        pull = rig.hub.open_pull(rig.repo, head="feature", title="Change vpc", author="dev", draft=True)
        await rig.until_quiet()
        assert await say(rig, pull, "/atmos pause\n/atmos retry") == DONE
        assert rig.dispatched() == ["plan dev/vpc", "plan dev/database"]
        assert await say(rig, pull, "/atmos unpause") == DONE
        assert rig.dispatched()[2:] == ["plan dev/database", "plan dev/api"]
        assert await say(rig, pull, "/atmos apply vpc") == REFUSED
        assert rig.dispatched("apply") == []
        rig.hub.ready_for_review(pull, by="dev")
        await rig.until_quiet()
        assert len(rig.dispatched()) == 4
