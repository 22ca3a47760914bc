"""The pages of who runs the service: what goes on, what was given up, and the button that gives it another chance."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.locks import Lock
from bot.domain.model import Status
from bot.store import audit, freezes, inbox, locks, outbox, repos
from bot.store.db import transaction
from bot.store.freezes import ALL, Freeze
from tests.web.conftest import Site
from tests.web.pages_site import PULL, body, enter, form, keep
from tests.web.reading_pages import Page
from tests.web.test_rollout_json import SENT, step, walk

WHY = "The body has no <b>number</b>."


def bury(site: Site, guid: str = "g1", kind: str = "pull_request") -> str:
    """Have an input given up; returns its number."""
    with transaction(site.db):
        inbox.put(site.db, kind, b"{}", now=site.now(), guid=guid, repo_id=7, lane="7#42")
        found = site.db.rows("SELECT id FROM inbox WHERE guid = ?", guid)[0]["id"]
        inbox.bury(site.db, found, now=site.now(), reason=WHY)
    return str(found)


def give_up(site: Site, kind: str = "comment", name: str = "7#42") -> str:
    """Have a wish given up; returns its key."""
    with transaction(site.db):
        outbox.wish(site.db, kind, name, lane="7#42", repo_id=7, now=site.now(), due=site.now())
        outbox.begin(site.db, f"{kind}:{name}")
        outbox.bury(site.db, f"{kind}:{name}", "GitHub refused it (403).", now=site.now())
    return f"{kind}:{name}"


def state(site: Site, table: str, key: str) -> tuple[object, ...]:
    column = "id" if table == "inbox" else "key"
    row = site.db.row(f"SELECT state, due, attempts FROM {table} WHERE {column} = ?", key)
    assert row is not None
    return tuple(row)


def test_what_goes_on_is_told(site: Site) -> None:
    keep(site, walk(step(0, dispatches=(SENT,)), step(1)))
    merged = replace(PULL, number=41, open=False, merged=True, merge_sha="e" * 40, merged_at=site.now() - 3_600)
    keep(site, walk(step(0), id=4, lane="7#41", pull=41), merged)
    with transaction(site.db):
        freezes.begin(site.db, Freeze(8, "an <i>audit</i>", "lead", site.now()))
        locks.put(site.db, 7, Lock("dev/c0", "l1", "dora", "by hand", site.now() + 60), site.now())
        site.db.write(
            "INSERT INTO waiting (repo_id, lane, rollout_id, phase, steps, kept) VALUES (7, '7#42', 3, 'plan', 5, 2)"
        )
        site.db.write("INSERT INTO behind (lane, on_lane) VALUES ('7#42', '7#41')")
    bury(site)
    page = Page(body(enter(site).get("/")))
    assert page.flaws == []
    assert "acme/infra#42 Widen the network Planning: 0 of 2 succeeded, 1 under way, 1 waiting" in page.text
    assert "acme/infra#41" in page.text
    cells = [[" ".join(cell.split()) for cell in row] for row in page.cells]
    assert ["acme/infra", "#42", "plan", "5", "2", "#41"] in cells
    assert ["acme/infra", "1", "1 of 20", "1", "no"] in cells
    (other,) = (row for row in cells if row[0] == "acme/other")
    assert other[4].startswith("lead, ")
    assert other[4].endswith("an <i>audit</i>")
    assert "1 thing was given up." in page.text
    assert "/acme/infra/pulls/42" in page.links


def test_what_is_over_and_what_is_of_nobody_is_not_listed(site: Site) -> None:
    long_ago = replace(PULL, number=40, open=False, merged=True, merge_sha="e" * 40, merged_at=site.now() - 90_000)
    keep(
        site, walk(step(0, dispatches=(replace(SENT, status=Status.SUCCEEDED),)), id=4, lane="7#40", pull=40), long_ago
    )
    keep(site, None, replace(PULL, number=43))
    keep(site, walk(step(0), id=5, lane="8#44", pull=44, repo_id=8), replace(PULL, repo_id=8, number=44))
    with transaction(site.db):
        repos.uncovered(site.db, 8)
    page = Page(body(enter(site).get("/")))
    assert page.flaws == []
    assert "No pull request with stacks is open" in page.text
    assert "acme/other" not in page.text


def test_a_freeze_of_all_and_a_dead_worker_stand_on_top(site: Site) -> None:
    with transaction(site.db):
        freezes.begin(site.db, Freeze(ALL, "moving house", "lead", site.now()))
    site.health["live"] = False
    page = Page(body(enter(site).get("/")))
    assert page.flaws == []
    assert "Nothing is applied anywhere: frozen by lead" in page.text
    assert "moving house" in page.text
    assert "The worker does not answer." in page.text


def test_an_input_that_was_given_up_is_handled_once_more(site: Site) -> None:
    number, other = bury(site), bury(site, "g2", "issue_comment")
    client = enter(site, "dora")
    shown = client.get("/deliveries")
    page = Page(body(shown))
    assert page.flaws == []
    assert WHY in page.text
    site.clock[0] += 5
    answer = client.post("/deliveries", data={"form": form(shown), "table": "inbox", "key": number})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/deliveries?done=yes")
    assert state(site, "inbox", number) == ("new", site.now(), 0)
    assert state(site, "inbox", other)[0] == "dead"
    assert site.woken, "the worker is told"
    (row,) = (line.entry for line in audit.since(site.db, 0.0) if line.entry.action == "redeliver")
    assert (row.actor, row.cause) == ("dora", f"pull_request was given up: {WHY}")
    after = Page(body(client.get("/deliveries?done=yes")))
    assert "It is tried once more." in after.text
    again = client.post("/deliveries", data={"form": form(shown), "table": "inbox", "key": number})
    assert again.headers["Location"] == "/deliveries?done=no"


def test_a_wish_that_was_given_up_is_fulfilled_after_all(site: Site) -> None:
    key = give_up(site)
    client = enter(site)
    shown = client.get("/deliveries")
    assert "GitHub refused it (403)." in Page(body(shown)).text
    answer = client.post("/deliveries", data={"form": form(shown), "table": "outbox", "key": key})
    assert answer.headers["Location"] == "/deliveries?done=yes"
    # What may have been sent is looked for first: its attempts stay.
    assert state(site, "outbox", key) == ("open", site.now(), 1)
    assert [wish.key for wish in outbox.due(site.db, site.now(), 10)] == [key]


def test_a_run_is_never_sent_again_from_here(site: Site) -> None:
    key = give_up(site, "run", "sy-1")
    client = enter(site)
    shown = client.get("/deliveries")
    assert "told on its pull request, and goes again from there" in Page(body(shown)).text
    assert 'name="key"' not in shown.text
    answer = client.post("/deliveries", data={"form": form(shown), "table": "outbox", "key": key})
    assert answer.headers["Location"] == "/deliveries?done=no"
    assert state(site, "outbox", key)[0] == "dead"
    site.clock[0] += 9 * 86_400.0
    assert "sy-1" not in enter(site).get("/deliveries").text


@pytest.mark.parametrize("sent", [{}, {"form": ""}, {"form": "0" * 64}, {"form": "é"}])
def test_a_form_from_elsewhere_does_nothing(site: Site, sent: dict[str, str]) -> None:
    number = bury(site)
    client = enter(site)
    answer = client.post("/deliveries", data=sent | {"table": "inbox", "key": number})
    assert (answer.status_code, Page(body(answer)).flaws) == (403, [])
    assert state(site, "inbox", number)[0] == "dead"


def test_the_form_of_another_visit_does_nothing(site: Site) -> None:
    number = bury(site)
    theirs = form(enter(site).get("/deliveries"))
    answer = enter(site).post("/deliveries", data={"form": theirs, "table": "inbox", "key": number})
    assert answer.status_code == 403
    assert state(site, "inbox", number)[0] == "dead"


def test_nobody_else_has_anything_tried_again(site: Site) -> None:
    number = bury(site)
    answer = site.client.post("/deliveries", data={"table": "inbox", "key": number})
    assert answer.status_code == 403
    assert WHY not in answer.text
    assert state(site, "inbox", number)[0] == "dead"


@pytest.mark.parametrize(
    ("table", "key"), [("inbox", "x"), ("inbox", "99"), ("outbox", "comment:7#9"), ("keys", "1"), ("", "")]
)
def test_what_is_not_there_is_not_tried(site: Site, table: str, key: str) -> None:
    client = enter(site)
    bury(site)
    data = {"form": form(client.get("/deliveries")), "table": table, "key": key}
    assert client.post("/deliveries", data=data).headers["Location"] == "/deliveries?done=no"


def test_a_form_that_is_too_large_is_not_read(site: Site) -> None:
    client = enter(site)
    assert client.post("/deliveries", data={"form": "x" * 100_000}).status_code == 413
