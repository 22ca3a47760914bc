"""Whatever a comment or a check run may say of something that waits, is held or went wrong is in the docs."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/messages.md"

#: Where such sentences are, each with what goes to the log alone, or is only a part of another.
SAID = {
    "bot/domain/awaiting.py": {
        "the affected stacks of the merge …",
        "…, and whether Actions is turned off.",
    },
    "bot/domain/destroys.py": set(),
    "bot/domain/doubts.py": set(),
    "bot/domain/environments.py": set(),
    "bot/domain/extending.py": {
        "… more instances join the apply at …",
        "… steps that could not be sent are tried again",
        "every instance of the upload is in the apply already",
    },
    "bot/domain/graph.py": set(),
    "bot/domain/holds.py": {
        "its plan had succeeded before the merge",
        "there is nothing to apply again",
        "… is …, so it is not offered again",
    },
    "bot/domain/keeping.py": set(),
    "bot/domain/layout.py": {"… more, all of which `switchyard simulate` shows"},
    "bot/domain/notes.py": set(),
    "bot/domain/pro.py": set(),
    "bot/domain/run_news.py": set(),
    "bot/domain/runs.py": {
        "dispatch … has another run already",
        "the run belongs to a rollout that is gone",
        "…: an earlier run of it had ended before it was sent again",
        "the dispatch belongs to a rollout that is gone",
        "the dispatch has its run, or is gone",
    },
    "bot/events/affected_stacks.py": {
        "no pull request has the commit …",
        "no pull request is known to be merged as …",
        "nothing was told of … yet",
    },
    "bot/domain/locks.py": set(),
    "bot/github/failures.py": set(),
    "bot/github/oidc.py": set(),
    "bot/web/auth.py": {"the repository of this session"},
    "bot/web/bodies.py": set(),
    "bot/web/covering.py": set(),
    "bot/web/exchange.py": {
        "Exchange the identity token of a workflow run for a session of an hour",
        "a session for %s: run %d, attempt %d, of %r",
    },
    "bot/web/refused.py": {
        "Not offered: commits are the workflow's own to make.",
        "Not offered: no tokens of the App are handed out.",
    },
    "bot/web/reports.py": set(),
    "bot/web/statuses.py": {
        "Take how a plan or an apply of an instance ended.",
        "The same, as CLIs before v1.196 send it.",
        "When it ended; when it is received, if left out.",
        "Its component, or only the last part of its name.",
        "The instance's stack, each `/` as `%2F`.",
    },
    "bot/work/deliver.py": set(),
    "bot/work/one_comment.py": set(),
    "bot/work/permits.py": set(),
    "bot/work/running.py": {"It may have been sent.", "dispatch %s was not sent: %s", "Its run is not listed yet."},
    "renderers/keeps.py": set(),
}
#: Where such sentences are beside many others: places in a body, and what describes a call.
PARTLY = (
    "bot/events/upload.py",
    "bot/github/jwks.py",
    "bot/web/answers.py",
    "bot/web/api.py",
    "bot/web/inventory.py",
    "bot/web/locks.py",
    *(f"renderers/{file.name}" for file in (ROOT / "renderers").glob("*.py")),
)
#: Fewer words are a part of a sentence.
FEWEST = 5


def sentences(file: Path) -> Iterator[str]:
    """List what a module says, with “…” for what is put in."""
    tree, passed_over = ast.parse(file.read_text()), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            passed_over |= {id(part) for part in node.values}
        elif isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            passed_over |= {id(first.value) for first in node.body[:1] if isinstance(first, ast.Expr)}
    for node in ast.walk(tree):
        text = "" if id(node) in passed_over else _text(node)
        if len([word for word in text.split() if word != "…"]) >= FEWEST:
            yield text


def _text(node: ast.AST) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return " ".join(node.value.split())
    if not isinstance(node, ast.JoinedStr):
        return ""
    text = "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
    return " ".join(re.sub(r"…(?:[ ,:]*…)*", "…", text).split())


def quoted() -> list[str]:
    """List what the page says that is said."""
    return re.findall(r"^\| (?!says|---)(.+?) \| .+ \|$", PAGE.read_text(), re.MULTILINE)


@pytest.mark.parametrize("file", SAID)
def test_each_message_is_in_the_docs(file: str) -> None:
    said = set(sentences(ROOT / file))
    assert said - set(quoted()) <= SAID[file]
    assert SAID[file] <= said, "what is passed over is there"


def test_the_docs_have_no_message_that_nobody_says() -> None:
    passed_over = set().union(*SAID.values())
    whole = {one for file in SAID for one in sentences(ROOT / file)} - passed_over
    partly = {one for file in PARTLY for one in sentences(ROOT / file)}
    assert whole <= set(quoted()) <= whole | partly
    assert len(quoted()) == len(set(quoted()))
    assert {one for one in sentences(ROOT / "bot/events/upload.py") if re.fullmatch(r"The .*\.", one)} <= set(quoted())
