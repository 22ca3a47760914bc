"""What the check run of a pull request says, on its head and on its merge."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from bot.domain import awaiting
from bot.domain.commands.words import Receipt
from bot.domain.concluding import CANCELLED, FAILURE, NEUTRAL, PEOPLE, SUCCESS
from bot.domain.facts import Gate
from bot.domain.model import Hold, HoldKind, Pull, Status
from bot.domain.rollout import Walk
from bot.domain.view import PullCheckView
from renderers.pull_check import summary, title
from tests.renderers.reading import flaws
from tests.renderers.world import HEAD, MERGE, MERGED, NOON, PULL, SERVER, dispatch, view, walk, wide

NOTHING = awaiting.nothing_came(PULL, awaiting.Waited(awaiting.PATIENCE, "12:00 UTC", f"{SERVER}/acme/infra/"))
CHAIN = {("dev", "vpc"): (), ("dev", "database"): (("dev", "vpc"),)}
DONE = tuple(CHAIN)
COMMENT = f"{SERVER}/acme/infra/pull/42#issuecomment-77"
LOCKED = (
    "The conversation is locked, and GitHub takes no comment there: Unable to create comment because issue is locked. "
    "Unlock it."
)
UNPLANNED = Hold(HoldKind.UNREVIEWED, f"no plan of it succeeded at {HEAD[:7]}")
GATE = Gate(environments=("dev",), reviewers=("lead",), since=NOON + 60)
SAID = Receipt("check:7", 0, "boss", "Retry", NOON, NOON + 1, True, "Goes again: dev/vpc.")


def seen(conclusion: str, *walks: Walk, pull: Pull = PULL, sha: str = HEAD, **more: Any) -> PullCheckView:
    """Show a commit of a pull request."""
    ours = {name: more.pop(name) for name in ("ended", "comment_url", "comment_problem") if name in more}
    whole = replace(view(*walks, pull=pull, **more), page_url="https://switchyard.example.com/p/x")
    return PullCheckView(whole, sha, conclusion, **{"comment_url": COMMENT, **ours})


def planned(**facts: Any) -> Walk:
    return walk(CHAIN, **facts)


def applied(**facts: Any) -> Walk:
    return walk(CHAIN, activity="pull_request.merged", sha=MERGE, **facts)


def merged(conclusion: str, *walks: Walk, **more: Any) -> PullCheckView:
    return seen(conclusion, *walks, pull=MERGED, sha=MERGE, **more)


RUNNING = {("dev", "vpc"): {"status": Status.RUNNING}}
FAILED = {("dev", "vpc"): {"status": Status.FAILED}}
WAITS = {("dev", "vpc"): {"dispatches": (dispatch(0, Status.APPROVAL, gate=GATE),)}}
VIEWS: dict[str, Callable[[], PullCheckView]] = {
    "waiting": lambda: seen("", waiting="Waiting for the affected stacks of 8c0ffee."),
    "nothing_came": lambda: seen(
        NEUTRAL, waiting=NOTHING, comment_url="", docs_url="https://switchyard.example.com/docs"
    ),
    "unusable": lambda: seen(FAILURE, notes=("An upload could not be used. The upload is not JSON.",)),
    "planning": lambda: seen("", planned(facts=RUNNING)),
    "planned": lambda: seen(SUCCESS, planned(succeeded=DONE)),
    "plan_failed": lambda: seen(FAILURE, planned(facts=FAILED)),
    "retried": lambda: seen("", planned(facts=RUNNING), receipts=(SAID,)),
    "nothing_affected": lambda: seen(NEUTRAL, walk({})),
    "fork": lambda: seen(NEUTRAL, pull=replace(PULL, fork=True), comment_url=""),
    "overtaken": lambda: seen(CANCELLED, ended="a push of 1234567 overtook it"),
    "closed": lambda: seen(CANCELLED, planned(facts=RUNNING), pull=replace(PULL, open=False), ended="it was closed"),
    "head_of_merged": lambda: seen(SUCCESS, planned(succeeded=DONE), pull=MERGED, ended="it was merged as 3b1d9a7"),
    "applying": lambda: merged("", applied(facts=RUNNING)),
    "applied": lambda: merged(SUCCESS, applied(succeeded=DONE)),
    "held": lambda: merged(PEOPLE, applied(facts={key: {"holds": (UNPLANNED,)} for key in CHAIN})),
    "waits_for_approval": lambda: merged(PEOPLE, applied(facts=WAITS)),
    "observed": lambda: seen(NEUTRAL, planned(), mode="observe"),
    "locked": lambda: seen(SUCCESS, planned(succeeded=DONE), comment_url="", comment_problem=LOCKED),
}


@pytest.mark.parametrize("name", VIEWS)
def test_reads_well(name: str, markdown: SnapshotAssertion) -> None:
    view = VIEWS[name]()
    text = summary(view)
    assert flaws(text) == []
    assert f"title: {title(view)}\n\n{text}" == markdown


@pytest.mark.parametrize("size", [400, 2_422, 5_000])
def test_a_large_one_fits_and_says_where_the_rest_is(size: int) -> None:
    many = wide(size)
    text = summary(seen(SUCCESS, walk(many, succeeded=tuple(many))))
    assert len(text) <= 32_000
    assert flaws(text) == []
    if size > 400:
        assert "Left out, so that this summary fits" in text
        assert f"[The comment]({COMMENT}) tells all of it.</sub>" in text


def test_what_failed_is_named_however_much_there_is() -> None:
    many = wide(2_422)
    broken = [key for index, key in enumerate(many) if index % 400 == 7]
    text = summary(seen(FAILURE, walk(many, facts={key: {"status": Status.FAILED} for key in broken})))
    for _, component in broken:
        assert f"`{component}`" in text
