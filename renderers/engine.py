"""The drawing engine: DOT in, places out, by whichever Graphviz is here, in a child process with a time limit."""

from __future__ import annotations

import shutil
import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from graphviz.backend import dot_command, execute

_WHEEL = "pygraphviz"
FORM = "json0"  # the places of everything, and nothing of how to paint it
_CHILD = Path(__file__).with_name("engine_child.py")


class CannotDraw(Exception):  # noqa: N818 - it reads as what happened
    """There is no picture; the text is a sentence that says why and what to do."""


@cache
def engine_name() -> str | None:
    """Tell what draws here: "dot" (the program), "pygraphviz" (the wheel that carries Graphviz), or None.

    Looked up once: a program that is installed later is found after a restart.
    """
    if shutil.which(dot_command.DOT_BINARY):
        return "dot"
    return _WHEEL if find_spec(_WHEEL) else None


def draw(dot_source: str, *, timeout: float = 10.0, limit: int = 20_000_000) -> bytes:
    """Lay out DOT, as Graphviz' JSON. The same source and engine give the same bytes.

    `timeout` is in seconds, after it the child is killed; `limit` is the largest answer in bytes. Blocks until
    it is there, and may be called from several threads. Raises CannotDraw.
    """
    engine = engine_name()
    if engine is None:
        raise CannotDraw(
            "There is no Graphviz on this machine, so no picture was drawn. "
            f"Install the program dot (on Debian: the package graphviz) or the Python package {_WHEEL}."
        )
    try:
        # The package's own `pipe` knows no time limit; this is what it calls.
        done = execute.run_check(
            _command(engine), input=dot_source.encode(), capture_output=True, quiet=True, timeout=timeout
        )
    except subprocess.TimeoutExpired:
        raise CannotDraw(
            f"Drawing the graph took longer than {timeout:g} seconds and was stopped. Draw fewer instances."
        ) from None
    except subprocess.CalledProcessError as error:
        raise CannotDraw(f"Graphviz ({engine}) could not draw the graph: {_said(error)}") from None
    except (OSError, execute.ExecutableNotFound) as error:
        raise CannotDraw(f"Graphviz ({engine}) could not be started: {error}. Install it again, and restart.") from None
    return _checked(done.stdout, limit)


def _command(engine: str) -> list[str]:
    if engine == "dot":
        return [str(part) for part in dot_command.command("dot", FORM)]
    # -P: the modules beside the child's file are not its modules.
    return [sys.executable, "-P", str(_CHILD), FORM]


def _checked(answer: bytes, limit: int) -> bytes:
    if not answer:
        raise CannotDraw("Graphviz drew nothing: the source has no graph. Please report this with the graph's DOT.")
    if len(answer) > limit:
        raise CannotDraw(
            f"Graphviz answered {len(answer):,} bytes, more than the {limit:,} that are read. Draw fewer instances."
        )
    return answer


def _said(error: subprocess.CalledProcessError) -> str:
    """Find the line of the child that says what was wrong; a child that was killed said nothing."""
    lines: list[str] = [line for line in error.stderr.decode(errors="replace").splitlines() if line.strip()]
    told = [line for line in lines if "error" in line.lower() and not line.startswith("Fontconfig")]
    return (told or lines or [f"it ended with code {error.returncode}"])[0].strip().removeprefix("Error: ").rstrip(
        "."
    ) + "."
