"""Who may say each command, and until when: the same for all of them, whatever they are about."""

from __future__ import annotations

import pytest

from bot.domain.commands.obey import FRESH, obey
from bot.domain.commands.table import SPECS
from bot.domain.commands.words import Command, Line, Role
from bot.domain.desk import Desk
from bot.domain.effects import React
from bot.domain.events import Commanded
from tests.domain.commands.test_setting_aside import desk_of
from tests.domain.world import walk_of

LATE = "It was more than 15 minutes old when it was read. Say it again."
NOW = 100.0


def say(name: str, role: Role, at: float = NOW) -> Desk:
    """Have somebody say a command about everything; returns the desk as it is then."""
    spec = SPECS[name]
    command = Command(name, ("@all",) if spec.targets else (), frozenset(), "a" if spec.text.startswith("<") else "")
    desk = desk_of(walk_of("a>b"))
    obey(desk, Commanded("comment:1", "eve", role, at, (Line(f"/atmos {name}", command),), comment_id=1))
    return desk


@pytest.mark.parametrize("name", SPECS)
@pytest.mark.parametrize("role", Role)
def test_who_may_say_it(name: str, role: Role) -> None:
    desk = say(name, role)
    (receipt,) = desk.receipts
    may = role >= SPECS[name].role
    assert (receipt.sentence == f"eve may not: it needs {SPECS[name].role.told} to this repository.") is not may
    if not may:
        assert not receipt.done
        assert React(1, "confused") in desk.effects
        assert not any(draft.dirty for draft in desk.drafts)
        assert desk.pull == desk.lane.pull
        assert [(entry.actor, entry.action) for entry in desk.audit] == [("eve", "refuse")]


def test_all_want_write_access_at_least_and_what_destroys_wants_more() -> None:
    assert all(spec.role >= Role.WRITE for spec in SPECS.values())
    assert {name for name, spec in SPECS.items() if spec.role is Role.MAINTAIN} == {"destroy", "confirm"}


@pytest.mark.parametrize("name", SPECS)
@pytest.mark.parametrize(("age", "late"), [(FRESH, False), (FRESH + 1, True)])
def test_until_when_it_is_done(name: str, age: float, *, late: bool) -> None:
    desk = say(name, Role.MAINTAIN, NOW - age)
    assert (desk.receipts[0].sentence == LATE) is late
    if late:
        assert not desk.receipts[0].done
        assert not any(draft.dirty for draft in desk.drafts)
        assert desk.pull == desk.lane.pull


@pytest.mark.parametrize("name", SPECS)
def test_nobody_without_the_right_is_told_more_than_that_it_is_late(name: str) -> None:
    assert say(name, Role.NONE, NOW - FRESH - 1).receipts[0].sentence == LATE
