"""`switchyard preview`: what people would see in a state, as files to look at."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from bot.domain.view import CommitView, PullView

#: Package -> its module.
_EXTRA = {"markdown-it-py": "markdown_it", "nh3": "nh3"}
_LARGEST = 20_000


@dataclass(frozen=True, slots=True)
class _Shown:
    """A state to be written, under the name of its folder."""

    folder: str
    name: str
    about: str
    view: PullView | CommitView


@click.command()
@click.option("--state", "names", metavar="NAME", multiple=True, help="An example state; all, if left out. Repeatable.")
@click.option(
    "--size",
    "sizes",
    type=click.IntRange(1, _LARGEST),
    multiple=True,
    default=(10,),
    show_default=True,
    help="How many instances an example has. Repeatable.",
)
@click.option(
    "--from",
    "saved",
    metavar="FILE",
    type=click.Path(allow_dash=True),
    help="A state saved from GET /api/v1/rollouts, in place of an example; `-` reads standard input.",
)
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="The folder that is written."
)
def command(names: tuple[str, ...], sizes: tuple[int, ...], saved: str | None, out: Path) -> None:
    """Write what people would see in a state, to look at it: the comment or check run and its graph.

    Each state gets a folder with Markdown, pages as GitHub would show them, SVG, DOT, Mermaid and plain text, and
    index.html leads to them all. Needs no settings and no network.
    """
    missing = [package for package, module in _EXTRA.items() if find_spec(module) is None]
    if missing:
        raise click.ClickException(
            f"The pages need {', '.join(missing)}; run `make setup`, or `pip install 'atmos-switchyard[demo]'` first."
        )
    if saved is not None and names:
        raise click.UsageError("Give --state or --from, not both.")
    _write(list(_read(saved) if saved is not None else _made(names, sizes)), out)


def _made(names: tuple[str, ...], sizes: tuple[int, ...]) -> Iterator[_Shown]:
    from renderers.examples import catalogue

    for name in names:
        if name not in catalogue.NAMES:
            near = difflib.get_close_matches(name, catalogue.NAMES, n=3, cutoff=0.5)
            hint = f"Did you mean {' or '.join(near)}?" if near else f"There are: {', '.join(catalogue.NAMES)}."
            raise click.BadParameter(f"there is no state of this name. {hint}", param_hint="--state")
    for name in names or catalogue.NAMES:
        for size in (0,) if name in catalogue.SMALL else sizes:
            folder = f"{name}-{size}" if size else name
            told = f"{catalogue.about(name)} ({size:,} instances)" if size else catalogue.about(name)
            yield _Shown(folder, name, told, catalogue.made(name, size))


def _read(saved: str) -> Iterator[_Shown]:
    from bot.cli import preview_saved

    try:
        with click.open_file(saved, "rb") as source:
            body: bytes = source.read()
        found = preview_saved.read(body)
    except OSError as error:
        raise click.ClickException(f"{saved}: {error.strerror}.") from None
    except preview_saved.NotAState as error:
        raise click.ClickException(f"{saved}: {error}") from None
    differing = [line for one in found for line in one.differing]
    for line in differing[:5]:
        click.echo(line, err=True)
    if len(differing) > 5:
        click.echo(f"… and {len(differing) - 5:,} more", err=True)
    name = "saved" if saved == "-" else Path(saved).stem
    for place, one in enumerate(found, start=1):
        folder = f"{name}-{place}" if len(found) > 1 else name
        yield _Shown(folder, folder, f"{one.of}, read from {Path(saved).name}.", one.view)


def _write(states: list[_Shown], out: Path) -> None:
    from bot.cli.previewing import index, preview

    listed = []
    troubles: dict[str, list[str]] = {}
    for one in states:
        made = preview(one.view, one.folder, one.about)
        folder = out / one.folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for file, content in made.files.items():
                (folder / file).write_bytes(content if isinstance(content, bytes) else content.encode())
        except OSError as error:
            raise click.ClickException(f"{error.filename} cannot be written: {error.strerror}.") from None
        listed.append((one.folder, one.about, one.folder, list(made.files)))
        if made.trouble:
            troubles.setdefault(made.trouble, []).append(one.folder)
    (out / "index.html").write_text(index(listed))
    for trouble, folders in troubles.items():
        click.echo(f"No picture of {', '.join(folders)}: {trouble}", err=True)
    what = "1 state" if len(states) == 1 else f"{len(states):,} states"
    click.echo(f"Wrote {what}; look at {out / 'index.html'}.")
