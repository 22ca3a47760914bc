"""Pages: the link in the comment shows its own pull request, and the operator has tried again what was given up."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from bot.sandbox import example
from bot.sandbox.state import Pull
from bot.store import inbox, pulls
from tests.rig import APP_ID, SECRET, Rig, open_rig
from tests.stories.console import audited, command
from tests.stories.helping import CHAIN, FOREVER, ONE, model, wide
from tests.web.reading_pages import Page

#: Nothing is found by looking: what goes on, goes on because somebody pressed a button.
NO_SWEEP = 1_000_000.0


class Browser:
    """Somebody with a browser. The public address leads to the bot, through a proxy that speaks HTTPS."""

    def __init__(self, rig: Rig, session: aiohttp.ClientSession) -> None:
        self._rig, self._session = rig, session
        self.cookie = ""

    async def get(self, address: str, *, status: int = 200) -> Page:
        """Open an address; returns the page that is shown."""
        return await self._send("GET", address, None, status)

    async def press(self, address: str, form: Mapping[str, str], *, status: int = 200) -> Page:
        """Send a form; returns the page that is shown then."""
        return await self._send("POST", address, form, status)

    async def _send(self, method: str, address: str, form: Mapping[str, str] | None, status: int) -> Page:
        url = f"{self._rig.url}{address.removeprefix(self._rig.settings.public_url)}"
        headers = {"Cookie": self.cookie} if self.cookie else {}
        async with self._session.request(method, url, data=form, headers=headers, allow_redirects=False) as answer:
            for told in answer.headers.getall("Set-Cookie", []):
                self.cookie = told.partition(";")[0]
            if answer.status == 303:
                return await self.get(answer.headers["Location"], status=status)
            assert answer.status == status, await answer.text()
            page = Page(await answer.text())
        assert page.flaws == []
        return page


@asynccontextmanager
async def browser(rig: Rig) -> AsyncIterator[Browser]:
    async with aiohttp.ClientSession() as session:
        yield Browser(rig, session)


async def come_in(rig: Rig, someone: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """Come in by the link that the command prints on the server."""
    settings = rig.settings
    told = {
        "GITHUB_APP_ID": str(APP_ID),
        "GITHUB_APP_PRIVATE_KEY": settings.private_key,
        "GITHUB_WEBHOOK_SECRET": SECRET,
        "PUBLIC_URL": settings.public_url,
    }
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    printed = command(rig, "login-link", "--by", "dora")
    found = re.search(rf"{re.escape(settings.public_url)}/login\?link=(\S+)", printed)
    assert found is not None, printed
    assert "This link lets dora in" in (await someone.get(found[0])).text
    await someone.press("/login", {"link": found[1]})
    assert someone.cookie.startswith("__Host-switchyard=")


def link_of(rig: Rig, pull: Pull) -> str:
    """Find the address of a pull request's page in its comment."""
    found = re.search(rf"{re.escape(rig.settings.public_url)}/p/[\w-]+", rig.comment(pull))
    assert found is not None, rig.comment(pull)
    return found[0]


async def test_the_link_in_the_comment_shows_this_pull_request_and_nothing_else(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN | wide(3))) as rig, browser(rig) as someone:
        pull = rig.scene.open_pull(["vpc"], branch="first")
        other = rig.scene.open_pull(["part-00"], branch="second")
        await rig.until_quiet()
        link, its = link_of(rig, pull), link_of(rig, other)
        assert link != its
        page = await someone.get(link)
        assert f"#{pull.number}" in page.text
        assert "Planned: all 3 instances" in page.text
        assert "part-00" not in page.text
        assert "part-00" in (await someone.get(its)).text
        for path in ("/", "/deliveries"):
            assert "acme" not in (await someone.get(path, status=403)).text
        for path in (f"/acme/infra/pulls/{pull.number}", "/acme/infra/pulls/99", "/p/guessed"):
            assert "acme" not in (await someone.get(path, status=404)).text


async def test_the_page_follows_what_happens(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig, browser(rig) as someone:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        link = link_of(rig, pull)
        rig.hub.scenario.seconds = lambda file, _inputs: 100.0 if file == example.APPLY else 1.0
        rig.hub.merge(pull, by="lead")
        await rig.passes(60)
        page = await someone.get(link)
        assert "Applying: 0 of 3 succeeded, 1 under way, 2 waiting" in page.text
        assert "waits for vpc" in page.text
        last = next(cells for cells in page.cells if "dispatch" in cells)
        assert last[1:4] == ["switchyard", "dispatch", "dev/vpc"]
        await rig.until_quiet()
        assert "Applied: all 3 instances" in (await someone.get(link)).text
        assert link_of(rig, pull) == link, "the address stays what it is"


async def test_the_operator_sees_everything_until_the_visit_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig, browser(rig) as someone:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        await come_in(rig, someone, monkeypatch)
        front = await someone.get("/")
        assert f"acme/infra#{pull.number}" in front.text
        assert "Planned: 1 instance" in front.text
        assert "Planned: 1 instance" in (await someone.get(f"/acme/infra/pulls/{pull.number}")).text
        await rig.restart()
        assert "What goes on" in (await someone.get("/")).text, "no restart ends a visit"
        await rig.passes(13 * 3600)
        await someone.get("/", status=403)


async def test_a_copied_cookie_is_worth_nothing_once_its_visit_was_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_rig(tmp_path, model=model(ONE)) as rig, browser(rig) as someone, browser(rig) as thief:
        await come_in(rig, someone, monkeypatch)
        thief.cookie = someone.cookie
        page = await thief.get("/")
        assert "What goes on" in page.text
        form = {field["name"]: field["value"] for field in page.fields if field["name"] == "form"}
        await someone.press("/logout", form, status=403)
        assert thief.cookie != someone.cookie
        await rig.restart()
        for path in ("/", "/deliveries"):
            assert "login-link" in (await thief.get(path, status=403)).text


async def test_a_comment_that_was_given_up_is_written_after_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_rig(tmp_path, model=model(ONE), sweep_seconds=NO_SWEEP) as rig, browser(rig) as someone:
        rig.faults.add("POST", "/comments$", "status", FOREVER, status=422)
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        assert rig.comments(pull) == []
        await come_in(rig, someone, monkeypatch)
        page = await someone.get("/deliveries")
        (row,) = (cells for cells in page.cells if "comment:" in cells[1])
        assert "422" in row[4] or "GitHub" in row[4]
        rig.faults.clear()
        await rig.passes(600)
        assert rig.comments(pull) == [], "by itself nothing comes of it"
        form = {field["name"]: field["value"] for field in page.fields if field["name"] in ("form", "table", "key")}
        assert "It is tried once more." in (await someone.press("/deliveries", form)).text
        await rig.until_quiet()
        assert "Planned: 1 instance" in rig.comment(pull)
        assert "Nothing that was to be sent was given up." in (await someone.get("/deliveries")).text
        ((who, _, why),) = audited(rig, "redeliver")
        assert who == "dora"
        assert why.startswith("comment:")


async def test_an_upload_that_was_given_up_is_worked_after_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_rig(tmp_path, model=model(ONE), sweep_seconds=NO_SWEEP) as rig, browser(rig) as someone:
        rig.faults.add("GET", "/contents/", "status", FOREVER, status=422)
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        assert rig.dispatched() == []
        assert inbox.depth(rig.db) == {"dead": 1}
        rig.faults.clear()
        await come_in(rig, someone, monkeypatch)
        page = await someone.get("/deliveries")
        assert "upload" in page.text
        form = {field["name"]: field["value"] for field in page.fields if field["name"] in ("form", "table", "key")}
        await someone.press("/deliveries", form)
        await rig.until_quiet()
        assert rig.dispatched() == ["plan dev/vpc"]
        assert "Planned: 1 instance" in rig.comment(pull)
        assert "No input was given up." in (await someone.get("/deliveries")).text


async def test_without_an_address_for_people_no_comment_leads_to_a_page(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(ONE), public_url="") as rig, browser(rig) as someone:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        assert "/p/" not in rig.comment(pull)
        token = pulls.token(rig.db, rig.repo.id, pull.number)
        assert "Planned: 1 instance" in (await someone.get(f"/p/{token}")).text
