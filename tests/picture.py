"""Take the picture of a comment that the README begins with; `python -m tests.picture` writes it again.

It needs Debian's Chromium. The comment is that of `switchyard preview`, so what it shows is what the code writes.
"""

from __future__ import annotations

import asyncio
import base64
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from click.testing import CliRunner

from bot.cli import cli
from tests import browser

PICTURE = Path(__file__).parents[1] / "docs/picture.png"
_STATE, _SIZE = "mixed", "30"
_WIDTH, _SCALE = 960, 1.24
_COMMENT = (
    "(({x, y, width, height}) => ({x, y, width, height}))(document.querySelector('.said').getBoundingClientRect())"
)


async def take(program: str, page: Path) -> bytes:
    """Take a picture of the comment on a page."""
    async with browser.started(program) as seen:
        await seen.open(page.as_uri(), _WIDTH)
        clip = {name: round(value) for name, value in (await seen.value(_COMMENT)).items()} | {"scale": _SCALE}
        shot = await seen.do("Page.captureScreenshot", clip=clip, captureBeyondViewport=True)
        return base64.b64decode(shot["data"])


def main() -> int:
    """Write the picture."""
    program = browser.program()
    if program is None:
        sys.stderr.write("Chromium is not there, so no picture was taken; install it (on Debian: chromium).\n")
        return 1
    with TemporaryDirectory() as folder:
        CliRunner().invoke(
            cli, ["preview", "--state", _STATE, "--size", _SIZE, "--out", folder], catch_exceptions=False
        )
        browser.keep(PICTURE, asyncio.run(take(program, Path(folder, f"{_STATE}-{_SIZE}", "light.html"))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
