"""`switchyard simulate FILE`: what an upload would do."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable
from dataclasses import replace

import click

from bot.cli import simulate_text
from bot.cli.simulation import Simulation, simulate
from bot.domain.graph import Graph, Instance, UploadTooLarge, build
from bot.domain.names import shown
from bot.events.upload import BadUpload, Upload, parse_upload
from renderers.graph import dot
from renderers.mermaid import mermaid
from renderers.shape import shape

_NOBODY = {"head_sha": "0" * 40, "base_sha": "0" * 40, "repo": "owner/name"}
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")  # how such a file begins
_ALONE = ("dot", "mermaid", "svg")  # what is written takes no notes
_ACTIVITY = re.compile(r"[a-z_]+\.[a-z_]+")


class Unusable(click.ClickException):
    """Something that cannot be worked with, told in one line."""

    exit_code = 2


@click.command()
@click.argument("file", type=click.Path(allow_dash=True))
@click.option(
    "--activity",
    default="pull_request.synchronize",
    show_default=True,
    help="What happened, as `settings.pro` spells it, e.g. pull_request.merged.",
)
@click.option("--fail", "failing", multiple=True, metavar="STACK/COMPONENT", help="Let this instance fail. Repeatable.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "dot", "mermaid", "svg", "markdown"]),
    default="text",
    show_default=True,
)
def command(file: str, activity: str, failing: tuple[str, ...], form: str) -> None:
    """Show what an upload would do, without GitHub.

    FILE is a saved upload, or what `atmos describe affected --include-dependents --include-settings` prints;
    `-` reads standard input.
    """
    if not _ACTIVITY.fullmatch(activity):
        raise Unusable(f"`{shown(activity)}` is no activity; it looks like pull_request.merged.")
    try:
        upload = _read(file)
        graph = build(upload.entries)
        simulation = simulate(upload, graph, activity, _named(graph, failing))
    except UploadTooLarge as error:
        raise Unusable(f"{file}: {error}") from None
    steps = {str(step.instance) for step in simulation.walk.steps}
    for name in failing:
        if name not in steps:
            raise Unusable(f"{name} has nothing to run for {activity}, so it cannot fail.")
    click.echo(_write(simulation, form), nl=False)
    if form in _ALONE:
        for note in simulate_text.notes(simulation):
            click.echo(note, err=True)


def _read(file: str) -> Upload:
    try:
        with click.open_file(file, "rb") as source:
            body: bytes = source.read()
    except OSError as error:
        raise Unusable(f"{file}: {error.strerror}.") from None
    if body.startswith(_UTF_16) or b"\0" in body[:2]:
        raise Unusable(f"{file}: It is not UTF-8 but looks like UTF-16; save it as UTF-8.")
    try:
        upload = parse_upload(body, _NOBODY)
    except BadUpload as error:
        more = f" and {len(error.problems) - 3} more" if len(error.problems) > 3 else ""
        where = f" {'; '.join(error.problems[:3])}{more}" if error.problems else ""
        raise Unusable(f"{file}: {error.message}{where}") from None
    return replace(upload, head_sha="<head commit>") if upload.head_sha == _NOBODY["head_sha"] else upload


def _named(graph: Graph, names: Iterable[str]) -> list[Instance]:
    """Find instances by stack/component; both may hold slashes, so what is known decides."""
    known: dict[str, list[Instance]] = {}
    for instance in graph.nodes:
        known.setdefault(str(instance), []).append(instance)
    found = []
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
            hint = f" Did you mean {' or '.join(near)}?" if near else ""
            raise Unusable(f"No instance of the upload is called {shown(name, 200)}.{hint}")
        found.extend(known[name])
    return found


def _write(simulation: Simulation, form: str) -> str | bytes:
    if form == "json":
        return json.dumps(simulate_text.data(simulation), indent=2) + "\n"
    if form == "text":
        return simulate_text.text(simulation)
    picture = mermaid(simulation.walk, simulation.found)
    if form == "markdown":
        return simulate_text.markdown(simulation, picture)
    if form == "mermaid":
        if picture is None:
            raise Unusable("There is nothing to draw, or too much for Mermaid; try `--format svg` or `--format text`.")
        return picture + "\n"
    if form == "dot":
        return dot(shape(simulation.walk, whole=True))
    return _drawn(simulation)


def _drawn(simulation: Simulation) -> bytes:
    from renderers import engine, picture  # only here: loading what draws takes longer than all the rest

    try:
        return picture.picture(simulation.walk, simulation.found).light
    except engine.CannotDraw as error:
        raise Unusable(str(error)) from None
