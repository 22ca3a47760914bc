"""Which instances people mean when they write `plat-ue2-prod`, `vpc`, `plat-ue2-prod/vpc`, `*-prod/*` or `@held`."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase

from bot.domain.graph import Instance
from bot.domain.names import shown

ALL = "@all"
HELD = "@held"
FAILED = "@failed"
BLOCKED = "@blocked"
#: No name has an empty part, so this says where the stack ends.
_SPLIT = "//"
_GLOB = re.compile(r"[*?\[]")
_SHOWN = 3


class BadTarget(ValueError):  # noqa: N818 - it reads as what it is
    """A target that names nothing, or that has two meanings; the message is for people."""


#: What each word that begins with @ stands for.
Groups = Mapping[str, Container[Instance]]


def select(targets: Iterable[str], instances: Sequence[Instance], groups: Groups) -> dict[Instance, bool]:
    """Find what targets mean, in the order of `instances`: True for those that are named in full, stack and component.

    `@all` is always known, and what else begins with @ is in `groups`. Raises BadTarget, and then nothing is meant.
    """
    found: dict[Instance, bool] = {}
    for target in targets:
        for instance in _meant(target, instances, groups):
            found[instance] = found.get(instance, False) or _in_full(target, instance)
    return {instance: found[instance] for instance in instances if instance in found}


def _in_full(target: str, instance: Instance) -> bool:
    return target in (str(instance), _exact(instance))


def _exact(instance: Instance) -> str:
    return f"{instance.stack}{_SPLIT}{instance.component}"


def _meant(target: str, instances: Sequence[Instance], groups: Groups) -> list[Instance]:
    if target == ALL:
        return list(instances)
    if target in groups:
        return [one for one in instances if one in groups[target]]
    if target.startswith("@"):
        raise BadTarget(f"{_told(target)} is not known; what begins with @ is {', '.join(groups)} or {ALL}.")
    found = _matching(target, instances) if _GLOB.search(target) else _named(target, instances)
    if not found:
        raise BadTarget(_nothing(target, instances))
    return found


def _matching(pattern: str, instances: Sequence[Instance]) -> list[Instance]:
    """Find what a pattern fits: the stack, the component, or both with the `/` between them."""
    stack, split, component = pattern.partition(_SPLIT)
    if split:
        return [one for one in instances if fnmatchcase(one.stack, stack) and fnmatchcase(one.component, component)]
    return [one for one in instances if any(fnmatchcase(name, pattern) for name in (*one, str(one)))]


def _named(name: str, instances: Sequence[Instance]) -> list[Instance]:
    """Find what has a name; the same name may be a stack's, a component's and some instances'."""
    stack = [one for one in instances if one.stack == name]
    component = [one for one in instances if one.component == name]
    exact = [one for one in instances if _in_full(name, one)]
    meanings = [(f"the stack {name}", f"{name}{_SPLIT}*", stack)] if stack else []
    if component:
        meanings.append((f"the component {name}", f"*{_SPLIT}{name}", component))
    meanings += [(f"{one.component} in the stack {one.stack}", _exact(one), [one]) for one in exact]
    if any(means != meanings[0][2] for _, _, means in meanings):
        both = " and ".join(told for told, _, _ in meanings)
        clear = " or ".join(f"`{clear}`" for _, clear, _ in meanings)
        raise BadTarget(f"{_told(name)} means {both}; write {clear}.")
    return meanings[0][2] if meanings else []


def _nothing(target: str, instances: Sequence[Instance]) -> str:
    names = list(dict.fromkeys([name for one in instances for name in (one.stack, one.component)]))
    full = [str(one) for one in instances]
    plain = _GLOB.sub("", target)
    near = get_close_matches(plain, full if "/" in target else names, _SHOWN) or (full if "/" in target else names)
    told = ", ".join(near[:_SHOWN])
    return f"{_told(target)} names nothing here; there is, for example, {told}." if told else "There is nothing here."


def _told(target: str) -> str:
    return f"`{shown(target)}`"
