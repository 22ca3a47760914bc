"""The page of a pull request: who sees it, what stands there, and that nobody's words become anything else."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

import pytest

from bot.domain.desk import Entry
from bot.domain.graph import Instance
from bot.domain.lanes import lane_of_pull
from bot.domain.model import Status
from bot.domain.pro import Phase
from bot.domain.rollout import Walk
from bot.domain.states import states
from bot.domain.view import PullView
from bot.sandbox.pages_markdown import rendered
from bot.store import audit, outbox, repos
from bot.store.db import transaction
from bot.web.pages_words import clear
from renderers.comment import comment
from renderers.examples.catalogue import NAMES, made
from renderers.words import BY_WORTH, SIGNS, word
from tests.stories.helping import first_line
from tests.web.conftest import PAGES_KEY, SECRET, SESSION_KEY, Site
from tests.web.pages_site import PULL, body, enter, keep
from tests.web.reading_pages import Page
from tests.web.test_rollout_json import SENT, step, walk

BY_NAME = "/acme/infra/pulls/42"
LANE = lane_of_pull(7, 42)
#: A name that would do harm where it is not escaped: as HTML, as Markdown, as an address, and by what is not seen.
NASTY = "<script>alert(1)</script>`|[x](javascript:alert(2))&amp;\u202e\"'><img src=x onerror=alert(3)>"
RUN = "https://github.com/acme/infra/actions/runs/9"


def running() -> Walk:
    failed = replace(SENT, id="d0", status=Status.FAILED, conclusion="failure", run_id=9, run_url=RUN)
    goes = replace(SENT, step=2)
    steps = (step(0, children=(1,), dispatches=(failed,)), step(1, 0), step(2, dispatches=(goes,)))
    return walk(*steps, size=3)


def rows(page: Page) -> list[list[str]]:
    """Read the rows of the table of instances."""
    found = [[" ".join(cell.split()) for cell in cells] for cells in page.cells]
    start = next((place for place, cells in enumerate(found) if cells[0] == "Status"), len(found)) + 1
    ends = [place for place, cells in enumerate(found) if cells[0] == "When"]
    return found[start : ends[0] if ends else None]


def pull_views(size: int) -> dict[str, PullView]:
    found = {name: made(name, size) for name in NAMES}
    return {name: view for name, view in found.items() if isinstance(view, PullView)}


def test_who_has_the_link_sees_it(site: Site) -> None:
    page = Page(body(site.client.get(keep(site, running()))))
    assert page.flaws == []
    assert "Widen the network #42" in page.text
    assert "Planning, with failures: 0 of 3 succeeded, 1 failed, 1 blocked, 1 under way" in page.text
    found = rows(page)
    assert [cells[:3] for cells in found] == [
        ["❌ failed", "dev", "c0"],
        ["▶️ running", "dev", "c2"],
        ["🚧 blocked", "dev", "c1"],
    ]
    assert "c0 failed" in found[2][3]
    assert RUN in page.links
    assert "https://github.com/acme/infra/pull/42" in page.links


def test_who_has_it_not_is_told_nothing(site: Site) -> None:
    link = keep(site, running())
    nothing = site.client.get("/p/x")
    assert (nothing.status_code, Page(body(nothing)).flaws) == (404, [])
    for path in (
        BY_NAME,
        "/acme/infra/pulls/43",
        "/acme/nowhere/pulls/42",
        f"{BY_NAME}/graph.svg?rollout=3",
        "/p/x/graph.svg?rollout=3",
        f"{link}/graph.svg?rollout=4",
        f"{link}/graph.svg",
        f"{link}?rollout=4",
        link[:-1],
        "/p/%00",
        "/p/%ff",
        f"/acme/infra/pulls/{2**70}",
    ):
        answer = site.client.get(path)
        assert (answer.status_code, answer.data) == (404, nothing.data), path
        assert dict(answer.headers) == dict(nothing.headers), path


def test_who_was_let_in_sees_it_by_its_name(site: Site) -> None:
    link = keep(site, running())
    client = enter(site)
    page = Page(body(client.get(BY_NAME)))
    assert page.flaws == []
    assert "Planning, with failures" in page.text
    assert client.get("/ACME/Infra/pulls/42").status_code == 200
    assert client.get("/acme/infra/pulls/43").status_code == 404
    assert client.get(f"{BY_NAME}/graph.svg?rollout=3").status_code == 200
    assert link not in client.get(BY_NAME).text, "what others see it by is not handed on by accident"


def test_the_calls_of_the_api_stay_what_they_are(site: Site) -> None:
    answer = site.client.get("/api/v1/pulls/42")
    assert answer.status_code == 404
    assert answer.json is not None
    assert answer.json["errorMessage"].startswith("Switchyard has nothing at this address")


def test_what_pages_load_is_there(site: Site) -> None:
    for path, kind in (("pages.css", "text/css"), ("pages.js", "text/javascript"), ("icon.svg", "image/svg+xml")):
        with site.client.get(f"/static/{path}") as answer:
            assert answer.data
        assert (answer.status_code, answer.mimetype) == (200, kind)
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert site.client.get("/static/../__init__.py").status_code == 404
    assert site.client.get("/static/%2e%2e/__init__.py").status_code == 404


@pytest.mark.parametrize("name", pull_views(10))
def test_every_state_is_a_sound_page(site: Site, name: str) -> None:
    site.example = view = pull_views(10)[name]
    page = Page(body(site.client.get(keep(site, None))))
    assert page.flaws == []
    assert heading(page) == in_comment(view)
    if view.waiting or not view.current:
        return
    found = states(view.current[0])
    told = {(cells[0].partition(" ")[2], cells[1], cells[2].removeprefix("destroy ")) for cells in rows(page)}
    for instance, state in zip(view.current[0].steps, found, strict=True):
        assert (word(state.status), clear(instance.instance.stack), clear(instance.instance.component)) in told


def heading(page: Page) -> str:
    """Read how a pull request stands, as its page says."""
    return " ".join(page.headings[1][1].split())


def in_comment(view: PullView) -> str:
    """Read how a pull request stands, as GitHub shows its comment."""
    said = first_line(comment(view, picture_url=None, mermaid=None)).partition(" · as of ")[0]
    shown = Page(f"<!doctype html>\n<h1>Comment</h1>{rendered(f'## {said}')}")
    return heading(shown).replace("\u200b", "")


def awaiting(name: str, **more: object) -> PullView:
    view = made(name)
    assert isinstance(view, PullView)
    return replace(view, **more)  # type: ignore[arg-type]


UNUSABLE = "An upload could not be used: see below what to change"
MERGED = replace(PULL, open=False, merged=True, merge_sha="e" * 40)


@pytest.mark.parametrize(
    ("view", "said"),
    [
        (awaiting("waiting"), "⏳ Waiting for the affected stacks"),
        (awaiting("waiting", waiting=""), "⏳ Nothing to show yet"),
        (awaiting("waiting", pull=MERGED), "⏳ Merged as eeeeeee, waiting for the affected stacks"),
        (awaiting("no-upload"), "❌ No affected stacks came: look why no run uploads them"),
        (awaiting("waiting", stuck="read the log of <b>@acme_`x`.yml"), "❌ read the log of <b>@acme_x.yml"),
        (awaiting("planned", current=(), stuck=UNUSABLE), f"❌ {UNUSABLE}"),
        (awaiting("planned", waiting="Waiting for a push."), "⏳ Waiting for the affected stacks"),
        (awaiting("fork"), "⏭️ Nothing is started for a fork"),
    ],
)
def test_page_list_and_comment_say_the_same(site: Site, view: PullView, said: str) -> None:
    site.example = view
    link = keep(site, running())
    assert in_comment(view) == said
    assert heading(Page(body(site.client.get(link)))) == said
    sign, _, words = said.partition(" ")
    front = Page(body(enter(site).get("/")))
    assert f"{sign} acme/infra#42 Widen the network {words}" in front.text


def test_a_page_of_nothing_hints_at_the_shallow_checkout(site: Site) -> None:
    site.example = awaiting("unaffected")
    page = Page(body(site.client.get(keep(site, None))))
    assert "needs the whole history, so check out with fetch-depth: 0." in page.text


def test_all_of_five_thousand_instances_stand_there(site: Site) -> None:
    view = made("failing", 5_000)
    assert isinstance(view, PullView)
    site.example = view
    answer = site.client.get(keep(site, None))
    page = Page(body(answer))
    assert page.flaws == []
    assert "5,000 instances" in page.text
    told = rows(page)
    assert len({(cells[1], cells[2]) for cells in told}) == len(told) == 5_000
    signs = list(dict.fromkeys(cells[0] for cells in told))
    assert signs == sorted(signs, key=[f"{SIGNS[one]} {word(one)}" for one in BY_WORTH].index)
    assert signs[0] == "❌ failed", "what needs eyes stands first"
    assert 'data-refresh="55"' in answer.text, "it is fetched the less often the larger it is"
    assert '<noscript><meta http-equiv="refresh" content="55"></noscript>' in answer.text


def test_words_of_others_stay_words(site: Site) -> None:
    refused = replace(SENT, id="d0", status=Status.FAILED, reason=f"GitHub said {NASTY}", warning=NASTY)
    nasty = walk(
        replace(step(0, children=(1,), dispatches=(refused,)), instance=Instance(NASTY, NASTY)),
        replace(step(1, 0), instance=Instance("dev", NASTY), problem=NASTY, notes=(NASTY,)),
        size=2,
        activity=NASTY,
        superseded_by="",
        notes=(NASTY,),
    )
    pull = replace(PULL, title=NASTY, author=NASTY, head_ref=NASTY, base_ref=NASTY)
    link = keep(site, nasty, pull)
    with transaction(site.db):
        audit.add(site.db, [Entry(NASTY, NASTY, NASTY, 3, NASTY)], repo_id=7, now=site.now(), lane=LANE)
    page = Page(body(site.client.get(link)))
    assert page.flaws == []
    assert "<script>alert(1)</script>" in page.text
    assert [one for one in page.links if not one.startswith(("https://github.com/acme/infra", "#main", link))] == []
    assert "\u202e" not in page.text
    drawn = site.client.get(f"{link}/graph.svg?rollout=3")
    assert {one.tag.rpartition("}")[2] for one in ElementTree.fromstring(drawn.data).iter()} <= {
        "svg", "title", "desc", "rect", "g", "text", "tspan", "path", "circle",
    }  # fmt: skip


def test_nothing_that_is_secret_is_on_a_page(site: Site) -> None:
    link = keep(site, running())
    client = enter(site)
    secrets = [SECRET, SESSION_KEY.decode(), PAGES_KEY.decode(), "swy_good"]
    secrets += [row["hash"] for row in site.db.rows("SELECT hash FROM keys")]
    secrets += [link.removeprefix("/p/")]
    for path in ("/", "/deliveries", BY_NAME, f"{BY_NAME}/graph.svg?rollout=3"):
        text = client.get(path).text
        assert [one for one in secrets if one in text] == []


def test_the_graph_is_drawn_in_light_and_in_dark(site: Site) -> None:
    link = keep(site, running())
    html = body(site.client.get(link))
    assert f'<img src="{link}/graph.svg?rollout=3&amp;v=' in html
    light, dark = (site.client.get(f"{link}/graph.svg?rollout=3{look}") for look in ("", "&look=dark"))
    assert light.data != dark.data
    for answer in (light, dark):
        assert answer.status_code == 200
        assert answer.content_type == "image/svg+xml; charset=utf-8"
        assert answer.headers["Cache-Control"] == "private, max-age=3600"
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert "c0" in "".join(ElementTree.fromstring(answer.data).itertext())


def test_a_graph_that_cannot_be_drawn_costs_the_picture_alone(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    link = keep(site, walk(replace(step(0), instance=Instance("a stack", "that was not drawn yet"))))
    monkeypatch.setattr("renderers.engine.execute.run_check", broken)
    page = Page(body(site.client.get(link)))
    assert (page.flaws, "that was not drawn yet" in page.text) == ([], True)
    assert site.client.get(f"{link}/graph.svg?rollout=3").status_code == 503


def named(name: str) -> Walk:
    """Make a rollout whose graph was not drawn yet in any test."""
    return walk(*(replace(step(index), instance=Instance(name, f"c{index}")) for index in range(3)), size=3)


def test_an_engine_that_failed_once_is_asked_again(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    link = keep(site, named("an engine that comes back"))
    with monkeypatch.context() as without:
        without.setattr("renderers.engine.execute.run_check", broken)
        failed = site.client.get(f"{link}/graph.svg?rollout=3")
        assert (failed.status_code, failed.headers["Cache-Control"]) == (503, "no-store")
        assert "The graph cannot be drawn" in body(failed)
        assert "The graph could not be drawn" in Page(body(site.client.get(link))).text
    drawn = site.client.get(f"{link}/graph.svg?rollout=3")
    assert (drawn.status_code, drawn.mimetype) == (200, "image/svg+xml")
    assert "could not be drawn" not in Page(body(site.client.get(link))).text


def test_what_is_drawn_by_groups_says_so_until_the_whole_is_drawn(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    many = walk(
        *(replace(step(index), instance=Instance(f"s{index % 9}", f"c{index}")) for index in range(63)), size=63
    )
    link = keep(site, many)
    before = site.client.get(link)
    assert "Drawn stack by stack" not in before.text
    with monkeypatch.context() as small:
        small.setattr("bot.web.pages_graph._LARGEST", 20_000)
        grouped = site.client.get(f"{link}/graph.svg?rollout=3")
    assert (grouped.status_code, grouped.headers["Cache-Control"]) == (200, "no-store")
    assert "s8" in grouped.text
    assert ">c62<" not in grouped.text
    page = site.client.get(link, headers={"If-None-Match": before.headers["ETag"]})
    assert "Drawn stack by stack: 63 boxes were too much for one picture. The table has every instance." in " ".join(
        Page(body(page)).text.split()
    )
    assert "#instances" in Page(page.text).links
    whole = site.client.get(f"{link}/graph.svg?rollout=3")
    assert "c62" in whole.text
    assert whole.headers["Cache-Control"] == "private, max-age=3600"
    assert "Drawn stack by stack" not in site.client.get(link, headers={"If-None-Match": page.headers["ETag"]}).text


def broken(*_args: object, **_more: object) -> None:
    raise OSError("no dot here")


def test_the_same_page_is_not_written_twice(site: Site) -> None:
    link = keep(site, running())

    def etag(given: str = "") -> str:
        answer = site.client.get(link, headers={"If-None-Match": given})
        assert answer.status_code == (304 if answer.headers["ETag"] == given else 200)
        return answer.headers["ETag"]

    site.clock[0] = 1_000_020.0
    first = etag()
    assert etag(first) == first
    with transaction(site.db):
        outbox.wish(site.db, "comment", "7#42", lane="7#42", repo_id=7, now=site.now(), due=site.now())
    second = etag(first)
    assert second != first, "the comment would be another one"
    with transaction(site.db):
        audit.add(site.db, [Entry("dora", "approve", "said so", 3)], repo_id=7, now=site.now(), lane=LANE)
    third = etag(second)
    assert third != second
    site.clock[0] += 60
    assert etag(third) != third, "what time alone changes is a minute late at most"


def test_an_earlier_rollout_can_be_seen_whole(site: Site) -> None:
    link = keep(site, walk(step(0), step(1), step(2), superseded_by="a push of 8c0ffee", sha="d" * 40))
    later = [replace(one, index=index, dispatches=()) for index, one in enumerate([step(0)])]
    keep(site, walk(*later, id=4, phase=Phase.PLAN))
    now = Page(body(site.client.get(link)))
    assert "1 instance" in now.text
    assert f"{link}?rollout=3" in now.links
    earlier = Page(body(site.client.get(f"{link}?rollout=3")))
    assert earlier.flaws == []
    assert "3 instances" in earlier.text
    assert "Ended by a push of 8c0ffee" in earlier.text
    assert link in earlier.links, "and it leads back"


def test_all_earlier_rollouts_are_listed_fifty_at_a_time(site: Site) -> None:
    for number in range(1, 102):
        link = keep(site, walk(step(0), id=number, superseded_by=f"push {number}."))
    keep(site, walk(step(0), id=102))
    pages = [Page(body(site.client.get(path))) for path in (link, f"{link}?before=52", f"{link}?before=2")]
    its = f"{link}?rollout="
    listed = [[one.removeprefix(its) for one in page.links if one.startswith(its)] for page in pages]
    first, then, last = ([*map(str, range(start, end, -1))] for start, end in ((101, 51), (51, 1), (1, 0)))
    assert listed == [first, then, last]
    assert [f"{link}?before=52#rollouts" in page.links for page in pages] == [True, False, False]
    assert ["51 older rollouts" in page.text for page in pages] == [True, False, False]
    assert f"{link}?before=2#rollouts" in pages[1].links
    assert "1 older rollout" in pages[1].text
    assert [f"{link}#rollouts" in page.links for page in pages] == [False, True, True]
    assert ["older" in page.text for page in pages] == [True, True, False]
    assert [page.flaws for page in pages] == [[], [], []]
    assert len({site.client.get(path).headers["ETag"] for path in (link, f"{link}?before=52")}) == 2


def test_another_pull_requests_rollout_is_not_shown_by_this_link(site: Site) -> None:
    link = keep(site, running())
    keep(site, walk(step(0), id=9, lane="7#43", pull=43), replace(PULL, number=43))
    for path in (f"{link}?rollout=9", f"{link}/graph.svg?rollout=9"):
        assert site.client.get(path).status_code == 404


def test_what_was_uninstalled_can_still_be_read(site: Site) -> None:
    link = keep(site, running())
    with transaction(site.db):
        repos.uncovered(site.db, 7)
    assert site.client.get(link).status_code == 200


def test_before_anything_came_it_says_so(site: Site) -> None:
    page = Page(body(site.client.get(keep(site, None))))
    assert page.flaws == []
    assert "Nothing to show yet" in page.text


def test_the_audit_of_this_pull_request_stands_there(site: Site) -> None:
    link = keep(site, running())
    keep(site, walk(step(0), id=9, lane="7#43", pull=43), replace(PULL, number=43))
    with transaction(site.db):
        audit.add(site.db, [Entry("lead", "approve", "all of it", 3, "dev/c0")], repo_id=7, now=site.now(), lane=LANE)
        audit.add(site.db, [Entry("boss", "pause", "said so")], repo_id=7, now=site.now(), lane=LANE)
        other = lane_of_pull(7, 99)
        audit.add(site.db, [Entry("other", "approve", "elsewhere", 9, "dev/c0")], repo_id=7, now=site.now(), lane=other)
    page = Page(body(site.client.get(link)))
    assert ["lead", "approve", "dev/c0", "all of it"] in [cells[1:] for cells in page.cells]
    assert ["boss", "pause", "", "said so"] in [cells[1:] for cells in page.cells]
    assert "elsewhere" not in page.text


def test_of_a_long_audit_the_last_five_hundred_stand_there(site: Site) -> None:
    link = keep(site, running())
    with transaction(site.db):
        told = [Entry("lead", "approve", f"reason {number}", 3) for number in range(501)]
        audit.add(site.db, told, repo_id=7, now=site.now(), lane=LANE)
    page = Page(body(site.client.get(link)))
    causes = [cells[4] for cells in page.cells if len(cells) == 5 and cells[1] == "lead"]
    assert causes == [f"reason {number}" for number in range(500, 0, -1)]
    assert "500 entries, the last ones; switchyard export audit has all" in page.text
