"""What the GitHub App needs: its permissions and the events it subscribes to, each with its reason.

Registering the App, the doctor and the docs go by these tables.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
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

#: What the pages of GitHub call each access.
ACCESS = {"": "No access", "read": "Read-only", "write": "Read and write", "admin": "Admin"}
_RANKS = tuple(ACCESS)


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that an App has otherwise than it needs; `fault` where nothing works without it."""

    sentence: str
    fault: bool


def differences(permissions: Mapping[str, str], events: Collection[str]) -> list[Difference]:
    """Compare what an App has with what it needs, what matters most first."""
    found = [*_lacking(permissions, events), *_beyond(permissions, events)]
    return sorted(found, key=lambda one: not one.fault)


def plain(reason: str) -> str:
    """Write a reason without its Markdown."""
    return reason.replace("*", "")


def _lacking(permissions: Mapping[str, str], events: Collection[str]) -> Iterator[Difference]:
    for one in PERMISSIONS:
        has = permissions.get(one.name, "")
        if _rank(has) < _rank(one.access):
            yield Difference(
                f"{one.label}: it has {ACCESS.get(has, has)}; {ACCESS[one.access]} is for: {plain(one.reason)}.",
                fault=one.required,
            )
        for event, permission in EVENTS.items():
            if permission == one.name and has and event not in events:
                yield Difference(
                    f"The event {event_label(event)} is not subscribed; it comes with {one.label}.", fault=one.required
                )


def _beyond(permissions: Mapping[str, str], events: Collection[str]) -> Iterator[Difference]:
    needed = {one.name: one for one in PERMISSIONS}
    for name, has in permissions.items():
        most = needed[name].access if name in needed else ""
        if _rank(has) > _rank(most):
            label = needed[name].label if name in needed else name
            yield Difference(
                f"{label}: it has {ACCESS.get(has, has)}, and {ACCESS[most]} is enough; take the rest back.",
                fault=False,
            )
    for event in sorted(set(events) - EVENTS.keys() - COME_BY_THEMSELVES):
        yield Difference(f"The event {event_label(event)} is subscribed and not used; take it out.", fault=False)


def event_label(event: str) -> str:
    """Write an event as the settings page names it."""
    return event.replace("_", " ").capitalize()


def _rank(access: str) -> int:
    return _RANKS.index(access) if access in _RANKS else len(_RANKS)
