"""What happens to commits without a pull request: a merge queue tries one, a release is made of one."""

from __future__ import annotations

from dataclasses import replace

from bot.domain import heads, layout, pro, uploads
from bot.domain.desk import Desk, Regather
from bot.domain.events import CommitEnded, CommitTold, CommitUploaded, Upload
from bot.domain.lanes import name_of_lane
from bot.domain.model import Commit
from bot.domain.order import Spot
from bot.domain.pro import Phase
from bot.domain.texts import commit, same_commit


def told(desk: Desk, event: CommitTold) -> None:
    """Take over that a commit is tried or released, and start what the last upload names for that."""
    now = placed(desk, event.commit, event.spot)
    old = desk.commit
    if old is not None and old.sha == now.sha and not old.ended:
        more = tuple(activity for activity in now.activities if activity not in old.activities)
        now = replace(now, activities=old.activities + more, since=old.since)
    desk.commit = now
    desk.say(f"{', '.join(event.commit.activities)} at {commit(now.sha)}")
    desk.show()
    if now.fork:
        desk.note("refuse", f"{commit(now.sha)}: {now.ended}")
    if event.upload is not None and not now.ended:
        _start(desk, now, event.upload, _named(event.upload, event.commit))


def placed(desk: Desk, now: Commit, spot: Spot | None) -> Commit:
    """Give a commit its place in the order; raises Regather where that has moved on."""
    if spot is None:
        return now
    if spot.anchor != desk.facts.anchors.get(now.branch):
        raise Regather  # a merge took its place meanwhile
    return replace(now, position=spot.position)


def ended(desk: Desk, event: CommitEnded) -> None:
    """Take over that a merge queue is done with a commit: nothing more of it is planned.

    What runs is cancelled, unless the commit was merged: then its plans are still worth reading.
    """
    if desk.commit is not None and desk.commit.ended:
        desk.say("it has ended already")
        return
    merged = event.commit.merged
    desk.commit = replace(desk.commit or event.commit, ended=event.commit.ended, merged=merged)
    desk.say(f"{commit(desk.commit.sha)}: {event.commit.ended}")
    desk.show()
    heads.end_plans(desk, "the end of its try in the merge queue", cancel=not merged, finished=not merged)


def uploaded(desk: Desk, event: CommitUploaded) -> None:
    """Start what an upload names for what has happened to its commit."""
    now, upload = desk.commit, event.upload
    desk.show()
    if now is None:
        desk.say("nothing is known of its commit")
    elif not same_commit(upload.head_sha, now.sha):
        desk.say(f"the upload is for {commit(upload.head_sha)}, but {name_of_lane(now.lane)} is {commit(now.sha)}")
    elif now.ended:
        desk.say(f"nothing is done with it: {now.ended}")
    else:
        # Where nothing is named, a rollout without steps says so.
        _start(desk, now, upload, _named(upload, now) or now.activities[:1])


def _named(upload: Upload, now: Commit) -> tuple[str, ...]:
    """List the activities for which an upload's instances name workflows."""
    return tuple(activity for activity in now.activities if layout.workflows_of(upload.graph, activity))


def _start(desk: Desk, now: Commit, upload: Upload, activities: tuple[str, ...]) -> None:
    for activity in activities:
        if pro.phase(activity) is Phase.PLAN:
            ref = now.branch if desk.facts.rules.plan_ref == "base" else now.ref
            uploads.plan(desk, upload, activity=activity, sha=now.sha, ref=ref)
        else:
            uploads.apply(
                desk,
                upload,
                activity=activity,
                sha=now.sha,
                ref=now.ref,
                branch=now.branch,
                position=now.position,
            )
