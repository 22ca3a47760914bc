"""What the stacks say that matters here: which there are, what they import, and which environment each is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from posixpath import normpath
from typing import Any

from bot.cli.initial.globs import matches
from bot.cli.initial.lenient import Unreadable, block, blocks, mapping, texts

#: Variables that may name a stack's environment, the best first.
VARIABLES = ("stage", "environment", "env", "account")
_ENDINGS = (".yaml", ".yml")
#: Patterns in imports that are followed: each is held against every file.
_MOST_GLOBS = 200


@dataclass(frozen=True, slots=True)
class Config:
    """What `atmos.yaml` says of the stacks; patterns are relative to their folder."""

    folder: str
    included: tuple[str, ...]
    excluded: tuple[str, ...]

    def takes(self, path: str) -> bool:
        """Tell whether Atmos takes a file, named from the stacks' folder, for a stack."""
        return any(matches(path, one) for one in self.included) and not any(matches(path, one) for one in self.excluded)


@dataclass(frozen=True, slots=True)
class File:
    """One file of the stacks' folder, as far as it could be read."""

    imports: tuple[str, ...] = ()
    vars: Mapping[str, str] = field(default_factory=dict)
    pro: bool = False  # whether it has `settings.pro`
    whole: bool = True  # whether all of this could be read


@dataclass(frozen=True, slots=True)
class Stacks:
    """What was found in the stacks' folder. Paths are named from there."""

    files: int
    roots: tuple[str, ...]  # what Atmos takes for stacks
    unread: tuple[str, ...]
    pro: tuple[str, ...]  # files that have `settings.pro` already
    variable: str  # of VARIABLES; empty where none can be relied on
    without: tuple[str, ...]  # stacks that do not set it, as far as can be told
    values: tuple[str, ...]  # what stacks set it to
    shared: str  # a file of defaults that every stack imports; empty where there is none


def config(atmos: Any) -> Config:
    """Read what `atmos.yaml` says of the stacks. `folder` may lie anywhere, or be empty where it is not known."""
    said = mapping(mapping(atmos).get("stacks"))
    base, below = mapping(atmos).get("base_path", "."), said.get("base_path", "")
    known = isinstance(base, str) and isinstance(below, str) and below
    folder = normpath(PurePosixPath(base or ".", below).as_posix()) if known else ""
    return Config(folder, tuple(texts(said.get("included_paths"))), tuple(texts(said.get("excluded_paths"))))


def read(text: str) -> File:
    """Read a stack file leniently."""
    cut, whole = blocks(text), True
    told: dict[str, Any] = {}
    for name in ("import", "vars", "terraform", "settings"):
        try:
            told[name] = block(cut, name)
        except Unreadable:
            whole = False
    listed = [mapping(one).get("path") if isinstance(one, dict) else one for one in _items(told.get("import"))]
    own = mapping(mapping(told.get("terraform")).get("vars")) | mapping(told.get("vars"))
    return File(
        imports=tuple(one for one in listed if isinstance(one, str)),
        vars={name: value for name in VARIABLES if isinstance(value := own.get(name), str) and value},
        pro="pro" in mapping(told.get("settings")),
        whole=whole and all(isinstance(one, str) for one in listed),
    )


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def look(config: Config, files: Mapping[str, File], unread: tuple[str, ...] = (), *, ours: str = "") -> Stacks:
    """Find out what the stacks have in common. `files` are named from the stacks' folder; the mixin `ours` is none."""
    roots = tuple(path for path in sorted(files) if config.takes(path) and path != ours)
    imports = _Imports(files)
    reach = {root: imports.reach(root) for root in roots}
    variable = _variable(reach)
    return Stacks(
        files=len(files) + len(unread),
        roots=roots,
        unread=(*unread, *(path for path, file in sorted(files.items()) if not file.whole)),
        pro=tuple(path for path, file in sorted(files.items()) if file.pro),
        variable=variable,
        without=tuple(root for root in roots if variable and reach[root].surely_without(variable)),
        values=tuple(sorted({value for one in reach.values() if _plain(value := one.value(variable))})),
        shared=_shared([set(one.paths) for one in reach.values()]),
    )


def _plain(value: str) -> bool:
    return bool(value) and "{{" not in value


@dataclass(frozen=True, slots=True)
class _Reach:
    """A stack with all that it imports, the nearest first."""

    paths: tuple[str, ...]
    files: Mapping[str, File]
    whole: bool  # whether all of it was found and read

    def value(self, variable: str) -> str:
        """Return what the nearest file sets a variable to; empty where none does."""
        return next((value for path in self.paths if (value := self.files[path].vars.get(variable))), "")

    def surely_without(self, variable: str) -> bool:
        return self.whole and not self.value(variable)


class _Imports:
    """Which files each file imports."""

    def __init__(self, files: Mapping[str, File]) -> None:
        self._files = files
        self._globs: dict[str, tuple[str, ...]] = {}
        self._near = {path: [self._meant(one, path) for one in file.imports] for path, file in files.items()}

    def reach(self, root: str) -> _Reach:
        """Follow the imports of a stack."""
        paths, seen, whole = [root], {root}, True
        for path in paths:
            whole = whole and self._files[path].whole and all(self._near[path])
            for one in (one for found in self._near[path] for one in found):
                if one not in seen:
                    seen.add(one)
                    paths.append(one)
        return _Reach(tuple(paths), self._files, whole)

    def _meant(self, said: str, by: str) -> tuple[str, ...]:
        """Find the files that an import means: from the stacks' folder, or with a dot in front from the file's own."""
        near = said.startswith(("./", "../"))
        path = normpath(f"{PurePosixPath(by).parent}/{said}" if near else said)
        for form in (path, *(path + ending for ending in _ENDINGS)):
            if form in self._files:
                return (form,)
        if "*" not in path or (path not in self._globs and len(self._globs) >= _MOST_GLOBS):
            return ()
        if path not in self._globs:
            forms = (path, *(path + ending for ending in _ENDINGS))
            self._globs[path] = tuple(one for one in sorted(self._files) if any(matches(one, form) for form in forms))
        return self._globs[path]


def _variable(reach: Mapping[str, _Reach]) -> str:
    """Choose what names the environment: what every stack sets, as far as can be told, else what any does."""
    some = [name for name in VARIABLES if any(one.value(name) for one in reach.values())]
    every = [name for name in some if not any(one.surely_without(name) for one in reach.values())]
    return next(iter(every or some), "")


def _shared(reached: list[set[str]]) -> str:
    """Choose a file that all stacks import for defaults, such as `_defaults.yaml`: the mixin may be imported there."""
    common = set.intersection(*reached) if len(reached) > 1 else set()
    defaults = [path for path in common if PurePosixPath(path).name.startswith("_")]
    return min(defaults, key=lambda path: (len(path), path), default="")
