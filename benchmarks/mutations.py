"""Sound requests to every endpoint, and what becomes of them when almost everything about them may go wrong."""

from __future__ import annotations

import hashlib
import hmac
import json
import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

HEAD, BASE = "a" * 40, "b" * 40
KEY, SECRET = "swy_fuzz", "a webhook secret"
HOOK = b"/webhooks/github"


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it stands on the wire; path and query are bytes already unescaped, and escaped."""

    method: str
    path: bytes
    query: bytes = b""
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


def _say(value: object) -> bytes:
    return json.dumps(value).encode()


_NAMED = {"repo_owner": "acme", "repo_name": "infra", "repo_host": "github.com", "repo_url": "https://github.com/a/b"}
_ITEM = {"component": "vpc", "stack": "dev", "settings": {"pro": {"enabled": True}}, "dependents": [], "deleted": False}
_AFFECTED = {"head_sha": HEAD, "base_sha": BASE, "stacks": [{**_ITEM, "dependents": [_ITEM]}], **_NAMED}
_LISTED = {"component": "eks/cluster", "stack": "dev", "component_type": "terraform", "settings": {"pro": {}}}
_PART = {"batch_id": "batch-1", "batch_index": 0, "batch_total": 2}
_STATUS = {"command": "plan", "exit_code": 2, "last_run": "2026-06-09T10:00:00Z"}
_INSTANCES = b"/api/v1/repos/acme/infra/instances"
_LOCK = {"key": "acme/infra/dev/vpc", "ttl": 60, "lockMessage": "mine", "properties": None}
_ROLLOUTS = b"/api/v1/rollouts"


def sound(identity_token: str, session: str) -> tuple[Request, ...]:
    """Make a sound request for each way that there is."""
    key, run = {"Authorization": f"Bearer {KEY}"}, {"Authorization": f"Bearer {session}"}
    listed = f"repo=acme/infra&head_sha={HEAD}&base_sha={BASE}".encode()
    return (
        Request("POST", b"/api/v1/auth/github-oidc", b"", _say({"token": identity_token, "workspaceId": "w"})),
        Request("POST", b"/api/v1/affected-stacks", b"", _say(_AFFECTED), key),
        Request("POST", b"/api/v1/affected-stacks", b"", _say(_AFFECTED | _PART), run),
        Request("POST", b"/api/v1/affected-stacks", listed, _say([_ITEM]), key),
        Request("POST", b"/api/v1/instances", b"", _say({"instances": [_LISTED], **_NAMED}), key),
        Request("POST", b"/api/v1/instances", b"", _say({"instances": [_LISTED], **_NAMED} | _PART), run),
        Request("PATCH", _INSTANCES, b"stack=dev&component=vpc", _say(_STATUS), key),
        Request("PATCH", _INSTANCES + b"/dev/vpc", b"", _say({"status": "drifted"}), key),
        Request("POST", b"/api/v1/locks", b"", _say(_LOCK), run),
        Request("DELETE", b"/api/v1/locks", b"", _say({"key": _LOCK["key"]}), key),
        Request("GET", _ROLLOUTS, b"repo=acme/infra&pull=42", b"", key),
        Request("GET", _ROLLOUTS, f"repo=acme/infra&sha={HEAD}".encode(), b"", run),
        Request("POST", b"/api/v1/git/commit", b"", _say({"branch": "main", "changes": {"additions": []}}), key),
        Request("POST", b"/api/v1/sts", b"", _say({}), run),
        Request("GET", b"/api/v1/openapi.json"),
        Request("POST", HOOK, b"", _say({"action": "opened", "repository": {"id": 7}}), {"X-GitHub-Event": "push"}),
    )


ODD: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 2**31, 2**63, -(2**63) - 1, 10**40, 0.5, 1e308, float("nan"), float("inf"), [], {},
    [[]], {"": {}}, [None], "", " ", "\0", "\n", "..", "/", "a/b/c", "x" * 300, "\ud800", "é", "💥", "200", "true",
    "acme", "infra", HEAD, "plan", "2026-06-09T10:00:00", "2026-02-30T25:61:61Z", "acme/infra/dev", "batch-1",
)  # fmt: skip
_PIECES = (
    b"\0", b"\xff", b"\xef\xbb\xbf", b"{", b"}", b"[", b"]", b'"', b",", b":", b"\\ud800", b"\\u0000", b"null", b"NaN",
    b"1e999", b"-", b"'", b"%", b"%00", b"%2F", b"%zz", b"&", b"=", b"+", b"/", b"//", b"/..", b"\r\n", b"[" * 500,
)  # fmt: skip
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "FROB")
_HEADERS = {
    "Authorization": ("", "Bearer", "Bearer ", "Basic x", "Bearer swy_wrong", "Bearer a.b.c", "Bearer \xe9\xff", "é"),
    "Content-Type": ("", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "\xff"),
    "Content-Encoding": ("gzip", "identity", ""),
    "Content-Length": ("", "0", "-1", "1", "x", "99999999999999999999"),
    "X-GitHub-Event": ("", "ping", "upload", "\xff"),
    "X-GitHub-Delivery": ("", "same", "\xff"),
    "Accept": ("text/html", "*/*"),
    "X-Request-Id": ("mine",),
}


def mutate(request: Request, chance: random.Random) -> Request:
    """Change a request at a few random places, or once in a while not at all."""
    for _ in range(chance.choice((0, 1, 1, 1, 2, 3))):
        request = chance.choices(_CHANGES, _WEIGHTS)[0](request, chance)
    return signed(request, f"{chance.getrandbits(64):x}")


def signed(request: Request, delivery: str) -> Request:
    """Sign a webhook, so that it is looked into; any other request stays as it is."""
    if request.path != HOOK:
        return request
    signature = hmac.new(SECRET.encode(), request.body, hashlib.sha256).hexdigest()
    usual = {"X-GitHub-Delivery": delivery, "X-Hub-Signature-256": f"sha256={signature}"}
    return replace(request, headers=usual | dict(request.headers))


def _value(request: Request, chance: random.Random) -> Request:
    """Change a value, or a key, somewhere in a body that is JSON."""
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError):
        return _bytes(request, chance)
    places = list(_places(body))
    if not places:
        return replace(request, body=_say(chance.choice(ODD)))
    holder, at = chance.choice(places)
    what = chance.random()
    if what < 0.2:
        del holder[at]
    elif what < 0.35 and isinstance(holder, dict):
        holder[str(at).upper() if what < 0.3 else str(chance.choice(ODD))] = holder.pop(at)
    else:
        holder[at] = chance.choice(ODD)
    return replace(request, body=_say(body))


def _places(value: Any) -> Any:
    keys: Any = value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from _places(value[key])


def _torn(text: bytes, chance: random.Random) -> bytes:
    """Change bytes: put something in, take something out, cut off, double."""
    start = chance.randint(0, len(text))
    end = min(len(text), start + chance.choice((0, 1, 1, 4, 40)))
    new = chance.choice((b"", chance.choice(_PIECES), chance.choice(_PIECES), chance.randbytes(3), text[start:end] * 2))
    return text[:start] + new + (b"" if chance.random() < 0.1 else text[end:])


def _bytes(request: Request, chance: random.Random) -> Request:
    return replace(request, body=_torn(request.body, chance))


def _noise(request: Request, chance: random.Random) -> Request:
    return replace(request, body=chance.randbytes(chance.randint(0, 200)))


def _query(request: Request, chance: random.Random) -> Request:
    torn = _torn(request.query, chance)
    # The server takes ASCII only.
    return replace(request, query=b"".join(b"%c" % byte if byte < 128 else b"%%%02X" % byte for byte in torn))


def _path(request: Request, chance: random.Random) -> Request:
    return replace(request, path=b"/" + _torn(request.path[1:], chance))


def _method(request: Request, chance: random.Random) -> Request:
    return replace(request, method=chance.choice(_METHODS))


def _header(request: Request, chance: random.Random) -> Request:
    name = chance.choice(tuple(_HEADERS))
    return replace(request, headers={**request.headers, name: chance.choice(_HEADERS[name])})


_CHANGES = (_value, _bytes, _noise, _query, _path, _method, _header)
_WEIGHTS = (10, 5, 1, 3, 2, 1, 3)
