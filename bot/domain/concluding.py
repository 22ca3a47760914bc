"""What a check run says in one word: nothing while it is under way, then GitHub's word for how it ended.

It never stays under way when nothing will move by itself, since a merge queue waits for it, or a rule of the branch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.domain.awaiting import PATIENCE
from bot.domain.events import Rules
from bot.domain.facts import RunFacts
from bot.domain.keeping import Keeping, not_in_mode
from bot.domain.model import OPEN, Commit, Pull, Status
from bot.domain.rollout import Walk
from bot.domain.standing import failed as is_failed
from bot.domain.states import State, count, states

SUCCESS, FAILURE, CANCELLED, NEUTRAL, PEOPLE = "success", "failure", "cancelled", "neutral", "action_required"
#: By rollout: what keeps its steps that could go.
Kept = Mapping[int, Keeping]
#: By rollout: the states of its steps, where they were worked out already.
Known = Mapping[int, Sequence[State]]
#: Of several rollouts the first of these that occurs is the whole's.
_WORST = (FAILURE, CANCELLED, PEOPLE, SUCCESS, NEUTRAL)


def awaits(runs: Sequence[RunFacts], *, since: float, now: float, pending: bool) -> bool:
    """Tell whether affected stacks may still come, of which none are there.

    `runs` are those of workflows that have uploaded before, for this commit: the sweep sees to it that none is believed
    to go on for ever. `pending` is an upload that was taken and not worked yet.
    """
    if runs:
        return pending or any(run.status != "completed" for run in runs)
    return pending or now < since + PATIENCE


def conclude(
    commit: Commit,
    walks: Sequence[Walk],
    rules: Rules,
    kept: Kept,
    *,
    awaited: bool,
    unusable: bool,
    known: Known | None = None,
) -> str:
    """Tell how all that is done for a commit ended; empty while it is under way.

    `walks` are its rollouts that count, `unusable` tells that an upload could not be used.
    """
    # A merge queue takes what wants action for failed, so it is given its time: to have runs approved at GitHub, and
    # for what people keep. It has a limit of its own.
    found = {_conclusion(walk, rules, kept, known, people=not commit.pull) for walk in walks}
    if commit.ended and not (commit.merged and found):
        return NEUTRAL if commit.merged or commit.fork else CANCELLED
    if found:
        return "" if "" in found else next(one for one in _WORST if one in found)
    if unusable:
        return FAILURE
    return "" if awaited else NEUTRAL


def conclude_pull(
    pull: Pull,
    walks: Sequence[Walk],
    rules: Rules,
    kept: Kept,
    *,
    sha: str,
    awaited: bool,
    unusable: bool,
    known: Known | None = None,
) -> str:
    """Tell the same of a commit of a pull request: of its head, or of its merge. `walks` are its rollouts there."""
    found = {_conclusion(walk, rules, kept, known, people=True) for walk in walks}
    if pull.fork:
        return NEUTRAL
    if not works_at(pull, sha):
        # What is left of it is told by the check run of the newer commit, or by nobody.
        ended = found - {""} if pull.merged and sha == pull.head_sha else set()
        return next((one for one in _WORST if one in ended), NEUTRAL if pull.merged else CANCELLED)
    if found:
        return "" if "" in found else next(one for one in _WORST if one in found)
    if unusable:
        return FAILURE
    return "" if awaited else NEUTRAL


def works_at(pull: Pull, sha: str) -> bool:
    """Tell whether a commit is the one at which a pull request is worked now."""
    return sha == (pull.merge_sha if pull.merged else pull.head_sha) and (pull.open or pull.merged)


def _conclusion(walk: Walk, rules: Rules, kept: Kept, known: Known | None, *, people: bool) -> str:
    """Tell it of one rollout.

    `people` tells whether what waits for them at GitHub, or is kept until they do something, wants action.
    """
    found = (known or {}).get(walk.rollout.id) or states(walk)
    counts = count(found)
    failed = counts[Status.FAILED] + counts[Status.TIMED_OUT]
    if walk.rollout.superseded_by:
        return FAILURE if failed else NEUTRAL
    waits = {Status.APPROVAL} if people else frozenset()
    ready = [step for step, state in zip(walk.steps, found, strict=True) if state.status is Status.READY]
    stands = people and bool(ready) and all(_is_kept(kept.get(walk.rollout.id), step.index) for step in ready)
    if any(counts[status] for status in OPEN - waits):
        return ""
    if not_in_mode(rules.mode, walk.rollout.phase) is not None:
        return FAILURE if failed else NEUTRAL
    if ready and not stands and not (rules.fail_fast and any(map(is_failed, walk.steps))):
        return ""
    if failed:
        return FAILURE
    if counts[Status.CANCELLED]:
        return CANCELLED
    if counts[Status.HELD] or counts[Status.APPROVAL] or stands:
        return PEOPLE
    if counts[Status.BLOCKED]:
        return FAILURE
    if counts[Status.WAITING]:
        return ""  # for what another lane does
    return SUCCESS if counts[Status.SUCCEEDED] else NEUTRAL


def _is_kept(keeping: Keeping | None, index: int) -> bool:
    """Tell whether a step that could go stands until people do something."""
    keeper = keeping.of(index) if keeping is not None else None
    return keeper is not None and keeper.for_people
