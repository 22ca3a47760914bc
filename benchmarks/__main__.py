"""`python -m benchmarks [NAME…]`: run the usual benchmarks, or the named ones, and print one Markdown table."""

from __future__ import annotations

import sys
from collections.abc import Callable

from benchmarks import calls, events, fuzz, memory, model, pages, rendering, report, uploads, webhooks
from benchmarks.report import Figure

BENCHMARKS: dict[str, Callable[[], list[Figure]]] = {
    "webhooks": webhooks.measure,
    "events": events.measure,
    "uploads": uploads.measure,
    "memory": memory.measure,
    "rendering": rendering.measure,
    "pages": pages.measure,
    "calls": calls.measure,
    "fuzz": fuzz.measure,
    "model": model.measure,
    "mutants": model.mutants,
}
#: These take many minutes, and run only where they are named.
LONG = frozenset({"calls", "fuzz", "model", "mutants"})


def main(names: list[str]) -> int:
    """Run benchmarks; returns the exit code."""
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        print(f"There is no benchmark {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}.", file=sys.stderr)
        return 2
    figures: list[Figure] = []
    for name in names or [name for name in BENCHMARKS if name not in LONG]:
        print(f"{name} …", file=sys.stderr, flush=True)
        figures += BENCHMARKS[name]()
    print(f"{report.table(figures)}\n\nMachine: {report.machine()}.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
