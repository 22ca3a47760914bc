"""Tell what was found: to people in as wide a terminal as they have, to programs as JSON."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Sequence

import click

from bot.domain.checkup.findings import Finding, Grade
from bot.domain.checkup.kinds import CHECKS, UNSEEN

#: Of the form of the JSON. It changes only where a program that reads it would break.
VERSION = 1
_SIGNS = {Grade.OK: "✓", Grade.WARNING: "!", Grade.FAULT: "✗"}
_COLOURS = {Grade.OK: "green", Grade.WARNING: "yellow", Grade.FAULT: "red"}
_CHECK = max(map(len, CHECKS))
_BEFORE = 2 + len("warning") + 2 + _CHECK + 2
_NARROW = 64  # below this the text begins on a line of its own
_ORDER = list(CHECKS)


def arranged(findings: Sequence[Finding]) -> list[Finding]:
    """Put findings in order: what is about the whole service first, then each repository, check by check."""
    places = list(dict.fromkeys(["", *(one.where for one in findings)]))
    return sorted(findings, key=lambda one: (places.index(one.where), _ORDER.index(one.check)))


def link(finding: Finding, docs_url: str, troubles_url: str) -> str:
    """Tell the address where to read on, or nothing where none is known: GitHub's page, or ours.

    Of our pages the service itself serves the one about troubles.
    """
    if finding.page or not page(finding):
        return finding.page
    base = troubles_url if finding.kind.page.startswith("troubleshooting.md") else docs_url
    return f"{base}/{finding.kind.page}" if base else ""


def page(finding: Finding) -> str:
    """Name the page of Switchyard's repository that tells more."""
    return f"docs/{finding.kind.page}" if finding.kind.page and finding.kind.grade is not Grade.OK else ""


def as_text(findings: Sequence[Finding], width: int, docs_url: str, troubles_url: str) -> str:
    """Write findings for people, with colours that a pipe takes out."""
    lines: list[str] = []
    where = ""
    for one in findings:
        if one.where != where:
            where = one.where
            lines += ["", click.style(where, bold=True)]
        lines += _lines(one, width, link(one, docs_url, troubles_url))
    return "\n".join([*lines, "", *_wrapped(summary(findings), width)])


def summary(findings: Sequence[Finding]) -> str:
    """Count what was found."""
    faults, warnings, fine = (sum(one.kind.grade is grade for one in findings) for grade in reversed(Grade))
    told = f"{_count(faults, 'fault')}, {_count(warnings, 'warning')}, {fine} ok."
    if faults:
        return f"{told} Mend the faults first; something does not work."
    if any(one.kind is UNSEEN for one in findings):
        return f"{told} Nothing that could be looked at stops the work."
    return f"{told} {'Nothing stops the work.' if warnings else 'All is well.'}"


def as_json(findings: Sequence[Finding], docs_url: str, troubles_url: str) -> str:
    """Write findings for programs."""
    counts = {grade.value: sum(one.kind.grade is grade for one in findings) for grade in Grade}
    told = [
        {
            "check": one.check,
            "finding": one.kind.name,
            "grade": one.kind.grade.value,
            "repository": one.where or None,
            "says": one.says,
            "means": one.kind.means or None,
            "do": one.advice or None,
            "link": link(one, docs_url, troubles_url) or None,
            "page": page(one) or None,
        }
        for one in findings
    ]
    whole = {"version": VERSION, "ok": not counts[Grade.FAULT], "counts": counts, "findings": told}
    return json.dumps(whole, ensure_ascii=False, indent=2)


def _lines(finding: Finding, width: int, address: str) -> list[str]:
    grade = finding.kind.grade
    head = click.style(f"{_SIGNS[grade]} {grade.value:<7}", fg=_COLOURS[grade]) + f"  {finding.check:<{_CHECK}}"
    says = [_plain(finding.says)]
    if grade is not Grade.OK:
        says = [" ".join(filter(None, (says[0], finding.kind.means)))]
        says += [f"→ {finding.advice}"] if finding.advice else []
        says += [address or f"More: {page(finding)} in Switchyard's repository."]
    narrow = width < _NARROW
    indent = 4 if narrow else _BEFORE
    told = [line for said in says for line in _wrapped(said, max(20, width - indent))]
    if narrow:
        return [head.rstrip(), *(" " * indent + line for line in told)]
    return [f"{head}  {told[0]}", *(" " * indent + line for line in told[1:])]


def _plain(text: str) -> str:
    """Take out what would steer a terminal."""
    return "".join(sign if sign.isprintable() else "�" for sign in text)


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False) or [""]


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'s' if number != 1 else ''}"
