"""A pull request's head, and what its change overtakes."""

from __future__ import annotations

from dataclasses import asdict
from fnmatch import fnmatchcase

from bot.domain.desk import Desk, Regather
from bot.domain.facts import PullFacts
from bot.domain.keeping import REMEMBERED
from bot.domain.model import Pull
from bot.domain.order import Spot
from bot.domain.pro import Phase
from bot.domain.states import is_unfinished
from bot.domain.texts import commit

#: Actions that make the activity of a head; `pull_request.` goes before them in `settings.pro`.
HEAD_ACTIONS = frozenset({"opened", "synchronize", "reopened", "ready_for_review"})


def refresh(
    desk: Desk,
    now: PullFacts,
    *,
    action: str = "",
    head_sha: str = "",
    at: float = 0.0,
    spot: Spot | None = None,
) -> Pull:
    """Bring the lane's pull request up to date, and end what that overtakes; returns it as it is now.

    An older picture than the one we have changes nothing, nor does one without a merge that we know of.
    The epoch grows with every new head, base branch, merge and reopening. `spot` is where its merge stands in its base
    branch.
    """
    old = desk.pull
    place = _position(desk, old, now, spot)
    if old is not None and (now.updated_at < old.updated_at or (old.merged and not now.merged)):
        return old
    names_head = action in HEAD_ACTIONS and head_sha == now.head_sha
    if old is None:
        desk.pull = _new(desk, now, action if names_head else "opened", place)
        desk.say(f"#{now.number} is known")
        return desk.pull
    moved, turned = now.head_sha != old.head_sha, now.base_ref != old.base_ref
    reopened = now.open and not old.open
    activity = old.activity
    if moved or reopened:
        activity = "reopened" if reopened else "synchronize"
    elif old.draft and not now.draft:
        activity = "ready_for_review"
    if names_head and (moved or reopened or at >= old.updated_at):
        activity = action
    desk.pull = Pull(
        **asdict(now),
        repo_id=old.repo_id,
        activity=activity,
        epoch=old.epoch + (moved or turned or reopened or (now.merged and not old.merged)),
        head_since=desk.now if moved or turned or reopened else old.head_since,
        position=place,
        pushes=(*old.pushes, desk.now)[-REMEMBERED:] if moved else old.pushes,
        approved=() if moved or turned else old.approved,
        paused=old.paused,
        unconfirmed=old.unconfirmed,
    )
    _follow(desk, old, desk.pull)
    return desk.pull


def _new(desk: Desk, now: PullFacts, activity: str, place: int) -> Pull:
    return Pull(
        **asdict(now),
        repo_id=desk.lane.repo.id,
        activity=activity,
        epoch=1,
        head_since=desk.now,
        position=place,
        pushes=(desk.now,),
    )


def _position(desk: Desk, old: Pull | None, now: PullFacts, spot: Spot | None) -> int:
    """Tell where the merge stands among the merges into its base branch; raises Regather where that has moved on."""
    if old is not None and old.position:
        return old.position
    if spot is None or not now.merged:
        return 0
    if spot.anchor != desk.facts.anchors.get(now.base_ref):
        raise Regather  # another merge took its place meanwhile: two of one place would have no order
    return spot.position


def _follow(desk: Desk, before: Pull, after: Pull) -> None:
    """End what the change overtakes. Only plans: whatever may change things is never cancelled by a push."""
    if after.head_sha != before.head_sha:
        desk.say(f"#{after.number} has a new head, {commit(after.head_sha)}")
        end_plans(desk, f"a push of {commit(after.head_sha)}", cancel=True)
    if after.open and after.base_ref != before.base_ref:
        # Merged there, the head is something else, so what was shown for the old base is no review for the new one.
        desk.say(f"#{after.number} is for {after.base_ref} now")
        by = f"the change of the base branch from `{before.base_ref}` to `{after.base_ref}`"
        end_plans(desk, by, cancel=True)
        _drop_applies(desk, by)
    if after.merged and not before.merged:
        desk.say(f"#{after.number} was merged as {commit(after.merge_sha)}")
        end_plans(desk, f"the merge as {commit(after.merge_sha)}", cancel=False, finished=False)
    elif not after.open and before.open:
        desk.say(f"#{after.number} was closed")
        end_plans(desk, "the closing of the pull request", cancel=True)
        _drop_applies(desk, "the closing of the pull request")
    elif after.open and not before.open:
        desk.say(f"#{after.number} was reopened")


def end_plans(desk: Desk, by: str, *, cancel: bool, finished: bool = True) -> None:
    """Supersede the plans that count now; those that are through already only when `finished` says so.

    One that is blocked is not through: a re-run in GitHub would let it go on.
    """
    for draft in desk.drafts:
        if draft.rollout.phase is not Phase.PLAN or draft.rollout.superseded_by:
            continue
        if finished or is_unfinished(draft) or draft.unsent:
            desk.supersede(draft, by, cancel=cancel)


def _drop_applies(desk: Desk, by: str) -> None:
    """Send no more of the applies of a pull request that is not merged, as a label starts them; what runs ends."""
    for draft in desk.drafts:
        if draft.rollout.phase is Phase.APPLY and not draft.rollout.superseded_by and draft.unsent:
            desk.supersede(draft, by, cancel=False)


def applies_on(branch: str, default_branch: str, patterns: tuple[str, ...]) -> bool:
    """Tell whether merges into a branch are applied: it is the default branch, or one that the settings name."""
    return branch == default_branch or any(fnmatchcase(branch, pattern) for pattern in patterns)
