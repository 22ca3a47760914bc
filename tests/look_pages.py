"""Look at the pages in a browser: pictures of each, wide and narrow, light and dark; and do what people do on them.

`make look` runs it, after the previews.
"""

from __future__ import annotations

import asyncio
import logging
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from bot.store import pulls
from bot.store.db import transaction
from bot.web.server import WebServer
from bot.web.visits import Visits
from tests import browser
from tests.look_stages import STAGES
from tests.web.conftest import PAGES_KEY, Site, open_site
from tests.web.pages_site import PULL

#: The widths of a window and of a phone, in pixels.
WIDTHS = {"desktop": 1_280, "phone": 375}
#: For so long something may take to be seen, in seconds.
_PATIENCE = 30
#: What goes wrong in a page is noted from its beginning on.
_WATCH = """
    window.wrong = [];
    addEventListener("error", (event) => wrong.push(event.message ?? "an error"));
    addEventListener("unhandledrejection", (event) => wrong.push(String(event.reason)));
    addEventListener("securitypolicyviolation", (event) => wrong.push("refused: " + event.violatedDirective));
"""
_LINE = "document.getElementById('stale').hidden ? '' : document.getElementById('stale').textContent"


@dataclass
class Served:
    """A site that is served, until its server is stopped and started again."""

    site: Site
    server: WebServer

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.server.port}"

    def stop(self) -> None:
        """Stop serving."""
        self.server.close(2.0)

    def start(self) -> None:
        """Serve again, where it was served before."""
        self.server = WebServer(self.site.app, host="127.0.0.1", port=self.server.port)


@contextmanager
def served() -> Iterator[Served]:
    """Serve a site of its own."""
    with tempfile.TemporaryDirectory() as folder, open_site(Path(folder)) as site:
        found = Served(site, WebServer(site.app, host="127.0.0.1", port=0))
        try:
            yield found
        finally:
            found.stop()


async def enter(seen: browser.Browser, one: Served) -> str:
    """Come in by a link, as people do; returns the cookie."""
    link = Visits(PAGES_KEY, one.site.now).link("dora")
    await seen.open(f"{one.url}/login?link={link}", WIDTHS["desktop"])
    await seen.value("document.querySelector('button.go').click()")
    await until(seen, "document.querySelector('.who') !== null")
    told = await seen.do("Network.getCookies", urls=[one.url])
    return str(told["cookies"][0]["value"])


async def until(seen: browser.Browser, expression: str) -> None:
    """Wait until something is so in the page."""
    for _ in range(_PATIENCE * 5):
        if await seen.value(f"Boolean({expression})"):
            return
        await asyncio.sleep(0.2)
    raise SystemExit(f"It never came that {expression}; the page says: {await seen.value('document.body.innerText')}")


async def photograph(seen: browser.Browser, address: str, file: Path) -> list[str]:
    """Take a page's pictures, with all that is folded; lists what is wrong with it."""
    flaws = []
    for name, width in WIDTHS.items():
        for dark in (False, True):
            await seen.open(address, width, dark=dark)
            await seen.value("document.querySelectorAll('details').forEach((fold) => { fold.open = true; })")
            shown = f"{file.name}-{name}{'-dark' if dark else ''}"
            browser.keep(file.with_name(f"{shown}.png"), await seen.picture(width))
            flaws += [f"{shown}: {flaw}" for flaw in [*await seen.value(browser.FLAWS), *await seen.value("wrong")]]
    return flaws


async def follow(seen: browser.Browser, out: Path) -> list[str]:
    """Look at a page while things happen; lists what is wrong."""
    with served() as one:
        link = STAGES["pull-failing"].prepare(one.site)
        await seen.open(one.url + link, WIDTHS["desktop"])
        renamed = replace(PULL, title="A title that came while somebody looked")
        with transaction(one.site.db):
            pulls.save(one.site.db, renamed)
        one.site.clock[0] += 60  # what nothing but time tells is shown a minute late
        await until(seen, "document.querySelector('h1').textContent.includes('while somebody looked')")
        await seen.value("document.querySelector('[data-finds]').value = 'vpc dev'")
        await seen.value("document.querySelector('[data-finds]').dispatchEvent(new Event('input', {bubbles: true}))")
        rows = "[...document.querySelectorAll('#rows tbody tr')].filter((row) => !row.hidden)"
        await until(seen, f"{rows}.length && {rows}.every((row) => row.textContent.includes('vpc'))")
        one.stop()
        await until(seen, f"({_LINE}).includes('Switchyard cannot be reached. Trying again.')")
        browser.keep(out / "refresh-unreachable.png", await seen.picture(WIDTHS["desktop"]))
        one.start()
        await until(seen, f"({_LINE}) === ''")
        await until(seen, f"{rows}.every((row) => row.textContent.includes('vpc'))")
        return [f"refresh: {flaw}" for flaw in await seen.value("wrong")]


async def leave(seen: browser.Browser, out: Path) -> list[str]:
    """Look at pages whose visit ends meanwhile; lists what is wrong."""
    with served() as one:
        STAGES["front"].prepare(one.site)
        cookie = await enter(seen, one)
        form = await seen.value("document.querySelector('.who input').value")
        flaws = []
        for name, path in (("front", "/"), ("pull", "/acme/infra/pulls/42")):
            await seen.do("Network.setCookie", name="switchyard", value=cookie, url=one.url)
            flaws += await photograph(seen, one.url + path, out / f"left-{name}-before")
            if name == "front":
                await fail(seen, one)
            if name == "pull":
                other = one.site.app.test_client()
                other.set_cookie("switchyard", cookie)
                assert other.post("/logout", data={"form": form}).status_code == 303
            else:
                await seen.do("Network.clearBrowserCookies")
            for _ in range(2):  # saying it twice changes nothing
                await seen.value("refresh()")
            said = "you are no longer let in. On the server, “switchyard login-link” prints a new link."
            await until(seen, f"({_LINE}).startsWith('This page was last updated at ') && ({_LINE}).endsWith('{said}')")
            browser.keep(out / f"left-{name}-dark-phone.png", await seen.picture(WIDTHS["phone"]))
            flaws += [f"left {name}: {flaw}" for flaw in await seen.value(browser.FLAWS)]
        return flaws


async def fail(seen: browser.Browser, one: Served) -> None:
    """See that a page says what fails, and that it goes on when that is over."""
    usual = one.site.health
    for name, said in (("broken", "answered with an error (500). Trying again."), ("busy", "is busy. Trying again.")):
        if breaks := STAGES[name].breaks:
            breaks(one.site)
        await seen.value("refresh()")
        await until(seen, f"({_LINE}).endsWith('{said}')")
    one.site.health = usual
    await seen.value("refresh()")
    await until(seen, f"({_LINE}) === ''")


async def look_at(program: str, out: Path, names: list[str], told: Callable[[str], None]) -> list[str]:
    """Take the pictures of all stages, and follow pages; lists what is wrong."""
    flaws = []
    logging.disable()  # some break on purpose
    async with browser.started(program) as seen:
        await seen.do("Page.addScriptToEvaluateOnNewDocument", source=_WATCH)
        for name in names:
            stage = STAGES[name]
            with served() as one:
                path = stage.prepare(one.site)
                await seen.do("Network.clearBrowserCookies")
                if stage.let_in:
                    await enter(seen, one)
                if stage.breaks:
                    stage.breaks(one.site)
                flaws += await photograph(seen, one.url + path, out / name)
        told(f"Pictures of {len(names)} pages, wide and narrow, light and dark, are in {out}.")
        await seen.do("Network.clearBrowserCookies")
        flaws += [*await follow(seen, out), *await leave(seen, out)]
        told("Pages were followed while things changed, while nobody served them, and after a visit had ended.")
    return flaws
