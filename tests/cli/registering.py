"""A small GitHub in a thread of its own, and a person who presses the buttons there while a command waits."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from bot.sandbox import Sandbox
from bot.sandbox.pages import add_pages
from tests.rig import APP_ID, SECRET, app_key
from tests.sandbox.test_pages import Form, Forms

PERSON = "ada"


class _Stay(HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:  # type: ignore[override]
        return None


_opener = build_opener(_Stay)


@dataclass
class Answer:
    status: int
    text: str
    headers: dict[str, str]

    @property
    def form(self) -> Form:
        (form,) = Forms(self.text).found
        return form


def get(address: str, **headers: str) -> Answer:
    return _ask(Request(address, headers={"Accept": "text/html", **headers}))


def post(address: str, fields: list[tuple[str, str]], origin: str) -> Answer:
    headers = {"Accept": "text/html", "Origin": origin}
    return _ask(Request(address, data=urlencode(fields).encode(), headers=headers))


def _ask(request: Request) -> Answer:
    try:
        with _opener.open(request, timeout=20) as answer:
            return Answer(answer.status, answer.read().decode(), dict(answer.headers))
    except HTTPError as error:
        with error:
            return Answer(error.code, error.read().decode(), dict(error.headers))


@dataclass
class Person:
    """A browser with somebody before it. `then` may do something else with where GitHub leads at last.

    It looks at the policies of the pages as a browser does, which would not send a form where they forbid it.
    """

    then: Callable[[str], Answer] = get
    name: str = ""  # what is written into GitHub's field, if anything
    local: Answer | None = None
    at_github: Answer | None = None
    last: Answer | None = None

    def opens(self, address: str) -> bool:
        """Stand in for the browser that a command opens."""
        threading.Thread(target=self.register, args=(address,), name=PERSON).start()
        return True

    def register(self, address: str) -> None:
        """Press the button on the local page, then the one at GitHub, and go where that leads."""
        self.local = get(address)
        self.last = self.then(self.press(self.local, origin_of(address)))

    def press(self, page: Answer, origin: str) -> str:
        """Press both buttons; returns where GitHub leads."""
        form = page.form
        assert origin_of(form.action) in page.headers.get("Content-Security-Policy", form.action)
        self.at_github = post(form.action, form.fields, origin)
        github, second = origin_of(form.action), self.at_github.form
        name = [("name", self.name or name_on(self.at_github.text))]
        done = post(github + second.action, [*second.fields, *name], github)
        assert done.status == 303, done.text
        back = done.headers["Location"]
        assert origin_of(back) in self.at_github.headers["Content-Security-Policy"]
        return back


def person_is_through() -> None:
    """Wait until nobody presses anything any more."""
    for thread in threading.enumerate():
        if thread.name == PERSON:
            thread.join(20)


def name_on(page: str) -> str:
    """Read the App's name from GitHub's page."""
    return page.partition('name="name" value="')[2].partition('"')[0]


def origin_of(address: str) -> str:
    url = urlsplit(address)
    return f"{url.scheme}://{url.netloc}"


@contextmanager
def github() -> Iterator[Sandbox]:
    """Run a small GitHub with a repository; its own clock is the real one."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    sandbox = Sandbox(now=time.time, app_id=APP_ID, app_public_key=app_key()[1], webhook_secret=SECRET)
    add_pages(sandbox, person=PERSON)
    sandbox.hub.add_repo("acme/infra", files={"README.md": "hello\n"})
    try:
        asyncio.run_coroutine_threadsafe(sandbox.start(), loop).result(20)
        yield sandbox
    finally:
        asyncio.run_coroutine_threadsafe(sandbox.stop(), loop).result(20)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
