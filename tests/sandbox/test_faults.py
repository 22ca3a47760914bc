"""Faults of the API and the secondary limits."""

import asyncio

import aiohttp
import pytest

from tests.sandbox.conftest import Rig

REPO = "/repos/acme/infra"
DISPATCH = f"{REPO}/actions/workflows/plan.yaml/dispatches"
BODY = {"ref": "main", "inputs": {"component": "vpc", "stack": "dev"}}


async def test_status_comes_as_often_as_asked(rig: Rig) -> None:
    rig.sandbox.faults.add("GET", "/infra$", "status", times=2, status=502)
    assert [(await rig.call("GET", REPO)).status for _ in range(3)] == [502, 502, 200]


async def test_limits_on_demand(rig: Rig) -> None:
    await rig.get(REPO)
    faults = rig.sandbox.faults
    faults.add("GET", "infra", "secondary", retry_after=30)
    faults.add("GET", "infra", "too_many", retry_after=7)
    faults.add("*", "infra", "rate_limited", reset_in=600)
    secondary = await rig.call("GET", REPO)
    assert (secondary.status, secondary.headers["retry-after"]) == (403, "30")
    assert "secondary rate limit" in (await secondary.json())["message"]
    many = await rig.call("GET", REPO)
    assert (many.status, many.headers["retry-after"]) == (429, "7")
    used_up = await rig.call("GET", REPO)
    assert (used_up.status, used_up.headers["x-ratelimit-remaining"]) == (403, "0")
    assert int(used_up.headers["x-ratelimit-reset"]) == int(rig.clock()) + 600


async def test_lost_answer_is_carried_out(rig: Rig) -> None:
    await rig.get(REPO)
    rig.sandbox.faults.add("POST", "dispatches", "lost_answer")
    with pytest.raises(aiohttp.ClientError):
        await rig.call("POST", DISPATCH, BODY)
    assert len(rig.hub.runs) == 1
    assert rig.sandbox.requests[-1].status == 0


async def test_dead_connection_does_nothing(rig: Rig) -> None:
    await rig.get(REPO)
    rig.sandbox.faults.add("POST", "dispatches", "dead_connection")
    with pytest.raises(aiohttp.ClientError):
        await rig.call("POST", DISPATCH, BODY)
    assert rig.hub.runs == {}


async def test_held_request_goes_on_when_released(rig: Rig) -> None:
    await rig.get(REPO)
    fault = rig.sandbox.faults.add("POST", "dispatches", "hold")
    asking = asyncio.create_task(rig.call("POST", DISPATCH, BODY))
    await fault.reached.wait()
    assert rig.hub.runs == {}
    fault.release()
    assert (await asking).status == 204


async def test_held_request_is_carried_out_though_the_caller_left(rig: Rig) -> None:
    await rig.get(REPO)
    fault = rig.sandbox.faults.add("POST", "dispatches", "hold")
    asking = asyncio.create_task(rig.call("POST", DISPATCH, BODY))
    await fault.reached.wait()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    fault.release()
    await rig.get(REPO)
    assert len(rig.hub.runs) == 1


async def test_content_per_minute(rig: Rig) -> None:
    rig.pull()
    rig.sandbox.faults.content_per_minute = 2
    path = f"{REPO}/issues/1/comments"
    answers = [await rig.call("POST", path, {"body": "x"}) for _ in range(3)]
    assert [answer.status for answer in answers] == [201, 201, 403]
    assert answers[2].headers["retry-after"] == "60"
    await rig.get(path)
    rig.clock.time += 60
    assert (await rig.call("POST", path, {"body": "x"})).status == 201


async def test_points_per_minute(rig: Rig) -> None:
    await rig.get(REPO)
    rig.sandbox.faults.points_per_minute = 12
    assert [(await rig.call("POST", DISPATCH, BODY)).status for _ in range(3)] == [204, 204, 403]
