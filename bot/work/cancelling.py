"""Cancel a run.

GitHub refuses to cancel a run that is over, and one that it does not know yet, with the same words: only the run itself
tells which of the two it is.
"""

from __future__ import annotations

import gidgethub
import msgspec

from bot.domain.model import OPEN, Dispatch, Repo
from bot.domain.pro import Phase
from bot.events.workflow_run import RunRead
from bot.github import ensure as github
from bot.github import reads
from bot.github.client import Installation
from bot.store import inbox, outbox, rollouts
from bot.store.db import transaction
from bot.store.outbox import Wish
from bot.store.rollouts import Placed
from bot.work.parts import Parts

_LONGEST_WAIT = 60.0
#: A run that is not there after this many attempts is gone: with the waits between them, after ten minutes.
_ATTEMPTS = 15


async def ensure(parts: Parts, wish: Wish) -> None:
    """Ask GitHub to cancel the run of a dispatch, unless it is over. The end itself comes as news of the run."""
    placed = rollouts.find_dispatch(parts.db, wish.id)
    if placed is not None and _is_wanted(placed.dispatch):
        if parts.rules.mode == "observe":  # the wish stays: the mode may end before the run does
            with transaction(parts.db):
                due = parts.now() + _LONGEST_WAIT
                outbox.later(parts.db, wish.key, due=due, error="Nothing is cancelled in the mode “observe”.")
            return
        with transaction(parts.db):
            begun = outbox.begin(parts.db, wish.key)
        repo = parts.context.repo(wish.repo_id)
        gh, run_id = parts.installation(repo.installation), placed.dispatch.run_id
        if begun is not None and not placed.dispatch.cancel_by and await _has_begun(parts, repo, placed):
            begun = None
        if (
            begun is not None
            and not await github.cancel(gh, repo, run_id)
            and not await _is_over(gh, repo, begun, run_id)
        ):
            with transaction(parts.db):
                due = parts.now() + min(_LONGEST_WAIT, 2.0 ** min(begun.attempts, 6))
                outbox.later(parts.db, wish.key, due=due, error="GitHub does not cancel the run yet.")
            return
    with transaction(parts.db):
        outbox.fulfilled(parts.db, wish)


def _is_wanted(dispatch: Dispatch) -> bool:
    return dispatch.cancel_wanted and dispatch.run_id > 0 and dispatch.status in OPEN


async def _has_begun(parts: Parts, repo: Repo, placed: Placed) -> bool:
    """Tell whether an apply may have changed something already: then it is left to its end, and intake is told."""
    rollout = rollouts.facts(parts.db, placed.rollout_id)
    if rollout is None or rollout.phase is not Phase.APPLY:
        return False
    gh, run_id = parts.installation(repo.installation), placed.dispatch.run_id
    if not await reads.jobs_started(gh, repo, run_id):
        return False
    body = msgspec.json.encode(RunRead(placed.dispatch.id, await reads.run(gh, repo, run_id)))
    with transaction(parts.db):
        inbox.put(parts.db, "run_read", body, now=parts.now(), repo_id=repo.id, lane=placed.lane)
    return True


async def _is_over(gh: Installation, repo: Repo, wish: Wish, run_id: int) -> bool:
    """Tell whether a run that GitHub does not cancel is over, or gone; GitHub finds new runs late."""
    try:
        return (await reads.run(gh, repo, run_id)).status == "completed"
    except gidgethub.HTTPException as error:
        if error.status_code not in (404, 410):
            raise
        return wish.attempts >= _ATTEMPTS
