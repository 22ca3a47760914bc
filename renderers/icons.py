"""The sign of each status as a picture draws it: lines around a middle, which need no font. They differ in shape."""

from __future__ import annotations

from bot.domain.model import Status

#: Path data inside a circle of 9 pixels around 0,0, drawn as a line; what is filled ends with `z`.
SIGNS = {
    Status.WAITING: "M-4 0h.01M0 0h.01M4 0h.01",
    Status.READY: "M-2-3.5l4 3.5-4 3.5",
    Status.DISPATCHING: "M-3 3l6-6M-1.5-3H3V1.5",
    Status.QUEUED: "M0-4.5V0l3 2",
    Status.RUNNING: "M-2.5-4l6.5 4-6.5 4z",
    Status.APPROVAL: "M-2.5-3.5v7M2.5-3.5v7",
    Status.SUCCEEDED: "M-4 .5l2.7 2.8L4-3",
    Status.FAILED: "M-3-3l6 6M3-3l-6 6",
    Status.CANCELLED: "M-3-3h6v6h-6z",
    Status.TIMED_OUT: "M-3-4h6l-6 8h6z",
    Status.BLOCKED: "M-4.5 0h9",
    Status.HELD: "M0-4.5v5M0 4h.01",
    Status.SKIPPED: "M-4-3.5l4 3.5-4 3.5M3-3.5v7",
    Status.SUPERSEDED: "M-1-4l-3 3 3 3M-4-1h5.5a2.5 2.5 0 0 1 0 5H-1",
    Status.MANUAL: "M-4 5a4 3.6 0 0 1 8 0zM0-1a2 2 0 1 0 0-4 2 2 0 1 0 0 4z",
}
