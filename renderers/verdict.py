"""What is going on in one rollout, in one line, and who must act."""

from __future__ import annotations

from collections import Counter

from bot.domain.model import IN_FLIGHT, Status, Step
from bot.domain.pro import Phase
from bot.domain.results import Result, of_step
from bot.domain.rollout import Walk
from renderers.markdown import code, linked
from renderers.rows import Scene, name, run_url
from renderers.words import SIGNS, listed, told

FAILURES = (Status.FAILED, Status.TIMED_OUT, Status.CANCELLED)
_MOVING = (*IN_FLIGHT, Status.READY)
#: A plan's and an apply's own words: the noun, going on, all done.
_WORDS = {Phase.PLAN: ("Plan", "Planning", "Planned"), Phase.APPLY: ("Apply", "Applying", "Applied")}


def verdict(walk: Walk, counts: Counter[Status]) -> tuple[str, str]:
    """Tell how a rollout stands: a sign, and one line of plain text with counts."""
    noun, going, done = _WORDS[walk.rollout.phase]
    total = counts.total()
    if not total:
        return SIGNS[Status.SUCCEEDED], f"{noun}: nothing is affected"
    changed = _changed(walk)
    tail = told(counts) + changed
    moving = any(counts[status] for status in _MOVING)
    if walk.rollout.superseded_by:
        return SIGNS[Status.SUPERSEDED], f"{noun} superseded: {tail}"
    if any(counts[status] for status in FAILURES):
        return SIGNS[Status.FAILED], f"{going}, with failures: {tail}" if moving else f"{noun} failed: {tail}"
    if counts[Status.HELD]:
        return SIGNS[Status.HELD], f"{noun} needs a person: {tail}"
    if counts[Status.APPROVAL] and not moving:
        return SIGNS[Status.APPROVAL], f"{noun} waits for approval: {tail}"
    if moving or counts[Status.APPROVAL] or counts[Status.WAITING]:
        return SIGNS[Status.WAITING], f"{going}: {tail}"
    if counts[Status.SUCCEEDED] == total:
        return SIGNS[Status.SUCCEEDED], f"{done}: {'1 instance' if total == 1 else f'all {total:,} instances'}{changed}"
    if counts[Status.MANUAL]:
        return SIGNS[Status.MANUAL], f"{noun} done, the rest is left for people: {tail}"
    return SIGNS[Status.SUCCEEDED], f"{noun} done: {tail}"


def _changed(walk: Walk) -> str:
    """Tell in how many instances a plan has found changes; "none" only where the CLI has told of each."""
    results = Counter(of_step(step) for step in walk.steps)
    if walk.rollout.phase is Phase.APPLY or not (results[Result.CHANGES] or results.keys() == {Result.NO_CHANGES}):
        return ""
    number = results[Result.CHANGES]
    return f", {number:,} with changes" if number else ", none with changes"


def who_must_act(scene: Scene) -> list[str]:
    """Say what people must do now, most urgent first: Markdown, one line for each kind; empty when nothing."""
    if scene.walk.rollout.superseded_by:
        return []
    return [said for said in (_failed(scene), _held(scene), _approval(scene), _locked(scene), _manual(scene)) if said]


def _of(scene: Scene, *statuses: Status) -> list[Step]:
    return [step for step, state in zip(scene.walk.steps, scene.found, strict=True) if state.status in statuses]


def _failed(scene: Scene) -> str:
    failed = _of(scene, *FAILURES)
    if not failed:
        return ""
    blocks = Counter(state.cause for state in scene.found if state.status is Status.BLOCKED)
    names = []
    for step in failed:
        behind = blocks[step.index]
        status = scene.found[step.index].status
        names.append(linked(name(step, 80), run_url(step, status)) + (f" (blocks {behind:,})" if behind else ""))
    said = f"{SIGNS[Status.FAILED]} **Failed:** {listed(names)}."
    if not any(known.run_id for step in failed for known in step.dispatches):
        return f"{said} No run was started: the table says what to change."
    fix = "push a fix" if scene.walk.rollout.phase is Phase.PLAN else "fix it in a new pull request"
    then = ": what is blocked then goes on by itself" if blocks.total() else ""
    return f"{said} Read the run's summary, then {fix} or re-run it at GitHub{then}."


def _held(scene: Scene) -> str:
    held = _of(scene, Status.HELD)
    if not held:
        return ""
    names = listed([name(step, 80) for step in held])
    return f"{SIGNS[Status.HELD]} **Held:** {names}. A person must look; the table says at what."


def _approval(scene: Scene) -> str:
    steps = _of(scene, Status.APPROVAL)
    names = [linked(name(step, 80), run_url(step, Status.APPROVAL)) for step in steps]
    return f"{SIGNS[Status.APPROVAL]} **Approve or reject at GitHub:** {listed(names)}." if names else ""


def _locked(scene: Scene) -> str:
    steps = [step for step in _of(scene, Status.READY) if (found := scene.keeper(step)) and found.lock]
    if not steps:
        return ""
    names = listed([name(step, 80) for step in steps])
    return f"🔒 **Locked:** {names}. What is locked goes by itself when its lock ends; `atmos pro unlock` ends one now."


def _manual(scene: Scene) -> str:
    names = [name(step, 80) for step in _of(scene, Status.MANUAL)]
    return f"{SIGNS[Status.MANUAL]} **Left for people:** {listed(names)}; the table says why." if names else ""


def activity(scene: Scene) -> str:
    """Tell which activity a rollout is for, and at which commit, as Markdown."""
    rollout = scene.walk.rollout
    return f"{code(rollout.activity)} at {linked(code(rollout.sha[:7]), f'{scene.home}commit/{rollout.sha}')}"
