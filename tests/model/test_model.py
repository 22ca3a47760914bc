"""Whatever happens, the rules of `invariants` hold: some 2,000 sequences, the same ones each time."""

from __future__ import annotations

import pytest

from tests.model.machine import run

#: Hypothesis runs about a sixth more than it counts, as some come out too long or twice. Those are judged as well.
COUNTED = 1_720
_PARTS = 8  # for several processes to share


@pytest.mark.parametrize("part", range(_PARTS))
def test_whatever_happens(part: int) -> None:
    run(part, COUNTED // _PARTS)
