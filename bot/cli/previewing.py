"""What a preview is made of: the texts and pictures of one state, and pages that show them as GitHub does."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from html import unescape
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from bot.domain import concluding
from bot.domain.events import Rules
from bot.domain.rollout import Walk
from bot.domain.states import states
from bot.domain.view import CommitView, PullCheckView, PullView
from bot.sandbox.pages_markdown import rendered
from renderers import check, pull_check
from renderers.comment import comment
from renderers.engine import CannotDraw
from renderers.graph import dot
from renderers.mermaid import mermaid
from renderers.picture import picture
from renderers.shape import shape
from renderers.tree import tree

_FOLDER = Path(__file__).parent
_THEMES = ("light", "dark")
#: Where the comment says that its pictures are, until it says the names of files instead.
_ADDRESS = "https://switchyard.example.com/graphs/"
_DARK_SOURCE = re.compile(r'media="\(prefers-color-scheme: ?dark\)"')
_TAGS = re.compile(r"<[^>]*>")
_MAIL = 180  # characters of a message that a list of mails shows
#: What stands for a conclusion, and its colour's name in the style.
_SIGNS = {
    "": ("●", "going"),
    concluding.SUCCESS: ("✓", "good"),
    concluding.FAILURE: ("✕", "bad"),
    concluding.PEOPLE: ("!", "going"),
    concluding.CANCELLED: ("⊘", "quiet"),
    concluding.NEUTRAL: ("■", "quiet"),
}


@dataclass(frozen=True, slots=True)
class Preview:
    """One state: its files by name, and why it has no picture where that could not be drawn."""

    files: Mapping[str, str | bytes]
    trouble: str = ""


def preview(view: PullView | CommitView, name: str, about: str) -> Preview:
    """Make the files of a state."""
    walk = next((walk for walk in view.current if walk.steps), None)
    drawn, trouble = _drawn(walk) if walk else ({}, "")
    commented = "" if isinstance(view, CommitView) else _comment(view, drawn)
    seen = check_run(view)
    texts = ({"comment.md": commented} if commented else {}) | {"check.md": seen.text}
    pages = {f"{theme}.html": _page(view, commented, seen, theme, name, about) for theme in _THEMES}
    return Preview({**texts, **pages, **drawn}, trouble)


def _drawn(walk: Walk) -> tuple[dict[str, str | bytes], str]:
    found = states(walk)
    files: dict[str, str | bytes] = {"graph.dot": dot(shape(walk))}
    for name, text in (("graph.mmd", mermaid(walk, found)), ("graph.txt", tree(walk, found))):
        if text is not None:
            files[name] = text + "\n"
    try:
        shown = picture(walk, found)
    except CannotDraw as error:
        return files, str(error)
    return {**files, "graph-light.svg": shown.light, "graph-dark.svg": shown.dark}, ""


def _comment(view: PullView, drawn: Mapping[str, str | bytes]) -> str:
    """Write the comment as it would be, but for the addresses of its pictures."""
    light, dark = (f"{_ADDRESS}graph-{theme}.svg" if f"graph-{theme}.svg" in drawn else None for theme in _THEMES)
    written = {name: str(drawn[name]) for name in ("graph.mmd", "graph.txt") if name in drawn and not light}
    text = comment(
        view,
        picture_url=light,
        picture_dark=dark,
        mermaid=written.get("graph.mmd"),
        tree=written.get("graph.txt"),
    )
    return text.replace(_ADDRESS, "")


@dataclass(frozen=True, slots=True)
class Check:
    """A check run as it would be written."""

    conclusion: str  # GitHub's word; empty while it is under way
    title: str
    summary: str

    @property
    def text(self) -> str:
        """What the file of it has."""
        how = f"Conclusion: `{self.conclusion}`" if self.conclusion else "Still under way: it has no conclusion."
        return f"# {self.title}\n\n{how}\n\n{self.summary}"


def check_run(view: PullView | CommitView) -> Check:
    """Write the check run of a commit, or of that at which a pull request is worked."""
    if isinstance(view, CommitView):
        return Check(view.conclusion, check.title(view), check.summary(view))
    pull = view.pull
    sha = pull.merge_sha if pull.merged else pull.head_sha
    here = replace(view, current=tuple(walk for walk in view.current if walk.rollout.sha == sha))
    conclusion = concluding.conclude_pull(
        pull,
        here.current,
        Rules(mode=view.mode),
        view.kept,
        sha=sha,
        awaited=bool(view.waiting) and not view.stuck,
        unusable=False,
    )
    ended = "" if pull.open or pull.merged else "the pull request was closed"
    comment_url = f"{view.server_url}/{view.repo.full_name}/pull/{pull.number}#issuecomment-1"
    seen = PullCheckView(here, sha, conclusion, ended, comment_url)
    return Check(conclusion, pull_check.title(seen), pull_check.summary(seen))


def _page(view: PullView | CommitView, commented: str, seen: Check, theme: str, name: str, about: str) -> str:
    """Write a page with the comment and the check run of a state as GitHub would show them, in one of its looks."""
    body = rendered(commented)
    values = {
        "name": name,
        "about": about,
        "theme": theme,
        "other": _THEMES[theme == "light"],
        "repository": view.repo.full_name,
        "title": f"{view.pull.title} (PR #{view.pull.number})" if view.pull else "",
        "comment": Markup(_chosen(body, theme)),  # noqa: S704 - it was cleaned
        "mail": _in_mail(body),
        "check": seen,
        "sign": _SIGNS[seen.conclusion],
        "summary": Markup(_chosen(rendered(seen.summary), theme)),  # noqa: S704 - it was cleaned
    }
    return _environment().get_template("preview.html").render(values, style=_style())


def index(shown: Iterable[tuple[str, str, str, Iterable[str]]]) -> str:
    """Write the page that leads to all states: the name, what it shows, its folder and files."""
    keys = ("name", "about", "folder", "files")
    values = [dict(zip(keys, one, strict=True)) for one in shown]
    return _environment().get_template("preview_index.html").render(shown=values, style=_style())


def _chosen(body: str, theme: str) -> str:
    """Have a page show the pictures for its own look, whatever the reader's system says."""
    return _DARK_SOURCE.sub(f'media="{"all" if theme == "dark" else "not all"}"', body)


def _in_mail(body: str) -> str:
    """Read the beginning as a list of mails shows it: text alone, on one line."""
    text = " ".join(unescape(_TAGS.sub(" ", body)).replace("\u200b", "").split())
    return text if len(text) <= _MAIL else f"{text[:_MAIL]}…"


def _style() -> Markup:
    return Markup((_FOLDER / "static" / "preview.css").read_text())  # noqa: S704 - ours


def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
