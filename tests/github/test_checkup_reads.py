"""What the doctor reads of GitHub, as GitHub writes it."""

from __future__ import annotations

from email.utils import formatdate
from typing import Any

import pytest
from aiohttp import web

from bot.github import checkup, shapes
from bot.github.client import GitHub
from tests.github.conftest import Wire


def answers(wire: Wire, path: str, body: Any, **headers: str) -> None:
    wire.answers["GET", path] = lambda _asked: web.json_response(body, headers=headers)


async def test_an_app_of_a_person_and_of_an_organization(wire: Wire, github: GitHub) -> None:
    told = {"id": 7, "slug": "yard", "name": "The Yard", "html_url": "https://ghe.example/github-apps/yard"}
    for kind, page in (("User", "/settings/apps/yard"), ("Organization", "/organizations/acme/settings/apps/yard")):
        answers(wire, "/app", {**told, "owner": {"login": "acme", "type": kind}, "events": ["push"]})
        app = await checkup.app(github, "https://ghe.example")
        assert app.settings_page == f"https://ghe.example{page}"
        assert app.install_page == "https://ghe.example/github-apps/yard/installations/new"
        assert (app.name, app.permissions, app.events) == ("The Yard", {}, {"push"})


async def test_the_clock_is_compared_with_each_answer(wire: Wire, github: GitHub) -> None:
    assert github.as_app().ahead is None
    answers(wire, "/app", {"id": 7}, Date=formatdate(wire.now - 90, usegmt=True))
    await checkup.app(github, "")
    assert github.as_app().ahead == pytest.approx(90.0, abs=1.0)
    answers(wire, "/app", {"id": 7}, Date="yesterday")
    await checkup.app(github, "")
    assert github.as_app().ahead == pytest.approx(90.0, abs=1.0)


@pytest.mark.parametrize(
    ("told", "protects"),
    [
        ({"protection_rules": [], "deployment_branch_policy": None}, False),
        ({"protection_rules": [{"type": "wait_timer", "wait_timer": 5}]}, True),
        ({"deployment_branch_policy": {"protected_branches": True, "custom_branch_policies": False}}, True),
    ],
)
def test_what_protects_an_environment(told: dict[str, Any], *, protects: bool) -> None:
    assert shapes.protects(told) is protects


async def test_a_webhook_that_is_sent_to_any_certificate(wire: Wire, github: GitHub) -> None:
    for told, unchecked in (("1", True), (1, True), ("0", False)):
        answers(wire, "/app/hook/config", {"url": "https://x", "insecure_ssl": told, "content_type": "json"})
        hook = await checkup.hook(github)
        assert (hook.unchecked, hook.signed) == (unchecked, False)
