"""One paragraph about one instance: how it stands, why it is affected, what it waits for, and which rule keeps it."""

from __future__ import annotations

from bot.domain.commands.words import PREFIX
from bot.domain.keeping import paused
from bot.domain.model import Status, Step
from bot.domain.pro import DELETED
from bot.domain.states import State, awaited
from renderers.markdown import code, linked
from renderers.scene import Scene, name, run_url
from renderers.why import alarms, besides, cause, kept, near
from renderers.words import SIGNS, listed, outcome, word

_SHORT = 80


def paragraph(scene: Scene, step: Step) -> str:
    """Write what a developer wants to know of a step, as Markdown on one line."""
    state = scene.found[step.index]
    called = name(step, _SHORT)
    first = f"{SIGNS[state.status]} {called[0].upper()}{called[1:]} {_stands(scene, step, state)}"
    said = [first, _origin(scene, step), *alarms(step), _then(scene, step, state), *besides(scene, step)]
    return " ".join(f"{part[0].upper()}{part[1:].rstrip('.')}." for part in said if part)


def _stands(scene: Scene, step: Step, state: State) -> str:
    """Say how it stands, with what it waits for, which rule keeps it, or how its run ended."""
    status = f"**{outcome(state.status)}**"
    if state.status is Status.WAITING:
        steps = scene.walk.steps
        waits = [steps[index] for index in awaited(scene.walk, step.index)]
        told = [f"{near(one, step)} ({word(scene.found[one.index].status)})" for one in waits]
        whole = kept(scene, step)
        return f"{status} for {listed(told)}" + (f", and nothing more is started: {whole}" if whole else "")
    why = cause(scene, step, state)
    if state.status is Status.READY:
        return f"{status}, but is kept: {why}" if scene.keeper(step) else f"{status}, and {why}"
    if why.startswith(word(Status.SUPERSEDED)):
        return f"is {why}"
    status = linked(status, run_url(step, state.status))
    return f"{status}: {why}" if why else status


def _origin(scene: Scene, step: Step) -> str:
    """Say whether it changed itself, and what it depends on."""
    parents = listed([near(scene.walk.steps[parent], step) for parent in step.parents])
    if step.destroys:
        # By a merge; what people have destroyed has a rollout of its own.
        what = "people said to destroy it" if scene.walk.rollout.activity == DELETED else "it was removed"
        return what + (f", and it goes after {parents}" if parents else "")
    if step.manual:
        return f"it depends on {parents}" if parents else ""
    if step.changed:
        return f"it changed itself, and depends on {parents or 'nothing here'}"
    changed = listed([near(one, step) for one in _changed_above(scene, step)])
    rest = f"it depends on {changed}, which did" if changed else "something that it depends on did"
    return f"it did not change itself, but {rest}"


def _changed_above(scene: Scene, step: Step) -> list[Step]:
    """Find what it depends on that changed itself; beyond such a one nobody need look."""
    found: list[Step] = []
    todo = list(step.parents)
    seen = set(todo)
    for index in todo:
        above = scene.walk.steps[index]
        if above.changed:
            found.append(above)
            continue
        todo += [parent for parent in above.parents if parent not in seen]
        seen.update(above.parents)
    return found


def _then(scene: Scene, step: Step, state: State) -> str:
    """Say by which command a person can end what keeps it."""
    pull, target = scene.view.pull, str(step.instance)
    if pull is None or scene.walk.rollout.superseded_by:
        return ""
    keeper = scene.keeper(step) if state.status in (Status.READY, Status.WAITING) else None
    if keeper is not None and keeper.lock is not None:
        return f"{code(f'{PREFIX} unlock {target}')} ends the lock"
    if keeper is not None and pull.paused and keeper.sentence == paused(pull):
        return f"{code(f'{PREFIX} unpause')} lets it go on"
    if state.status is Status.HELD:
        then = "lets it go" if step.holds else "sends it again"
        who = ", said by somebody with the role maintain or admin" if step.destroys else ""
        return f"{code(f'{PREFIX} approve {target}')} {then}{who}"
    return ""
