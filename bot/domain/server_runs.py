"""What somebody starts on the server: a rollout over what is remembered of instances, without a pull request.

What is shown before it starts and what is decided then come from the same functions.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping

from bot.domain import commits, destroying, order, pro, targets, uploads
from bot.domain.desk import Desk
from bot.domain.events import Remembered, Removal, RunWanted, Upload
from bot.domain.graph import Graph, Instance, Node, contract
from bot.domain.model import Commit, ServerRun
from bot.domain.pro import DELETED, Phase
from bot.domain.texts import commit

#: What was shown longer ago than this when it is taken up is not run, in seconds.
FRESH = 900.0
#: As many instances as a sentence names.
_NAMED = 3

Known = Mapping[Instance, Remembered]


def choose(
    known: Known, named: Iterable[str], *, below: bool, themselves: bool = True, destroys: bool = False
) -> tuple[Instance, ...]:
    """Find what targets mean among what is remembered, with what depends on it where `below` says so.

    Without `themselves` only what depends on them. What a merge removed can only be destroyed. Raises
    targets.BadTarget.
    """
    there = {instance for instance, one in known.items() if destroys or not one.removed}
    chosen = set(targets.select(named, sorted(there), {}))
    found = set(chosen)
    todo = sorted(chosen) if below else []
    while todo:
        new = [child for child in known[todo.pop()].children if child in there and child not in found]
        found.update(new)
        todo += new
    return tuple(sorted(found if themselves else found - chosen))


def digest(known: Known, instances: Iterable[Instance]) -> str:
    """Hash what is remembered of instances: what was shown of them holds as long as this stays the same."""
    seen = {one: known[one] for one in instances if one in known}
    told = [[*one, its.pro, its.parents, its.children, its.destroyed] for one, its in seen.items()]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def graph_of(known: Known, instances: Collection[Instance], *, destroys: bool) -> Graph:
    """Make the graph of instances, as it is gone through; what lies between them keeps their order."""
    edges = ((parent, child) for child, one in known.items() for parent in one.parents if parent in known)
    whole = Graph.of((Node(instance, one.pro) for instance, one in known.items()), edges)
    if destroys:
        return destroying.backwards(whole, instances)
    return contract(whole, lambda node: node.instance in instances)


def why_not(known: Known, instances: Collection[Instance], activity: str, *, destroys: bool) -> str:
    """Say why instances cannot be run together, a sentence or two; empty where they can."""
    if not instances:
        return "Nothing is known to depend on that, so there is nothing to run."
    listed = [one for one in instances if not known[one].placed]
    if listed:
        return (
            f"Only the inventory tells of {_named(listed)}, and not what that depends on, so it has no place in an "
            "order. A merged pull request that affects it tells; until then leave it out."
        )
    if destroys:
        return _why_not_destroyed(known, instances)
    if any(pro.offers(known[one].pro, activity) for one in instances):
        return ""
    return f"None of that names a workflow for `{activity}`, so there is nothing to run."


def _why_not_destroyed(known: Known, instances: Collection[Instance]) -> str:
    if all(known[one].destroyed for one in instances):
        return "All of that is destroyed already."
    if (pulled := destroying.staying(destroying.known(known, None), instances)) is not None:
        return (
            f"`{pulled[0]}` must stay while something needs it, and `{pulled[1]}` is known to depend on it and would "
            "not be destroyed. Destroy that as well, with `--downstream`, or leave both."
        )
    left = [one for one in instances if not pro.offers(known[one].pro, DELETED)]
    if left:
        return f"No workflow for `{DELETED}` is named for {_named(left)}, so it cannot be destroyed, nor what it needs."
    return ""


def _named(instances: list[Instance]) -> str:
    more = len(instances) - _NAMED
    return ", ".join(f"`{one}`" for one in instances[:_NAMED]) + (f" (and {more:,} more)" if more > 0 else "")


def wanted(desk: Desk, event: RunWanted) -> None:
    """Start what somebody wants run, unless it is not any more what was shown to them."""
    asked, known = event.wanted, desk.facts.remembered
    why = event.refused or _why_not_now(desk, asked, known)
    if why or event.commit is None:
        desk.note("refuse", why, actor=asked.by)
        desk.say(why)
        return
    desk.commit = commits.placed(desk, event.commit, event.spot)
    graph = graph_of(known, asked.instances, destroys=asked.destroys)
    upload = Upload(desk.commit.sha, "", asked.shown, asked.at, graph)
    _start(desk, desk.commit, upload, asked)
    (draft,) = desk.new
    # What is destroyed is not held for that: it was confirmed with each name in view.
    desk.note("run", f"{asked.activity} at {commit(desk.commit.sha)} on the server", draft, actor=asked.by)
    desk.show()


def _why_not_now(desk: Desk, asked: ServerRun, known: Known) -> str:
    if desk.now - asked.at > FRESH:
        return f"It was more than {FRESH / 60:.0f} minutes old when it was taken up. Say it again."
    gone = [one for one in asked.instances if one not in known]
    if gone or digest(known, asked.instances) != asked.shown:
        return "What is remembered of these instances has changed since it was shown. Look again, and say it again."
    return why_not(known, asked.instances, asked.activity, destroys=asked.destroys) or _in_use(desk, asked)


def _in_use(desk: Desk, asked: ServerRun) -> str:
    """Say what is still being applied, or will be, of what would be destroyed: mixed, nobody knows what is left."""
    for instance in asked.instances if asked.destroys else ():
        who = order.in_use(instance, desk.facts.places.get(instance, ()), desk.facts.expected)
        if who:
            return f"{who} is not through with `{instance}`. Wait for that, or cancel it, and say it again."
    return ""


def _start(desk: Desk, now: Commit, upload: Upload, asked: ServerRun) -> None:
    if pro.phase(asked.activity) is Phase.PLAN:
        uploads.plan(desk, upload, activity=asked.activity, sha=now.sha, ref=now.ref, branch=now.branch)
        return
    uploads.apply(
        desk,
        upload,
        Removal(before=now.sha, agrees=True) if asked.destroys else None,
        activity=asked.activity,
        sha=now.sha,
        ref=now.ref,
        branch=now.branch,
        position=now.position,
    )
