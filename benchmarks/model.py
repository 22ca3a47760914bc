"""The model test at length, with other sequences each time; and each rule of safety broken, to see it caught."""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from benchmarks.report import Figure
from tests.model.machine import Machine, run
from tests.model.mutants import MOST, MUTANTS, Caught, hunt
from tests.model.process import Broken

SEQUENCES = 20_000
_AT_ONCE = 500


def measure(*, sequences: int = SEQUENCES, number: int | None = None) -> list[Figure]:
    """Run sequences, those that `number` chooses, in as many processes as there are cores."""
    number = random.SystemRandom().randrange(10**9) if number is None else number
    parts = max(1, sequences // _AT_ONCE)
    start, counts = time.perf_counter(), Counter[str]()
    with ProcessPoolExecutor(os.cpu_count(), get_context("spawn")) as pool:
        for found in pool.map(_run, range(number, number + parts), [sequences // parts] * parts):
            counts += found
    took = time.perf_counter() - start
    return [
        Figure(
            f"Sequences, from number {number:,}, in {took:,.0f} s", f"{counts['sequences']:,}", f"aim: {sequences:,}"
        ),
        Figure("Things that happened in them", f"{counts['steps']:,}"),
        Figure("Runs dispatched, of which applies", f"{counts['runs']:,}, {counts['applies']:,}"),
        Figure("Rules broken", f"{counts['broken']:,}", "aim: 0"),
    ]


def _run(number: int, examples: int) -> Counter[str]:
    counts = Counter[str]()

    class Counting(Machine):
        def teardown(self) -> None:
            super().teardown()
            counts.update(sequences=1, steps=self.steps)
            counts.update(runs=len(self.stage.hub.dispatched))
            counts.update(applies=sum(run.applies for run in self.stage.hub.dispatched))

    try:
        run(number, examples, Counting)
    except Broken as broken:
        print(f"number {number}: {broken}", *getattr(broken, "__notes__", ()), sep="\n", flush=True)
        counts.update(broken=1)
    return counts


def mutants(*, most: int = MOST, names: Iterable[str] = ()) -> list[Figure]:
    """Break each rule, or the named ones, one at a time, and see which rule of the model catches it, and when."""
    wanted = [number for number, mutant in enumerate(MUTANTS) if not names or mutant.name in names]
    with ProcessPoolExecutor(os.cpu_count(), get_context("spawn")) as pool:
        found = list(pool.map(_hunt, wanted, [most] * len(wanted)))
    return [
        Figure(
            f"Mutant: {MUTANTS[number].name}",
            f"`{caught.rule}`" if caught.rule else "survived",
            f"{caught.sequences:,}",
        )
        for number, caught in zip(wanted, found, strict=True)
    ]


def _hunt(number: int, most: int) -> Caught:
    return hunt(MUTANTS[number], number=1, most=most)
