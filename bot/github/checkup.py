"""What the doctor asks GitHub. Nothing here changes anything, and each is one call, but for long lists."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gidgethub

from bot.domain.checkup.facts import AppFacts, Attempt, HookFacts, InstallationFacts
from bot.domain.model import Repo
from bot.github import shapes
from bot.github.client import GitHub, Installation

#: So many of the latest deliveries are looked at.
_DELIVERIES = 100
_WORKFLOWS = ".github/workflows/"


async def app(github: GitHub, server_url: str) -> AppFacts:
    """Read how the App is registered."""
    told = await github.as_app().getitem("/app")
    owner, slug = shapes.part(told, "owner"), shapes.text(told, "slug")
    account = f"/organizations/{shapes.text(owner, 'login')}" if shapes.text(owner, "type") == "Organization" else ""
    return AppFacts(
        id=shapes.number(told, "id"),
        name=shapes.text(told, "name") or slug,
        settings_page=f"{server_url}{account}/settings/apps/{slug}",
        install_page=f"{shapes.text(told, 'html_url') or f'{server_url}/apps/{slug}'}/installations/new",
        permissions=_permissions(told),
        events=_events(told),
    )


async def hook(github: GitHub) -> HookFacts:
    """Read where the App's webhook goes. Whether it is active is not told."""
    told = await github.as_app().getitem("/app/hook/config")
    return HookFacts(
        url=shapes.text(told, "url"),
        content_type=shapes.text(told, "content_type"),
        signed=bool(shapes.text(told, "secret")),
        unchecked=str(told.get("insecure_ssl", "0")) == "1",
    )


async def deliveries(github: GitHub) -> list[Attempt]:
    """Read the latest attempts to deliver webhooks, the latest first."""
    told = await github.as_app().getitem("/app/hook/deliveries{?per_page}", {"per_page": str(_DELIVERIES)})
    return [_attempt(one) for one in told] if isinstance(told, list) else []


async def installation(github: GitHub, owner: str, name: str) -> InstallationFacts | None:
    """Read how the App is installed on a repository; None where it is not."""
    try:
        told = await github.as_app().getitem("/repos/{owner}/{repo}/installation", {"owner": owner, "repo": name})
    except gidgethub.HTTPException as error:
        if error.status_code == 404:
            return None
        raise
    return InstallationFacts(
        id=shapes.number(told, "id"),
        page=shapes.text(told, "html_url"),
        permissions=_permissions(told),
        events=_events(told),
        suspended=bool(shapes.text(told, "suspended_at")),
    )


async def repository(gh: Installation, owner: str, name: str) -> Repo:
    """Read a repository by its name."""
    return shapes.repo(await gh.getitem("/repos/{owner}/{repo}", {"owner": owner, "repo": name}), gh.id)


async def actions_enabled(gh: Installation, repo: Repo) -> bool | None:
    """Read whether Actions is on; None where the App may not know: that takes Administration, which is not needed."""
    try:
        told = await gh.getitem("/repos/{owner}/{repo}/actions/permissions", _path(repo))
    except gidgethub.HTTPException as error:
        if error.status_code in (403, 404):
            return None
        raise
    return shapes.flag(told, "enabled")


async def last_run(gh: Installation, repo: Repo) -> float:
    """Read when the latest workflow run of a repository began; 0 where none did."""
    told = await gh.getitem("/repos/{owner}/{repo}/actions/runs{?per_page}", {**_path(repo), "per_page": "1"})
    return max((shapes.moment(one, "created_at") for one in shapes.items(told, "workflow_runs")), default=0.0)


async def workflow_states(gh: Installation, repo: Repo) -> dict[str, bool]:
    """Read which workflow files Actions knows in a repository, by name, and whether each is on."""
    url, found = "/repos/{owner}/{repo}/actions/workflows{?per_page}", {}
    async for one in gh.getiter(url, {**_path(repo), "per_page": "100"}, iterable_key="workflows"):
        path = shapes.text(one, "path")
        if path.startswith(_WORKFLOWS):
            found[path.removeprefix(_WORKFLOWS)] = shapes.text(one, "state") == "active"
    return found


async def environments(gh: Installation, repo: Repo) -> dict[str, bool]:
    """Read the environments of a repository, by casefolded name, and whether a rule protects each."""
    url = "/repos/{owner}/{repo}/environments{?per_page}"
    listed = gh.getiter(url, {**_path(repo), "per_page": "100"}, iterable_key="environments")
    return {shapes.text(one, "name").casefold(): shapes.protects(one) async for one in listed}


async def requests_left(gh: Installation) -> tuple[int, int]:
    """Read how many requests of the hour an installation has left, and of how many. It costs none."""
    core = shapes.part(shapes.part(await gh.getitem("/rate_limit"), "resources"), "core")
    return shapes.number(core, "remaining"), shapes.number(core, "limit")


def _path(repo: Repo) -> dict[str, str]:
    return {"owner": repo.owner, "repo": repo.name}


def _permissions(told: Any) -> Mapping[str, str]:
    return {str(name): str(access) for name, access in shapes.part(told, "permissions").items()}


def _events(told: Any) -> frozenset[str]:
    return frozenset(str(event) for event in shapes.items(told, "events"))


def _attempt(told: Any) -> Attempt:
    one = shapes.delivery(told)
    return Attempt(one.guid, one.delivered_at, one.event, one.status_code, shapes.text(told, "status"))
