"""What `switchyard init` says: what it found, what it would write, and what is left for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from shlex import quote

from bot.cli.initial.files import Choices
from bot.cli.initial.planning import Planned, State, diff
from bot.cli.initial.survey import Found
from bot.domain.names import shown

_MOST_NAMES = 12
#: What becomes of the pull request with the files: by whether the stacks only get `settings.pro` by a later one.
_FIRST = {
    True: (
        "that are on the default branch. Its job `Affected stacks` runs, and finds nothing that is to be started: the",
        "comment says that nothing is affected, which is right here.",
    ),
    False: ("that are on the default branch.",),
}


def found(what: Found) -> Iterator[str]:
    """Tell what a checkout is."""
    name = what.repository or "a repository whose name the remote does not tell"
    yield f"{shown(str(what.checkout.root), 200)}: {name}, default branch {what.branch} ({what.branch_known})."
    there = what.stacks
    yield (
        f"{what.atmos}: stacks in {shown(what.config.folder, 200)}/, "
        f"{_count(len(there.roots), 'stack')} in {_count(there.files, 'file')}."
    )
    if what.cut:
        yield f"There are more files than these {there.files:,}; the others were not looked at."
    if there.unread:
        yield f"Not all could be read without Atmos, and counts as far as it was: {names(there.unread)}."


def settings(what: Found, choices: Choices, *, given: bool) -> Iterator[str]:
    """Tell which environment an apply names, and why."""
    there = what.stacks
    if given:
        yield f"Environments: `{choices.environment}`, as you say."
    elif there.variable:
        values = f": {names(there.values)}" if there.values else ""
        yield f"Environments: `{choices.environment}`, which stacks set{values}."
        if there.without:
            yield (
                f"These do not set it, so that their applies would be held: {names(there.without)}. Have them set it, "
                "or give another --environment."
            )
    else:
        yield f"Environments: `{choices.environment}`, one for each stack, since no variable was found that names one."


def planned(files: Sequence[Planned]) -> Iterator[str]:
    """List the files, with what becomes of each."""
    width = max((len(file.path) for file in files), default=0)
    for file in files:
        yield f"  {file.state:<10}  {file.path:<{width}}  {_about(file)}".rstrip()


def previews(files: Iterable[Planned]) -> Iterator[str]:
    """Show each file that is not as it should be, as a difference."""
    for file in files:
        lines = [] if file.state in (State.SAME, State.IN_THE_WAY) else diff(file)
        yield from ["", *lines] if lines else []


def _about(file: Planned) -> str:
    if file.state is State.NEW:
        return f"{len(file.text.encode()):,} bytes"
    if file.state is State.CHANGED:
        more = len(file.text.splitlines()) - len(file.before.splitlines())
        return f"{_count(more, 'line')} more, the rest as it is"
    if file.state is State.DIFFERS:
        return "is left as it is"
    return f"{file.why}, and is left" if file.state is State.IN_THE_WAY else ""


def steps(what: Found, choices: Choices, *, mixin: str, public_url: str, workspace: str) -> Iterator[str]:
    """Tell what is left to do, in order. `mixin` is what stacks import; empty where they need none."""
    for number, lines in enumerate(_steps(what, choices, mixin, public_url, workspace), 1):
        first, *rest = lines
        yield f"{number}. {first}"
        yield from (f"   {line}" for line in rest)


def _steps(what: Found, choices: Choices, mixin: str, public_url: str, workspace: str) -> Iterator[list[str]]:
    yield [
        "Run Switchyard with SWITCHYARD_MODE=observe: comments show what would be started, and nothing is.",
    ]
    yield _variables(what, choices, public_url, workspace)
    yield [
        "Put the step with your cloud's credentials where the workflow files say so; for plans a role that can only",
        "read.",
    ]
    yield _environments(what, choices)
    yield [
        "Open a pull request with these files, and merge it. It cannot plan itself: GitHub only starts workflow files",
        *_FIRST[bool(mixin)],
    ]
    yield [
        f"Have it looked at: `switchyard doctor --repo {what.repository or 'OWNER/REPO'}`.",
        "Go on when no fault is left.",
    ]
    if mixin:
        yield [
            f"Then a second pull request: `- {mixin}` under `import:` in one small stack.",
            "It is the first that is planned.",
        ]
    yield [
        "Is the order in the comment right? Then run Switchyard with SWITCHYARD_MODE=plan, and when the plans say what",
        "you expect, with `apply`. Then merge.",
    ]
    if mixin:
        yield _others(what, mixin)


def _variables(what: Found, choices: Choices, public_url: str, workspace: str) -> list[str]:
    repo = f"--repo {quote(_address(what))}"
    url = quote(public_url or "https://switchyard.example.com")
    lines = ["Tell the repository where Switchyard is, and for OIDC which workspace that is; neither is a secret:"]
    if choices.static_key:
        lines = ["Tell the repository where Switchyard is, and give it a key:"]
    lines.append(f"  gh variable set ATMOS_PRO_BASE_URL {repo} --body {url}")
    if choices.static_key:
        lines.append(f"  switchyard keys create {what.repository or 'OWNER/REPO'} --name ci --expires 90d")
        lines.append(f"  gh secret set SWITCHYARD_KEY {repo}")
    else:
        lines.append(f"  gh variable set ATMOS_PRO_WORKSPACE_ID {repo} --body {quote(workspace or 'infra')}")
    lines.append(f"or at {_web(what)}/settings/{'secrets' if choices.static_key else 'variables'}/actions")
    if not public_url:
        lines.append("The address is the PUBLIC_URL of your Switchyard, not the one above.")
    if not workspace and not choices.static_key:
        lines.append("Where SWITCHYARD_WORKSPACE_ID is set, the workspace is that; else any text will do.")
    return lines


def _environments(what: Found, choices: Choices) -> list[str]:
    known = what.stacks.values if choices.environment == f"{{{{ .vars.{what.stacks.variable} }}}}" else ()
    which = names(known) if known else f"one for each value of `{choices.environment}`"
    return [
        f"Make the environments before the first merge, with the reviewers that you want: {which};",
        f"at {_web(what)}/settings/environments",
        "An apply whose environment is not there is held, since GitHub would make it without protection.",
    ]


def _others(what: Found, mixin: str) -> list[str]:
    shared = what.stacks.shared
    where = (
        f", or at once in {shown(f'{what.config.folder}/{shared}', 300)}, which every stack imports" if shared else ""
    )
    return [
        f"At last `- {mixin}` in the other stacks: one by one{where}.",
        "To Atmos `settings.pro` is a change of every instance that gets it, so all of them are planned, and all are",
        "applied when you merge it.",
    ]


def _address(what: Found) -> str:
    """Name the repository for `gh`, with its server where that is not github.com."""
    host = what.server.removeprefix("https://")
    name = what.repository or "OWNER/REPO"
    return name if host == "github.com" else f"{host}/{name}"


def _web(what: Found) -> str:
    return f"{what.server}/{what.repository or 'OWNER/REPO'}"


def names(many: Sequence[str]) -> str:
    """Name some things, and count the rest."""
    more = f" and {len(many) - _MOST_NAMES:,} more" if len(many) > _MOST_NAMES else ""
    return ", ".join(shown(one, 100) for one in many[:_MOST_NAMES]) + more


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
