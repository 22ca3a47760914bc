"""`switchyard demo`: a pull request from plan to apply, with a GitHub of our own."""

from __future__ import annotations

import asyncio
import errno
import logging
import time
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from bot.cli.demo_proof import Check

#: Package -> its module.
_EXTRA = {"rich": "rich", "markdown-it-py": "markdown_it", "nh3": "nh3"}
_LIMIT = 55.0
_LOG_LINE = "%(asctime)s %(levelname)s %(name)s: %(message)s"


@click.command()
@click.option("--headless", is_flag=True, help="Tell the whole story at high speed, without a person, and check it.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default="out",
    show_default=True,
    help="Where --headless writes the comments, the graph and the timeline.",
)
@click.option("--port", type=click.IntRange(0, 65_535), default=0, help="The port of the pages; a free one by default.")
def command(headless: bool, out: Path, port: int) -> None:
    """Show a pull request on its way from plan to apply, with a small GitHub on this machine.

    Needs no settings, no account and no network.
    """
    missing = [package for package, module in _EXTRA.items() if find_spec(module) is None]
    if missing:
        raise click.ClickException(
            f"The demo needs {', '.join(missing)}; run `make demo`, or `pip install 'atmos-switchyard[demo]'` first."
        )
    try:
        asyncio.run(_tell(_emptied(out), port)) if headless else _play(port)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise click.ClickException(f"Another program uses port {port}; give another one, or no --port.") from None
        raise click.ClickException(f"The demo cannot go on: {error}.") from None


def _play(port: int) -> None:
    """Let a person play, with progress as the terminal can show it."""
    from rich.console import Console
    from rich.logging import RichHandler

    from bot.cli.demo_play import play
    from bot.cli.demo_screen import LiveScreen, PlainScreen

    console = Console(highlight=False)
    console.print(_engine())
    if console.is_terminal:
        logging.basicConfig(level="WARNING", format="%(message)s", handlers=[RichHandler(console=console)])
        with LiveScreen(console) as screen:
            asyncio.run(play(screen, port))
    else:
        logging.basicConfig(level="WARNING", format=_LOG_LINE)
        asyncio.run(play(PlainScreen(console), port))
    console.print("Ended.")


def _emptied(out: Path) -> Path:
    """Make the folder, without what an earlier story left there."""
    out.mkdir(parents=True, exist_ok=True)
    for old in (*out.glob("comment-*.md"), out / "graph.svg", out / "timeline.jsonl"):
        old.unlink(missing_ok=True)
    return out


def _engine() -> str:
    """Say what draws the graph."""
    from renderers.engine import engine_name

    name = engine_name()
    if name is None:
        return "There is no Graphviz here, so the graph is drawn by Mermaid, which only GitHub itself shows."
    return f"The graph is drawn by {'Graphviz (the program dot)' if name == 'dot' else f'Graphviz (from {name})'}."


def _no_picture() -> str:
    """Say why the story leaves no picture behind."""
    from renderers.engine import engine_name

    return "there is no Graphviz here" if engine_name() is None else "the comment shows none"


async def _tell(out: Path, port: int) -> None:
    from bot.cli import demo_story
    from bot.cli.demo_stage import open_stage

    logging.basicConfig(level="WARNING", format=_LOG_LINE)
    click.echo(_engine())
    began = time.monotonic()
    try:
        async with open_stage(demo_story.tempo(), port=port) as stage:
            checks = await demo_story.Story(stage, out, click.echo).tell(_LIMIT)
    except demo_story.StoryError as error:
        raise click.ClickException(str(error)) from None
    _report(checks, out)
    click.echo(f"Everything went in order, in {time.monotonic() - began:.1f} seconds. The comments are in {out}.")


def _report(checks: list[Check], out: Path) -> None:
    """Print what was checked; raises ClickException where something does not hold."""
    click.echo("")
    for check in checks:
        click.echo(f"{'✓' if check.holds else '✗'} {check.text}")
    if not (out / "graph.svg").exists():
        click.echo(f"no graph.svg: {_no_picture()}")
    click.echo("")
    if not all(check.holds for check in checks):
        raise click.ClickException(f"Not everything went in order; {out / 'timeline.jsonl'} has every dispatch.")
