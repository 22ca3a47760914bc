"""The next move in one rollout: who must do what, in a few words of plain text, beside the verdict."""

from __future__ import annotations

from bot.domain import keeping
from bot.domain.commands.words import PREFIX
from bot.domain.model import HoldKind, Status, Step
from bot.domain.pro import DELETED, Phase
from bot.domain.standing import is_called_off
from bot.domain.view import PullView
from renderers.markdown import clip
from renderers.progress import left
from renderers.scene import Scene
from renderers.verdict import FAILURES
from renderers.words import listed, outcome, plural

#: As many instances, or people, as are named where there is room.
NAMED = 2
_LONGEST = 60


def move(scene: Scene, named: int = NAMED) -> str:
    """Say what comes next, by whom; empty where nothing does. Of instances and people as many are `named`, or none."""
    if scene.walk.rollout.superseded_by or not scene.found:
        return ""
    parts = (_out_of_order(scene, named), _failed(scene, named), _held(scene, named), _approval(scene, named))
    said = [part for part in parts if part]
    if scene.moves:
        return "; ".join([*said, time] if (time := left(scene)) else said)
    if not said and (kept := _kept(scene)):
        return kept
    if said or scene.of(Status.READY, Status.WAITING, Status.BLOCKED, Status.MANUAL, *FAILURES):
        return "; ".join(said)
    if not _is_merged_next(scene):
        return ""
    if isinstance(scene.view, PullView) and any(not group.conclusion for group in scene.view.groups):
        return "the merge queue tries it"
    if scene.view.frozen:
        return "nothing is applied before switchyard unfreeze"
    if held := len(scene.view.unreviewed.get(scene.walk.rollout.id, ())):
        return f"merged now, {held:,} would be held: {PREFIX} plan, or {PREFIX} approve"
    stale = any(scene.stale(step) for step in scene.walk.steps)
    return f"stale: say {PREFIX} plan before you merge" if stale else "merge to apply"


def _is_merged_next(scene: Scene) -> bool:
    view = scene.view
    if not isinstance(view, PullView) or scene.walk.rollout.phase is not Phase.PLAN or view.waiting:
        return False
    return view.applies and view.mode == "apply" and view.pull.open and not view.pull.draft


def _out_of_order(scene: Scene, named: int) -> str:
    steps = [step for step in scene.walk.steps if any(sent.warning for sent in step.dispatches)]
    return f"{_names(steps, named) or plural(len(steps), 'instance')} ran out of order: see below" if steps else ""


def _failed(scene: Scene, named: int) -> str:
    failed = [step for step in scene.of(*FAILURES) if not is_called_off(step)]
    if not failed:
        return ""
    rollout = scene.walk.rollout
    ways = {outcome(scene.found[step.index].status) for step in failed}
    said = f"{_names(failed, named)} {ways.pop() if len(ways) == 1 else 'did not succeed'}" if named else ""
    if scene.moves or rollout.activity == DELETED or scene.view.pull is None:
        return said
    if any(step.destroys for step in failed) or not any(sent.run_id for step in failed for sent in step.dispatches):
        then = "see below what to do"
    else:
        then = f"{'push a fix, or' if rollout.phase is Phase.PLAN else 'when it is mended,'} say {PREFIX} retry"
    return f"{said}: {then}" if said else then


def _held(scene: Scene, named: int) -> str:
    held = scene.of(Status.HELD)
    if not held:
        return ""
    by_name = [step for step in held if step.destroys or not step.holds]
    if scene.view.pull is None:
        return f"{plural(len(held), 'instance')} wait for an approval".replace("1 instance wait", "1 instance waits")
    if len(by_name) == len(held):
        names = _names(held, named)
        return (
            f"look at {names}, then say {PREFIX} approve with its full name" if names else "see below what to approve"
        )
    others = any(hold.kind is HoldKind.STACK for step in held for hold in step.holds)
    if others and scene.view.pull.author:
        if not named:
            return f"somebody else must say {PREFIX} approve"
        return f"somebody other than {scene.view.pull.author} must look at what is held and say {PREFIX} approve"
    return f"look at what is held, then say {PREFIX} approve"


def _approval(scene: Scene, named: int) -> str:
    waiting = scene.of(Status.APPROVAL)
    if not waiting:
        return ""
    gates = [sent.gate for step in waiting for sent in step.dispatches if sent.gate is not None]
    people = list(dict.fromkeys(name for gate in gates for name in gate.reviewers))
    return f"{listed(people, named, 'or') if people and named else 'somebody'} must approve at GitHub"


def _kept(scene: Scene) -> str:
    """Say what keeps all that could go."""
    found = scene.view.kept.get(scene.walk.rollout.id)
    ready = scene.of(Status.READY)
    if found is None or not ready:
        return ""
    pull = scene.view.pull
    if pull is not None and pull.paused and found.whole and found.whole.sentence == keeping.paused(pull):
        return f"{found.whole.sentence}; {PREFIX} unpause lets it go on"
    keepers = [keeper for step in ready if (keeper := found.of(step.index)) is not None]
    sentences = list(dict.fromkeys("locked" if one.lock else one.sentence for one in keepers))
    return sentences[0] if len(sentences) == 1 and len(keepers) == len(ready) else ""


def _names(steps: list[Step], named: int) -> str:
    """Name so many, and one more where that is the last; empty where none is to be named."""
    names = [clip(str(step.instance), _LONGEST) for step in steps]
    return listed(names, len(names) if len(names) == named + 1 else named) if named else ""
