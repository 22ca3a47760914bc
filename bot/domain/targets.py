"""Which instances people mean when they write `plat-ue2-prod`, `vpc`, `ue2-prod/vpc`, `*-prod/*` or `@held`."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
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
        begin = f"{', '.join(groups)} or {ALL}" if groups else f"{ALL} alone"
        raise BadTarget(f"{_told(target)} is not known; what begins with @ is {begin}.")
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


@dataclass(frozen=True, slots=True)
class _Meaning:
    """What a name may mean, and how to write it so that it means nothing else."""

    told: str
    clear: str
    means: list[Instance]


def _named(name: str, instances: Sequence[Instance]) -> list[Instance]:
    """Find what has a name; or else what has a longer one that ends so, behind a `/` or a `-`."""
    found = _meanings(name, instances, ending=False) or _meanings(name, instances, ending=True)
    if any(one.means != found[0].means for one in found):
        both = _some([one.told for one in found], " and ")
        clear = " or ".join(f"`{one.clear}`" for one in found[:_SHOWN])
        raise BadTarget(f"{_told(name)} means {both}; write {clear}.")
    return found[0].means if found else []


def _meanings(name: str, instances: Sequence[Instance], *, ending: bool) -> list[_Meaning]:
    """Find all that a name may mean; the same one may be a stack's, a component's and some instances'."""

    def fits(whole: str) -> bool:
        return bool(name) and whole.endswith((f"/{name}", f"-{name}")) if ending else whole == name

    stacks, components = defaultdict(list), defaultdict(list)
    full = []
    for one in instances:
        if fits(one.stack):
            stacks[one.stack].append(one)
        if fits(one.component):
            components[one.component].append(one)
        elif fits(str(one)) or name == _exact(one):
            full.append(_Meaning(f"{one.component} in the stack {one.stack}", _exact(one), [one]))
    return [
        *(_Meaning(f"the stack {stack}", f"{stack}{_SPLIT}*", its) for stack, its in stacks.items()),
        *(_Meaning(f"the component {part}", f"*{_SPLIT}{part}", its) for part, its in components.items()),
        *full,
    ]


def _some(names: Sequence[str], between: str) -> str:
    """Name some; of many only the first, and how many more there are."""
    more = len(names) - _SHOWN
    return between.join(names[:_SHOWN]) + (f" and {more:,} more" if more > 0 else "")


def _nothing(target: str, instances: Sequence[Instance]) -> str:
    names = list(dict.fromkeys([name for one in instances for name in (one.stack, one.component)]))
    full = [str(one) for one in instances]
    plain = _GLOB.sub("", target)
    near = get_close_matches(plain, full if "/" in target else names, _SHOWN) or (full if "/" in target else names)
    told = ", ".join(near[:_SHOWN])
    return f"{_told(target)} names nothing here; there is, for example, {told}." if told else "There is nothing here."


def _told(target: str) -> str:
    return f"`{shown(target)}`"
