"""The page docs/commands.md, made from the table of commands; `make fix` writes it again."""

from __future__ import annotations

from pathlib import Path

from bot.domain.commands import parsing
from bot.domain.commands.obey import FRESH
from bot.domain.commands.table import SPECS
from bot.domain.commands.words import PREFIX, Role, Spec

PAGE = Path(__file__).parents[1] / "docs" / "commands.md"

_BEGIN = """\
# Commands

What people with a say in the repository can tell Switchyard in a comment on a pull request. The answer comes as a
reaction on that comment, and under *Last commands* in the one comment of Switchyard. `{prefix} help` lists the
commands there, and `{prefix} help retry` tells one. This page is made from the same table.

{list}

`<…>` must be given, `[…]` may be, `…` means one or more, and of what `|` parts there may be one. Options may stand
anywhere.

## Where commands are read

- In a **new comment** of a person on a pull request. An edited comment is not read again, and what bots write is not
  read at all.
- At the **start of a line**, in prose. What GitHub shows as a quote, a list, code, a table, or inside `<details>` or
  other HTML is not read: a line directly below a quote or a list belongs to it, so leave an empty line between. A
  line that is indented by four spaces is code. `@switchyard {prefix} plan` is not at the start.
- **Each on a line of its own.** Several are done in their order, up to {most} in a comment; a comment with more is
  refused as a whole. Small or large letters make no difference in the words of commands and options; they do in
  names.
- A line that begins with `{prefix}` and is not understood is answered with what was probably meant. It is never
  guessed and done.
- Each is done **once**, after what came before it on the pull request. One that is older than {fresh} minutes when
  its turn comes is not done, and says so.

| reaction | means |
| --- | --- |
| 👀 | it was read |
| 🚀 | all of it was done |
| 😕 | something was refused; the comment says what, and why |

## Buttons

The check run of a pull request has buttons beside the commands, that of a merge queue's try, of a release or of
`switchyard run` has them in place of commands: **Retry**,
**Approve** and **Cancel** do what `{prefix} retry`, `{prefix} approve` and `{prefix} cancel` do, and GitHub's
**Re-run** means retry. A button names nothing and forces nothing: the check run says by which command on the server
the rest is done. **Approve** covers what the check run showed when the button came to be there, and does nothing
where something else is held since. GitHub does not tell when a button was pressed: one whose delivery failed, and
that an admin of the App has delivered again hours later, is done then.

## Who may

Whoever has {write} to the repository; some need {maintain}, as said below. The role is asked of GitHub for each
comment. Nobody else gets an effect, only the answer that they may not. What commands do is kept in the
[audit](hosting.md#who-did-what) with who said it.

## Targets

| target | means |
| --- | --- |
| `plat-ue2-prod` | every instance of a stack |
| `network/vpc` | a component, in every stack |
| `plat-ue2-prod/network/vpc` | one instance, by its full name |
| `vpc`, `ue2-prod/vpc` | what ends so behind a `/` or a `-`, where nothing has that very name |
| `plat-*-prod`, `*/vpc` | what a pattern fits (`*`, `?`, `[…]`): a stack, a component, or both with the `/` between |
| `org/core//vpc` | the same with `//` between stack and component, where both may contain a `/` |
| `@failed` | what failed, timed out or was cancelled |
| `@blocked` | what waits for something that did not succeed |
| `@held` | what a person must let go |
| `@all` | everything |

They are looked for among the instances of the newest rollout. Where several count, such as the apply of a merge and a
destroy that was confirmed, each is about the newest in which it names something that the command can change; and
`/atmos cancel`, and `/atmos approve` without targets, go over all of them. A target that names nothing, or that may
mean several different things, is refused with the names that it may mean, and then nothing of that command is done.
"""


def page() -> str:
    """Write the page."""
    begin = _BEGIN.format(
        prefix=PREFIX,
        list="\n".join(["| command | does |", "| --- | --- |", *map(_row, SPECS.values())]),
        most=parsing.MOST,
        fresh=f"{FRESH / 60:.0f}",
        write=Role.WRITE.told,
        maintain=Role.MAINTAIN.told,
    )
    return "\n".join([begin, *map(_part, SPECS.values())])


def _row(spec: Spec) -> str:
    usage = spec.usage.replace("|", "\\|")
    return f"| [`{usage}`](#atmos-{spec.name}) | {spec.does} |"


def _part(spec: Spec) -> str:
    """Write the part of one command."""
    lines = [f"## `{PREFIX} {spec.name}`", "", spec.does, "", "```text", spec.usage, "```", ""]
    lines += [f"- `{flag.name}`: {flag.does}." for flag in spec.flags]
    lines += [f"- {sentence}" for sentence in (*spec.more, f"It needs {spec.role.told}.")]
    if spec.example:
        lines += ["", f"For example `{PREFIX} {spec.name} {spec.example}`."]
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    PAGE.write_text(page())
