"""Registering the app: what a manifest must be, the page with the button, the code, and what the new app can do."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import jwt
import pytest

from bot.sandbox import Sandbox
from bot.sandbox.manifest import name_problems, problems
from bot.sandbox.pages import add_pages
from tests.sandbox.conftest import APP_ID, FILES, SECRET, Clock, Rig, key_pair, receiver
from tests.sandbox.test_pages import HTML, Forms

ELSEWHERE = "http://127.0.0.1:4711"
MANIFEST = {
    "name": "Yard of acme",
    "url": "https://yard.example",
    "hook_attributes": {"url": "https://yard.example/hooks"},
    "redirect_url": f"{ELSEWHERE}/back",
    "default_permissions": {"contents": "read", "pull_requests": "write"},
    "default_events": ["push", "pull_request"],
}


@pytest.fixture
async def town() -> AsyncIterator[Rig]:
    """A sandbox with pages, for which `ada` presses the buttons."""
    clock = Clock()
    sandbox = Sandbox(now=clock, app_id=APP_ID, app_public_key=key_pair()[1], webhook_secret=SECRET)
    add_pages(sandbox, person="ada")
    url = await sandbox.start()
    sandbox.hub.add_repo("acme/infra", files=FILES)
    async with aiohttp.ClientSession() as http:
        one = Rig(sandbox, clock, http, url)
        runner = await receiver(one)
        await one.after(0)
        yield one
        await runner.cleanup()
    await sandbox.stop()


async def arrive(
    town: Rig, manifest: dict[str, Any], path: str = "/settings/apps/new?state=s%20%26", status: int = 200
) -> str:
    """Send a manifest from another site's page, and return the page that comes."""
    headers = HTML | {"Origin": ELSEWHERE}
    async with town.http.post(town.url + path, data={"manifest": json.dumps(manifest)}, headers=headers) as answer:
        assert answer.status == status
        policy = answer.headers["Content-Security-Policy"]
        assert policy.rpartition("form-action ")[2] == f"'self' {ELSEWHERE}"
        return await answer.text()


async def create(town: Rig, page: str, **fields: str) -> str:
    """Press the button on that page; returns where it leads."""
    (form,) = Forms(page).found
    data = dict(form.fields) | {"name": str(json.loads(dict(form.fields)["manifest"])["name"])} | fields
    headers = HTML | {"Origin": town.url}
    async with town.http.post(town.url + form.action, data=data, headers=headers, allow_redirects=False) as answer:
        assert answer.status == 303
        return answer.headers["Location"]


async def converted(town: Rig, code: str, status: int = 201) -> Any:
    async with town.http.post(f"{town.url}/app-manifests/{code}/conversions") as answer:
        assert answer.status == status
        return await answer.json()


def code_of(location: str) -> str:
    return location.partition("code=")[2].partition("&")[0]


def as_app(town: Rig, app: dict[str, Any]) -> dict[str, str]:
    now = int(town.clock())
    token = jwt.encode({"iat": now - 60, "exp": now + 500, "iss": str(app["id"])}, app["pem"], "RS256")
    return {"Authorization": f"Bearer {token}"}


async def test_from_the_manifest_to_the_key(town: Rig) -> None:
    page = await arrive(town, MANIFEST)
    assert "pull_requests: write" in page
    assert "push, pull_request" in page
    location = await create(town, page)
    assert location.startswith(f"{ELSEWHERE}/back?code=")
    assert location.endswith("&state=s%20%26")
    app = await converted(town, code_of(location))
    assert (app["name"], app["slug"], app["owner"]["login"]) == ("Yard of acme", "yard-of-acme", "ada")
    assert app["permissions"] == MANIFEST["default_permissions"] | {"metadata": "read"}
    assert app["events"] == MANIFEST["default_events"]
    async with town.http.get(f"{town.url}/app", headers=as_app(town, app)) as answer:
        told = await answer.json()
    assert (told["id"], told["installations_count"]) == (app["id"], 0)
    assert (await town.refused("GET", "/app", app=True))[0] == 401  # the one before it is gone


async def test_for_an_organization(town: Rig) -> None:
    page = await arrive(town, MANIFEST, "/organizations/acme/settings/apps/new?state=x")
    app = await converted(town, code_of(await create(town, page, name="Acme's <own>")))
    assert (app["slug"], app["owner"]["login"], app["owner"]["type"]) == ("acme-s-own", "acme", "Organization")
    async with town.http.get(f"{town.url}/organizations/acme/settings/apps/acme-s-own", headers=HTML) as answer:
        assert "Acme&#39;s &lt;own&gt;" in await answer.text()


async def test_a_code_counts_once_and_for_an_hour(town: Rig) -> None:
    code = code_of(await create(town, await arrive(town, MANIFEST)))
    await converted(town, code)
    await converted(town, code, 404)
    late = code_of(await create(town, await arrive(town, MANIFEST | {"name": "Another"})))
    town.clock.time += 3600
    await converted(town, late, 404)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"url": None}, 'Error: "url" wasn\'t supplied.'),
        ({"redirect_url": None}, 'Error: "redirect_url" wasn\'t supplied.'),
        ({"hook_attributes": {"active": False}}, 'Error: "url" wasn\'t supplied.'),
        ({"hook_attributes": {"url": "https://x.example", "secret": "s"}}, "Error: 'secret' is not a permitted key."),
        (
            {"hook_attributes": {"url": "http://localhost:80/x"}},
            "Hook url is not supported because it isn't reachable over the public Internet (localhost)",
        ),
        (
            {"hook_attributes": {"url": "http://127.0.0.1/x", "active": False}},
            "Hook url is not supported because it isn't reachable over the public Internet (127.0.0.1)",
        ),
        (
            {"default_permissions": {"contents": "read", "pull_requests": "write", "cookies": "read"}},
            "Default permission records resource is not included in the list: cookies",
        ),
        (
            {"default_permissions": {"contents": "admin", "pull_requests": "write"}},
            "Default permission records action is not included in the list: contents",
        ),
        (
            {"default_permissions": {"pull_requests": "read"}},
            "Default events are not supported by permissions: push",
        ),
    ],
)
def test_a_manifest_that_github_refuses(changed: dict[str, Any], said: str) -> None:
    assert problems({name: value for name, value in (MANIFEST | changed).items() if value is not None}) == [said]


def test_events_that_come_by_themselves_are_refused() -> None:
    assert problems(MANIFEST | {"default_events": ["installation"]}) == [
        "Default events unsupported: installation",
        "Default events are not supported by permissions: installation",
    ]


@pytest.mark.parametrize(("name", "taken"), [("", False), ("!", False), ("x" * 35, False), ("Yard", True)])
def test_a_name_that_github_refuses(name: str, taken: bool) -> None:
    assert len(name_problems(name, taken)) == 1
    assert name_problems("Yard", taken=False) == []


async def test_what_is_wrong_is_shown_and_nothing_can_be_pressed(town: Rig) -> None:
    page = await arrive(town, MANIFEST | {"default_events": ["<b>"]}, status=422)
    assert "Default events unsupported: &lt;b&gt;" in page
    assert Forms(page).found == []


async def test_a_taken_name_makes_no_app(town: Rig) -> None:
    location = await create(town, await arrive(town, MANIFEST), name="Switchyard")
    async with town.http.get(town.url + location, headers=HTML) as answer:
        assert "Name is already taken" in await answer.text()
    assert town.hub.app.id == APP_ID


async def test_only_this_machine_may_create_it(town: Rig) -> None:
    (form,) = Forms(await arrive(town, MANIFEST)).found
    headers = HTML | {"Origin": ELSEWHERE}
    async with town.http.post(town.url + form.action, data=dict(form.fields), headers=headers) as answer:
        assert answer.status == 403
    assert town.hub.app.id == APP_ID


@pytest.mark.parametrize("tells", [True, False])
async def test_the_webhook_is_signed_with_the_apps_secret(town: Rig, tells: bool) -> None:
    here, town.hub.tells_secret = town.sandbox.webhook_url, tells
    app = await converted(town, code_of(await create(town, await arrive(town, MANIFEST))))
    assert (app["webhook_secret"] is None) == (not tells)
    path, ours = f"{town.url}/api/v3/app/hook/config", as_app(town, app)
    async with town.http.get(path, headers=ours) as answer:
        told = await answer.json()
    assert (told["url"], "secret" in told) == ("https://yard.example/hooks", tells)
    change = {"url": "https://other.example/hooks", "secret": SECRET}
    async with town.http.patch(path, json=change, headers=ours) as answer:
        assert (await answer.json())["url"] == "https://other.example/hooks"
    town.sandbox.webhook_url = here
    assert await town.after(0) == ["ping"]  # the receiver compares the signature
    async with town.http.patch(path, json={"url": "http://localhost/"}, headers=ours) as answer:
        assert answer.status == 422


async def test_an_inactive_webhook_sends_nothing(town: Rig) -> None:
    here, hook = town.sandbox.webhook_url, {"url": "https://yard.example/hooks", "active": False}
    await create(town, await arrive(town, MANIFEST | {"hook_attributes": hook}))
    town.sandbox.webhook_url = here
    town.hub.install_on("acme")
    assert await town.after(0) == []


async def test_a_new_app_is_installed_by_a_button_and_gets_its_events_only(town: Rig) -> None:
    here = town.sandbox.webhook_url
    await create(town, await arrive(town, MANIFEST | {"default_events": ["push"]}))
    page = f"{town.url}/apps/yard-of-acme/installations/new"
    async with town.http.get(page, headers=HTML) as answer:
        (form,) = Forms(await answer.text()).found
    town.sandbox.webhook_url, town.hub.hooks.secret = here, SECRET
    async with town.http.post(town.url + form.action, data=dict(form.fields), headers=HTML) as answer:
        assert "installed" in await answer.text()
    assert await town.after(0) == ["ping", "installation.created"]
    repo = town.hub.repo("acme/infra")
    town.hub.push(repo, "feature", {"a.txt": "a"}, message="Change a", author="ada")
    town.hub.open_pull(repo, head="feature", title="Change a", author="ada")
    assert await town.after(0) == ["push"]
