"""Who must act in one rollout: what failed, what waits for people at GitHub or here, what is left for them."""

from __future__ import annotations

from collections import Counter

from bot.domain.commands.buttons import APPROVE, RETRY
from bot.domain.commands.words import PREFIX
from bot.domain.facts import Gate
from bot.domain.lanes import is_server_run
from bot.domain.model import Hold, HoldKind, Status, Step
from bot.domain.pro import DELETED, Phase
from bot.domain.standing import is_called_off
from bot.domain.troubles import told_in
from renderers import keeps
from renderers.markdown import code, escape, linked, prose
from renderers.scene import Scene, name, run_url
from renderers.verdict import FAILURES
from renderers.why import ALARM, environments, reviewers
from renderers.words import SIGNS, clock, listed

_NAMED = 3  # instances that a command is written out for
_WHO = "said by somebody with the role maintain or admin"
#: What to look at before a hold of a kind is ended, where its own sentence does not say it.
_ADVICE = {
    HoldKind.ENVIRONMENT: "Make it with its reviewers, or mend the workflow, and let it go then.",
    HoldKind.RESTORED: "Look whether it was applied; approved, it is applied again.",
    HoldKind.OVERRUN: "Approved, it is applied again, at this newer commit.",
}


def who_must_act(scene: Scene) -> list[str]:
    """Say what people must do now, and what waits: Markdown, most urgent first; empty when nothing."""
    said = _out_of_order(scene)
    if scene.walk.rollout.superseded_by:
        return said
    kept = (keeps.unreviewed, keeps.stale, keeps.kept, keeps.depended_on, keeps.locked)
    for part in (_failed, _called_off, _held, _doubtful, _approval, *kept):
        said += part(scene)
    return said + _manual(scene)


def _named(steps: list[Step]) -> str:
    return listed([name(step, 80) for step in steps])


def _out_of_order(scene: Scene) -> list[str]:
    groups: dict[str, list[Step]] = {}
    for step in scene.walk.steps:
        for sent in step.dispatches:
            if sent.warning:
                groups.setdefault(sent.warning, []).append(step)
    return [f"{ALARM} **Out of order:** {_named(steps)}. {prose(warning)}" for warning, steps in groups.items()]


def _failed(scene: Scene) -> list[str]:
    failed = [step for step in scene.of(*FAILURES) if not is_called_off(step)]
    if not failed:
        return []
    said = f"{SIGNS[Status.FAILED]} **Failed:** {_blocking(scene, failed)}."
    lane = scene.walk.rollout.lane
    if not any(known.run_id for step in failed for known in step.dispatches):
        then = f" Then {code('switchyard run')} on the server starts it anew." if is_server_run(lane) else ""
        return [f"{said} No run was started: the table says what to change.{then}"]
    if scene.walk.rollout.activity == DELETED:
        anew = f"{_shown_anew(scene)}, for what depends on it may have changed"
        return [f"{said} Read the run's summary, then mend what it tells; {anew}."]
    fix = "push a fix" if scene.walk.rollout.phase is Phase.PLAN else "fix it in a new pull request"
    first = "The table says why" if all(map(_is_explained, failed)) else f"Read the run's summary, then {fix}"
    then = ", and what is blocked goes on" if scene.of(Status.BLOCKED) else ""
    named = f" A destroy goes only by its full name, {_WHO}." if any(step.destroys for step in failed) else ""
    return [f"{said} {first}; {_retry(scene)} runs it once more{then}.{named}"]


def _is_explained(step: Step) -> bool:
    """Tell whether it is said what was wrong with a step, so that its run has nothing to add."""
    ended = [sent for sent in step.dispatches if sent.status in FAILURES]
    return bool(step.problem) or all(told_in(sent.reason) for sent in ended)


def _retry(scene: Scene) -> str:
    return f"the button **{RETRY.label}**" if scene.view.pull is None else code(f"{PREFIX} retry")


def _shown_anew(scene: Scene) -> str:
    """Say how what was to be destroyed, and is not, goes after all."""
    server = f"switchyard run {scene.view.repo.full_name} TARGET --reverse --sha {scene.walk.rollout.sha[:7]}"
    how = f"{code(server)} on the server" if scene.view.pull is None else code(f"{PREFIX} destroy")
    return f"{how} shows anew what is then destroyed"


def _blocking(scene: Scene, steps: list[Step]) -> str:
    blocks = Counter(state.cause for state in scene.found if state.status is Status.BLOCKED)
    names = []
    for step in steps:
        behind = blocks[step.index]
        status = scene.found[step.index].status
        names.append(linked(name(step, 80), run_url(step, status)) + (f" (blocks {behind:,})" if behind else ""))
    return listed(names)


def _called_off(scene: Scene) -> list[str]:
    """Tell what a person cancelled here, and how it is taken back."""
    steps = [step for step in scene.of(Status.CANCELLED) if is_called_off(step)]
    if not steps:
        return []
    again = _shown_anew(scene) if scene.walk.rollout.activity == DELETED else f"{_retry(scene)} goes on with it"
    return [f"{SIGNS[Status.CANCELLED]} **Cancelled:** {_blocking(scene, steps)}. {again[0].upper()}{again[1:]}."]


def _held(scene: Scene) -> list[str]:
    """Tell what is held, one line for each reason, and how it is let go."""
    groups: dict[Hold, list[Step]] = {}
    for step in scene.of(Status.HELD):
        for hold in step.holds:
            groups.setdefault(hold, []).append(step)
    said = []
    for hold, steps in groups.items():
        names = "" if hold.kind is HoldKind.BREAKER else f" ({_named(steps)})"
        advice = f" {_ADVICE[hold.kind]}" if hold.kind in _ADVICE else ""
        said.append(f"{SIGNS[Status.HELD]} **{len(steps):,} held:** {prose(hold.sentence)}{names}.{advice}")
    return [*said, _letting_go(scene, groups)] if said else []


def _letting_go(scene: Scene, groups: dict[Hold, list[Step]]) -> str:
    steps = list({step.index: step for held in groups.values() for step in held}.values())
    destroys = [step for step in steps if step.destroys]
    pull, said = scene.view.pull, []
    if len(destroys) < len(steps):
        but = " all of it but the destroys" if destroys else " it"
        if pull is not None:
            said.append(f"{keeps.approve(scene)} lets{but} go; with names after it, only those.")
        else:
            named = keeps.approve(scene, "TARGET")
            said.append(f"The button **{APPROVE.label}** lets{but} go. {named} lets go only what is named.")
    if {hold.kind for hold in groups} >= {HoldKind.STACK} and pull is not None and pull.author:
        said.append(f"Where somebody else must approve, the word of {escape(pull.author)} does not count.")
    if destroys:
        who = f", {_WHO}" if pull is not None else ""
        said.append(f"A destroy goes only by its full name: {_by_name(scene, destroys)}{who}.")
    return f"👉 Look at what is held first. {' '.join(said)}"


def _by_name(scene: Scene, steps: list[Step]) -> str:
    """Write the command that approves instances by their full names; for many it is only shown how."""
    names = [str(step.instance) for step in steps] if len(steps) <= _NAMED else ["STACK/COMPONENT"]
    return keeps.approve(scene, *names)


def _doubtful(scene: Scene) -> list[str]:
    steps = [step for step in scene.of(Status.HELD) if not step.holds]
    if not steps:
        return []
    return [
        f"{SIGNS[Status.HELD]} **In doubt:** {_named(steps)}. Nobody can tell whether its run was started, so look at "
        f"the links in the table. If there is none: {_by_name(scene, steps)} sends it again."
    ]


def _approval(scene: Scene) -> list[str]:
    """Tell what waits for people at GitHub, one line for those that wait for the same."""
    groups: dict[tuple[tuple[str, ...], tuple[str, ...]], list[tuple[Step, Gate | None]]] = {}
    for step in scene.of(Status.APPROVAL):
        gate = next((sent.gate for sent in step.dispatches if sent.status is Status.APPROVAL and sent.gate), None)
        groups.setdefault((gate.environments, gate.reviewers) if gate else ((), ()), []).append((step, gate))
    said = []
    for (names, people), waiting in groups.items():
        where = f" for {environments(scene, names)}" if names else ""
        who = f"; {reviewers(people)} may" if people else ""
        since = min((gate.since for _, gate in waiting if gate and gate.since), default=0.0)
        told = f", since {clock(since, scene.view.as_of)}" if since else ""
        runs = listed([linked(name(step, 80), run_url(step, Status.APPROVAL)) for step, _ in waiting])
        said.append(f"{SIGNS[Status.APPROVAL]} **Approve or reject at GitHub:** {runs}{where}{told}{who}.")
    return said


def _manual(scene: Scene) -> list[str]:
    steps = scene.of(Status.MANUAL)
    return [f"{SIGNS[Status.MANUAL]} **Left for people:** {_named(steps)}; the table says why."] if steps else []
