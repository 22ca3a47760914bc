"""Runs by its path in a process of its own: DOT on standard input, its drawing on standard output, by the wheel.

The wheel is not safe in threads and cannot be stopped, so it is never loaded into the process that serves.
"""

from __future__ import annotations

import sys


def main() -> None:
    """Draw what standard input holds; ends with code 1 and Graphviz' own words where it cannot."""
    import pygraphviz  # so that reading this module loads nothing

    source = sys.stdin.buffer.read().decode()
    if not source.strip():
        return  # as the program does
    try:
        picture: bytes = pygraphviz.AGraph(string=source).draw(format=sys.argv[1], prog="dot")
    except (pygraphviz.DotError, ValueError) as error:
        sys.exit(f"Error: {error}")
    sys.stdout.buffer.write(picture)


if __name__ == "__main__":
    main()
