"""The comment's tables: one row for each step, saying what it waits for or why it failed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.keeping import Keeper
from bot.domain.locks import locked_by
from bot.domain.model import PASSED, Dispatch, Status, Step
from bot.domain.pro import Phase
from bot.domain.results import Result, known
from bot.domain.rollout import State, Walk
from bot.domain.view import PullView
from renderers.markdown import clip, code, escape, head, link, linked, prose, row
from renderers.words import clock, duration, listed, signed, word

Cells = tuple[str, ...]

_TITLES = ("Status", "Component", "Stack", "Why", "Run")
_LONGEST_NAME = 200
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
_ERROR = "Terraform ended with an error"
#: The CLI ends with 2 where there are changes, and only with this setting turns that into 0.
_CHANGES_FAIL = "changes were found, but `ci.enabled` is off in `atmos.yaml`, so the job failed"


@dataclass(frozen=True, slots=True)
class Scene:
    """One rollout with what its rows are told from."""

    view: PullView
    walk: Walk
    found: Sequence[State]

    @property
    def home(self) -> str:
        """Where the repository is, with a slash at the end."""
        return f"{self.view.server_url}/{self.view.repo.full_name}/"

    def keeper(self, step: Step) -> Keeper | None:
        """Find what keeps a step that could go."""
        found = self.view.kept.get(self.walk.rollout.id)
        return found.of(step.index) if found else None


def name(step: Step, most: int = _LONGEST_NAME) -> str:
    """Write an instance in prose."""
    return f"{code(clip(step.instance.component, most))} in {code(clip(step.instance.stack, most))}"


def run_url(step: Step, status: Status) -> str:
    """Find the address of the run that made a step what it is; empty where there is none."""
    return next((sent.run_url for sent in step.dispatches if sent.status is status and sent.run_url), "")


def cells(scene: Scene, index: int) -> Cells:
    """Write one step's cells, as Markdown."""
    step, state = scene.walk.steps[index], scene.found[index]
    why = [why for why in (_why(scene, step, state), *(prose(note, most=200) for note in step.notes[:3])) if why]
    stack, component = _code(step.instance.stack), _code(step.instance.component)
    return signed(state.status), component, stack, "<br>".join(why), _runs(step)


def titles(columns: Sequence[bool]) -> str:
    """Write the lines above the rows."""
    return head([title for title, wanted in zip(_TITLES, columns, strict=True) if wanted])


def line(row_cells: Cells, columns: Sequence[bool]) -> str:
    """Write one row."""
    return row(cell for cell, wanted in zip(row_cells, columns, strict=True) if wanted)


def used(rows: Sequence[Cells]) -> list[bool]:
    """Tell which columns have something in them."""
    return [any(row_cells[column] for row_cells in rows) for column in range(len(_TITLES))]


def _code(text: str) -> str:
    return code(clip(text, _LONGEST_NAME))


def _why(scene: Scene, step: Step, state: State) -> str:
    status = state.status
    if status is Status.WAITING:
        return f"waits for {_parents(scene, step)}"
    if status is Status.BLOCKED:
        return _blocked(scene, step, state)
    if status is Status.READY:
        keeper = scene.keeper(step)
        if keeper is None:
            return "goes as soon as there is room"
        lock = keeper.lock
        return escape(locked_by(lock, clock(lock.until, scene.view.as_of))) if lock else prose(keeper.sentence)
    if status is Status.SUPERSEDED:
        return prose(step.dropped)  # by what the whole rollout was superseded stands above the table
    if status is Status.HELD and step.holds:
        return "; ".join(prose(hold.sentence) for hold in step.holds)
    if not step.dispatches:
        return prose(step.problem or step.manual or step.dropped, trusted=scene.home)
    told = [_told(scene, sent) for sent in step.dispatches if sent.status is status]
    return "<br>".join(part for part in told if part)


def _parents(scene: Scene, step: Step) -> str:
    """Name the parents that are not done, by component alone where the stack is the step's own."""
    waiting = [scene.walk.steps[i] for i in step.parents if scene.found[i].status not in PASSED]
    return listed([_near(parent, step) for parent in waiting])


def _near(other: Step, step: Step) -> str:
    return _code(other.instance.component) if other.instance.stack == step.instance.stack else name(other)


def _blocked(scene: Scene, step: Step, state: State) -> str:
    if state.cause is None:
        return "something it depends on did not succeed"
    cause = scene.found[state.cause].status
    told = "is part of a cycle" if cause is Status.BLOCKED else _BLOCKING.get(cause, f"is {word(cause)}")
    return f"{_near(scene.walk.steps[state.cause], step)} {told}"


_BLOCKING = {Status.FAILED: "failed", Status.TIMED_OUT: "timed out", Status.CANCELLED: "was cancelled"}


def _told(scene: Scene, sent: Dispatch) -> str:
    """Say why one dispatch is what it is."""
    which = f"{code(sent.workflow)}: " if len(scene.walk.steps[sent.step].dispatches) > 1 else ""
    said = prose(sent.reason, trusted=scene.home)
    if sent.status is Status.APPROVAL:
        said = said or "waits for people at GitHub"
        said = f"{said} ({link('review', sent.run_url)})" if sent.run_url else said
        said = "; ".join(part for part in (known(sent), said) if part)
    elif sent.status is Status.HELD:
        said = said or "nobody can tell whether its run exists"
        said = f"{said} ({link('runs of this workflow', _workflow_url(scene, sent))})"
    elif sent.status is Status.RUNNING and sent.started_at:
        said = said or f"since {clock(sent.started_at, scene.view.as_of)}"
    elif not said:
        said = _ended(scene, sent)
    return f"{which}{said}" if said else ""


def _ended(scene: Scene, sent: Dispatch) -> str:
    """Say how a run ended: what the CLI told of it, and what GitHub did."""
    result, concluded = known(sent), _concluded(sent)
    if result is None:
        return concluded
    failed = sent.conclusion == "failure"
    if result is Result.ERROR:
        rest = "but the run succeeded" if sent.status is Status.SUCCEEDED else concluded
        return _ERROR if failed or not rest else f"{_ERROR}, {rest}"
    if result is Result.CHANGES and scene.walk.rollout.phase is Phase.PLAN and failed:
        return _CHANGES_FAIL
    return f"{result}, but {concluded}" if concluded else str(result)


def _concluded(sent: Dispatch) -> str:
    if sent.status not in (Status.FAILED, Status.TIMED_OUT, Status.CANCELLED) or not sent.conclusion:
        return ""
    return _CONCLUSIONS.get(sent.conclusion) or f"the run ended with {code(sent.conclusion)}"


def _workflow_url(scene: Scene, sent: Dispatch) -> str:
    return f"{scene.home}actions/workflows/{sent.workflow.rsplit('/', 1)[-1]}"


def _runs(step: Step) -> str:
    """Link every run of a step by how long it took; names the workflow file where there are several."""
    several = len(step.dispatches) > 1
    runs = [(sent, _run(sent)) for sent in step.dispatches]
    return "<br>".join(f"{escape(sent.workflow)}: {run}" if several else run for sent, run in runs if run)


def _run(sent: Dispatch) -> str:
    took = duration(sent.finished_at - sent.started_at) if sent.started_at and sent.finished_at else ""
    if not (sent.run_url or took):
        return ""
    attempt = f", attempt\u00a0{sent.attempt}" if sent.attempt > 1 else ""
    return f"{linked(took or 'run', sent.run_url)}{attempt}"
