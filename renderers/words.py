"""One voice: the sign and the word of every status, counts, durations, times and commits."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise

from bot.domain.model import Status

#: In texts. They differ in shape, so that nobody needs the colour.
SIGNS = {
    Status.WAITING: "⏳",
    Status.READY: "🔜",
    Status.DISPATCHING: "🚀",
    Status.QUEUED: "🕒",
    Status.RUNNING: "▶️",
    Status.APPROVAL: "✋",
    Status.SUCCEEDED: "✅",
    Status.FAILED: "❌",
    Status.CANCELLED: "🛑",
    Status.TIMED_OUT: "⏰",
    Status.BLOCKED: "🚧",
    Status.HELD: "⚠️",
    Status.SKIPPED: "⏭️",
    Status.SUPERSEDED: "↩️",
    Status.MANUAL: "👤",
}
#: In pictures: characters that ordinary text fonts carry.
MARKS = {
    Status.WAITING: "…",
    Status.READY: "○",
    Status.DISPATCHING: "↗",
    Status.QUEUED: "◔",
    Status.RUNNING: "▸",
    Status.APPROVAL: "?",
    Status.SUCCEEDED: "✓",
    Status.FAILED: "✗",
    Status.CANCELLED: "■",
    Status.TIMED_OUT: "◕",
    Status.BLOCKED: "⊘",
    Status.HELD: "!",
    Status.SKIPPED: "→",
    Status.SUPERSEDED: "↩",
    Status.MANUAL: "☞",
}
#: Worst first: the order in which one status stands for a group.
BY_WORTH = (
    Status.FAILED,
    Status.TIMED_OUT,
    Status.CANCELLED,
    Status.HELD,
    Status.APPROVAL,
    Status.MANUAL,
    Status.RUNNING,
    Status.QUEUED,
    Status.DISPATCHING,
    Status.READY,
    Status.BLOCKED,
    Status.WAITING,
    Status.SUPERSEDED,
    Status.SKIPPED,
    Status.SUCCEEDED,
)
#: How counts are told: by these words, worst first, with the statuses that each covers.
_COUNTED = {
    "failed": (Status.FAILED,),
    "timed out": (Status.TIMED_OUT,),
    "cancelled": (Status.CANCELLED,),
    "blocked": (Status.BLOCKED,),
    "held": (Status.HELD,),
    "waiting for approval": (Status.APPROVAL,),
    "left for people": (Status.MANUAL,),
    "under way": (Status.RUNNING, Status.QUEUED, Status.DISPATCHING),
    "waiting": (Status.READY, Status.WAITING),
    "superseded": (Status.SUPERSEDED,),
    "skipped": (Status.SKIPPED,),
}
_MOVING = ("under way", "waiting")  # what goes by itself
_OUTCOMES = {
    Status.SUCCEEDED: "succeeded",
    Status.FAILED: "failed",
    Status.TIMED_OUT: "timed out",
    Status.CANCELLED: "was cancelled",
    Status.SKIPPED: "was skipped",
    Status.SUPERSEDED: "was superseded",
    Status.APPROVAL: "waits for approval",
    Status.MANUAL: "is left for people",
}
_JOINED = "\u00a0"  # a space at which no line is broken


def word(status: Status) -> str:
    """Write a status as people read it."""
    return status.value.replace("_", " ")


def signed(status: Status) -> str:
    """Write a status with its sign, on one line."""
    return f"{SIGNS[status]}{_JOINED}{word(status).replace(' ', _JOINED)}"


def told(counts: Counter[Status], *, brief: bool = False) -> str:
    """Tell counts in one line: "5 of 12 succeeded, 1 failed, 3 blocked"; if `brief`, only those for people to see."""
    sums = {what: sum(counts[status] for status in statuses) for what, statuses in _COUNTED.items()}
    rest = [f"{number:,} {what}" for what, number in sums.items() if number and not (brief and what in _MOVING)]
    return ", ".join([f"{counts[Status.SUCCEEDED]:,} of {counts.total():,} succeeded", *rest])


def plural(number: int, one: str, many: str = "") -> str:
    """Write a number with its noun: "1 instance", "2,422 instances"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def ordinal(number: int) -> str:
    """Write which one of several it is: "2nd", "11th", "23rd"."""
    ending = "th" if number // 10 % 10 == 1 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number:,}{ending}"


def listed(items: list[str], most: int = 3, last: str = "and") -> str:
    """Write a list as words, "a, b and c"; above `most` items the rest is counted: "a, b, c and 4 more"."""
    if len(items) > most:
        return f"{', '.join(items[:most])} {last} {len(items) - most:,} more"
    return f" {last} ".join([", ".join(items[:-1]), items[-1]]) if len(items) > 1 else "".join(items)


def outcome(status: Status | None) -> str:
    """Say what became of something, as in "which failed"; None where it was not sent yet."""
    if status is None:
        return "is waiting"
    return _OUTCOMES.get(status) or f"is {word(status)}"


def duration(seconds: float) -> str:
    """Write a duration with at most two units: "5 s", "2 min 5 s", "1 h 3 min", "2 d 4 h"."""
    whole = max(0, round(seconds))
    units = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))
    for (big, size), (small, part) in pairwise(units):
        if whole >= size:
            rest = whole % size // part
            return f"{whole // size}{_JOINED}{big}" + (f" {rest}{_JOINED}{small}" if rest else "")
    return f"{whole}{_JOINED}s"


def clock(time: float, now: float | None = None) -> str:
    """Write a time, "20 Nov, 14:03 UTC"; without the day where it is the day of `now`, which the reader knows."""
    moment = datetime.fromtimestamp(time, UTC)
    if now is not None and moment.date() == datetime.fromtimestamp(now, UTC).date():
        return f"{moment:%H:%M}{_JOINED}UTC"
    return f"{moment.day}{_JOINED}{moment:%b, %H:%M}{_JOINED}UTC"


def commit(sha: str) -> str:
    """Write a commit as people know it: the first seven characters."""
    return sha[:7]
