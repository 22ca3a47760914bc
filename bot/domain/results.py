"""What the CLI says of how a plan or an apply ended. It is only shown: the run's conclusion alone decides."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

from bot.domain.desk import Desk
from bot.domain.events import StatusReported
from bot.domain.model import Dispatch, Step


class Result(StrEnum):
    """What an exit code of Terraform means, in the words that people read."""

    NO_CHANGES = "no changes"
    CHANGES = "changes"
    APPLIED = "applied"
    ERROR = "error"


#: Of several workflow files of one step the first of these that was told stands for the step.
_LEADING = (Result.ERROR, Result.CHANGES, Result.APPLIED, Result.NO_CHANGES)


def meaning(command: str, exit_code: int) -> Result:
    """Tell what an exit code of `plan` means, or of any other command, all of which apply."""
    if command == "plan":
        return {0: Result.NO_CHANGES, 2: Result.CHANGES}.get(exit_code, Result.ERROR)
    return Result.ERROR if exit_code else Result.APPLIED


def known(dispatch: Dispatch) -> Result | None:
    """Tell what is known of a dispatch's present attempt; None while nothing is."""
    if not dispatch.result or dispatch.result_attempt > (dispatch.attempt or dispatch.result_attempt):
        return None  # told by another attempt of the run, which GitHub has not reported yet
    return Result(dispatch.result)


def of_step(step: Step) -> Result | None:
    """Tell what is known of a step; None while nothing is."""
    told = {known(dispatch) for dispatch in step.dispatches}
    return next((result for result in _LEADING if result in told), None)


def reported(desk: Desk, event: StatusReported) -> None:
    """Take over what the CLI said of a dispatch. It may come late and more than once, and before GitHub's own news."""
    found = desk.find(event.dispatch_id)
    if found is None:
        desk.say("the status belongs to a rollout that is gone")
        return
    draft, dispatch = found
    if _is_of_earlier_attempt(dispatch, event):
        desk.say("the status is of an earlier attempt of the run")
        return
    attempt = event.attempt or dispatch.attempt or 1
    result = meaning(event.command, event.exit_code)
    after = replace(dispatch, result=result, result_at=event.at, result_attempt=attempt)
    if (attempt, event.at) < (dispatch.result_attempt, dispatch.result_at) or after == dispatch:
        desk.say("nothing new")
        return
    draft.put_dispatch(after)
    desk.say(f"{draft.step(dispatch.step).instance}: {event.command} ended with exit code {event.exit_code}")
    desk.show()


def _is_of_earlier_attempt(dispatch: Dispatch, event: StatusReported) -> bool:
    if event.attempt:
        return event.attempt < dispatch.attempt
    # Who has only a key cannot say which attempt it was, but it was not one that began later.
    return dispatch.attempt > 1 and event.at < (dispatch.started_at or dispatch.run_updated_at)
