"""The colours of pictures: one look for each family of statuses, in light and in dark."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.model import Status


@dataclass(frozen=True, slots=True)
class Paint:
    """Colours of a box: its inside, its line and its words."""

    fill: str
    line: str
    text: str


@dataclass(frozen=True, slots=True)
class Look:
    """How a family of statuses looks in light and in dark."""

    light: Paint
    dark: Paint


LOOKS = {
    "done": Look(Paint("#dafbe1", "#1a7f37", "#0b4a1e"), Paint("#12301d", "#3fb950", "#b6f2c1")),
    "wrong": Look(Paint("#ffebe9", "#cf222e", "#82071e"), Paint("#3c1418", "#f85149", "#ffd0cb")),
    "person": Look(Paint("#fff3c4", "#9a6700", "#573a00"), Paint("#33270c", "#d29922", "#f8e3a1")),
    "moving": Look(Paint("#ddf4ff", "#0969da", "#0a3069"), Paint("#0f2747", "#58a6ff", "#cfe6ff")),
    "idle": Look(Paint("#ffffff", "#8c959f", "#424a53"), Paint("#21262d", "#6e7681", "#c9d1d9")),
    "blocked": Look(Paint("#fdf3f2", "#cf222e", "#6b4a4d"), Paint("#231a1e", "#f85149", "#c9aaab")),
    "gone": Look(Paint("#eaeef2", "#6e7781", "#57606a"), Paint("#161b22", "#6e7681", "#9aa4ae")),
}
#: The picture's own ground, the ground of a stack, and edges: fill, line, text.
CARD = Look(Paint("#f6f8fa", "#d0d7de", "#1f2328"), Paint("#0d1117", "#30363d", "#e6edf3"))
STACK = Look(Paint("#ffffff", "#d0d7de", "#57606a"), Paint("#161b22", "#30363d", "#9aa4ae"))
EDGE = Look(Paint("#6e7781", "#6e7781", "#6e7781"), Paint("#8b949e", "#8b949e", "#8b949e"))

FAMILY = {
    Status.WAITING: "idle",
    Status.READY: "idle",
    Status.DISPATCHING: "moving",
    Status.QUEUED: "moving",
    Status.RUNNING: "moving",
    Status.APPROVAL: "person",
    Status.SUCCEEDED: "done",
    Status.FAILED: "wrong",
    Status.CANCELLED: "wrong",
    Status.TIMED_OUT: "wrong",
    Status.BLOCKED: "blocked",
    Status.HELD: "person",
    Status.SKIPPED: "gone",
    Status.SUPERSEDED: "gone",
    Status.MANUAL: "person",
}
