"""What was measured, as one Markdown table."""

from __future__ import annotations

import os
import platform
import sqlite3
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured thing. `floor` is what it is held against: a bare server, a smaller size, or an aim."""

    what: str
    measured: str
    floor: str = ""
    ratio: str = ""


def table(figures: Iterable[Figure]) -> str:
    """Write the figures as Markdown."""
    lines = ["| what | measured | floor | ratio |", "| --- | --- | --- | --- |"]
    lines += [f"| {one.what} | {one.measured} | {one.floor} | {one.ratio} |" for one in figures]
    return "\n".join(lines)


def machine() -> str:
    """Name the machine and the versions that the figures depend on."""
    return (
        f"{_processor()}, {os.cpu_count()} cores, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    )


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())


def repeat(work: Callable[[], object], rounds: int) -> list[float]:
    """Do something several times; returns how long each took, in seconds."""
    took = []
    for _ in range(rounds):
        start = perf_counter()
        work()
        took.append(perf_counter() - start)
    return took


def spread(values: Sequence[float], digits: int = 0, unit: str = "") -> str:
    """Write the median with the least and the most: "12 ms (11 to 15)"."""
    if len(values) == 1:
        return f"{values[0]:,.{digits}f}{unit}"
    low, middle, high = min(values), statistics.median(values), max(values)
    return f"{middle:,.{digits}f}{unit} ({low:,.{digits}f} to {high:,.{digits}f})"


def milliseconds(seconds: Sequence[float], digits: int = 1) -> str:
    """Write durations in milliseconds."""
    return spread([value * 1000 for value in seconds], digits, " ms")


def ratio(value: float, floor: float) -> str:
    """Write how many times the floor a value is."""
    return f"{value / floor:.2f}" if floor else ""


def part(values: Sequence[float], share: float) -> float:
    """Find the value below which a share (0 to 1) of the values lies."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]
