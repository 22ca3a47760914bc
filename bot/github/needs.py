"""What the GitHub App needs: its permissions and the events it subscribes to, each with its reason.

Registering the App, the doctor and the docs go by these tables.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Permission:
    """A repository permission of the App, as the manifest names it and as the settings page does."""

    name: str
    access: str  # read, or write, which includes read
    label: str
    reason: str
    required: bool = True  # whether nothing works without it


PERMISSIONS = (
    Permission(
        "actions",
        "write",
        "Actions",
        "start and cancel runs, follow them, read which approval one waits for and what environments protect",
    ),
    Permission(
        "checks",
        "write",
        "Checks",
        "the check run of a pull request, of a merge queue's try and of a release, with its "
        "buttons; at **No access** there is none, and all else goes on",
        required=False,
    ),
    Permission("contents", "read", "Contents", "read workflow files; the events *Push* and *Release*"),
    Permission(
        "deployments",
        "read",
        "Deployments",
        "the event *Deployment review*: without it approvals and rejections show a minute later",
        required=False,
    ),
    Permission("issues", "write", "Issues", "the comment, what people answer it and the event *Issue comment*"),
    Permission(
        "merge_queues",
        "read",
        "Merge queues",
        "the event *Merge group*; not offered by every server, and only needed for merge queues",
        required=False,
    ),
    Permission("metadata", "read", "Metadata", "is always there; the event *Repository*"),
    Permission("pull_requests", "write", "Pull requests", "read pull requests; the comment"),
)

#: The events that the App subscribes to, each with the permission that GitHub asks for.
EVENTS = {
    "check_run": "checks",
    "check_suite": "checks",
    "deployment_review": "deployments",
    "issue_comment": "issues",
    "merge_group": "merge_queues",
    "pull_request": "pull_requests",
    "push": "contents",
    "release": "contents",
    "repository": "metadata",
    "workflow_job": "actions",
    "workflow_run": "actions",
}

#: These come to every App; one that subscribes to them is refused.
COME_BY_THEMSELVES = frozenset({"installation", "installation_repositories", "ping"})
