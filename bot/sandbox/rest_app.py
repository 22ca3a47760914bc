"""The API of the app itself: its key, installations, tokens, its webhook and deliveries, the rate limit."""

import json
from urllib.parse import urlsplit

from bot.sandbox import payloads
from bot.sandbox.call import Answer, Call, OpenRoute, Route, found
from bot.sandbox.errors import ApiError
from bot.sandbox.hooks import Delivery
from bot.sandbox.ids import rfc3339
from bot.sandbox.manifest import is_local
from bot.sandbox.state import Installation


def get_app(call: Call) -> Answer:
    """Answer GET /app."""
    return Answer({**call.hub.app_json, "installations_count": len(call.hub.installations)})


def list_installations(call: Call) -> Answer:
    """Answer GET /app/installations."""
    return call.paged(list(call.hub.installations.values()), lambda one: _installation(call, one))


def get_installation(call: Call) -> Answer:
    """Answer GET /app/installations/{id}."""
    return Answer(_installation(call, found(call.hub.installations.get(call.number("installation")))))


def make_token(call: Call) -> Answer:
    """Answer POST /app/installations/{id}/access_tokens."""
    one = found(call.hub.installations.get(call.number("installation")))
    if one.suspended_at is not None:
        raise ApiError(403, "This installation has been suspended")
    token, expires = call.tokens.mint(one.id)
    body = {
        "token": token,
        "expires_at": rfc3339(expires),
        "permissions": _installation(call, one)["permissions"],
        "repository_selection": "selected",
    }
    return Answer(body, 201)


def installation_of_repo(call: Call) -> Answer:
    """Answer GET /repos/{owner}/{repo}/installation."""
    known = call.hub.repos.get(call.repo_name)
    if known is None and call.repo_name in call.hub.moved:
        raise call.elsewhere(call.hub.moved[call.repo_name])
    return Answer(_installation(call, found(call.hub.installation_of(found(known)))))


def list_repositories(call: Call) -> Answer:
    """Answer GET /installation/repositories."""
    repos = list(call.installation.repos.values()) if call.installation else []
    return call.counted("repositories", repos, lambda repo: payloads.repository(call.base, repo))


def rate_limit(call: Call) -> Answer:
    """Answer GET /rate_limit."""
    ends, used = call.limits.window(call.installation.id if call.installation else 0)
    limit = call.limits.per_hour
    core = {"limit": limit, "used": used, "remaining": limit - used, "reset": int(ends)}
    return Answer({"resources": {"core": core}, "rate": core})


def convert(call: Call) -> Answer:
    """Answer POST /app-manifests/{code}/conversions: to anybody, for the code is the proof."""
    return Answer(found(call.hub.convert(call.part("code"))), 201)


def get_hook(call: Call) -> Answer:
    """Answer GET /app/hook/config."""
    hooks = call.hooks
    config = {"content_type": hooks.content_type, "insecure_ssl": "0", "url": hooks.url}
    return Answer({**config, "secret": "********"} if hooks.secret else config)


def set_hook(call: Call) -> Answer:
    """Answer PATCH /app/hook/config; what it does not name stays."""
    hooks, url = call.hooks, call.body.get("url")
    if url is not None:
        host = urlsplit(url).hostname if isinstance(url, str) else None
        if not host or is_local(host):
            raise ApiError(422, f"Url host {host} is not supported because it isn't reachable over the public Internet")
        hooks.url = url
    hooks.secret = str(call.body.get("secret", hooks.secret))
    hooks.content_type = str(call.body.get("content_type", hooks.content_type))
    return get_hook(call)


def list_deliveries(call: Call) -> Answer:
    """Answer GET /app/hook/deliveries, newest first, page by cursor."""
    size = min(100, max(1, int(call.query("per_page", "30"))))
    listed = call.hooks.listed()
    if wanted := call.query("status"):
        listed = [one for one in listed if one.failed == (wanted == "failure")]
    cursor = call.query("cursor").removeprefix("v1_")
    if cursor:
        start = [one.id for one in listed].index(int(cursor)) if cursor.isdecimal() else -1
        listed = listed[max(0, start) :]
    headers = {}
    if len(listed) > size:
        following = call.request.url.update_query(cursor=f"v1_{listed[size].id}", per_page=size)
        headers["Link"] = f'<{following}>; rel="next"'
    return Answer([_delivery(one) for one in listed[:size]], headers=headers)


def get_delivery(call: Call) -> Answer:
    """Answer GET /app/hook/deliveries/{id}."""
    one = _find(call)
    request = {"headers": {"X-GitHub-Delivery": one.guid, "X-GitHub-Event": one.event}, "payload": json.loads(one.body)}
    return Answer({**_delivery(one), "url": call.hooks.url, "request": request, "response": {"payload": one.answer}})


def redeliver(call: Call) -> Answer:
    """Answer POST /app/hook/deliveries/{id}/attempts."""
    call.hooks.redeliver(_find(call))
    return Answer({}, 202)


def _find(call: Call) -> Delivery:
    number = call.number("delivery")
    return found(next((one for one in call.hooks.listed() if one.id == number), None))


def _delivery(one: Delivery) -> payloads.Json:
    return {
        "id": one.id,
        "guid": one.guid,
        "delivered_at": rfc3339(one.delivered_at),
        "redelivery": one.redelivery,
        "duration": round(one.duration, 2),
        "status": one.status,
        "status_code": one.status_code,
        "event": one.event,
        "action": one.action,
        "installation_id": one.installation_id,
        "repository_id": one.repository_id,
        "throttled_at": None,
    }


def _installation(call: Call, one: Installation) -> payloads.Json:
    return payloads.installation(call.base, one, call.hub.app)


#: Not asked for with any token.
OPEN_ROUTES: list[OpenRoute] = [("POST", "/app-manifests/{code}/conversions", None, convert)]
ROUTES: list[Route] = [
    ("GET", "/app", "app", get_app),
    ("GET", "/app/installations", "app", list_installations),
    ("GET", "/app/installations/{installation}", "app", get_installation),
    ("POST", "/app/installations/{installation}/access_tokens", "app", make_token),
    ("GET", "/app/hook/config", "app", get_hook),
    ("PATCH", "/app/hook/config", "app", set_hook),
    ("GET", "/app/hook/deliveries", "app", list_deliveries),
    ("GET", "/app/hook/deliveries/{delivery}", "app", get_delivery),
    ("POST", "/app/hook/deliveries/{delivery}/attempts", "app", redeliver),
    ("GET", "/repos/{owner}/{repo}/installation", "app", installation_of_repo),
    ("GET", "/installation/repositories", "installation", list_repositories),
    ("GET", "/rate_limit", "installation", rate_limit),
]
