"""Pull requests for pages to show, and people who come to see them."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from bot.domain.model import Pull
from bot.domain.rollout import Draft, Walk
from bot.store import pulls, rollouts
from bot.store.db import transaction
from bot.web.visits import Visits
from tests.cli import test_approve
from tests.web.conftest import PAGES_KEY, Site

PULL = replace(test_approve.PULL, open=True, merged=False, merge_sha="", merged_at=0.0)


def keep(site: Site, walk: Walk | None, pull: Pull = PULL) -> str:
    """Put a pull request and its rollout into the database; returns the address of its page."""
    with transaction(site.db):
        pulls.save(site.db, pull)
        if walk is not None:
            draft = Draft(walk)
            for dispatch in (one for step in walk.steps for one in step.dispatches):
                draft.put_dispatch(dispatch)
            rollouts.save(site.db, draft, new=True, now=site.now())
    return f"/p/{pulls.token(site.db, pull.repo_id, pull.number)}"


def enter(site: Site, by: str = "dora") -> FlaskClient:
    """Come in by a link, on a browser of one's own."""
    client = site.app.test_client()
    answer = client.post("/login", data={"link": Visits(PAGES_KEY, site.now).link(by)})
    assert answer.status_code == 303, answer.text
    return client


def form(answer: TestResponse) -> str:
    """Find what the forms of a page bring back."""
    found = re.search(r'name="form" value="([0-9a-f]+)"', answer.text)
    assert found is not None
    return found[1]


def body(told: Any) -> str:
    """Read the HTML of an answer that is a page."""
    assert told.content_type == "text/html; charset=utf-8"
    text: str = told.text
    return text
