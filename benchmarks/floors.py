"""Two bare servers that do the least that a webhook needs, to hold ours against: run as processes of their own.

`python -m benchmarks.floors each DATABASE PORT`: every request commits its own row, on a connection of its thread.
`python -m benchmarks.floors gathered DATABASE PORT`: one thread commits whatever rows have gathered.

Neither checks a signature, tells events apart, or works on what came.
"""

from __future__ import annotations

import logging
import queue
import sqlite3
import sys
import threading
from collections.abc import Callable

from flask import Flask, Response, request
from waitress.server import create_server

THREADS = 16  # as many as ours has
_INSERT = "INSERT INTO inbox (guid, body) VALUES (?, ?)"
Insert = Callable[[str, bytes], None]


def open_file(path: str) -> sqlite3.Connection:
    """Open the database as ours is: a row counts when it is on disk."""
    connection = sqlite3.connect(path, timeout=30, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    return connection


def each(path: str) -> Insert:
    """Commit every row by itself."""
    here = threading.local()

    def insert(guid: str, body: bytes) -> None:
        if not hasattr(here, "connection"):
            here.connection = open_file(path)
        here.connection.execute(_INSERT, (guid, body))

    return insert


def gathered(path: str) -> Insert:
    """Commit what has gathered, in one thread."""
    rows: queue.SimpleQueue[tuple[str, bytes, threading.Event]] = queue.SimpleQueue()

    def write() -> None:
        connection = open_file(path)
        while True:
            batch = [rows.get()]
            while not rows.empty():
                batch.append(rows.get())
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(_INSERT, [(guid, body) for guid, body, _ in batch])
            connection.execute("COMMIT")
            for _, _, done in batch:
                done.set()

    threading.Thread(target=write, daemon=True).start()

    def insert(guid: str, body: bytes) -> None:
        done = threading.Event()
        rows.put((guid, body, done))
        done.wait()

    return insert


def serve(kind: str, path: str, port: int) -> None:
    """Serve until killed."""
    open_file(path).execute("CREATE TABLE inbox (id INTEGER PRIMARY KEY, guid TEXT UNIQUE, body BLOB)")
    insert = {"each": each, "gathered": gathered}[kind](path)
    app = Flask(__name__)

    @app.post("/webhooks/github")
    def github() -> Response:
        insert(request.headers["X-GitHub-Delivery"], request.get_data())
        return Response(status=202)

    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    server = create_server(app, host="127.0.0.1", port=port, threads=THREADS)
    server.run()


if __name__ == "__main__":
    serve(sys.argv[1], sys.argv[2], int(sys.argv[3]))
