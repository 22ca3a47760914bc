"""The page that comments lead to where nobody said where the docs can be read."""

from __future__ import annotations

import re

from bot.domain.troubles import Trouble, anchor
from tests import troubles_page
from tests.web.conftest import Site


def test_it_is_the_page_of_the_docs() -> None:
    assert troubles_page.PAGE.read_text() == troubles_page.page(), "`make fix` writes it again"


def test_everybody_may_read_it_and_each_trouble_has_its_place(site: Site) -> None:
    answer = site.client.get("/docs/troubleshooting.md")
    assert (answer.status_code, answer.mimetype) == (200, "text/html")
    assert re.findall(r'<h2 id="([^"]*)">', answer.text) == [anchor(trouble) for trouble in Trouble]
    assert "The input <code>colour</code> still holds the template <code>{{ .vars.colour }}</code>" in answer.text
    assert answer.headers["Cache-Control"] == "public, max-age=3600"
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_it_leads_nowhere_that_is_not_served(site: Site) -> None:
    text = site.client.get("/docs/troubleshooting.md").text
    assert {link for link in re.findall(r'href="([^"]*)"', text) if not link.startswith("/static/")} == {"#main"}
    assert "explained" not in text or "(docs/setup.md)" in text
