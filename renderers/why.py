"""Why a step is what it is: what it waits for, what holds it, how its run ended."""

from __future__ import annotations

from urllib.parse import quote

from bot.domain import jobs
from bot.domain.locks import locked_by
from bot.domain.model import Dispatch, Heir, HoldKind, Status, Step
from bot.domain.pro import Phase
from bot.domain.results import Result, known
from bot.domain.states import State, awaited
from renderers.markdown import clip, code, escape, link, linked, prose
from renderers.scene import LONGEST_NAME, Scene, name
from renderers.words import clock, listed, outcome

#: Before what is wrong, though nothing failed.
ALARM = "❗"
#: GitHub's conclusions that the status does not tell.
_CONCLUSIONS = {
    "failure": "the run failed",
    "startup_failure": "the run could not start: GitHub refused the workflow file",
    "action_required": "the run ended with “action required”",
    "neutral": "the run ended neutral, which is no success",
    "skipped": "the run's jobs were skipped, which is no success",
    "stale": "GitHub gave the run up after two weeks",
    "timed_out": "the run took longer than its workflow allows",
    "cancelled": "the run was cancelled at GitHub",
}
_LONGEST_JOB = 80
_LONGEST = 1_500  # of what is wrong: a cycle is told by its path
_ERROR = "Terraform ended with an error"
#: The CLI ends with 2 where there are changes, and only with this setting turns that into 0.
_CHANGES_FAIL = "changes were found, but `ci.enabled` is off in `atmos.yaml`, so {} failed"


def why(scene: Scene, step: Step, state: State) -> list[str]:
    """Say in parts, as Markdown, why a step is what it is, and what else to know of it."""
    said = [*alarms(step), cause(scene, step, state), *besides(scene, step)]
    return [part for part in said if part]


def alarms(step: Step) -> list[str]:
    """Say what is wrong with the running of a step at all."""
    return [f"{ALARM} {prose(sent.warning)}" for sent in step.dispatches if sent.warning]


def besides(scene: Scene, step: Step) -> list[str]:
    """Say what else to know of a step, whatever it is doing."""
    said: list[str] = []
    stale = scene.stale(step)
    if stale and not any(hold.kind is HoldKind.STALE for hold in step.holds):
        said.append(escape(f"planned before {stale} was applied"))
    if names := scene.approvers(step):
        merge = " for the merge" if scene.walk.rollout.phase is Phase.PLAN and not step.released else ""
        said.append(f"approved by {listed([escape(clip(one, 60)) for one in names])}{merge}")
    return said + [prose(note, most=200) for note in step.notes[:3]]


def cause(scene: Scene, step: Step, state: State) -> str:
    """Say why a step is what it is, as a part of a sentence; empty where its status says it all."""
    status = state.status
    if status is Status.WAITING:
        return f"waits for {_parents(scene, step)}"
    if status is Status.BLOCKED:
        return _blocked(scene, step, state)
    if status is Status.READY:
        return kept(scene, step) or "goes as soon as there is room"
    if status is Status.SUPERSEDED:
        return _superseded(step.dropped, step.heir)  # by what a whole rollout was stands above the table
    if status is Status.HELD and step.holds:
        return "; ".join(prose(hold.sentence) for hold in step.holds)
    if step.decided is not None and status is step.decided.status:
        sent = "" if step.dispatches else ", and was not sent"
        return escape(f"{status} by {clip(step.decided.by, 60)}{sent}")
    if not step.dispatches:
        return prose(step.problem or step.manual or step.dropped, most=_LONGEST, trusted=scene.home)
    told = [_told(scene, sent) for sent in step.dispatches if sent.status is status]
    return "<br>".join(part for part in told if part)


def kept(scene: Scene, step: Step) -> str:
    """Say what keeps a step that could go, as Markdown; empty when nothing does."""
    keeper = scene.keeper(step)
    if keeper is None:
        return ""
    if keeper.lock:
        return escape(locked_by(keeper.lock, clock(keeper.lock.until, scene.view.as_of)))
    until = f" (until {clock(keeper.until, scene.view.as_of)})" if keeper.until else ""
    return prose(keeper.sentence) + until


def _superseded(dropped: str, heir: Heir | None) -> str:
    return prose(f"{dropped}, which {outcome(heir.status)}" if heir else dropped)


def _parents(scene: Scene, step: Step) -> str:
    """Name the parents that are not done, by component alone where the stack is the step's own."""
    waiting = [scene.walk.steps[index] for index in awaited(scene.walk, step.index)]
    return listed([near(parent, step) for parent in waiting])


def near(other: Step, step: Step) -> str:
    """Name a step beside another one: by component alone where both are of one stack."""
    if other.instance.stack != step.instance.stack:
        return name(other)
    return ("destroy of " if other.destroys else "") + code(clip(other.instance.component, LONGEST_NAME))


def _blocked(scene: Scene, step: Step, state: State) -> str:
    if state.cause is None:
        return "something it depends on did not succeed"
    cause = scene.walk.steps[state.cause]
    status = scene.found[state.cause].status
    told = "is part of a cycle" if status is Status.BLOCKED else outcome(status)
    if cause.heir is not None:
        told = f"was {_superseded(cause.dropped, cause.heir)}"
    return f"{near(cause, step)} {told}"


def _told(scene: Scene, sent: Dispatch) -> str:
    """Say why one dispatch is what it is."""
    which = f"{code(sent.workflow)}: " if len(scene.walk.steps[sent.step].dispatches) > 1 else ""
    said = prose(sent.reason, most=_LONGEST, trusted=scene.home)
    if sent.status is Status.APPROVAL:
        said = said or _gate(scene, sent)
        said = "; ".join(part for part in (known(sent), said) if part)
    elif sent.status is Status.HELD:
        said = said or "nobody can tell whether its run exists"
        said = f"{said} ({link('runs of this workflow', _workflow_url(scene, sent))})"
    elif sent.status is Status.RUNNING and sent.started_at:
        said = said or f"since {clock(sent.started_at, scene.view.as_of)}"
    elif not said:
        said = _ended(scene, sent)
    return f"{which}{said}" if said else ""


def _gate(scene: Scene, sent: Dispatch) -> str:
    """Say for which environments a run waits, since when, and who may approve."""
    gate = sent.gate
    if gate is None:
        return "waits for people at GitHub"
    since = f" since {clock(gate.since, scene.view.as_of)}" if gate.since else ""
    who = f": {reviewers(gate.reviewers)} may approve" if gate.reviewers else ""
    return f"waits for {environments(scene, gate.environments)}{since}{who}"


def environments(scene: Scene, names: tuple[str, ...]) -> str:
    """Write the environments that a run waits for, as Markdown, each leading to what was deployed to it."""
    return listed([linked(code(clip(one, 80)), _deployments_url(scene, one)) for one in names]) or "its environment"


def reviewers(names: tuple[str, ...]) -> str:
    """Write who may approve, one of whom is enough, as Markdown."""
    return listed([escape(clip(one, 60)) for one in names], last="or")


def _ended(scene: Scene, sent: Dispatch) -> str:
    """Say how a run ended: what the CLI told of it, and what GitHub did."""
    result, concluded = known(sent), _concluded(sent)
    if result is None:
        return concluded
    failed = sent.conclusion == "failure"
    if result is Result.ERROR:
        rest = "but the run succeeded" if sent.status is Status.SUCCEEDED else concluded
        if failed and jobs.of(sent):
            return f"{rest}: {_ERROR}"
        return _ERROR if failed or not rest else f"{_ERROR}, {rest}"
    plans = scene.walk.rollout.phase is Phase.PLAN
    if result is Result.CHANGES and plans and failed:
        return _CHANGES_FAIL.format(_job(sent) or "the job")
    told = f"**{result}**" if result is Result.CHANGES and plans else str(result)
    if result is Result.APPLIED and scene.walk.steps[sent.step].destroys:
        told = "destroyed"
    return f"{told}, but {concluded}" if concluded else told


def _concluded(sent: Dispatch) -> str:
    if sent.status not in (Status.FAILED, Status.TIMED_OUT, Status.CANCELLED) or not sent.conclusion:
        return ""
    if sent.conclusion in ("failure", "timed_out") and (job := jobs.of(sent)) is not None:
        at = f" at {code(clip(job.step, _LONGEST_JOB))}" if job.step else ""
        took = " took too long" if sent.conclusion == "timed_out" else " failed"
        return f"{_job(sent)}{took}{at}"
    return _CONCLUSIONS.get(sent.conclusion) or f"the run ended with {code(sent.conclusion)}"


def _job(sent: Dispatch) -> str:
    """Name the job that failed, and link it; empty where nobody told which."""
    job = jobs.of(sent)
    return f"the job {linked(code(clip(job.name, _LONGEST_JOB)), job.url)}" if job is not None else ""


def _deployments_url(scene: Scene, environment: str) -> str:
    return f"{scene.home}deployments/activity_log?environments_filter={quote(environment, safe='')}"


def _workflow_url(scene: Scene, sent: Dispatch) -> str:
    return f"{scene.home}actions/workflows/{sent.workflow.rsplit('/', 1)[-1]}"
