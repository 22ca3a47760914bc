"""Inputs: where each belongs, and what must be read before it can be decided. One table, one line for each kind.

Placing is quick and reads only the database; gathering may ask GitHub, and may be repeated.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from bot.events import (
    affected_stacks,
    check_run,
    commits,
    elsewhere,
    inventory,
    issue_comment,
    pull_request,
    sending,
    server_runs,
    status,
    workflow_run,
)
from bot.events.context import Context, Finished, Gathered, Learned, Moved, Place
from bot.store.db import Db
from bot.store.inbox import Row

Gather = Callable[[Row, Context], Awaitable[Gathered | Finished | Moved | Learned | inventory.Listing]]


@dataclass(frozen=True, slots=True)
class Kind:
    """What is done with one kind of input. Our own kinds come with their lane, and are not placed."""

    place: Callable[[dict[str, Any], Row, Db], Place] | None = None
    gather: Gather | None = None
    json: bool = True  # its body is a JSON object that placing wants decoded


#: Inputs that are not GitHub's: it may not send events under these names.
OURS = {
    "upload": Kind(affected_stacks.place, affected_stacks.gather, json=False),
    inventory.KIND: Kind(inventory.place, inventory.gather, json=False),
    status.KIND: Kind(status.place, status.gather, json=False),
    "pull_read": Kind(gather=pull_request.gather_read),
    "repo_read": Kind(gather=elsewhere.gather_repository),
    "repo_wanted": Kind(gather=elsewhere.gather_wanted),
    "run_read": Kind(gather=workflow_run.gather_read),
    "affected_read": Kind(gather=workflow_run.gather_affected),
    "dispatch_sent": Kind(gather=sending.gather_sent),
    "dispatch_failed": Kind(gather=sending.gather_failed),
    "dispatch_kept": Kind(gather=sending.gather_kept),
    server_runs.KIND: Kind(gather=server_runs.gather),
    "approve": Kind(gather=sending.gather_approved),
    "overrun": Kind(gather=sending.gather_overrun),
    "nudge": Kind(gather=sending.gather_nudge),
    "look_again": Kind(gather=sending.gather_nudge),  # a nudge for later
    "lock_ends": Kind(gather=sending.gather_nudge),  # likewise, for when steps may not be locked any more
}
EVENTS = OURS | {
    "pull_request": Kind(pull_request.place, pull_request.gather),
    "workflow_run": Kind(workflow_run.place, workflow_run.gather),
    "workflow_job": Kind(workflow_run.place_job, workflow_run.gather_job),
    "deployment_review": Kind(workflow_run.place_review, workflow_run.gather_review),
    "merge_group": Kind(commits.place_merge_group, commits.gather_merge_group),
    "release": Kind(commits.place_release, commits.gather_release),
    "check_run": Kind(check_run.place, check_run.gather),
    "check_suite": Kind(check_run.place_suite, check_run.gather),
    "issue_comment": Kind(issue_comment.place, issue_comment.gather),
    "push": Kind(elsewhere.place_push),
    "repository": Kind(elsewhere.place_repository),
    "installation": Kind(elsewhere.place_installation),
    "installation_repositories": Kind(elsewhere.place_installation),
    "ping": Kind(elsewhere.place_ping),
}
OWN_KINDS = frozenset(OURS)
