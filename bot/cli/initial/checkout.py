"""The checkout on disk: read without following links, never outside of it, never more than is sensible."""

from __future__ import annotations

import os
import stat
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

#: Far above any stack file, and what its lines can be gone through in no time.
MOST_BYTES = 256 * 1024
MOST_FILES = 2_000
_GIT_SECONDS = 20.0


class NotRead(Exception):  # noqa: N818 - it reads as what happened
    """A file that is there and was not read; the text says why, as the rest of a sentence that names it."""


@dataclass(frozen=True, slots=True)
class Checkout:
    """A folder that belongs to a person. `root` holds no link itself."""

    root: Path

    def read(self, path: str, most: int = MOST_BYTES) -> bytes | None:
        """Read a file of at most so many bytes; None where there is none. Raises NotRead."""
        state = self._state(path)
        if state is None:
            return None
        if not stat.S_ISREG(state.st_mode):
            raise NotRead("is no ordinary file")
        if state.st_size > most:
            raise NotRead(f"is larger than {most // 1024} kB")
        try:
            # A link that is put there meanwhile is not followed either.
            with open(os.open(self.root / path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
                return file.read(most)
        except OSError as error:
            raise NotRead(f"cannot be read ({error.strerror})") from None

    def text(self, path: str, most: int = MOST_BYTES) -> str | None:
        """Read a text file in UTF-8, line ends as they are; None where there is none. Raises NotRead."""
        content = self.read(path, most)
        try:
            return None if content is None else content.decode()
        except UnicodeDecodeError:
            raise NotRead("is not UTF-8") from None

    def folder(self, path: str) -> bool:
        """Tell whether a path is a folder; raises NotRead where it, or one above it, is a link."""
        state = self._state(path)
        return state is not None and stat.S_ISDIR(state.st_mode)

    def files(self, folder: str, endings: tuple[str, ...]) -> Iterator[str]:
        """Name the files with these endings in a folder and below it, from there, in order, without links."""
        top = self.root / folder
        for here, folders, names in os.walk(top):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            near = Path(here).relative_to(top)
            for name in sorted(names):
                if name.endswith(endings) and not (Path(here) / name).is_symlink():
                    yield (near / name).as_posix()

    def _state(self, path: str) -> os.stat_result | None:
        """Look at a path without following a link anywhere on the way."""
        parts = Path(path).parts
        if Path(path).is_absolute() or ".." in parts:
            raise NotRead("lies outside of the checkout")
        here, state = self.root, None
        for part in parts or (".",):
            here /= part
            try:
                state = here.lstat()
            except FileNotFoundError:
                return None
            except (OSError, ValueError):
                raise NotRead("cannot be looked at") from None
            if stat.S_ISLNK(state.st_mode):
                which = "" if here == self.root / path else f" at {here.relative_to(self.root).as_posix()}"
                raise NotRead(f"is a symbolic link{which}, which is not followed")
        return state


def top_of(path: Path) -> Path:
    """Find the top folder of the git checkout that a path is in; raises NotRead with what git says."""
    told, said = _ask_git(path, "rev-parse", "--show-toplevel")
    if not told:
        raise NotRead(said)
    return Path(told).resolve()


def base_branch(path: Path) -> tuple[str, str]:
    """Find the default branch, and how it is known, in words; both empty where it is not."""
    if branch := _git(path, "symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD").removeprefix("origin/"):
        return branch, "as the remote has it"
    branches = _git(path, "for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads/main", "refs/heads/master")
    if branches:
        return branches.split()[0], "a guess by its name"
    return _git(path, "symbolic-ref", "--quiet", "--short", "HEAD"), "a guess: the one that is checked out"


def remote(path: Path) -> str:
    """Return the address of the remote `origin`; empty where there is none."""
    return _git(path, "remote", "get-url", "origin")


def _git(path: Path, *words: str) -> str:
    return _ask_git(path, *words)[0]


def _ask_git(path: Path, *words: str) -> tuple[str, str]:
    """Ask git; returns its answer, or nothing and why. No question runs anything that a checkout may configure."""
    try:
        done = subprocess.run(  # noqa: S603
            ["git", "-C", str(path), *words],  # noqa: S607
            capture_output=True,
            timeout=_GIT_SECONDS,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except OSError as error:
        return "", f"git could not be started: {error.strerror}"
    except subprocess.TimeoutExpired:
        return "", "git did not answer in time"
    if done.returncode == 0:
        return done.stdout.decode(errors="replace").strip(), ""
    return "", done.stderr.decode(errors="replace").partition("\n")[0]
