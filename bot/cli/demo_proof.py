"""Prove from what the small GitHub saw that everything went in order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.cli.demo_timeline import COMPLETION, DISPATCH, Event

Instance = tuple[str, str]
#: Instance -> what must have succeeded before it.
Needs = Mapping[Instance, Collection[Instance]]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was checked: whether it holds, and a line that says what was looked at or what is wrong."""

    holds: bool
    text: str


def in_order(events: Sequence[Event], needs: Needs) -> Check:
    """Check every dispatch: in its own rollout, all that it needs had last completed with success."""
    last: dict[tuple[tuple[str, str], Instance], str] = {}
    dispatches = edges = 0
    for event in events:
        if event.event == COMPLETION:
            last[event.rollout, event.instance] = event.conclusion
            continue
        dispatches += 1
        for need in needs[event.instance]:
            edges += 1
            if (how := last.get((event.rollout, need), "not completed")) != "success":
                return Check(False, f"{_name(event.instance)} was dispatched while {_name(need)} was: {how}")
    return Check(True, f"{dispatches} dispatches: none before its parents had succeeded ({edges} edges looked at)")


def once(events: Sequence[Event]) -> Check:
    """Check that no instance was dispatched twice in one rollout."""
    counts = Counter((event.rollout, event.instance) for event in events if event.event == DISPATCH)
    twice = [instance for (_, instance), number in counts.items() if number > 1]
    if twice:
        return Check(False, f"{_name(twice[0])} was dispatched more than once in one rollout")
    return Check(True, f"{len({event.rollout for event in events})} rollouts: each instance dispatched at most once")


def complete(events: Sequence[Event], rollout: tuple[str, str], instances: Collection[Instance]) -> Check:
    """Check that everything in a rollout succeeded in the end."""
    ends = {event.instance: event.conclusion for event in events if event.rollout == rollout and event.conclusion}
    missing = [instance for instance in instances if ends.get(instance) != "success"]
    activity, sha = rollout
    if missing:
        how = ends.get(missing[0], "never completed")
        return Check(False, f"{activity} at {sha[:7]}: {_name(missing[0])} did not succeed: {how}")
    return Check(True, f"{activity} at {sha[:7]}: all {len(instances)} instances succeeded")


def superseded(events: Sequence[Event], rollout: tuple[str, str], pushed_at: float) -> Check:
    """Check that a push ended a rollout: nothing dispatched after it, everything begun ended, something cancelled."""
    own = [event for event in events if event.rollout == rollout]
    begun = [event for event in own if event.event == DISPATCH]
    late = [event for event in begun if event.time > pushed_at]
    ends = Counter(event.conclusion for event in own if event.event == COMPLETION)
    activity, sha = rollout
    title = f"{activity} at {sha[:7]}, superseded by a push"
    if late:
        return Check(False, f"{title}: {_name(late[0].instance)} was dispatched after it")
    if ends.total() != len(begun) or not ends["cancelled"]:
        return Check(False, f"{title}: {len(begun)} begun, but {ends.total()} ended, {ends['cancelled']} cancelled")
    return Check(True, f"{title}: {len(begun)} begun, {ends['success']} succeeded, {ends['cancelled']} cancelled")


def failed_once(events: Sequence[Event], instance: Instance, behind: Collection[Instance]) -> Check:
    """Check that exactly one run failed, and that all behind it were dispatched only after its re-run succeeded."""
    wrong = [event for event in events if event.conclusion and event.conclusion not in ("success", "cancelled")]
    if [event.instance for event in wrong] != [instance]:
        return Check(False, f"{_name(instance)} alone was to fail, once; {len(wrong)} runs failed")
    again = [event for event in events if event.run_id == wrong[0].run_id and event.conclusion == "success"]
    starts = [event for event in events if event.event == DISPATCH and event.rollout == wrong[0].rollout]
    early = [event for event in starts if event.instance in behind and (not again or event.time < again[0].time)]
    if not again or early:
        return Check(False, f"{_name(instance)} failed, and what is behind it did not wait for its re-run")
    return Check(True, f"{_name(instance)} failed: the {len(behind)} behind it waited until its re-run had succeeded")


def reported(rollouts: Sequence[Mapping[str, Any]], rollout: tuple[str, str], results: Mapping[Instance, str]) -> Check:
    """Check that the bot tells of each step of a rollout what the CLI reported of it."""
    activity, sha = rollout
    steps = [step for one in rollouts if (one["activity"], one["sha"]) == rollout for step in one["steps"]]
    told = {(step["stack"], step["component"]): step["result"] for step in steps}
    for instance, result in results.items():
        if told.get(instance) != result:
            return Check(False, f"{_name(instance)} ended with {result}, but the bot says: {told.get(instance)}")
    counts = Counter(results.values())
    said = ", ".join(f"{counts[result]} {result}" for result in sorted(counts))
    return Check(True, f"{activity} at {sha[:7]}: the CLI's statuses are shown: {said}")


def behind(needs: Needs, instance: Instance) -> set[Instance]:
    """Name everything that needs an instance, through any distance."""
    found = {instance}
    while more := {one for one, wanted in needs.items() if one not in found and found & set(wanted)}:
        found |= more
    return found - {instance}


def _name(instance: Instance) -> str:
    return f"{instance[0]}/{instance[1]}"
