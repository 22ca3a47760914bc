"""Gather what is shown of a pull request: first the little that decides whether there is news, then all of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.domain import awaiting, heads, review
from bot.domain.awaiting import Waited
from bot.domain.commands import parsing
from bot.domain.facts import RunFacts
from bot.domain.lanes import lane_of_pull
from bot.domain.model import Pull, Repo
from bot.domain.rollout import Walk
from bot.domain.states import states
from bot.domain.view import Past, PullView
from bot.store import commands, durations, freezes, inbox, past, pulls, shared, uploads
from bot.work import checking, links
from bot.work.sight import Sight
from renderers.words import clock

_HISTORY = 10
_RECEIPTS = parsing.MOST  # all of one comment


def at_hand(parts: Sight, repo: Repo, pull: Pull, *, silent: bool = True) -> PullView | None:
    """Gather what decides whether there is news; None while there is nothing to say, where it may be `silent`."""
    lane, now = lane_of_pull(repo.id, pull.number), parts.now()
    current = sorted(parts.rollouts.of_lane(lane), key=lambda walk: -walk.rollout.id)
    if not current and (last := parts.rollouts.get(past.latest(parts.db, lane))) is not None:
        current = [last]
    runs, since = uploading(parts, pull), began(pull)
    applies = heads.applies_on(pull.base_ref, repo.default_branch, parts.rules.apply_branches)
    known = bool(current) or (pull.fork and uploads.last(parts.db, lane) is not None)
    waited = Waited(now - since, clock(since, now), links.home(parts, repo))
    waiting = awaiting.awaited(pull, current, runs, waited, known=known, applies=applies)
    failed = tuple(f"An upload could not be used. {why}" for why in inbox.failed_uploads(parts.db, lane, since)[:1])
    receipts = tuple(commands.last(parts.db, lane, _RECEIPTS))
    if silent and not (current or waiting or failed or receipts):
        return None
    return PullView(
        repo=repo,
        pull=pull,
        # A picture of this moment: the text is written in another thread, while the steps go on changing.
        current=tuple(Walk(walk.rollout, list(walk.steps)) for walk in current),
        found={walk.rollout.id: states(walk) for walk in current},
        past=(),
        waiting=waiting,
        notes=(*failed, *awaiting.remarks(pull, repo, applies=applies)),
        as_of=now,
        server_url=parts.server_url,
        frozen=freezes.on(parts.db, repo.id),
        mode=parts.rules.mode,
        receipts=receipts,
        groups=checking.groups_of(parts, repo, pull.number),
        page_url=links.page_url(parts, repo, pull.number),
        docs_url=parts.docs_url,
        slots=parts.rules.max_in_flight,
        applies=applies,
        stuck=awaiting.stuck(pull, runs, waited, unusable=bool(failed), waiting=waiting),
    )


def with_keepers(parts: Sight, view: PullView) -> PullView:
    """Add what keeps steps, and what was applied to them since. Of a view that was gathered just now."""
    lane = lane_of_pull(view.repo.id, view.pull.number)
    live = [walk for one in view.current if (walk := parts.rollouts.get(one.rollout.id)) is not None]
    seen = shared.look(
        parts.db, view.repo.id, lane, live, view.pull, rules=parts.rules, now=view.as_of, get=parts.rollouts.get
    )
    return replace(view, kept=seen.kept, stale=seen.stale)


def whole(parts: Sight, view: PullView) -> PullView:
    """Add all else that is shown: what was before, how long it takes, what the merge would hold."""
    lane, pull = lane_of_pull(view.repo.id, view.pull.number), view.pull
    shown = {walk.rollout.id for walk in view.current}
    ended = [one for one in past.of_lane(parts.db, lane, _HISTORY) if one.rollout.id not in shown]
    merges = view.applies and pull.open and parts.rules.unplanned == "hold"
    return replace(
        view,
        past=tuple(_past(one) for one in ended),
        earlier=past.how_many(parts.db, lane, but=shown),
        unreviewed={walk.rollout.id: review.unreviewed(walk, pull) for walk in view.current} if merges else {},
        # Only of the first is it told how long it still takes.
        lasting={walk.rollout.id: durations.of(parts.db, walk) for walk in view.current[:1]},
    )


def began(pull: Pull) -> float:
    """Tell since when affected stacks are awaited, in seconds since the epoch: the head's, or the merge's."""
    return pull.merged_at if pull.merged else pull.head_since


def uploading(parts: Sight, pull: Pull) -> Sequence[RunFacts]:
    """Read the runs that may upload for the head of a pull request, or for its merge; newest first."""
    merged_at = pull.merged_at if pull.merged else 0.0
    found = pulls.uploading_runs(parts.db, pull.repo_id, lane_of_pull(pull.repo_id, pull.number), began(pull) - 60.0)
    return [run for run in found if run.head_sha in (pull.head_sha, pull.merge_sha) and run.created_at >= merged_at]


def _past(one: past.Ended) -> Past:
    rollout = one.rollout
    told = (rollout.activity, rollout.sha, rollout.created_at, one.counts, rollout.superseded_by)
    return Past(*told, one.run_url, rollout.id, one.called_off, one.withdrawn)
