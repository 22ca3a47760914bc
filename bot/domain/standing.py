"""How a step stands by itself, whatever its parents and the rest of its rollout do."""

from __future__ import annotations

from bot.domain.model import OPEN, PASSED, Status, Step

#: Of several dispatches of one step the first of these that occurs is the step's own status.
_LEADING = (
    Status.HELD,
    Status.APPROVAL,
    Status.RUNNING,
    Status.QUEUED,
    Status.DISPATCHING,
    Status.FAILED,
    Status.TIMED_OUT,
    Status.CANCELLED,
)


_NOT_DONE = frozenset({Status.FAILED, Status.TIMED_OUT, Status.CANCELLED})


def own_status(step: Step) -> Status | None:
    """Tell a step's status where it follows from the step alone; None where its parents decide."""
    if step.dispatches:
        statuses = {dispatch.status for dispatch in step.dispatches}
        own = next((status for status in _LEADING if status in statuses), Status.SUCCEEDED)
        if own in _NOT_DONE and step.decided is not None:
            return step.decided.status
        return Status.SUPERSEDED if own in _NOT_DONE and step.heir is not None else own
    if step.dropped:
        return Status.SUPERSEDED
    if step.decided is not None:
        return step.decided.status
    if step.problem:
        return Status.FAILED
    if step.manual:
        return Status.MANUAL
    return None


def passes(step: Step) -> bool:
    """Tell whether a step lets its children go; what superseded one in another rollout speaks for it."""
    own = own_status(step)
    if own is Status.SUPERSEDED and step.heir is not None:
        return step.heir.status in PASSED and not _is_gone(step)
    return own in PASSED


def is_passed_over(step: Step) -> bool:
    """Tell whether a step's children wait for what it depends on: nothing of it was done, or that goes again."""
    own = own_status(step)
    if own is Status.SUPERSEDED and step.heir is not None:
        return step.heir.status is Status.SKIPPED and not _is_gone(step)
    return own is Status.SKIPPED or (own is Status.SUCCEEDED and step.outdated)


def bars(parent: Step, child: Step) -> bool:
    """Tell whether a step keeps another for good, though it lets others go.

    What was to be destroyed, and was passed over or superseded, is still there, and so is what was to be applied
    without it and was passed over: what these need must not be destroyed.
    """
    if not child.destroys or is_pending(parent):
        return False
    own = own_status(parent)
    if parent.destroys:
        return own in (Status.SKIPPED, Status.SUPERSEDED)
    inherited = parent.heir.status if own is Status.SUPERSEDED and parent.heir is not None else None
    return Status.SKIPPED in (own, inherited)


def failed(step: Step) -> bool:
    """Tell whether a step failed, timed out or was cancelled; or what superseded it did.

    One that is run again has not succeeded yet. What a person cancelled before anything of it was sent is no failure.
    """
    own = own_status(step)
    if own is Status.CANCELLED and not step.dispatches:
        return False
    if any(sent.attempt > 1 and sent.status in OPEN for sent in step.dispatches):
        return True
    if own is Status.SUPERSEDED and step.heir is not None:
        return step.heir.status in _NOT_DONE and not _is_gone(step)
    return own in _NOT_DONE


def is_called_off(step: Step) -> bool:
    """Tell whether a step was cancelled by a person's word here, and by nothing else."""
    if own_status(step) is not Status.CANCELLED:
        return False
    ended = [sent for sent in step.dispatches if sent.status is Status.CANCELLED]
    return step.decided is not None or all(sent.cancel_by for sent in ended)


def is_pending(step: Step) -> bool:
    """Tell whether a superseded step still waits for the outcome of what superseded it."""
    if step.heir is None or _is_gone(step):
        return False
    return step.heir.status is None or step.heir.status in (*OPEN, Status.HELD)


def _is_gone(step: Step) -> bool:
    """Tell whether what was to be applied was destroyed instead: however that ends, it opens no way."""
    return step.heir is not None and step.heir.destroys and not step.destroys


def was_sent(step: Step) -> bool:
    """Tell whether a run of a step exists, or may exist, also one that is behind it."""
    return step.sent_before > 0 or is_sent(step)


def is_sent(step: Step) -> bool:
    """Tell whether a step's own dispatches have a run, or may have one."""
    return any(sent.run_id or sent.status in OPEN or sent.status is Status.HELD for sent in step.dispatches)
