"""The example repository's workflows against a server that takes everything, seen from what reaches it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import jwt
import pytest
from aiohttp import web

from bot.sandbox import Run, Sandbox, example
from bot.sandbox.scene import Scene
from tests.sandbox.conftest import APP_ID, SECRET, Clock, key_pair

DEV = "plat-ue2-dev"


class Server:
    """Takes every call; `refuse` names the ends of paths that are refused."""

    def __init__(self) -> None:
        self.url = ""
        self.calls: list[tuple[str, str, Any]] = []
        self.bearers: list[str] = []
        self.refuse: tuple[str, ...] = ()
        self.runner: web.AppRunner

    async def start(self) -> None:
        app = web.Application()
        app.router.add_route("*", "/api/v1/{path:.*}", self.handle)
        self.runner = web.AppRunner(app, access_log=None)
        await self.runner.setup()
        await web.TCPSite(self.runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self.runner.addresses[0][1]}"

    async def handle(self, request: web.Request) -> web.Response:
        self.calls.append((request.method, str(request.rel_url)[len("/api/v1/") :], json.loads(await request.text())))
        self.bearers.append(request.headers.get("Authorization", ""))
        if request.path.endswith(self.refuse):
            return web.json_response({"success": False, "status": 403, "errorMessage": "No."}, status=403)
        return web.json_response({"success": True, "data": {"token": f"session {len(self.calls)}"}})

    def statuses(self) -> list[tuple[str, str, int]]:
        """List component, command and exit code of what was reported."""
        return [
            (path.rpartition("=")[2], body["command"], body["exit_code"])
            for method, path, body in self.calls
            if method == "PATCH"
        ]


class Stage:
    """A scene, its clock, and the server that it reports to."""

    def __init__(self, *, oidc: bool, statuses: bool, events: tuple[str, ...] = ()) -> None:
        self.clock, self.server = Clock(), Server()
        self.sandbox = Sandbox(now=self.clock, app_id=APP_ID, app_public_key=key_pair()[1], webhook_secret=SECRET)
        self.scene = Scene(self.sandbox, files=example.files(*events), oidc=oidc, statuses=statuses)
        self.scene.token = "the key"
        self.hub = self.sandbox.hub

    async def after(self, seconds: float) -> None:
        self.clock.time += seconds
        await self.sandbox.pump()

    def dispatch(self, file: str, component: str, *, sha: str = "") -> Run:
        inputs = {"component": component, "stack": DEV, "sha": sha}
        more = {"github_environment": "dev"} if file == example.APPLY else {}
        return self.hub.dispatch(self.scene.repo, file, "main", inputs | more, self.hub.bot)


@pytest.fixture
async def stage(request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    one = Stage(**{"oidc": False, "statuses": True} | getattr(request, "param", {}))
    await one.server.start()
    await one.sandbox.start()
    one.scene.server_url = one.server.url
    yield one
    await one.sandbox.stop()
    await one.server.runner.cleanup()


@pytest.mark.parametrize("stage", [{"oidc": True}], indirect=True)
async def test_each_command_exchanges_its_own_runs_token(stage: Stage) -> None:
    pull = stage.scene.open_pull(["vpc"])
    await stage.after(60)
    stage.dispatch(example.PLAN, "vpc", sha=pull.head_sha)
    await stage.after(60)
    paths = [path.partition("?")[0] for _, path, _ in stage.server.calls]
    exchange = "auth/github-oidc"
    assert paths == [exchange, "affected-stacks", exchange, "repos/acme/infra/instances"]
    assert stage.server.bearers == ["", "Bearer session 1", "", "Bearer session 3"]
    told = [
        jwt.decode(body["token"], options={"verify_signature": False}) | {"workspace": body["workspaceId"]}
        for _, path, body in stage.server.calls
        if path == exchange
    ]
    assert [(one["event_name"], one["aud"], one["workspace"]) for one in told] == [
        ("pull_request", "atmos-pro.com", "ws_example"),
        ("workflow_dispatch", "atmos-pro.com", "ws_example"),
    ]


async def test_plans_and_applies_tell_how_they_ended_with_a_key(stage: Stage) -> None:
    pull = stage.scene.open_pull(["vpc"])
    stage.hub.scenario.fail(component="cache")
    stage.hub.scenario.fail(component="database", workflow=example.APPLY)
    for component in ("vpc", "api", "cache"):
        stage.dispatch(example.PLAN, component, sha=pull.head_sha)
    for component in ("vpc", "database"):
        stage.dispatch(example.APPLY, component, sha=pull.head_sha)
    await stage.after(60)
    assert sorted(stage.server.statuses()) == [
        ("api", "plan", 0),
        ("cache", "plan", 1),
        ("database", "apply", 1),
        ("vpc", "apply", 0),
        ("vpc", "plan", 2),
    ]
    assert set(stage.server.bearers) == {"Bearer the key"}
    assert len(stage.scene.told) == 5
    stage.scene.changes = lambda inputs: inputs["component"] == "api"
    stage.dispatch(example.PLAN, "api", sha=pull.head_sha)
    await stage.after(60)
    assert stage.server.statuses()[-1] == ("api", "plan", 2)


async def test_a_status_comes_when_the_run_is_about_to_end(stage: Stage) -> None:
    pull = stage.scene.open_pull(["vpc"])
    await stage.after(60)
    run = stage.dispatch(example.PLAN, "vpc", sha=pull.head_sha)
    await stage.after(5)
    assert (run.status, stage.server.statuses()) == ("in_progress", [])
    await stage.after(60)
    assert (run.conclusion, stage.server.statuses()) == ("success", [("vpc", "plan", 2)])


async def test_a_cancelled_run_tells_nothing(stage: Stage) -> None:
    pull = stage.scene.open_pull(["vpc"])
    await stage.after(60)
    run = stage.dispatch(example.PLAN, "vpc", sha=pull.head_sha)
    await stage.after(5)
    stage.hub.cancel_run(run.id)
    await stage.after(60)
    assert (run.conclusion, stage.server.statuses()) == ("cancelled", [])


async def test_a_refused_status_fails_no_run_but_a_refused_upload_does(stage: Stage) -> None:
    stage.server.refuse = ("/instances", "/affected-stacks")
    pull = stage.scene.open_pull(["vpc"])
    await stage.after(60)
    run = stage.dispatch(example.APPLY, "vpc", sha=pull.head_sha)
    await stage.after(60)
    assert run.conclusion == "success"
    assert [answer.message for answer in (*stage.scene.answers, *stage.scene.told)] == ["No.", "No."]
    (affected,) = [run for run in stage.hub.runs.values() if run.event == "pull_request"]
    assert affected.conclusion == "failure"


@pytest.mark.parametrize("stage", [{"statuses": False}], indirect=True)
async def test_without_statuses_only_the_upload_comes(stage: Stage) -> None:
    pull = stage.scene.open_pull(["vpc"])
    stage.dispatch(example.PLAN, "vpc", sha=pull.head_sha)
    await stage.after(60)
    assert [path for _, path, _ in stage.server.calls] == ["affected-stacks"]


async def test_a_server_that_is_gone_costs_a_run_nothing(stage: Stage) -> None:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    pull = stage.scene.open_pull(["vpc"])
    await stage.after(60)
    stage.scene.sleep = sleep
    await stage.server.runner.cleanup()
    run = stage.dispatch(example.PLAN, "vpc", sha=pull.head_sha)
    await stage.after(60)
    assert (run.conclusion, stage.scene.told, waits) == ("success", [], [1.0, 2.0, 4.0])


def uploads(stage: Stage) -> list[tuple[str, str, set[str]]]:
    """List base, head and touched components of what was uploaded."""
    bodies = [body for _, path, body in stage.server.calls if path == "affected-stacks"]
    return [(one["base_sha"], one["head_sha"], {item["component"] for item in one["stacks"]}) for one in bodies]


@pytest.mark.parametrize("stage", [{"events": ("merge_group",)}], indirect=True)
async def test_what_the_merge_queue_tries_is_uploaded_for_its_own_commit(stage: Stage) -> None:
    first, second = (stage.scene.open_pull([name], branch=name) for name in ("vpc", "cache"))
    await stage.after(60)
    stage.server.calls.clear()
    one = stage.hub.enqueue(first, by="lead")
    two = stage.hub.enqueue(second, by="lead")
    await stage.after(60)
    assert uploads(stage) == [(one.base_sha, one.head_sha, {"vpc"}), (one.head_sha, two.head_sha, {"cache"})]
    stage.hub.merge_group(one)
    await stage.after(60)
    assert uploads(stage)[2:] == [(one.base_sha, first.head_sha, {"vpc"})]


@pytest.mark.parametrize("stage", [{"events": ("release",), "oidc": True}], indirect=True)
async def test_a_release_is_compared_with_the_one_before_it(stage: Stage) -> None:
    repo, scene = stage.scene.repo, stage.scene
    start = repo.tip.sha
    first = scene.push("main", ["vpc"])
    stage.hub.publish_release(repo, "v1", by="lead")
    await stage.after(60)
    scene.push("main", ["cache"])
    second = scene.push("main", ["api"])
    stage.hub.publish_release(repo, "v2", by="lead")
    await stage.after(60)
    assert uploads(stage) == [(start, first, {"vpc"}), (first, second, {"cache", "api"})]
    tokens = [body["token"] for _, path, body in stage.server.calls if path == "auth/github-oidc"]
    told = [jwt.decode(token, options={"verify_signature": False}) for token in tokens]
    refs = [(one["event_name"], one["ref"]) for one in told]
    assert refs == [("release", "refs/tags/v1"), ("release", "refs/tags/v2")]


def test_a_release_applies_where_the_settings_say_so() -> None:
    for released in (True, False):
        model = example.example(released=released)
        pro = next(iter(model.instances.values())).settings["pro"]
        assert ("release" in pro) is released
