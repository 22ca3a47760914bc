"""Read a comment as people do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.domain.graph import Instance
from tests.model.hub import Hub
from tests.model.things import Pull

_TABLE = re.compile(r"^(\| .*)\n\| ---.*\n((?:\| .*\n?)+)", re.MULTILINE)
_NAME = re.compile(r"(\*\*destroy\*\* )?`([^`]+)`")
#: What all rows of a table are that tells no status.
_ALL_SO = re.compile(r"0 of \d+ succeeded, \d+ ([a-z ]+)$")
_HEAD = re.compile(r"^(?:[▰▱]+ [\d,]+ of [\d,]+ · )?`([a-z_.]+)` at \[`([0-9a-f]{7})`\]", re.MULTILINE)
_HEADLINE = re.compile(r"^### (.*)", re.MULTILINE)
_COUNTS = re.compile(r"(\d+) of (\d+) succeeded|all (\d+) instances|: 1 instance")
#: Other rollouts that count, such as the apply beside a destroy.
_FOLDED = re.compile(r"<summary>(pull_request\.\w+): ([^<]*), at (\w{7})[^<]*</summary>(.*?)</details>", re.DOTALL)
#: Earlier commands are folded away above the rows.
_COMMANDS = re.compile(r"<details>\n<summary>[^<]*earlier command.*?</details>", re.DOTALL)
_APPLY, _DESTROY = "pull_request.merged", "pull_request.deleted"


@dataclass(frozen=True, slots=True)
class Shown:
    """What a comment says of a rollout."""

    activity: str
    commit: str
    succeeded: int
    total: int
    rows: dict[Instance, tuple[str, str]]  # the status and the rest of the row

    @property
    def applies(self) -> bool:
        return self.activity in (_APPLY, _DESTROY)

    @property
    def destroys(self) -> bool:
        return self.activity == _DESTROY


def read(body: str, *, destroys: bool = False) -> Shown | None:
    """Read the newest rollout in a comment as people do, or the newest that they had destroyed; None where none is."""
    return next((one for one in every(body) if one.destroys is destroys), None)


def every(body: str) -> list[Shown]:
    """Read all rollouts in a comment that count, as people do, the newest first."""
    said = _COMMANDS.sub("", body)
    main = said.partition("<details>")[0]
    head, line = _HEAD.search(main), _HEADLINE.search(main)
    found = [_rollout(head[1], head[2], line[1], main)] if head and line else []
    found += [_rollout(activity, commit, line, rows) for activity, line, commit, rows in _FOLDED.findall(said)]
    return [one for one in found if one is not None]


def _rollout(activity: str, commit: str, headline: str, text: str) -> Shown | None:
    counts = _COUNTS.search(headline)
    if counts is None:
        return None
    so = _ALL_SO.search(headline)
    rows = {
        instance: (word, rest)
        for instance, gone, word, rest in _rows(text, so[1] if so else "succeeded")
        if gone is (activity == _DESTROY)  # what a merge itself removed is not looked at
    }
    total = int(counts[2] or counts[3] or 1)
    return Shown(activity, commit, int(counts[1] or total), total, rows)


def _rows(text: str, word: str) -> Iterator[tuple[Instance, bool, str, str]]:
    """Read the rows of tables: the instance, whether it is destroyed, its status and the rest."""
    for head, body in _TABLE.findall(text):
        titles = _cells(head)
        for line in body.splitlines():
            row = dict(zip(titles, _cells(line), strict=True))
            column = next(title for title in titles if title.startswith("Component"))
            found, above = _NAME.fullmatch(row[column]), _NAME.search(column)
            stack = _NAME.fullmatch(row["Stack"]) if "Stack" in row else above
            if found is None or stack is None:
                continue
            status = row["Status"].partition("\u00a0")[2].replace("\u00a0", " ") if "Status" in row else word
            yield (
                Instance(stack[2], found[2]),
                bool(found[1]),
                status,
                " | ".join((row.get("Details", ""), row.get("Run", ""))),
            )


def _cells(line: str) -> list[str]:
    return line[2:-2].split(" | ")


def comment(hub: Hub, pull: Pull) -> str:
    """Read the one comment on a pull request; empty where there is none."""
    listed = hub.comments.get(pull.number, [])
    return str(listed[0]["body"]) if listed else ""
