"""`make look` says what it lacks, and never passes for it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from flask import Flask, template_rendered
from jinja2 import Template

from tests import look
from tests.look_stages import STAGES
from tests.web.conftest import open_site
from tests.web.pages_site import enter
from tests.web.reading_pages import Page

ROOT = Path(__file__).parents[1]
TEMPLATES = ROOT / "bot" / "web" / "templates"


def test_without_a_browser_nothing_was_looked_at_and_that_fails(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert look.main(tmp_path) == 1
    assert "Chromium is not there, so nothing was looked at" in capsys.readouterr().out


def test_without_npm_or_what_it_fetches_that_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert look.fetched(tmp_path / "tools") == "npm is not there, so nothing is known of mermaid; install Node.js."
    (tmp_path / "npm").write_text("#!/bin/sh\necho 'the registry is away' >&2\nexit 1\n")
    (tmp_path / "npm").chmod(0o755)
    told = look.fetched(tmp_path / "tools")
    assert told == f"npm could not fetch mermaid {look.MERMAID}: the registry is away"


def test_without_a_font_for_signs_that_is_known(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not look.has_signs()
    for told, known in (("", False), ("/usr/share/fonts/Signs.ttf: Signs", True)):
        (tmp_path / "fc-list").write_text(f"#!/bin/sh\necho '{told}'\n")
        (tmp_path / "fc-list").chmod(0o755)
        assert look.has_signs() is known


def test_the_gate_does_not_run_it() -> None:
    assert "look" not in (ROOT / ".ci" / "run").read_text()


@pytest.mark.parametrize("given", ["", "--state failed --size 400"])
def test_the_target_looks_at_three_sizes_or_at_what_was_asked_for(given: str) -> None:
    done = subprocess.run(["make", "--dry-run", "look", f"ARGS={given}"], cwd=ROOT, capture_output=True, text=True)
    assert f"switchyard preview {given or '--size 1 --size 10 --size 60'} --out out/look\n" in done.stdout
    assert f"-m tests.look out/look {'' if given else '--pages'}".rstrip() in done.stdout
    assert ("--pages" in done.stdout) is not bool(given), "who asks for a state sees no page"


def test_every_template_is_looked_at(tmp_path: Path) -> None:
    drawn: set[str] = set()

    def note(_app: Flask, template: Template, **_more: object) -> None:
        drawn.add(template.name or "")

    # What has many states is one template, and needs to be seen in one of them here.
    seen = ["pull-long-names", *(name for name in STAGES if not name.startswith(("pull-", "front")) or "empty" in name)]
    with open_site(tmp_path) as site, template_rendered.connected_to(note, site.app):
        for name in seen:
            path = STAGES[name].prepare(site)
            client = enter(site) if STAGES[name].let_in else site.app.test_client()
            if breaks := STAGES[name].breaks:
                breaks(site)
            assert Page(client.get(path).text).flaws == [], name
    # The last one answers a form alone, and looks as that of who was not let in.
    assert drawn | {"other_form.html"} == {one.name for one in TEMPLATES.iterdir()} - {"base.html"}
