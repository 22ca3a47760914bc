"""The page docs/doctor.md, made from the table of what the doctor can find; `make fix` writes it again."""

from __future__ import annotations

from pathlib import Path

from bot.domain.checkup.findings import Kind
from bot.domain.checkup.kinds import CHECKS, KINDS, UNSEEN

PAGE = Path(__file__).parents[1] / "docs" / "doctor.md"

_SIGNS = {"ok": "✓ ok", "warning": "! warning", "fault": "✗ fault"}
_BEGIN = """\
# The doctor

`switchyard doctor` looks at an installation and says of each thing whether it is right, what it means where it is
not, and what to do. Run it where the service runs, with the service's settings; the service may go on meanwhile.

```console
$ switchyard doctor
$ switchyard doctor --repo acme/infra
```

Without `--repo` it looks at the repositories that the database knows, at most five. It changes nothing, here or at
GitHub: it reads, and one write to the database is tried and taken back. Secrets are never shown. Each look is for
itself: one that fails or takes longer than ten seconds says so, and the others go on. All of it takes
three requests of GitHub, about a dozen more for each repository, and half a minute at most.

| ends with | means |
| --- | --- |
| 0 | no fault; there may be warnings |
| 1 | at least one fault: something does not work |
| 2 | the command line is wrong |

A **fault** is something that does not work. A **warning** is something that works, or may work, and should be
known.

## What it cannot tell

- Whether the webhook is *active*: GitHub does not tell an App. Where nothing was delivered for three days it says
  so.
- Whether Actions is on: GitHub tells that only to Apps that may read *Administration*, which Switchyard does not
  need. The last run of any workflow speaks for it, and what GitHub answers to a dispatch is told in the comment.
- What repository variables hold, such as `ATMOS_PRO_WORKSPACE_ID`. Where a workflow file has the workspace written
  out, it is compared.
- Whether GitHub reaches `PUBLIC_URL`: it is asked from this machine. What GitHub saw itself is under *deliveries*.
- What stacks name that nobody has uploaded yet. What the last upload and merges told is known; before the first
  upload all workflow files that take a dispatch id are looked at, and the environments that are there are listed.
"""
_END = """
## For programs

`switchyard doctor --json` writes the same as JSON. The names of checks and findings above are kept, and so is this
form as long as `version` is 1; there may be more keys and findings later. `repository` is null for what is about
the whole service. `means`, `do`, `link` and `page` are null where there is nothing to say. `link` is an address: at
GitHub, or of these pages where SWITCHYARD_DOCS_URL tells it (Switchyard itself serves the one about troubles only).
`page` is that page in Switchyard's repository.

```json
{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "required": ["version", "ok", "counts", "findings"],
  "properties": {
    "version": {"const": 1},
    "ok": {"type": "boolean", "description": "no fault was found"},
    "counts": {
      "type": "object",
      "required": ["ok", "warning", "fault"],
      "additionalProperties": {"type": "integer", "minimum": 0}
    },
    "findings": {
      "type": "array",
      "items": {
        "type": "object",
        "required": ["check", "finding", "grade", "repository", "says", "means", "do", "link", "page"],
        "properties": {
          "check": {"type": "string"},
          "finding": {"type": "string"},
          "grade": {"enum": ["ok", "warning", "fault"]},
          "repository": {"type": ["string", "null"]},
          "says": {"type": "string", "minLength": 1},
          "means": {"type": ["string", "null"]},
          "do": {"type": ["string", "null"]},
          "link": {"type": ["string", "null"]},
          "page": {"type": ["string", "null"]}
        }
      }
    }
  }
}
```
"""


def page() -> str:
    """Write the page."""
    return "\n".join([_BEGIN, *map(_check, CHECKS), _any(), _END.lstrip("\n")])


def _check(check: str) -> str:
    about = CHECKS[check]
    return f"## {check}\n\n{about[:1].upper()}{about[1:]}.\n\n{_table([one for one in KINDS if one.check == check])}\n"


def _any() -> str:
    return f"## Of any check\n\n{_table([UNSEEN])}\n"


def _table(kinds: list[Kind]) -> str:
    return "\n".join(["| finding | | what it means | what to do |", "| --- | --- | --- | --- |", *map(_row, kinds)])


def _row(kind: Kind) -> str:
    read = f" [More]({kind.page})." if kind.page else ""
    cells = [
        f"`{kind.name}`",
        _SIGNS[kind.grade],
        f"{kind.found} {kind.means}".strip(),
        f"{kind.do}{read}".strip() or "–",
    ]
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    PAGE.write_text(page())
