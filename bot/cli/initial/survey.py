"""Look around in a checkout: what `switchyard init` has to know before it can say what it would write."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from bot.cli.initial import checkout as disk
from bot.cli.initial import stacks
from bot.cli.initial.checkout import MOST_FILES, Checkout, NotRead
from bot.cli.initial.files import MIXIN
from bot.cli.initial.lenient import Unreadable, load
from bot.cli.initial.planning import MOST_BYTES
from bot.cli.initial.stacks import Config, Stacks
from bot.domain.names import shown

NAMES = ("atmos.yaml", "atmos.yml", ".atmos.yaml", ".atmos.yml")
#: Where Cloud Posse's older repositories have it.
_ELSEWHERE = "rootfs/usr/local/etc/atmos/atmos.yaml"
#: Folders in which something is written have such names.
_PLAIN = re.compile(r"[\w./ -]{1,200}")
_BRANCH = re.compile(r"(?!-)[A-Za-z0-9._/-]{1,200}")
_FULL_NAME = re.compile(r"[A-Za-z0-9._-]{1,100}/[A-Za-z0-9._-]{1,100}")
_SSH = re.compile(r"(?:ssh://)?[\w.-]+@([\w.-]+)(?::\d+)?[:/](.+)")
_HOST = re.compile(r"[A-Za-z0-9.-]{1,253}(?::\d{1,5})?")


class Unusable(Exception):  # noqa: N818 - it reads as what it is
    """A folder that cannot be worked with; the text is a sentence or two, with what to do."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a checkout is."""

    checkout: Checkout
    repository: str  # OWNER/REPO; empty where the remote does not tell
    server: str  # https://github.com
    branch: str
    branch_known: str  # how, in words
    atmos: str  # the name of atmos.yaml
    atmos_text: str
    config: Config
    stacks: Stacks
    mixins: str  # the folder for mixins, from that of the stacks
    cut: bool  # there are more files than were looked at


def survey(path: Path, *, branch: str = "", folder: str = "") -> Found:
    """Look around in a checkout; `branch` and `folder`, of the stacks, are believed. Raises Unusable."""
    checkout = _opened(path)
    branch, known = _branch(checkout.root, branch)
    name, text = _atmos(checkout)
    config = _config(checkout, name, text, folder)
    files, unread, cut = _read(checkout, config.folder)
    mixins = _mixins([*files, *unread])
    repository, server = _repository(disk.remote(checkout.root))
    return Found(
        checkout=checkout,
        repository=repository,
        server=server,
        branch=branch,
        branch_known=known,
        atmos=name,
        atmos_text=text,
        config=config,
        stacks=stacks.look(config, files, unread, ours=f"{mixins}/{MIXIN}"),
        mixins=mixins,
        cut=cut,
    )


def _opened(path: Path) -> Checkout:
    try:
        root = path.resolve(strict=True)
    except (OSError, RuntimeError):
        raise Unusable(f"There is no folder {shown(str(path), 200)}; name the checkout of your repository.") from None
    if not root.is_dir():
        raise Unusable(f"{shown(str(path), 200)} is no folder; name the checkout of your repository.")
    try:
        top = disk.top_of(root)
    except NotRead as error:
        raise Unusable(
            f"{shown(str(root), 200)} is no git checkout that can be read ({shown(str(error), 200)}); name the "
            "checkout of the repository with your Atmos stacks."
        ) from None
    if top != root:
        raise Unusable(
            f"{shown(str(root), 200)} is inside the checkout {shown(str(top), 200)}, and GitHub only looks for "
            "workflow files at its top; run `switchyard init` there."
        )
    return Checkout(root)


def _branch(root: Path, given: str) -> tuple[str, str]:
    branch, known = (given, "as you say") if given else disk.base_branch(root)
    if not branch:
        raise Unusable("The default branch is not known here; name it by --base-branch.")
    if not _BRANCH.fullmatch(branch):
        raise Unusable(
            f"The branch {shown(branch)!r} cannot be written into a workflow file as it is: only letters, digits and "
            ". _ / - can. Name another by --base-branch, and change the files afterwards."
        )
    return branch, known


def _atmos(checkout: Checkout) -> tuple[str, str]:
    try:
        for name in NAMES:
            text = checkout.text(name, MOST_BYTES)
            if text is not None:
                return name, text
        elsewhere = checkout.text(_ELSEWHERE, MOST_BYTES) is not None
    except NotRead as error:
        raise Unusable(f"{name} {error}, so it is not known where the stacks are.") from None
    if elsewhere:
        raise Unusable(
            f"atmos.yaml is in {_ELSEWHERE} here, where the CLI only looks if it is told. Move it to the top of the "
            "checkout, or write the files by hand, as docs/setup.md shows them, with ATMOS_CLI_CONFIG_PATH."
        )
    raise Unusable(
        f"There is no atmos.yaml at the top of {shown(str(checkout.root), 200)}, where the workflows run `atmos`. "
        "Is it the right checkout?"
    )


def _config(checkout: Checkout, name: str, text: str, folder: str) -> Config:
    try:
        told: Any = load(text)
    except Unreadable as error:
        raise Unusable(f"{name} cannot be read: {shown(str(error), 200)}. Correct it, and run this again.") from None
    config = stacks.config(told)
    where = PurePosixPath(folder).as_posix() if folder else config.folder
    if not _PLAIN.fullmatch(where):
        raise Unusable(
            f"{name} does not say where the stacks are in a way that can be read without running Atmos "
            "(`stacks.base_path`); say it by --stacks FOLDER."
        )
    try:
        if checkout.folder(where):
            return Config(where, config.included, config.excluded)
    except NotRead as error:
        raise Unusable(f"The stacks' folder {shown(where, 200)} {error}.") from None
    raise Unusable(f"There is no folder {shown(where, 200)} for the stacks here; name it by --stacks FOLDER.")


def _read(checkout: Checkout, folder: str) -> tuple[dict[str, stacks.File], tuple[str, ...], bool]:
    """Read the stacks' files, by their names from the folder; also name what was not read."""
    files: dict[str, stacks.File] = {}
    unread: list[str] = []
    for count, path in enumerate(checkout.files(folder, (".yaml", ".yml"))):
        if count >= MOST_FILES:
            return files, tuple(unread), True
        try:
            text = checkout.text(f"{folder}/{path}")
        except NotRead:
            text = None
        if text is None:
            unread.append(path)
        else:
            files[path] = stacks.read(text)
    return files, tuple(unread), False


def _mixins(paths: list[str]) -> str:
    """Find the folder in which mixins are, the highest; `mixins` where there is none."""
    found = {
        "/".join(parts[: parts.index("mixins") + 1]) for path in paths if "mixins" in (parts := path.split("/")[:-1])
    }
    return min(filter(_PLAIN.fullmatch, found), key=lambda path: (path.count("/"), path), default="mixins")


def _repository(remote: str) -> tuple[str, str]:
    """Read OWNER/REPO and the server out of a remote's address; both may be what GitHub has."""
    if "://" in remote and not remote.startswith("ssh://"):
        try:
            parts = urlsplit(remote)
        except ValueError:
            return "", "https://github.com"
        host, path = parts.netloc.rpartition("@")[2], parts.path
    else:
        found = _SSH.fullmatch(remote)
        host, path = (found[1], found[2]) if found else ("", "")
    name = path.strip("/").removesuffix(".git")
    if not _FULL_NAME.fullmatch(name) or not _HOST.fullmatch(host):
        return "", "https://github.com"
    return name, f"https://{host}"
