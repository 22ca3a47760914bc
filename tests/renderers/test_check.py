"""The check run's texts: title, summary, and the line of the pull request's comment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from bot.domain import awaiting
from bot.domain.commands.words import Receipt
from bot.domain.concluding import CANCELLED, FAILURE, NEUTRAL, PEOPLE, SUCCESS
from bot.domain.keeping import Keeper, Keeping
from bot.domain.model import Commit, Decided, Hold, HoldKind, Status
from bot.domain.pro import DELETED
from bot.domain.rollout import Walk
from bot.domain.view import CommitView
from renderers.check import details_url, group, summary, title
from renderers.comment import comment
from tests.domain.world import run_facts
from tests.renderers.reading import flaws
from tests.renderers.world import MERGE, NOON, PULL, REPO, SERVER, view, walk, wide

GROUP = Commit(
    lane=f"7@{MERGE}",
    repo_id=7,
    sha=MERGE,
    ref=f"gh-readonly-queue/main/pr-42-{'a' * 40}",
    activities=("merge_group.checks_requested",),
    branch="main",
    since=NOON,
    pull=42,
)
RELEASE = Commit("7^v1.2", 7, MERGE, "refs/tags/v1.2", ("release.published",), "main", NOON, position=1_000_000_007)
SERVER_RUN = replace(RELEASE, lane="7~3", ref="main", activities=("pull_request.merged",), by="lead")
PAGE = "https://switchyard.example.com/p/x"
DOCS = "https://switchyard.example.com/docs"
WAITED = awaiting.Waited(awaiting.PATIENCE, "12:00 UTC", f"{SERVER}/{REPO.full_name}/")
ENDED = run_facts(900, workflow="atmos-pro.yaml", status="completed", conclusion="success")
CHAIN = {("dev", "vpc"): (), ("dev", "database"): (("dev", "vpc"),)}
DONE = tuple(CHAIN)
ADRIFT = Hold(HoldKind.UNREVIEWED, "its commit is on no branch that is applied")


def seen(commit: Commit, conclusion: str, *walks: Walk, **more: Any) -> CommitView:
    return CommitView(REPO, commit, walks, conclusion, as_of=NOON + 240, server_url=SERVER, **more)


def tried(**facts: Any) -> Walk:
    return walk(CHAIN, activity="merge_group.checks_requested", sha=MERGE, lane=GROUP.lane, pull=0, **facts)


def released(**facts: Any) -> Walk:
    return walk(CHAIN, activity="release.published", sha=MERGE, lane=RELEASE.lane, pull=0, id=17, **facts)


def started(activity: str = "pull_request.merged", **facts: Any) -> Walk:
    return walk(CHAIN, activity=activity, sha=MERGE, lane=SERVER_RUN.lane, pull=0, id=12, **facts)


def destroying(**facts: Any) -> Walk:
    """Destroy both, the database first."""
    needs = {("dev", "database"): (), ("dev", "vpc"): (("dev", "database"),)}
    every = {key: {"destroys": True} | facts.get(key[1], {}) for key in needs}
    return walk(needs, activity=DELETED, sha=MERGE, lane=SERVER_RUN.lane, pull=0, id=12, facts=every)


FROZEN = "frozen by dora: the network is moved"
FAILED = {("dev", "vpc"): {"status": Status.FAILED}}
HELD = {key: {"holds": (ADRIFT,)} for key in CHAIN}
UNPLANNED = Hold(HoldKind.UNREVIEWED, f"no plan of it succeeded at {MERGE[:7]}")
STACK = Hold(HoldKind.STACK, "somebody must approve what is applied to stacks like d*")
OVERRUN = Hold(HoldKind.OVERRUN, "the older #41 was applied over it by a re-run at GitHub")
NO_FILE = "The workflow file `apply.yaml` is not at `3b1d9a7`."
OFF = {"decided": Decided(Status.CANCELLED, "boss", NOON)}
CALLED_OFF = dict.fromkeys(CHAIN, OFF)
SUCCEEDED = {"status": Status.SUCCEEDED}
PRESSED = Receipt(
    "check:7", 0, "boss", "Re-run", NOON, NOON + 1, False, "Nothing goes again: dev/database (it must be shown anew)."
)
VIEWS: dict[str, Callable[[], CommitView]] = {
    "waiting": lambda: seen(GROUP, ""),
    "nothing_came": lambda: seen(GROUP, NEUTRAL, waiting=awaiting.awaited_at(GROUP, (), WAITED), docs_url=DOCS),
    "nothing_came_of_a_release": lambda: seen(RELEASE, NEUTRAL, waiting=awaiting.awaited_at(RELEASE, (), WAITED)),
    "ended_without": lambda: seen(GROUP, NEUTRAL, waiting=awaiting.awaited_at(GROUP, (ENDED,), WAITED), docs_url=DOCS),
    "unusable": lambda: seen(GROUP, FAILURE, problem="An upload could not be used. The upload is not JSON."),
    "running": lambda: seen(GROUP, "", tried(facts={("dev", "vpc"): {"status": Status.RUNNING}})),
    "planned": lambda: seen(GROUP, SUCCESS, tried(succeeded=DONE)),
    "failed": lambda: seen(GROUP, FAILURE, tried(facts=FAILED)),
    "left_the_queue": lambda: seen(replace(GROUP, ended="the pull request left the queue"), CANCELLED),
    "nothing_affected": lambda: seen(GROUP, NEUTRAL, walk({}, activity="merge_group.checks_requested", sha=MERGE)),
    "released": lambda: seen(RELEASE, SUCCESS, released(succeeded=DONE)),
    "release_held": lambda: seen(replace(RELEASE, branch="", position=0), PEOPLE, released(facts=HELD)),
    "run_held": lambda: seen(SERVER_RUN, PEOPLE, started(facts={key: {"holds": (UNPLANNED,)} for key in CHAIN})),
    "run_failed": lambda: seen(SERVER_RUN, FAILURE, started(facts=FAILED)),
    "run_not_started": lambda: seen(SERVER_RUN, FAILURE, started(facts={("dev", "vpc"): {"problem": NO_FILE}})),
    "run_cancelled": lambda: seen(SERVER_RUN, CANCELLED, started(facts=CALLED_OFF)),
    "run_in_doubt": lambda: seen(SERVER_RUN, PEOPLE, started(facts={("dev", "vpc"): {"status": Status.HELD}})),
    "run_applying": lambda: seen(SERVER_RUN, "", started(facts={("dev", "vpc"): {"status": Status.RUNNING}})),
    "run_offered_again": lambda: seen(
        SERVER_RUN, PEOPLE, started(succeeded=DONE[:1], facts={("dev", "database"): {"holds": (OVERRUN,)}})
    ),
    "run_destroyed": lambda: seen(SERVER_RUN, SUCCESS, destroying(database=SUCCEEDED, vpc=SUCCEEDED)),
    "run_destroy_held": lambda: seen(SERVER_RUN, PEOPLE, destroying(database={"holds": (STACK,)})),
    "run_destroy_failed": lambda: seen(
        SERVER_RUN, FAILURE, destroying(database={"status": Status.FAILED}), receipts=(PRESSED,)
    ),
    "run_destroy_cancelled": lambda: seen(SERVER_RUN, CANCELLED, destroying(database=OFF, vpc=OFF)),
    "release_failed": lambda: seen(RELEASE, FAILURE, released(facts=FAILED)),
    "release_frozen": lambda: seen(RELEASE, "", released(), frozen=FROZEN, kept={17: Keeping(Keeper(FROZEN))}),
}


@pytest.mark.parametrize("name", VIEWS)
def test_reads_well(name: str, markdown: SnapshotAssertion) -> None:
    view = VIEWS[name]()
    text = summary(view)
    assert flaws(text) == []
    assert f"title: {title(view)}\n\n{text}" == markdown


def test_the_comment_has_one_line_for_each_try() -> None:
    text = comment(
        view(walk(CHAIN, succeeded=DONE), groups=(VIEWS["failed"](), VIEWS["left_the_queue"]())),
        picture_url=None,
        mermaid=None,
    )
    lines = [line for line in text.splitlines() if "**Merge queue**" in line]
    commit = f"[`{MERGE[:7]}`]({SERVER}/acme/infra/commit/{MERGE})"
    assert lines == [
        f"❌ **Merge queue**, {commit}: Plan failed: 0 of 2 succeeded, 1 failed, 1 blocked",
        f"🛑 **Merge queue**, {commit}: The pull request left the queue",
    ]
    assert flaws(text) == []
    assert group(VIEWS["planned"]()).startswith("✅ **Merge queue**")
    assert PULL.number == GROUP.pull


def test_it_leads_to_the_run_that_needs_eyes_else_to_the_pull_request_else_to_the_last_run() -> None:
    failed, planned = VIEWS["failed"](), VIEWS["planned"]()
    assert details_url(replace(failed, page_url=PAGE)) == failed.current[0].steps[0].dispatches[0].run_url
    assert details_url(replace(planned, page_url=PAGE)) == PAGE
    assert details_url(planned) == planned.current[0].steps[1].dispatches[0].run_url
    assert details_url(VIEWS["waiting"]()) == ""


def test_a_large_one_fits_and_says_what_is_left_out() -> None:
    many = wide(3_000)
    text = summary(seen(GROUP, SUCCESS, walk(many, activity="merge_group.checks_requested", succeeded=tuple(many))))
    assert len(text) <= 65_535
    last = text.splitlines()[-1]
    assert last.startswith("<sub>2,943 instances are told by name alone. ")
    assert f"<code>GET /api/v1/rollouts?repo=acme/infra&amp;sha={MERGE}</code>" in last
    assert flaws(text) == []
