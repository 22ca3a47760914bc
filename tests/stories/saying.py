"""What the stories of commands share: people who say something in a comment, and what they read of it."""

from __future__ import annotations

from bot.sandbox.state import Pull
from tests.rig import Rig


async def say(rig: Rig, pull: Pull, text: str, *, by: str = "boss", role: str = "write") -> set[str]:
    """Have somebody say something, and wait until nothing more comes of it; returns the reactions."""
    rig.hub.set_permission(rig.repo, by, role)
    said = rig.hub.comment(pull, by, text)
    await rig.until_quiet()
    return {sign for _, _, sign in said.reactions}


def answers(rig: Rig, pull: Pull) -> list[str]:
    """Read the last commands of a comment with what became of them, without what keeps GitHub from making links."""
    text = rig.comment(pull).replace("&#8203;", "").replace("\u200b", "").replace("\\", "")
    _, _, after = text.partition("**Last commands**\n")
    lines = after.splitlines()
    end = next((number for number, line in enumerate(lines) if not line.startswith("- ")), len(lines))
    return [line.partition(": ")[2] for line in lines[:end]]


DONE, REFUSED = {"eyes", "rocket"}, {"eyes", "confused"}
