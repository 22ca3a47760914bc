"""What keeps a rollout back without anybody's fault, and what people should know before it goes on or is merged."""

from __future__ import annotations

from bot.domain import keeping
from bot.domain.commands.words import PREFIX
from bot.domain.model import OPEN, HoldKind, Status, Step
from bot.domain.names import shown
from bot.domain.pro import Phase
from bot.domain.view import CommitView, PullView
from renderers.markdown import code, escape, prose
from renderers.scene import Scene, name
from renderers.words import SIGNS, clock, listed, plural

_ENDS = "Whoever runs Switchyard ends that by `SWITCHYARD_MODE`."
_MODES = {
    "observe": f"👀 **Mode “observe”:** nothing is started; this shows what would be. {_ENDS}",
    "plan": f"👀 **Mode “plan”:** plans run, and nothing is applied. {_ENDS}",
}


def standing(view: PullView | CommitView) -> list[str]:
    """Say what keeps everything of a repository: it is told on every comment whose pull request still counts."""
    if view.pull is not None and not (view.pull.open or view.pull.merged):
        return []
    said = [_MODES[view.mode]] if view.mode in _MODES else []
    if view.frozen:
        said.append(f"🧊 **Nothing is applied now:** {prose(view.frozen)}. It goes on after `switchyard unfreeze`.")
    return said


def kept(scene: Scene) -> list[str]:
    """Say what keeps steps that could go, other than locks; one line for each reason."""
    view = scene.view
    found = view.kept.get(scene.walk.rollout.id)
    if found is None:
        return []
    if (whole := found.whole) is not None:
        told = (view.frozen, keeping.not_in_mode(view.mode, scene.walk.rollout.phase))
        if whole.sentence in told or not scene.of(Status.READY, Status.WAITING):
            return []
        until = f" (until {clock(whole.until, view.as_of)})" if whole.until else ""
        paused = view.pull is not None and view.pull.paused and whole.sentence == keeping.paused(view.pull)
        then = f" {code(f'{PREFIX} unpause')} lets it go on." if paused else ""
        return [f"⏸️ **Nothing more is started:** {prose(whole.sentence)}{until}.{then}"]
    groups: dict[str, list[Step]] = {}
    for step in scene.of(Status.READY):
        keeper = scene.keeper(step)
        if keeper is not None and keeper.lock is None and keeper.stands is None:
            groups.setdefault(keeper.sentence, []).append(step)
    return [
        f"{SIGNS[Status.READY]} **In turn:** {prose(sentence)}: {_named(steps)}. What waits goes by itself."
        for sentence, steps in groups.items()
    ]


def depended_on(scene: Scene) -> list[str]:
    """Say what is not destroyed because something is there that depends on it."""
    groups: dict[str, list[Step]] = {}
    for step in scene.of(Status.READY):
        keeper = scene.keeper(step)
        if keeper is not None and keeper.stands is not None:
            groups.setdefault(keeper.sentence, []).append(step)
    drop = f"; {code(f'{PREFIX} cancel')} drops it" if scene.view.pull is not None else ""
    return [
        f"{SIGNS[Status.HELD]} **Waits for people:** {_named(steps)}, as {prose(sentence)}. It goes by itself once "
        f"that is destroyed{drop}."
        for sentence, steps in groups.items()
    ]


def locked(scene: Scene) -> list[str]:
    """Say what is locked by whom until when, and how that ends."""
    groups: dict[str, list[Step]] = {}
    for step in scene.of(Status.READY):
        if (found := scene.keeper(step)) and (lock := found.lock):
            who = f"by {escape(shown(lock.owner))} until {clock(lock.until, scene.view.as_of)}"
            groups.setdefault(who, []).append(step)
    if not groups:
        return []
    steps = [step for some in groups.values() for step in some]
    name = str(steps[0].instance) if len(steps) == 1 else "STACK/COMPONENT"
    ends = code(f"{PREFIX} unlock {name}" if scene.view.pull is not None else "atmos pro unlock")
    told = listed([f"{_named(some)} {who}" for who, some in groups.items()])
    return [f"🔒 **Locked:** {told}. What is locked goes by itself when its lock ends; {ends} ends one now."]


def unreviewed(scene: Scene) -> list[str]:
    """Say what a merge would hold, once nothing of the plan moves any more."""
    indexes = scene.view.unreviewed.get(scene.walk.rollout.id, ())
    if not indexes or scene.of(*OPEN, Status.READY) or any(step.holds for step in scene.of(Status.HELD)):
        return []
    steps = [scene.walk.steps[index] for index in indexes]
    return [
        f"{SIGNS[Status.HELD]} **Merged now, {len(steps):,} would be held:** no plan of {_named(steps)} has succeeded "
        f"at {code(scene.walk.rollout.sha[:7])}. {code(f'{PREFIX} plan')} plans again; {approve(scene)} has them "
        "applied all the same."
    ]


def stale(scene: Scene) -> list[str]:
    """Say what was planned before somebody else's apply, and is not held for it."""
    groups: dict[str, list[Step]] = {}
    for step in scene.walk.steps:
        if (who := scene.stale(step)) and not any(hold.kind is HoldKind.STALE for hold in step.holds):
            groups.setdefault(who, []).append(step)
    plans = scene.walk.rollout.phase is Phase.PLAN
    again = f"{code(f'{PREFIX} plan')} plans again; do that before you merge."
    then = again if plans and scene.view.pull is not None else "More may change than its plan showed."
    return [
        f"{SIGNS[Status.HELD]} **Stale:** {plural(len(steps), 'instance was', 'instances were')} planned before "
        f"{escape(who)} was applied ({_named(steps)}). {then}"
        for who, steps in groups.items()
    ]


def approve(scene: Scene, *names: str) -> str:
    """Write how what is held is let go, as the subject of a sentence."""
    if scene.view.pull is None:
        rollout = f"{scene.view.repo.full_name} --rollout {scene.walk.rollout.id}"
        return f"{code(' '.join(('switchyard approve', rollout, *names)))} on the server"
    return code(" ".join((PREFIX, "approve", *names)))


def _named(steps: list[Step]) -> str:
    return listed([name(step, 80) for step in steps])
