"""What happened when, as the small GitHub saw it: every dispatch, and every end of a run's attempt."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bot.sandbox import Run

DISPATCH = "dispatch"
COMPLETION = "completion"


@dataclass(frozen=True, slots=True)
class Event:
    """One dispatch or one completion. `time` is in seconds since the epoch; `sha` is the commit worked on."""

    time: float
    event: str
    stack: str
    component: str
    activity: str
    run_id: int
    sha: str
    conclusion: str = ""

    @property
    def rollout(self) -> tuple[str, str]:
        """Name the rollout that it belongs to, by activity and commit."""
        return self.activity, self.sha

    @property
    def instance(self) -> tuple[str, str]:
        """Name what is deployed: stack and component."""
        return self.stack, self.component


def timeline(runs: Iterable[Run], activities: Mapping[int, str]) -> list[Event]:
    """List what happened to the dispatched runs, in order of time. `activities` has the activity of each run id."""
    events = []
    for run in runs:
        if run.event != "workflow_dispatch":
            continue
        stack, component, sha = (run.inputs.get(name, "") for name in ("stack", "component", "sha"))
        same = (stack, component, activities.get(run.id, ""), run.id, sha)
        events.append(Event(run.created_at, DISPATCH, *same))
        events += [
            Event(attempt.updated_at, COMPLETION, *same, attempt.conclusion)
            for attempt in run.attempts
            if attempt.status == "completed" and attempt.conclusion
        ]
    return sorted(events, key=lambda event: event.time)


def write(events: Sequence[Event], path: Path) -> None:
    """Write one JSON object on each line."""
    path.write_text("".join(f"{json.dumps(_line(event))}\n" for event in events), encoding="utf-8")


def _line(event: Event) -> dict[str, object]:
    line: dict[str, object] = {
        "time": datetime.fromtimestamp(event.time, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "event": event.event,
        "stack": event.stack,
        "component": event.component,
        "activity": event.activity,
        "run_id": event.run_id,
    }
    return line | ({"conclusion": event.conclusion} if event.conclusion else {})
