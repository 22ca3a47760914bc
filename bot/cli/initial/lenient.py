"""Read the YAML of people's repositories without believing it: no objects, no functions, no endless work."""

from __future__ import annotations

import re
from typing import Any

import yaml

#: Of a block at the top of a file that is read in full: `import` and `vars` are short.
MOST_BLOCK = 16 * 1024
#: Deep nesting takes time that grows with its square.
_MOST_BRACKETS = 1_000

_KEY = re.compile(r"""^(["']?)([A-Za-z_][\w-]*)\1[ \t]*:(?=\s|$)""")


class Unreadable(Exception):  # noqa: N818 - it reads as what it is
    """Text that is no YAML which can be read safely; the text says where, in a few words."""


class _Loader(yaml.BaseLoader):
    """Every scalar is text. What a function of Atmos would give is not known, but for the top of the repository.

    libyaml's faster loaders crash the whole process on deep nesting, so they are not used.
    """


def _function(_loader: yaml.BaseLoader, name: str, _node: yaml.Node) -> str | None:
    return "." if name == "repo-root" else None


_Loader.add_multi_constructor("!", _function)


def load(text: str) -> Any:
    """Read one document; raises Unreadable. An alias is the same object again, so never walk all of what comes back."""
    if text.count("[") + text.count("{") > _MOST_BRACKETS:
        raise Unreadable(f"it has more than {_MOST_BRACKETS:,} brackets")
    try:
        return _Loader(text).get_single_data()
    except yaml.MarkedYAMLError as error:
        where = f" in line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise Unreadable(f"{error.problem or 'it is no YAML'}{where}") from None
    except (yaml.YAMLError, RecursionError, ValueError):
        raise Unreadable("it is no YAML") from None


def blocks(text: str) -> dict[str, str]:
    """Cut a file into the blocks of its top keys, by their lines alone: templates elsewhere in it do no harm.

    Of a key that is there twice the last counts.
    """
    found: dict[str, list[str]] = {}
    here: list[str] = []
    for line in text.splitlines(keepends=True):
        if key := _KEY.match(line):
            here = found[key[2]] = [line]
        elif (line[:1].strip() and line[0] not in "#-") or line.startswith("---"):
            here = []
        else:
            here.append(line)
    return {name: "".join(lines) for name, lines in found.items()}


def block(cut: dict[str, str], name: str) -> Any:
    """Read one block of a file, or None where it is not there; raises Unreadable."""
    text = cut.get(name)
    if text is None:
        return None
    if len(text) > MOST_BLOCK:
        raise Unreadable(f"`{name}` is longer than {MOST_BLOCK // 1024} kB")
    return mapping(load(text)).get(name)


def mapping(value: Any) -> dict[str, Any]:
    """Return a mapping's entries whose keys are text; nothing of anything else."""
    return {name: below for name, below in value.items() if isinstance(name, str)} if isinstance(value, dict) else {}


def texts(value: Any) -> list[str]:
    """Return the texts of a list, or the one that stands for it."""
    if isinstance(value, str):
        return [value]
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []
