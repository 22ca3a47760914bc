"""What starts workflow runs: pull requests, pushes, dispatches."""

import json
from collections.abc import Mapping
from functools import lru_cache
from graphlib import CycleError, TopologicalSorter
from typing import Any

from bot.sandbox import expressions, git, payloads, workflowfile
from bot.sandbox.errors import ApiError
from bot.sandbox.runs import Runs
from bot.sandbox.runstate import JobPlan, Run
from bot.sandbox.state import Pull, Repo, User, Workflow
from bot.sandbox.workflowfile import JobSpec, WorkflowError, WorkflowFile

MOST_INPUTS = 25
BIGGEST_INPUTS = 65_535
parse = lru_cache(maxsize=256)(workflowfile.parse)


class Actions(Runs):
    """Actions: finds the workflow files of a commit and starts what they ask for."""

    def emit(
        self,
        event: str,
        repo: Repo,
        payload: dict[str, Any],
        sender: User,
        *,
        at: float | None = None,
        pull: Pull | None = None,
    ) -> dict[str, Any]:
        """Send the webhook, then start the workflows that the same event starts."""
        whole = super().emit(event, repo, payload, sender, at=at, pull=pull)
        if pull is not None and event == "pull_request":
            self._on_pull(pull, whole, sender)
        if event == "push" and repo.parent is None and not whole["deleted"]:
            self._on_push(repo, whole, sender)
        if event == "merge_group" and whole["action"] == "checks_requested":
            group = whole["merge_group"]
            self._on(event, repo, whole, sender, group["head_ref"], group["head_sha"], group["base_ref"])
        if event == "release":
            tag = whole["release"]["tag_name"]
            self._on(event, repo, whole, sender, f"refs/tags/{tag}", repo.tags[tag], "")
        return whole

    def workflows(self, repo: Repo) -> list[Workflow]:
        """Return the workflows that GitHub knows: those on the default branch and those that have run."""
        for path in filter(workflowfile.is_workflow, repo.tip.tree):
            self._registered(repo, path, repo.tip.tree[path])
        return list(repo.workflows.values())

    def dispatch(self, repo: Repo, file: str, ref: str, inputs: Mapping[str, Any], by: User) -> Run:
        """Start a workflow by its file name or id on a branch or tag. Raises ApiError as the API answers."""
        found = next((one for one in self.workflows(repo) if file in (one.file, str(one.id))), None)
        if found is None or found.path not in repo.tip.tree:
            raise ApiError(404, "Not Found")
        if not repo.actions_enabled:
            raise ApiError(403, "Actions has been disabled for this repository.")
        if not found.enabled:
            raise ApiError(422, "Cannot trigger a 'workflow_dispatch' on a disabled workflow")
        name = ref.removeprefix("refs/heads/").removeprefix("refs/tags/")
        sha = repo.branches.get(name) or repo.tags.get(name)
        if sha is None:
            raise ApiError(422, f"No ref found for: {ref}")
        workflow = self._dispatchable(repo, found, sha)
        values = _checked(workflow, inputs)
        full_ref = f"refs/heads/{name}" if name in repo.branches else f"refs/tags/{name}"
        payload = {
            "inputs": values,
            "ref": full_ref,
            "repository": payloads.repository(self.base_url, repo),
            "sender": payloads.user(self.base_url, by),
            "workflow": found.path,
        }
        try:
            return self._create(repo, workflow, "workflow_dispatch", payload, by, full_ref, sha, inputs=values)
        except expressions.ExpressionError as error:
            raise ApiError(422, f"failed to parse workflow: {error}") from error

    def _dispatchable(self, repo: Repo, found: Workflow, sha: str) -> WorkflowFile:
        text = repo.commits[sha].tree.get(found.path)
        try:
            workflow = parse(found.path, text) if text is not None else None
        except WorkflowError as error:
            raise ApiError(422, f"failed to parse workflow: {error}") from error
        if workflow is None or "workflow_dispatch" not in workflow.on:
            raise ApiError(422, "Workflow does not have 'workflow_dispatch' trigger")
        return workflow

    def _on_pull(self, pull: Pull, payload: dict[str, Any], sender: User) -> None:
        repo = pull.repo
        if pull.merged:
            sha, ref = pull.merge_commit_sha, f"refs/heads/{pull.base}"
        else:
            sha = git.test_merge(pull) if pull.state == "open" else pull.merge_commit_sha
            ref = f"refs/pull/{pull.number}/merge"
        if sha is None:
            return
        before, after = payloads.pull_ends(pull)
        changed = git.changes(before.tree, after.tree)
        for workflow in self._files(repo, sha):
            if workflow.starts_on("pull_request", payload["action"], pull.base, changed):
                self._attempt(repo, workflow, "pull_request", payload, sender, ref, sha, pull=pull)

    def _on(
        self, event: str, repo: Repo, payload: dict[str, Any], sender: User, ref: str, sha: str, base_ref: str
    ) -> None:
        """Start what an event starts whose filters are a type of action and at most a base branch."""
        for workflow in self._files(repo, sha):
            if workflow.starts_on(event, payload["action"], base_ref.removeprefix("refs/heads/"), {}):
                self._attempt(repo, workflow, event, payload, sender, ref, sha)

    def _on_push(self, repo: Repo, payload: dict[str, Any], sender: User) -> None:
        sha, branch = payload["after"], payload["ref"].removeprefix("refs/heads/")
        parents = repo.commits[sha].parents
        before = repo.commits.get(payload["before"]) or (repo.commits[parents[0]] if parents else None)
        changed = git.changes(before.tree if before else {}, repo.commits[sha].tree)
        for workflow in self._files(repo, sha):
            if workflow.starts_on("push", None, branch, changed):
                self._attempt(repo, workflow, "push", payload, sender, payload["ref"], sha)

    def _files(self, repo: Repo, sha: str) -> list[WorkflowFile]:
        if not repo.actions_enabled:
            return []
        files = []
        for path, text in repo.commits[sha].tree.items():
            if workflowfile.is_workflow(path):
                try:
                    files.append(parse(path, text))
                except WorkflowError:
                    continue
        return files

    def _attempt(self, *args: Any, **more: Any) -> None:
        try:
            self._create(*args, **more)
        except expressions.ExpressionError:
            return  # a workflow that dies at startup may tell nobody, as at GitHub

    def _registered(self, repo: Repo, path: str, text: str) -> Workflow:
        if path not in repo.workflows:
            repo.workflows[path] = Workflow(self.ids.next("workflow"), path, path, self.now())
        try:
            repo.workflows[path].name = parse(path, text).name
        except WorkflowError:
            repo.workflows[path].name = path
        return repo.workflows[path]

    def _create(
        self,
        repo: Repo,
        file: WorkflowFile,
        event: str,
        payload: dict[str, Any],
        by: User,
        ref: str,
        sha: str,
        *,
        inputs: dict[str, str] | None = None,
        pull: Pull | None = None,
    ) -> Run:
        workflow = self._registered(repo, file.path, repo.commits[sha].tree[file.path])
        run_id, number = self.ids.next("run"), workflow.runs + 1
        github = _github(repo, event, payload, by, ref, sha, pull)
        github |= {"run_id": str(run_id), "run_number": str(number), "run_attempt": "1"}
        github |= {"workflow": file.name, "server_url": self.base_url}
        context = {"github": github, "inputs": inputs or {}, "vars": {}, "env": {}, "secrets": {}}
        run = Run(
            id=run_id,
            suite_id=self.ids.next("suite"),
            repo=repo,
            head_repo=pull.head_repo if pull else repo,
            workflow=workflow,
            number=number,
            event=event,
            ref=ref,
            sha=sha,
            head_branch=pull.head if pull else _short(ref),
            head_sha=pull.head_sha if pull else sha,
            display_title=_title(file, event, payload, context),
            actor=by,
            created_at=self.now(),
            visible_at=self.now() + self.listing_delay,
            payload=payload,
            inputs=inputs or {},
            pull=pull,
            plan=_plan(file, context),
            group=expressions.substitute(file.group, context).casefold(),
            cuts=file.cuts,
        )
        workflow.runs = number
        self.runs[run_id] = run
        self.start(run, by, self.now())
        return run


def _short(ref: str) -> str:
    return ref.split("/", 2)[-1]


def _github(
    repo: Repo, event: str, payload: dict[str, Any], by: User, ref: str, sha: str, pull: Pull | None
) -> dict[str, Any]:
    """Return the part of the `github` context that the event gives."""
    return {
        "event": payload,
        "event_name": event,
        "ref": ref,
        "ref_name": _short(ref),
        "sha": sha,
        "head_ref": pull.head if pull else "",
        "base_ref": pull.base if pull else "",
        "actor": by.login,
        "triggering_actor": by.login,
        "repository": repo.full_name,
        "repository_owner": repo.owner.login,
    }


def _title(file: WorkflowFile, event: str, payload: dict[str, Any], context: Mapping[str, Any]) -> str:
    if file.run_name:
        return expressions.substitute(file.run_name, context).strip()
    if event == "pull_request":
        return str(payload["pull_request"]["title"])
    if event == "push":
        return str(payload["head_commit"]["message"]).split("\n")[0]
    if event == "merge_group":
        return str(payload["merge_group"]["head_commit"]["message"]).split("\n")[0]
    if event == "release":
        return str(payload["release"]["name"])
    return file.name


def _plan(file: WorkflowFile, context: Mapping[str, Any]) -> tuple[JobPlan, ...]:
    """Work out the jobs; one that needs a skipped job is skipped too."""
    plans: dict[str, JobPlan] = {}
    for job in _in_order(file.jobs):
        needed = [plans[key] for key in job.needs if key in plans]
        plans[job.key] = JobPlan(
            expressions.substitute(job.name, context),
            expressions.substitute(job.environment, context) or None if job.environment else None,
            any(one.skipped for one in needed) or not expressions.condition(job.condition, context),
            job.identity,
            max((one.wave + 1 for one in needed), default=0),
        )
    return tuple(plans[job.key] for job in file.jobs)


def _in_order(jobs: tuple[JobSpec, ...]) -> list[JobSpec]:
    """Put what is needed before what needs it. Raises ExpressionError where jobs need each other in a circle."""
    order = TopologicalSorter({job.key: job.needs for job in jobs})
    known = {job.key: job for job in jobs}
    try:
        return [known[key] for key in order.static_order() if key in known]
    except CycleError as error:
        raise expressions.ExpressionError("The workflow's jobs need each other in a circle.") from error


def _checked(workflow: WorkflowFile, given: Mapping[str, Any]) -> dict[str, str]:
    declared = workflow.inputs
    if len(given) > MOST_INPUTS:
        raise ApiError(422, f"you may only define up to {MOST_INPUTS} `inputs` for a `workflow_dispatch` event")
    if len(json.dumps(given)) > BIGGEST_INPUTS:
        raise ApiError(422, "inputs are too large.")
    if unexpected := [name for name in given if name not in declared]:
        raise ApiError(422, f"Unexpected inputs provided: {json.dumps(unexpected)}")
    values = {name: spec.default for name, spec in declared.items()} | {name: str(text) for name, text in given.items()}
    for name, spec in declared.items():
        if spec.required and not values[name]:
            raise ApiError(422, f"Required input '{name}' not provided")
        if spec.options and values[name] not in spec.options:
            raise ApiError(422, f"Provided value '{values[name]}' for input '{name}' not in the list of allowed values")
    return values
