"""Words and signs of the pages: statuses, times, commits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from markupsafe import Markup

from bot.sandbox.ids import rfc3339
from bot.sandbox.runstate import Attempt, Job, Run
from bot.sandbox.state import Check, Pull

#: Status or conclusion -> its look and its words.
_LOOKS = {
    "success": ("good", "succeeded"),
    "failure": ("bad", "failed"),
    "timed_out": ("bad", "timed out"),
    "action_required": ("ask", "action required"),
    "cancelled": ("gone", "cancelled"),
    "skipped": ("gone", "skipped"),
    "neutral": ("gone", "neutral"),
    "queued": ("idle", "queued"),
    "waiting": ("ask", "waiting for review"),
    "in_progress": ("busy", "in progress"),
}


def outcome(thing: Run | Attempt | Job | Check) -> str:
    """Name what a run, an attempt, a job or a check is: its conclusion, or its status while it has none."""
    return thing.conclusion or thing.status


def look(name: str) -> str:
    """Name the look of a status."""
    return _LOOKS.get(name, ("idle", ""))[0]


def word(name: str) -> str:
    """Write a status for people."""
    return _LOOKS.get(name, ("", name.replace("_", " ")))[1]


def state_of(pull: Pull) -> str:
    """Name a pull request's state: open, draft, merged or closed."""
    if pull.merged:
        return "merged"
    return "draft" if pull.draft and pull.state == "open" else pull.state


def title_of(run: Run) -> str:
    """Name a run: by what it was dispatched for, or by its own title."""
    component, stack = run.inputs.get("component"), run.inputs.get("stack")
    return f"{component} in {stack}" if component and stack else run.display_title


def moment(at: float) -> Markup:
    """Write a moment; the page's script turns it into how long ago it was."""
    clock = datetime.fromtimestamp(at, UTC).strftime("%H:%M:%S UTC")
    return Markup('<time datetime="{}">{}</time>').format(rfc3339(at), clock)


def took(attempt: Attempt) -> str:
    """Write how long an attempt took; empty while it is under way."""
    if attempt.status != "completed":
        return ""
    seconds = max(0.0, attempt.updated_at - attempt.started_at)
    return f"{seconds:.1f} s" if seconds < 60 else f"{int(seconds // 60)} min {int(seconds % 60)} s"


def short(sha: str) -> str:
    """Write a commit as people know it."""
    return sha[:7]


def subject(message: str) -> str:
    """Return the first line of a commit's message."""
    return message.split("\n", 1)[0]


FILTERS: dict[str, Callable[..., Any]] = {
    "look": look,
    "moment": moment,
    "outcome": outcome,
    "short": short,
    "state_of": state_of,
    "subject": subject,
    "title_of": title_of,
    "took": took,
    "word": word,
}
