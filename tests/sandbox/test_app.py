"""The app's own API: who may call, tokens, limits."""

from datetime import UTC, datetime

import pytest

from tests.sandbox.conftest import APP_ID, Rig


async def test_app_is_known_by_its_jwt(rig: Rig) -> None:
    app = await rig.get("/app", app=True)
    assert (app["id"], app["slug"]) == (APP_ID, "switchyard")
    assert [one["account"]["login"] for one in await rig.get("/app/installations", app=True)] == ["acme"]


@pytest.mark.parametrize(("name", "value"), [("iss", "1"), ("exp", -5), ("exp", 3600)])
async def test_wrong_jwt_is_refused(rig: Rig, name: str, value: str | int) -> None:
    """Another app's, one that has expired, and one that would live too long."""
    claim = {name: value if isinstance(value, str) else int(rig.clock()) + value}
    answer = await rig.call("GET", "/app", app=True, Authorization=f"Bearer {rig.jwt(**claim)}")
    assert answer.status == 401


async def test_token_is_long_and_expires_by_the_sandbox_clock(rig: Rig) -> None:
    await rig.get("/installation/repositories")
    assert rig.token.startswith(f"ghs_{APP_ID}_")
    assert len(rig.token) > 500
    await rig.after(3599)
    await rig.get("/repos/acme/infra")
    await rig.after(1)
    assert await rig.refused("GET", "/repos/acme/infra") == (401, "Bad credentials")


async def test_no_token_and_an_invented_one(rig: Rig) -> None:
    async with rig.http.get(rig.url + "/repos/acme/infra") as answer:
        assert answer.status == 401
    assert await rig.refused("GET", "/repos/acme/infra", Authorization="token ghs_x") == (401, "Bad credentials")


async def test_installation_of_a_repository(rig: Rig) -> None:
    found = await rig.get("/repos/Acme/Infra/installation", app=True)
    assert found["account"]["login"] == "acme"
    assert (await rig.refused("GET", "/repos/acme/other/installation", app=True))[0] == 404


async def test_uninstalled_app_has_no_access(rig: Rig) -> None:
    await rig.get("/repos/acme/infra")
    rig.hub.uninstall("acme")
    assert await rig.after(0) == ["installation.deleted"]
    assert (await rig.refused("GET", "/repos/acme/infra"))[0] == 401


async def test_another_accounts_repository(rig: Rig) -> None:
    rig.hub.add_repo("other/secret", private=True)
    rig.hub.add_repo("other/open")
    await rig.get("/repos/other/open")
    assert (await rig.refused("GET", "/repos/other/secret"))[0] == 404
    assert (await rig.refused("POST", "/repos/other/open/check-runs", {}))[0] == 403


async def test_unknown_addresses_and_versions(rig: Rig) -> None:
    assert await rig.refused("GET", "/repos/acme/infra/nonsense") == (404, "Not Found")
    assert await rig.refused("PUT", "/repos/acme/infra") == (404, "Not Found")
    answer = await rig.call("GET", "/repos/acme/infra", **{"X-GitHub-Api-Version": "2020-01-01"})
    assert answer.status == 400


async def test_headers_of_every_answer(rig: Rig) -> None:
    first = await rig.call("GET", "/repos/acme/infra")
    second = await rig.call("GET", "/repos/acme/infra")
    left = [int(answer.headers["x-ratelimit-remaining"]) for answer in (first, second)]
    assert left[0] - left[1] == 1
    assert int(first.headers["x-ratelimit-reset"]) == int(rig.clock()) + 3600
    assert first.headers["x-github-request-id"] != second.headers["x-github-request-id"]
    assert datetime.strptime(first.headers["date"], "%a, %d %b %Y %H:%M:%S %Z").replace(tzinfo=UTC).timestamp() == int(
        rig.clock()
    )


async def test_unchanged_answer_costs_nothing(rig: Rig) -> None:
    first = await rig.call("GET", "/repos/acme/infra")
    again = await rig.call("GET", "/repos/acme/infra", **{"If-None-Match": first.headers["ETag"]})
    assert again.status == 304
    assert again.headers["x-ratelimit-remaining"] == first.headers["x-ratelimit-remaining"]


async def test_requests_of_an_hour_are_limited(rig: Rig) -> None:
    first = await rig.call("GET", "/repos/acme/infra")
    assert (first.headers["x-ratelimit-limit"], first.headers["x-ratelimit-remaining"]) == ("5000", "4999")
    rig.sandbox.faults.requests_per_hour = 2
    assert (await rig.call("GET", "/repos/acme/infra")).status == 200
    answer = await rig.call("GET", "/repos/acme/infra")
    assert (answer.status, answer.headers["x-ratelimit-remaining"]) == (403, "0")
    assert (await rig.get("/rate_limit"))["resources"]["core"]["remaining"] == 0
    rig.clock.time = float(answer.headers["x-ratelimit-reset"])
    rig.token = ""
    await rig.get("/repos/acme/infra")


async def test_every_call_is_recorded(rig: Rig) -> None:
    await rig.refused("GET", "/nowhere")
    last = rig.sandbox.requests[-1]
    assert (last.method, last.path, last.status, last.time) == ("GET", "/nowhere", 404, rig.clock())


async def test_whether_actions_is_on_is_told_to_who_may_read_administration(rig: Rig) -> None:
    path = "/repos/acme/infra/actions/permissions"
    assert await rig.refused("GET", path) == (403, "Resource not accessible by integration")
    rig.hub.installation_of(rig.repo).permissions["administration"] = "read"
    assert (await rig.get(path))["enabled"] is True
    rig.repo.actions_enabled = False
    assert (await rig.get(path))["enabled"] is False


async def test_a_suspended_installation_gets_no_token_and_sends_nothing(rig: Rig) -> None:
    one = rig.hub.installation_of(rig.repo)
    rig.hub.suspend("acme")
    await rig.after(1)
    assert [hook.name for hook in rig.hooks][-1] == "installation.suspend"
    told = await rig.get("/repos/acme/infra/installation", app=True)
    assert told["suspended_at"] is not None
    answer = await rig.call("POST", f"/app/installations/{one.id}/access_tokens", app=True)
    assert answer.status == 403
    before = len(rig.hooks)
    rig.hub.push(rig.repo, "main", {"a": "b"}, message="x", author="dev")
    await rig.after(1)
    assert len(rig.hooks) == before
