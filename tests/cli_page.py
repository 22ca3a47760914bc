"""The page docs/cli.md, made from the commands themselves; `make fix` writes it again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from bot.cli import cli

PAGE = Path(__file__).parents[1] / "docs" / "cli.md"

_BEGIN = """\
# The command line

What `switchyard` can do on the server, on your machine and in a checkout; what people say in comments is on [another
page](commands.md). After `make setup` the program is `.venv/bin/switchyard`, in the container `docker exec switchyard
switchyard`. `switchyard COMMAND --help` tells the same; this page is made from it. Which settings a command reads is in
[settings](settings.md): those that read the database alone need no other.

{list}
"""
#: Where more is told of a command.
_MORE = {
    "setup": "setup.md#1-register-a-github-app",
    "init": "setup.md#with-switchyard-init",
    "doctor": "doctor.md",
    "serve": "hosting.md",
    "demo": "start.md#see-it-first",
    "simulate": "setup.md#before-anything-runs",
    "preview": "gallery.md",
    "keys": "api.md#keys",
    "approve": "safety.md",
    "run": "hosting.md#running-what-no-pull-request-carries",
    "freeze": "hosting.md#freezing",
    "unfreeze": "hosting.md#freezing",
    "backup": "hosting.md#backups",
    "restore": "hosting.md#backups",
    "export": "hosting.md#who-did-what",
    "login-link": "pages.md#for-who-runs-switchyard",
}


def page() -> str:
    """Write the page."""
    context = click.Context(cli, info_name="switchyard")
    commands = {name: cli.get_command(context, name) for name in cli.list_commands(context)}
    rows = [f"| [`{name}`](#switchyard-{name}) | {_first(one)} |" for name, one in commands.items() if one]
    parts = [part for name, one in commands.items() if one for part in _part(one, context, name)]
    return "\n".join([_BEGIN.format(list="\n".join(["| command | does |", "| --- | --- |", *rows])), *parts])


def _part(command: click.Command, above: click.Context, name: str) -> Iterator[str]:
    """Write the part of one command, and of those that it has below it."""
    context = click.Context(command, info_name=name, parent=above)
    yield f"## `{context.command_path}`\n"
    yield from (f"{' '.join(text.split())}\n" for text in (command.help or "").split("\n\n"))
    if name in _MORE:
        yield f"More: [{_MORE[name].partition('#')[0]}]({_MORE[name]}).\n"
    if isinstance(command, click.Group):
        for one in command.list_commands(context):
            if found := command.get_command(context, one):
                yield from _part(found, context, one)
        return
    yield f"```text\n{context.command_path} {' '.join(command.collect_usage_pieces(context))}\n```\n"
    options = [one.get_help_record(context) for one in command.params if isinstance(one, click.Option)]
    if found_options := [record for record in options if record]:
        yield "| option | |\n| --- | --- |"
        yield "\n".join(f"| `{_cell(usage)}` | {_cell(text)} |" for usage, text in found_options) + "\n"


def _first(command: click.Command) -> str:
    return " ".join((command.help or "").split("\n\n")[0].split())


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page())
