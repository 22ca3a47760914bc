"""`switchyard serve` where it cannot start: what it says then."""

from __future__ import annotations

import errno
import socket
import subprocess
import sys
from pathlib import Path

from tests.stories.processes import ROOT, settings


def serve(folder: Path, **changes: str) -> tuple[int, str]:
    """Run it where it ends at once; returns its exit code and what it said."""
    environ = settings(folder, "http://127.0.0.1:9") | {"LOG_LEVEL": "ERROR"} | changes
    done = subprocess.run(
        [sys.executable, "-m", "bot", "serve"], cwd=ROOT, env=environ, capture_output=True, text=True, timeout=60
    )
    return done.returncode, done.stdout + done.stderr


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        said = serve(tmp_path, PORT=port)
    assert said == (
        1,
        f"Switchyard could not start: 127.0.0.1:{port} is taken. Is another program using it? "
        "If so, give another PORT.\n",
    )


def test_an_address_of_another_machine(tmp_path: Path) -> None:
    said = serve(tmp_path, HOST="192.0.2.1")
    assert said == (
        1,
        "Switchyard could not start: HOST is '192.0.2.1', which is no address of this machine; "
        "give one that is, or 0.0.0.0 for all.\n",
    )


def test_a_host_that_is_none(tmp_path: Path) -> None:
    said = serve(tmp_path, HOST="yard..example")
    assert said == (
        2,
        "HOST is 'yard..example', which has no address; give one such as 127.0.0.1, or 0.0.0.0 for all.\n",
    )


def test_a_folder_in_the_locks_place_is_not_blamed_on_another_program(tmp_path: Path) -> None:
    lock = tmp_path / "switchyard.db.lock"
    lock.mkdir()
    said = serve(tmp_path)
    assert said == (
        1,
        f"Switchyard cannot go on: [Errno {errno.EISDIR}] Is a directory: '{lock}'.\n",
    )


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "switchyard.db"
    path.write_text("Dear diary. " * 999)
    said = serve(tmp_path)
    assert said == (
        1,
        f"Switchyard could not use the database {path}: file is not a database. "
        "Name another file in SWITCHYARD_DATABASE, or make this one readable and writable.\n",
    )
