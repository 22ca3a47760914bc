"""GitHub's JSON for workflows, runs, jobs and environments."""

from bot.sandbox.ids import optional_time, rfc3339
from bot.sandbox.payloads import Json, repository, user
from bot.sandbox.runstate import Attempt, Job, Run
from bot.sandbox.state import Commit, Environment, Repo, Team, User, Workflow


def workflow(base: str, repo: Repo, one: Workflow) -> Json:
    """Write a workflow."""
    return {
        "id": one.id,
        "node_id": f"W_{one.id}",
        "name": one.name,
        "path": one.path,
        "state": "active" if one.enabled else "disabled_manually",
        "created_at": rfc3339(one.created_at),
        "updated_at": rfc3339(one.created_at),
        "url": f"{base}/repos/{repo.full_name}/actions/workflows/{one.id}",
        "html_url": f"{base}/{repo.full_name}/blob/{repo.default_branch}/{one.path}",
        "badge_url": f"{base}/{repo.full_name}/workflows/{one.file}/badge.svg",
    }


def run(base: str, one: Run, attempt: Attempt | None = None) -> Json:
    """Write a run as it is, or as one of its attempts left it. `pull_requests` lists none for forks."""
    shown = attempt or one.latest
    url = f"{base}/repos/{one.repo.full_name}/actions/runs/{one.id}"
    earlier = f"{url}/attempts/{shown.number - 1}" if shown.number > 1 else None
    return {
        "id": one.id,
        "name": one.workflow.name,
        "node_id": f"WFR_{one.id}",
        "head_branch": one.head_branch,
        "head_sha": one.head_sha,
        "path": one.workflow.path,
        "display_title": one.display_title,
        "run_number": one.number,
        "event": one.event,
        "status": shown.status,
        "conclusion": shown.conclusion,
        "workflow_id": one.workflow.id,
        "check_suite_id": one.suite_id,
        "check_suite_node_id": f"CS_{one.suite_id}",
        "url": url,
        "html_url": f"{base}/{one.repo.full_name}/actions/runs/{one.id}",
        "pull_requests": [],
        "created_at": rfc3339(one.created_at),
        "updated_at": rfc3339(shown.updated_at),
        "actor": user(base, one.actor),
        "run_attempt": shown.number,
        "referenced_workflows": [],
        "run_started_at": rfc3339(shown.started_at),
        "triggering_actor": user(base, shown.triggering_actor),
        "jobs_url": f"{url}/jobs",
        "logs_url": f"{url}/logs",
        "check_suite_url": f"{base}/repos/{one.repo.full_name}/check-suites/{one.suite_id}",
        "artifacts_url": f"{url}/artifacts",
        "cancel_url": f"{url}/cancel",
        "rerun_url": f"{url}/rerun",
        "previous_attempt_url": earlier,
        "workflow_url": f"{base}/repos/{one.repo.full_name}/actions/workflows/{one.workflow.id}",
        "head_commit": _head_commit(one.repo.commits[one.head_sha]),
        "repository": repository(base, one.repo),
        "head_repository": repository(base, one.head_repo),
    }


def _head_commit(commit: Commit) -> Json:
    person = {"name": commit.author, "email": f"{commit.author}@users.noreply.example"}
    return {
        "id": commit.sha,
        "tree_id": commit.sha,
        "message": commit.message,
        "timestamp": rfc3339(commit.time),
        "author": person,
        "committer": person,
    }


def job(base: str, one: Run, attempt: Attempt, which: Job) -> Json:
    """Write a job."""
    url = f"{base}/repos/{one.repo.full_name}"
    return {
        "id": which.id,
        "run_id": one.id,
        "run_url": f"{url}/actions/runs/{one.id}",
        "run_attempt": attempt.number,
        "node_id": f"J_{which.id}",
        "head_sha": one.head_sha,
        "head_branch": one.head_branch,
        "workflow_name": one.workflow.name,
        "url": f"{url}/actions/jobs/{which.id}",
        "html_url": f"{base}/{one.repo.full_name}/actions/runs/{one.id}/job/{which.id}",
        "status": which.status,
        "conclusion": which.conclusion,
        "created_at": rfc3339(which.created_at),
        "started_at": rfc3339(which.started_at if which.started_at is not None else which.created_at),
        "completed_at": optional_time(which.completed_at),
        "name": which.name,
        "steps": [],
        "check_run_url": f"{url}/check-runs/{which.id}",
        "labels": ["ubuntu-latest"],
        "runner_id": 1 if which.started_at is not None else None,
        "runner_name": "GitHub Actions 1" if which.started_at is not None else None,
        "runner_group_id": 0 if which.started_at is not None else None,
        "runner_group_name": "GitHub Actions" if which.started_at is not None else None,
    }


def environment(base: str, repo: Repo, one: Environment, reviewers: list[User | Team]) -> Json:
    """Write an environment with its protection."""
    rules = [
        {
            "id": one.id + 1,
            "type": "required_reviewers",
            "prevent_self_review": False,
            "reviewers": people(base, reviewers),
        }
    ]
    return {
        **brief_environment(base, repo, one),
        "created_at": rfc3339(one.created_at),
        "updated_at": rfc3339(one.created_at),
        "protection_rules": rules if reviewers else [],
        "deployment_branch_policy": None,
    }


def brief_environment(base: str, repo: Repo, one: Environment) -> Json:
    """Write an environment as reviews name it."""
    return {
        "id": one.id,
        "node_id": f"EN_{one.id}",
        "name": one.name,
        "url": f"{base}/repos/{repo.full_name}/environments/{one.name}",
        "html_url": f"{base}/{repo.full_name}/deployments/activity_log?environments_filter={one.name}",
    }


def people(base: str, reviewers: list[User | Team]) -> list[Json]:
    """Write reviewers: people and teams."""
    return [
        {"type": "Team", "reviewer": _team(base, one)}
        if isinstance(one, Team)
        else {"type": "User", "reviewer": user(base, one)}
        for one in reviewers
    ]


def _team(base: str, one: Team) -> Json:
    return {
        "id": one.id,
        "node_id": f"T_{one.id}",
        "name": one.slug,
        "slug": one.slug,
        "privacy": "closed",
        "permission": "pull",
        "url": f"{base}/organizations/{one.owner.id}/team/{one.id}",
        "html_url": f"{base}/orgs/{one.owner.login}/teams/{one.slug}",
    }
