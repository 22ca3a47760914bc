"""The life of a workflow run: queued, waiting for people, in progress, completed, run again."""

import traceback
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from bot.sandbox.announce import Announce
from bot.sandbox.errors import HubError
from bot.sandbox.identity import Issuer
from bot.sandbox.runstate import Attempt, Job, Review, Run
from bot.sandbox.scenario import Scenario
from bot.sandbox.state import Commit, Pull, Repo, User

MOST_RERUNS = 50
Step = Callable[[Run, float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Program:
    """What a stand-in for a workflow's steps gets to see and do; `commit` is what its checkout would find."""

    repo: Repo
    run: Run
    event: dict[str, Any]
    pull: Pull | None
    commit: Commit
    _sign: Callable[[str], str]

    async def identity_token(self, audience: str) -> str:
        """Ask for a token that tells which run this is. Raises HubError where the job may not."""
        return self._sign(audience)


Steps = Callable[[Program], Awaitable[str]]


class Runs(Announce):
    """Workflow runs. What a workflow file does is done by one of `programs` when a run of it begins, or of `endings`
    when its time is up; both go by the file's name, and return how the run ends.
    """

    def __init__(self, **parts: Any) -> None:
        super().__init__(**parts)
        self.runs: dict[int, Run] = {}
        self.scenario = Scenario()
        self.issuer = Issuer(now=self.now, ids=self.ids)
        self.listing_delay = 3.0
        self.programs: dict[str, Steps] = {}
        self.endings: dict[str, Steps] = {}

    def start(self, run: Run, by: User, at: float, kept: Sequence[Job] = ()) -> None:
        """Begin the next attempt of a run; the jobs that are kept are not run again."""
        done = {id(job.plan) for job in kept}
        skipped = [Job(self.ids.next("job"), plan, at, "completed", "skipped") for plan in run.plan if plan.skipped]
        jobs = [*kept, *skipped]
        left = [plan for plan in run.plan if not plan.skipped and id(plan) not in done]
        run.attempts.append(Attempt(len(run.attempts) + 1, by, at, at, jobs, left))
        run.turn += 1
        if run.attempt == 1:
            self._emit_run(run, "requested", at)
        if left:
            self._take_turn(run, at)
        else:
            self._later(run, at, partial(self._finish, conclusion="skipped"))

    def _take_turn(self, run: Run, at: float) -> None:
        """Go on, or be pending while another run of the group goes; what was pending before is cancelled."""
        others = self._of_group(run)
        for one in others:
            if run.cuts or one.status == "pending":
                self._end(one, at, "cancelled")
        if any(one.status != "completed" for one in others):
            self._set(run, "pending", at)
        else:
            self._queue(run, at)

    def _of_group(self, run: Run) -> list[Run]:
        """List the other runs of a `concurrency` group that are not over."""
        if not run.group:
            return []
        same = [one for one in self.runs.values() if one.repo is run.repo and one.group == run.group]
        return [one for one in same if one is not run and one.status != "completed"]

    def _queue(self, run: Run, at: float) -> None:
        """Queue the jobs whose time has come; with an environment that has reviewers they will wait for them."""
        attempt = run.latest
        wave = min(plan.wave for plan in attempt.left)
        attempt.jobs += [Job(self.ids.next("job"), plan, at) for plan in attempt.left if plan.wave == wave]
        attempt.left = [plan for plan in attempt.left if plan.wave != wave]
        run.pending = sorted({name for job in run.open_jobs if (name := self._guarded(run.repo, job))})
        self._emit_jobs(run, "queued", at)
        self._later(run, at + self._scaled(self.scenario.queue_seconds), self._proceed)

    def approve(self, run_id: int, environment: str, by: str, comment: str = "") -> None:
        """Approve an environment that a run waits for."""
        run = self._review(run_id, environment, by, "approved", comment)
        run.pending.remove(environment)
        if not run.pending:
            now = self.now()
            self._set(run, "queued", now)
            self._emit_jobs(run, "queued", now)
            self._later(run, now + self._scaled(self.scenario.queue_seconds), self._work)

    def reject(self, run_id: int, environment: str, by: str, comment: str = "") -> None:
        """Reject an environment that a run waits for: the run fails."""
        run = self._review(run_id, environment, by, "rejected", comment)
        run.pending.clear()
        self._end(run, self.now(), "failure")

    def fail_run(self, run_id: int) -> None:
        """Let an unfinished run fail now."""
        run = self.runs[run_id]
        if run.status == "completed":
            raise HubError(f"Run {run_id} is completed already.")
        self._end(run, self.now(), "failure")

    def cancel_run(self, run_id: int, *, force: bool = False) -> None:
        """Ask for a run to be cancelled; it ends a moment later, or by itself if that is sooner."""
        run = self.runs[run_id]
        if run.status == "completed":
            raise HubError("Cannot cancel a workflow run that is completed.")
        delay = 0.0 if force else self._scaled(self.scenario.cancel_seconds)
        self._later(run, self.now() + delay, partial(self._finish, conclusion="cancelled"))

    def delete_run(self, run_id: int) -> None:
        """Delete a run that is completed: GitHub knows it no more."""
        if self.runs[run_id].status != "completed":
            raise HubError(f"Run {run_id} is not completed, so it cannot be deleted. Cancel it first.")
        del self.runs[run_id]

    def rerun(self, run_id: int, *, failed_only: bool = True, by: str | None = None) -> None:
        """Run again under the same id with the next attempt number; no `requested` event is sent."""
        run = self.runs[run_id]
        if run.status != "completed":
            raise HubError("This workflow is already running")
        if failed_only and run.conclusion in ("success", "skipped", "neutral"):
            raise HubError("This workflow run cannot be retried")
        if run.attempt > MOST_RERUNS:
            raise HubError("This workflow run cannot be retried: it was re-run 50 times")
        kept = [job for job in run.latest.jobs if job.conclusion == "success"] if failed_only else []
        self.start(run, self.user(by) if by else run.actor, self.now(), kept)

    def _guarded(self, repo: Repo, job: Job) -> str | None:
        one = self.environment(repo, job.environment) if job.environment else None
        return one.name if one and one.reviewers else None

    def _review(self, run_id: int, environment: str, by: str, state: str, comment: str) -> Run:
        run = self.runs[run_id]
        if run.status != "waiting" or environment not in run.pending:
            raise HubError(f"Run {run_id} does not wait for the environment {environment}.")
        self.check_reviewer(run.repo, environment, by)
        run.reviews.append(Review(self.user(by), state, comment, environment, self.now()))
        self._emit_review(run, state, environment, self.user(by), self.now(), comment)
        return run

    async def _proceed(self, run: Run, at: float) -> None:
        if not run.pending:
            await self._work(run, at)
            return
        run.latest.waiting_since = at
        self._set(run, "waiting", at)
        self._emit_jobs(run, "waiting", at)
        for environment in run.pending:
            self._emit_review(run, "requested", environment, run.latest.triggering_actor, at)

    async def _work(self, run: Run, at: float) -> None:
        begins = run.status != "in_progress"
        self._set(run, "in_progress", at)
        for job in run.open_jobs:
            job.started_at = at
        if begins:
            self._emit_run(run, "in_progress", at)
        self._emit_jobs(run, "in_progress", at)
        self._later(run, at, self._execute)  # behind the webhooks above, which a program may rely on

    async def _execute(self, run: Run, at: float) -> None:
        file, attempt = run.workflow.file, run.latest
        due = at + self._scaled(self.scenario.seconds(file, run.inputs))
        if attempt.left:
            self._later(run, due, self._next_jobs)
            return
        if file in self.endings:
            self._later(run, due, self._last_step)
            return
        if file in self.programs:
            conclusion = await self._outcome(self.programs[file], run)
        else:
            conclusion = self.scenario.conclusion(file, run.inputs, attempt.number)
        if attempt.status != "completed":  # a person may have ended it while the program ran
            self._later(run, due, partial(self._finish, conclusion=conclusion))

    async def _next_jobs(self, run: Run, at: float) -> None:
        """End the jobs that were waited for, with success, and go on to those that need them."""
        self._complete(run, "success", at)
        self._queue(run, at)

    async def _last_step(self, run: Run, at: float) -> None:
        attempt = run.latest
        conclusion = await self._outcome(self.endings[run.workflow.file], run)
        if attempt.status != "completed":
            self._end(run, at, conclusion)

    async def _outcome(self, steps: Steps, run: Run) -> str:
        attempt = run.latest
        sign = partial(self.issuer.token, run, self.base_url)
        try:
            return await steps(Program(run.repo, run, run.payload, run.pull, run.repo.commits[run.sha], sign))
        except Exception:
            attempt.log = traceback.format_exc()
            return "failure"

    async def _finish(self, run: Run, at: float, *, conclusion: str) -> None:
        self._end(run, at, conclusion)

    def _end(self, run: Run, at: float, conclusion: str) -> None:
        run.turn += 1
        run.latest.status, run.latest.conclusion, run.latest.updated_at = "completed", conclusion, at
        run.pending.clear()
        self._complete(run, conclusion, at)
        self._emit_run(run, "completed", at)
        others = self._of_group(run)
        if others and all(one.status == "pending" for one in others):
            self._set(others[0], "queued", at)
            self._queue(others[0], at)

    def _complete(self, run: Run, conclusion: str, at: float) -> None:
        ending = run.open_jobs
        for job in ending:
            job.status, job.conclusion, job.completed_at = "completed", conclusion, at
        for job in ending:
            self._emit_job(run, job, "completed", at)

    def _set(self, run: Run, status: str, at: float) -> None:
        run.latest.status, run.latest.updated_at = status, at
        for job in run.open_jobs:
            job.status = status

    def _later(self, run: Run, at: float, step: Step) -> None:
        turn = run.turn

        async def go(due: float) -> None:
            await step(run, due)

        self.timeline.at(at, go, wanted=lambda: run.turn == turn)

    def _scaled(self, seconds: float) -> float:
        return seconds / self.scenario.speed
