"""`python -m bot` is the command `switchyard`."""

from __future__ import annotations

from bot.cli import cli


def main() -> None:
    """Run the command line."""
    cli(prog_name="switchyard")


if __name__ == "__main__":
    main()
