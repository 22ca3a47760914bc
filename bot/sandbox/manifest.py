"""What GitHub says about a manifest from which an app is to be registered."""

import ipaddress
import json
from typing import Any
from urllib.parse import urlsplit

_LONGEST_NAME = 34
_READ, _WRITE, _BOTH = ("read",), ("write",), ("read", "write")
#: The permissions that an app can ask for here, each with what it can be.
_PERMISSIONS = {
    "actions": _BOTH,
    "administration": _BOTH,
    "checks": _BOTH,
    "contents": _BOTH,
    "deployments": _BOTH,
    "environments": _BOTH,
    "issues": _BOTH,
    "members": _BOTH,
    "merge_queues": _BOTH,
    "metadata": _READ,
    "pull_requests": _BOTH,
    "secrets": _BOTH,
    "statuses": _BOTH,
    "workflows": _WRITE,
}
#: The events that an app can subscribe to here, each with the permissions of which it needs one.
_EVENTS = {
    "check_run": ("checks",),
    "check_suite": ("checks",),
    "create": ("contents",),
    "delete": ("contents",),
    "deployment": ("deployments",),
    "deployment_review": ("deployments",),
    "deployment_status": ("deployments",),
    "issue_comment": ("issues", "pull_requests"),
    "issues": ("issues",),
    "member": ("members",),
    "merge_group": ("merge_queues",),
    "pull_request": ("pull_requests",),
    "pull_request_review": ("pull_requests",),
    "push": ("contents",),
    "release": ("contents",),
    "repository": ("metadata",),
    "status": ("statuses",),
    "workflow_dispatch": ("contents",),
    "workflow_job": ("actions",),
    "workflow_run": ("actions",),
}

Manifest = dict[str, Any]


def read(text: str) -> Manifest:
    """Read a manifest; one that is no JSON object has nothing in it."""
    try:
        manifest = json.loads(text)
    except ValueError:
        return {}
    return manifest if isinstance(manifest, dict) else {}


def problems(manifest: Manifest) -> list[str]:
    """List what GitHub refuses in a manifest; nothing where an app can be made of it."""
    return [*_addresses(manifest), *_hook(manifest.get("hook_attributes")), *_permissions(manifest), *_events(manifest)]


def name_problems(name: str, taken: bool) -> list[str]:
    """List what GitHub refuses in an app's name."""
    if not slug(name):
        return ["Name can't be blank"]
    if len(name) > _LONGEST_NAME:
        return [f"Name is too long (maximum is {_LONGEST_NAME} characters)"]
    return ["Name is already taken"] if taken else []


def slug(name: str) -> str:
    """Write a name as addresses have it."""
    plain = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in name.lower())
    return "-".join(part for part in plain.split("-") if part)


def _addresses(manifest: Manifest) -> list[str]:
    wanted = [('Error: "url" wasn\'t supplied.', "url"), ('Error: "redirect_url" wasn\'t supplied.', "redirect_url")]
    return [said for said, key in wanted if not _is_address(manifest.get(key))]


def _hook(hook: Any) -> list[str]:
    if hook is None:
        return []
    if not isinstance(hook, dict) or not _is_address(hook.get("url")):
        return ['Error: "url" wasn\'t supplied.']  # the webhook's, which is not said
    if unknown := sorted(hook.keys() - {"url", "active"}):
        return [f"Error: {', '.join(map(repr, unknown))} is not a permitted key."]
    host = urlsplit(hook["url"]).hostname or ""
    if is_local(host):
        return [f"Hook url is not supported because it isn't reachable over the public Internet ({host})"]
    return []


def is_local(host: str) -> bool:
    """Tell whether a name or an address is the machine itself, which nobody reaches from elsewhere."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _permissions(manifest: Manifest) -> list[str]:
    asked = manifest.get("default_permissions", {})
    if not isinstance(asked, dict):
        return ["Default permissions must be an object"]
    unknown = [name for name in asked if name not in _PERMISSIONS]
    wrong = [name for name, access in asked.items() if name in _PERMISSIONS and access not in _PERMISSIONS[name]]
    return [
        *_told("Default permission records resource is not included in the list", unknown),
        *_told("Default permission records action is not included in the list", wrong),
    ]


def _events(manifest: Manifest) -> list[str]:
    asked, allowed = manifest.get("default_events", []), manifest.get("default_permissions", {})
    if not isinstance(asked, list) or not all(isinstance(event, str) for event in asked):
        return ["Default events must be a list"]
    unknown = [event for event in asked if event not in _EVENTS]
    bare = [event for event in asked if not any(name in allowed for name in _EVENTS.get(event, ()))]
    return [
        *_told("Default events unsupported", unknown),
        *_told("Default events are not supported by permissions", bare),
    ]


def _told(what: str, names: list[str]) -> list[str]:
    return [f"{what}: {', '.join(names)}"] if names else []


def _is_address(value: Any) -> bool:
    return isinstance(value, str) and value.startswith(("http://", "https://")) and bool(urlsplit(value).hostname)
