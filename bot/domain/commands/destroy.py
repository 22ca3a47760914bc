"""`/atmos destroy`: what it would be, and what forbids it. Nothing begins before `/atmos confirm`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace

from bot.domain import destroying, order, pro
from bot.domain.commands.asked import Asked, Refused, named
from bot.domain.commands.words import Answer, Flag, Role, Spec
from bot.domain.desk import Desk, Entry, Regather
from bot.domain.events import Upload
from bot.domain.graph import Graph, Instance
from bot.domain.layout import Layout
from bot.domain.model import Pull, Status, Step, Unconfirmed
from bot.domain.pro import DELETED, MERGED, Phase
from bot.domain.rollout import Draft, own_status
from bot.domain.states import states
from bot.domain.texts import commit

#: How long a code is good for, in seconds.
GOOD_FOR = 900.0
#: An answer that is longer would not be shown whole, and nobody confirms what was not shown. Characters.
LONGEST = 6_000
_WITH_BELOW = "--downstream"
#: Without the letters and digits that look like others. As long as this, nobody guesses a code in its time.
_SIGNS = "ABCDEFGHJKMNPQRSTVWXYZ23456789"
_CODE = 8
#: What an apply can be destroyed after: it will not go on by itself.
_SETTLED = frozenset({Status.SUCCEEDED, Status.FAILED, Status.TIMED_OUT, Status.CANCELLED, Status.SKIPPED})

SPEC = Spec(
    "destroy",
    "After the merge: show what destroying instances would be, with a code. Nothing begins before `/atmos confirm`.",
    targets="<target>…",
    flags=(Flag(_WITH_BELOW, "with all that is known to depend on them"),),
    role=Role.MAINTAIN,
    more=(
        "It runs the workflow that each names for `pull_request.deleted`, at the merge commit, children first.",
        "It is refused while something that is known to depend on a target would stay, and while a target is still to "
        "be applied here.",
        "What the merge itself removed from the configuration needs no such command: it waits for `/atmos approve`.",
    ),
    example="plat-ue2-dev/vpc --downstream",
)


@dataclass(frozen=True, slots=True)
class Shown:
    """What would be destroyed, as it stands now."""

    merge: Draft  # the apply of the merge
    graph: Graph
    layout: Layout
    steps: tuple[tuple[str, str, str], ...]  # as in Unconfirmed


def do(desk: Desk, asked: Asked) -> Answer:
    """Show what would be destroyed, and keep it until it is confirmed."""
    pull, merge = merged(desk)
    chosen = [merge.step(index).instance for index in named(merge, asked.command)]
    graph = graph_of(desk, asked.event.upload)
    present = [instance for instance in chosen if _is_there(desk, merge, graph, instance)]
    if not present:
        raise Refused("All of that is destroyed already.")
    wanted = destroying.with_all_below(graph, present) if _WITH_BELOW in asked.command.flags else present
    shown = prepare(desk, merge, graph, wanted)
    code = _code(desk.ids(), pull, shown)
    answer = _told(shown, code)
    if len(answer) > LONGEST:
        count = f"{len(shown.steps):,} instances"
        raise Refused(f"That is {count}, too many to show before they are destroyed. Name fewer at once.")
    desk.pull = replace(pull, unconfirmed=Unconfirmed(code, merge.rollout.sha, shown.steps, asked.by, desk.now))
    for stack, component, _ in shown.steps:
        desk.audit.append(Entry(asked.by, "destroy", "shown, and not confirmed yet", 0, f"{stack}/{component}"))
    return Answer(True, answer)


def merged(desk: Desk) -> tuple[Pull, Draft]:
    """Find the apply of the merge; raises Refused where there is none."""
    pull = desk.pull
    if pull is None:
        raise Refused("There is no pull request here, and only what a merged one has applied is destroyed.")
    if not pull.merged:
        state = "not merged yet" if pull.open else "closed without a merge"
        raise Refused(f"It is {state}, and only what a merge has applied is destroyed, at the merge commit.")
    if pull.fork:
        raise Refused("It comes from a fork, and nothing is started for forks.")
    applies = (draft for draft in desk.drafts if draft.rollout.activity == MERGED)
    found = next((draft for draft in applies if draft.rollout.sha == pull.merge_sha), None)
    if found is None:
        raise Refused("Its apply has not begun, and only what a merge has applied is destroyed, at the merge commit.")
    return pull, found


def prepare(desk: Desk, merge: Draft, graph: Graph, wanted: Iterable[Instance]) -> Shown:
    """See how instances would be destroyed now; raises Refused where that may not be."""
    wanted = set(wanted)
    for instance in sorted(wanted):
        if not _is_there(desk, merge, graph, instance):
            raise Refused(f"`{instance}` is destroyed already.")
    if (left := destroying.staying(graph, wanted)) is not None:
        raise Refused(
            f"`{left[1]}` is known to depend on `{left[0]}` and would stay. Destroy it as well, which `{_WITH_BELOW}` "
            f"does with all such, or have it do without `{left[0]}` first."
        )
    for instance in sorted(wanted):
        if not pro.offers(graph.nodes[instance].pro, DELETED):
            raise Refused(f"`{instance}` names no workflow for `{DELETED}` in `settings.pro`. Destroy it by hand.")
    if not destroying.workflows_of(graph) <= desk.facts.files.keys():
        raise Regather
    made = destroying.lay_out(graph, wanted, sha=merge.rollout.sha, files=desk.facts.files)
    faulty = next((step for step in made.steps if step.problem), None)
    if faulty is not None:
        raise Refused(f"`{faulty.instance}` cannot be destroyed here. {faulty.problem}")
    steps = tuple((*step.instance, _stands(desk, step.instance)) for step in made.steps)
    return Shown(merge, graph, made, steps)


def graph_of(desk: Desk, upload: Upload | None) -> Graph:
    """Make the graph of what can be destroyed: what is remembered, with what the merge told of it."""
    return destroying.known(desk.facts.remembered, upload.graph if upload is not None else None)


def _is_there(desk: Desk, merge: Draft, graph: Graph, instance: Instance) -> bool:
    """Tell whether something is there to be destroyed; raises Refused where it is, and may not be."""
    index = merge.find(instance)
    step = merge.step(index) if index is not None else None
    if step is not None and step.manual:
        raise Refused(f"`{instance}` is left for people. {step.manual}")
    if step is not None and step.destroys and own_status(step) is not Status.SUCCEEDED:
        raise Refused(f"`{instance}` was removed by the merge: `/atmos approve {instance}` lets it be destroyed.")
    if instance not in graph.nodes:
        if step is not None and step.problem:
            raise Refused(f"`{instance}` cannot be destroyed here. {step.problem}")
        return False
    places = [one for one in desk.facts.places.get(instance, ()) if one.lane != desk.lane.key]
    newer = order.overtaker(merge.rollout, places)
    if newer is not None and not newer.destroys:
        raise Refused(f"`{instance}` was applied by {newer.name} since, which is newer. Say it there.")
    if who := order.in_use(instance, places, desk.facts.expected):
        raise Refused(f"{who} is not through with `{instance}`. Wait for that, or cancel it there, and say this again.")
    for draft, one in _doings(desk, instance):
        if own_status(one) not in _SETTLED:
            what = "destroyed" if one.destroys else "applied"
            raise Refused(
                f"`{instance}` is {_word(states(draft.now())[one.index].status)}, so it may still be {what} here. "
                "Let that end, or cancel or skip it, and say this again."
            )
    return True


def _doings(desk: Desk, instance: Instance) -> list[tuple[Draft, Step]]:
    """List what the lane's rollouts do to an instance, beside planning it."""
    applies = [draft for draft in desk.drafts if draft.rollout.phase is Phase.APPLY and not draft.rollout.superseded_by]
    found = [(draft, draft.find(instance)) for draft in applies]
    return [(draft, draft.step(index)) for draft, index in found if index is not None]


def _stands(desk: Desk, instance: Instance) -> str:
    """Tell in a word or two how an instance stands, by what was done to it here last."""
    done = [step for _, step in _doings(desk, instance)]
    if not done:
        return "of an earlier merge"
    last = max(done, key=lambda step: max((sent.finished_at for sent in step.dispatches), default=0.0))
    own = own_status(last)
    if own is Status.SUCCEEDED:
        return "destroyed" if last.destroys else "applied"
    return _word(own) if own is not None else ""


def _word(status: Status) -> str:
    return status.value.replace("_", " ")


def _code(nonce: str, pull: Pull, shown: Shown) -> str:
    """Make a code that stands for exactly this, and that nobody can work out."""
    told = [nonce, str(pull.number), shown.merge.rollout.sha, *("\t".join(step) for step in shown.steps)]
    digest = hashlib.sha256("\n".join(told).encode()).digest()
    return "".join(_SIGNS[byte % len(_SIGNS)] for byte in digest[:_CODE])


def _told(shown: Shown, code: str) -> str:
    steps = ", ".join(f"`{stack}/{component}` ({stands})" for stack, component, stands in shown.steps)
    return (
        f"Nothing is destroyed yet. `/atmos confirm {code}`, said within {GOOD_FOR / 60:.0f} minutes by somebody with "
        f"the role maintain or admin, destroys at `{commit(shown.merge.rollout.sha)}`, in this order: {steps}."
    )
