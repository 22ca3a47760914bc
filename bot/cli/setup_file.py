"""The file of settings that setup writes: nobody else can read it, and none is ever written over."""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

#: As much room as the settings need at most, in bytes: it is taken before the App is registered.
_ROOM = 16_384


class Unwritable(Exception):  # noqa: N818 - it reads as what happened
    """The file cannot be written; the text says why and what to do."""


class Reserved:
    """A file that is there already, unseen, for its text to be put in; it appears under its name as a whole."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._unseen = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
        self._handle = os.open(self._unseen, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self.kept = False
        try:
            os.write(self._handle, b"#" * _ROOM)
            os.fsync(self._handle)
        except OSError:
            self.close()
            raise

    def keep(self, text: str) -> None:
        """Write the text and let the file appear; raises OSError, also where another file has the name by now."""
        content = text.encode()
        os.lseek(self._handle, 0, os.SEEK_SET)
        while content:
            content = content[os.write(self._handle, content) :]
        os.ftruncate(self._handle, len(text.encode()))
        os.fsync(self._handle)
        try:
            os.link(self._unseen, self.path)
        except OSError:
            _put(self.path, text)  # not every disk has links; where the name is taken this raises, too
        self.kept = True

    def close(self) -> None:
        """Take away what is not seen."""
        os.close(self._handle)
        with suppress(OSError):
            self._unseen.unlink()


@contextmanager
def reserved(path: Path) -> Iterator[Reserved]:
    """Make sure that a new file can be written, before there is anything to write; raises Unwritable."""
    if path.exists() or path.is_symlink():
        raise Unwritable(f"{path} is there already, and is not written over. Move it away, or give another --env-file.")
    try:
        file = Reserved(path)
    except OSError as error:
        raise Unwritable(
            f"{path} cannot be written ({error.strerror}), so nothing was registered. Give another --env-file."
        ) from None
    try:
        yield file
    finally:
        file.close()


def saved_elsewhere(text: str) -> Path | None:
    """Write the text to a file of its own in the folder for such; None where that fails as well."""
    try:
        handle, name = tempfile.mkstemp(prefix="switchyard-", suffix=".env")  # readable by its owner only
        with os.fdopen(handle, "w") as file:
            file.write(text)
    except OSError:
        return None
    return Path(name)


def replace(path: Path, name: str, value: str) -> None:
    """Set one setting in the file, or add it; all else stays as it is. Raises OSError."""
    lines = path.read_text().splitlines()
    places = [at for at, line in enumerate(lines) if line.strip().removeprefix("export ").startswith(f"{name}=")]
    if places:
        lines[places[-1]] = f"{name}={value}"
    else:
        lines.append(f"{name}={value}")
    beside = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    try:
        _put(beside, "\n".join(lines) + "\n")
        beside.replace(path)
    except OSError:
        beside.unlink(missing_ok=True)
        raise


def text_of(settings: Mapping[str, str], about: str) -> str:
    """Write settings as a file that a shell, Docker and systemd can read. No value has anything to quote."""
    return "".join([f"# {about}\n", *(f"{name}={value}\n" for name, value in settings.items())])


def read(path: Path) -> dict[str, str]:
    """Read the settings of such a file, also of one that was written by hand; raises OSError and ValueError."""
    found = {}
    for line in path.read_text().splitlines():
        name, is_setting, value = line.strip().removeprefix("export ").partition("=")
        if is_setting and not name.startswith("#"):
            quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "'\""
            found[name.strip()] = value[1:-1] if quoted else value
    return found


def _put(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
