"""The pages on which the app is registered from a manifest, shown, and installed."""

from __future__ import annotations

import json
import re
from urllib.parse import quote, urlsplit

from bot.sandbox import manifest as manifests
from bot.sandbox.pages_doings import Doing, Form
from bot.sandbox.pages_views import Page, View
from bot.sandbox.pages_visit import Missing, Visit

_PLACE = re.compile(r"[A-Za-z0-9.:\[\]-]+")


def new_app(visit: Visit, form: Form) -> Page:
    """Show what an app would be that a manifest from elsewhere describes, and a button; or what is wrong with it."""
    manifest = manifests.read(_text(form, "manifest"))
    values = {
        "wrong": manifests.problems(manifest),
        "manifest": manifest,
        "text": json.dumps(manifest),
        "state": visit.request.query.get("state", ""),
        "owner": visit.request.match_info.get("organization", visit.person),
    }
    return "app_new.html", values


def goes_to(form: Form) -> str:
    """Return where the browser is sent once the app is made; empty where that is no address."""
    url = urlsplit(str(manifests.read(_text(form, "manifest")).get("redirect_url", "")))
    return f"{url.scheme}://{url.netloc}" if _PLACE.fullmatch(url.netloc) and url.scheme in ("http", "https") else ""


def create(visit: Visit, form: Form) -> str:
    """Make the app, and go back with the code to where the manifest came from."""
    manifest = manifests.read(_text(form, "manifest"))
    organization = visit.request.match_info.get("organization", "")
    code = visit.hub.register(
        manifest, _text(form, "name"), organization or visit.person, organization=bool(organization)
    )
    back = str(manifest["redirect_url"])
    query = f"code={code}&state={quote(_text(form, 'state'), safe='')}"
    return f"{back}{'&' if urlsplit(back).query else '?'}{query}"


def one_app(visit: Visit) -> Page:
    """Show the app to its owner."""
    _is_ours(visit)
    return "app.html", {"app": visit.hub.app, "hooks": visit.hub.hooks}


def new_installation(visit: Visit) -> Page:
    """Show where the app can be installed."""
    _is_ours(visit)
    hub = visit.hub
    owners = {repo.owner.login: False for repo in hub.repos.values() if repo.parent is None}
    owners |= {one.account.login: True for one in hub.installations.values()}
    return "app_install.html", {"app": hub.app, "owners": owners}


def install(visit: Visit, form: Form) -> str:
    """Install the app on the repositories of an account."""
    _is_ours(visit)
    visit.hub.install_on(_text(form, "owner"))
    return f"/apps/{visit.hub.app.slug}/installations/new"


def _is_ours(visit: Visit) -> None:
    if visit.part("slug") != visit.hub.app.slug:
        raise Missing


def _text(form: Form, name: str) -> str:
    value = form.get(name, "")
    return value.strip() if isinstance(value, str) else ""


_PLACES = ("/settings/apps", "/organizations/{organization}/settings/apps")
#: What people reach with a form of another site.
ARRIVALS = [f"{place}/new" for place in _PLACES]
VIEWS: list[tuple[str, View]] = [
    *((f"{place}/{{slug}}{part}", one_app) for place in _PLACES for part in ("", "/permissions")),
    ("/apps/{slug}", new_installation),
    ("/apps/{slug}/installations/new", new_installation),
]
DOINGS: list[tuple[str, Doing]] = [
    *((place, create) for place in _PLACES),
    ("/apps/{slug}/installations", install),
]
