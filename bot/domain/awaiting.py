"""What is awaited before there is a rollout, and what should be said beside one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.facts import RunFacts
from bot.domain.lanes import is_release
from bot.domain.model import Commit, Pull, Repo
from bot.domain.pro import MERGED
from bot.domain.rollout import Walk
from bot.domain.run_news import UNKNOWN
from bot.domain.texts import commit

FORK = (
    "This pull request comes from a fork, and forks are never dispatched: their code would run with this repository's "
    "roles. To have it planned and applied, push its branch to this repository and open a pull request from there."
)
_TRIGGERS = (
    "Look at the workflow's triggers and path filters, at merge conflicts (with one, GitHub starts no pull-request "
    "workflow), and whether Actions is turned off."
)
_NOTHING = (
    "If this commit has nothing to do with stacks, all is well: nothing is planned or applied for it, and nothing is "
    "waited for."
)
#: How long GitHub may take to start the run that uploads, in seconds.
PATIENCE = 600.0


@dataclass(frozen=True, slots=True)
class Waited:
    """How long an upload has been awaited: since the head was first seen, or since its merge."""

    seconds: float
    since: str  # in words
    home: str  # where people see the repository, with a slash at the end


def awaited(
    pull: Pull,
    current: Sequence[Walk],
    runs: Sequence[RunFacts],
    waited: Waited,
    *,
    known: bool,
    applies: bool,
) -> str:
    """Say in a sentence or two what is awaited; empty when nothing is, or when there is nothing to say yet.

    `runs` are those of workflows that have uploaded before, for this head or merge, the newest first; `known` tells
    whether this pull request has had a rollout, or a fork's an upload.
    """
    if pull.fork:
        return FORK if runs or known else ""
    if pull.merged:
        if not applies or any(walk.rollout.activity == MERGED for walk in current):
            return ""
        what = f"the affected stacks of the merge {commit(pull.merge_sha)}"
    elif pull.open:
        if any(walk.rollout.epoch == pull.epoch for walk in current):
            return ""
        what = f"the affected stacks of {commit(pull.head_sha)}"
    else:
        return ""
    if runs and runs[0].status == "completed":
        return _ended(runs[0], what, waited)
    if known and not runs and waited.seconds >= PATIENCE:
        return _absent(what, waited, _TRIGGERS)
    if runs or known:
        return f"Waiting for {what} since {waited.since}."
    return ""


def nothing_came(pull: Pull, waited: Waited) -> str:
    """Say why nothing is done at the head of a pull request that never had an upload, nor a run of one that uploads."""
    return f"{_absent(f'the affected stacks of {commit(pull.head_sha)}', waited, _TRIGGERS)} {_NOTHING}"


def awaited_at(told: Commit, runs: Sequence[RunFacts], waited: Waited) -> str:
    """Say the same of a commit without a pull request that has no rollout; empty while it may just be late."""
    what = f"the affected stacks of {commit(told.sha)}"
    if runs and runs[0].status == "completed":
        return _ended(runs[0], what, waited)
    if runs or waited.seconds < PATIENCE:
        return ""
    event = "release" if is_release(told.lane) else "merge_group"
    look = f"Look whether the workflow that runs `atmos describe affected --upload` has the trigger `{event}`"
    return f"{_absent(what, waited, f'{look}, and whether Actions is turned off.')} {_NOTHING}"


def _ended(run: RunFacts, what: str, waited: Waited) -> str:
    where = f"{waited.home}actions/runs/{run.run_id}"
    if run.conclusion == UNKNOWN:
        return (
            f"GitHub has told nothing of {where} for a day, so nobody waits any longer for `{run.workflow}` to upload "
            f"{what}. See whether that still goes on; cancel it then, and run it again."
        )
    ended = {"success": "ended", "failure": "failed", "cancelled": "was cancelled"}
    how = ended.get(run.conclusion, f"ended as “{run.conclusion}”")
    return (
        f"`{run.workflow}` {how} without uploading {what}, awaited since {waited.since}. Read in the log of "
        f"{where} what Switchyard answered, mend that, and run it again."
    )


def _absent(what: str, waited: Waited, look: str) -> str:
    return f"No run that uploads {what} has appeared since {waited.since}, for more than ten minutes. {look}"


def stuck(pull: Pull, runs: Sequence[RunFacts], waited: Waited, *, unusable: bool, waiting: str) -> str:
    """Say in a few words what is wrong where nobody need wait any longer; empty where somebody may."""
    if unusable:
        return "An upload could not be used: see below what to change"
    if not waiting or pull.fork:
        return ""
    if runs and runs[0].status == "completed":
        return f"No affected stacks came: read the log of {runs[0].workflow}"
    if not runs and waited.seconds >= PATIENCE:
        return "No affected stacks came: look why no run uploads them"
    return ""


def remarks(pull: Pull, repo: Repo, *, applies: bool) -> tuple[str, ...]:
    """Say what a reader should know beside the rollouts, a sentence each."""
    if applies or pull.fork or not (pull.open or pull.merged):
        return ()
    tense = "was" if pull.merged else "will be"
    return (
        f"Nothing {tense} applied: `{pull.base_ref}` is not the default branch, `{repo.default_branch}`, and "
        "SWITCHYARD_APPLY_BRANCHES does not name it.",
    )
