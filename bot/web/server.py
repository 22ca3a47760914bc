"""The web side in threads of its own: waitress, started and stopped from the process that works."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from waitress import wasyncore
from waitress.server import BaseWSGIServer, create_server
from waitress.trigger import trigger

from bot.web.wire import Channel

_THREADS = 16
_BIGGEST_REQUEST = 64 * 1024 * 1024
_POLL = 1.0


class WebServer:
    """Serves an app from the moment on that it is made. Raises OSError where the address cannot be had.

    Once it is had, and before anything is answered, `prepare` is called; what that raises gives the address back.
    """

    def __init__(self, app: Any, *, host: str, port: int, prepare: Callable[[], None] | None = None) -> None:
        # Waitress warns of every queued request; the inbox' age tells more.
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)
        self._sockets: dict[int, Any] = {}
        self._server = create_server(
            app,
            map=self._sockets,
            host=host,
            port=port,
            threads=_THREADS,
            ident=None,
            max_request_body_size=_BIGGEST_REQUEST,
            clear_untrusted_proxy_headers=True,
        )
        for listener in self._sockets.values():
            if isinstance(listener, BaseWSGIServer):
                listener.channel_class = Channel
        # A name such as `localhost` stands for several addresses, and then the server is several.
        several = getattr(self._server, "effective_listen", None)
        self.port = int(several[0][1] if several else self._server.effective_port)
        self._waker = trigger(self._sockets)
        if prepare is not None:
            try:
                prepare()
            except BaseException:
                wasyncore.close_all(self._sockets)
                self._server.task_dispatcher.shutdown()
                raise
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="web", daemon=True)
        self._thread.start()

    def close(self, seconds: float) -> None:
        """Let requests that are being handled end, for some seconds, then close everything."""
        deadline = time.monotonic() + seconds
        self._server.task_dispatcher.shutdown(timeout=seconds)
        # The sockets belong to the thread: they are closed only when it is through.
        self._waker.pull_trigger(self._ended.set)
        self._thread.join(max(_POLL, deadline - time.monotonic()))
        wasyncore.close_all(self._sockets)

    def _run(self) -> None:
        while not self._ended.is_set():
            wasyncore.loop(timeout=_POLL, map=self._sockets, use_poll=True, count=1)
