"""Links and cookies: each is good for what it is, until it ends."""

from __future__ import annotations

import jwt

from bot.web.visits import LINK_LASTS, VISIT_LASTS, Visits
from tests.web.conftest import PAGES_KEY, SESSION_KEY, Site


def test_a_link_and_a_cookie_end() -> None:
    clock = [1_000.0]
    visits = Visits(PAGES_KEY, lambda: clock[0])
    link, cookie = visits.link("dora"), visits.cookie("dora")
    found, visit = visits.open_link(link), visits.open_cookie(cookie)
    assert found is not None
    assert visit is not None
    assert (found.by, visit.by) == ("dora", "dora")
    clock[0] += LINK_LASTS - 1
    assert visits.open_link(link) == found
    clock[0] += 1
    assert visits.open_link(link) is None
    clock[0] = 1_000.0 + VISIT_LASTS - 1
    assert visits.open_cookie(cookie) == visit
    clock[0] += 1
    assert visits.open_cookie(cookie) is None


def test_nothing_else_opens_anything(site: Site) -> None:
    visits = Visits(PAGES_KEY, site.now)
    link, cookie = visits.link("dora"), visits.cookie("dora")
    told = jwt.decode(cookie, options={"verify_signature": False})
    head, _, tail = cookie.split(".")
    others = [
        site.session(),
        Visits(SESSION_KEY, site.now).cookie("dora"),
        jwt.encode(told, "", "none"),
        jwt.encode({key: value for key, value in told.items() if key != "exp"}, PAGES_KEY, "HS256"),
        jwt.encode(told | {"exp": "soon"}, PAGES_KEY, "HS256"),
        jwt.encode(told | {"iss": "somebody"}, PAGES_KEY, "HS256"),
        f"{head}.{jwt.encode(told | {'sub': 'root'}, SESSION_KEY, 'HS256').split('.')[1]}.{tail}",
        "",
        "..",
        "a.b.c",
        "\ud800",
    ]
    assert [visits.open_cookie(one) for one in [link, *others]] == [None] * (len(others) + 1)
    assert [visits.open_link(one) for one in [cookie, *others]] == [None] * (len(others) + 1)


def test_the_forms_of_two_visits_differ() -> None:
    visits = Visits(PAGES_KEY, lambda: 1_000.0)
    one, two = (visits.open_cookie(visits.cookie("dora")) for _ in range(2))
    assert one is not None
    assert two is not None
    assert visits.form(one) != visits.form(two)
    assert visits.form(one) == visits.form(one)
