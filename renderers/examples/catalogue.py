"""The examples by name."""

from __future__ import annotations

from collections.abc import Callable

from bot.domain.view import CommitView, PullView
from renderers.examples import applies, commits, plans
from renderers.examples.played import Needs
from renderers.examples.world import instances

Make = Callable[[Needs], PullView | CommitView]

#: What is shown at any size, in the order in which a pull request meets it.
EXAMPLES: dict[str, Make] = {
    "plan-starting": plans.starting,
    "planning": plans.planning,
    "planned": plans.planned,
    "planned-unchanged": plans.unchanged,
    "plan-failed": plans.plan_failed,
    "plan-approved-ahead": applies.approved_before,
    "plan-cannot-start": plans.cannot_start,
    "plan-cycle": plans.cycle,
    "plan-odd-names": plans.odd_names,
    "plan-locked": plans.locked,
    "plan-paused": plans.paused_by_lead,
    "plan-observe": plans.observe,
    "plan-cooldown": plans.cooldown,
    "plan-stale": plans.stale,
    "plan-skipped": plans.skipped,
    "plan-asked": plans.asked,
    "plan-closed": plans.superseded,
    "queue": commits.queued,
    "merged": applies.merged,
    "applying": applies.applying,
    "approval": applies.approval,
    "rejected": applies.rejected,
    "held": applies.held,
    "held-breaker": applies.breaker,
    "held-restored": applies.restored,
    "held-stale": applies.stale,
    "in-doubt": applies.in_doubt,
    "in-turn": applies.in_turn,
    "frozen": applies.frozen,
    "mode-plan": applies.plan_only,
    "failing": applies.failing,
    "mixed": applies.mixed,
    "failed": applies.failed,
    "fail-fast": applies.fail_fast,
    "timed-out": applies.timed_out,
    "cancelled": applies.cancelled,
    "overtaken": applies.overtaken,
    "run-again": applies.run_again,
    "destroying": applies.destroying,
    "left-for-people": applies.left,
    "destroyed": applies.destroyed,
    "applied": applies.applied,
    "check-queue": commits.queue,
    "check-queue-failed": commits.queue_failed,
    "check-release": commits.release,
    "check-server-run": commits.server_run,
}
#: What is the same at every size.
SMALL: dict[str, Make] = {
    "waiting": plans.waiting,
    "no-upload": plans.no_upload,
    "unaffected": plans.unaffected,
    "fork": plans.fork,
    "check-queue-unaffected": commits.queue_unaffected,
}
NAMES = (*SMALL, *EXAMPLES)


def about(name: str) -> str:
    """Tell in a sentence what an example shows."""
    return (EXAMPLES | SMALL)[name].__doc__ or ""


def made(name: str, size: int = 10) -> PullView | CommitView:
    """Make an example with so many instances."""
    return (EXAMPLES | SMALL)[name](instances(0 if name in SMALL else size))
