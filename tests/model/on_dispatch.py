"""What must be true of a run when GitHub takes its dispatch: each rule gives a sentence where it is broken."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from bot.domain.graph import Instance
from tests.model import repository
from tests.model.hub import Hub
from tests.model.repository import DESTROY, GATED
from tests.model.things import Run, Word


def _affected(hub: Hub, run: Run) -> frozenset[Instance]:
    pull = hub.pull_of(run)
    if run.confirmed:
        offers = [offer for _, offer in hub.saying.confirmations(run.instance) if offer.pull is pull]
        return max((frozenset(offer.instances) for offer in offers), key=len)
    return repository.affected(pull.changed if run.applies else pull.heads[run.target])


def others(hub: Hub, run: Run, instance: Instance) -> Iterator[Run]:
    return (one for one in hub.dispatched if one is not run and one.instance == instance)


def _words(hub: Hub, run: Run, *shas: str) -> list[Word]:
    """List who may have let a run go by what they said of these commits; else of its own."""
    pull = hub.pull_of(run)
    found = [word for sha in shas or (run.target,) for word in hub.words_for(pull, sha, run.instance)]
    barred = run.applies and not hub.rules.self_approve
    return [word for word in found if not (barred and word.by == pull.author)]


def parents_first(hub: Hub, run: Run) -> str:
    """No child is dispatched before its parents are done."""
    for parent in repository.parents(run.instance, () if run.confirmed else _affected(hub, run)):
        its = [one for one in others(hub, run, parent) if _counts_for(hub, one, run)]
        if not any(_is_done(one) for one in its) and not _passed_over(hub, run, parent, its):
            return f"{run.title} went although {parent} had not succeeded"
    return ""


def _passed_over(hub: Hub, child: Run, parent: Instance, its: list[Run]) -> bool:
    """A parent that people skip counts as done, once nothing of it goes on."""
    if any(not one.over for one in its):
        return False
    later = (pull for pull in hub.pulls if pull.merged and child.applies)
    later = (pull for pull in later if hub.position(pull.merge_sha) >= hub.position(child.target))
    return any(hub.saying.skipped(pull, parent, pull.merge_sha) for pull in later) or hub.saying.skipped(
        hub.pull_of(child), parent, child.target
    )


def _counts_for(hub: Hub, parent: Run, child: Run) -> bool:
    """A parent's run at the same commit counts, and so does its apply at a newer one."""
    if not child.applies:
        return parent.target == child.target and not parent.applies
    return parent.applies and hub.position(parent.target) >= hub.position(child.target)


def _is_done(parent: Run) -> bool:
    """A success counts until the bot has heard that the run was run again."""
    done = max((one.attempt for one in parent.news if one.conclusion == "success"), default=0)
    return done > 0 and (parent.heard is None or parent.heard.attempt <= done)


def one_at_a_time(hub: Hub, run: Run) -> str:
    """No instance is applied by two runs at once."""
    for other in others(hub, run, run.instance):
        unheard = other.attempt > (other.heard.attempt if other.heard else 1)  # run again by a person a moment ago
        if run.applies and other.applies and not other.over and not unheard:
            return f"{run.title} went while {other.title} was {other.status}"
    return ""


def in_merge_order(hub: Hub, run: Run) -> str:
    """No older commit is applied after a newer one."""
    for other in others(hub, run, run.instance):
        if run.applies and other.applies and hub.position(other.target) > hub.position(run.target):
            return (
                f"{run.title} of #{hub.pull_of(run).number} went after that of the newer #{hub.pull_of(other).number}"
            )
    return ""


def reviewed(hub: Hub, run: Run) -> str:
    """Nothing is applied of which no plan succeeded at the merged head before the merge, unless it was approved."""
    if not run.applies or run.confirmed:
        return ""
    pull = hub.pull_of(run)
    plans = (one for one in others(hub, run, run.instance) if not one.applies and one.target == pull.head)
    if any(plan.succeeded(pull.merged_at) for plan in plans) or hub.rules.unplanned == "allow":
        return ""
    return "" if _words(hub, run, pull.head, pull.merge_sha) else f"{run.title} of #{pull.number} went unreviewed"


def approved_here(hub: Hub, run: Run) -> str:
    """Nothing is applied to a stack that wants it before somebody other than the author approved it here."""
    if not run.applies or not any(fnmatchcase(run.instance.stack, one) for one in hub.rules.approve_stacks):
        return ""
    pull = hub.pull_of(run)
    words = _words(hub, run)
    words += [Word(said.by, said.at, named=True) for said, _ in hub.saying.confirmations(run.instance) if run.confirmed]
    return "" if any(word.by != pull.author for word in words) else f"{run.title} was approved by nobody else: {words}"


def destroyed_by_name(hub: Hub, run: Run) -> str:
    """Nothing that was removed is destroyed before somebody approved it by its name, and only by its workflow."""
    if run.confirmed:
        return ""
    pull = hub.pull_of(run)
    gone = run.applies and run.instance in repository.removed(pull.changed)
    if gone is not (run.workflow == DESTROY):
        return f"{run.title} went by {run.workflow}"
    named = any(word.named for word in _words(hub, run))
    return f"{run.title} was approved by nobody" if gone and not named else ""


def newest_head(hub: Hub, run: Run) -> str:
    """Nothing is planned of a head after which another one is known to have come."""
    pull, heads = hub.pull_of(run), list(hub.pull_of(run).heads)
    old = not run.applies and pull.known and heads.index(run.target) < heads.index(pull.known)
    return f"{run.title} plans {run.target[:7]}, but {pull.known[:7]} is known" if old else ""


def not_too_many(hub: Hub, run: Run) -> str:
    """Nothing of a rollout with more runs than is usual is dispatched before somebody approved it."""
    most = hub.rules.breaker_apply if run.applies else hub.rules.breaker_plan
    size = len(_affected(hub, run))
    return "" if size <= most or _words(hub, run) else f"{run.title} went unasked, one of {size}"


def not_stale(hub: Hub, run: Run) -> str:
    """Where the settings say so, nothing is applied to which others were applied since it was planned, unless asked."""
    if not run.applies or run.confirmed or hub.rules.stale != "hold" or _words(hub, run):
        return ""
    pull = hub.pull_of(run)
    plans = [one for one in others(hub, run, run.instance) if not one.applies and one.target == pull.head]
    began = max((one.began for one in plans if one.succeeded(pull.merged_at)), default=0.0)
    for other in others(hub, run, run.instance):
        done = other.heard.at if other.heard is not None and other.heard.conclusion == "success" else 0.0
        if other.applies and hub.pull_of(other) is not pull and done > began > 0:
            return f"{run.title} was planned before #{hub.pull_of(other).number} was applied"
    return ""


def protected(hub: Hub, run: Run) -> str:
    """Nothing is applied in an environment that is not there, as GitHub would make it, open to everybody."""
    if run.workflow != GATED or hub.protected or _words(hub, run):
        return ""
    return f"{run.title} made its environment"


def under_the_cap(hub: Hub, run: Run) -> str:
    """No more runs are under way than there may be, but for those that people held up or ran again."""
    under_way = [one for one in hub.dispatched if not one.over and one.workflow != GATED and one.attempt == 1]
    return f"{run.title} is one of {len(under_way)} at once" if len(under_way) > hub.rules.max_in_flight else ""


def not_locked(hub: Hub, run: Run) -> str:
    """Nothing is dispatched while its instance is locked."""
    locked = hub.locks.get(run.instance, 0.0) > hub.now() or hub.saying.locked(run.instance)
    return f"{run.title} went although it was locked" if locked else ""


def not_frozen(hub: Hub, run: Run) -> str:
    """Nothing is applied while a freeze holds."""
    return f"{run.title} went although all was frozen" if run.applies and hub.frozen else ""


def not_paused(hub: Hub, run: Run) -> str:
    """Nothing is dispatched of a pull request that is paused."""
    pull = hub.pull_of(run)
    return f"{run.title} went although #{pull.number} was paused" if hub.saying.paused(pull) else ""


def not_stopped(hub: Hub, run: Run) -> str:
    """Nothing is dispatched that people cancelled or skipped, until they say so."""
    pull = hub.pull_of(run)
    if not run.applies and pull.begun[run.target] > 1:
        return ""  # it was opened again, which begins anew
    stopped = hub.saying.stopped(pull, run.instance, run.target)
    return f"{run.title} went in spite of {stopped}" if stopped else ""


def only_once(hub: Hub, run: Run) -> str:
    """Nothing is dispatched twice: no id, and no step.

    But a plan is for a pull request that was opened again, an apply that somebody's re-run of an older one undid, and
    either where people say so, once for each time.
    """
    of_id = [one for one in hub.dispatched if one.inputs["atmos_pro_run_id"] == run.inputs["atmos_pro_run_id"]]
    same = [one for one in hub.dispatched if (one.target, one.instance) == (run.target, run.instance)]
    same = [one for one in same if one.workflow == run.workflow]
    most = 1 + undone(hub, run) if run.applies else hub.pull_of(run).begun[run.target]
    most += hub.saying.again(hub.pull_of(run), run.instance, run.target)
    most = len(same) if run.confirmed else most  # which `confirmed` counts
    return f"{run.title} is the run number {len(same)} of its step" if len(of_id) > 1 or len(same) > most else ""


def undone(hub: Hub, run: Run, *, approved: bool = True) -> int:
    """Count how often an older commit was applied over an apply, where somebody let it go once more."""
    if not run.applies or (approved and not _words(hub, run)):
        return 0
    older = (one for one in others(hub, run, run.instance) if one.applies)
    older = (one for one in older if hub.position(one.target) < hub.position(run.target))
    return sum(one.attempt - 1 for one in older)


def wanted(hub: Hub, run: Run) -> str:
    """Nothing is applied that was not merged, and nothing is run that nobody affected."""
    pull = hub.pull_of(run)
    if run.applies and run.target != pull.merge_sha:
        return f"{run.title} applies {run.target[:7]}, which was not merged"
    return "" if run.instance in _affected(hub, run) else f"{run.title} concerns nothing that {run.target[:7]} affects"
