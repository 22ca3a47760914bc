"""Webhooks: shape, order, log, redelivery, faults."""

import asyncio
import uuid

from tests.sandbox.conftest import APP_ID, Rig

REPO = "/repos/acme/infra"


async def test_every_webhook_says_whose_it_is(rig: Rig) -> None:
    pull = rig.pull()
    rig.hub.comment(pull, "bob", "hello")
    await rig.after(20)
    installation = rig.hub.installation_of(rig.repo).id
    assert len({hook.guid for hook in rig.hooks}) == len(rig.hooks)
    for hook in rig.hooks:
        assert str(uuid.UUID(hook.guid)) == hook.guid
        assert hook.headers["X-GitHub-Hook-Installation-Target-ID"] == str(APP_ID)
        assert hook.headers["User-Agent"].startswith("GitHub-Hookshot/")
        assert hook.payload["installation"]["id"] == installation
        assert hook.payload["sender"]["login"]
        repository = hook.payload["repository"]
        assert (repository["id"], repository["full_name"], repository["owner"]["login"]) == (
            rig.repo.id,
            "acme/infra",
            "acme",
        )
    assert rig.last("issue_comment.created")["issue"]["pull_request"]["url"].endswith("/pulls/1")


async def test_first_repository_installs_the_app_and_the_next_is_added(rig: Rig) -> None:
    rig.hub.add_repo("umbrella/one")
    rig.hub.add_repo("umbrella/two")
    rig.hub.ping()
    assert await rig.after(0) == ["installation.created", "installation_repositories.added", "ping"]


async def test_refused_webhook_is_logged_and_can_be_sent_again(rig: Rig) -> None:
    rig.answer = 503
    rig.hub.push(rig.repo, "x", {}, message="m", author="ada")
    await rig.after(0)
    rig.answer = 202
    assert await rig.after(3600) == []
    (failed,) = await rig.get("/app/hook/deliveries?status=failure", app=True)
    assert (failed["event"], failed["status_code"], failed["redelivery"]) == ("push", 503, False)
    assert failed["repository_id"] == rig.repo.id
    await rig.post(f"/app/hook/deliveries/{failed['id']}/attempts", status=202, app=True)
    assert await rig.after(0) == ["push"]
    assert rig.hooks[-1].guid == failed["guid"]
    newest = (await rig.get("/app/hook/deliveries", app=True))[0]
    assert (newest["guid"], newest["redelivery"], newest["status"]) == (failed["guid"], True, "OK")
    detail = await rig.get(f"/app/hook/deliveries/{failed['id']}", app=True)
    assert detail["request"]["payload"]["ref"] == "refs/heads/x"
    await rig.after(3 * 24 * 3600 + 1)
    assert await rig.get("/app/hook/deliveries", app=True) == []


async def test_nobody_listens(rig: Rig) -> None:
    rig.sandbox.webhook_url = "http://127.0.0.1:1/hook"
    rig.hub.push(rig.repo, "x", {}, message="m", author="ada")
    await rig.after(0)
    (failed,) = await rig.get("/app/hook/deliveries?status=failure", app=True)
    assert failed["status_code"] == 502


async def test_deliveries_page_by_cursor(rig: Rig) -> None:
    for number in range(5):
        rig.hub.push(rig.repo, "x", {"n": str(number)}, message=str(number), author="ada")
    await rig.after(0)
    seen, address = [], "/app/hook/deliveries?per_page=2"
    while address:
        answer = await rig.call("GET", address, app=True)
        seen += [one["guid"] for one in await answer.json()]
        address = str(answer.links["next"]["url"]) if "next" in answer.links else ""
    assert seen[:5] == [hook.guid for hook in reversed(rig.hooks)]


def push(rig: Rig, *names: str) -> None:
    for name in names:
        rig.hub.push(rig.repo, name, {}, message=name, author="ada")


def order(rig: Rig) -> list[str]:
    return [hook.payload["ref"].rsplit("/", 1)[-1] for hook in rig.hooks]


async def test_lost(rig: Rig) -> None:
    rig.sandbox.faults.hooks("push", "lose")
    push(rig, "a", "b")
    await rig.after(0)
    assert order(rig) == ["b"]
    (failed,) = await rig.get("/app/hook/deliveries?status=failure", app=True)
    await rig.post(f"/app/hook/deliveries/{failed['id']}/attempts", status=202, app=True)
    await rig.after(0)
    assert order(rig) == ["b", "a"]


async def test_doubled(rig: Rig) -> None:
    rig.sandbox.faults.hooks("push", "double")
    push(rig, "a", "b")
    await rig.after(0)
    assert order(rig) == ["a", "a", "b"]
    assert rig.hooks[0].guid == rig.hooks[1].guid


async def test_swapped(rig: Rig) -> None:
    rig.sandbox.faults.hooks("push", "swap")
    push(rig, "a", "b", "c")
    await rig.after(0)
    assert order(rig) == ["b", "a", "c"]


async def test_delayed(rig: Rig) -> None:
    rig.sandbox.faults.hooks("push", "delay", seconds=90)
    push(rig, "a", "b")
    await rig.after(0)
    assert order(rig) == ["b"]
    await rig.after(90)
    assert order(rig) == ["b", "a"]


async def test_run_delivers_by_itself(rig: Rig) -> None:
    async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
        running = tasks.create_task(rig.sandbox.run())
        push(rig, "a")
        await rig.arrived.wait()
        running.cancel()
    assert order(rig) == ["a"]
