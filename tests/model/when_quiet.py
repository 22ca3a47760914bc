"""What must be true of what is shown once the bot has heard everything, and in the end: a sentence where it is not."""

from __future__ import annotations

import re

from bot.domain.graph import Instance
from tests.model import repository
from tests.model.hub import Hub
from tests.model.on_dispatch import others, undone
from tests.model.saying import AGAIN, may
from tests.model.shown import Shown, comment, every, read
from tests.model.things import Pull, Run

#: GitHub's words for a run, as people read them in the comment.
_WORDS = {"queued": "queued", "in_progress": "running", "waiting": "approval"}
#: Of a command that was read, and done or refused.
_SIGNS = 2
#: Of those who may not: who may only read, and who may not have things destroyed.
_DONE_BY_OTHERS = re.compile(r"✅ `[^`]*` by guest|✅ `/atmos (?:destroy|confirm)[^`]*` by dora")
_ENDS = {"success": "succeeded", "failure": "failed", "cancelled": "cancelled"}
#: What a step shows that goes on by itself, so that nothing may stay so.
MOVING = frozenset({"waiting", "ready", "dispatching", "queued", "running"})


def one_comment(hub: Hub) -> str:
    """There is one comment on a pull request, and no second one."""
    many = next((number for number, listed in hub.comments.items() if len(listed) > 1), 0)
    return f"#{many} has {len(hub.comments[many])} comments" if many else ""


def says_what_is(hub: Hub) -> str:
    """The comment says what is: of each instance what its run does at GitHub, and the counts are those of its rows."""
    for pull in hub.pulls:
        newest: set[tuple[bool, Instance]] = set()
        for shown in every(comment(hub, pull)):
            if any(times > 1 and sha.startswith(shown.commit) for sha, times in pull.begun.items()):
                continue  # of several plans of one commit nobody can tell which is meant
            if said := _counts(shown) or _says_all(hub, shown, newest):
                return f"#{pull.number} {said}"
    return ""


def _counts(shown: Shown) -> str:
    words = [word for word, _ in shown.rows.values()]
    if (words.count("succeeded"), len(words)) == (shown.succeeded, shown.total):
        return ""
    return f"counts {shown.succeeded} of {shown.total}, but its rows say {words}"


def _says_all(hub: Hub, shown: Shown, newest: set[tuple[bool, Instance]]) -> str:
    """Hold the rows of a rollout against the runs; what was destroyed several times has its last row looked at."""
    for instance, (word, why) in shown.rows.items():
        said = "" if (shown.destroys, instance) in newest else _says(hub, shown, instance, word, why)
        if said:
            return said
    newest.update((shown.destroys, instance) for instance in shown.rows)
    return ""


def _says(hub: Hub, shown: Shown, instance: Instance, word: str, why: str) -> str:
    runs = [run for run in hub.dispatched if run.target[:7] == shown.commit and run.applies is shown.applies]
    own = [run for run in runs if run.instance == instance and run.confirmed is shown.destroys]
    # What was sent again may yet have its earlier run made once more at GitHub, and either may be meant.
    current = own[-1:] + [run for run in own[:-1] if run.attempt > 1 and run.started_at >= own[-1].created_at]
    if shown.destroys and len({said.flag for said, _ in hub.saying.confirmations(instance)}) > 1:
        return ""  # of several destroys nobody can tell which is meant
    if any(run.attempt > 1 and run.status == "queued" for run in current):
        return ""  # GitHub tells nobody of this
    if own and word not in _WORDS.values() and _goes_again(hub, own[-1]):
        return ""
    if word == "skipped" and _is_stopped(hub, shown, instance, "skip") and all(run.over for run in own):
        return ""
    if own and undone(hub, own[-1], approved=False):
        return ""  # an older commit was applied over it, so that it is offered again
    if word == "superseded" and own and own[-1].over and _is_overtaken(hub, own[-1]):
        return ""
    if own:
        is_now = [_ENDS[run.conclusion or ""] if run.over else _WORDS[run.status] for run in current]
        return f"{instance} is shown as {word}, but its run is {is_now[0]}" if word not in is_now else ""
    if word == "cancelled" and _is_stopped(hub, shown, instance, "cancel"):
        return ""
    if word in (*_WORDS.values(), "succeeded") or (word == "cancelled" and "was not sent" not in why):
        return f"{instance} is shown as {word}, but has no run"
    if shown.applies:  # what superseded a parent speaks for it
        runs = [run for run in hub.dispatched if run.applies]
    ended = [run for run in runs if any(one.conclusion not in (None, "success") for one in run.news)]
    above = shown.rows.keys() if shown.destroys else repository.ancestors(instance, frozenset(shown.rows))
    blocked = any(run.instance in above for run in ended)
    blocked = blocked or any(_is_stopped(hub, shown, one, "cancel") for one in above)
    blocked = blocked or any(run.confirmed and run.instance in above for run in runs)
    if word == "blocked" and not blocked:
        return f"{instance} is shown as blocked, but nothing above it failed"
    return ""


def _goes_again(hub: Hub, run: Run) -> bool:
    """Tell whether people may have said that a run's step goes again, since it was sent."""
    about = hub.saying.about(hub.pull_of(run), run.instance, run.target)
    return any(said.command in AGAIN and said.arrived_at >= run.created_at for said in about)


def _is_stopped(hub: Hub, shown: Shown, instance: Instance, how: str) -> bool:
    """Tell whether people may have cancelled or skipped a step at the commit that is shown."""
    its = (said for said in hub.saying.came if said.command == how and said.covers(instance))
    return any(sha.startswith(shown.commit) for said in its if said.may_count for sha in said.shas)


def answered(hub: Hub) -> str:
    """Each command that was heard is answered with one sign, and only who may say it has it done."""
    for said in hub.saying.came:
        if said.heard and not said.pressed and ("eyes" not in said.reactions or len(said.reactions) != _SIGNS):
            return f"{said.body} by {said.by} is answered with {sorted(said.reactions)}"
        if said.done and not may(said):
            return f"{said.body} by {said.by} was done, which came after {said.arrived_at - said.at:.0f} s"
    done = (_DONE_BY_OTHERS.search(comment(hub, pull)) for pull in hub.pulls)
    return next((f"it was done: {found[0]}" for found in done if found), "")


def contained(hub: Hub) -> str:
    """Where an older commit is applied again over a newer one, by a re-run at GitHub, its comment says so."""
    for run in hub.dispatched:
        if not run.applies or run.attempt == 1 or run.heard is None or run.heard.attempt < run.attempt:
            continue
        pull = hub.pull_of(run)
        shown = read(comment(hub, pull), destroys=run.confirmed)
        sent = (one for one in others(hub, run, run.instance) if one.applies and one.created_at < run.started_at)
        newer = any(hub.position(one.target) > hub.position(run.target) for one in sent)
        if newer and shown and "run again" not in shown.rows.get(run.instance, ("", ""))[1]:
            return f"#{pull.number} does not tell that {run.instance} was run again over a newer commit"
    return ""


def _is_overtaken(hub: Hub, run: Run) -> bool:
    """Tell whether a newer commit was applied where an apply did not succeed."""
    applied = [one for one in others(hub, run, run.instance) if run.applies and one.applies]
    newer = any(hub.position(one.target) > hub.position(run.target) for one in applied)
    turned = any(one.target == run.target and one.confirmed is not run.confirmed and one.id > run.id for one in applied)
    return run.conclusion != "success" and (newer or turned)


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
        if not stopped and (said := _is_destroyed_in_the_end(comment(hub, pull))):
            return f"#{pull.number}: {said}"
    return ""


def _is_destroyed_in_the_end(body: str) -> str:
    """What was confirmed is destroyed, or people are shown what stands in its way."""
    for shown in (one for one in every(body) if one.destroys):
        kept = any(word == "held" or "is known to depend on it" in why for word, why in shown.rows.values())
        for instance, (word, why) in shown.rows.items():
            if word in MOVING and not kept:
                return f"{instance} waits for ever to be destroyed ({word}: {why.strip(' |')})"
    return ""


def uploaded(hub: Hub, pull: Pull) -> bool:
    """Tell whether the affected stacks of a pull request's head, or of its merge, were uploaded."""
    runs = (run for run in hub.runs.values() if run.pull == pull.number and run.sha == pull.head)
    return any(run.uploaded and run.merged is pull.merged for run in runs)
