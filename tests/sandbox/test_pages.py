"""The pages, as a browser uses them: forms are found on the page and sent as they stand there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser

import aiohttp
import pytest

from bot.sandbox import Hub, Program, Pull, Repo, Run, Sandbox, example
from bot.sandbox.pages import add_pages
from bot.sandbox.pages_markdown import rendered
from tests.sandbox.conftest import APP_ID, SECRET, Clock, key_pair

HTML = {"Accept": "text/html,application/xhtml+xml"}


@dataclass
class Form:
    action: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    text: str = ""


class Forms(HTMLParser):
    """Finds the forms of a page, with what is written on their buttons."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[Form] = []
        self._in_button = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append(Form(given["action"]))
        if tag == "input" and given.get("type") == "hidden":
            self.found[-1].fields.append((given["name"], given["value"]))
        self._in_button = tag == "button"

    def handle_data(self, data: str) -> None:
        if self._in_button:
            self.found[-1].text = " ".join(f"{self.found[-1].text} {data}".split())

    def handle_endtag(self, tag: str) -> None:
        self._in_button = False


@dataclass
class Browser:
    """A person's browser, and what moves the time."""

    sandbox: Sandbox
    clock: Clock
    http: aiohttp.ClientSession
    url: str

    @property
    def hub(self) -> Hub:
        return self.sandbox.hub

    @property
    def repo(self) -> Repo:
        return self.hub.repo("acme/infra")

    async def after(self, seconds: float) -> None:
        self.clock.time += seconds
        await self.sandbox.pump()

    async def get(self, path: str, status: int = 200) -> str:
        async with self.http.get(self.url + path, headers=HTML) as answer:
            assert answer.status == status, await answer.text()
            assert answer.content_type == "text/html"
            return await answer.text()

    async def press(self, path: str, button: str, *more: tuple[str, str]) -> str:
        """Press a button on a page, with what is filled in; returns the page that comes then."""
        forms = Forms(await self.get(path)).found
        (form,) = [form for form in forms if form.text == button]
        headers = {**HTML, "Origin": self.url}
        async with self.http.post(self.url + form.action, data=[*form.fields, *more], headers=headers) as answer:
            assert answer.status == 200, await answer.text()
            assert answer.history[0].status == 303
            return await answer.text()

    async def pull(self, *components: str) -> Pull:
        chosen = [("component", name) for name in components or ("vpc",)]
        await self.press("/acme/infra/pulls", "Push a branch and open it", ("title", "Change it"), *chosen)
        return list(self.repo.pulls.values())[-1]

    def apply(self, environment: str = "prod", component: str = "vpc") -> Run:
        inputs = {"component": component, "stack": "plat-ue2-prod", "github_environment": environment}
        return self.hub.dispatch(self.repo, example.APPLY, "main", inputs, self.hub.bot)


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    clock = Clock()
    sandbox = Sandbox(now=clock, app_id=APP_ID, app_public_key=key_pair()[1], webhook_secret=SECRET)
    add_pages(sandbox, person="ada")
    url = await sandbox.start()
    sandbox.hub.add_environment(sandbox.hub.add_repo("acme/infra", files=example.files()), "prod", reviewers=["ada"])
    async with aiohttp.ClientSession() as http:
        yield Browser(sandbox, clock, http, url)
    await sandbox.stop()


async def test_from_the_front_page_to_a_pull_request(browser: Browser) -> None:
    assert 'href="/acme/infra"' in await browser.get("/")
    assert "None is open" in await browser.get("/acme/infra")
    page = await browser.press(
        "/acme/infra/pulls", "Push a branch and open it", ("title", "<b>Wide</b>"), ("component", "vpc")
    )
    assert "&lt;b&gt;Wide&lt;/b&gt;" in page
    assert "<b>Wide</b>" not in page
    pull = browser.repo.pulls[1]
    assert (pull.title, pull.author.login, pull.head_sha) == ("<b>Wide</b>", "ada", browser.repo.branches[pull.head])
    assert 'href="/acme/infra/pull/1"' in await browser.get("/ACME/infra/pulls")


async def test_a_pull_request_that_changes_only_the_words(browser: Browser) -> None:
    await browser.press("/acme/infra/pulls", "Push a branch and open it", ("component", "no such component"))
    pull = browser.repo.pulls[1]
    assert pull.title == "Change the words in the README"
    assert "README.md" in await browser.get(f"/acme/infra/commit/{pull.head_sha}")


async def test_pushing_a_commit(browser: Browser) -> None:
    pull = await browser.pull()
    before = pull.head_sha
    page = await browser.press("/acme/infra/pull/1", "Push", ("component", "cache"), ("component", "api"))
    assert pull.head_sha != before
    assert "Change cache, api" in page
    commit = await browser.get(f"/acme/infra/commit/{pull.head_sha}")
    assert "components/terraform/cache/main.tf" in commit
    assert "components/terraform/vpc/main.tf" not in commit
    assert browser.repo.commits[pull.head_sha].parents == (before,)


@pytest.mark.parametrize(("button", "parents"), [("Squash and merge", 1), ("Merge commit", 2), ("Rebase and merge", 1)])
async def test_merging(browser: Browser, button: str, parents: int) -> None:
    pull = await browser.pull()
    page = await browser.press("/acme/infra/pull/1", button)
    assert pull.merged
    assert pull.merge_commit_sha
    assert len(browser.repo.commits[pull.merge_commit_sha].parents) == parents
    assert "the branch is deleted" in page
    assert "ada merged this into main" in page
    assert button not in page


async def test_closing_and_reopening(browser: Browser) -> None:
    pull = await browser.pull()
    page = await browser.press("/acme/infra/pull/1", "Close")
    assert (pull.state, "Squash and merge" in page) == ("closed", False)
    page = await browser.press("/acme/infra/pull/1", "Reopen")
    assert (pull.state, "Squash and merge" in page) == ("open", True)


async def test_a_comment_is_shown_as_github_shows_it_and_does_no_harm(browser: Browser) -> None:
    pull = await browser.pull()
    text = (
        "one\ntwo **bold**\r\n\r\n| a | b |\n| --- | --- |\n| 1 | `2` |\n\n<details>\n<summary>more</summary>\n\n"
        "*folded*\n\n</details>\n\n<script>alert('boo')</script><img src=x onerror=alert(1)> "
        "[link](javascript:alert(2)) <a href='javascript:alert(3)' style='x'>a</a> "
        "<form action=/><button>x</button></form>"
    )
    page = await browser.press("/acme/infra/pull/1", "Comment", ("body", text))
    (comment,) = browser.hub.comments_on(pull)
    assert comment.author.login == "ada"
    assert "\r" not in comment.body
    shown = page.partition('<div class="body markdown">')[2].partition("</article>")[0]
    for good in (
        "one<br>",
        "<strong>bold</strong>",
        "<td><code>2</code></td>",
        "<summary>more</summary>",
        "<em>folded</em>",
    ):
        assert good in shown
    for harm in ("<script", "onerror", "href=", "style=", "<form", "<button"):
        assert harm not in shown


async def test_the_bots_comment_is_marked_and_says_how_often_it_was_edited(browser: Browser) -> None:
    pull = await browser.pull()
    hub = browser.hub
    comment = hub.add_comment(pull, hub.bot, '<!-- marker --><img src="http://127.0.0.1:1/g.svg" alt="graph">')
    hub.edit_comment(comment, comment.body + "\n\nnews", hub.bot.login)
    page = await browser.get("/acme/infra/pull/1")
    assert '<img src="http://127.0.0.1:1/g.svg" alt="graph">' in page
    assert "edited 1×" in page
    assert "marker" not in page


@pytest.mark.parametrize("text", ["<picture><source media='(a)' srcset='x.svg'><img src='y.svg'></picture>", "~~a~~"])
def test_what_github_lets_through(text: str) -> None:
    html = rendered(text)
    assert "srcset" in html or "<s>a</s>" in html


async def test_labels(browser: Browser) -> None:
    pull = await browser.pull()
    await browser.press("/acme/infra/pull/1", "Add", ("name", "no-apply"))
    assert pull.labels == ["no-apply"]
    assert "that is not there yet" in await browser.press("/acme/infra/pull/1", "Add", ("name", "no-apply"))
    await browser.press("/acme/infra/pull/1", "×")
    assert pull.labels == []


async def test_a_run_fails_and_is_run_again(browser: Browser) -> None:
    run = browser.apply("dev")
    path = f"/acme/infra/actions/runs/{run.id}"
    await browser.after(2)
    page = await browser.press(path, "Let it fail")
    assert "plat-ue2-prod" in page
    assert run.conclusion == "failure"
    await browser.press(path, "Re-run failed jobs")
    assert (run.attempt, run.status) == (2, "queued")
    await browser.after(30)
    await browser.after(30)
    assert run.conclusion == "success"
    page = await browser.press(path, "Re-run all jobs")
    assert run.attempt == 3
    assert "Attempt 1" in page
    assert "Attempt 3" in page


async def test_a_run_is_cancelled(browser: Browser) -> None:
    run = browser.apply("dev")
    await browser.press(f"/acme/infra/actions/runs/{run.id}", "Cancel")
    await browser.after(5)
    assert run.conclusion == "cancelled"


async def test_an_environment_is_approved_or_rejected_on_the_runs_page(browser: Browser) -> None:
    one, other = browser.apply(), browser.apply()
    await browser.after(2)
    await browser.press(f"/acme/infra/actions/runs/{one.id}", "Approve prod")
    assert (one.status, one.reviews[0].user.login) == ("queued", "ada")
    page = await browser.press(f"/acme/infra/actions/runs/{other.id}", "Reject")
    assert other.conclusion == "failure"
    assert "rejected" in page


async def test_all_that_waits_is_approved_on_the_pull_request(browser: Browser) -> None:
    await browser.pull()
    await browser.press("/acme/infra/pull/1", "Squash and merge")
    runs = [browser.apply(), browser.apply(component="cache")]
    assert "waits for a review" not in await browser.get("/acme/infra/pull/1")
    await browser.after(2)
    page = await browser.press("/acme/infra/pull/1", "Approve all 2")
    assert [run.status for run in runs] == ["queued", "queued"]
    assert "wait for a review" not in page


async def test_what_cannot_be_done_is_said_once(browser: Browser) -> None:
    await browser.pull()
    forms = Forms(await browser.get("/acme/infra/pull/1")).found
    (push,) = [form for form in forms if form.text == "Push"]
    browser.hub.close(browser.repo.pulls[1], "bob")
    async with browser.http.post(browser.url + push.action, data=push.fields) as answer:
        page = await answer.text()
        assert "Pull request 1 is closed. Open another one to push to." in unescape(page)
        again = str(answer.url)
    assert "Open another one" not in await browser.get(again.removeprefix(browser.url))


async def test_nobody_is_led_to_another_site(browser: Browser) -> None:
    await browser.pull()
    for back in ("https://evil.example/", "//evil.example", "/\\evil.example"):
        async with browser.http.post(
            f"{browser.url}/acme/infra/pull/1/comment", data={"back": back, "body": "x"}, allow_redirects=False
        ) as answer:
            assert (answer.status, answer.headers["Location"]) == (303, "/")


async def test_other_sites_and_other_names_are_refused(browser: Browser) -> None:
    await browser.pull()
    target = f"{browser.url}/acme/infra/pull/1/close"
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Host": "evil.example"}):
        async with browser.http.post(target, headers=headers) as answer:
            assert answer.status == 403
    async with browser.http.get(f"{browser.url}/", headers={"Host": "evil.example:80"}) as answer:
        assert answer.status == 403
    assert browser.repo.pulls[1].state == "open"


async def test_people_get_a_page_and_programs_json_where_nothing_is(browser: Browser) -> None:
    for path in (
        "/no/such",
        "/acme/infra/pull/9",
        "/acme/infra/actions/runs/x",
        "/acme/infra/commit/0000000",
        "/a/b/c/d",
    ):
        assert "There is nothing here" in await browser.get(path, status=404)
        async with browser.http.get(browser.url + path) as answer:
            assert answer.status == 404
            assert (await answer.json())["message"] == "Not Found"
    async with browser.http.post(f"{browser.url}/acme/infra/pull/9/close", headers=HTML) as answer:
        assert answer.status == 404
    async with browser.http.get(f"{browser.url}/repos/acme/infra/nothing") as answer:
        assert (await answer.json())["message"] == "Not Found"


async def test_an_unchanged_page_is_not_sent_again(browser: Browser) -> None:
    await browser.pull()
    async with browser.http.get(f"{browser.url}/acme/infra/pull/1") as answer:
        etag = answer.headers["ETag"]
        assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    async with browser.http.get(f"{browser.url}/acme/infra/pull/1", headers={"If-None-Match": etag}) as answer:
        assert (answer.status, await answer.text()) == (304, "")
    browser.hub.comment(browser.repo.pulls[1], "bob", "news")
    async with browser.http.get(f"{browser.url}/acme/infra/pull/1", headers={"If-None-Match": etag}) as answer:
        assert answer.status == 200


async def test_runs_are_listed_by_workflow_and_by_pull_request(browser: Browser) -> None:
    await browser.pull()
    run = browser.apply("dev")
    link = f'href="/acme/infra/actions/runs/{run.id}"'
    assert link in await browser.get("/acme/infra/actions")
    assert link in await browser.get(f"/acme/infra/actions/workflows/{example.APPLY}")
    assert link not in await browser.get(f"/acme/infra/actions/workflows/{example.PLAN}")
    of_pull = await browser.get("/acme/infra/actions?pull=1")
    assert link not in of_pull
    assert "Affected stacks" in of_pull


async def test_a_program_that_broke_shows_what_it_said(browser: Browser) -> None:
    async def broken(_program: Program) -> str:
        raise RuntimeError("no such <server>")

    browser.hub.programs["atmos-pro.yaml"] = broken
    await browser.pull()
    await browser.after(2)
    await browser.after(30)
    (run,) = browser.hub.runs.values()
    assert "no such &lt;server&gt;" in await browser.get(f"/acme/infra/actions/runs/{run.id}")


async def test_a_check_of_the_app(browser: Browser) -> None:
    pull = await browser.pull()
    fields = {"conclusion": "success", "output": {"title": "All planned", "summary": "**27** of 27"}}
    check = browser.hub.add_check(browser.repo, pull.head_sha, "switchyard", fields)
    assert f'href="/acme/infra/runs/{check.id}"' in await browser.get("/acme/infra/pull/1")
    page = await browser.get(f"/acme/infra/runs/{check.id}")
    assert "All planned" in page
    assert "<strong>27</strong> of 27" in page


async def test_a_file_and_what_the_pages_load(browser: Browser) -> None:
    assert "run-name: apply" in await browser.get(f"/acme/infra/blob/main/.github/workflows/{example.APPLY}")
    assert "There is nothing here" in await browser.get("/acme/infra/blob/main/nothing", status=404)
    page = await browser.get("/")
    for name, kind in (("pages.css", "text/css"), ("pages.js", "text/javascript")):
        assert f'"/-/{name}"' in page
        async with browser.http.get(f"{browser.url}/-/{name}") as answer:
            assert (answer.status, answer.content_type) == (200, kind)
    async with browser.http.get(f"{browser.url}/-/pages.py") as answer:
        assert answer.status == 404


async def test_a_pull_request_that_conflicts_says_so(browser: Browser) -> None:
    await browser.pull("vpc")
    await browser.pull("vpc")
    await browser.press("/acme/infra/pull/1", "Squash and merge")
    assert "This conflicts with" in await browser.get("/acme/infra/pull/2")
    assert "cannot be merged" in await browser.press("/acme/infra/pull/2", "Squash and merge")
