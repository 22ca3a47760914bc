"""Everything that follows from a decision, written in the deciding transaction."""

from __future__ import annotations

from bot.domain import awaiting
from bot.domain.desk import Decision, Lane
from bot.domain.events import AffectedRunReported, CommitUploaded, RunReported, Sent, Upload, UploadCame
from bot.domain.facts import RunFacts
from bot.domain.locks import Lock
from bot.domain.model import Commit, Pull, Repo
from bot.domain.order import Anchor
from bot.domain.rollout import Draft
from bot.domain.texts import same_commit
from bot.events.context import Gathered
from bot.store import (
    audit,
    commands,
    commits,
    durations,
    inbox,
    locks,
    outbox,
    places,
    pulls,
    rollouts,
    shared,
    uploads,
    waiting,
)
from bot.work.parts import Parts
from bot.work.wishes import carry, nudge_destroys


def save(parts: Parts, lane: Lane, found: Gathered, decision: Decision) -> None:
    """Write what a decision changes and wishes."""
    now, repo = parts.now(), lane.repo
    if decision.pull is not None:
        _save_pull(parts, lane, decision.pull)
    if decision.commit is not None:
        _save_commit(parts, lane, decision.commit)
    for draft in decision.drafts:
        rollouts.save(parts.db, draft, new=draft in decision.new, now=now)
        uploads.forget_destroyed(parts.db, draft)
        durations.note(parts.db, draft)
    _save_waiting(parts, lane, decision)
    audit.add(parts.db, decision.audit, repo_id=repo.id, now=now, lane=lane.key)
    commands.add(parts.db, repo.id, lane.key, decision.receipts)
    _save_locks(parts, lane, decision)
    places.set_behind(parts.db, lane.key, decision.behind)
    match found.event:
        case AffectedRunReported(run):
            pulls.save_affected_run(parts.db, repo.id, lane.key, run, now=now)
        case UploadCame(upload) | CommitUploaded(upload):
            _keep(parts, lane, upload, found, decision)
            if decision.new:
                inbox.drop(parts.db, "look_again", lane=lane.key)  # what was awaited has come
        case Sent(run_id=run_id) | RunReported(run=RunFacts(run_id=run_id)) if run_id:
            inbox.unpark(parts.db, f"run:{run_id}")
    if decision.drafts or decision.pull is not None or isinstance(found.event, AffectedRunReported):
        for behind in places.behind(parts.db, lane.key):
            inbox.put_once(parts.db, "nudge", now=now, repo_id=repo.id, lane=behind)
    carry(parts, lane, decision)


def _save_pull(parts: Parts, lane: Lane, pull: Pull) -> None:
    pulls.save(parts.db, pull)
    for sha in {pull.head_sha, pull.merge_sha} - {""}:
        inbox.unpark_commit(parts.db, lane.repo.id, sha)
    if (lane.pull is None and pull.open) or (lane.pull is not None and pull.epoch != lane.pull.epoch):
        _look_again(parts, lane.repo, lane.key, since=pull.merged_at)
    if pull.position:
        shared.save_anchor(parts.db, lane.repo.id, pull.base_ref, Anchor(pull.merge_sha, pull.position))


def _save_locks(parts: Parts, lane: Lane, decision: Decision) -> None:
    for change in decision.locks:
        if isinstance(change, Lock):
            locks.take(parts.db, lane.repo.id, change, parts.now())
        else:
            locks.end(parts.db, lane.repo.id, change, parts.now())


def _save_commit(parts: Parts, lane: Lane, commit: Commit) -> None:
    commits.save(parts.db, commit)
    inbox.unpark_commit(parts.db, lane.repo.id, commit.sha)
    if lane.commit is None or lane.commit.sha != commit.sha:
        outbox.forget(parts.db, f"check:{lane.key}")  # the check run of another commit is another one
        _look_again(parts, lane.repo, lane.key, since=commit.since)
    if commit.position:
        shared.save_anchor(parts.db, lane.repo.id, commit.branch, Anchor(commit.sha, commit.position))


def _look_again(parts: Parts, repo: Repo, lane: str, *, since: float) -> None:
    """Have a lane looked at when nobody waits for its affected stacks any more."""
    now = parts.now()
    due = max(now, since) + awaiting.PATIENCE + 1
    inbox.put(parts.db, "look_again", b"", now=now, repo_id=repo.id, lane=lane, due=due)


def _save_waiting(parts: Parts, lane: Lane, decision: Decision) -> None:
    """Note what waits, and what is kept: that may change by what happens elsewhere."""
    changed = {id(draft.walk): draft for draft in decision.drafts}
    drafts = [changed.get(id(walk)) or Draft(walk) for walk in lane.walks] + list(decision.new)
    for draft in drafts:
        waiting.save(parts.db, draft, decision.kept.get(draft.rollout.id, 0))


def _keep(parts: Parts, lane: Lane, upload: Upload, found: Gathered, decision: Decision) -> None:
    """Keep what an upload said. Of an older head no activity reuses it, so it takes no place of a newer one's."""
    db, now = parts.db, parts.now()
    pull, commit = decision.pull or lane.pull, decision.commit or lane.commit
    sha = pull.head_sha if pull is not None else commit.sha if commit is not None else ""
    if not sha:
        return
    if same_commit(upload.head_sha, sha) or (pull is not None and same_commit(upload.head_sha, pull.merge_sha)):
        uploads.save(
            db,
            lane=lane.key,
            head_sha=upload.head_sha,
            content=upload.content,
            received_at=upload.received_at,
            bodies=found.bodies,
        )
    if pull is not None and pull.merged:  # what is not merged may never be
        uploads.remember(db, pull.repo_id, upload.graph, now)
        nudge_destroys(parts, pull.repo_id)  # it may have ended what something depended on
    for workflow in found.uploaders:
        pulls.note_uploader(db, lane.repo.id, workflow, now)
