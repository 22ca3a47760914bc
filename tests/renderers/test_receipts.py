"""The last commands: what became of each, what can be said, and why an instance is as it is."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from syrupy.assertion import SnapshotAssertion

from bot.domain.commands.parsing import read
from bot.domain.commands.table import SPECS
from bot.domain.commands.words import Command, Receipt
from bot.domain.keeping import Keeper, Keeping
from bot.domain.locks import Lock
from bot.domain.model import Release, Status
from bot.domain.results import Result
from bot.domain.rollout import Walk
from bot.domain.view import PullView
from renderers.comment import comment
from tests.renderers.reading import flaws
from tests.renderers.scenes import API, CLUSTER, DATABASE, DEV, RUNNING, SCENES, SMALL, VPC
from tests.renderers.scenes_safety import DESTROY, FROZEN, SAFETY, STACK, UNPLANNED, _apply, _kept, _merged, _overtaken
from tests.renderers.world import NOON, PULL, view, walk


def said(
    text: str, sentence: str = "", *, done: bool = True, comment: int = 1, number: int = 0, by: str = "boss"
) -> Receipt:
    """Make the receipt of a command, as it was written in a comment."""
    (line,) = read(text)
    meant = line.meant if isinstance(line.meant, Command) else None
    at = NOON + 60 * comment
    return Receipt(f"comment:{comment}", number, by, line.written, at, at + 2, done, sentence, meant)


def write(one: PullView, *receipts: Receipt, budget: int = 60_000) -> str:
    """Write a comment with these receipts, newest first; returns the part about them."""
    text = comment(replace(one, receipts=receipts), picture_url=None, mermaid=None, budget=budget)
    assert flaws(text) == []
    assert len(text) <= budget
    return text[text.index("**Last commands**") :] if "**Last commands**" in text else text


def section(one: PullView, *receipts: Receipt) -> str:
    """Write the commands alone."""
    text = write(one, *receipts)
    return text[: text.index("\n\n| ") + 1] if "\n\n| " in text else text


PLAIN = SCENES["running"]


def test_what_was_done_and_refused(markdown: SnapshotAssertion) -> None:
    assert (
        section(
            PLAIN(),
            said("/atmos paws", "`paws` is no command. Did you mean `/atmos pause`?", done=False, comment=3, number=1),
            said("/atmos pause", "Nothing more of this pull request is started until `/atmos unpause`.", comment=3),
            said("/atmos unpause", "It is not paused.", done=False, comment=2, by="a_b"),
            said("/atmos approve", "Let go: plat-dev/vpc (no plan of it succeeded at 8c0ffee before the merge)."),
        )
        == markdown
    )


def test_all_that_can_be_said(markdown: SnapshotAssertion) -> None:
    assert section(PLAIN(), said("/atmos help")) == markdown


@pytest.mark.parametrize("name", ["approve", "retry", "why"])
def test_help_about_one_command(name: str, markdown: SnapshotAssertion) -> None:
    assert section(PLAIN(), said(f"/atmos help {name}")) == markdown


def test_hostile_words_are_shown_as_they_are(markdown: SnapshotAssertion) -> None:
    text = "/atmos why `</details>` [x](javascript:alert(1)) @acme/admins #1 <img src=x> **b** \u202egnihton | a"
    shown = section(PLAIN(), said(text, f"`{text[11:40]}` names nothing here.", done=False, by="eve<b>"))
    assert shown == markdown
    assert "<img" not in shown
    assert "\u202e" not in shown


LOCK = Lock("L1", f"{DEV}/database", "lead", "the auditors are in the house", NOON + 3_600)
DEEP = {VPC: (), DATABASE: (VPC,), CLUSTER: (DATABASE,), API: (CLUSTER, DATABASE)}


def unchanged(one: Walk, *changed: int) -> Walk:
    """Have only these of a walk's steps changed themselves."""
    return Walk.of(one.rollout, [replace(step, changed=step.index in changed) for step in one.steps])


DONE = {"status": Status.SUCCEEDED, "result": Result.CHANGES}
WHYS = {
    "waiting": lambda: view(unchanged(walk(SMALL, facts={VPC: RUNNING}), 0)),
    "waiting_through_another": lambda: view(unchanged(walk(DEEP, succeeded=[VPC], facts={DATABASE: RUNNING}), 0)),
    "ready": lambda: view(walk(SMALL, succeeded=[VPC])),
    "done": lambda: view(
        walk(SMALL, succeeded=SMALL, facts={VPC: {"status": Status.SUCCEEDED, "result": Result.CHANGES}})
    ),
    "failed_and_blocked": lambda: view(unchanged(walk(SMALL, facts={VPC: {"status": Status.FAILED}}), 1)),
    "cycle": SCENES["cycle"],
    "paused": lambda: view(walk(SMALL), pull=replace(PULL, paused="boss"), kept={1: Keeping(Keeper("paused by boss"))}),
    "locked": lambda: _kept(
        walk(SMALL, succeeded=[VPC]), Keeping(None, {1: Keeper("", until=NOON + 3_600, lock=LOCK)})
    ),
    "frozen": lambda: _kept(_apply(succeeded=[VPC]), Keeping(Keeper(FROZEN)), frozen=FROZEN),
    "in_turn": SAFETY["queue"],
    "held": lambda: _merged(
        _apply(facts={VPC: {"holds": (UNPLANNED, STACK)}, DATABASE: {"released": (Release(STACK, "lead", NOON),)}})
    ),
    "in_doubt": SCENES["held"],
    "destroy": lambda: _merged(_apply(facts={VPC: {"holds": (DESTROY,), "destroys": True}})),
    "superseded": lambda: _merged(_overtaken(Status.SUCCEEDED, None)),
    "stale": SAFETY["stale_apply"],
    "approval": SAFETY["approval_of_two"],
    "manual": SCENES["manual"],
}


@pytest.mark.parametrize("name", WHYS)
def test_why(name: str, markdown: SnapshotAssertion) -> None:
    one = WHYS[name]()
    seen = one.current[0].steps
    written = f"/atmos why {' '.join(str(step.instance) for step in seen[:4])}"
    assert section(one, said(written)) == markdown


def test_why_where_nothing_is_worked_or_it_is_gone() -> None:
    assert "nothing of it is worked now." in write(SCENES["merged_waiting"](), said("/atmos why vpc"))
    assert "names nothing here" in write(PLAIN(), said("/atmos why plat-dev/gone"))


def test_only_the_last_comment_stands_open() -> None:
    text = write(PLAIN(), *(said("/atmos help", comment=number) for number in range(9, 0, -1)))
    assert text.count("<details>\n<summary>8 earlier commands</summary>") == 1


def test_very_long_answers_leave_room_for_the_rollout() -> None:
    many = [said("/atmos why *", "", comment=number) for number in range(60, 0, -1)]
    text = write(view(walk(SMALL)), *many)
    assert len(text) < 30_000
    assert re.search(r"Left out, so that this comment fits: \d+ commands\.", text)
    assert text.count("| ⏳") == 3
    assert "\u2026" in section(PLAIN(), said("/atmos lock vpc " + "very " * 300, "It is locked: " + "very " * 300))


@pytest.mark.parametrize("budget", [3_000, 4_000, 8_000])
def test_where_room_is_short_it_is_told_what_is_missing(budget: int) -> None:
    several = [said("/atmos help", comment=number) for number in range(5, 0, -1)]
    text = write(PLAIN(), *several, budget=budget)
    assert "commands" in text
    assert "Left out, so that this comment fits" in text


def test_what_the_comment_tells_people_to_say_can_be_said() -> None:
    texts = [comment(made(), picture_url=None, mermaid=None) for made in (SCENES | SAFETY | WHYS).values()]
    told = {part for text in texts for part in text.split("`")[1::2] if part.startswith("/atmos ")}
    assert {part.split()[1] for part in told} >= {"approve", "retry", "unlock", "unpause", "plan"}
    for part in told:
        (line,) = read(part)
        assert isinstance(line.meant, Command), part
        assert line.meant.name in SPECS
