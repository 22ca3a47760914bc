"""What is to be registered at GitHub, and where: the manifest, and the addresses around it."""

from __future__ import annotations

import ipaddress
import re
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from bot.github.needs import EVENTS, PERMISSIONS, Permission

GITHUB = "https://github.com"
#: Where the bot takes webhooks, under its public address.
HOOK_PATH = "/webhooks/github"
LONGEST_NAME = 34
#: Goes into the manifest where there is no address: GitHub wants one also for a webhook that is off.
NOWHERE = "https://example.com"

_ADDRESS = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~/%-]*)?")
_ORGANIZATION = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
_KINDS = ("amber", "brisk", "copper", "early", "gentle", "iron", "late", "narrow", "northern", "quiet", "red", "steady")
_THINGS = ("buffer", "depot", "express", "ferry", "lever", "platform", "points", "siding", "signal", "track", "wagon")


@dataclass(frozen=True, slots=True)
class Wanted:
    """An App that is to be registered. Addresses have no slash at the end; empty where there is none."""

    server: str
    organization: str  # empty: the account of whoever presses the button
    name: str
    public_url: str
    webhook_url: str = ""  # where it is not `public_url` that GitHub sends to
    without: frozenset[str] = frozenset()  # permissions that are not asked for

    @property
    def hook(self) -> str:
        """Where GitHub sends its webhooks; empty where nobody takes them."""
        return self.webhook_url or hook_of(self.public_url)

    @property
    def register_url(self) -> str:
        """Where GitHub takes the manifest."""
        return f"{apps_page(self.server, self.organization)}/new"

    @property
    def permissions(self) -> list[Permission]:
        """What is asked for."""
        return [one for one in PERMISSIONS if one.name not in self.without]

    @property
    def events(self) -> list[str]:
        """What is subscribed to: what the permissions allow."""
        return [event for event, permission in EVENTS.items() if permission not in self.without]

    def manifest(self, redirect_url: str) -> dict[str, Any]:
        """Write the App as GitHub takes it; the browser is sent to `redirect_url` with the code."""
        return {
            "name": self.name,
            "url": self.public_url or self.server,
            "description": "Deploys Atmos stacks in dependency order through GitHub Actions.",
            "public": False,
            "redirect_url": redirect_url,
            "hook_attributes": {"url": self.hook or hook_of(NOWHERE), "active": bool(self.hook)},
            "default_permissions": {one.name: one.access for one in self.permissions},
            "default_events": self.events,
        }


def hook_of(public_url: str) -> str:
    """Write where the webhooks of a public address go."""
    return public_url + HOOK_PATH if public_url else ""


def apps_page(server: str, organization: str) -> str:
    """Write where the Apps of an account are listed."""
    return f"{server}/organizations/{organization}/settings/apps" if organization else f"{server}/settings/apps"


def api_url(server: str) -> str:
    """Write where the API of a GitHub server is."""
    url = urlsplit(server)
    if url.netloc == "github.com" or url.netloc.endswith(".ghe.com"):
        return f"{url.scheme}://api.{url.netloc}"
    return f"{server}/api/v3"


def optional() -> list[str]:
    """Name the permissions that can be left out."""
    return [one.name for one in PERMISSIONS if not one.required]


def workspace_id() -> str:
    """Make up a workspace id that can be read aloud."""
    return f"{secrets.choice(_KINDS)}-{secrets.choice(_THINGS)}-{secrets.token_hex(2)}"


def suggested_name(organization: str) -> str:
    """Make up a name for the App, which must be free on the whole server."""
    return f"switchyard-{organization or secrets.token_hex(3)}"[:LONGEST_NAME]


def checked_name(text: str) -> str:
    """Return a name that GitHub takes; raises ValueError with a sentence."""
    name = text.strip()
    if not name.isprintable() or not 1 <= len(name) <= LONGEST_NAME:
        raise ValueError(f"The App's name has between 1 and {LONGEST_NAME} characters.")
    return name


def checked_organization(text: str) -> str:
    """Return an organization's name, or nothing; raises ValueError with a sentence."""
    name = text.strip().strip("/")
    if name and not _ORGANIZATION.fullmatch(name):
        raise ValueError("Give the organization's name as it is in its address, such as acme.")
    return name


def checked_server(text: str) -> str:
    """Return the address of a GitHub server; raises ValueError with a sentence."""
    server = _address(text if "://" in text else f"https://{text.strip()}")
    if urlsplit(server).path:
        raise ValueError("Give the address of the GitHub server alone, such as https://github.example.com.")
    if server.startswith("http:") and not _is_local(server):
        raise ValueError("The App's key would be sent for all to read: give the GitHub server's address with https.")
    return server


def checked_public_url(text: str) -> str:
    """Return an address that GitHub can reach, or nothing; raises ValueError with a sentence."""
    if not text.strip():
        return ""
    address = _address(text)
    if _is_local(address):
        raise ValueError(
            "GitHub cannot reach this machine by that address, and refuses it. Give one that is reached from the "
            "internet, or for development that of a webhook relay as --webhook-url."
        )
    return address


def _address(text: str) -> str:
    address = text.strip().rstrip("/")
    try:
        good = _ADDRESS.fullmatch(address) and urlsplit(address).hostname and (urlsplit(address).port or 1)
    except ValueError:
        good = False
    if not good:
        raise ValueError("That is no plain web address; give one like https://switchyard.example.com.")
    return address


def _is_local(address: str) -> bool:
    host = urlsplit(address).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        number = ipaddress.ip_address(host)
    except ValueError:
        return False
    return number.is_loopback or number.is_unspecified
