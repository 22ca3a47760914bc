"""Turn on in `atmos.yaml` what is needed, by putting lines in: everything that is there stays as it is.

What came out is read again, and counts only if nothing but the new lines differs. Otherwise people are told what to do.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile

import yaml

from bot.cli.initial.lenient import Unreadable

#: What has to be true, each with what goes wrong without it.
WANTED = {
    ("ci", "enabled"): "without it every plan with changes is a failed job",
    ("templates", "settings", "enabled"): "without it the templates of `settings.pro` are not filled in",
}

_Event = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Edited:
    """The text as it should be, and what could not be put in: for each a sentence for people."""

    text: str
    by_hand: tuple[str, ...]


def edit(text: str) -> Edited:
    """Put in what is missing. Raises Unreadable where the text is no YAML."""
    by_hand = []
    for path, why in WANTED.items():
        top = _top(text)
        state = _state(top, path)
        if state == "true":
            continue
        put = _put(text, top, path) if state is None else None
        if put is not None and _only_adds(text, put, path):
            text = put
        elif state is not None:
            by_hand.append(f"Set `{'.'.join(path)}` to true in atmos.yaml: it is {state} there, and {why}.")
        else:
            by_hand.append(f"Add to atmos.yaml, by hand: {_inline(path)}; {why}.")
    return Edited(text, tuple(by_hand))


def _top(text: str) -> yaml.MappingNode:
    try:
        node = yaml.BaseLoader(text).get_single_node()
    except (yaml.YAMLError, RecursionError, ValueError):
        raise Unreadable("it is no YAML") from None
    if not isinstance(node, yaml.MappingNode):
        raise Unreadable("it is no mapping")
    return node


def _state(node: yaml.Node, path: tuple[str, ...]) -> str | None:
    """Tell what stands at a path: "true", None where nothing does, else a word for people."""
    for at, name in enumerate(path):
        if not isinstance(node, yaml.MappingNode):
            empty = isinstance(node, yaml.ScalarNode) and node.value == "" and node.style is None
            return None if empty else f"of another kind (`{'.'.join(path[:at])}`)"
        found = [value for key, value in node.value if key.value == name]
        if not found:
            return None
        node = found[-1]
    if not isinstance(node, yaml.ScalarNode):
        return "of another kind"
    value = str(node.value).lower()
    if value in ("true", "false") and node.style is None:
        return value
    return "something else"


def _put(text: str, top: yaml.MappingNode, path: tuple[str, ...]) -> str | None:
    """Put a path in, within what of it is there; None where that is not written in a way that takes a line."""
    node, depth, key_line = top, 0, -1
    while True:
        inner = [(key, value) for key, value in node.value if key.value == path[depth]]
        if not inner:
            break
        key, value = inner[-1]
        key_line, depth = key.start_mark.line, depth + 1
        if not isinstance(value, yaml.MappingNode):
            return _insert(text, key_line + 1, _block(path[depth:], key.start_mark.column + 2))
        node = value
    if node.flow_style:
        return None
    if depth == 0:
        return _append(text, _block(path, node.start_mark.column))
    return _insert(text, key_line + 1, _block(path[depth:], node.start_mark.column))


def _block(path: tuple[str, ...], column: int) -> list[str]:
    names = [f"{' ' * (column + 2 * at)}{name}:" for at, name in enumerate(path)]
    return [*names[:-1], f"{names[-1]} true"]


def _inline(path: tuple[str, ...]) -> str:
    return "`" + "{ ".join(f"{name}: " for name in path) + "true" + " }" * (len(path) - 1) + "`"


def _end_of_line(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _insert(text: str, line: int, new: list[str]) -> str:
    lines = text.splitlines(keepends=True)
    end = _end_of_line(text)
    before, after = "".join(lines[:line]), "".join(lines[line:])
    return (before if before.endswith("\n") else before + end) + "".join(one + end for one in new) + after


def _append(text: str, new: list[str]) -> str:
    end = _end_of_line(text)
    return (text if text.endswith("\n") or not text else text + end) + "".join(one + end for one in new)


def _only_adds(before: str, after: str, path: tuple[str, ...]) -> bool:
    """Tell whether all of a text is still there as it was, and what came to it is the path alone."""
    try:
        old, new = _events(before), _events(after)
        at_place = _state(_top(after), path) == "true"
    except Unreadable:
        return False
    if any(name == "AliasEvent" for name, *_ in old):
        return False  # what is put in behind an anchor would come elsewhere, too
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False)))
    rest = len(old) - same
    # An empty value gives way to the mapping that is put in.
    return at_place and (new[len(new) - rest :] == old[same:] or _gives_way(old[same:], new[same:]))


def _gives_way(old: list[_Event], new: list[_Event]) -> bool:
    return bool(old) and old[0][:2] == ("ScalarEvent", "") and new[len(new) - len(old) + 1 :] == old[1:]


def _events(text: str) -> list[_Event]:
    try:
        return [
            (type(event).__name__, *(getattr(event, name, None) for name in ("value", "anchor", "tag")))
            for event in yaml.parse(text, Loader=yaml.BaseLoader)
        ]
    except (yaml.YAMLError, RecursionError, ValueError):
        raise Unreadable("it is no YAML") from None
