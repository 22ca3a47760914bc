"""Read a comment as people do."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.domain.graph import Instance
from tests.model.hub import Hub
from tests.model.things import Pull

_ROW = re.compile(r"^\| \S+\u00a0([^|]+?) \| `([^`]+)` \| `([^`]+)` \|(.*)$", re.MULTILINE)
_HEAD = re.compile(r"^`([a-z_.]+)` at \[`([0-9a-f]{7})`\]", re.MULTILINE)
_COUNTS = re.compile(r"^### .*?(\d+) of (\d+) succeeded|^### .*?all (\d+) instances|^### .*: 1 instance", re.MULTILINE)

#: Earlier commands are folded away above the rows.
_COMMANDS = re.compile(r"<details>\n<summary>[^<]*earlier command.*?</details>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Shown:
    """What a comment says of its first rollout."""

    activity: str
    commit: str
    succeeded: int
    total: int
    rows: dict[Instance, tuple[str, str]]  # the status and the rest of the row

    @property
    def applies(self) -> bool:
        return self.activity == "pull_request.merged"


def read(body: str) -> Shown | None:
    """Read a comment as people do; None where it shows no rollout."""
    main = _COMMANDS.sub("", body).partition("<details>")[0]
    head, counts = _HEAD.search(main), _COUNTS.search(main)
    if head is None or counts is None:
        return None
    found = {Instance(stack, component): (word, rest) for word, component, stack, rest in _ROW.findall(main)}
    total = int(counts[2] or counts[3] or 1)
    return Shown(head[1], head[2], int(counts[1] or total), total, found)


def comment(hub: Hub, pull: Pull) -> str:
    """Read the one comment on a pull request; empty where there is none."""
    listed = hub.comments.get(pull.number, [])
    return str(listed[0]["body"]) if listed else ""
