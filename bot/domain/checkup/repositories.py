"""What is found about a repository: Actions, uploads, and the environments that applies ask for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from bot.domain.checkup import kinds_repository as kinds
from bot.domain.checkup.facts import RepositoryFacts, UploadFacts, Wanted
from bot.domain.checkup.findings import Finding, Kind, named, span
from bot.domain.environments import resolve, why_open
from bot.domain.lanes import name_of_lane
from bot.domain.pro import Call, Phase, WorkflowFile

_ACTIONS_PAGE = "/settings/actions"
_ENVIRONMENTS_PAGE = "/settings/environments"
_MOST = 10  # environments that are named


def actions(facts: RepositoryFacts, *, enabled: bool | None, last_run: float, now: float) -> Finding:
    """Tell whether Actions is on. GitHub tells that only to who may administer; else the last run speaks for it."""
    page = f"{facts.page}{_ACTIONS_PAGE}"
    if enabled is False:
        return Finding(kinds.ACTIONS_OFF, f"GitHub Actions is turned off for {facts.name}.", facts.name, page)
    if not last_run and not enabled:
        told = f"No workflow ever ran in {facts.name}."
        return Finding(kinds.ACTIONS_UNTOLD, told, facts.name, page)
    ran = f"the last run began {span(now - last_run)} ago" if last_run else "no workflow ran yet"
    return Finding(
        kinds.ACTIONS_OK, f"Actions is on: {ran}." if enabled else f"{ran[:1].upper()}{ran[1:]}.", facts.name
    )


def uploader(facts: RepositoryFacts, workspace_id: str, *, uploaded: bool) -> list[Finding]:
    """Tell whether a workflow uploads what is affected, and for which workspace."""
    files = [file for file in facts.files.values() if isinstance(file, WorkflowFile) and file.uploads]
    page = f"{facts.page}/tree/{facts.branch}/.github/workflows"
    if not files and not uploaded:
        told = f"No workflow on the branch {facts.branch} names `atmos describe affected` with an upload."
        return [Finding(kinds.UPLOADER_NONE, told, facts.name, page)]
    wrong = [file for file in files if workspace_id and any(one != workspace_id for one in file.workspaces)]
    if wrong:
        said = [f"`{file.path}` names the workspace {file.workspaces[0]}, not {workspace_id}." for file in wrong]
        return [Finding(kinds.UPLOADER_WORKSPACE, one, facts.name, page) for one in said]
    names = named([f"`{file.path}`" for file in files])
    return [Finding(kinds.UPLOADER_OK, f"{names} can upload.", facts.name)] if files else []


def upload(where: str, last: UploadFacts | None, now: float) -> Finding:
    """Tell what was uploaded last, and when."""
    if last is None:
        return Finding(kinds.UPLOAD_NONE, f"Nothing was uploaded for {where} yet.", where)
    told = f"The last one came {span(now - last.at)} ago, for {name_of_lane(last.lane)} at {last.sha[:7]}."
    return Finding(kinds.UPLOAD_OK, told, where)


def environments(facts: RepositoryFacts, wants: Sequence[Wanted]) -> list[Finding]:
    """Tell of each environment that an apply asks for whether it is there, and whether it protects anything."""
    page = f"{facts.page}{_ENVIRONMENTS_PAGE}"
    if not wants:
        told = f"No upload names a workflow yet, so the environments of stacks are not known. {_there(facts)}"
        return [Finding(kinds.ENVIRONMENT_UNKNOWN, told, facts.name, page)]
    wrong: defaultdict[tuple[Kind, str], set[str]] = defaultdict(set)
    protects: dict[str, bool] = {}
    for want, call, file in _applies(facts, wants):
        inputs = dict(file.defaults) | dict(call.inputs)
        for text in file.environments:
            name = resolve(text, inputs)
            known = facts.environments.get((name or "").casefold())
            if why := why_open(text, file.path, name, there=known is not None):
                kind = kinds.ENVIRONMENT_UNTOLD if name is None else kinds.ENVIRONMENT_MISSING
                wrong[kind, why].add(want.instance.stack)
            elif name:
                protects[name] = bool(known)
    found = [
        Finding(kind, f"{why[:1].upper()}{why[1:]} ({named(sorted(stacks), 2)}).", facts.name, page)
        for (kind, why), stacks in wrong.items()
    ]
    names = sorted(protects)
    found += [
        Finding(kinds.ENVIRONMENT_OPEN, unprotecting(name), facts.name, page) for name in names if not protects[name]
    ]
    if fine := [f"`{name}`" for name in names if protects[name]]:
        found.append(Finding(kinds.ENVIRONMENT_OK, f"{named(fine)}: there, and with a protection rule.", facts.name))
    return found


def _there(facts: RepositoryFacts) -> str:
    """List the environments that a repository has, and which of them protect something."""
    if not facts.environments:
        return "The repository has none."
    told = [
        f"`{name}` ({'with' if protects else 'without'} a protection rule)"
        for name, protects in sorted(facts.environments.items())
    ]
    return f"The repository has {named(told, _MOST)}."


def unprotecting(name: str) -> str:
    """Say that an environment is there and protects nothing."""
    return f"The environment `{name}` has no protection rule."


def _applies(facts: RepositoryFacts, wants: Sequence[Wanted]) -> Iterable[tuple[Wanted, Call, WorkflowFile]]:
    for want in wants:
        file = facts.files.get(want.call.workflow) if want.call else None
        if want.call and want.phase is Phase.APPLY and isinstance(file, WorkflowFile):
            yield want, want.call, file
