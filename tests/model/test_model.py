"""Whatever happens, the rules of `invariants` hold: 2,000 sequences, the same ones each time."""

from __future__ import annotations

import pytest

from tests.model.machine import run

SEQUENCES = 2_000
_PARTS = 8  # for several processes to share


@pytest.mark.parametrize("part", range(_PARTS))
def test_whatever_happens(part: int) -> None:
    run(part, SEQUENCES // _PARTS)
