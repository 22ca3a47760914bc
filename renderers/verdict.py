"""What is going on in one rollout, in one line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import compress
from operator import attrgetter

from bot.domain.model import Status
from bot.domain.pro import Phase
from bot.domain.results import Result, of_step
from bot.domain.rollout import Walk
from bot.domain.standing import is_called_off
from bot.domain.states import State, count
from renderers.markdown import clip, code, linked
from renderers.scene import Scene
from renderers.why import ALARM
from renderers.words import SIGNS, told

FAILURES = (Status.FAILED, Status.TIMED_OUT, Status.CANCELLED)
#: How steps end that nothing is left of.
_THROUGH = (Status.SUCCEEDED, Status.SKIPPED, Status.MANUAL)
#: A plan's and an apply's own words: the noun, going on, all done.
_WORDS = {Phase.PLAN: ("Plan", "Planning", "Planned"), Phase.APPLY: ("Apply", "Applying", "Applied")}
_LONGEST = 60
_destroys = attrgetter("destroys")
_DESTROY = ("Destroy", "Destroying", "Destroyed")


def verdict(scene: Scene, *, brief: bool = False) -> tuple[str, str]:
    """Tell how a rollout stands: a sign, and one line of plain text with counts, if `brief` only what people act on."""
    sign, headline = _standing(scene, brief=brief)
    warned = any(sent.warning for step in scene.walk.steps for sent in step.dispatches)
    return ALARM if warned else sign, headline


def _standing(scene: Scene, *, brief: bool) -> tuple[str, str]:
    walk, counts = scene.walk, count(scene.found)
    noun, going, _ = _words(walk)
    if not counts:
        return SIGNS[Status.SUCCEEDED], f"{noun}: nothing is affected"
    tail = _tally(walk, scene.found, counts, brief=brief)
    if walk.rollout.superseded_by:
        pull = scene.view.pull
        closed = pull is not None and not (pull.open or pull.merged)
        how = "Closed without being merged" if closed else f"{noun} superseded"
        return SIGNS[Status.SUPERSEDED], f"{how}: {tail}"
    moves = scene.moves
    called_off = sum(map(is_called_off, walk.steps))
    if sum(counts[status] for status in FAILURES) > called_off:
        return SIGNS[Status.FAILED], f"{going}, with failures: {tail}" if moves else f"{noun} failed: {tail}"
    if counts[Status.HELD]:
        return SIGNS[Status.HELD], f"{noun} needs a person: {tail}"
    if counts[Status.APPROVAL] and not moves:
        return SIGNS[Status.APPROVAL], f"{noun} waits for approval: {tail}"
    if moves or counts[Status.READY] or counts[Status.WAITING]:
        return SIGNS[Status.WAITING], f"{going if moves else f'{noun} waits'}: {tail}"
    if called_off:
        return SIGNS[Status.CANCELLED], f"{noun} cancelled: {tail}"
    return _through(walk, counts, tail)


def _through(walk: Walk, counts: Counter[Status], tail: str) -> tuple[str, str]:
    """Tell how a rollout ended in which nothing failed."""
    noun, _, done = _words(walk)
    if counts[Status.BLOCKED]:
        return SIGNS[Status.BLOCKED], f"{noun} blocked: {tail}"
    total = counts.total()
    if counts[Status.SUCCEEDED] == total:
        return SIGNS[Status.SUCCEEDED], f"{done}: {_everything(walk)}{_changed(walk)}"
    if counts[Status.MANUAL]:
        return SIGNS[Status.MANUAL], f"{noun} done, the rest is left for people: {tail}"
    if counts[Status.SUPERSEDED] == total:
        return SIGNS[Status.SUPERSEDED], f"{noun} superseded: {tail}"
    return SIGNS[Status.SUCCEEDED], f"{noun} done: {tail}"


def ended_sign(counts: Counter[Status], called_off: int = 0, withdrawn: int = 0) -> str:
    """Tell by a sign how a rollout ended that counts no more.

    Of what was cancelled, `called_off` were by a person's word here, `withdrawn` because the rollout ended; the rest
    failed, as it did while the rollout counted.
    """
    if sum(counts[status] for status in FAILURES) > called_off + withdrawn:
        return SIGNS[Status.FAILED]
    if called_off:
        return SIGNS[Status.CANCELLED]
    if sum(counts[status] for status in _THROUGH) < counts.total():
        return SIGNS[Status.SUPERSEDED]
    return SIGNS[Status.MANUAL if counts[Status.MANUAL] else Status.SUCCEEDED]


def summary(walk: Walk, found: Sequence[State], counts: Counter[Status]) -> str:
    """Tell what the steps of a rollout are, as plain text that is true whatever keeps them.

    `counts` is of all that was found: who has counted already need not have it done again.
    """
    return f"{_words(walk)[0]}: {_tally(walk, found, counts) if found else 'nothing is affected'}"


def _words(walk: Walk) -> tuple[str, str, str]:
    destroys = bool(walk.steps) and all(step.destroys for step in walk.steps)
    return _DESTROY if destroys else _WORDS[walk.rollout.phase]


def _tally(walk: Walk, found: Sequence[State], counts: Counter[Status], *, brief: bool = False) -> str:
    """Tell how many steps have which status; what is destroyed is counted apart."""
    gone, changed = list(map(_destroys, walk.steps)), "" if brief else _changed(walk)
    if True not in gone or False not in gone:
        return told(counts, brief=brief) + changed
    destroys = count(compress(found, gone))
    return f"{told(counts - destroys, brief=brief)}{changed}; destroys: {told(destroys, brief=brief)}"


def _everything(walk: Walk) -> str:
    total = len(walk.steps)
    gone = sum(step.destroys for step in walk.steps)
    here = total if gone == total else total - gone
    also = f", {gone:,} destroyed" if gone and gone < total else ""
    return ("1 instance" if here == 1 else f"all {here:,} instances") + also


def _changed(walk: Walk) -> str:
    """Tell in how many instances a plan has found changes; "none" only where the CLI has told of each."""
    if walk.rollout.phase is Phase.APPLY:
        return ""
    told_of = {step.index for step in walk.steps for sent in step.dispatches if sent.result}
    results = Counter(of_step(walk.steps[index]) for index in told_of)
    number = results[Result.CHANGES]
    if not number and results[Result.NO_CHANGES] < len(walk.steps):
        return ""
    return f", {number:,} with changes" if number else ", none with changes"


def activity(scene: Scene) -> str:
    """Tell which activity a rollout is for, and at which commit, as Markdown."""
    rollout = scene.walk.rollout
    at = linked(code(rollout.sha[:7]), f"{scene.home}commit/{rollout.sha}")
    return f"{code(clip(rollout.activity, _LONGEST))} at {at}"
