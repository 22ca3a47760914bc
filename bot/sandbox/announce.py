"""What a run's webhooks say: the run, its jobs, and the reviews of its environments."""

from typing import Any

from bot.sandbox import payloads
from bot.sandbox import payloads_actions as shapes
from bot.sandbox.environments import Environments
from bot.sandbox.ids import optional_time, rfc3339
from bot.sandbox.runstate import Job, Run
from bot.sandbox.state import User


class Announce(Environments):
    """Sends the webhooks of runs."""

    def _emit_run(self, run: Run, action: str, at: float) -> None:
        body = {
            "action": action,
            "workflow_run": shapes.run(self.base_url, run),
            "workflow": shapes.workflow(self.base_url, run.repo, run.workflow),
        }
        self.emit("workflow_run", run.repo, body, run.latest.triggering_actor, at=at)

    def _emit_jobs(self, run: Run, action: str, at: float) -> None:
        for job in run.open_jobs:
            self._emit_job(run, job, action, at)

    def _emit_job(self, run: Run, job: Job, action: str, at: float) -> None:
        body: dict[str, Any] = {"action": action, "workflow_job": shapes.job(self.base_url, run, run.latest, job)}
        if job.environment:
            body["deployment"] = {"id": job.id + 1, "environment": job.environment, "sha": run.head_sha, "ref": run.ref}
        self.emit("workflow_job", run.repo, body, run.latest.triggering_actor, at=at)

    def _emit_review(self, run: Run, action: str, environment: str, by: User, at: float, comment: str = "") -> None:
        waiting = run.waits_for(environment)
        body = {
            "action": action,
            "environment": environment,
            "since": optional_time(run.latest.waiting_since) or rfc3339(at),
            "workflow_run": shapes.run(self.base_url, run),
            "reviewers": shapes.people(self.base_url, self.reviewers(run.repo, environment)),
            "requestor": payloads.user(self.base_url, run.latest.triggering_actor),
            "workflow_job_run": {
                "id": waiting.id,
                "name": waiting.name,
                "environment": environment,
                "status": waiting.status,
                "conclusion": waiting.conclusion,
                "created_at": rfc3339(waiting.created_at),
                "updated_at": rfc3339(at),
                "html_url": f"{self.base_url}/{run.repo.full_name}/actions/runs/{run.id}",
            },
        }
        if action != "requested":
            body |= {"approver": payloads.user(self.base_url, by), "comment": comment}
        self.emit("deployment_review", run.repo, body, by, at=at)
