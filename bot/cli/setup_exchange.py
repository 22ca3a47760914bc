"""What setup asks GitHub for: the new App's key, how an App is registered, and its webhook."""

from __future__ import annotations

import base64
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp

from bot.cli.setup_wanted import Wanted, api_url, apps_page, workspace_id
from bot.github import failures, shapes
from bot.github.client import USER_AGENT, GitHub

_SECONDS = aiohttp.ClientTimeout(total=30)


class Refused(Exception):  # noqa: N818 - it reads as what happened
    """GitHub did not do what was asked; the text says why and what to do."""


@dataclass(frozen=True, slots=True, repr=False)
class App:
    """An App with its key. Never shown: it holds secrets."""

    id: int
    slug: str
    owner: str
    page: str  # where GitHub shows it
    settings_page: str
    private_key: str
    webhook_secret: str
    has_secret: bool  # whether GitHub knows that secret

    @property
    def install_page(self) -> str:
        """Where it is installed."""
        return f"{self.page}/installations/new"

    def settings(self, wanted: Wanted) -> dict[str, str]:
        """Write the settings with which Switchyard serves as this App."""
        found = {
            "GITHUB_APP_ID": str(self.id),
            "GITHUB_APP_PRIVATE_KEY": one_line(self.private_key),
            "GITHUB_WEBHOOK_SECRET": self.webhook_secret,
            "SWITCHYARD_WORKSPACE_ID": workspace_id(),
            "PUBLIC_URL": wanted.public_url,
            "GITHUB_API_URL": "" if api_url(wanted.server) == "https://api.github.com" else api_url(wanted.server),
        }
        return {name: value for name, value in found.items() if value}


def one_line(private_key: str) -> str:
    """Write a key as one line that needs no quotes."""
    return base64.b64encode(private_key.encode()).decode()


async def convert(code: str, wanted: Wanted) -> App:
    """Give the code of the manifest for the App's key; raises Refused. A code counts once."""
    url = f"{api_url(wanted.server)}/app-manifests/{code}/conversions"
    headers = {"Accept": "application/vnd.github+json", "User-Agent": USER_AGENT}
    try:
        async with (
            aiohttp.ClientSession(timeout=_SECONDS, headers=headers) as session,
            session.post(url, allow_redirects=False) as answer,
        ):
            if answer.status == 404:
                raise Refused(
                    "GitHub does not know this code: it was used before, or is older than an hour. Begin again; if the "
                    f"App is at {apps_page(wanted.server, wanted.organization)} already, delete it there first, since "
                    "its name is taken."
                )
            if answer.status != 201:
                raise Refused(
                    f"GitHub did not give the App's key for the code (status {answer.status}). Load the page again; "
                    "the code counts for an hour."
                )
            told = await answer.json(content_type=None)
    except (aiohttp.ClientError, TimeoutError):
        raise Refused(
            f"{url.partition('/app-manifests')[0]} could not be reached from here, so the App's key could not be "
            "fetched. Look at the network, then load the page again: the code counts for an hour."
        ) from None
    except ValueError:
        told = None
    return _app(told, wanted)


def _app(told: Any, wanted: Wanted) -> App:
    try:
        return _read(told, wanted)
    except ValueError:  # it may quote the answer, and with it the key
        pass
    raise Refused(
        "GitHub registered the App, but its answer has no key that can be read. Delete it at "
        f"{apps_page(wanted.server, wanted.organization)}, then begin again."
    )


def _read(told: Any, wanted: Wanted) -> App:
    number, slug, pem = shapes.number(told, "id"), shapes.text(told, "slug"), shapes.text(told, "pem")
    if not (number and slug and "PRIVATE KEY" in pem):
        raise ValueError("There is no key in it.")
    owner, secret = shapes.part(told, "owner"), shapes.text(told, "webhook_secret")
    return App(
        id=number,
        slug=slug,
        owner=shapes.text(owner, "login"),
        page=shapes.text(told, "html_url") or f"{wanted.server}/apps/{slug}",
        settings_page=f"{apps_page(wanted.server, wanted.organization)}/{slug}",
        private_key=pem,
        webhook_secret=secret or secrets.token_hex(32),
        has_secret=bool(secret),
    )


@dataclass(frozen=True, slots=True)
class Registered:
    """How an App stands at GitHub."""

    id: int
    slug: str
    owner: str
    page: str
    settings_page: str
    permissions: dict[str, str]
    events: list[str]
    hook_url: str
    hook_is_json: bool
    hook_has_secret: bool


class Asking:
    """Speaks to GitHub as an App; every call raises Refused."""

    def __init__(self, *, app_id: int, private_key: str, api_url: str, server: str) -> None:
        self._app_id, self._private_key, self._api_url, self._server = app_id, private_key, api_url, server

    async def registered(self) -> Registered:
        """Read how the App is registered."""
        told, hook = await self._call("GET", "/app"), await self._call("GET", "/app/hook/config")
        try:
            return self._read(told, hook)
        except ValueError as error:
            raise Refused(str(error)) from None

    def _read(self, told: Any, hook: Any) -> Registered:
        owner, slug = shapes.part(told, "owner"), shapes.text(told, "slug")
        organization = shapes.text(owner, "login") if shapes.text(owner, "type") == "Organization" else ""
        permissions, events = shapes.part(told, "permissions"), shapes.items(told, "events")
        return Registered(
            id=shapes.number(told, "id"),
            slug=slug,
            owner=shapes.text(owner, "login"),
            page=shapes.text(told, "html_url") or f"{self._server}/apps/{slug}",
            settings_page=f"{apps_page(self._server, organization)}/{slug}",
            permissions={str(name): str(access) for name, access in permissions.items()},
            events=[str(event) for event in events],
            hook_url=shapes.text(hook, "url"),
            hook_is_json=shapes.text(hook, "content_type") == "json",
            hook_has_secret=bool(shapes.text(hook, "secret")),
        )

    async def set_hook(self, config: Mapping[str, str]) -> None:
        """Change what GitHub knows of the App's webhook."""
        await self._call("PATCH", "/app/hook/config", dict(config))

    async def _call(self, method: str, path: str, data: dict[str, str] | None = None) -> Any:
        async with aiohttp.ClientSession() as session:
            try:
                app = GitHub(
                    session, app_id=self._app_id, private_key=self._private_key, api_url=self._api_url, now=time.time
                ).as_app()
                told = await (app.getitem(path) if method == "GET" else app.patch(path, data=data))
            except Exception as error:
                failure = failures.classify(error, time.time())
                # The sentence speaks of trying again by itself, which nobody does here.
                raise Refused(_sentence(failure)) from None
        return told if isinstance(told, dict) else {}


def _sentence(failure: failures.Failure) -> str:
    if failure.status == 401:
        return (
            "GitHub does not accept this App's id and key: it was deleted, its key was revoked, or the clock of this "
            "machine is wrong."
        )
    return failure.sentence.partition("; this ")[0].rstrip(".") + "."
