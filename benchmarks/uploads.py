"""From an upload's bytes to the steps of a rollout: parse, graph, hash, lay out."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence

from benchmarks import worlds
from benchmarks.report import Figure, milliseconds, ratio, repeat

#: What the largest may take, in seconds.
AIM = 1.0
CASES = ((2_422, worlds.LEAN), (10_000, worlds.LEAN), (2_422, worlds.NESTED), (10_000, worlds.NESTED))


def measure(cases: Sequence[tuple[int, Mapping[str, tuple[str, ...]]]] = CASES, *, rounds: int = 5) -> list[Figure]:
    """Measure uploads of several sizes."""
    figures = []
    for size, needs in cases:
        upload = worlds.body(size, needs)
        took = repeat(lambda upload=upload: worlds.graph_of(upload), rounds)  # type: ignore[misc]
        shape = ", every way to a shared component written out" if needs is worlds.NESTED else ""
        figures.append(
            Figure(
                f"Parse, graph, hash and lay out {size:,} instances ({len(upload) / 1e6:.1f} MB{shape})",
                milliseconds(took, 0),
                f"aim: under {AIM:.0f} s",
                ratio(statistics.median(took), AIM),
            )
        )
    return figures
