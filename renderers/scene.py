"""One rollout as it is told: its steps with their states, and what is known of them beside that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.graph import Instance
from bot.domain.keeping import Keeper
from bot.domain.model import IN_FLIGHT, PASSED, Status, Step
from bot.domain.pro import Phase
from bot.domain.rollout import Walk
from bot.domain.states import State
from bot.domain.view import CommitView, PullView
from renderers.markdown import clip, code

LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Scene:
    """One rollout with what its rows are told from."""

    view: PullView | CommitView
    walk: Walk
    found: Sequence[State]

    @property
    def home(self) -> str:
        """Where the repository is, with a slash at the end."""
        return f"{self.view.server_url}/{self.view.repo.full_name}/"

    @property
    def moves(self) -> bool:
        """Whether something of it is under way, or may be sent now."""
        kept = self.view.kept.get(self.walk.rollout.id)
        for step, state in zip(self.walk.steps, self.found, strict=True):
            if state.status in IN_FLIGHT:
                return True
            if state.status is Status.READY and (kept is None or kept.of(step.index) is None):
                return True
        return False

    def of(self, *statuses: Status) -> list[Step]:
        """List the steps that have one of these statuses."""
        return [step for step, state in zip(self.walk.steps, self.found, strict=True) if state.status in statuses]

    def keeper(self, step: Step) -> Keeper | None:
        """Find what keeps a step that could go."""
        found = self.view.kept.get(self.walk.rollout.id)
        return found.of(step.index) if found else None

    def stale(self, step: Step) -> str:
        """Name the pull request that was applied to a step, or above it, since its plan; empty where that is past."""
        plans = self.walk.rollout.phase is Phase.PLAN
        pull = self.view.pull
        over = pull is None or not pull.open if plans else self.found[step.index].status in (*PASSED, Status.SUPERSEDED)
        return "" if over else self.view.stale.get(self.walk.rollout.id, {}).get(step.index, "")

    def approvers(self, step: Step) -> list[str]:
        """Name who let a step go, or its apply after the merge."""
        pull, rollout = self.view.pull, self.walk.rollout
        names = [release.by for release in step.released]
        if pull is not None and rollout.phase is Phase.PLAN and rollout.sha == pull.head_sha:
            names += [one.by for one in pull.approved if Instance(one.stack, one.component) == step.instance]
        return list(dict.fromkeys(names))


def name(step: Step, most: int = LONGEST_NAME) -> str:
    """Write an instance in prose."""
    what = "destroy of " if step.destroys else ""
    return f"{what}{code(clip(step.instance.component, most))} in {code(clip(step.instance.stack, most))}"


def run_url(step: Step, status: Status) -> str:
    """Find the address of the run that made a step what it is; empty where there is none."""
    return next((sent.run_url for sent in step.dispatches if sent.status is status and sent.run_url), "")
