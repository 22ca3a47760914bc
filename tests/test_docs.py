"""What the docs say is there, and what they tell people to write works."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import click
import msgspec
import pytest
import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token

import bot.web
from bot.cli import cli
from bot.cli.initial import atmos_yaml
from bot.cli.initial import files as init_files
from bot.cli.initial.files import Choices
from bot.domain.model import Status
from bot.variables import SETTINGS
from bot.web.endpoint import Endpoint
from renderers.words import SIGNS, word
from tests import cli_page, commands_page
from tests.rig import open_rig
from tests.stories.helping import CHAIN, model

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]
SETUP = ROOT / "docs/setup.md"
API = ROOT / "docs/api.md"

#: Names that look like settings of ours: what people make at GitHub, and what Actions sets.
NOT_OURS = {"SWITCHYARD_KEY", "GITHUB_TOKEN", "GITHUB_WORKSPACE"}
MACHINES = re.compile(r"(?:^|[\s`(\"'=])(?:/work|/root|/home|/tmp)\b|\.\./shared|localhost:\d")


@cache
def tokens(page: Path) -> list[Token]:
    return MarkdownIt("commonmark", {"html": True}).enable(["table"]).parse(page.read_text())


def flat(page: Path) -> Iterator[Token]:
    for token in tokens(page):
        yield token
        yield from token.children or ()


def headings(page: Path) -> list[str]:
    found = tokens(page)
    return [found[at + 1].content for at, token in enumerate(found) if token.type == "heading_open"]


def anchor(heading: str) -> str:
    """Write a heading as GitHub does for its links."""
    return re.sub(r"[^\w\- ]", "", heading.replace("`", "").lower()).replace(" ", "-")


def under(page: Path, heading: str, language: str) -> list[str]:
    """Find the blocks of code in a language between a heading and the next."""
    found, here = [], False
    for at, token in enumerate(tokens(page)):
        if token.type == "heading_open":
            here = tokens(page)[at + 1].content == heading
        elif here and token.type == "fence" and token.info == language:
            found.append(token.content)
    return found


def code(page: Path) -> Iterator[str]:
    """List the commands that a page shows, in blocks and in running text."""
    for token in flat(page):
        if token.type == "code_inline":
            yield token.content
        elif token.type == "fence" and token.info in ("console", "sh"):
            yield from re.sub(r"\\\n", " ", token.content).splitlines()


@pytest.mark.parametrize("name", NAMES)
def test_links_lead_somewhere(name: str) -> None:
    page = ROOT / name
    for token in flat(page):
        target = str(token.attrs.get("href") or token.attrs.get("src") or "")
        if not target or re.match(r"\w+:", target):
            continue
        path, _, part = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), target
        if part:
            assert part in map(anchor, headings(there)), target
    for picture in re.findall(r'(?:src|srcset)="([^":]+)"', page.read_text()):
        assert (page.parent / picture).is_file(), picture


@pytest.mark.parametrize("name", NAMES)
def test_settings_that_are_named_exist(name: str) -> None:
    named = set(re.findall(r"\b(?:SWITCHYARD|GITHUB)_[A-Z_]+\b", (ROOT / name).read_text()))
    assert named - NOT_OURS <= {setting.name for setting in SETTINGS}


@pytest.mark.parametrize("name", NAMES)
def test_nothing_of_one_machine_is_in_the_docs(name: str) -> None:
    assert MACHINES.findall((ROOT / name).read_text()) == []


def test_every_status_is_explained_with_its_sign() -> None:
    rows = re.findall(r"^\| (\S+) ([a-z ]+) \|", (ROOT / "docs/how-it-works.md").read_text(), re.MULTILINE)
    assert rows == [(SIGNS[status], word(status)) for status in Status]


def test_the_page_of_commands_is_their_table() -> None:
    assert commands_page.PAGE.read_text() == commands_page.page(), "`make fix` writes it again"


def test_the_picture_is_small_enough_to_load() -> None:
    assert (ROOT / "docs/picture.png").stat().st_size < 300_000


@pytest.mark.parametrize("name", NAMES)
def test_commands_that_are_shown_exist(name: str) -> None:
    targets = re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE)
    for line in code(ROOT / name):
        for target in re.findall(r"(?:^|[$;] )make ([a-z]+)", line):
            assert target in targets, line
        for words in re.findall(r"(?:(?:^|[\s/])switchyard|python -m bot) ((?:[a-z]+(?= |$) ?)+)", line):
            if "docker" in line.split() and words.startswith("switchyard "):
                words = words.removeprefix("switchyard ")
            _check_command(words.split(), re.findall(r" (--[a-z-]+)", line.split("switchyard ")[-1]), line)


def _check_command(words: list[str], options: list[str], line: str) -> None:
    command: click.Command = cli
    context = click.Context(cli)
    if words[0] not in cli.list_commands(context):
        assert "docker" in line or "dokku" in line or "fly" in line, line
        return
    for one in words:
        if isinstance(command, click.Group):
            found = command.get_command(context, one)
            assert found is not None, line
            command = found
    known = {option for parameter in command.params for option in parameter.opts}
    assert set(options) <= known, line


def test_the_page_of_the_command_line_is_what_the_commands_say() -> None:
    assert cli_page.PAGE.read_text() == cli_page.page(), "`make fix` writes it again"


def test_contributors_are_told_every_make_target() -> None:
    shown = " ".join(code(ROOT / "CONTRIBUTING.md"))
    for target in re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE):
        assert target == "help" or f"make {target}" in shown


def test_every_page_is_in_the_menu_of_the_site_and_linked_from_the_readme() -> None:
    menu = re.findall(r"([\w-]+)\.md$", (ROOT / "mkdocs.yml").read_text(), re.MULTILINE)
    pages = {page.stem for page in (ROOT / "docs").glob("*.md")}
    assert sorted(menu) == sorted(pages | {"index", "changelog", "contributing"})
    assert pages <= set(re.findall(r"\(docs/([\w-]+)\.md", (ROOT / "README.md").read_text()))


def endpoints() -> list[Endpoint]:
    """Gather what the modules of the web side say that they answer to."""
    modules = [importlib.import_module(f"bot.web.{one.name}") for one in pkgutil.iter_modules(bot.web.__path__)]
    return [endpoint for module in modules for endpoint in getattr(module, "ENDPOINTS", ())]


def test_every_call_is_in_the_docs_with_the_statuses_that_it_may_answer() -> None:
    text = API.read_text()
    explained = {int(status) for status in re.findall(r"^\| ([1-5]\d\d) \|", text, re.MULTILINE)}
    for endpoint in endpoints():
        assert f"`{endpoint.method} {endpoint.path}`" in text
        assert set(endpoint.refusals) <= explained, endpoint.path
    told = set(re.findall(r"`((?:GET|POST|PUT|PATCH|DELETE) /api/v1/[^`?]+)`", text))
    # The API's document describes all but itself.
    assert told - {f"{one.method} {one.path}" for one in endpoints()} == {"GET /api/v1/openapi.json"}


@pytest.mark.parametrize(
    "call", ["POST /api/v1/auth/github-oidc", "PATCH /api/v1/repos/{owner}/{repo}/instances", "POST /api/v1/locks"]
)
def test_bodies_that_are_shown_are_read(call: str) -> None:
    (heading,) = (heading for heading in headings(API) if heading.startswith(f"`{call}`"))
    (endpoint,) = (one for one in endpoints() if f"{one.method} {one.path}" == call)
    (shown,) = under(API, heading, "json")
    assert msgspec.json.decode(shown, type=endpoint.body)


def test_sentences_that_jobs_are_told_are_those_of_the_code() -> None:
    files = [*(ROOT / "bot/web").glob("*.py"), *(ROOT / "bot/github").glob("*.py")]
    nodes = [node for file in files for node in ast.walk(ast.parse(file.read_text()))]
    said = [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    _, _, table = SETUP.read_text().partition("### What the job was told")
    rows = re.findall(r"^\| (\".*?\") \|", table.partition("\n#")[0], re.MULTILINE)
    quoted = [part for row in rows for quote in re.findall(r'"(.+?)"', row) for part in quote.split(" … ")]
    assert len(quoted) > 10
    assert [part for part in quoted if not any(part in text for text in said)] == []


def documented_files() -> dict[str, str]:
    """Take the workflow files out of the page that tells people to write them."""
    found = {}
    for heading in headings(SETUP):
        named = re.search(r"`(\.github/workflows/[\w-]+\.yaml)`", heading)
        if named:
            (found[named[1]],) = under(SETUP, heading, "yaml")
    return found


def test_the_documented_files_are_what_init_writes() -> None:
    assert documented_files() == init_files.workflows(Choices())
    (mixin,) = under(SETUP, "What to run: `settings.pro`", "yaml")
    assert mixin == init_files.mixin(Choices())
    (deleted,) = under(SETUP, "What is removed", "yaml")
    assert mixin + deleted == init_files.mixin(Choices(destroy=True))
    (lines,) = under(SETUP, "Atmos", "yaml")
    assert lines == atmos_yaml.edit("base_path: .\n").text.removeprefix("base_path: .\n")


def test_what_the_docs_tell_to_change_is_what_init_changes() -> None:
    (queue,) = under(SETUP, "Merge queues and releases", "yaml")[:1]
    written = yaml.load(
        init_files.workflows(Choices(merge_queue=True))[".github/workflows/atmos-pro.yaml"], yaml.BaseLoader
    )
    told = yaml.load(queue, yaml.BaseLoader)
    assert told["jobs"]["affected"]["if"] == written["jobs"]["affected"]["if"]
    assert list(told["on"]) == list(written["on"])
    (key,) = under(SETUP, "The other way: a key", "yaml")
    assert all(key in text for text in init_files.workflows(Choices(static_key=True)).values())


async def test_a_run_that_somebody_started_for_a_step_is_taken_as_the_docs_say(tmp_path: Path) -> None:
    async with open_rig(tmp_path, model=model(CHAIN)) as rig:
        pull = rig.scene.open_pull(["vpc"])
        await rig.until_quiet()
        rig.faults.add("POST", "/dispatches$", "status", status=403)
        rig.hub.merge(pull, by="dev")
        await rig.until_quiet()
        apply = (await rig.state(pull))[0]
        (failed,) = [step for step in apply["steps"] if step["status"] == "failed"]
        (dispatch,) = failed["dispatches"]
        inputs = {
            "component": failed["component"],
            "stack": failed["stack"],
            "github_environment": "dev",
            "sha": apply["sha"],
            "atmos_pro_run_id": dispatch["dispatch_id"],
        }
        rig.hub.dispatch(rig.repo, dispatch["workflow"], "main", inputs, rig.hub.user("lead"))
        await rig.until_quiet()
        assert set((await rig.statuses(pull)).values()) == {"succeeded"}


def test_each_rule_of_safety_names_a_story_that_is_there() -> None:
    text = (ROOT / "docs/safety.md").read_text()
    rules = re.findall(r"^- \*\*(.+?)\*\*<br>(.+)$", text, re.MULTILINE)
    assert len(rules) > 35
    for rule, stories in rules:
        named = re.findall(r"`(test_\w+\.py)::(test_\w+)`", stories)
        assert named, rule
        for file, name in named:
            assert f"def {name}(" in (ROOT / "tests/stories" / file).read_text(), (rule, name)


def test_each_threat_that_is_stopped_names_a_test_that_is_there() -> None:
    text = (ROOT / "docs/security.md").read_text()
    threats, _, table = text.partition("## The tests behind it")
    stopped = re.findall(r"^\| (\d+) \| [^|]+ \| (?!–)[^|]+ \| [^|]+ \|$", threats, re.MULTILINE)
    rows = dict(re.findall(r"^\| (\d+) \| (.+) \|$", table, re.MULTILINE))
    assert len(stopped) > 20
    # A leak, an image or the machine itself is stopped by people; of the rest each has its tests.
    assert set(stopped) - rows.keys() == {"18", "19", "21", "23"}
    for number, tests in rows.items():
        named = re.findall(r"`([\w/]+\.py)::(test_\w+)`", tests)
        assert named, number
        for file, name in named:
            assert f"def {name}(" in (ROOT / "tests" / file).read_text(), (number, name)
