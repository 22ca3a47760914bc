"""Examples of commits without a pull request of their own, as their check runs show them."""

from __future__ import annotations

from typing import Any

from bot.domain import awaiting
from bot.domain.concluding import FAILURE, NEUTRAL, PEOPLE
from bot.domain.model import Commit, Hold, HoldKind
from bot.domain.view import CommitView, PullView
from renderers.examples.plans import plan
from renderers.examples.played import Course, Needs, Played, play
from renderers.examples.world import DOCS, MERGE, NOON, REPO, SERVER, shown, some

_GROUP = Commit(
    lane=f"7@{MERGE}",
    repo_id=7,
    sha=MERGE,
    ref=f"gh-readonly-queue/main/pr-42-{'a' * 40}",
    activities=("merge_group.checks_requested",),
    branch="main",
    since=NOON,
    pull=42,
)
_RELEASE = Commit("7^v1.2", 7, MERGE, "refs/tags/v1.2", ("release.published",), "main", NOON, position=1_000_000_007)
_RUN = Commit("7~3", 7, MERGE, "main", ("pull_request.merged",), "main", NOON, position=1_000_000_007, by="lead")


def _seen(commit: Commit, conclusion: str, played: Played | None, **more: Any) -> CommitView:
    walks = (played.walk,) if played else ()
    return CommitView(
        REPO,
        commit,
        walks,
        conclusion,
        as_of=played.now if played else NOON + 900,
        server_url=SERVER,
        docs_url=DOCS,
        **more,
    )


def _tried(commit: Commit, needs: Needs, course: Course) -> Played:
    place = {"lane": commit.lane, "pull": 0, "ref": commit.ref, "branch": commit.branch, "position": commit.position}
    return play(needs, course, activity=commit.activities[0], sha=MERGE, begin=NOON, **place)


def queue(needs: Needs) -> CommitView:
    """A merge queue tries the pull request."""
    return _seen(_GROUP, "", _tried(_GROUP, needs, Course(at=0.5)))


def queue_failed(needs: Needs) -> CommitView:
    """What a merge queue tried failed."""
    return _seen(_GROUP, FAILURE, _tried(_GROUP, needs, Course(broken=some(needs, "database"))))


def queue_unaffected(_: Needs) -> CommitView:
    """Nothing was uploaded for a merge queue's try."""
    waited = awaiting.Waited(awaiting.PATIENCE, "12:00 UTC", f"{SERVER}/{REPO.full_name}/")
    return _seen(_GROUP, NEUTRAL, None, waiting=awaiting.awaited_at(_GROUP, (), waited))


def release(needs: Needs) -> CommitView:
    """A release whose commit is on no branch that is applied is held."""
    hold = Hold(HoldKind.UNREVIEWED, "its commit is on no branch that is applied")
    facts = {key: {"holds": (hold,)} for key in needs}
    return _seen(_RELEASE, PEOPLE, _tried(_RELEASE, needs, Course(at=0, kept=list(needs), facts=facts)))


def server_run(needs: Needs) -> CommitView:
    """Somebody started it on the server."""
    return _seen(_RUN, "", _tried(_RUN, needs, Course(at=0.6)))


def queued(needs: Needs) -> PullView:
    """The pull request, while the merge queue tries it."""
    return shown(plan(needs), groups=(queue(needs),), later=3_600)
