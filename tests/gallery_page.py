"""The page docs/gallery.md with its pictures, from what `switchyard preview` writes; `make fix` writes them again."""

from __future__ import annotations

from pathlib import Path

from bot.cli.previewing import preview
from renderers.examples.catalogue import SMALL, about, made

PAGE = Path(__file__).parents[1] / "docs" / "gallery.md"
PICTURES = PAGE.with_suffix("")
THEMES = ("light", "dark")
#: Title -> example and size. Of what is larger than this only the beginning is shown.
SHOWN = {
    "Waiting for what is affected": ("waiting", 0),
    "Planning": ("planning", 10),
    "Planned": ("planned", 10),
    "A plan failed": ("plan-failed", 10),
    "Something cannot be started": ("plan-cannot-start", 10),
    "A lock": ("plan-locked", 10),
    "Commands": ("plan-asked", 4),
    "A merge queue": ("queue", 4),
    "Applying": ("applying", 10),
    "Applying in six stacks": ("applying", 60),
    "A reviewer is waited for": ("approval", 10),
    "Held until somebody approves": ("held", 10),
    "In doubt": ("in-doubt", 4),
    "An earlier merge goes first": ("in-turn", 10),
    "Frozen": ("frozen", 10),
    "Something failed, the rest goes on": ("failing", 10),
    "Failed": ("failed", 10),
    "Cancelled": ("cancelled", 4),
    "A newer merge took over": ("overtaken", 10),
    "Destroying what was removed": ("destroying", 10),
    "Applied": ("applied", 10),
    "Four hundred instances": ("failing", 400),
    "A release, as its check run": ("check-release", 3),
}
_LARGE = 60
_BEGIN = """\
# Gallery

What people see, state by state. Everything below is made by the code itself: `switchyard preview --out out` writes
these states and more, at any size, with pages in GitHub's light and dark look; `make fix` writes this page again.
What each status means and what to do is in [How it works](how-it-works.md).

{list}
"""


def page() -> str:
    """Write the page."""
    titles = "\n".join(f"- [{title}](#{_anchor(title)})" for title in SHOWN)
    return "\n".join([_BEGIN.format(list=titles), *(_part(title, *shown) for title, shown in SHOWN.items())])


def _anchor(title: str) -> str:
    return title.lower().replace(",", "").replace(" ", "-")


def _part(title: str, name: str, size: int) -> str:
    """Write the part of one state: its comment stands there as it is."""
    files = preview(made(name, size), name, "").files
    text = str(files.get("comment.md") or files["check.md"])
    text = text.partition("-->\n\n")[2] or text.partition("\n\n")[2]
    for theme in THEMES:
        text = text.replace(f'"graph-{theme}.svg"', f'"gallery/{_folder(name, size)}-{theme}.svg"')
    if size > _LARGE:
        text = f"{text.partition('| Status')[0]}…\n"
    how = f"switchyard preview --state {name}{f' --size {size}' if size else ''} --out out"
    return f"## {title}\n\n{about(name)} `{how}`\n\n{text}"


def _folder(name: str, size: int) -> str:
    return name if name in SMALL else f"{name}-{size}"


def pictures() -> dict[str, bytes]:
    """Draw what the page shows."""
    text, drawn = page(), {}
    for name, size in SHOWN.values():
        files = preview(made(name, size), name, "").files
        for theme in THEMES:
            file, picture = f"{_folder(name, size)}-{theme}.svg", files.get(f"graph-{theme}.svg")
            if isinstance(picture, bytes) and f'"gallery/{file}"' in text:
                drawn[file] = picture
    return drawn


def write() -> None:
    """Write the page and its pictures, and no others."""
    PAGE.write_text(page())
    PICTURES.mkdir(exist_ok=True)
    for old in PICTURES.iterdir():
        old.unlink()
    for name, picture in pictures().items():
        (PICTURES / name).write_bytes(picture)


if __name__ == "__main__":
    write()
