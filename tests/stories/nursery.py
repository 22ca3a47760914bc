"""Starts `switchyard serve` quickly: a process that has everything imported, and forks one for each line it reads.

Run as `python -m tests.stories.nursery`. A line is a JSON object of the environment; the answer is the process id.
Where NEWER is in it, the process is of a made-up newer version.
"""

from __future__ import annotations

import json
import os
import signal
import sys

from bot.cli import serve
from tests.store import newer


def main() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those who are gone
    for line in sys.stdin:
        pid = os.fork()
        if not pid:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _live(json.loads(line))
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()


def _live(environ: dict[str, str]) -> None:
    log = os.open(environ["LOG"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    for number in (1, 2):
        os.dup2(log, number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.environ.clear()
    os.environ.update(environ)
    if "NEWER" in environ:
        newer.become()
    serve.command.main(args=[], prog_name="switchyard serve")


if __name__ == "__main__":
    main()
