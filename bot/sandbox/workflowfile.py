"""Workflow files: what starts them, what they take, what jobs they have."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

FOLDER = ".github/workflows/"
PULL_REQUEST_DEFAULTS = ("opened", "synchronize", "reopened")


class WorkflowError(Exception):
    """A workflow file that GitHub could not use either."""


@dataclass(frozen=True, slots=True)
class Input:
    """One declared input of `workflow_dispatch`."""

    required: bool
    default: str
    type: str
    options: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class JobSpec:
    """One job as written, its expressions not evaluated."""

    key: str
    name: str
    condition: str | bool
    environment: str | None
    identity: bool  # `permissions` has `id-token: write`
    needs: tuple[str, ...]  # the keys of the jobs that must have succeeded before


@dataclass(frozen=True, slots=True)
class WorkflowFile:
    """A parsed file; `on` maps each event to its filters."""

    path: str
    name: str
    run_name: str | None
    on: dict[str, dict[str, Any]]
    jobs: tuple[JobSpec, ...]
    group: str  # of `concurrency`, its expressions not evaluated; empty without one
    cuts: bool  # `cancel-in-progress`

    @property
    def inputs(self) -> dict[str, Input]:
        """Return the declared inputs of `workflow_dispatch` by name."""
        declared = self.on.get("workflow_dispatch", {}).get("inputs") or {}
        return {name: _input(spec or {}) for name, spec in declared.items()}

    def starts_on(self, event: str, action: str | None, branch: str, changed: Mapping[str, str]) -> bool:
        """Tell whether an event starts it. `branch` is the pushed or the base branch, `changed` the paths."""
        if event not in self.on:
            return False
        filters = self.on[event]
        usual = PULL_REQUEST_DEFAULTS if event == "pull_request" else (str(action),)
        if action is not None and action not in _texts(filters.get("types"), usual):
            return False
        if not _passes(filters, "branches", [branch]):
            return False
        return _passes(filters, "paths", list(changed))


def is_workflow(path: str) -> bool:
    """Tell whether a path is one of a workflow file."""
    return bool(re.fullmatch(re.escape(FOLDER) + r"[^/]+\.ya?ml", path))


def parse(path: str, text: str) -> WorkflowFile:
    """Read a workflow file. Raises WorkflowError with a sentence."""
    try:
        raw = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise WorkflowError(f"(Line: 1, Col: 1): {error}") from error
    if not isinstance(raw, dict):
        raise WorkflowError("No event triggers defined in `on`")
    on = raw.get("on", raw.get(True))  # YAML 1.1 reads the bare word `on` as true
    jobs = raw.get("jobs")
    if not on or not isinstance(jobs, dict):
        raise WorkflowError("Unexpected value '' for `on` or `jobs`")
    group = raw.get("concurrency") or {}
    group = group if isinstance(group, dict) else {"group": group}
    return WorkflowFile(
        path=path,
        name=str(raw.get("name") or path),
        run_name=raw.get("run-name"),
        on=_events(on),
        jobs=tuple(_job(key, spec, raw.get("permissions")) for key, spec in jobs.items()),
        group=str(group.get("group") or ""),
        cuts=group.get("cancel-in-progress") is True,
    )


def _events(on: Any) -> dict[str, dict[str, Any]]:
    if isinstance(on, str):
        return {on: {}}
    if isinstance(on, list):
        return {str(event): {} for event in on}
    return {str(event): filters if isinstance(filters, dict) else {} for event, filters in on.items()}


def _job(key: str, spec: Any, permissions: Any) -> JobSpec:
    if not isinstance(spec, dict):
        raise WorkflowError(f"Unexpected value for job '{key}'")
    environment = spec.get("environment")
    if isinstance(environment, dict):
        environment = environment.get("name")
    identity = _may_identify(spec.get("permissions", permissions))
    needs = _texts(spec.get("needs"))
    return JobSpec(str(key), str(spec.get("name") or key), spec.get("if", True), environment, identity, needs)


def _may_identify(permissions: Any) -> bool:
    if isinstance(permissions, dict):
        return permissions.get("id-token") == "write"
    return bool(permissions == "write-all")


def _input(spec: dict[str, Any]) -> Input:
    default = spec.get("default")
    text = "" if default is None else str(default).lower() if isinstance(default, bool) else str(default)
    return Input(
        required=bool(spec.get("required")),
        default=text,
        type=str(spec.get("type") or "string"),
        options=tuple(map(str, spec.get("options") or ())),
    )


def _texts(value: Any, default: tuple[str, ...] = ()) -> tuple[str, ...]:
    if value is None:
        return default
    return (value,) if isinstance(value, str) else tuple(map(str, value))


def _passes(filters: dict[str, Any], kind: str, values: list[str]) -> bool:
    wanted, unwanted = _texts(filters.get(kind)), _texts(filters.get(f"{kind}-ignore"))
    if wanted and not any(_matches(value, wanted) for value in values):
        return False
    return not (unwanted and all(_matches(value, unwanted) for value in values))


def _matches(value: str, patterns: tuple[str, ...]) -> bool:
    """Try the patterns in order; a later one that starts with `!` takes a match back."""
    result = False
    for pattern in patterns:
        if re.fullmatch(_regex(pattern.removeprefix("!")), value):
            result = not pattern.startswith("!")
    return result


def _regex(pattern: str) -> str:
    parts = re.split(r"(\*\*/?|\*|\?)", pattern)
    wild = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return "".join(wild.get(part, re.escape(part)) for part in parts)
