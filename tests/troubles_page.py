"""The page that Switchyard serves of docs/troubleshooting.md, for comments to lead to; `make fix` writes it again."""

from __future__ import annotations

import re
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.domain.troubles import Trouble, anchor

_ROOT = Path(__file__).parents[1]
SOURCE = _ROOT / "docs" / "troubleshooting.md"
PAGE = _ROOT / "bot" / "web" / "templates" / "troubleshooting.html"
_FRAME = """\
{{% extends "base.html" %}}
{{% block title %}}Troubleshooting{{% endblock %}}
{{% block main %}}
<article class="docs">
{{% raw %}}
{text}
{{% endraw %}}
</article>
{{% endblock %}}
"""


def page() -> str:
    """Write the page."""
    markdown = MarkdownIt("commonmark")
    tokens = markdown.parse(SOURCE.read_text())
    for at, token in enumerate(tokens):
        if token.type == "heading_open" and token.tag == "h2":
            token.attrSet("id", anchor(Trouble(tokens[at + 1].content)))
        elif token.type == "inline" and token.children:
            token.children = _without_links(token.children)
    return _FRAME.format(text=markdown.renderer.render(tokens, markdown.options, {}).strip())


def _without_links(tokens: list[Token]) -> list[Token]:
    """Name the other pages of the docs in place of linking them: they are not served."""
    left, named = [], ""
    for token in tokens:
        if token.type == "link_open" and re.match(r"[\w-]+\.md", str(token.attrs["href"])):
            named = str(token.attrs["href"]).partition("#")[0]
        elif token.type == "link_close" and named:
            left.append(Token("text", "", 0, content=f" (docs/{named})"))
            named = ""
        else:
            left.append(token)
    return left


if __name__ == "__main__":
    PAGE.write_text(page())
