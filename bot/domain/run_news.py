"""What GitHub says of a run, as facts of its dispatch."""

from __future__ import annotations

from dataclasses import replace

from bot.domain import pro
from bot.domain.facts import RunFacts
from bot.domain.model import OPEN, Dispatch, Status
from bot.domain.names import shown
from bot.domain.pro import Phase
from bot.domain.rollout import Draft
from bot.domain.texts import commit

#: GitHub's words for a run that is not over. A word that we do not know is a run that has not started.
_OPEN_WORDS = {"in_progress": Status.RUNNING, "waiting": Status.APPROVAL}
#: Stands for a conclusion where GitHub knows a run no more.
UNKNOWN = "unknown"
_CONCLUSIONS = {
    "success": Status.SUCCEEDED,
    "failure": Status.FAILED,
    "cancelled": Status.CANCELLED,
    "timed_out": Status.TIMED_OUT,
    UNKNOWN: Status.TIMED_OUT,
}
_REASONS = {
    UNKNOWN: "GitHub no longer knows its run, so nobody can tell how it ended.",
    "startup_failure": "GitHub could not start the workflow; open the run to see what is wrong with the file.",
    "action_required": "GitHub wants a maintainer to allow the run; open it and allow it.",
}


def is_tie(dispatch: Dispatch, run: RunFacts) -> bool:
    """Tell whether only GitHub can say which of two open states is the later one."""
    return (
        run.attempt == dispatch.attempt
        and run.status != "completed"
        and dispatch.status in OPEN
        and run.updated_at == dispatch.run_updated_at
        and open_status(run.status) is not dispatch.status
    )


def open_status(word: str) -> Status:
    """Translate GitHub's word for a run that is not over."""
    return _OPEN_WORDS.get(word, Status.QUEUED)


def is_news(dispatch: Dispatch, run: RunFacts, *, asked: bool) -> bool:
    """Tell whether GitHub says something newer than what is known; `asked` where it was asked just now."""
    if not dispatch.run_id or not dispatch.attempt:
        return True
    if run.attempt != dispatch.attempt:
        return run.attempt > dispatch.attempt
    if run.status == "completed":
        return not dispatch.conclusion or run.updated_at > dispatch.run_updated_at
    if dispatch.conclusion or run.updated_at < dispatch.run_updated_at:
        return False
    if run.updated_at > dispatch.run_updated_at or asked:
        return True
    # Of two open states of the same second a webhook cannot tell the later one; the first news of a run is no contest.
    return dispatch.run_updated_at == 0.0


def told_by(draft: Draft, dispatch: Dispatch, run: RunFacts) -> Dispatch:
    """Make of a dispatch what GitHub says of its run."""
    over = run.status == "completed"
    status = _CONCLUSIONS.get(run.conclusion, Status.FAILED) if over else open_status(run.status)
    reason = _REASONS.get(run.conclusion, "") if over else ""
    if over and not reason and run.conclusion not in _CONCLUSIONS:
        reason = f"GitHub concluded “{run.conclusion or 'nothing'}”, and only success opens the way."
    if over and status is Status.SUCCEEDED and (other := _other_commit(draft, dispatch, run)):
        status, reason = Status.FAILED, other
    if status is Status.CANCELLED:
        reason = _why_cancelled(draft, dispatch) if dispatch.cancel_wanted else _by_group(dispatch, run.groups)
    kept = dispatch
    if dispatch.result_attempt < run.attempt:  # what an earlier attempt told is not true of this one
        kept = replace(dispatch, result="", result_at=0.0, result_attempt=0)
    if run.attempt > dispatch.attempt or status is not Status.APPROVAL:
        kept = replace(kept, gate=None)
    if run.attempt > dispatch.attempt > 0:
        wanted = dispatch.cancel_wanted and not dispatch.warning and not dispatch.cancel_by
        kept = replace(kept, warning="", cancel_wanted=wanted, cancel_by="")
    return replace(
        kept,
        status=status,
        run_id=run.run_id,
        run_url=run.url,
        attempt=run.attempt,
        conclusion=run.conclusion if over else "",
        run_updated_at=run.updated_at,
        started_at=_started(dispatch, run, status),
        waited=status is Status.APPROVAL or (dispatch.waited and dispatch.attempt == run.attempt),
        finished_at=run.updated_at if over else 0.0,
        reason=reason,
    )


def _started(dispatch: Dispatch, run: RunFacts, status: Status) -> float:
    """Tell since when a run goes: GitHub counts from when it was triggered, also while it waited for people."""
    if dispatch.attempt == run.attempt and dispatch.started_at:
        goes_on = dispatch.waited and status is Status.RUNNING and dispatch.status is not Status.RUNNING
        return run.updated_at if goes_on else dispatch.started_at
    return run.started_at if status is not Status.QUEUED else 0.0


def _why_cancelled(draft: Draft, dispatch: Dispatch) -> str:
    if not dispatch.cancel_by:
        return f"Cancelled after {draft.rollout.superseded_by}." if draft.rollout.superseded_by else ""
    applied = draft.rollout.phase is Phase.APPLY
    return f"Cancelled by {dispatch.cancel_by}." + (" It may be half applied, and its state locked." if applied else "")


def _by_group(dispatch: Dispatch, groups: tuple[str, ...]) -> str:
    """Say why a run ended that nobody here cancelled; empty where no `concurrency` group can have done it."""
    if not groups:
        return ""
    return (
        f"It was cancelled at GitHub before it began: `{dispatch.workflow}` has the `concurrency` group "
        f"`{shown(groups[0])}`, and GitHub cancels what waits in a group when one more comes. Put component and stack "
        "into the group's name or leave `concurrency` out; a retry runs it once more."
    )


def _other_commit(draft: Draft, dispatch: Dispatch, run: RunFacts) -> str:
    """Say so when a plan that takes no `sha` ran on another commit than ours."""
    if not draft.rollout.checks_head or pro.SHA in dict(dispatch.inputs) or not run.head_sha:
        return ""
    if run.head_sha == draft.rollout.sha:
        return ""
    return (
        f"It ran on {commit(run.head_sha)}, not on {commit(draft.rollout.sha)}, because the branch had moved. "
        f"Declare the input `sha` in `{dispatch.workflow}` so that it runs on the commit it is meant for."
    )
