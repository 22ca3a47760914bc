"""Run the whole service as a process, as `switchyard serve` does."""

from __future__ import annotations

import os
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

APP_ID = 4711
SECRET = "it is a secret"
ROOT = Path(__file__).parent.parent
_PATIENCE = 60.0


@cache
def app_key() -> tuple[str, str]:
    """Make the App's key pair, once: private and public, as PEM."""
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


def environment(database: Path, port: int, api_url: str) -> dict[str, str]:
    """Write the settings: the usual ones, and a GitHub on this machine."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SWITCHYARD_", "GITHUB_"))}
    return kept | {
        "SWITCHYARD_DATABASE": str(database),
        "GITHUB_APP_ID": str(APP_ID),
        "GITHUB_APP_PRIVATE_KEY": app_key()[0],
        "GITHUB_WEBHOOK_SECRET": SECRET,
        "GITHUB_API_URL": api_url,
        "PUBLIC_URL": "https://switchyard.example",
        "HOST": "127.0.0.1",
        "PORT": str(port),
    }


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def wait_until(what: str, done: Callable[[], bool]) -> float:
    """Look again and again until something is so; returns after how many seconds it was."""
    start = time.perf_counter()
    while not done():
        if time.perf_counter() - start > _PATIENCE:
            raise TimeoutError(f"Waited {_PATIENCE:.0f} seconds in vain: {what}.")
        time.sleep(0.005)
    return time.perf_counter() - start


@contextmanager
def running(command: Sequence[str], settings: dict[str, str], port: int, log: Path) -> Iterator[int]:
    """Run a server of this Python until it is left; gives its process id once it takes connections."""
    with log.open("wb") as out:
        process = subprocess.Popen([sys.executable, *command], cwd=ROOT, env=settings, stdout=out, stderr=out)

    def up() -> bool:
        if process.poll() is not None:
            raise RuntimeError(f"A server ended at once: {log.read_text()[-2_000:]}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            return False
        return True

    try:
        wait_until("the server takes connections", up)
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise


def undone(database: Path) -> int:
    """Count the inputs of a service's file that are still to be handled."""
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=30)
    try:
        return int(connection.execute("SELECT count(*) FROM inbox WHERE state = 'new' AND lane IS NULL").fetchone()[0])
    finally:
        connection.close()
