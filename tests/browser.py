"""A headless Chromium, driven by its own protocol. Nothing but `make look` needs one."""

from __future__ import annotations

import asyncio
import base64
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--allow-file-access-from-files",
    "--remote-debugging-port=0",
)
_NAMES = ("chromium", "chromium-browser", "google-chrome")
_TALLEST = 8_000
#: What is wrong with a page: it is wider than its window, or a picture of it is not there.
FLAWS = """
    [...(document.documentElement.scrollWidth > innerWidth ? ["wider than the window"] : []),
     ...[...document.images].filter(image => !image.naturalWidth).map(image => "no picture: " + image.currentSrc)]
"""


class Browser:
    """A tab of a headless Chromium, driven by its own protocol."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket, self._last = socket, 0

    async def do(self, method: str, **params: Any) -> dict[str, Any]:
        """Send a command; gives its result."""
        self._last += 1
        await self._socket.send_json({"id": self._last, "method": method, "params": params})
        while True:
            answer = await self._socket.receive_json(timeout=60)
            if answer.get("id") == self._last:
                if "error" in answer:
                    raise SystemExit(f"Chromium refused {method}: {answer['error']['message']}")
                result: dict[str, Any] = answer["result"]
                return result

    async def open(self, address: str, width: int, *, dark: bool = False) -> None:
        """Show the page at an address in a window of this width, until it is loaded."""
        look = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        await self.do("Emulation.setEmulatedMedia", features=[look])
        await self.do(
            "Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=width < 600
        )
        await self.do("Page.navigate", url=address)
        while True:
            message = await self._socket.receive_json(timeout=60)
            if message.get("method") == "Page.loadEventFired":
                return

    async def value(self, expression: str) -> Any:
        """Work out an expression in the page."""
        got = await self.do("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in got:
            raise SystemExit(f"The page could not work out {expression[:60]!r}: {got['exceptionDetails']['text']}")
        return got["result"].get("value")

    async def picture(self, width: int) -> bytes:
        """Take a picture of the whole page, as far down as is reasonable."""
        height = min(_TALLEST, await self.value("Math.ceil(document.documentElement.scrollHeight)"))
        clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
        shot = await self.do("Page.captureScreenshot", clip=clip, captureBeyondViewport=True)
        return base64.b64decode(shot["data"])


@asynccontextmanager
async def started(program: str) -> AsyncIterator[Browser]:
    """Start a browser with a folder of its own, and end it."""
    with tempfile.TemporaryDirectory() as folder:
        process = await asyncio.create_subprocess_exec(
            program, *_FLAGS, f"--user-data-dir={folder}", "about:blank", stderr=subprocess.PIPE
        )
        try:
            async with aiohttp.ClientSession() as session:
                port = await asyncio.wait_for(_port(process), 30)
                async with session.get(f"http://127.0.0.1:{port}/json/list") as answer:
                    tab = next(one for one in await answer.json() if one["type"] == "page")
                async with session.ws_connect(tab["webSocketDebuggerUrl"], max_msg_size=0) as socket:
                    seen = Browser(socket)
                    await seen.do("Page.enable")
                    yield seen
        finally:
            process.terminate()
            await process.wait()


async def _port(process: asyncio.subprocess.Process) -> int:
    assert process.stderr is not None
    async for line in process.stderr:
        if b"DevTools listening on" in line:
            return int(line.decode().split("127.0.0.1:")[1].split("/")[0])
    raise SystemExit("Chromium ended before it could be spoken to.")


def program() -> str | None:
    """Find a Chromium; None where there is none."""
    return next((found for name in _NAMES if (found := shutil.which(name))), None)


def keep(file: Path, content: bytes) -> None:
    """Write a file; not in a loop of events, says the linter, though nothing else happens in it."""
    file.write_bytes(content)
