"""What `make site` does beside MkDocs: pages from outside of `docs/`, and Markdown as GitHub reads it.

MkDocs calls the functions whose names begin with `on_`.
"""

from __future__ import annotations

import logging
import os.path
import re
from collections import Counter
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

_ROOT = Path(__file__).parents[1]
#: Pages of the site that lie beside `docs/`.
_BESIDE = {"README.md": "index.md", "CHANGELOG.md": "changelog.md", "CONTRIBUTING.md": "contributing.md"}
_HOMES = {page: home for home, page in _BESIDE.items()}
_LINK = re.compile(r"""(?:(?<=\]\()|(?<=src=")|(?<=srcset="))([^)"\s#:]+)(#[^)"\s]*)?(?=[)"])""")
_COUNTED = re.compile(r"<(h[1-6]|li|pre|t[dhr]|table)\b")
_NO_WORDS = re.compile(r'<a class="headerlink".*?</a>|<[^>]+>')
_PICTURE = re.compile(
    r'<picture><source media="\(prefers-color-scheme: dark\)" srcset="([^"]+)">'
    r'(<img src=")([^"]+)(".*?>)</picture>'
)
_LOADED = re.compile(r"<(?:script|link|img|iframe|source)\b[^>]*?(?:src|href|srcset)=[\"']?((?:https?:)?//[^\"'> ]+)")
_ELSEWHERE = """\
<!doctype html>
<meta charset="utf-8">
<title>Switchyard</title>
<script>location.replace("{page}" + location.hash)</script>
<a href="{page}">{page}</a>
"""
_log = logging.getLogger("mkdocs.hooks.site")
_parser = MarkdownIt("commonmark", {"html": True}).enable("table")
#: How GitHub would show a page.
_expected: dict[str, str] = {}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages from outside of `docs/`, and what is linked there as a page that shows it."""
    shown = {}
    for home in [*_BESIDE, *(f"docs/{path.name}" for path in (_ROOT / "docs").glob("*.md"))]:
        for path in _linked(home, (_ROOT / home).read_text()):
            if path not in _BESIDE and not path.startswith("docs/"):
                shown[_page_of(path)] = path
    for home, page in _BESIDE.items():
        files.append(File.generated(config, page, content=(_ROOT / home).read_text()))
    for page, path in shown.items():
        text = (_ROOT / path).read_text()
        files.append(File.generated(config, page, content=f"# {path}\n\n````{_language(path)}\n{text}````\n"))
    return files


def on_page_markdown(markdown: str, page: Page, **_: object) -> str:
    """Turn a page into what MkDocs shows as GitHub shows the page itself."""
    here = page.file.src_uri
    if here.startswith("code/"):
        return markdown
    _expected[here] = _parser.render(markdown)
    text = _LINK.sub(lambda link: _target(here, link), markdown)
    return re.sub("^<details>", '<details markdown="1">', _indented(text), flags=re.MULTILINE)


def on_page_content(html: str, page: Page, **_: object) -> str:
    """Say where the site shows something else than GitHub, and have pictures follow the page's own light or dark."""
    here = page.file.src_uri
    if here in _expected and (other := _other(_expected[here], html)):
        _log.warning("%s is not what it is on GitHub: %s", here, other)
    return _PICTURE.sub(r"\2\3#only-light\4\2\1#only-dark\4", html)


def on_post_page(output: str, page: Page, **_: object) -> str:
    """Say where a page would have a browser ask another host."""
    for found in _LOADED.findall(output):
        _log.warning("%s loads %s", page.file.src_uri, found)
    return output


def on_page_context(context: dict[str, Any], page: Page, **_: object) -> dict[str, Any]:
    """Leave the headings of the comments that the gallery shows out of its contents."""
    if page.file.src_uri == "gallery.md":
        for top in page.toc:
            for part in top.children:
                part.children = []
    return context


def on_post_build(config: MkDocsConfig) -> None:
    """Have the addresses that comments lead to, such as troubleshooting.md#it-is-locked, lead to the pages."""
    for page in (_ROOT / "docs").glob("*.md"):
        folder = Path(config.site_dir, page.name)
        folder.mkdir()
        (folder / "index.html").write_text(_ELSEWHERE.format(page=f"../{page.stem}.html"))


def _other(expected: str, got: str) -> str:
    """Tell in what two pages differ: how many there are of an element, or the first words."""
    counted, found = (Counter(_COUNTED.findall(html)) for html in (expected, got))
    if counted != found:
        return f"{dict(counted)}, here {dict(found)}"
    words, seen = ("".join(unescape(_NO_WORDS.sub(" ", html)).split()) for html in (expected, got))
    if words == seen:
        return ""
    same = next((at for at, (one, two) in enumerate(zip(words, seen, strict=False)) if one != two), 0)
    return f"{words[same : same + 60]!r}, here {seen[same : same + 60]!r}"


def _linked(home: str, text: str) -> Iterator[str]:
    for link in _LINK.finditer(text):
        path = os.path.normpath(os.path.join(os.path.dirname(home), link[1]))
        if (_ROOT / path).is_file():
            yield path


def _target(here: str, link: re.Match[str]) -> str:
    """Write a link between files of the repository as one between pages."""
    home = _HOMES.get(here, f"docs/{here}")
    path = os.path.normpath(os.path.join(os.path.dirname(home), link[1]))
    return (_page_of(path) if (_ROOT / path).is_file() else link[1]) + (link[2] or "")


def _page_of(path: str) -> str:
    if path.startswith("docs/"):
        return path.removeprefix("docs/")
    return _BESIDE.get(path) or f"code/{path}.md"


def _language(path: str) -> str:
    return {".py": "python", ".yml": "yaml", ".yaml": "yaml", ".json": "json"}.get(os.path.splitext(path)[1], "text")


def _indented(markdown: str) -> str:
    """Indent what belongs to items of lists by four, and part lists and tables from the text above them."""
    lines = markdown.split("\n")
    within: list[list[tuple[int, int]]] = [[] for _ in lines]  # of each line its items: where one begins, its indent
    parted = set()  # where a line without text must be above
    for token in _parser.parse(markdown):
        if token.map and token.type == "list_item_open":
            begin, end = token.map
            _note(begin, end, lines, within)
            if "" in lines[begin:end]:
                parted.add(end)
        elif token.map and token.type in ("table_open", "bullet_list_open", "ordered_list_open") and token.level == 0:
            parted.add(token.map[0])
        if token.map and token.type == "table_open":
            for number in range(*token.map):
                # GitHub takes the backslash away in code as well.
                lines[number] = re.sub(r"`[^`]*`", lambda code: code[0].replace("\\|", "|"), lines[number])
    found = []
    for number, line in enumerate(lines):
        if number in parted and found and found[-1]:
            found.append("")
        found.append(_line(number, line, within[number]))
    return "\n".join(found)


def _note(begin: int, end: int, lines: list[str], within: list[list[tuple[int, int]]]) -> None:
    marker = re.match(r"\s*(?:[-*+]|\d+[.)])\s+", lines[begin])
    for number in range(begin, end):
        within[number].append((begin, len(marker[0]) if marker else 0))


def _line(number: int, line: str, items: list[tuple[int, int]]) -> str:
    if not items or not line.strip():
        return line
    begin, indent = items[-1]
    if number == begin:
        return "    " * (len(items) - 1) + line.lstrip()
    rest = line[indent:] if not line[:indent].strip() else line.lstrip()
    return "    " * len(items) + rest
