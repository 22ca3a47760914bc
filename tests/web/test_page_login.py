"""Who is let in, for how long, and what all others are told."""

from __future__ import annotations

import pytest
from flask import Response

from bot.store.db import transaction
from bot.web.pages_login import Door
from bot.web.reading import Reader
from bot.web.visits import LINK_LASTS, VISIT_LASTS, Visits
from tests.web.conftest import PAGES_KEY, Site
from tests.web.pages_site import body, enter, form, keep
from tests.web.reading_pages import Page
from tests.web.test_rollout_json import step, walk

HOW = "On the server, switchyard login-link prints a link that lets you in."


def link(site: Site, by: str = "dora") -> str:
    return Visits(PAGES_KEY, site.now).link(by)


@pytest.mark.parametrize("path", ["/", "/deliveries"])
def test_who_was_not_let_in_is_told_how(site: Site, path: str) -> None:
    answer = site.client.get(path)
    page = Page(body(answer))
    assert (answer.status_code, page.flaws) == (403, [])
    assert HOW in page.text
    assert "acme" not in answer.text


def test_looking_at_a_link_uses_nothing_up_and_pressing_it_does(site: Site) -> None:
    one = link(site)
    for _ in range(3):
        answer = site.client.get("/login", query_string={"link": one})
        page = Page(body(answer))
        assert (answer.status_code, page.flaws) == (200, [])
        assert "This link lets dora in" in page.text
        assert answer.headers.getlist("Set-Cookie") == []
    entered = site.client.post("/login", data={"link": one})
    assert (entered.status_code, entered.headers["Location"]) == (303, "/")
    assert site.client.get("/").status_code == 200
    other = site.app.test_client()
    again = other.post("/login", data={"link": one})
    assert again.status_code == 403
    assert "It was used before, or it is older than ten minutes." in Page(body(again)).text
    assert other.get("/").status_code == 403


def test_a_link_ends(site: Site) -> None:
    one = link(site)
    site.clock[0] += LINK_LASTS
    looked = site.client.get("/login", query_string={"link": one})
    for answer in (looked, site.client.post("/login", data={"link": one})):
        assert answer.status_code == 403
        assert "prints a new one" in body(answer)


@pytest.mark.parametrize("sent", [{}, {"link": ""}, {"link": "a.b.c"}, {"other": "x"}])
def test_what_is_no_link_lets_nobody_in(site: Site, sent: dict[str, str]) -> None:
    assert site.client.get("/login", query_string=sent).status_code == 403
    assert site.client.post("/login", data=sent).status_code == 403
    assert site.client.post("/login", data={"link": "x" * 100_000}).status_code == 413


def test_a_visit_ends_by_itself(site: Site) -> None:
    client = enter(site)
    site.clock[0] += VISIT_LASTS - 1
    assert client.get("/").status_code == 200
    site.clock[0] += 1
    assert client.get("/").status_code == 403


def test_who_leaves_is_out(site: Site) -> None:
    client = enter(site)
    assert client.post("/logout", data={"form": "of somebody else"}).status_code == 403
    front = client.get("/")
    assert front.status_code == 200
    assert "dora" in Page(body(front)).text
    assert client.post("/logout", data={"form": form(front)}).status_code == 303
    assert client.get("/").status_code == 403


def test_whoever_leaves_ends_the_visit_for_copies_of_the_cookie_too(site: Site) -> None:
    client, other = enter(site), enter(site)
    keep(site, walk(step(0)))
    cookie = client.get_cookie("switchyard")
    assert cookie is not None
    copied = site.app.test_client()
    copied.set_cookie("switchyard", cookie.value)
    shown = copied.get("/deliveries")
    assert shown.status_code == 200
    assert client.post("/logout", data={"form": form(shown)}).status_code == 303
    for path in ("/", "/deliveries"):
        assert copied.get(path).status_code == 403
    assert copied.get("/acme/infra/pulls/42").status_code == 404
    assert copied.post("/deliveries", data={"form": form(shown), "table": "inbox", "key": "1"}).status_code == 403
    assert copied.post("/logout", data={"form": form(shown)}).status_code == 303, "leaving twice is no mistake"
    assert other.get("/").status_code == 200, "other visits of the same person go on"
    site.clock[0] += VISIT_LASTS
    enter(site)
    kept = [row["id"].partition(":")[0] for row in site.db.rows("SELECT id FROM spent_tokens")]
    assert kept == ["login"], "what has ended by itself is forgotten"


def test_the_cookie_is_kept_from_scripts_and_other_sites(site: Site) -> None:
    (cookie,) = site.client.post("/login", data={"link": link(site)}).headers.getlist("Set-Cookie")
    name, *told = cookie.split("; ")
    assert name.startswith("switchyard=")
    assert {"HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=43200"} <= set(told)
    assert "Secure" not in told


def test_by_https_browsers_keep_the_cookie_to_this_host(site: Site) -> None:
    door, response = Door(Visits(PAGES_KEY, site.now), Reader(str(site.path)), https=True), Response()
    door.let_in(response, "dora")
    (cookie,) = response.headers.getlist("Set-Cookie")
    name, *told = cookie.split("; ")
    assert name.startswith("__Host-switchyard=")  # browsers refuse it without what follows
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(told)
    assert not any(one.startswith("Domain") for one in told)


def test_a_session_of_a_run_and_a_key_open_no_page(site: Site) -> None:
    keep(site, walk(step(0)))
    for credential in (site.session(), "swy_good", link(site)):
        client = site.app.test_client()
        client.set_cookie("switchyard", credential)
        assert client.get("/", headers={"Authorization": f"Bearer {credential}"}).status_code == 403
        assert client.get("/acme/infra/pulls/42").status_code == 404


def test_a_name_that_is_no_plain_one_is_shown_as_text(site: Site) -> None:
    client = enter(site, "<b>dora</b>\u202e")
    page = Page(body(client.get("/")))
    assert page.flaws == []
    assert "<b>dora</b>�" in page.text


def test_used_links_are_kept_as_long_as_they_would_be_good(site: Site) -> None:
    enter(site)
    assert [row["until"] for row in site.db.rows("SELECT until FROM spent_tokens")] == [site.now() + LINK_LASTS]
    site.clock[0] += LINK_LASTS
    enter(site)
    with transaction(site.db):
        assert len(site.db.rows("SELECT * FROM spent_tokens")) == 1
