"""Look at previews in a browser: pictures of every page, wide and narrow, and Mermaid as Mermaid itself reads it.

`make look` runs it. It needs Debian's Chromium, and npm for Mermaid; what is not there is said and fails.
"""

from __future__ import annotations

import asyncio
import base64
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import click

from renderers.words import plural

#: Which Mermaid reads the graphs; GitHub does not tell which it has.
MERMAID = "11.12.0"
#: The widths of a window that shows a comment at GitHub, and of a phone, in pixels.
WIDTHS = {"desktop": 1_000, "phone": 375}
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
_NO_SIGNS = "No font here has ✅ and its like, so signs are boxes in the pictures (on Debian: fonts-noto-color-emoji)."
#: What is wrong with a page: it is wider than its window, or a picture of it is not there.
_FLAWS = """
    [...(document.documentElement.scrollWidth > innerWidth ? ["wider than the window"] : []),
     ...[...document.images].filter(image => !image.naturalWidth).map(image => "no picture: " + image.currentSrc)]
"""
_PARSE = """
    (async () => {
      mermaid.initialize({startOnLoad: false, securityLevel: "strict", maxTextSize: 50000, maxEdges: 500});
      try { await mermaid.parse(%s); const {svg} = await mermaid.render("graph", %s);
            document.body.innerHTML = svg; return ""; }
      catch (error) { return String(error.message ?? error); }
    })()
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

    async def open(self, address: str, width: int) -> None:
        """Show the page at an address in a window of this width, until it is loaded."""
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
async def browser(program: str) -> AsyncIterator[Browser]:
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


async def look(program: str, pages: list[Path]) -> list[str]:
    """Take the pictures; lists what is wrong."""
    flaws = []
    async with browser(program) as seen:
        for page in pages:
            for name, width in WIDTHS.items():
                await seen.open(page.as_uri(), width)
                _keep(page.with_name(f"{page.stem}-{name}.png"), await seen.picture(width))
                shown = f"{page.parent.name}/{page.name} ({name})"
                flaws += [f"{shown}: {flaw}" for flaw in await seen.value(_FLAWS)]
    return flaws


async def read_mermaid(program: str, graphs: list[Path], page: Path) -> list[str]:
    """Have Mermaid, which `page` loads, read and draw each graph; lists what it refuses."""
    flaws, width = [], WIDTHS["desktop"]
    async with browser(program) as seen:
        for graph in graphs:
            await seen.open(page.as_uri(), width)
            text = json.dumps(_text(graph))
            if said := await seen.value(_PARSE % (text, text)):
                flaws.append(f"{graph.parent.name}/{graph.name}: Mermaid says: {said}")
            _keep(graph.with_name("graph-mermaid.png"), await seen.picture(width))
    return flaws


def _text(file: Path) -> str:
    return file.read_text()


def _keep(file: Path, content: bytes) -> None:
    file.write_bytes(content)


def fetched(tools: Path) -> Path | str:
    """Fetch Mermaid into a folder, once; gives its script, or says why it is not there."""
    script = tools / "node_modules" / "mermaid" / "dist" / "mermaid.min.js"
    if script.exists():
        return script
    npm = shutil.which("npm")
    if npm is None:
        return "npm is not there, so nothing is known of Mermaid; install Node.js."
    tools.mkdir(parents=True, exist_ok=True)
    arguments = ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(tools), f"mermaid@{MERMAID}"]
    done = subprocess.run([npm, *arguments], check=False, capture_output=True, text=True)
    return script if script.exists() else f"npm could not fetch Mermaid {MERMAID}: {done.stderr.strip()[-300:]}"


def has_signs() -> bool:
    """Tell whether a font of this machine has the signs that comments begin with."""
    lister = shutil.which("fc-list")
    return lister is not None and bool(
        subprocess.run([lister, ":charset=2705"], check=False, capture_output=True).stdout.strip()
    )


def main(out: Path) -> int:
    """Look at all previews in a folder; gives 1 where something is wrong or could not be looked at."""
    program = next((found for name in _NAMES if (found := shutil.which(name))), None)
    if program is None:
        click.echo("Chromium is not there, so nothing was looked at; install it (on Debian: the package chromium).")
        return 1
    pages, graphs = sorted(out.glob("*/*.html")), sorted(out.glob("*/graph.mmd"))
    flaws = [] if has_signs() else [_NO_SIGNS]
    flaws += asyncio.run(look(program, pages))
    click.echo(f"Pictures of {plural(len(pages), 'page')}, at {len(WIDTHS)} widths, are beside them in {out}.")
    script = fetched(out.parent / "tools")
    if isinstance(script, str):
        flaws.append(script)
    else:
        page = out / "mermaid.html"
        page.write_text(f'<!doctype html><meta charset="utf-8"><script src="{script.as_uri()}"></script><body>')
        flaws += asyncio.run(read_mermaid(program, graphs, page))
        page.unlink()
        click.echo(f"Mermaid {MERMAID} was given {plural(len(graphs), 'graph')}.")
    for flaw in flaws:
        click.echo(f"✗ {flaw}")
    click.echo("Something is wrong, as said above." if flaws else "Nothing is wrong that a program could see.")
    return 1 if flaws else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve()))
