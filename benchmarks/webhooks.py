"""Accepting webhooks: the whole service against two bare servers that do the least, in turns so that noise hits all."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import service
from benchmarks.report import Figure, part, spread

EACH, GATHERED, OURS = "each", "gathered", "ours"
_NAMES = {
    EACH: "bare Flask view, a commit for each request",
    GATHERED: "bare Flask view, one thread commits what has gathered",
    OURS: "Switchyard with everything on",
}
#: What GitHub's address is in this benchmark: nobody listens there, and nothing that is sent needs it.
_NOBODY = "http://127.0.0.1:9"


@dataclass(slots=True)
class Score:
    """What the rounds of one server gave."""

    rates: list[float] = field(default_factory=list)  # answers per second
    late: list[float] = field(default_factory=list)  # seconds within which 99 of 100 answers came


def measure(*, rounds: int = 5, seconds: float = 4.0, clients: int = 16) -> list[Figure]:
    """Let clients send 8 kB webhooks to each server in turn; a first round only warms up."""
    scores = {name: Score() for name in _NAMES}
    behind: list[float] = []
    with TemporaryDirectory() as folder, ExitStack() as stack:
        ports = {name: stack.enter_context(_server(name, Path(folder))) for name in _NAMES}
        for turn in range(rounds + 1):
            for name, port in ports.items():
                took, lasted = _send(port, clients, seconds if turn else seconds / 4)
                if name == OURS:
                    # What the worker still has to do must not slow the next server down.
                    caught_up = service.wait_until("the inbox is worked", lambda: not service.undone(_file(folder)))
                if turn:
                    scores[name].rates.append(len(took) / lasted)
                    scores[name].late.append(part(took, 0.99))
            if turn:
                behind.append(caught_up)
    floor = scores[GATHERED]
    figures = [_figure(name, score, floor, clients) for name, score in scores.items()]
    rest = "Then until the worker had placed all that Switchyard accepted"
    return [*figures, Figure(rest, spread(behind, 2, " s"))]


def _figure(name: str, score: Score, floor: Score, clients: int) -> Figure:
    late = spread([value * 1000 for value in score.late], 0, " ms")
    against = [mine / bare for mine, bare in zip(score.rates, floor.rates, strict=True)]
    return Figure(
        f"Accept webhooks, {clients} clients, 8 kB: {_NAMES[name]}",
        f"{spread(score.rates, 0, '/s')}, p99 {late}",
        f"{statistics.median(floor.rates):,.0f}/s" if name != GATHERED else "",
        spread(against, 2) if name != GATHERED else "",
    )


def _file(folder: str | Path) -> Path:
    return Path(folder) / "ours.db"


@contextmanager
def _server(name: str, folder: Path) -> Iterator[int]:
    """Run a server in a process of its own; gives its port."""
    port = service.free_port()
    command = ["-m", "benchmarks.floors", name, str(folder / f"{name}.db"), str(port)]
    if name == OURS:
        command = ["-m", "bot", "serve"]
    settings = service.environment(_file(folder), port, _NOBODY)
    with service.running(command, settings, port, folder / f"{name}.log"):
        yield port


def _send(port: int, clients: int, seconds: float) -> tuple[list[float], float]:
    """Send from a process of its own; returns how long each answer took, and how long all of it lasted."""
    command = [sys.executable, "-m", "benchmarks.clients", *map(str, (port, clients, seconds)), service.SECRET]
    ended = subprocess.run(command, cwd=service.ROOT, stdout=subprocess.PIPE, check=True)
    told = json.loads(ended.stdout)
    return told["took"], told["seconds"]
