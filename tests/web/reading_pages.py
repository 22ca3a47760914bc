"""Read a page as a browser and a screen reader do, and say what is broken in it."""

from __future__ import annotations

from html.parser import HTMLParser
from itertools import pairwise

_EMPTY = {"meta", "link", "br", "img", "input", "source", "rect"}
_NEVER = {"style", "iframe", "object", "base"}


class Page(HTMLParser):
    """A page that was read: its text, its flaws, its links and its forms."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.flaws: list[str] = []
        self.links: list[str] = []
        self.fields: list[dict[str, str]] = []
        self.headings: list[tuple[int, str]] = []
        self.cells: list[list[str]] = []
        self._open: list[str] = []
        self._ids: set[str] = set()
        self._named: set[str] = set()
        self._said: list[str] = []
        self.feed(html)
        self.close()
        self.flaws += [f"<{tag}> is not closed" for tag in self._open]
        self.flaws += [f"nothing is called {name}" for name in sorted(self._named - self._ids)]
        self.flaws += self._heading_flaws()
        if not html.startswith("<!doctype html>\n"):
            self.flaws.append("no doctype")

    @property
    def text(self) -> str:
        """What people read, with single spaces."""
        return " ".join("".join(self._said).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        self._check(tag, told)
        self._read(tag, told)
        if tag not in _EMPTY:
            self._open.append(tag)

    def _check(self, tag: str, told: dict[str, str]) -> None:
        if tag in _NEVER or (tag == "script" and not told.get("src", "").startswith("/static/")):
            self.flaws.append(f"<{tag}> in the page")
        self.flaws += [f"{name} on <{tag}>" for name in told if name.startswith("on") or name == "style"]
        if tag == "img" and "alt" not in told:
            self.flaws.append("a picture without words")
        if tag == "th" and "scope" not in told:
            self.flaws.append("a title of a table that does not say of what")
        if (name := told.get("id")) is not None:
            if name in self._ids:
                self.flaws.append(f"two are called {name}")
            self._ids.add(name)
        self._named.update(told.get("aria-labelledby", "").split())

    def _read(self, tag: str, told: dict[str, str]) -> None:
        if tag == "a":
            self.links.append(told.get("href", ""))
        if tag == "input":
            self.fields.append(told)
        if tag == "tr":
            self.cells.append([])
        if tag in ("td", "th"):
            self.cells[-1].append("")
        if tag in ("h1", "h2", "h3"):
            self.headings.append((int(tag[1]), ""))
        if tag in ("p", "li", "td", "th", "div", "h1", "h2", "br", "section"):
            self._said.append(" ")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag in _EMPTY:
            return
        if not self._open or self._open[-1] != tag:
            self.flaws.append(f"</{tag}> where {self._open[-1:]} is open")
            return
        self._open.pop()

    def handle_data(self, data: str) -> None:
        if "title" in self._open:
            return
        self._said.append(data)
        if {"td", "th"} & set(self._open):
            self.cells[-1][-1] = f"{self.cells[-1][-1]}{data}"
        if (self._open and self._open[-1] in ("h1", "h2", "h3")) or "h2" in self._open:
            level, said = self.headings[-1]
            self.headings[-1] = (level, said + data)

    def _heading_flaws(self) -> list[str]:
        levels = [level for level, _ in self.headings]
        flaws = [] if levels.count(1) == 1 else [f"{levels.count(1)} first headings"]
        return flaws + [f"after h{one} comes h{two}" for one, two in pairwise(levels) if two > one + 1]
