"""Which environment a job will ask for: the expressions in its `environment:`, filled in before the dispatch."""

from __future__ import annotations

import re
from collections.abc import Mapping

_LONGEST = 1_000  # GitHub takes names of 255 characters; reading far longer texts would take long

_EXPRESSION = re.compile(r"\$\{\{((?:[^'}]|'[^']*'|\}(?!\}))*)\}\}")
_OPERAND = re.compile(
    r"\s*(?:(?:github\s*\.\s*event\s*\.\s*)?inputs\s*\.\s*([a-z_][\w-]*)|'((?:[^']|'')*)')\s*", re.IGNORECASE
)


def resolve(text: str, inputs: Mapping[str, str]) -> str | None:
    """Fill a job's `environment:` with the inputs of a dispatch; None where only GitHub can tell what it becomes.

    `inputs` holds all that the job will see, the file's defaults too. What is neither given nor has a default is empty.
    """
    if len(text) > _LONGEST:
        return None
    given = {name.casefold(): value for name, value in inputs.items()}
    filled, at = "", 0
    for found in _EXPRESSION.finditer(text):
        value = _value(found[1], given)
        if value is None:
            return None
        filled += text[at : found.start()] + value
        at = found.end()
    return None if "${{" in text[at:] else filled + text[at:]


def why_open(text: str, workflow: str, name: str | None, *, there: bool) -> str:
    """Say why nothing would protect an apply whose file has `environment: text`; empty where something does.

    `name` is what `resolve` made of the text, and `there` whether the repository has it.
    """
    if name is None:
        return f"nobody can tell which environment `{text}` in `{workflow}` names"
    if not name:
        return f"`{text}` in `{workflow}` names no environment, so nothing would protect it"
    if not there:
        return f"the repository has no environment `{name}`, and GitHub would make one without protection"
    return ""


def _value(expression: str, given: Mapping[str, str]) -> str | None:
    """Take the first of the operands between `||` that is not empty."""
    value, at = "", 0
    while True:
        operand = _OPERAND.match(expression, at)
        if operand is None:
            return None
        if not value:
            name, literal = operand.groups()
            value = given.get(name.casefold(), "") if name else literal.replace("''", "'")
        at = operand.end()
        if at == len(expression):
            return value
        if not expression.startswith("||", at):
            return None
        at += 2
