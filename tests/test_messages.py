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
    "bot/events/inventory.py": {
        "a key sent it, so nobody vouches for its branch",
        "the run that sent it does not work on `…`",
        "it is empty, which would say that everything is gone",
        "$.instances[…].…: `…` cannot be used as a name",
    },
    "bot/events/upload.py": {
        "…: expected a commit id of 7 to 64 hexadecimal digits",
        "a text of at most … characters beside batch_index and batch_total",
        "…[…].deleted: expected true or false",
        "query parameter repo: expected owner/name",
        "$.batch_total: expected a number from 1 to …",
        "$: expected an object with the key `stacks`, or the list that `atmos describe affected` prints",
        "$.batch_index: expected a number from 0 to …",
        "$.stacks: expected a list, got …",
        "…: expected an object, got …",
        "$.…: expected a name, got nothing",
    },
    "bot/domain/locks.py": set(),
    "bot/github/failures.py": set(),
    "bot/github/jwks.py": {
        "its answer is too large",
        "it calls itself …; SWITCHYARD_OIDC_ISSUER must be the same text",
        "its keys are at …, which is not https",
        "it has no RSA key",
        "the keys of %s cannot be read: %s",
    },
    "bot/github/oidc.py": set(),
    "bot/github/workflows.py": set(),
    "bot/web/answers.py": {
        "a request that cannot be read",
        "%s: %d %r (trace %s)",
        "%s %r failed (trace %s)",
        "%s %r could not be written: %s",
    },
    "bot/web/api.py": {
        "Where the body is the plain list of `atmos describe affected`:",
        "Take what a commit affects, whole or in parts.",
        "…the commit it is about.",
        "…what it was compared to.",
    },
    "bot/web/auth.py": {"the repository of this session"},
    "bot/web/bodies.py": set(),
    "bot/web/covering.py": set(),
    "bot/web/exchange.py": {
        "Exchange the identity token of a workflow run for a session of an hour",
        "a session for %s: run %d, attempt %d, of %r",
    },
    "bot/web/inventory.py": {"Take the list of all instances that a repository configures, whole or in parts."},
    "bot/web/locks.py": {
        "Lock an instance, or renew the lock that the same run or key has: it is not dispatched until the lock ends.",
        "Unlock an instance, whoever locked it. That somebody else's lock was ended is noted.",
        "How long it lasts, in seconds; … if left out.",
        "Why, for people; “…” if left out.",
        "%s unlocked %s in %s: %s",
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
    "renderers/check.py": {
        "…, in the order of ….",
        "Merge queue: … at …, to be merged into ….",
        ", in the order of …",
        ", which is on no branch that is applied",
        "the verdict of a rollout",
    },
    "renderers/comment.py": {"(the latest 10 are shown)", "The plan before the merge", "The page of this pull request"},
    "renderers/keeps.py": set(),
    "renderers/paragraph.py": {
        "it did not change itself, but …",
        "it changed itself, and depends on …",
        "it depends on …, which did",
        "something that it depends on did",
        "people said to destroy it",
        ", said by somebody with the role maintain or admin",
        ", and nothing more is started: …",
        ", and it goes after …",
    },
    "renderers/people.py": {
        "said by somebody with the role maintain or admin",
        "switchyard run … TARGET --reverse --sha …",
        "… shows anew what is then destroyed",
        "…, for what depends on it may have changed",
        "fix it in a new pull request",
        "Read the run's summary, then …",
        ", and what is blocked goes on",
        "A destroy goes only by its full name, ….",
        "Then … on the server starts it anew.",
        "all of it but the destroys",
    },
    "renderers/pull_check.py": {"… of …, as of …."},
    "renderers/receipts.py": {
        "It needs … to this repository.",
        "nothing of it is worked now.",
        "nothing is meant by it any more.",
    },
    "renderers/troubles.py": {"📖 **Read on:** … in Switchyard's …."},
    "renderers/why.py": {"is part of a cycle", ", and was not sent"},
}
#: What draws: its texts are SVG and DOT, or tell in the log, and on the server, why there is no picture.
DRAWS = {"engine", "engine_child", "graph", "graphic", "icons", "layout", "palette", "picture", "svg"}
SAID |= {
    name: set()
    for file in sorted((ROOT / "renderers").glob("*.py"))
    if file.stem not in DRAWS and (name := f"renderers/{file.name}") not in SAID
}
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
    assert set(quoted()) == whole
    assert len(quoted()) == len(set(quoted()))
