"""The command line. A command is a module that is read when it is called: `simulate` does not load Flask."""

from __future__ import annotations

from importlib import import_module

import click

from bot import __version__

#: Command -> its one line in the overview, so that the overview needs no command's module.
_COMMANDS = {
    "setup": "Register the GitHub App with one click, and write the settings.",
    "init": "Write what a repository needs: workflow files, a mixin, lines of atmos.yaml.",
    "doctor": "Look at an installation: what is wrong, and what to do.",
    "serve": "Run the service.",
    "demo": "Show a pull request on its way from plan to apply, with a GitHub of our own.",
    "simulate": "Show what an upload would do, without GitHub.",
    "preview": "Write what people would see in a state, to look at it.",
    "keys": "Make, list and revoke API keys.",
    "approve": "Let go what is held of a pull request.",
    "run": "Start a rollout that no pull request carries.",
    "freeze": "Apply nothing, in one repository or in all.",
    "unfreeze": "End a freeze.",
    "backup": "Copy the database while the service runs.",
    "restore": "Put a backup in the database's place.",
    "export": "Write out the audit.",
    "login-link": "Print a link that opens the operator's pages.",
}


class _Lazy(click.Group):
    """Finds commands by their name: `bot.cli.<name>.command`, with `_` for `-`."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = import_module(f"bot.cli.{cmd_name.replace('-', '_')}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.group(cls=_Lazy)
@click.version_option(__version__, prog_name="switchyard")
def cli() -> None:
    """Deploy Atmos stacks in dependency order through GitHub Actions."""
