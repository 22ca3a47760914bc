"""Whatever happens, the rules of `invariants` hold: some 750 sequences, the same ones each time."""

from __future__ import annotations

import pytest

from bot.domain.commands.table import SPECS
from tests.model.commands import COMMANDS
from tests.model.machine import run

#: Hypothesis runs about a sixth more than it counts, as some come out too long or twice. Those are judged as well.
COUNTED = 640
_PARTS = 8  # for several processes to share


@pytest.mark.parametrize("part", range(_PARTS))
def test_whatever_happens(part: int) -> None:
    run(part, COUNTED // _PARTS)


def test_people_say_every_command_that_there_is() -> None:
    assert {command for command, _, _ in COMMANDS} | {"destroy", "confirm"} == set(SPECS)
