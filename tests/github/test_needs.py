"""What the App asks GitHub for is exactly what it reads and does, and what the docs tell people to give it."""

import re
from pathlib import Path

import pytest

from bot.events import EVENTS, OWN_KINDS
from bot.github import needs

SETUP = (Path(__file__).parents[2] / "docs/setup.md").read_text()
PERMISSIONS = {one.name: one.access for one in needs.PERMISSIONS}


def test_the_app_subscribes_to_exactly_what_is_handled() -> None:
    assert set(needs.EVENTS) | needs.COME_BY_THEMSELVES == set(EVENTS) - OWN_KINDS
    assert not set(needs.EVENTS) & needs.COME_BY_THEMSELVES


def test_each_event_has_the_permission_that_it_comes_with() -> None:
    assert set(needs.EVENTS.values()) == {one.name for one in needs.PERMISSIONS}


def test_the_docs_list_the_permissions_with_their_reasons() -> None:
    rows = re.findall(r"^   \| (.+?) \| (Read.*?) \| (.+) \|$", SETUP, re.MULTILINE)
    assert rows == [(one.label, needs.ACCESS[one.access], one.reason) for one in needs.PERMISSIONS]


def test_the_docs_list_the_events() -> None:
    (listed,) = re.findall(r"\*\*Subscribe to events\*\*: (.+?)\. What", SETUP, re.DOTALL)
    assert re.findall(r"\*\*(.+?)\*\*", listed) == [needs.event_label(event) for event in needs.EVENTS]


def test_an_app_that_has_what_it_needs_differs_in_nothing() -> None:
    assert needs.differences(PERMISSIONS, needs.EVENTS) == []
    assert needs.differences(PERMISSIONS, [*needs.EVENTS, "installation"]) == []


@pytest.mark.parametrize(
    ("permissions", "events", "begins", "fault"),
    [
        ({"contents": ""}, {}, "Contents: it has No access; Read-only is for: read workflow files", True),
        ({"issues": "read"}, {}, "Issues: it has Read-only; Read and write is for: the comment", True),
        ({"checks": ""}, {}, "Checks: it has No access; Read and write is for: the check run", False),
        ({"deployments": ""}, {"deployment_review": False}, "Deployments: it has No access", False),
        ({}, {"push": False}, "The event Push is not subscribed; it comes with Contents.", True),
        ({}, {"merge_group": False}, "The event Merge group is not subscribed; it comes with Merge queues.", False),
        (
            {"contents": "write"},
            {},
            "Contents: it has Read and write, and Read-only is enough; take the rest",
            False,
        ),
        ({"secrets": "read"}, {}, "secrets: it has Read-only, and No access is enough; take the rest back.", False),
        ({}, {"star": True}, "The event Star is subscribed and not used; take it out.", False),
    ],
)
def test_what_an_app_has_otherwise_is_told(
    permissions: dict[str, str], events: dict[str, bool], begins: str, fault: bool
) -> None:
    has = {name: access for name, access in (PERMISSIONS | permissions).items() if access}
    subscribed = {event for event in {*needs.EVENTS, *events} if events.get(event, True)}
    (found,) = needs.differences(has, subscribed)
    assert found.sentence.startswith(begins)
    assert found.fault == fault
