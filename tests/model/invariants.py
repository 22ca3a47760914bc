"""What must be true whatever happens, judged from what GitHub saw and people were shown. One function for each rule.

The first ones look at a run in the moment in which GitHub takes its dispatch, the others at everything. Each gives a
sentence where its rule is broken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase

from bot.domain.graph import Instance
from tests.model import repository
from tests.model.hub import Hub
from tests.model.repository import DESTROY, GATED
from tests.model.shown import Shown, comment, read
from tests.model.things import Pull, Run

#: GitHub's words for a run, as people read them in the comment.
_WORDS = {"queued": "queued", "in_progress": "running", "waiting": "approval"}
_ENDS = {"success": "succeeded", "failure": "failed", "cancelled": "cancelled"}
#: What a step shows that goes on by itself, so that nothing may stay so.
MOVING = frozenset({"waiting", "ready", "dispatching", "queued", "running"})


def _affected(hub: Hub, run: Run) -> frozenset[Instance]:
    pull = hub.pull_of(run)
    return repository.affected(pull.changed if run.applies else pull.heads[run.target])


def _others(hub: Hub, run: Run, instance: Instance) -> Iterator[Run]:
    return (one for one in hub.dispatched if one is not run and one.instance == instance)


def parents_first(hub: Hub, run: Run) -> str:
    """No child is dispatched before its parents are done."""
    for parent in repository.parents(run.instance, _affected(hub, run)):
        if not any(_counts_for(hub, one, run) and _is_done(one) for one in _others(hub, run, parent)):
            return f"{run.title} went although {parent} had not succeeded"
    return ""


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
    for other in _others(hub, run, run.instance):
        unheard = other.attempt > (other.heard.attempt if other.heard else 1)  # run again by a person a moment ago
        if run.applies and other.applies and not other.over and not unheard:
            return f"{run.title} went while {other.title} was {other.status}"
    return ""


def in_merge_order(hub: Hub, run: Run) -> str:
    """No older commit is applied after a newer one."""
    for other in _others(hub, run, run.instance):
        if run.applies and other.applies and hub.position(other.target) > hub.position(run.target):
            return (
                f"{run.title} of #{hub.pull_of(run).number} went after that of the newer #{hub.pull_of(other).number}"
            )
    return ""


def reviewed(hub: Hub, run: Run) -> str:
    """Nothing is applied of which no plan succeeded at the merged head before the merge, unless it was approved."""
    if not run.applies:
        return ""
    pull = hub.pull_of(run)
    plans = (one for one in _others(hub, run, run.instance) if not one.applies and one.target == pull.head)
    if any(plan.succeeded(pull.merged_at) for plan in plans) or hub.rules.unplanned == "allow":
        return ""
    if any((pull.number, sha, run.instance) in hub.words for sha in (pull.head, pull.merge_sha)):
        return ""
    return f"{run.title} of #{pull.number} went unreviewed"


def approved_here(hub: Hub, run: Run) -> str:
    """Nothing is applied to a stack that wants it before somebody other than the author approved it here."""
    if not run.applies or not any(fnmatchcase(run.instance.stack, one) for one in hub.rules.approve_stacks):
        return ""
    pull = hub.pull_of(run)
    words = hub.words.get((pull.number, pull.merge_sha, run.instance), ())
    return "" if any(word.by != pull.author for word in words) else f"{run.title} was approved by nobody else: {words}"


def destroyed_by_name(hub: Hub, run: Run) -> str:
    """Nothing is destroyed before somebody approved it by its name after the merge, and by nothing but its workflow."""
    pull = hub.pull_of(run)
    gone = run.applies and run.instance in repository.removed(pull.changed)
    if gone is not (run.workflow == DESTROY):
        return f"{run.title} went by {run.workflow}"
    words = hub.words.get((pull.number, pull.merge_sha, run.instance), ())
    return f"{run.title} was approved by nobody" if gone and not any(word.named for word in words) else ""


def newest_head(hub: Hub, run: Run) -> str:
    """Nothing is planned of a head after which another one is known to have come."""
    pull, heads = hub.pull_of(run), list(hub.pull_of(run).heads)
    old = not run.applies and pull.known and heads.index(run.target) < heads.index(pull.known)
    return f"{run.title} plans {run.target[:7]}, but {pull.known[:7]} is known" if old else ""


def not_too_many(hub: Hub, run: Run) -> str:
    """Nothing of a rollout with more runs than is usual is dispatched before somebody approved it."""
    most = hub.rules.breaker_apply if run.applies else hub.rules.breaker_plan
    pull, size = hub.pull_of(run), len(_affected(hub, run))
    known = size <= most or (pull.number, run.target, run.instance) in hub.words
    return "" if known else f"{run.title} went unasked, one of {size}"


def not_stale(hub: Hub, run: Run) -> str:
    """Where the settings say so, nothing is applied to which others were applied since it was planned, unless asked."""
    if not run.applies or hub.rules.stale != "hold":
        return ""
    pull = hub.pull_of(run)
    if (pull.number, run.target, run.instance) in hub.words:
        return ""
    plans = [one for one in _others(hub, run, run.instance) if not one.applies and one.target == pull.head]
    began = max((one.began for one in plans if one.succeeded(pull.merged_at)), default=0.0)
    for other in _others(hub, run, run.instance):
        done = other.heard.at if other.heard is not None and other.heard.conclusion == "success" else 0.0
        if other.applies and hub.pull_of(other) is not pull and done > began > 0:
            return f"{run.title} was planned before #{hub.pull_of(other).number} was applied"
    return ""


def protected(hub: Hub, run: Run) -> str:
    """Nothing is applied in an environment that is not there, as GitHub would make it, open to everybody."""
    if run.workflow != GATED or hub.protected or (hub.pull_of(run).number, run.target, run.instance) in hub.words:
        return ""
    return f"{run.title} made its environment"


def under_the_cap(hub: Hub, run: Run) -> str:
    """No more runs are under way than there may be, but for those that people held up or ran again."""
    under_way = [one for one in hub.dispatched if not one.over and one.workflow != GATED and one.attempt == 1]
    return f"{run.title} is one of {len(under_way)} at once" if len(under_way) > hub.rules.max_in_flight else ""


def not_locked(hub: Hub, run: Run) -> str:
    """Nothing is dispatched while its instance is locked."""
    return f"{run.title} went although it was locked" if hub.locks.get(run.instance, 0.0) > hub.now() else ""


def not_frozen(hub: Hub, run: Run) -> str:
    """Nothing is applied while a freeze holds."""
    return f"{run.title} went although all was frozen" if run.applies and hub.frozen else ""


def only_once(hub: Hub, run: Run) -> str:
    """Nothing is dispatched twice: no id, and no step.

    But a plan is for a pull request that was opened again, and an apply that somebody's re-run of an older one undid.
    """
    of_id = [one for one in hub.dispatched if one.inputs["atmos_pro_run_id"] == run.inputs["atmos_pro_run_id"]]
    same = [one for one in hub.dispatched if (one.target, one.instance) == (run.target, run.instance)]
    same = [one for one in same if one.workflow == run.workflow]
    most = 1 + _undone(hub, run) if run.applies else hub.pull_of(run).begun[run.target]
    return f"{run.title} is the run number {len(same)} of its step" if len(of_id) > 1 or len(same) > most else ""


def _undone(hub: Hub, run: Run, *, approved: bool = True) -> int:
    """Count how often an older commit was applied over an apply, where somebody let it go once more."""
    if not run.applies or (approved and (hub.pull_of(run).number, run.target, run.instance) not in hub.words):
        return 0
    older = (one for one in _others(hub, run, run.instance) if one.applies)
    older = (one for one in older if hub.position(one.target) < hub.position(run.target))
    return sum(one.attempt - 1 for one in older)


def wanted(hub: Hub, run: Run) -> str:
    """Nothing is applied that was not merged, and nothing is run that nobody affected."""
    pull = hub.pull_of(run)
    if run.applies and run.target != pull.merge_sha:
        return f"{run.title} applies {run.target[:7]}, which was not merged"
    return "" if run.instance in _affected(hub, run) else f"{run.title} concerns nothing that {run.target[:7]} affects"


def one_comment(hub: Hub) -> str:
    """There is one comment on a pull request, and no second one."""
    many = next((number for number, listed in hub.comments.items() if len(listed) > 1), 0)
    return f"#{many} has {len(hub.comments[many])} comments" if many else ""


def says_what_is(hub: Hub) -> str:
    """The comment says what is: of each instance what its run does at GitHub, and the counts are those of its rows."""
    for pull in hub.pulls:
        shown = read(comment(hub, pull))
        if shown is None:
            continue
        if any(times > 1 and sha.startswith(shown.commit) for sha, times in pull.begun.items()):
            continue  # of several plans of one commit nobody can tell which is meant
        words = [word for word, _ in shown.rows.values()]
        if (words.count("succeeded"), len(words)) != (shown.succeeded, shown.total):
            return f"#{pull.number} counts {shown.succeeded} of {shown.total}, but its rows say {words}"
        for instance, (word, why) in shown.rows.items():
            said = _says(hub, shown, instance, word, why)
            if said:
                return f"#{pull.number}: {said}"
    return ""


def _says(hub: Hub, shown: Shown, instance: Instance, word: str, why: str) -> str:
    runs = [run for run in hub.dispatched if run.target[:7] == shown.commit and run.applies is shown.applies]
    own = [run for run in runs if run.instance == instance]
    if own and own[-1].attempt > 1 and own[-1].status == "queued":
        return ""  # GitHub tells nobody of this
    if own and _undone(hub, own[-1], approved=False):
        return ""  # an older commit was applied over it, so that it is offered again
    if word == "superseded" and own and own[-1].over and _is_overtaken(hub, own[-1]):
        return ""
    if own:
        is_now = _ENDS[own[-1].conclusion or ""] if own[-1].over else _WORDS[own[-1].status]
        return f"{instance} is shown as {word}, but its run is {is_now}" if word != is_now else ""
    if word in (*_WORDS.values(), "succeeded") or (word == "cancelled" and "was not sent" not in why):
        return f"{instance} is shown as {word}, but has no run"
    if shown.applies:  # what superseded a parent speaks for it
        runs = [run for run in hub.dispatched if run.applies]
    ended = [run for run in runs if any(one.conclusion not in (None, "success") for one in run.news)]
    above = repository.ancestors(instance, frozenset(shown.rows))
    blocked = any(run.instance in above for run in ended)
    if word == "blocked" and not blocked:
        return f"{instance} is shown as blocked, but nothing above it failed"
    return ""


def contained(hub: Hub) -> str:
    """Where an older commit is applied again over a newer one, by a re-run at GitHub, its comment says so."""
    for run in hub.dispatched:
        if not run.applies or run.attempt == 1 or run.heard is None or run.heard.attempt < run.attempt:
            continue
        pull = hub.pull_of(run)
        shown = read(comment(hub, pull))
        sent = (one for one in _others(hub, run, run.instance) if one.applies and one.created_at < run.started_at)
        newer = any(hub.position(one.target) > hub.position(run.target) for one in sent)
        if newer and shown and "run again" not in shown.rows.get(run.instance, ("", ""))[1]:
            return f"#{pull.number} does not tell that {run.instance} was run again over a newer commit"
    return ""


def _is_overtaken(hub: Hub, run: Run) -> bool:
    """Tell whether a newer commit was applied where an apply did not succeed."""
    others = (one for one in _others(hub, run, run.instance) if run.applies and one.applies)
    return run.conclusion != "success" and any(hub.position(one.target) > hub.position(run.target) for one in others)


def nothing_waits_for_ever(hub: Hub) -> str:
    """Everything that may go goes in the end: each instance has its run, or people are shown why not."""
    for pull in hub.pulls:
        if not (pull.open or pull.merged) or not uploaded(hub, pull):
            continue
        target = pull.merge_sha if pull.merged else pull.head
        shown = read(comment(hub, pull))
        if shown is None or not target.startswith(shown.commit) or shown.applies is not pull.merged:
            return f"#{pull.number} shows nothing of {target[:7]}"
        gone = repository.removed(pull.changed)  # what is left for people has no row
        if shown.rows.keys() | gone != pull.affected:
            return f"#{pull.number} shows {sorted(shown.rows)}, but affects {sorted(pull.affected)}"
        stopped = hub.rules.fail_fast and "stopped, because" in comment(hub, pull)
        for instance, (word, why) in shown.rows.items():
            above = repository.ancestors(instance, pull.affected)
            behind_people = word == "waiting" and any(shown.rows[one][0] == "held" for one in above)
            if word in MOVING and not stopped and not behind_people:
                return f"#{pull.number}: {instance} is {word} for ever"
            if word not in _ENDS.values() and not why.strip(" |"):
                return f"#{pull.number}: {instance} is {word}, and nobody is told why"
    return ""


def uploaded(hub: Hub, pull: Pull) -> bool:
    """Tell whether the affected stacks of a pull request's head, or of its merge, were uploaded."""
    runs = (run for run in hub.runs.values() if run.pull == pull.number and run.sha == pull.head)
    return any(run.uploaded and run.merged is pull.merged for run in runs)


#: The rules about each dispatch.
ON_DISPATCH: tuple[Callable[[Hub, Run], str], ...] = (
    only_once,
    wanted,
    parents_first,
    one_at_a_time,
    in_merge_order,
    reviewed,
    approved_here,
    destroyed_by_name,
    newest_head,
    not_too_many,
    not_stale,
    protected,
    under_the_cap,
    not_locked,
    not_frozen,
)
#: Those about what is shown once the bot has heard and written everything.
WHEN_QUIET: tuple[Callable[[Hub], str], ...] = (says_what_is, contained)
#: Those about what is left when GitHub is well, everybody has approved and all runs are over.
IN_THE_END: tuple[Callable[[Hub], str], ...] = (nothing_waits_for_ever,)
