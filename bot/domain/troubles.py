"""What can go wrong, as the page `docs/troubleshooting.md` has it, and the words by which each is known."""

from __future__ import annotations

import re
from enum import StrEnum


class Trouble(StrEnum):
    """One section of the page, by its heading; those that stop most come first."""

    MODE = "The mode starts less"
    FROZEN = "Everything is frozen"
    NO_UPLOAD = "No upload came"
    OTHER_REPOSITORY = "The token is for another repository"
    NOT_AFFECTED = "Nothing is affected"
    ACTIONS_OFF = "Actions are turned off"
    NO_FILE = "The workflow file is missing"
    INPUTS = "An input is not declared"
    NO_SHA = "The input sha is not declared"
    TEMPLATE = "A template is not rendered"
    CYCLE = "The stacks depend on each other in a circle"
    PERMISSION = "The App lacks a permission"
    GROUP = "A concurrency group cancelled the run"
    REJECTED = "The approval was rejected"
    DOUBT = "A run is in doubt"
    UNREVIEWED = "No plan has shown it"
    ENVIRONMENT = "The environment is missing"
    LOCKED = "It is locked"


#: What the sentences about a trouble have in them. They are stored with the steps that they are about, as text, so
#: this also finds those that an earlier version wrote.
_SAID = {
    Trouble.NO_UPLOAD: ("without uploading", "No run that uploads", "nobody waits any longer for"),
    Trouble.ACTIONS_OFF: ("Actions is turned off for", "is turned off at GitHub"),
    Trouble.NO_FILE: ("does not exist on the branch", "is not on the default branch, and GitHub", "cannot be started"),
    Trouble.INPUTS: ("does not declare; declare it", "requires the input", "does not take these inputs"),
    Trouble.NO_SHA: ("does not declare the input `sha`", "Declare the input `sha`"),
    Trouble.TEMPLATE: ("still holds the", "is `(computed)`"),
    Trouble.CYCLE: ("part of a dependency cycle",),
    Trouble.PERMISSION: ("may lack a permission",),
    Trouble.GROUP: ("has the `concurrency` group",),
    Trouble.REJECTED: ("rejected it for",),
    Trouble.DOUBT: ("It may have been sent", "its run did not appear"),
}


def told_in(sentence: str) -> list[Trouble]:
    """Find the troubles that a sentence is about."""
    return [trouble for trouble, said in _SAID.items() if any(part in sentence for part in said)]


def place(trouble: Trouble, docs_url: str) -> str:
    """Tell where a trouble's section is: its address, or its name where nobody said where people read the docs."""
    return f"{docs_url or 'docs'}/troubleshooting.md#{anchor(trouble)}"


def anchor(trouble: Trouble) -> str:
    """Write the part of an address that leads to a trouble's section, as GitHub makes it from the heading."""
    return re.sub(r"[^\w\- ]", "", trouble.lower()).replace(" ", "-")
